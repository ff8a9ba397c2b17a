"""What a run will take before it has begun: memory from the analysis, time from an earlier run on this machine."""

from __future__ import annotations

import math
import platform
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.files import read_bounded, write_atomic
from blockstudio.runs.adapt import input_shape
from blockstudio.runs.datasets import describe
from blockstudio.runs.devices import absent_devices
from blockstudio.runs.frozen import trainable
from blockstudio.runs.optimizers import OPTIMIZERS
from blockstudio.runs.recipe import Recipe
from blockstudio.runs.run import Run

if TYPE_CHECKING:
    from blockstudio.analysis import Analysis

FORECAST = "forecast.json"
"""In a run's directory."""
PROCESS = 750_000_000
"""Bytes of main memory that Python with PyTorch takes by itself; on a card that is not counted."""
BYTES = 4
"""Of a weight, a gradient, a pixel as the network sees it."""
FORWARD = 0.3
"""Share of a training step's time for an image that measuring one takes."""
FLOAT_LIMIT = 1 << 30
"""Bytes up to which images in memory are kept as floats."""
MAX_FILE = 1 << 16
LOOKED_AT = 20
"""Earlier runs that are looked at, the newest first."""


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that training takes at most: of the card, or of the process in main memory."""

    process: int
    """Of the program itself."""
    weights: int
    gradients: int
    optimizer: int
    averages: int
    """A moving average of the weights."""
    activations: int
    """Kept of the images of a step until the backward pass, and what is alive in it besides."""
    images: int
    """The set, where it is kept in memory."""

    @property
    def total(self) -> int:
        return sum(getattr(self, name) for name in self.__struct_fields__)


class Time(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds of the whole run, and by which earlier one."""

    seconds: float
    by: str


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """Of one run; the time is not known where nothing was trained on this machine yet."""

    memory: Memory
    time: Time | None = None


def memory(diagram: Diagram, analysis: Analysis, recipe: Recipe) -> Memory:
    """What training ``diagram``, fitted to its images, takes with ``recipe``, whose choices are all made."""
    trained = trainable(analysis, recipe.start.freeze)
    rule = recipe.optimizer
    assert recipe.batch_size is not None
    part = math.ceil(recipe.batch_size / recipe.accumulate)
    # Under autocast most of what is kept has half the bits, and so have copies of the weights.
    half = recipe.precision != "fp32"
    kept = analysis.training_bytes * (0.5 if half else 1.0) + 2 * analysis.activation_bytes * (0.5 if half else 1.0)
    copies = analysis.parameter_bytes // 2 if half else 0
    return Memory(
        process=PROCESS if recipe.device == "cpu" or (recipe.device == "auto" and not _has_card()) else 0,
        weights=analysis.parameter_bytes,
        gradients=BYTES * trained,
        optimizer=round(BYTES * trained * OPTIMIZERS[rule.name].values(rule.momentum)),
        averages=analysis.parameter_bytes if recipe.averages.ema else 0,
        activations=round(part * kept) + copies,
        images=_images(diagram, recipe),
    )


def _has_card() -> bool:
    return "cuda" not in absent_devices()


def _images(diagram: Diagram, recipe: Recipe) -> int:
    try:
        facts = describe(recipe.data)
    except StudioError:
        return 0
    if not facts.images or recipe.data.storage == "disk" or (facts.size is None and recipe.data.storage == "auto"):
        return 0
    # A quarter more: what is held out for the test.
    pixels = round(1.25 * facts.images) * math.prod(input_shape(diagram))
    return pixels * (BYTES if BYTES * pixels <= FLOAT_LIMIT else 1)


def seconds(work: float, speed: float, recipe: Recipe, images: int) -> float:
    """Of the whole run: ``work`` is multiply-accumulates of one image, ``speed`` how many a second an earlier run went
    through, training; ``images`` those of the set."""
    assert recipe.batch_size is not None
    per_epoch = max(1, images // recipe.batch_size)
    steps = recipe.steps or (recipe.epochs or 1) * per_epoch
    measured = FORWARD * images * (math.ceil(steps / per_epoch) * recipe.data.validation + recipe.data.test)
    return (steps * recipe.batch_size + measured) * work / speed


def time(analysis: Analysis, recipe: Recipe, earlier: Iterable[Run]) -> Time | None:
    """By the newest of the ``earlier`` runs that was trained on this machine on the same device in the same precision,
    one of a network of the same name before others."""
    from blockstudio.analysis import analyze

    try:
        facts = describe(recipe.data)
    except StudioError:
        return None
    for run, _ in zip(earlier, range(LOOKED_AT), strict=False):
        try:
            found = run.history()
            started, steps = found.started or {}, found.steps
            theirs = run.recipe()
            same = (theirs.precision, theirs.compile, theirs.channels_last) == (
                recipe.precision, recipe.compile, recipe.channels_last)  # fmt: skip
            rate = steps[-1].get("images_per_second") if steps else None
            here = run.environment().get("machine") == platform.node()
            kind = str(started.get("device", "")).split(",")[0].split(" ")[0]
            if not (same and rate and here) or (recipe.device not in ("auto", kind)):
                continue
            speed = float(rate) * analyze(run.diagram()).macs_with_auxiliary
        except (StudioError, TypeError, ValueError, KeyError):
            continue
        if speed > 0:
            whole = seconds(analysis.macs_with_auxiliary, speed, recipe, facts.images or 0)
            return Time(seconds=whole, by=run.name)
    return None


def forecast(diagram: Diagram, recipe: Recipe, earlier: Iterable[Run]) -> Forecast:
    """Of a run of ``diagram`` as `adapt` has fitted it, with the recipe that it has completed."""
    from blockstudio.analysis import analyze

    analysis = analyze(diagram)
    return Forecast(memory=memory(diagram, analysis, recipe), time=time(analysis, recipe, earlier))


def write_forecast(run: Run, earlier: Iterable[Run]) -> Forecast:
    """Keep in a run that has not begun what it will take, so that it can stand beside what it then took."""
    found = forecast(run.diagram(), run.recipe(), earlier)
    write_atomic(run.directory / FORECAST, msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    return found


def read_forecast(directory: Path) -> Forecast | None:
    """What was expected of a run; ``None`` where nothing was, or it cannot be read."""
    try:
        return msgspec.json.decode(read_bounded(directory / FORECAST, MAX_FILE), type=Forecast)
    except (StudioError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
