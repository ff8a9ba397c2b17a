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
REMOTE = "remote.json"
"""A directory with a file of this name follows a run of another machine."""
RESTARTS = 3
"""How often processes that train together are started anew after one has died."""


def start_run(run: Run, processes: int = 1) -> subprocess.Popen[bytes]:
    """Start or continue training a run in a detached process.

    The lock is claimed before the process exists, so that `Run.state` says *running* from this moment on and a second
    start is refused; what the trainer prints goes to ``trainer.log``.

    Args:
        run: The run.
        processes: So many train it together, started by PyTorch's torchrun; where one dies, all go on from the last
            checkpoint.

    Returns:
        The process, which outlives this one.

    Raises:
        StudioError: ``run.locked`` if a trainer is at work already, ``run.finished`` if there is nothing left to do,
            ``run.start`` if the process cannot be started, ``train.processes`` for several on Windows.

    Example:
        >>> start_run(run).wait()  # doctest: +SKIP
        0
    """
    if processes > 1 and sys.platform == "win32":
        raise StudioError(
            "train.processes",
            say("several processes cannot train one run on Windows, where PyTorch's launcher does not work."),
            hint=say("Leave --nproc out."),
        )
    if (run.directory / REMOTE).exists():
        raise StudioError(
            "run.remote", say("is trained on another machine."), where=str(run.directory),
            hint=say("Go on with it there, or train its diagram and recipe anew."),
        )  # fmt: skip
    run.check_unfinished()
    lock = Lock(run.directory)
    lock.claim()
    control = run.directory / CONTROL
    commands = control.stat().st_size if control.exists() else 0
    trainer = ["-m", TRAINER, str(run.directory), "--token", lock.token, "--control", str(commands)]
    command = [sys.executable, *(_torchrun(processes, lock.token) if processes > 1 else ()), *trainer]
    threads = {"OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // processes))} if processes > 1 else {}
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
                env={**threads, **os.environ, "PYTHONUNBUFFERED": "1"},
            )
    except OSError as error:
        lock.release()
        raise StudioError(
            "run.start", say("the trainer cannot be started: {error}.", error=error), where=str(run.directory)
        ) from error
    lock.hand_to(child.pid)
    return child


def _torchrun(processes: int, name: str) -> list[str]:
    """Arguments of Python that start PyTorch's launcher, which talks to itself over the loopback address."""
    return [
        "-m", "torch.distributed.run", "--nproc-per-node", str(processes), "--max-restarts", str(RESTARTS),
        "--rdzv-backend", "c10d", "--rdzv-endpoint", "127.0.0.1:0", "--rdzv-id", name, "--local-addr", "127.0.0.1",
        "--log-dir", os.devnull,  # else it leaves empty folders behind
    ]  # fmt: skip
