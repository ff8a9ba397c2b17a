"""The side of this machine: a directory that follows a run of another one and passes on what is asked of it.

Its log is the run's, its lock is held by the process that follows, and commands written into it go over to the
trainer: so windows and commands take it for a run like any other, except that it is not trained here.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

import msgspec

from blockstudio.errors import StudioError
from blockstudio.graph.files import (
    append_whole,
    folder_for,
    make_folder,
    open_regular,
    read_bounded,
    refused,
    write_atomic,
)
from blockstudio.runs.checkpoints import CheckpointFolder
from blockstudio.runs.lock import BEAT_EVERY, Lock
from blockstudio.runs.remote.protocol import (
    FILES,
    OF_CHECKPOINT,
    VERSION,
    Message,
    read_message,
    unpacked,
    write_message,
)
from blockstudio.runs.run import CONTROL, EVENTS, RECIPE, Run
from blockstudio.runs.start import REMOTE
from blockstudio.text import Text, say

PROGRAM = "blockstudio"
"""What is called over there."""
LISTEN_EVERY = 0.2
"""Seconds between two looks at what this side asks."""
MOST_CHECKPOINT = 64 << 30
"""Bytes of one file of a checkpoint."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a run is: a host as ssh knows it, and its directory there."""

    host: str
    directory: str
    program: str = PROGRAM

    def command(self, options: Sequence[str] = ()) -> list[str]:
        """What reaches it: ``ssh`` with ``options``."""
        there = f"{self.program} attach --serve {shlex.quote(self.directory)}"
        return ["ssh", "-T", "-o", "BatchMode=yes", *options, "--", self.host, there]

    @property
    def name(self) -> str:
        """For a directory here."""
        last = self.directory.rstrip("/").rpartition("/")[2]
        return re.sub(r"[^\w.-]+", "-", f"{self.host}-{last}").strip("-.") or "remote"


def place_of(text: str, program: str = PROGRAM) -> Place:
    """``host:directory`` as scp writes it. Raises `StudioError` ``remote.place``."""
    host, colon, directory = text.partition(":")
    if not colon or not host or not directory or host.startswith("-") or any(map(str.isspace, host)):
        raise StudioError(
            "remote.place",
            say("'{text}' is no run on another machine.", text=text),
            hint=say("Write host:directory, as for scp: gpu1:runs/resnet-34."),
        )
    return Place(host=host, directory=directory, program=program)


