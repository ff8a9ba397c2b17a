"""Commands to a running trainer: a file it looks at between steps, and signals."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import msgspec

from blockstudio.graph.files import open_regular

LARGEST = 1 << 20
"""Bytes of commands that are read at a time."""


class Control:
    """What the trainer has been told. `poll` costs one look at a file's size."""

    def __init__(self, path: Path, offset: int | None = None) -> None:
        self._path = path
        self._offset = self._size() if offset is None else offset
        self.pausing = False
        self.stopping = False
        self.watching: int | None = None
        """Measure blocks every so many steps, -1: not at all; ``None``: as the recipe says."""
        self.interrupted = False
        """Stopped by Ctrl-C or a signal rather than by a command."""

    def poll(self) -> None:
        """Take in commands that were appended since the last look. Lines that are no command are passed over."""
        if self._size() <= self._offset:
            return
        try:
            with open_regular(self._path) as file:
                file.seek(self._offset)
                data = file.read(LARGEST)
        except OSError:  # Not a file, or gone: nothing is asked of the trainer.
            return
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            try:
                found = msgspec.json.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                continue
            command = found.get("command") if isinstance(found, dict) else None
            if command == "stop":
                self.stopping = True
            elif command in ("pause", "resume"):
                self.pausing = command == "pause"
            elif command == "unwatch":
                self.watching = -1
            elif command == "watch":
                steps = found.get("steps")
                self.watching = steps if isinstance(steps, int) and steps >= 0 else 0

    def stop(self) -> None:
        """As if a stop had been sent."""
        self.stopping = self.interrupted = True

    def _size(self) -> int:
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0


@contextmanager
def stopped_by_signals(control: Control, names: tuple[str, ...]) -> Iterator[None]:
    """Let signals ask for a stop with a checkpoint; a second one ends the process as usual. Does nothing outside
    the main thread, where Python delivers no signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {getattr(signal, name): signal.getsignal(getattr(signal, name)) for name in names if hasattr(signal, name)}

    def ask(number: int, frame: FrameType | None) -> None:
        if control.stopping:
            signal.signal(number, before[signal.Signals(number)])
            signal.raise_signal(number)
        control.stop()

    for number in before:
        signal.signal(number, ask)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
