"""The event log of a run: one JSON object a line, appended by the trainer, read by anyone at any time.

A line counts once its newline is on disk, so a reader never sees half an event and a trainer that was killed while
writing leaves a torn tail that the next one cuts off.

Steps can go back. A trainer that continues a run begins with ``started`` and the step of the checkpoint it
continues from; what the log holds of later steps before that line is superseded. `RunLog` applies this rule.
"""

from __future__ import annotations

import os
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from blockstudio.text import plain

Event: TypeAlias = dict[str, Any]

READ_AT_ONCE = 4 << 20
"""Bytes a single reading takes at most: some 30,000 events, a few ms."""

_encode = msgspec.json.Encoder(enc_hook=plain).encode
_decode = msgspec.json.Decoder().decode


class EventWriter:
    """Appends events. One trainer at a time has one, guarded by the run's lock."""

    def __init__(self, path: Path, listener: Callable[[Event], None] | None = None) -> None:
        self._listener = listener
        _cut_torn_tail(path)
        # Unbuffered in append mode: an event is one write, on its way to the disk when `write` returns.
        self._file = path.open("ab", buffering=0)

    def write(self, type: str, **fields: Any) -> Event:
        """Append one event and return it. Numbers that are not finite become null."""
        event: Event = {"type": type, "time": round(time.time(), 3), **fields}
        self._file.write(_encode(event) + b"\n")
        if self._listener is not None:
            self._listener(event)
        return event

    def sync(self) -> None:
        """Force what was written onto the disk."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()


def _cut_torn_tail(path: Path) -> None:
    if not path.exists():
        return
    with path.open("rb+") as file:
        size = end = file.seek(0, os.SEEK_END)
        while end > 0:
            start = max(0, end - 65536)
            file.seek(start)
            found = file.read(end - start).rfind(b"\n")
            if found >= 0:
                end = start + found + 1
                break
            end = start
        if end < size:
            file.truncate(end)


def read_events(path: Path, offset: int = 0) -> tuple[list[Event], int]:
    """Complete events of a log.

    Args:
        path: ``events.jsonl`` of a run.
        offset: Byte to begin at.

    Returns:
        Events, at most `READ_AT_ONCE` bytes of them, and the offset to go on from; at the end the list is empty. A
        damaged line comes as ``{"type": "damaged", "offset": ...}``.

    Example:
        >>> read_events(folder / "none.jsonl")
        ([], 0)
    """
    placed, offset = read_placed(path, offset)
    return [event for _, event in placed], offset


def read_placed(path: Path, offset: int = 0) -> tuple[list[tuple[int, Event]], int]:
    """As `read_events`, each event with the byte at which its line begins."""
    if not path.exists():
        return [], offset
    with path.open("rb") as file:
        file.seek(offset)
        data = file.read(READ_AT_ONCE)
        while data and b"\n" not in data:
            more = file.read(READ_AT_ONCE)
            if not more:
                return [], offset
            data += more
    data = data[: data.rfind(b"\n") + 1]
    events: list[tuple[int, Event]] = []
    place = offset
    for line in data.splitlines(keepends=True):
        events.append((place, _read_line(line, place)))
        place += len(line)
    return events, place


def _read_line(line: bytes, place: int) -> Event:
    try:
        event = _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        event = None
    if isinstance(event, dict) and isinstance(event.get("type"), str):
        return event
    return {"type": "damaged", "offset": place}


class RunLog:
    """Events folded into what a curve needs: every step once, superseded ones gone.

    `steps` and `epochs` are the ``step`` and ``epoch`` events in rising order of step; `changes` counts the times
    that earlier points were taken back, so that a plot knows when to draw anew rather than append.
    """

    def __init__(self) -> None:
        self.steps: list[Event] = []
        self.epochs: list[Event] = []
        self.notes: list[str] = []
        self.started: Event | None = None
        self.finished: Event | None = None
        self.changes = 0

    def feed(self, events: Iterable[Event]) -> None:
        """Take in further events, in the order of the log."""
        for event in events:
            match event["type"]:
                case "step":
                    self.steps.append(event)
                case "epoch":
                    self.epochs.append(event)
                case "note":
                    self.notes.append(str(event.get("text", "")))
                case "started":
                    self.started, self.finished = event, None
                    self._supersede(int(event.get("step", 0)))
                case "finished":
                    self.finished = event

    def column(self, name: str) -> tuple[list[int], list[float]]:
        """Steps and values of one figure of the ``step`` events (``"loss"``, ``"accuracy"``, ``"lr"``)."""
        return _column(self.steps, name)

    def epoch_column(self, name: str) -> tuple[list[int], list[float]]:
        """Steps and values of one figure of the ``epoch`` events (``"validation_loss"``)."""
        return _column(self.epochs, name)

    def _supersede(self, step: int) -> None:
        for events in (self.steps, self.epochs):
            keep = bisect_right(events, step, key=lambda event: int(event["step"]))
            if keep < len(events):
                del events[keep:]
                self.changes += 1


def _column(events: list[Event], name: str) -> tuple[list[int], list[float]]:
    pairs = [(event["step"], event[name]) for event in events if event.get(name) is not None]
    return [step for step, _ in pairs], [value for _, value in pairs]
