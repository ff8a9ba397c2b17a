"""A disk that is full: a small one of its own, where this system lets the test have it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from blockstudio.cli import main


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """An empty disk of a megabyte, where any user may come: not among the tests' own folders, which are closed to
    others, and whose modes other runs of the tests change."""
    place = Path(tempfile.mkdtemp(dir="/tmp", prefix="blockstudio-disk-"))
    place.chmod(0o755)
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except OSError:
        place.rmdir()
        pytest.skip("there is no mount")
    if done.returncode:
        place.rmdir()
        pytest.skip("mounting is not allowed")
    yield place
    subprocess.run(["umount", str(place)], check=True)
    place.rmdir()


def fill(place: Path, spare: int = 0) -> Path:
    """Take all room but ``spare`` bytes."""
    filler = place / "filler"
    free = os.statvfs(place).f_bavail * os.statvfs(place).f_frsize
    filler.write_bytes(b"x" * (free - spare))
    return filler


HOW = ("full", "read-only", "not allowed")
"""The ways in which a disk refuses."""


@contextlib.contextmanager
def refusing(place: Path, how: str) -> Iterator[None]:
    """Let a small disk take nothing while the block lasts: it is full, read-only, or an ordinary user's, who may not
    write there."""
    if how == "full":
        filler = fill(place)
        try:
            yield
        finally:
            filler.unlink()
        return
    if how == "read-only":
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        try:
            yield
        finally:
            subprocess.run(["mount", "-o", "remount,rw", str(place)], check=True)
        return
    user = os.geteuid()
    for folder, _, _ in os.walk(place):
        Path(folder).chmod(0o555)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)
        for folder, _, _ in os.walk(place):
            Path(folder).chmod(0o755)


def everything(place: Path) -> dict[str, bytes | None]:
    """What is in a folder, by place: the bytes of files, ``None`` of folders."""
    return {
        str(path.relative_to(place)): None if path.is_dir() else path.read_bytes()
        for path in sorted(place.rglob("*"))
        if path.name != "filler"
    }


def refused_command(command: Sequence[str], disk: Path, how: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A command that replaces one of the files in ``out`` does so here, and on a disk that refuses says why not in a
    line and leaves what was there."""
    good = Path("good").absolute()
    for place in (good, disk):
        (place / "out").mkdir(parents=True)
        for file in ("t.md", "r.toml", "net.svg", "net.py", "net.blocks.json"):
            (place / "out" / file).write_text("old")
    with contextlib.chdir(good):
        assert main([*command]) == 0
    capsys.readouterr()
    before = everything(disk)
    with contextlib.chdir(disk), refusing(disk, how):
        assert main([*command]) == 2
    told = capsys.readouterr().err
    assert told.startswith("blockstudio: ") and told.count("\n") == 1 and "Traceback" not in told, told
    assert everything(disk) == before


@contextlib.contextmanager
def ordinary_user() -> Iterator[None]:
    """Be somebody who may not look everywhere, while the block lasts."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.fixture
def closed_places() -> Iterator[Path]:
    """An empty folder where any user may come, in which all folders are opened again at the end."""
    place = Path(tempfile.mkdtemp(dir="/tmp", prefix="blockstudio-closed-"))
    place.chmod(0o755)
    yield place
    for folder, inner, _ in os.walk(place):
        for name in inner:
            if not (Path(folder) / name).is_symlink():
                (Path(folder) / name).chmod(0o755)
    shutil.rmtree(place)
