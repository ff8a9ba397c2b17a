"""The event log of a run: one JSON object a line, appended by the trainer, read by anyone at any time.

A line counts once its newline is on disk, so a reader never sees half an event and a trainer that was killed while
writing leaves a torn tail that the next one cuts off.

Steps can go back. A trainer that continues a run begins with ``started`` and the step of the checkpoint it
continues from; what the log holds of later steps before that line is superseded. `RunLog` applies this rule.
"""

from __future__ import annotations

import os
import re
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import msgspec

from blockstudio.errors import StudioError
from blockstudio.graph.files import check_regular, open_regular, refusal
from blockstudio.text import Text, from_data, plain, say, to_data

Event: TypeAlias = dict[str, Any]

READ_AT_ONCE = 4 << 20
"""Bytes a single reading takes at most: some 30,000 events, a few ms."""
LONGEST = 64 << 20
"""Bytes of a line; a file with longer ones is no log."""
RESERVE = ".reserve"
RESERVED = 8192
"""Bytes that a trainer holds free beside its log: room for its last words on a disk that is full."""

SAID = "said"
"""Field with the templates and values of an event's sentences."""
LAST = ("failed", "diverged", "finished", "stopped")
"""Events with which a trainer ends."""

MOST_STEPS = 1 << 63
"""Of a run: more is nothing that a trainer wrote."""
_LONG = re.compile(rb"\d{19}")

_encode = msgspec.json.Encoder(enc_hook=plain).encode
_decode = msgspec.json.Decoder().decode


class EventWriter:
    """Appends events. One trainer at a time has one, guarded by the run's lock. Raises `StudioError` ``run.write``
    where the log is no file or the disk refuses."""

    def __init__(self, path: Path, listener: Callable[[Event], None] | None = None) -> None:
        self._listener = listener
        self._path = path
        self._reserve: Path | None = None
        # The system's clock may be set back while a run goes on; what the log says of its time goes forward.
        self._begun = time.time() - time.monotonic()
        try:
            check_regular(path)
            _cut_torn_tail(path)
            # Unbuffered in append mode: an event is one write, on its way to the disk when `write` returns.
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise self._refused(error, 0) from error

    def reserve(self) -> None:
        """Hold room for last words: on a disk that is full `write` gives it up."""
        self._reserve = self._path.with_name(RESERVE)
        try:
            self._reserve.write_bytes(os.urandom(RESERVED))
        except OSError as error:
            self._reserve.unlink(missing_ok=True)
            raise self._refused(error, RESERVED) from error

    def write(self, type: str, **fields: Any) -> Event:
        """Append one event and return it. Numbers that are not finite become null; sentences stand there in English,
        and beside them, under `SAID`, what another language needs."""
        event: Event = {"type": type, "time": round(self._begun + time.monotonic(), 3), **fields}
        said = {name: to_data(value) for name, value in fields.items() if isinstance(value, Text)}
        if said:
            event[SAID] = said
        line = _encode(event) + b"\n"
        try:
            self._append(line)
        except OSError as error:
            if self._reserve is None or not os.path.exists(self._reserve):
                raise self._refused(error, len(line)) from error
            self._reserve.unlink(missing_ok=True)
            # The word that there is no room is worth more than this event.
            if type not in LAST:
                raise self._refused(error, len(line)) from error
            self._append(line)
        if self._listener is not None:
            self._listener(event)
        return event

    def _append(self, line: bytes) -> None:
        """All of a line or none of it."""
        before = self._file.seek(0, os.SEEK_END)
        try:
            written = 0
            while written < len(line):
                written += self._file.write(line[written:]) or 0
        except OSError:
            self._file.truncate(before)
            raise

    def _refused(self, error: OSError, needed: int) -> StudioError:
        text = say("cannot be written: {reason}.", reason=refusal(error, needed, self._path))
        return StudioError("run.write", text, where=str(self._path), hint=say("The run goes on with --resume."))

    def sync(self) -> None:
        """Force what was written onto the disk."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()
        if self._reserve is not None:
            self._reserve.unlink(missing_ok=True)


def _cut_torn_tail(path: Path) -> None:
    if not os.path.exists(path):
        return
    with path.open("rb+") as file:
        size, end = file.seek(0, os.SEEK_END), _end_of_lines(file)
        if end < size:
            file.truncate(end)


def whole_size(path: Path) -> int:
    """Bytes of a log up to the end of its last whole line: where the next event will begin. 0 if there is no log."""
    try:
        with open_regular(path) as file:
            return _end_of_lines(file)
    except OSError:
        return 0


def _end_of_lines(file: BinaryIO) -> int:
    end = file.seek(0, os.SEEK_END)
    while end > 0:
        start = max(0, end - 65536)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


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
    """As `read_events`, each event with the byte at which its line begins. Raises `StudioError` ``run.damaged`` where
    the log is no file that can be read."""
    try:
        with open_regular(path) as file:
            file.seek(offset)
            data = file.read(READ_AT_ONCE)
            while data and b"\n" not in data:
                more = file.read(READ_AT_ONCE)
                if not more:
                    return [], offset
                data += more
                if len(data) > LONGEST:
                    raise OSError("it is no log of a run")
    except FileNotFoundError:
        return [], offset
    except OSError as error:
        text = say("cannot be read: {reason}.", reason=error.strerror or error)
        raise StudioError("run.damaged", text, where=str(path)) from error
    data = data[: data.rfind(b"\n") + 1]
    events: list[tuple[int, Event]] = []
    place = offset
    for line in data.splitlines(keepends=True):
        events.append((place, read_line(line, place)))
        place += len(line)
    return events, place


def read_line(line: bytes, place: int) -> Event:
    """The event of one line of a log that begins at byte ``place``: ``damaged`` where it is none."""
    try:
        event = _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        event = None
    # Digests have as many digits too: only then it is looked for numbers that no float holds.
    if isinstance(event, dict) and _sound(event) and (_LONG.search(line) is None or _held(event)):
        if SAID in event:
            _tell(event, event.pop(SAID))
        return event
    return {"type": "damaged", "offset": place}


def _tell(event: Event, said: object) -> None:
    """Make sentences of an event such that they can be said in another language. What does not say the same stays."""
    for name, data in said.items() if isinstance(said, dict) else ():
        text = from_data(data)
        if isinstance(text, Text) and str.__str__(text) == event.get(name):
            event[name] = text


def sentence_of(event: Event, name: str) -> str:
    """A field of an event as a sentence, to be rendered in the reader's language."""
    found = event.get(name, "")
    return found if isinstance(found, str) else str(found or "")


