"""Who trains a run: a file with process id, start time and machine, so that a dead trainer is known as dead.

A lock is *claimed* under a name (`token`): the window claims it before it starts the trainer and hands the token
over, so that there is no moment at which a second trainer could slip in, and a trainer that dies before its first
line is noticed all the same.
"""

from __future__ import annotations

import os
import secrets
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from blockstudio.errors import StudioError
from blockstudio.graph.files import check_regular, read_bounded, write_atomic
from blockstudio.runs.events import whole_size
from blockstudio.runs.processes import own_mark, start_mark
from blockstudio.text import say

SILENT_AFTER = 120.0
"""Seconds without a sign of life after which a trainer on another machine counts as dead."""
LARGEST = 1 << 16
BEAT_EVERY = 10.0
"""Seconds between two signs of life of a trainer (the lock file's time)."""


class Holder(msgspec.Struct, kw_only=True):
    """What the lock file says."""

    token: str
    pid: int
    mark: str
    """Tells the process from another with the same number; see `start_mark`."""
    host: str
    time: float
    offset: int
    """Size of the event log when the lock was claimed: what comes after is of this trainer."""


class Lock:
    """The lock of one run directory. `claim` or `take_over` it, `beat` while training, `release` at the end."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "lock"
        self._guard = directory / ".lock-guard"
        self._events = directory / "events.jsonl"
        self.token = ""

    def holder(self) -> Holder | None:
        """Who has it, dead or alive; ``None`` if it is free."""
        try:
            return msgspec.json.decode(read_bounded(self._path, LARGEST), type=Holder)
        except StudioError as error:
            if error.code == "file.missing":
                return None
            return Holder(token="", pid=0, mark="", host=socket.gethostname(), time=0.0, offset=0)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return Holder(token="", pid=0, mark="", host=socket.gethostname(), time=0.0, offset=0)

    def alive(self, holder: Holder) -> bool:
        """Whether the process that holds it still lives. On another machine: whether it gave a sign of life."""
        if holder.host == socket.gethostname():
            return holder.pid > 0 and start_mark(holder.pid) == holder.mark
        try:
            return time.time() - self._path.stat().st_mtime < SILENT_AFTER
        except FileNotFoundError:
            return False

    def claim(self, token: str = "") -> None:
        """Take the lock for this process; with the ``token`` of the one who claimed it for us, take it over.

        Raises `StudioError` ``run.locked`` if a living trainer has it.
        """
        with self._guarded():
            holder = self.holder()
            handed_over = holder is not None and token and holder.token == token
            if holder is not None and not handed_over and self.alive(holder):
                raise StudioError(
                    "run.locked",
                    say("is being trained already by process {pid} on {host}.", pid=holder.pid, host=holder.host),
                    where=str(self._path.parent),
                    hint=say("Stop that one first, or watch it."),
                )
            offset = holder.offset if holder is not None and handed_over else self._log_size()
            self._write(token or secrets.token_hex(8), os.getpid(), own_mark(), offset)

    def hand_to(self, pid: int) -> None:
        """Note that process ``pid``, just started with our token, holds it, unless it has said so itself."""
        with self._guarded():
            holder = self.holder()
            if holder is not None and holder.token == self.token and holder.pid == os.getpid():
                # A process that has died already gets a mark that no process has.
                self._write(self.token, pid, start_mark(pid) or "dead", holder.offset)

    def beat(self) -> None:
        """Give a sign of life."""
        os.utime(self._path)

    def release(self) -> None:
        """Give it back, if it is still ours."""
        with self._guarded():
            holder = self.holder()
            if holder is not None and holder.token == self.token:
                self._path.unlink(missing_ok=True)

    def _write(self, token: str, pid: int, mark: str, offset: int) -> None:
        self.token = token
        holder = Holder(token=token, pid=pid, mark=mark, host=socket.gethostname(), time=time.time(), offset=offset)
        write_atomic(self._path, msgspec.json.encode(holder))

    def _log_size(self) -> int:
        # A torn line at the end is cut off by the next writer.
        return whole_size(self._events)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Alone among all processes while looking and writing. The system frees it if we die."""
        try:
            check_regular(self._guard)
            file = self._guard.open("ab")
        except OSError as error:
            raise StudioError(
                "run.write",
                say("cannot be written: {strerror}.", strerror=error.strerror or error),
                where=str(self._guard),
            ) from error
        with file:
            if sys.platform == "win32":
                import msvcrt

                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
                try:
                    yield
                finally:
                    file.seek(0)
                    msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX)
                yield
