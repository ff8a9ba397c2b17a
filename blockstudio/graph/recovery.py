"""Crash recovery: every step of unsaved work goes to a journal, which a later session can replay.

A journal is one file: a first line with the document as it was after its first unsaved step, then one line for
each further step. It is locked as long as its process lives, however that ends, so that a document that is open
in a window is never offered for recovery.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from blockstudio.errors import StudioError
from blockstudio.folders import unsaved_work
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.edits import Edit
from blockstudio.graph.files import open_regular, refusal
from blockstudio.graph.locks import lock
from blockstudio.graph.snapshot import Snapshot, build, snapshot
from blockstudio.text import plain, say

SUFFIX = ".journal"
VERSION = 1
MAX_LINE = 256 * 2**20
REWRITE_BEYOND = 8 * 2**20
"""Bytes of steps after which a journal begins anew from the document as it then is."""
LATEST = 253_402_300_799.0
"""The last second of the year 9999; what calls itself later is damaged."""
SYNC_EVERY = 1.0
"""Seconds between two waits for the disk. A killed process loses nothing; a power cut at most this much."""


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    journal: int
    file: str | None
    time: float
    base: Snapshot


class _Title(msgspec.Struct, frozen=True):
    name: str


class _Glance(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of journals shows, without building the document."""

    journal: int
    file: str | None
    time: float
    base: _Title


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Recoverable:
    """A document that can be recovered."""

    path: Path
    """The journal."""
    name: str
    """The diagram's name."""
    file: Path | None
    """Where the document was last saved or opened from."""
    time: float
    """Unix time of the last step written."""
    steps: int
    """How many steps were written, the first included."""


class Journal:
    """Writes down what happens to one diagram until it is saved.

    Attach one when a document is opened, call `saved` when it has been saved, `close` when the window lets go
    of it. Where the folder cannot be written, editing goes on without a journal: ``error`` says why. On a disk that is
    full the journal stays as it is, and gets the steps it missed once there is room.
    """

    def __init__(
        self,
        diagram: Diagram,
        folder: Path | None = None,
        *,
        file: Path | None = None,
        on_error: Callable[[StudioError], None] | None = None,
    ) -> None:
        self.file = file
        self.error: StudioError | None = None
        self.path: Path | None = None
        """The journal's file; ``None`` while there is no unsaved step."""
        self._diagram = diagram
        self._folder = folder or unsaved_work()
        self._on_error = on_error
        self._out: int | None = None
        self._head_size = self._steps_size = 0
        self._missing = b""
        """Steps that could not be written yet."""
        self._needed = 0
        self._synced = 0.0
        self._sync: threading.Thread | None = None
        diagram.history.listeners.append(self._record)

    def begin(self) -> None:
        """Write the document down as it is now, for one that is unsaved before its first step (a recovered one)."""
        with self._watched():
            self._start()

    def saved(self, file: Path | None = None) -> None:
        """Everything up to now is safe: forget it. ``file``: where it was saved, if that is new."""
        self.file = file or self.file
        self._drop()

    def close(self, *, keep: bool = False) -> None:
        """Stop writing. The journal goes, unless it is to ``keep`` for a later session."""
        if self._record in self._diagram.history.listeners:
            self._diagram.history.listeners.remove(self._record)
        self._drop(keep=keep)

    def _record(self, edits: tuple[Edit, ...]) -> None:
        with self._watched():
            if self._out is None:
                self._start()
                return
            self._missing += msgspec.json.encode(_Line(edits=edits), enc_hook=plain) + b"\n"
            if self._steps_size > REWRITE_BEYOND:
                with contextlib.suppress(OSError):  # Without room for another the old one goes on.
                    self._start()
                    return
            self._append(self._out)

    def _append(self, out: int) -> None:
        """Write the steps that are missing, all or none."""
        self._needed = len(self._missing)
        try:
            _write(out, self._missing)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(out, self._head_size + self._steps_size)
                os.lseek(out, 0, os.SEEK_END)
            raise
        self._steps_size += len(self._missing)
        self._missing = b""
        self._sync_soon()

    def _start(self) -> None:
        """A new file with the document as it is now, in the place of the old one."""
        head = _Head(
            journal=VERSION,
            file=None if self.file is None else str(self.file.absolute()),
            time=time.time(),
            base=snapshot(self._diagram),
        )
        line = msgspec.json.encode(head, enc_hook=plain) + b"\n"
        self._needed = len(line)
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{time.time_ns():020d}-{secrets.token_hex(4)}{SUFFIX}"
        out = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        try:
            lock(out, wait=True)
            _write(out, line)
        except BaseException:
            os.close(out)
            path.unlink(missing_ok=True)
            raise
        self._drop()
        self._out, self.path, self._head_size, self._steps_size = out, path, len(line), 0
        self._sync_soon()

    def _drop(self, *, keep: bool = False) -> None:
        out, path = self._out, self.path
        self._out = self.path = None
        self._missing = b""
        if self._sync is not None:
            self._sync.join()
        if out is not None:
            os.close(out)
        if path is not None and not keep:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def _sync_soon(self) -> None:
        """Ask for the disk in another thread: waiting for it takes longer than a frame."""
        now = time.monotonic()
        if self._out is None or now - self._synced < SYNC_EVERY or (self._sync is not None and self._sync.is_alive()):
            return
        self._synced = now
        self._sync = threading.Thread(target=_sync, args=(self._out,), name="journal", daemon=True)
        self._sync.start()

    @contextlib.contextmanager
    def _watched(self) -> Iterator[None]:
        """A journal that cannot be written must not stop the work; the next step tries anew."""
        try:
            yield
            self.error = None
        except OSError as reason:
            why = refusal(reason, self._needed, self._folder)
            failed = StudioError(
                "recovery.write", say("unsaved work is not protected: {value}.", value=why),
                where=str(self._folder), hint=say("Save often."),
            )  # fmt: skip
            new = self.error is None
            self.error = failed
            if new and self._on_error is not None:
                self._on_error(failed)


