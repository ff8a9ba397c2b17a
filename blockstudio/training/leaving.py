"""A stop while a trainer gets ready: reading images, compiling, recording and the first step of a large network take
minutes and listen to nobody.

Nothing has been learnt then that is not in a checkpoint, so the process may simply end, with a word in the log.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from types import TracebackType

from blockstudio.training.control import Control

LOOK = 0.2
"""Seconds between two looks at the commands."""
PATIENCE = 3.0
"""Seconds that what is under way is given to end by itself."""


class Leaving:
    """Watches over what comes before the first steps of a process of its own, or over these; a context manager around
    each of them.

    Args:
        control: What the trainer has been told.
        leave: Says in the log that the run has stopped, and gives the lock back.
        steps: So many stretches are watched over.
    """

    def __init__(self, control: Control, leave: Callable[[], object], steps: int) -> None:
        self._control, self._leave = control, leave
        self.steps = steps
        self._inside = threading.Lock()
        """Held by the watching thread while it acts, and by the training while it is not in a step."""
        self._inside.acquire()
        self._over = threading.Event()
        threading.Thread(target=self._watch, name="leaving", daemon=True).start()

    def __enter__(self) -> None:
        self._inside.release()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._inside.acquire()
        self.steps -= 1
        if self.steps <= 0 or error is not None:
            self._over.set()

    def _watch(self) -> None:
        asked: float | None = None
        while not self._over.wait(LOOK):
            if not self._inside.acquire(blocking=False):
                continue
            try:
                self._control.poll()
                if self._control.stopping:
                    asked = time.monotonic() if asked is None else asked
                    if time.monotonic() - asked >= PATIENCE:
                        self._leave()
                        end_process()
            finally:
                self._inside.release()


def end_process() -> None:
    """End this process and, where it leads its group, the compilers that it has started."""
    if hasattr(os, "killpg") and os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGTERM)
    os._exit(0)
