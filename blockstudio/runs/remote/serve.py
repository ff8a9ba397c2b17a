"""The side of the machine that has the run: tells what happens, passes on what it is told, sends a checkpoint."""

from __future__ import annotations

import threading
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO

from blockstudio.errors import StudioError
from blockstudio.graph.files import open_regular, read_bounded
from blockstudio.runs.remote.protocol import (
    FILES,
    OF_CHECKPOINT,
    PART,
    VERSION,
    Message,
    packed,
    read_message,
    write_message,
)
from blockstudio.runs.run import EVENTS, Run
from blockstudio.text import say

LOOK_EVERY = 0.2
"""Seconds."""
LARGEST = 16 << 20
"""Bytes of a file of the run's directory."""
COMMANDS = ("pause", "resume", "stop", "watch", "unwatch")


def serve(run: Run, hears: IO[bytes], says: IO[bytes]) -> None:
    """Speak for ``run`` until the other side falls silent."""
    asked: SimpleQueue[Message | None] = SimpleQueue()
    threading.Thread(target=_listen, args=(hears, asked), daemon=True).start()
    write_message(says, "hello", version=VERSION, name=run.name)
    first = asked.get()
    if first is None:
        return
    offset = first["bytes"] if first["kind"] == "from" and isinstance(first.get("bytes"), int) else 0
    stamps: dict[str, int] = {}
    over = False
    while True:
        active = run.state().active
        _send_files(run, stamps, says)
        offset = _send_events(run.directory / EVENTS, offset, says)
        if not active and not over:
            over = True
            write_message(says, "over")
        try:
            message = asked.get(timeout=LOOK_EVERY)
        except Empty:
            continue
        if message is None:
            return
        _obey(run, message, says)


def _listen(hears: IO[bytes], asked: SimpleQueue[Message | None]) -> None:
    while True:
        try:
            message = read_message(hears)
        except (StudioError, OSError, ValueError):
            message = None
        asked.put(message)
        if message is None:
            return


def _send_files(run: Run, stamps: dict[str, int], says: IO[bytes]) -> None:
    for name in FILES:
        path = run.directory / name
        stamp = path.stat().st_mtime_ns if path.is_file() else 0
        if stamp != stamps.get(name, 0):
            stamps[name] = stamp
            write_message(says, "file", name=name, data=packed(read_bounded(path, LARGEST)))


def _send_events(log: Path, offset: int, says: IO[bytes]) -> int:
    """Whole lines from ``offset`` on; where the log is shorter than that it is another one, and all of it is sent."""
    try:
        with open_regular(log) as file:
            size = file.seek(0, 2)
            begun = offset > size
            file.seek(0 if begun else offset)
            while data := file.read(PART):
                whole = data[: data.rfind(b"\n") + 1]
                if not whole:
                    break
                offset = file.tell() - len(data)
                write_message(says, "events", at=offset, data=packed(whole))
                offset += len(whole)
                file.seek(offset)
    except OSError:
        return offset
    return offset


def _obey(run: Run, message: Message, says: IO[bytes]) -> None:
    try:
        if message["kind"] == "fetch":
            _send_checkpoint(run, says)
        elif message["kind"] == "tell" and message.get("command") in COMMANDS:
            run.send(message["command"])
    except StudioError as error:
        write_message(says, "refused", text=str(error))


def _send_checkpoint(run: Run, says: IO[bytes]) -> None:
    """The latest that is whole, the manifest last: it makes it one."""
    checkpoint = run.checkpoints.latest_good()
    if checkpoint is None:
        raise StudioError("remote.checkpoint", say("there is no checkpoint yet."), where=run.name)
    for name in OF_CHECKPOINT:
        try:
            with open_regular(checkpoint.path / name) as file:
                at = 0
                while data := file.read(PART):
                    write_message(says, "part", step=checkpoint.step, name=name, at=at, data=packed(data))
                    at += len(data)
        except OSError as error:
            raise StudioError(
                "remote.checkpoint", say("went while it was sent."), where=str(checkpoint.path)
            ) from error
    write_message(says, "fetched", step=checkpoint.step)
