"""Saving replaces a file in one step; whatever goes wrong, the old file is whole."""

from __future__ import annotations

import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from blockstudio.errors import StudioError
from blockstudio.graph.files import read_bounded, write_atomic
from blockstudio.graph.format import dumps, load, save
from tests.support.graph_samples import sample

ROOT = Path(__file__).resolve().parents[2]
posix = pytest.mark.skipif(os.name == "nt", reason="modes, links and signals of Unix")


def test_a_saved_diagram_loads_again(tmp_path):
    path = tmp_path / "net.blocks.json"
    assert save(sample(), path) == path
    assert dumps(load(path)) == path.read_text(encoding="utf-8") == dumps(sample())
    assert list(tmp_path.iterdir()) == [path]


@posix
def test_the_mode_of_a_file_is_kept(tmp_path):
    path = tmp_path / "net.json"
    path.write_bytes(b"old")
    path.chmod(0o640)
    write_atomic(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@posix
def test_a_new_file_follows_the_umask(tmp_path):
    old = os.umask(0o027)
    try:
        write_atomic(tmp_path / "net.json", b"new")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "net.json").stat().st_mode) == 0o640


@posix
def test_links_are_followed(tmp_path):
    folder = tmp_path / "real"
    folder.mkdir()
    (folder / "net.json").write_bytes(b"old")
    (tmp_path / "link.json").symlink_to("real/net.json")
    (tmp_path / "loose.json").symlink_to("real/later.json")
    assert write_atomic(tmp_path / "link.json", b"new") == (folder / "net.json").resolve()
    write_atomic(tmp_path / "loose.json", b"later")
    assert (tmp_path / "link.json").is_symlink()
    assert (folder / "net.json").read_bytes() == b"new"
    assert (folder / "later.json").read_bytes() == b"later"


@posix
def test_a_link_in_a_circle_is_a_clear_error(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    for act in (lambda: write_atomic(tmp_path / "a", b"x"), lambda: read_bounded(tmp_path / "a", 10)):
        with pytest.raises(StudioError, match="too many levels of symbolic links"):
            act()


@pytest.mark.parametrize(
    "kind", ["folder is missing", "folder is a file", "target is a folder", "name too long", "null"]
)
def test_places_that_cannot_be_written_are_clear_errors(tmp_path, kind):
    path = {
        "folder is missing": tmp_path / "no" / "net.json",
        "folder is a file": tmp_path / "file" / "net.json",
        "target is a folder": tmp_path / "folder",
        "name too long": tmp_path / ("x" * 300),
        "null": tmp_path / "a\0b",
    }[kind]
    (tmp_path / "file").write_bytes(b"here")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StudioError) as caught:
        write_atomic(path, b"new")
    assert caught.value.code == "file.write"
    assert caught.value.where == str(path)
    assert "Nothing was changed" in caught.value.hint
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "folder"]
    assert (tmp_path / "file").read_bytes() == b"here"


WRITE_AS_NOBODY = """
import os, sys
sys.path.insert(0, sys.argv[2])
from blockstudio.errors import StudioError
from blockstudio.graph.files import write_atomic
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    write_atomic(sys.argv[1], b"new")
except StudioError as error:
    print(error.code, error.message)
"""


@posix
@pytest.mark.parametrize("protected", ["folder", "file"])
def test_write_protection_is_respected_and_nothing_lost(protected):
    folder = Path(tempfile.mkdtemp())  # below a folder that another user can enter
    try:
        path = folder / "net.json"
        path.write_bytes(b"old")
        if os.geteuid() == 0:
            for entry in (folder, path):
                os.chown(entry, 65534, 65534)
        (folder if protected == "folder" else path).chmod(0o555 if protected == "folder" else 0o444)
        command = [sys.executable, "-c", WRITE_AS_NOBODY, str(path), str(ROOT)]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
        assert run.stdout.startswith("file.write it cannot be written: "), run.stderr
        assert path.read_bytes() == b"old"
        assert list(folder.iterdir()) == [path]
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


