"""Faults in the trainer and under it: what is said within seconds, what is left, and going on to the last bit."""

from __future__ import annotations

import hashlib
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from blockstudio.errors import StudioError
from blockstudio.runs import Recipe, Run, create_run, start_run, with_fields
from tests.suites.outcome import Outcome
from tests.support.tiny import tiny_network

ROOT = Path(__file__).resolve().parents[2]
SAID_WITHIN = 3.0
GONE_WITHIN = 5.0
PATIENCE = 120.0
INSIDE = """
import os, threading
from pathlib import Path

def act():
    import ctypes, resource, sys
    if not any("blockstudio.training" in word for word in sys.orig_argv):
        return
    run = Path(next(word for word in sys.orig_argv if word.startswith("/") and (Path(word) / "recipe.json").exists()))
    while not any(run.glob("checkpoints/*/manifest.json")):
        threading.Event().wait(0.005)
    kind = os.environ["STUDIO_TEST_FAULT"]
    if kind == "SIGSEGV":
        ctypes.string_at(0)
    elif kind == "abort":
        os.abort()
    elif kind == "_exit":
        os._exit(7)
    elif kind == "memory":
        size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size, size))

if os.environ.get("STUDIO_TEST_FAULT"):
    threading.Thread(target=act, daemon=True).start()
"""
FIELDS: dict[str, Any] = {
    "threads": 1, "batch_size": 32, "epochs": 6, "checkpoints": {"steps": 10, "epochs": 0},
    "augmentation": {"pad_crop": 1, "flip": True},
}  # fmt: skip


@contextmanager
def inside(kind: str) -> Iterator[None]:
    """Trainers started here do something to themselves behind their first checkpoint."""
    before = {key: os.environ.get(key) for key in ("PYTHONPATH", "STUDIO_TEST_FAULT")}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sitecustomize.py").write_text(INSIDE, encoding="utf-8")
        os.environ["PYTHONPATH"] = os.pathsep.join([folder, str(ROOT)])
        os.environ["STUDIO_TEST_FAULT"] = kind
        try:
            yield
        finally:
            for key, value in before.items():
                os.environ.pop(key, None)
                if value is not None:
                    os.environ[key] = value


def until(done: Callable[[], object], seconds: float) -> bool:
    """Whether it comes true in that time."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            return False
        select.select([], [], [], 0.02)
    return True


def relatives(session: int) -> list[int]:
    """Living processes of a session."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(int(entry.name))
    return found


def digest(run: Run) -> str:
    """Of the weights of the last checkpoint."""
    return hashlib.sha256(run.checkpoints.all()[-1].model.read_bytes()).hexdigest()


class Case:
    """One run and one fault."""

    def __init__(self, folder: Path, name: str, outcome: Outcome, fields: dict[str, Any] | None = None) -> None:
        self.run = create_run(tiny_network(), with_fields(Recipe(), fields or FIELDS), folder / name)
        self.name, self.outcome = name, outcome
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> subprocess.Popen[bytes]:
        """Start the trainer and wait until it has a checkpoint."""
        self.child = start_run(self.run)
        found = until(lambda: self.run.checkpoints.all() or self.ended(), PATIENCE)
        if not found:
            self.outcome.add(f"{self.name}: no checkpoint within {PATIENCE:.0f} s")
        return self.child

    def ended(self) -> bool:
        assert self.child is not None
        return self.child.poll() is not None

    def judge(self, *, resumed: str | None, said: tuple[str, ...] = ("lost", "failed")) -> None:
        """After the fault: what is said, who is left, whether it goes on to the last bit."""
        assert self.child is not None
        self.outcome.times += 1
        if not until(self.ended, PATIENCE):
            self.outcome.add(f"{self.name}: the trainer goes on")
            self.child.kill()
        self.child.wait()
        state = None

        def told() -> bool:
            nonlocal state
            state = Run(self.run.directory).state()
            return state.status in said and not state.active

        if not until(told, SAID_WITHIN):
            self.outcome.add(f"{self.name}: after 3 s it says {state}")
        elif not state.message or "Traceback" in str(state.message):
            self.outcome.add(f"{self.name}: says {state.message!r}")
        if not until(lambda: not relatives(self.child.pid), GONE_WITHIN):
            self.outcome.add(f"{self.name}: left processes {relatives(self.child.pid)}")
        left = [str(path) for path in self.run.directory.rglob(".*.tmp")] if said == ("failed",) else []
        if left:
            self.outcome.add(f"{self.name}: left {left}")
        if resumed is None:
            return
        self.child = start_run(self.run)
        if self.child.wait(PATIENCE) != 0:
            self.outcome.add(f"{self.name}: does not go on: {self.run.state()}")
        elif digest(self.run) != resumed:
            self.outcome.add(f"{self.name}: goes on to other weights")


