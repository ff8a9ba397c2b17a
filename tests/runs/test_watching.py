"""The history of a run's blocks: figures by path, modules from what is inside, steps that go back."""

from __future__ import annotations

import math
from typing import Any

import pytest

from blockstudio.runs.watching import FIGURES, BlockHistory

PATHS = ["conv1", "layer1", "layer1.0", "layer1.0.conv", "layer1.0.bn", "layer1.1", "layer1.1.conv", "layer1.1.bn"]
CONV, BN = {"gradient": 3.0, "weight": 8.0, "update": 0.08}, {"gradient": 4.0, "weight": 6.0, "update": 0.06}


def blocks(step: int, values: dict[str, dict[str, float]]) -> dict[str, Any]:
    """A ``blocks`` event with these figures by path."""
    columns = {name: [values.get(path, {}).get(name) for path in PATHS] for name in FIGURES}
    return {"type": "blocks", "step": step, "cost": 0.012, **columns}


def history(*steps: int) -> BlockHistory:
    found = BlockHistory()
    found.take([{"type": "watched", "step": 0, "every": 10, "paths": PATHS}])
    for step in steps:
        values = {path: {**(BN if path.endswith("bn") else CONV), "forward": 2.0, "backward": 3.0, "shift": 0.1 * step}
                  for path in PATHS if path.endswith(("conv", "conv1", "bn"))}  # fmt: skip
        values["layer1.1"] = values["layer1"] = {"mean": 0.5, "dead": 0.25}
        found.take([blocks(step, values)])
    return found


def test_a_module_is_what_is_inside_together() -> None:
    found = history(1)
    assert found.value("gradient", "layer1.0") == pytest.approx(5.0), "as one vector"
    assert found.value("gradient", "layer1") == pytest.approx(math.sqrt(2) * 5.0)
    assert found.value("ratio", "layer1.0") == pytest.approx(0.01)
    assert found.value("time", "layer1") == 20.0 and found.value("time", "conv1") == 5.0
    assert found.value("shift", "layer1") == pytest.approx(0.1), "the worst"
    assert found.value("mean", "layer1") == 0.5 and found.value("mean", "layer1.0") is None, "of its own output"
    assert found.value("gradient", "elsewhere") is None


def test_the_network_has_units_in_its_order() -> None:
    found = history(1)
    assert found.units("gradient") == ["conv1", "layer1.0", "layer1.1"]
    assert found.order("gradient")[:2] == ["conv1", "layer1.0.conv"]


def test_what_a_later_trainer_does_again_is_gone() -> None:
    found = history(1, 5, 9)
    before = found.serial
    found.take([{"type": "started", "step": 5}])
    assert found.steps == [1, 5] and found.serial > before
    steps, values = found.curve("shift", "conv1")
    assert steps.tolist() == [1, 5] and values.tolist() == pytest.approx([0.1, 0.5])
    assert found.index_at(4) == 0 and found.index_at(100) == 1


def test_events_that_are_no_measurement_are_passed_over() -> None:
    found = history(1)
    for event in (
        {"type": "step", "step": 3}, {"type": "blocks", "step": 4}, {"type": "watched", "step": 4, "paths": None},
        {**blocks(7, {}), "gradient": ["x"] * len(PATHS)}, {**blocks(8, {}), "weight": [1.0]},
    ):  # fmt: skip
        found.take([event])
    assert found.steps == [1, 7] and found.value("gradient", "conv1") is None
    assert found.value("gradient", "conv1", 0) == 3.0