def _sound(event: Event) -> bool:
    """Whether an event has the fields that all readers rely on."""
    step, steps = event.get("step", 0), event.get("steps")
    return (
        isinstance(event.get("type"), str)
        and type(event.get("time", 0)) in (int, float)
        and type(step) is int and 0 <= step <= MOST_STEPS
        and (steps is None or (type(steps) is int and 0 <= steps <= MOST_STEPS))
    )  # fmt: skip


def _held(value: object) -> bool:
    """Whether all numbers in it are such as a float holds."""
    if isinstance(value, dict):
        return all(map(_held, value.values()))
    if isinstance(value, list):
        return all(map(_held, value))
    return not isinstance(value, int) or -MOST_STEPS <= value <= MOST_STEPS


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
        self.diverged: Event | None = None
        self._trainers: list[Event] = []
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
                    self.notes.append(sentence_of(event, "text"))
                case "started":
                    self.started, self.finished, self.diverged = event, None, None
                    self._trainers.append(event)
                    self._supersede(int(event.get("step", 0)))
                case "finished":
                    self.finished = event
                case "diverged":
                    self.diverged = event

    def column(self, name: str) -> tuple[list[int], list[float]]:
        """Steps and values of one figure of the ``step`` events (``"loss"``, ``"accuracy"``, ``"lr"``)."""
        return _column(self.steps, name)

    def epoch_column(self, name: str) -> tuple[list[int], list[float]]:
        """Steps and values of one figure of the ``epoch`` events (``"validation_loss"``)."""
        return _column(self.epochs, name)

    def seconds_at(self, step: int) -> float | None:
        """Seconds of training up to the first ``step`` event at ``step`` or later, time between trainers left out;
        ``None`` if it never got there."""
        spent, last = 0.0, self._trainers[0] if self._trainers else None
        begun = iter(self._trainers[1:])
        following = next(begun, None)
        for event in self.steps:
            while following is not None and event["step"] > following.get("step", 0):
                last, following = following, next(begun, None)
            if last is not None:
                spent += max(0.0, event["time"] - last["time"])
            last = event
            if event["step"] >= step:
                return spent
        return None

    def _supersede(self, step: int) -> None:
        for events in (self.steps, self.epochs):
            keep = bisect_right(events, step, key=lambda event: int(event["step"]))
            if keep < len(events):
                del events[keep:]
                self.changes += 1


def _column(events: list[Event], name: str) -> tuple[list[int], list[float]]:
    pairs = [(event["step"], event[name]) for event in events if event.get(name) is not None]
    return [step for step, _ in pairs], [value for _, value in pairs]
