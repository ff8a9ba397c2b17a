"""Where trials train: on this machine, on a Ray cluster, or on what Slurm gives.

The run directories are the truth for all of them, so they have to be in a folder that every machine sees; an engine
only starts trainers and says whether they are still at it. A trial whose machine went away is started again from its
last checkpoint.
"""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Protocol

from blockstudio.errors import StudioError
from blockstudio.needs import need
from blockstudio.runs.run import Run
from blockstudio.runs.start import TRAINER, fork_run, start_run
from blockstudio.text import say

ENGINES = ("local", "ray", "slurm")


class Job(Protocol):
    """A trainer that was asked for."""

    def poll(self) -> int | None:
        """``None`` while it waits for its turn or trains."""


class Engine(Protocol):
    """Starts trainers."""

    at_once: int | None
    """How many may be asked for at a time; ``None``: as many as there are cores here."""

    def start(self, run: Run) -> Job:
        """Have ``run`` trained. Raises `StudioError` where that cannot be asked for."""

    def withdraw(self, job: Any) -> None:
        """Take back what has not begun to train."""

    def close(self) -> None:
        """Let go of the engine; what trains goes on."""


class Local:
    """Processes of this machine.

    Args:
        forking: Copies of this process, which has loaded torch once, in place of new ones; not on Windows and macOS.
    """

    at_once: int | None = None

    def __init__(self, forking: bool = False) -> None:
        # Torch refuses to learn in the copy of a process that has learnt; one that is yet to load it has not.
        unused = threading.active_count() == 1 and "torch" not in sys.modules
        self._forking = forking and sys.platform == "linux" and unused

    def start(self, run: Run) -> Job:
        # A card's context does not survive a fork; nothing here has made one, and the copy is the first to.
        return fork_run(run) if self._forking else start_run(run)

    def withdraw(self, job: Any) -> None:
        """What is started here trains at once."""

    def close(self) -> None:
        """Nothing is held."""


def train_here(directory: str) -> int:
    """Train a run in this process; what a cluster's worker is given. Returns an exit code."""
    before = sys.argv
    sys.argv = [TRAINER, directory]
    try:
        runpy.run_module(TRAINER, run_name="__main__")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        sys.argv = before
    return 0


class _RayJob:
    def __init__(self, ray: Any, reference: Any) -> None:
        self._ray, self.reference = ray, reference

    def poll(self) -> int | None:
        done, _ = self._ray.wait([self.reference], timeout=0)
        if not done:
            return None
        try:
            return int(self._ray.get(self.reference))
        except self._ray.exceptions.RayError:
            return 1  # Its machine went away, or its process was killed.


class Ray:
    """Tasks of a Ray cluster, each with the processors and cards that it was given.

    Args:
        address: Of the cluster; empty: that of ``RAY_ADDRESS``, or one of this machine's own.
        cpus: Processors a trial.
        gpus: Cards a trial, or a share of one.
    """

    at_once: int | None = 1 << 30

    def __init__(self, address: str = "", cpus: float = 1, gpus: float = 0) -> None:
        need("ray", "the engine ray")
        import ray

        self._ray = ray
        names = ("PYTHONPATH", "BLOCKSTUDIO_DATA", "BLOCKSTUDIO_RUNS", "BLOCKSTUDIO_WEIGHTS", "OMP_NUM_THREADS")
        given = {name: os.environ[name] for name in names if name in os.environ}
        try:
            more: dict[str, Any] = {} if address else {"include_dashboard": False}
            ray.init(address=address or None, ignore_reinit_error=True, log_to_driver=False,
                     runtime_env={"env_vars": given}, **more)  # fmt: skip
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise StudioError(
                "experiment.engine",
                say("Ray's cluster is not reached: {error}.", error=str(error).splitlines()[0].rstrip(".")),
            ) from error
        # A process of its own for each, and no second try of Ray's: the queue knows where to go on.
        self._train = ray.remote(max_calls=1, max_retries=0, num_cpus=cpus, num_gpus=gpus)(train_here)

    def start(self, run: Run) -> Job:
        run.check_unfinished()
        return _RayJob(self._ray, self._train.remote(str(run.directory.resolve())))

    def withdraw(self, job: Any) -> None:
        self._ray.cancel(job.reference)

    def close(self) -> None:
        self._ray.shutdown()


class _SlurmJob:
    def __init__(self, job: Any) -> None:
        self.job = job

    def poll(self) -> int | None:
        return 0 if self.job.done() else None


class Slurm:
    """Jobs of Slurm, by submitit.

    Args:
        home: The experiment's folder; what Slurm prints goes to ``slurm`` in it.
        cpus: Processors a trial.
        gpus: Cards a trial.
        minutes: Time a trial may take; one that takes longer goes on in another job, from its last checkpoint.
        partition: Slurm's partition; empty: its own choice.
        cluster: ``slurm``; ``local`` has submitit run the jobs here, to try things out.
    """

    at_once: int | None = 1 << 30

    def __init__(
        self,
        home: Path,
        cpus: float = 1,
        gpus: float = 0,
        minutes: int = 24 * 60,
        partition: str = "",
        cluster: str = "slurm",
    ) -> None:
        need("submitit", "the engine slurm")
        import submitit

        try:
            self._executor = submitit.AutoExecutor(folder=home / "slurm", cluster=cluster)
        except RuntimeError as error:
            raise StudioError(
                "experiment.engine",
                say("Slurm is not here: {error}.", error=str(error).rstrip(".")),
                hint=say("Start it where sbatch can be called."),
            ) from error
        more = {"slurm_partition": partition} if partition else {}
        self._executor.update_parameters(
            name="blockstudio",
            cpus_per_task=max(1, round(cpus)),
            gpus_per_node=round(gpus),
            timeout_min=minutes,
            **more,
        )

    def start(self, run: Run) -> Job:
        run.check_unfinished()
        try:
            return _SlurmJob(self._executor.submit(train_here, str(run.directory.resolve())))
        except (OSError, subprocess.SubprocessError, RuntimeError) as error:
            raise StudioError("experiment.engine", say("Slurm refused the job: {error}.", error=error)) from error

    def withdraw(self, job: Any) -> None:
        job.job.cancel()

    def close(self) -> None:
        """Jobs go on by themselves."""


def engine_of(name: str, home: Path, *, address: str = "", cpus: float = 1, gpus: float = 0) -> Engine:
    """The engine of a name. Raises `StudioError` ``install.missing``, ``experiment.engine``."""
    if name == "ray":
        return Ray(address, cpus, gpus)
    return Slurm(home, cpus, gpus) if name == "slurm" else Local(forking=True)
