"""Starting a trainer as a process of its own, which outlives whoever started it."""

from __future__ import annotations

import os
import subprocess
import sys

from blockstudio.errors import StudioError
from blockstudio.graph.files import check_regular
from blockstudio.runs.lock import Lock
from blockstudio.runs.run import CONTROL, LOG, Run
from blockstudio.text import say

TRAINER = "blockstudio.training"


def start_run(run: Run) -> subprocess.Popen[bytes]:
    """Start or continue training a run in a detached process.

    The lock is claimed before the process exists, so that `Run.state` says *running* from this moment on and a second
    start is refused; what the trainer prints goes to ``trainer.log``.

    Args:
        run: The run.

    Returns:
        The process, which outlives this one.

    Raises:
        StudioError: ``run.locked`` if a trainer is at work already, ``run.finished`` if there is nothing left to do,
            ``run.start`` if the process cannot be started.

    Example:
        >>> start_run(run).wait()  # doctest: +SKIP
        0
    """
    run.check_unfinished()
    lock = Lock(run.directory)
    lock.claim()
    control = run.directory / CONTROL
    commands = control.stat().st_size if control.exists() else 0
    command = [sys.executable, "-m", TRAINER, str(run.directory), "--token", lock.token, "--control", str(commands)]
    # Commands that were sent to earlier trainers are not for this one: it reads on from here.
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    try:
        check_regular(run.directory / LOG)
        with (run.directory / LOG).open("wb") as log:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=os.name != "nt",
                creationflags=flags,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
    except OSError as error:
        lock.release()
        raise StudioError(
            "run.start", say("the trainer cannot be started: {error}.", error=error), where=str(run.directory)
        ) from error
    lock.hand_to(child.pid)
    return child
