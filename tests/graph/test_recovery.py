"""The journal of unsaved work: replayed after a crash, however it came; never that of a living window."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from blockstudio.errors import StudioError
from blockstudio.folders import unsaved_work
from blockstudio.graph import recovery
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import dumps
from blockstudio.graph.recovery import Journal, discard, pending, recover
from blockstudio.graph.snapshot import build, snapshot
from tests.support.graph_samples import sample

ROOT = Path(__file__).resolve().parents[2]
posix = pytest.mark.skipif(os.name == "nt", reason="signals of Unix")

EDIT_FOR_EVER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.recovery import Journal
d = Diagram("victim")
d.add("Input", "input")
Journal(d, Path(sys.argv[1]), file=Path("/somewhere/net.blocks.json"))
last, turn = "input", 0
while True:
    turn += 1
    name = d.add("Conv2d", f"conv{turn}", out_channels=turn)
    d.connect(last, name)
    if turn % 5 == 0:
        d.rename(name, f"renamed{turn}")
        d.undo()
    last = name
    print(turn, flush=True)
"""


def edit_and_die(folder: Path, turns: int) -> int:
    """Start a process that edits for ever and kill it; the last turn that it reported."""
    child = subprocess.Popen(
        [sys.executable, "-c", EDIT_FOR_EVER, str(folder), str(ROOT)], stdout=subprocess.PIPE, text=True
    )
    reported = 0
    while reported < turns:
        reported = int(child.stdout.readline())
    assert pending(folder) == [], "the journal of a living process is not offered"
    child.send_signal(signal.SIGKILL)
    rest = child.communicate()[0].split("\n")
    return max([reported, *(int(line) for line in rest[:-1])])


@posix
@pytest.mark.parametrize("turns", [1, 7, 60])
def test_a_killed_process_loses_nothing_it_had_done(tmp_path, turns):
    last = edit_and_die(tmp_path, turns)
    (entry,) = pending(tmp_path)
    assert (entry.name, entry.file) == ("victim", Path("/somewhere/net.blocks.json"))
    assert entry.steps >= 2 * last - 1
    d = recover(entry)
    for turn in range(1, last + 1):
        name = f"conv{turn}"
        assert d.main.block(name).parameters == {"out_channels": turn}
        assert [wire.source for wire in d.main.wires_into(name)] == [f"conv{turn - 1}" if turn > 1 else "input"]
    discard(entry)
    assert pending(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def crashed(folder: Path, diagram: Diagram) -> Path:
    """Let go of a journal as a crash does."""
    journal = next(listener.__self__ for listener in diagram.history.listeners)
    path = journal.path
    journal.close(keep=True)
    return path


def work(folder: Path) -> Diagram:
    """A sample with some unsaved steps."""
    d = sample()
    Journal(d, folder)
    d.set("fc", out_channels=None) if False else d.set("fc", out_features=7)
    d.add("ReLU", "extra")
    d.undo()
    d.redo()
    d.rename_module("Unit", "Residual")
    with d.history.gesture("two"):
        d.remove("extra")
        d.set("", width=32)
    return d


def test_all_kinds_of_edits_are_replayed(tmp_path):
    d = work(tmp_path)
    d.remove("split")
    d.remove_module("Split")
    d.undo()
    d.declare("extra", [1, 2])
    d.bypass("bn")
    d.move("conv", 5, 6.5)
    d.disconnect("flatten", "fc")
    crashed(tmp_path, d)
    (entry,) = pending(tmp_path)
    back = recover(entry)
    assert dumps(back) == dumps(d)
    while back.undo():
        pass
    first = sample()
    first.set("fc", out_features=7)
    assert dumps(back) == dumps(first), "all but the first unsaved step can be undone"


def test_nothing_is_written_before_the_first_step_nor_left_after_saving(tmp_path):
    d = sample()
    journal = Journal(d, tmp_path / "later")
    assert not (tmp_path / "later").exists()
    d.set("fc", out_features=3)
    assert [path.suffix for path in (tmp_path / "later").iterdir()] == [".journal"]
    journal.saved(tmp_path / "net.blocks.json")
    assert list((tmp_path / "later").iterdir()) == []
    d.set("fc", out_features=4)
    crashed(tmp_path, d)
    (entry,) = pending(tmp_path / "later")
    assert entry.file == tmp_path / "net.blocks.json"
    assert recover(entry).main.block("fc").parameters == {"out_features": 4}


def test_closing_takes_the_journal_away(tmp_path):
    d = sample()
    journal = Journal(d, tmp_path)
    d.set("fc", out_features=3)
    journal.close()
    assert list(tmp_path.iterdir()) == []
    d.set("fc", out_features=4)
    assert list(tmp_path.iterdir()) == []
    journal.close()


def test_a_document_recovered_is_written_down_before_its_first_step(tmp_path):
    d = sample()
    Journal(d, tmp_path).begin()
    crashed(tmp_path, d)
    (entry,) = pending(tmp_path)
    assert entry.steps == 1
    assert dumps(recover(entry)) == dumps(sample())


def test_every_torn_end_is_read_as_far_as_it_is_whole(tmp_path):
    d = work(tmp_path)
    path = crashed(tmp_path, d)
    data = path.read_bytes()
    states = {dumps(recover(pending(tmp_path)[0]))}
    head = data.index(b"\n") + 1
    for size in range(head, len(data), 7):
        path.write_bytes(data[:size])
        (entry,) = pending(tmp_path)
        assert entry.steps == data[:size].count(b"\n")
        states.add(dumps(recover(entry)))
    assert len(states) == 4, "six lines, of which undo and redo come back to states before"


@pytest.mark.parametrize("damage", [b"\x00\x00\x00", b"{}", b'{"edits": [{"type": "Nope"}]}', b'{"edits": [{"type": '
                                    b'"RemoveBlock", "name": "nope"}]}', b'{"edits": 3}', b"\xff"])  # fmt: skip
def test_a_damaged_line_ends_the_replay(tmp_path, damage):
    d = work(tmp_path)
    path = crashed(tmp_path, d)
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([*lines[:3], damage, *lines[3:]]))
    (entry,) = pending(tmp_path)
    back = recover(entry)
    assert "extra" not in back.main
    assert back.main.block("fc").parameters == {"out_features": 7}


