"""What is measured of a run: one number, or that it never got there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from msgspec import Struct

from blockstudio.errors import StudioError
from blockstudio.graph.names import suggestion
from blockstudio.runs.events import Event, RunLog
from blockstudio.text import say

Take: TypeAlias = Literal["final", "best", "steps_to", "seconds_to"]

OF_STEPS = ("loss", "accuracy")
"""Over the training images of the last steps."""
OF_EPOCHS = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")
OF_TEST = ("test_loss", "test_accuracy")
CURVES = (*OF_STEPS, *OF_EPOCHS, *OF_TEST)


class Measure(Struct, frozen=True, forbid_unknown_fields=True):
    """Which number."""

    curve: str = "test_accuracy"
    take: Take = "final"
    target: float | None = None
    """Of ``steps_to`` and ``seconds_to``: the value that has to be reached."""

    @property
    def rising(self) -> bool:
        """More of the curve is better."""
        return self.curve.endswith("accuracy")

    @property
    def more_is_better(self) -> bool:
        """More of the number is better."""
        return self.rising and self.take in ("final", "best")

    @property
    def title(self) -> str:
        """``steps to train_accuracy 0.8``."""
        if self.take == "steps_to":
            return say("steps to {curve} {target}", curve=self.curve, target=f"{self.target:g}")
        if self.take == "seconds_to":
            return say("seconds to {curve} {target}", curve=self.curve, target=f"{self.target:g}")
        return say("best {curve}", curve=self.curve) if self.take == "best" else say("{curve}", curve=self.curve)


def check_measure(measure: Measure) -> list[StudioError]:
    """What is wrong with a measure: ``experiment.measure``."""
    if measure.curve not in CURVES:
        text = say("there is no curve '{curve}'.", curve=measure.curve)
        hint = suggestion(measure.curve, list(CURVES)) or say("Curves: {curves}.", curves=", ".join(CURVES))
        return [StudioError("experiment.measure", text, hint=hint)]
    if measure.take in ("steps_to", "seconds_to"):
        if measure.target is None:
            return [StudioError("experiment.measure", say("'{take}' needs a target.", take=measure.take))]
        if measure.curve in OF_TEST:
            text = say("'{curve}' is measured once, at the end.", curve=measure.curve)
            hint = say("Take 'validation_accuracy' or 'accuracy'.")
            return [StudioError("experiment.measure", text, hint=hint)]
    elif measure.target is not None:
        text = say("'{take}' has no target.", take=measure.take)
        return [StudioError("experiment.measure", text, hint=say("Take 'steps_to', or leave the target out."))]
    return []


def value_of(measure: Measure, log: RunLog) -> float | None:
    """The number; ``None`` if the run never got there (or diverged before it)."""
    if measure.curve in OF_TEST:
        found = log.finished.get(measure.curve) if log.finished else None
        return None if found is None else float(found)
    points = _points(measure.curve, log)
    if measure.take == "final":
        return points[-1][1] if points and log.finished is not None else None
    if measure.take == "best":
        values = [value for _, value in points]
        return (max(values) if measure.rising else min(values)) if values else None
    assert measure.target is not None
    for event, value in points:
        if value >= measure.target if measure.rising else value <= measure.target:
            return float(event["step"]) if measure.take == "steps_to" else log.seconds_at(int(event["step"]))
    return None


def _points(curve: str, log: RunLog) -> Sequence[tuple[Event, float]]:
    events = log.steps if curve in OF_STEPS else log.epochs
    return [(event, float(event[curve])) for event in events if event.get(curve) is not None]
