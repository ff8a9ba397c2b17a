"""What curves there are of a run: their titles, the columns they come from, how their values are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from blockstudio.runs.curves import AUX, Columns, Curves, Floats
from blockstudio.text import say

Kind: TypeAlias = Literal["share", "bytes", "number"]
Part: TypeAlias = Literal["train", "validation"]


@dataclass(frozen=True)
class RunCurve:
    """One figure of a run over its steps."""

    key: str
    title: str
    train: str = ""
    """The column of the steps (or of the measured blocks); empty: there is none."""
    validation: str = ""
    """The column of the epochs."""
    kind: Kind = "number"
    noisy: bool = True
    """Smoothing helps."""
    target: bool = False
    """The step at which a target is reached is of interest."""

    def columns(self, curves: Curves, part: Part) -> tuple[Columns, str] | None:
        """Where the values are; ``None`` where the run has none."""
        name = self.train if part == "train" else self.validation
        for columns in (curves.steps, curves.epochs, curves.blocks):
            if name in columns.names:
                return columns, name
        return None

    def values(self, curves: Curves, part: Part, axis: str = "step") -> tuple[Floats, Floats]:
        """``(x, y)`` over ``step``, ``epoch`` or ``seconds``; empty where nothing was measured."""
        found = self.columns(curves, part)
        if found is None:
            return np.empty(0), np.empty(0)
        columns, name = found
        x, y = columns.known(name, "seconds" if axis == "seconds" else "step")
        return (x / steps_per_epoch(curves), y) if axis == "epoch" else (x, y)

    def is_in(self, curves: Curves) -> bool:
        """Whether the run has a value of it."""
        parts: tuple[Part, ...] = ("train", "validation")
        found = (self.columns(curves, part) for part in parts)
        return any(each is not None and each[0].last(each[1]) is not None for each in found)


_ALWAYS = (
    RunCurve("loss", say("Loss"), "loss", "validation_loss"),
    RunCurve("accuracy", say("Accuracy"), "accuracy", "validation_accuracy", "share", target=True),
    RunCurve("top5", say("Top-5 accuracy"), "accuracy_top5", "validation_accuracy_top5", "share"),
    RunCurve("lr", say("Learning rate"), "lr", noisy=False),
    RunCurve("images_per_second", say("Images/s"), "images_per_second"),
    RunCurve("memory", say("Memory"), "memory", kind="bytes", noisy=False),
    RunCurve("gradient", say("Gradient norm"), "gradient"),
)
FIGURES = {figure.key: figure for figure in _ALWAYS}


def steps_per_epoch(curves: Curves) -> float:
    """As the run says; 1 where it does not."""
    found = curves.started.get("steps_per_epoch")
    return max(1.0, float(found)) if isinstance(found, int | float) else 1.0


def auxiliary(number: int) -> RunCurve:
    """The loss of an auxiliary head, counted from 1."""
    return RunCurve(f"{AUX}{number}", say("Auxiliary loss {number}", number=number), f"{AUX}{number}")


def curve_of(key: str) -> RunCurve:
    """The figure of a key, auxiliary heads included. Raises `KeyError`."""
    if key not in FIGURES and key.startswith(AUX):
        return auxiliary(int(key.removeprefix(AUX)))
    return FIGURES[key]


def curves_in(curves: Sequence[Curves]) -> list[RunCurve]:
    """What some runs have curves of, in the order in which they are offered."""
    heads = max((len([name for name in each.steps.names if name.startswith(AUX)]) for each in curves), default=0)
    known = [*_ALWAYS, *(auxiliary(number) for number in range(1, heads + 1))]
    return [figure for figure in known if any(figure.is_in(each) for each in curves)]
