"""The time left, from histories of what things took: no clock is asked."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from blockstudio.training.pace import Pace

TICK = 0.1


def history(
    seconds: Callable[[int], float], total: int, per_epoch: int, measuring: float, saving: float, settling: float = 0.0,
    young: int = 0, test: float = 0.0,
) -> list[tuple[float, float]]:  # fmt: skip
    """A run as the trainer goes through it: at every report the true and the said time left."""
    pace = Pace(batch=32, validation=100, test=100)
    plan: list[tuple[str, float]] = []
    for step in range(total):
        plan.append(("step", seconds(step)))
        if (step + 1) % per_epoch == 0 or step + 1 == total:
            plan += [("settle", settling)] * (step + 1 <= young) + [("measure", measuring), ("save", saving)]
    plan.append(("test", test))
    whole, gone, found = sum(length for _, length in plan), 0.0, []
    step, evaluated, waiting, since = 0, 0, 0, 0.0
    for kind, length in plan:
        gone += length
        if kind == "step":
            step, waiting, since = step + 1, waiting + 1, since + length
            if since >= TICK:
                pace.took(waiting, since)
                waiting, since = 0, 0.0
                found.append((whole - gone, pace.left(step, total, per_epoch, evaluated, young)))
        elif kind == "measure":
            pace.measured(100, length)
            evaluated = step
        elif kind == "settle":
            pace.settled(length)
        elif kind == "save":
            pace.saved(length)
    return [(true, said) for true, said in found if true <= 0.95 * whole]


def noisy(mean: float, spread: float = 0.5) -> Callable[[int], float]:
    draws = random.Random(0)
    return lambda step: mean * draws.lognormvariate(-spread * spread / 2, spread) + (3.0 if step == 0 else 0.0)


HISTORIES: dict[str, list[tuple[float, float]]] = {
    "short steps, noisy, a first one that is compiled": history(noisy(0.02), 20_000, 1000, 0.5, 0.05, test=0.5),
    "steps of a second": history(noisy(1.0, 0.2), 600, 40, 1.0, 0.5, test=1.0),
    "evaluations as long as epochs": history(noisy(0.05), 8_000, 100, 5.0, 0.1, test=5.0),
    "averages computed anew at first": history(noisy(0.05), 8_000, 100, 1.0, 0.1, 2.0, 50, test=1.0),
}


@pytest.mark.parametrize("name", HISTORIES)
def test_the_time_left_is_right_within_a_tenth_after_the_first_twentieth(name: str) -> None:
    for true, said in HISTORIES[name]:
        # Of the last seconds a tenth is less than anybody reads.
        assert abs(said - true) <= max(0.1 * true, 2.0), (true, said)


def test_a_pace_that_changes_is_known_soon() -> None:
    pace = Pace(32, 0, 0)
    for _ in range(600):
        pace.took(10, 0.1)
    for _ in range(300):
        pace.took(1, 1.0)
    assert pace.left(0, 100, 100, 0) == pytest.approx(100, rel=0.1)


def test_before_the_first_step_nothing_is_said() -> None:
    assert Pace(32, 100, 100).left(0, 100, 10, 0) == 0.0
