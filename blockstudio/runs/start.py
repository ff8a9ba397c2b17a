"""Starting a trainer as a process of its own, which outlives whoever started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import traceback
from importlib import import_module

from blockstudio.errors import StudioError
from blockstudio.graph.files import open_log
from blockstudio.runs.lock import Lock
from blockstudio.runs.run import CONTROL, LOG, Run
from blockstudio.text import say

TRAINER = "blockstudio.training"
LOADED = (f"{TRAINER}.trainer", "torch._dynamo")
"""What takes the longest to load of what a trainer needs."""
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
    lock, arguments = _claimed(run)
    trainer = ["-m", TRAINER, *arguments]
    command = [sys.executable, *(_torchrun(processes, lock.token) if processes > 1 else ()), *trainer]
    threads = {"OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // processes))} if processes > 1 else {}
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    try:
        with open_log(run.directory / LOG) as log:
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
        raise _refused(run, error) from error
    lock.hand_to(child.pid)
    return child


def _refused(run: Run, error: OSError) -> StudioError:
    text = say("the trainer cannot be started: {error}.", error=error)
    return StudioError("run.start", text, where=str(run.directory))


class Forked:
    """A trainer that is a copy of this process."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def poll(self) -> int | None:
        """Its exit code; ``None`` while it trains."""
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._code = os.waitstatus_to_exitcode(status) if pid else None
        return self._code


def fork_run(run: Run) -> Forked:
    """Start or continue training a run in a copy of this process, which outlives it: what takes the longest of a short
    run, to load torch, is done once for many. Where there is fork, and in a process with one thread.

    Raises:
        StudioError: As `start_run`.
    """
    for name in LOADED:
        import_module(name)
    lock, arguments = _claimed(run)
    try:
        open_log(run.directory / LOG).close()
    except OSError as error:
        lock.release()
        raise _refused(run, error) from error
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        lock.hand_to(pid)
        return Forked(pid)
    code = 1
    try:  # Nothing of what the process did before is done by the copy: it ends without a word.
        os.setsid()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        log = os.open(run.directory / LOG, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        code = int(import_module(f"{TRAINER}.__main__").main(arguments))
    finally:
        if sys.exc_info()[0] is not None:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _claimed(run: Run) -> tuple[Lock, list[str]]:
    """The run's lock, claimed for a trainer that is about to start, and the trainer's arguments."""
    if os.path.exists(run.directory / REMOTE):
        raise StudioError(
            "run.remote", say("is trained on another machine."), where=str(run.directory),
            hint=say("Go on with it there, or train its diagram and recipe anew."),
        )  # fmt: skip
    run.check_unfinished()
    lock = Lock(run.directory)
    lock.claim()
    control = run.directory / CONTROL
    # Commands that were sent to earlier trainers are not for this one: it reads on from here.
    commands = control.stat().st_size if os.path.exists(control) else 0
    return lock, [str(run.directory), "--token", lock.token, "--control", str(commands)]


def _torchrun(processes: int, name: str) -> list[str]:
    """Arguments of Python that start PyTorch's launcher, which talks to itself over the loopback address."""
    return [
        "-m", "torch.distributed.run", "--nproc-per-node", str(processes), "--max-restarts", str(RESTARTS),
        "--rdzv-backend", "c10d", "--rdzv-endpoint", "127.0.0.1:0", "--rdzv-id", name, "--local-addr", "127.0.0.1",
        "--log-dir", os.devnull,  # else it leaves empty folders behind
    ]  # fmt: skip
