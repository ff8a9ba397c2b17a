"""Archives of published sets, unpacked once into the data folder: plain files only, wherever the archive wants them."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tarfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from blockstudio.errors import StudioError
from blockstudio.folders import data_sets
from blockstudio.graph.files import folder_for, refusal
from blockstudio.text import render, say

MAX_FILES = 2_000_000
MAX_BYTES = 64 << 30


def unpack(archives: Sequence[Path]) -> Path:
    """The folder with what is in ``archives`` (tar files, compressed or not), unpacked the first time.

    Links, devices and paths that lead out of the folder are refused; modes and owners are not taken over.
    Raises `StudioError` ``data.archive`` naming the archive.
    """
    digest = hashlib.sha256()
    for path in archives:
        facts = path.stat()
        digest.update(repr((str(path.absolute()), facts.st_size, facts.st_mtime_ns)).encode())
    target = data_sets() / "unpacked" / f"{archives[0].name.split('.')[0]}-{digest.hexdigest()[:12]}"
    if target.is_dir():
        return target
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with folder_for(target.parent):
            temporary.mkdir()
            for path in archives:
                _unpack(path, temporary)
            os.replace(temporary, target)
    except (OSError, tarfile.TarError, EOFError, zlib.error, ValueError) as error:
        if target.is_dir():  # Another trainer was quicker.
            return target
        raise StudioError(
            "data.archive", say("cannot be unpacked: {reason}.", reason=_why(error, temporary)), where=str(archives[0])
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return target


def _why(error: Exception, place: Path) -> str:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS):
        text = say("{reason} ({folder})", reason=refusal(error, 0, place), folder=place.parent)
        return render(text)
    return str(error).rstrip(".")


def _unpack(path: Path, folder: Path) -> None:
    files = total = 0
    with tarfile.open(path, "r:*") as archive:
        for member in archive:
            place = PurePosixPath(member.name)
            if member.isdir():
                continue
            if not member.isreg() or place.is_absolute() or ".." in place.parts or "\\" in member.name:
                raise StudioError(
                    "data.archive", say("holds '{name}', which is no plain file in it.", name=member.name),
                    where=str(path), hint=say("Is it the archive as published?"),
                )  # fmt: skip
            files, total = files + 1, total + member.size
            if files > MAX_FILES or total > MAX_BYTES:
                raise StudioError("data.archive", say("holds more than is read from an archive."), where=str(path))
            source = archive.extractfile(member)
            assert source is not None
            target = folder / place
            target.parent.mkdir(parents=True, exist_ok=True)
            with source, target.open("wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