def _write(handle: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(handle, left) :]


def _sync(handle: int) -> None:
    with contextlib.suppress(OSError):
        os.fsync(handle)


def pending(folder: Path | None = None) -> list[Recoverable]:
    """Documents of sessions that died with unsaved work, the latest first. Journals that are still being written,
    or hold nothing that can be read, are left out."""
    found = []
    with contextlib.suppress(OSError):
        for path in sorted((folder or unsaved_work()).glob(f"*{SUFFIX}")):
            entry = _entry(path)
            if entry is not None:
                found.append(entry)
    return sorted(found, key=lambda entry: entry.time, reverse=True)


def recover(entry: Recoverable) -> Diagram:
    """The document as far as its journal is intact; what came after its first unsaved step can be undone.
    Raises `StudioError` ``recovery.read`` where not even the beginning can be read."""
    try:
        with open_regular(entry.path) as file:
            lines = _whole_lines(file)
            diagram = build(msgspec.json.decode(next(lines), type=_Head).base)
            for line in lines:
                try:
                    edits = msgspec.json.decode(line, type=_Line).edits
                    with diagram.history.gesture("Recovered"):
                        for edit in edits:
                            diagram.history.do(edit)
                except (StudioError, msgspec.DecodeError, ValueError, RecursionError):
                    break  # what follows a damaged line may build on it
    except (OSError, StopIteration, StudioError, msgspec.DecodeError, ValueError, RecursionError) as reason:
        raise StudioError(
            "recovery.read", say("its journal cannot be read."), where=str(entry.file or entry.name)
        ) from reason
    return diagram


def discard(entry: Recoverable) -> None:
    """Throw the journal away: the document is saved, or not wanted."""
    with contextlib.suppress(OSError):
        entry.path.unlink(missing_ok=True)


def _entry(path: Path) -> Recoverable | None:
    try:
        with open_regular(path) as file:
            if not lock(file.fileno()):
                return None
            lines = _whole_lines(file)
            glance = msgspec.json.decode(next(lines), type=_Glance)
            if glance.journal != VERSION:
                return None
            steps = 1 + sum(1 for _ in lines)
            written = os.fstat(file.fileno()).st_mtime
    except (OSError, StopIteration, msgspec.DecodeError, ValueError, RecursionError):
        return None
    saved = Path(glance.file) if glance.file else None
    return Recoverable(path=path, name=glance.base.name, file=saved, time=_moment(glance.time, written), steps=steps)


def _moment(said: float, written: float) -> float:
    """The later of two times, one that no calendar has left out."""
    return max((moment for moment in (said, written) if 0 <= moment <= LATEST), default=0.0)


def _whole_lines(file: BinaryIO) -> Iterator[bytes]:
    """Lines that were written to their end."""
    while (line := file.readline(MAX_LINE)).endswith(b"\n"):
        yield line