SAVE_BEYOND_THE_LIMIT = """
import resource, signal, sys
sys.path.insert(0, sys.argv[2])
from blockstudio.errors import StudioError
from blockstudio.graph.files import write_atomic
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_atomic(sys.argv[1], b"new" * 1000)
except StudioError as error:
    print(error.code, error.message)
"""


@posix
def test_a_disk_that_takes_no_more_leaves_the_old_file(tmp_path):
    path = tmp_path / "net.json"
    path.write_bytes(b"old")
    command = [sys.executable, "-c", SAVE_BEYOND_THE_LIMIT, str(path), str(ROOT)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout == "file.write it cannot be written: file too large.\n", run.stderr
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_killed_saves_left_is_swept_and_nothing_else(tmp_path):
    path = tmp_path / "net.json"
    stale, fresh = tmp_path / ".net.json.00ff.tmp", tmp_path / ".net.json.11ff.tmp"
    other, similar = tmp_path / ".other.json.22ff.tmp", tmp_path / ".net.json"
    for entry in (stale, fresh, other, similar):
        entry.write_bytes(b"left over")
        os.utime(entry, (1e9, 1e9))
    os.utime(fresh)
    write_atomic(path, b"new")
    assert sorted(tmp_path.iterdir()) == sorted([path, fresh, other, similar])


SAVE_FOR_EVER = """
import sys
sys.path.insert(0, sys.argv[2])
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import save
d = Diagram("loop")
last = d.add("Input", "input")
for index in range(300):
    name = d.add("Conv2d", f"conv{index}")
    d.connect(last, name)
    last = name
turn = 0
while True:
    turn += 1
    d.set("conv0", out_channels=turn)
    save(d, sys.argv[1])
    if turn == 1:
        print("ready", flush=True)
"""


@pytest.mark.slow
@posix
def test_a_save_killed_at_any_moment_leaves_a_whole_file(tmp_path):
    path = tmp_path / "net.blocks.json"
    rng = random.Random(4)
    seen = set()
    for _ in range(12):
        command = [sys.executable, "-c", SAVE_FOR_EVER, str(path), str(ROOT)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert child.stdout.readline() == "ready\n"
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(rng.uniform(0.01, 0.06))
        child.send_signal(signal.SIGKILL)
        child.communicate()
        seen.add(load(path).main.block("conv0").parameters["out_channels"])
    assert max(seen) > 1, "no child was killed while it saved"
    for entry in tmp_path.iterdir():
        os.utime(entry, (1e9, 1e9))
    write_atomic(path, b"last")
    assert list(tmp_path.iterdir()) == [path]


def test_saving_from_two_threads_at_once_gives_one_of_the_two(tmp_path):
    path = tmp_path / "net.json"
    texts = [bytes([65 + index]) * 50_000 for index in range(2)]
    threads = [
        threading.Thread(target=lambda text=text: [write_atomic(path, text) for _ in range(20)]) for text in texts
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in texts


def test_reading_is_bounded_and_clear(tmp_path):
    path = tmp_path / "net.json"
    path.write_bytes(b"12345")
    assert read_bounded(path, 5) == b"12345"
    with pytest.raises(StudioError) as caught:
        read_bounded(path, 4)
    assert caught.value.code == "file.size"
    with pytest.raises(StudioError, match="there is no such file"):
        read_bounded(tmp_path / "no.json", 4)
    with pytest.raises(StudioError, match="it cannot be read"):
        read_bounded(tmp_path, 4)
    with pytest.raises(StudioError, match="it cannot be read"):
        read_bounded("a\0b", 4)


@posix
def test_pipes_and_devices_are_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(StudioError, match="it is not a file"):
            load(path)
    with pytest.raises(StudioError, match="it is not a file"):
        write_atomic(tmp_path / "pipe", b"x")