def _whole(folder: Path, outcome: Outcome) -> str:
    case = Case(folder, "whole", outcome)
    start_run(case.run).wait(PATIENCE)
    return digest(case.run)


def deaths(rounds: int) -> Outcome:
    """The trainer dies in every way, and goes on."""
    outcome = Outcome(
        "trainer: SIGKILL, SIGSEGV, abort, os._exit, limit of address space; said within 3 s, nobody left after "
        "5 s, resumed to the last bit"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wanted = _whole(folder, outcome)
        for number in range(rounds):
            case = Case(folder, f"SIGKILL-{number}", outcome)
            case.start().send_signal(signal.SIGKILL)
            case.judge(resumed=wanted)
            for kind in ("SIGSEGV", "abort", "_exit", "memory"):
                case = Case(folder, f"{kind}-{number}", outcome)
                with inside(kind):
                    case.start()
                    until(case.ended, PATIENCE)
                if kind == "memory" and case.run.state().status == "finished":
                    outcome.times += 1  # It found room in what it had already.
                    continue
                case.judge(resumed=wanted)
    return outcome


def directories(rounds: int) -> Outcome:
    """The run's directory is moved, deleted, replaced while a trainer is at work."""
    outcome = Outcome("run directory moved, deleted, replaced by a file or by another run under a trainer")
    for number in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for act in ("moved", "deleted", "file", "other"):
                case = Case(folder, f"{act}-{number}", outcome, {**FIELDS, "epochs": 200})
                child, place = case.start(), case.run.directory
                if act == "deleted":
                    shutil.rmtree(place, ignore_errors=True)
                else:
                    place.rename(place.with_name(f"{act}-away"))
                if act == "file":
                    place.write_text("no run", encoding="utf-8")
                if act == "other":
                    create_run(tiny_network(), with_fields(Recipe(), FIELDS), place)
                outcome.times += 1
                if not until(case.ended, PATIENCE):
                    outcome.add(f"{act}: the trainer goes on without its directory")
                    child.kill()
                child.wait()
                if not until(lambda child=child: not relatives(child.pid), GONE_WITHIN):
                    outcome.add(f"{act}: left processes {relatives(child.pid)}")
                try:
                    state = Run(place).state()
                    if state.active:
                        outcome.add(f"{act}: says {state}")
                except StudioError:
                    pass  # One sentence: there is no such run.
    return outcome


def numbers(rounds: int) -> Outcome:
    """Training that diverges says so."""
    outcome = Outcome("NaN, inf and exploding gradients: training ends in a word that says so")
    with tempfile.TemporaryDirectory() as name:
        for number in range(rounds):
            for rate in (3.0, 30.0, 100.0):
                fields = {**FIELDS, "optimizer": {"lr": rate}, "schedule": {"name": "constant"}}
                case = Case(Path(name), f"rate-{rate:g}-{number}", outcome, fields)
                case.child = start_run(case.run)
                case.child.wait(PATIENCE)
                outcome.times += 1
                state = case.run.state()
                if state.active or state.status not in ("failed", "finished", "stopped"):
                    outcome.add(f"lr {rate:g}: {state}")
                elif state.status == "failed" and not state.message:
                    outcome.add(f"lr {rate:g}: failed without a word")
    return outcome


def workers(rounds: int) -> Outcome:
    """A process that reads images is killed, or hangs until it is killed."""
    from PIL import Image

    outcome = Outcome(
        "a data worker is killed; one is stopped, its trainer killed: said within 3 s, nobody left after 5 s"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        drawn = np.random.default_rng(0)
        for part, count in (("train", 24), ("val", 2)):
            for kind in "abcdefghij":  # as many classes as the network has
                (folder / "images" / part / kind).mkdir(parents=True)
                for index in range(count):
                    noise = drawn.integers(0, 255, (9, 9), np.uint8)
                    Image.fromarray(noise).save(folder / "images" / part / kind / f"{index}.png")
        fields = {
            **FIELDS, "epochs": 400,
            "data": {
                "source": str(folder / "images"), "workers": 2, "input_size": 8, "storage": "disk",
            },
        }  # fmt: skip
        for number in range(rounds):
            for act in (signal.SIGKILL, signal.SIGSTOP):
                case = Case(folder, f"{act.name}-{number}", outcome, fields)
                child = case.start()
                if case.ended():
                    outcome.times += 1
                    outcome.add(f"{act.name}: {case.run.state()}")
                    continue
                helpers = [pid for pid in relatives(child.pid) if pid != child.pid]
                if len(helpers) < 2:
                    outcome.add(f"{act.name}: no workers to stop")
                for helper in helpers[-1:]:
                    os.kill(helper, act)
                if act is signal.SIGSTOP:
                    # It hangs: a person kills it.
                    child.send_signal(signal.SIGKILL)
                case.judge(resumed=None)
                for helper in relatives(child.pid):
                    os.kill(helper, signal.SIGKILL)
    return outcome
