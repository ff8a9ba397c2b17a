"""What is measured: a number of a run, of what the laboratory answers about it, or of the drawing alone.

{"curve": "train_loss", "take": "final"}                               of a run's log
{"watch": "gradient", "block": "conv1"}                                of a block, when first measured (watch.blocks)
{"ask": "evaluate", "options": {"input-size": 40}, "pick": "accuracy"} of a question to the trained network
{"count": "parameters", "block": "layer1"}                             of the diagram; nothing is trained
{"less": ["seen", "test"]}                                             of two other measures: their difference
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from blockstudio.analysis.report import Analysis
from blockstudio.errors import StudioError
from blockstudio.experiments.picking import TAKES, picked
from blockstudio.graph.names import suggestion
from blockstudio.runs.events import Event, RunLog
from blockstudio.runs.questions import QUESTIONS, check_asked
from blockstudio.runs.watching import OF_OUTPUTS, OF_WEIGHTS
from blockstudio.text import Text, say

Take: TypeAlias = Literal["final", "best", "steps_to", "seconds_to"]

OF_STEPS = ("loss", "accuracy")
"""Over the training images of the last steps."""
OF_EPOCHS = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")
OF_TEST = ("test_loss", "test_accuracy")
CURVES = (*OF_STEPS, *OF_EPOCHS, *OF_TEST)
COUNTS = ("parameters", "macs", "depth", "channels", "size")
"""Of the whole diagram, or of a block: ``channels`` and ``size`` (height) are those of its output."""
WATCHED = (*OF_WEIGHTS, *OF_OUTPUTS)


class Measure(Struct, frozen=True, forbid_unknown_fields=True):
    """Which number."""

    curve: str = "test_accuracy"
    take: Take = "final"
    target: float | None = None
    """Of ``steps_to`` and ``seconds_to``: the value that has to be reached."""
    count: str = ""
    """One of `COUNTS`."""
    watch: str = ""
    """One of `WATCHED`, at the first step that was measured."""
    block: str = ""
    """Of ``count`` and ``watch``: a path. Empty for ``count``: the whole diagram."""
    ask: str = ""
    """A question of the laboratory, with its ``options``."""
    options: dict[str, Any] = {}
    pick: str = ""
    """Where the number stands in the answer: names with ``/`` between them, ``*`` for all of a level."""
    leave: tuple[str, ...] = ()
    """Names that a ``*`` leaves out."""
    over: str = ""
    """What is made of several: one of `TAKES`."""
    less: tuple[str, ...] = ()
    """Two measures of the experiment: the first less the second."""
    name: str = ""
    """How tables call it."""

    @property
    def kind(self) -> Literal["curve", "count", "watch", "ask", "less"]:
        """Where it comes from."""
        if self.count:
            return "count"
        if self.watch:
            return "watch"
        if self.ask:
            return "ask"
        return "less" if self.less else "curve"

    @property
    def rising(self) -> bool:
        """More of the curve is better."""
        return (self.curve if self.kind == "curve" else self.pick).endswith("accuracy")

    @property
    def more_is_better(self) -> bool:
        """More of the number is better."""
        return self.rising and self.take in ("final", "best")

    @property
    def title(self) -> str:
        """``steps to train_accuracy 0.8``."""
        if self.name:
            return Text(self.name)
        match self.kind:
            case "count":
                return say("{count} of {block}", count=self.count, block=self.block) if self.block else self.count
            case "watch":
                return say("{figure} of {block}", figure=self.watch, block=self.block)
            case "ask":
                return say("{question}: {pick}", question=QUESTIONS[self.ask].title, pick=self.pick)
            case "less":
                return say("{one} less {other}", one=self.less[0], other=self.less[1])
        if self.take == "steps_to":
            return say("steps to {curve} {target}", curve=self.curve, target=f"{self.target:g}")
        if self.take == "seconds_to":
            return say("seconds to {curve} {target}", curve=self.curve, target=f"{self.target:g}")
        return say("best {curve}", curve=self.curve) if self.take == "best" else say("{curve}", curve=self.curve)


def check_measure(measure: Measure, others: Sequence[str] = ()) -> list[StudioError]:
    """What is wrong with a measure: ``experiment.measure``. ``others``: names of the experiment's further measures."""
    match measure.kind:
        case "count":
            return _among(measure.count, COUNTS) + (
                [] if measure.block or measure.count not in ("channels", "size")
                else [_wrong(say("'{count}' is of a block.", count=measure.count), say("Name the block."))]
            )  # fmt: skip
        case "watch":
            return _among(measure.watch, WATCHED) + (
                [] if measure.block else [_wrong(say("'{count}' is of a block.", count=measure.watch))]
            )
        case "less":
            wrong = [name for name in measure.less if name not in others]
            if wrong or len(measure.less) != 2:
                text = say("expected two of the further measures.")
                return [_wrong(text, say("There are: {names}.", names=", ".join(others) or "–"))]
            return []
        case "ask":
            return _check_asked(measure)
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


def _check_asked(measure: Measure) -> list[StudioError]:
    wrong = _among(measure.ask, tuple(QUESTIONS))
    if wrong:
        return wrong
    if not measure.pick:
        return [_wrong(say("a question needs 'pick': where the number stands in the answer."))]
    if measure.over and measure.over not in TAKES:
        return _among(measure.over, TAKES)
    try:
        check_asked(measure.ask, measure.options)
    except StudioError as error:
        return [_wrong(error.message, error.hint)]
    return []


def _among(word: str, known: Sequence[str]) -> list[StudioError]:
    if word in known:
        return []
    hint = suggestion(word, list(known)) or say("Known are: {names}.", names=", ".join(known))
    return [_wrong(say("there is no '{word}'.", word=word), hint)]


def _wrong(text: str, hint: str = "") -> StudioError:
    return StudioError("experiment.measure", text, hint=hint)


def value_of(measure: Measure, log: RunLog) -> float | None:
    """The number of a curve; ``None`` if the run never got there (or diverged before it)."""
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


def counted(measure: Measure, analysis: Analysis) -> float | None:
    """The number of a drawing; ``None`` where the block is not there or has none."""
    if not measure.block:
        found: float | None = getattr(analysis, measure.count)
        return None if found is None else float(found)
    report = analysis.blocks.get(measure.block)
    if report is None:
        return None
    if measure.count in ("channels", "size"):
        shape = report.output_shape
        place = 0 if measure.count == "channels" else 1
        return float(shape[place]) if shape is not None and len(shape) > place else None
    return float(getattr(report, measure.count))


def watched(measure: Measure, events: Sequence[Event]) -> float | None:
    """The number of a block at the first step that was measured."""
    paths: list[str] = []
    for event in events:
        if event["type"] == "watched":
            paths = event.get("paths") or paths
        elif event["type"] == "blocks" and measure.block in paths:
            value = event.get(measure.watch, [])[paths.index(measure.block)]
            return None if value is None else float(value)
    return None


def asked(measure: Measure, answer: Mapping[str, Any]) -> float | None:
    """The number of an answer; ``None`` where the question was refused."""
    return picked(answer, measure.pick, measure.leave, measure.over)


def _points(curve: str, log: RunLog) -> Sequence[tuple[Event, float]]:
    events = log.steps if curve in OF_STEPS else log.epochs
    return [(event, float(event[curve])) for event in events if event.get(curve) is not None]
