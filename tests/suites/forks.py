"""Child processes that are forked from what has been imported already, so that hundreds of deaths take seconds."""

from __future__ import annotations

import gc
import os
import pickle
import resource
import select
import signal
from collections.abc import Callable
from typing import Any


def fork(work: Callable[[int], None]) -> tuple[int, int]:
    """Run ``work`` in a child, with a pipe that it may write to; the child's number and the end to read from."""
    reading, writing = os.pipe()
    gc.collect()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reading)
            work(writing)
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    return child, reading


def killed(child: int) -> int:
    """Kill it; the signal or exit code it ended with."""
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def answer_of(work: Callable[[], Any], memory: int, patience: float) -> tuple[Any, str]:
    """What ``work`` gives in a child that may take so many bytes of address space beyond what there is; why there is
    no answer, in words."""

    def limited(pipe: int) -> None:
        with open("/proc/self/statm", encoding="ascii") as file:
            limit = int(file.read().split()[0]) * resource.getpagesize() + memory
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        data = pickle.dumps(work())
        with os.fdopen(pipe, "wb") as out:
            out.write(data)

    child, reading = fork(limited)
    data = b""
    why = ""
    with os.fdopen(reading, "rb") as source:
        while not why:
            if not select.select([source], [], [], patience)[0]:
                os.kill(child, signal.SIGKILL)
                why = f"no word for {patience:.0f} s"
                break
            piece = os.read(source.fileno(), 1 << 20)
            if not piece:
                break
            data += piece
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if why or status or not data:
        return None, why or f"the process ended with {status}"
    return pickle.loads(data), ""  # noqa: S301 - what our own child has written
