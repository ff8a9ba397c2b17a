"""A trainer is killed at a random step and goes on: the losses are those of a run that was never disturbed."""

from __future__ import annotations

import os
import random
import signal
import tempfile
from pathlib import Path
from typing import Any

from blockstudio.runs import Recipe, Run, create_run, start_run, with_fields
from tests.suites.outcome import Outcome
from tests.support.groups import CLOSE, losses, members, network

STEPS = 400
FIELDS: dict[str, Any] = {
    "steps": STEPS, "batch_size": 64, "report_steps": 1, "checkpoints": {"steps": 25, "epochs": 0},
    "threads": 1, "device": "cpu", "augmentation": {"pad_crop": 1, "flip": True, "mixup": 0.2},
}  # fmt: skip
TOGETHER: dict[str, Any] = {**FIELDS, "sync_batchnorm": True, "augmentation": {"pad_crop": 1, "flip": True}}
"""Mixup blends images of the same process: not what one alone would."""


def _run(folder: Path, name: str, fields: dict[str, Any]) -> Run:
    return create_run(network(), with_fields(Recipe(), fields), folder / name)


def _whole(folder: Path, fields: dict[str, Any]) -> list[float]:
    run = _run(folder, "whole", fields)
    start_run(run).wait()
    return losses(run)


def alone(times: int) -> Outcome:
    """SIGKILL of the one trainer; it is continued, and each loss has to be the same to the last bit."""
    outcome = Outcome(f"trainer killed at a random step of {STEPS} and continued: every loss to the last bit")
    draws = random.Random(0)
    with tempfile.TemporaryDirectory() as name:
        wanted = _whole(Path(name), FIELDS)
        for number in range(times):
            run, at = _run(Path(name), f"alone-{number}", FIELDS), draws.randrange(1, STEPS)
            child = start_run(run)
            for event in run.follow(interval=0.002):
                if event["type"] == "step" and event["step"] >= at:
                    child.send_signal(signal.SIGKILL)
                    break
            child.wait()
            outcome.times += 1
            if run.results() is None:
                start_run(run).wait()
            found = losses(run)
            if found != wanted:
                outcome.add(f"killed at step {at}: {len(found)} losses, {_far(found, wanted):.2e} apart")
    return outcome


def together(times: int) -> Outcome:
    """SIGKILL of one of two that torchrun started; the launcher begins both anew from the last checkpoint."""
    outcome = Outcome(f"one of two torchrun workers killed at a random step of {STEPS}: losses of one process, rounded")
    draws, farthest = random.Random(1), 0.0
    with tempfile.TemporaryDirectory() as name:
        wanted = _whole(Path(name), TOGETHER)
        for number in range(times):
            run, at = _run(Path(name), f"together-{number}", TOGETHER), draws.randrange(1, STEPS)
            victim, killed = draws.randrange(2), False
            child = start_run(run, 2)
            for event in run.follow(interval=0.01):
                if not killed and event["type"] == "step" and event["step"] >= at:
                    killed = True
                    os.kill(members(child.pid)[victim], signal.SIGKILL)
            child.wait()
            outcome.times += 1
            found = losses(run)
            if run.state().status != "finished" or _far(found, wanted) > 20 * CLOSE:
                how = f"{run.state().status}, {len(found)} losses, {_far(found, wanted):.2e} apart"
                outcome.add(f"worker {victim} killed at step {at}: {how}")
            else:
                farthest = max(farthest, _far(found, wanted))
    outcome.greatest = {"largest difference {:.1e}": farthest}
    return outcome


def _far(one: list[float], two: list[float]) -> float:
    """Largest difference of two sequences; infinite where they are not of a length."""
    if len(one) != len(two):
        return float("inf")
    return max((abs(a - b) for a, b in zip(one, two, strict=True)), default=0.0)