class Mirror:
    """Follows the run at ``place`` in ``folder``.

    Args:
        place: Where it is.
        folder: New, or of an earlier look at the same run.
        tell: Called with what is worth saying.
    """

    def __init__(self, place: Place, folder: Path, tell: Callable[[Text | str], None] = lambda text: None) -> None:
        self._place, self.folder, self._tell = place, folder, tell
        self._receiving: Path | None = None
        self._over = False

    def follow(self, *, ssh: Sequence[str] = (), fetch: bool = False) -> None:
        """Follow until nobody trains the run. ``fetch``: with its latest checkpoint at the end.

        Raises:
            StudioError: ``remote.*`` where it is not reached or the connection breaks, ``run.locked`` where this
                directory follows it already, ``run.exists`` where it is another run's.
        """
        self._claim()
        lock = Lock(self.folder)
        lock.claim()
        try:
            self._connect(list(ssh), lock, fetch)
        finally:
            if self._receiving is not None:
                shutil.rmtree(self._receiving, ignore_errors=True)
            lock.release()

    def _claim(self) -> None:
        with folder_for(self.folder):
            self._mark()

    def _mark(self) -> None:
        mark = self.folder / REMOTE
        if not mark.exists() and any(self.folder.iterdir()):
            raise StudioError("run.exists", say("is not empty."), where=str(self.folder),
                              hint=say("Name a new directory."))  # fmt: skip
        if mark.exists():
            known = msgspec.json.decode(read_bounded(mark, 1 << 16), type=Place)
            if (known.host, known.directory) != (self._place.host, self._place.directory):
                raise StudioError("run.exists", say("follows another run, {host}:{directory}.", host=known.host,
                                  directory=known.directory), where=str(self.folder))  # fmt: skip
        write_atomic(mark, msgspec.json.encode(self._place))

    def _connect(self, ssh: list[str], lock: Lock, fetch: bool) -> None:
        try:
            child = subprocess.Popen(
                self._place.command(ssh), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
        except OSError as error:
            raise StudioError(
                "remote.ssh", say("ssh cannot be started: {error}.", error=error.strerror or error),
                hint=say("Install OpenSSH's client."),
            ) from error  # fmt: skip
        assert child.stdin is not None and child.stdout is not None and child.stderr is not None
        words: list[bytes] = []
        errors = child.stderr
        reader = threading.Thread(target=lambda: words.extend(errors), daemon=True)
        reader.start()
        over = threading.Event()
        asking = threading.Thread(target=self._ask, args=(child.stdin, lock, over), daemon=True)
        ended = False
        try:
            ended = self._converse(child.stdin, child.stdout, asking, fetch)
        finally:
            over.set()
            if asking.ident is not None:
                asking.join()
            with contextlib.suppress(OSError):  # What was still to be said has nobody to hear it.
                child.stdin.close()  # The other side ends at this.
            child.terminate()
            child.wait()
            reader.join()
            for stream in (child.stdout, errors):
                stream.close()
        if not ended:
            raise self._broken(b"".join(words).decode(errors="replace"))

    def _broken(self, words: str) -> StudioError:
        lines = [line.strip() for line in words.splitlines() if line.strip()]
        reason = lines[-1] if lines else say("the connection broke")
        with contextlib.suppress(StudioError):  # Why it broke is told in any case.
            write_atomic(self.folder / "trainer.log", f"{self._place.host}: {reason}\n".encode())
        return StudioError(
            "remote.lost", say("cannot be followed: {reason}.", reason=reason.rstrip(".")),
            where=f"{self._place.host}:{self._place.directory}",
            hint=say("ssh {host} has to work without a password, and {program} has to be found there.",
                     host=self._place.host, program=self._place.program),
        )  # fmt: skip

    def _converse(self, there: IO[bytes], here: IO[bytes], asking: threading.Thread, fetch: bool) -> bool:
        """Take what is said until the end; whether it came to one."""
        hello = read_message(here)
        if hello is None:
            return False
        if hello["kind"] != "hello" or hello.get("version") != VERSION:
            raise StudioError("remote.protocol", say("another version of the program answers there."),
                              where=self._place.host)  # fmt: skip
        log = self.folder / EVENTS
        _say(there, "from", bytes=log.stat().st_size if log.exists() else 0)
        asking.start()
        while (message := read_message(here)) is not None:
            if message["kind"] == "over":
                if not fetch:
                    return True
                _say(there, "fetch")
            self._take(message)
            if fetch and message["kind"] in ("fetched", "refused") and self._over:
                return True
            self._over = self._over or message["kind"] == "over"
        return False

    def _take(self, message: Message) -> None:
        kind = message["kind"]
        if kind == "file" and message.get("name") in FILES:
            write_atomic(self.folder / message["name"], unpacked(message.get("data")))
        elif kind == "events" and _is_count(message.get("at")):
            self._append(message["at"], unpacked(message.get("data")))
        elif kind == "part" and message.get("name") in OF_CHECKPOINT and _is_count(message.get("step")):
            self._receive(message)
        elif kind == "fetched" and self._receiving is not None and _is_count(message.get("step")):
            self._keep(message["step"])
        elif kind == "refused":
            self._tell(str(message.get("text"))[:2000])

    def _append(self, at: int, data: bytes) -> None:
        log = self.folder / EVENTS
        try:
            if log.exists() and at < log.stat().st_size:
                os.truncate(log, at)  # Another log there than the one that was followed so far.
        except OSError as error:
            raise refused(error, len(data), log) from error
        append_whole(log, data)

    # Checkpoints

    def _receive(self, message: Message) -> None:
        folder = self.folder / "checkpoints" / f".step-{message['step']:08d}.tmp"
        if self._receiving != folder:
            self._receiving = folder
            make_folder(folder)
        data, at = unpacked(message.get("data")), message.get("at")
        if not isinstance(at, int) or not 0 <= at <= MOST_CHECKPOINT:
            raise StudioError("remote.protocol", say("what came is no piece of a file."))
        try:
            with (folder / message["name"]).open("r+b" if at else "wb") as file:
                file.seek(at)
                file.write(data)
        except OSError as error:
            raise refused(error, len(data), folder / message["name"]) from error

    def _keep(self, step: int) -> None:
        """Put a checkpoint that has come in place, if it is what was written there."""
        assert self._receiving is not None
        target = self.folder / "checkpoints" / f"step-{step:08d}"
        shutil.rmtree(target, ignore_errors=True)
        try:
            os.replace(self._receiving, target)
        except OSError as error:
            raise refused(error, 0, target) from error
        self._receiving = None
        found = CheckpointFolder(self.folder / "checkpoints").at(step)
        found.verify()
        self._tell(say("The checkpoint of step {step:,} is in {folder}.", step=step, folder=str(found.path)))

    # What this side asks

    def _ask(self, there: IO[bytes], lock: Lock, over: threading.Event) -> None:
        control, beaten = self.folder / CONTROL, time.monotonic()
        offset = control.stat().st_size if control.exists() else 0
        while not over.wait(LISTEN_EVERY):
            if time.monotonic() - beaten > BEAT_EVERY:
                beaten = time.monotonic()
                lock.beat()
            if not control.is_file() or control.stat().st_size <= offset:
                continue
            with open_regular(control) as file:
                file.seek(offset)
                data = file.read(1 << 20)
            whole = data[: data.rfind(b"\n") + 1]
            offset += len(whole)
            for line in whole.splitlines():
                try:
                    command = msgspec.json.decode(line).get("command")
                    if command == "fetch":
                        write_message(there, "fetch")
                    else:
                        write_message(there, "tell", command=command)
                except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, AttributeError):
                    continue
                except (OSError, ValueError):
                    return  # The connection is gone; the other thread says so.


