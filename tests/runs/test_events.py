"""The event log: whole lines only, torn tails, steps that go back."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from blockstudio.errors import StudioError
from blockstudio.runs import events as log
from blockstudio.runs.events import EventWriter, RunLog, read_events
from blockstudio.runs.state import Folded
from blockstudio.text import ENGLISH, render, say, use_language


def written(path: Path, *events: dict[str, Any]) -> None:
    writer = EventWriter(path)
    for event in events:
        fields = dict(event)
        writer.write(fields.pop("type"), **fields)
    writer.close()


def test_events_are_read_from_where_one_stopped(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    assert read_events(path) == ([], 0)
    written(path, {"type": "step", "step": 1}, {"type": "step", "step": 2})
    found, offset = read_events(path)
    assert [event["step"] for event in found] == [1, 2]
    assert read_events(path, offset) == ([], offset)
    written(path, {"type": "step", "step": 3})
    found, _ = read_events(path, offset)
    assert [event["step"] for event in found] == [3]


def test_a_half_written_event_is_not_seen_and_the_next_writer_cuts_it_off(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    written(path, {"type": "step", "step": 1})
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"type":"step","st')
    found, offset = read_events(path)
    assert [event["step"] for event in found] == [1]
    assert offset == len(whole)
    written(path, {"type": "step", "step": 2})
    assert [event["step"] for event in read_events(path)[0]] == [1, 2]


def test_a_torn_first_line_leaves_an_empty_log(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"type":"sta' + b"x" * 200_000)
    written(path, {"type": "started"})
    assert [event["type"] for event in read_events(path)[0]] == ["started"]


@pytest.mark.parametrize("line", [b"rubbish\n", b"[1]\n", b'{"step": 3}\n', b'{"type": 3}\n', b"\xff\xfe\n", b"\n"])
def test_a_damaged_line_is_marked_and_the_rest_is_read(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "events.jsonl"
    written(path, {"type": "step", "step": 1})
    first = path.stat().st_size
    path.write_bytes(path.read_bytes() + line)
    written(path, {"type": "step", "step": 2})
    found, _ = read_events(path)
    assert [event["type"] for event in found] == ["step", "damaged", "step"]
    assert found[1]["offset"] == first


def test_a_long_log_comes_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "events.jsonl"
    written(path, *({"type": "step", "step": step} for step in range(50)), {"type": "note", "text": "x" * 1000})
    monkeypatch.setattr(log, "READ_AT_ONCE", 256)
    seen: list[dict[str, Any]] = []
    offset, readings = 0, 0
    while True:
        found, offset = read_events(path, offset)
        if not found:
            break
        readings += 1
        seen += found
    assert readings > 5
    assert [event.get("step") for event in seen[:-1]] == list(range(50))
    assert len(seen[-1]["text"]) == 1000


def test_numbers_that_are_not_finite_become_null(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    written(path, {"type": "step", "loss": float("nan")})
    assert read_events(path)[0][0]["loss"] is None


def test_the_listener_sees_what_is_written(tmp_path: Path) -> None:
    seen: list[dict[str, Any]] = []
    writer = EventWriter(tmp_path / "events.jsonl", seen.append)
    writer.write("note", text="hello")
    writer.close()
    assert [event["text"] for event in seen] == ["hello"]


def step(number: int, loss: float) -> dict[str, Any]:
    return {"type": "step", "step": number, "loss": loss}


def test_steps_after_the_checkpoint_of_a_killed_trainer_are_superseded() -> None:
    history = RunLog()
    history.feed([{"type": "started", "step": 0}, step(5, 1.0), step(10, 0.9), step(15, 0.8)])
    history.feed([{"type": "epoch", "step": 10, "validation_loss": 1.0}, {"type": "epoch", "step": 20}])
    assert history.changes == 0
    history.feed([{"type": "started", "step": 10}, step(12, 0.7)])
    assert history.column("loss") == ([5, 10, 12], [1.0, 0.9, 0.7])
    assert history.epoch_column("validation_loss") == ([10], [1.0])
    assert history.changes == 2


def test_a_column_leaves_out_what_was_not_measured() -> None:
    history = RunLog()
    history.feed([{"type": "epoch", "step": 1, "validation_loss": None}, {"type": "epoch", "step": 2}])
    assert history.epoch_column("validation_loss") == ([], [])


def test_a_clock_that_is_set_back_does_not_turn_the_time_of_a_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = time.time
    writer = EventWriter(tmp_path / "events.jsonl")
    before = writer.write("started", step=0)["time"]
    monkeypatch.setattr(time, "time", lambda: clock() - 3600)
    after = writer.write("step", step=1)["time"]
    writer.close()
    assert abs(before - clock()) < 60 and after >= before


def test_sentences_are_kept_in_english_and_told_in_the_readers_language(tmp_path: Path) -> None:
    """Of notes, and of why a trainer failed; templates that do not say what stands there are not believed."""
    path = tmp_path / "events"
    text = say("cannot be read: {reason}.", reason="x")
    error = StudioError("file.read", text, where="a.pth", hint=say("Choose one first."))
    writer = EventWriter(path)
    writer.write("started", step=0)
    writer.write("note", text=say("A checkpoint was passed over: {reason}", reason=error.text))
    writer.write("failed", message=error.message, where=error.where, hint=error.hint, code=error.code)
    writer.write("note", text="plain")
    writer.close()
    lines = path.read_bytes().splitlines()
    assert b'"text":"A checkpoint was passed over: a.pth: cannot be read: x. Choose one first."' in lines[1]
    events, _ = read_events(path)
    history = RunLog()
    history.feed(events)
    folded = Folded()
    folded.feed([(0, event) for event in events])
    use_language("zh-CN")
    try:
        why = "a.pth：无法读取：x。请先选一个。"
        assert [render(note) for note in history.notes] == [f"跳过了一个检查点：{why}", "plain"]
        assert folded.status == "failed" and render(folded.message) == why
    finally:
        use_language(ENGLISH)
    forged = lines[1].replace(b'"text":"A checkpoint', b'"text":"Another')
    assert log.read_line(forged, 0)["text"].startswith("Another") and "said" not in log.read_line(forged, 0)
    for said in (b"3", b'{"text":{"template":"{a"}}', b'{"text":{"template":"{x:>99999}","values":{"x":1}}}', b"[]"):
        assert log.read_line(b'{"type":"note","text":"x","said":' + said + b"}", 0)["text"] == "x"