@pytest.mark.parametrize(
    "content", [b"", b"{", b"x\n", b"{}\n", b'{"journal": 99}\n', b'{"journal":1,"file":null,"time":0}\n']
)
def test_what_is_no_journal_is_not_offered(tmp_path, content):
    (tmp_path / "a.journal").write_bytes(content)
    (tmp_path / "b.txt").write_bytes(b"x")
    assert pending(tmp_path) == []


def test_a_damaged_beginning_is_a_clear_error(tmp_path):
    d = work(tmp_path)
    path = crashed(tmp_path, d)
    path.write_bytes(path.read_bytes().replace(b'"type":"Conv2d"', b'"type":"Conv9d"', 1))
    (entry,) = pending(tmp_path)
    with pytest.raises(StudioError) as caught:
        recover(entry)
    assert caught.value.code == "recovery.read"
    discard(entry)
    with pytest.raises(StudioError, match="cannot be read"):
        recover(entry)


def test_the_latest_comes_first_and_each_document_has_its_own(tmp_path):
    for index, name in enumerate(("first", "second", "third")):
        d = Diagram(name)
        Journal(d, tmp_path)
        d.add("ReLU", "a")
        path = crashed(tmp_path, d)
        os.utime(path, (2e9 + index, 2e9 + index))
    assert [entry.name for entry in pending(tmp_path)] == ["third", "second", "first"]


def test_an_open_document_of_this_process_is_not_offered(tmp_path):
    d = work(tmp_path)
    assert pending(tmp_path) == []
    crashed(tmp_path, d)
    assert len(pending(tmp_path)) == 1


def test_a_folder_that_cannot_be_written_does_not_stop_the_work(tmp_path):
    (tmp_path / "file").write_text("in the way")
    said = []
    d = sample()
    journal = Journal(d, tmp_path / "file" / "journals", on_error=said.append)
    d.set("fc", out_features=3)
    d.set("fc", out_features=4)
    assert d.main.block("fc").parameters == {"out_features": 4}
    assert [error.code for error in said] == ["recovery.write"], "said once, not at every step"
    (tmp_path / "file").unlink()
    d.set("fc", out_features=5)
    assert journal.error is None
    crashed(tmp_path, d)
    assert recover(pending(tmp_path / "file" / "journals")[0]).main.block("fc").parameters == {"out_features": 5}


def test_a_long_session_begins_its_journal_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(recovery, "REWRITE_BEYOND", 2_000)
    d = sample()
    journal = Journal(d, tmp_path)
    paths, sizes = set(), []
    for index in range(100):
        d.set("fc", out_features=index + 1)
        paths.add(journal.path)
        sizes.append(sum(entry.stat().st_size for entry in tmp_path.iterdir()))
    assert len(paths) > 3
    assert len(list(tmp_path.iterdir())) == 1
    assert max(sizes) < 12_000
    crashed(tmp_path, d)
    assert dumps(recover(pending(tmp_path)[0])) == dumps(d)


def test_no_folder_means_nothing_to_recover(tmp_path):
    assert pending(tmp_path / "nowhere") == []


def test_the_folder_is_the_users(monkeypatch, tmp_path):
    if sys.platform == "linux":
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
        assert unsaved_work() == tmp_path / "blockstudio" / "recovery"
    assert unsaved_work().name == "recovery"


def test_a_snapshot_is_the_diagram_and_stays_what_it_was():
    d = sample()
    taken = snapshot(d)
    text = dumps(d)
    assert dumps(build(taken)) == text
    d.remove("conv")
    d.rename_module("Unit", "Other")
    assert dumps(build(taken)) == text