def _say(there: IO[bytes], kind: str, **fields: object) -> None:
    """Say it, if anybody hears: what is read shows whether somebody does."""
    with contextlib.suppress(OSError):
        write_message(there, kind, **fields)


def is_there(folder: Path) -> bool:
    """Whether the run has come over so far that it can be opened."""
    return (folder / RECIPE).is_file() and (folder / "diagram.blocks.json").is_file()


def start_mirror(place: Place, home: Path) -> tuple[Run, subprocess.Popen[bytes]]:
    """Follow the run at ``place`` in a process of its own, in a directory under ``home``; waits until it can be opened.

    Returns:
        The run and the process, which outlives this one. The last checkpoint comes over when it has ended.

    Raises:
        StudioError: ``remote.*`` where it is not reached.
    """
    folder = home / place.name
    command = [sys.executable, "-m", "blockstudio", "attach", f"{place.host}:{place.directory}", "--run", str(folder),
               "--program", place.program, "--fetch", "--quiet"]  # fmt: skip
    with tempfile.TemporaryFile() as words:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=words, stderr=words, start_new_session=os.name != "nt"
        )
        while child.poll() is None and not is_there(folder):
            time.sleep(LISTEN_EVERY)
        if not child.returncode:
            return Run(folder), child
        words.seek(0)
        lines = words.read(1 << 16).decode(errors="replace").split("\n")
    said = next((line.removeprefix("blockstudio: ") for line in reversed(lines) if line.strip()), "")
    raise StudioError("remote.lost", said or say("it cannot be followed."))


def _is_count(value: object) -> bool:
    """Whether it may be the number of a step or byte."""
    return type(value) is int and 0 <= value < 1 << 53
