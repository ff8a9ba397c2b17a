"""Measure and choose: a few steps of a run in each way that may be faster, a search for the largest batch that the
memory holds, and a range test of the learning rate. All of it on the run's own network, images and device.

Nothing that is tried here is kept but what is chosen: each trial has a network of its own, drawn from the same seed.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Any

import torch

from blockstudio.analysis import Analysis, analyze
from blockstudio.errors import StudioError
from blockstudio.runs.devices import free_memory
from blockstudio.runs.forecast import memory
from blockstudio.runs.recipe import Recipe, get_field, with_fields
from blockstudio.runs.run import Run
from blockstudio.text import Text, plain, say, say_many
from blockstudio.training.data.batches import Feeder
from blockstudio.training.data.images import ImageSet
from blockstudio.training.device import Precision, check_precision, library_settings
from blockstudio.training.losses import Criterion, Meter, class_weights
from blockstudio.training.optimizers import Rates, build_optimizer
from blockstudio.training.prepare import Prepared, build_network, is_recorded, prepare
from blockstudio.training.step import WARM_UP, Layout, Step, build_step

STEPS = 8
"""Least steps that are timed, and those whose loss is compared."""
SECONDS = 1.5
"""So long a trial is timed, unless its steps take longer."""
GAIN = 1.02
"""A way has to be so much faster to be taken."""
TOLERANCE = 0.05
"""Share by which its loss over the same images may differ."""
HOPELESS, SLOW_STEPS = 2.0, 2
"""A way so many times slower than the usual one in its first steps after warming up is given up."""
LARGEST_BATCH = 1 << 14
SLOWER = 0.9
"""The search for a batch ends where fewer images a second than so much of the best are learnt from."""
FIRST_BATCH = 8
RATES = 100
"""Steps of a range test."""


@dataclass(frozen=True)
class Trial:
    """One way of computing the same steps."""

    name: str
    fields: dict[str, Any]
    """What of the recipe is otherwise, by path."""
    milliseconds: float = math.nan
    """Of a step."""
    images_per_second: float = math.nan
    first_seconds: float = math.nan
    """Until the first steps were done: compiling, recording, choosing of kernels."""
    loss: float = math.nan
    kept: bool = False
    why: str = ""
    """Why it is not kept, where that is not plain from the figures."""


class Stand:
    """A run's network, images and device, to try things on."""

    def __init__(self, run: Run) -> None:
        """Raises `StudioError` with everything that is wrong with the run, as `prepare` does."""
        self.prepared = prepare(run)
        self.recipe = self.prepared.recipe
        self._diagram = run.diagram()

    def machine(self, recipe: Recipe) -> tuple[Step, Feeder, Rates, Meter]:
        """All that steps need, from the beginning, for another ``recipe`` of the same run."""
        device, splits = self.prepared.device, self.prepared.splits
        check_precision(recipe.precision, device)
        model = build_network(self._diagram, recipe, device)
        recorded = is_recorded(recipe, device)
        prepared: Prepared = replace(self.prepared, recipe=recipe, model=model, recorded=recorded)
        optimizer = build_optimizer(model, recipe, device, recorded)
        weights = class_weights(recipe, splits.train.labels, len(splits.classes))
        criterion = Criterion(recipe, prepared.auxiliary, None if weights is None else weights.to(device))
        meter = Meter(device, len(prepared.auxiliary), every_top=recorded)
        layout = Layout(prepared.flat, bool(recipe.channels_last))
        step = build_step(prepared, layout, optimizer, criterion, meter, Precision(recipe, device), None, print)
        feeder = Feeder(splits, recipe, device)
        total = recipe.steps or (recipe.epochs or 1) * feeder.steps_per_epoch
        return step, feeder, Rates(optimizer, recipe, total, feeder.steps_per_epoch), meter

    def steps(self, recipe: Recipe) -> int:
        """Of the whole run."""
        feeder = Feeder(self.prepared.splits, recipe, self.prepared.device)
        return recipe.steps or (recipe.epochs or 1) * feeder.steps_per_epoch

    @cached_property
    def _analysis(self) -> Analysis:
        return analyze(self._diagram)

    def fits(self, recipe: Recipe) -> bool:
        """Whether main memory holds a step, as far as that is known; a card says so itself."""
        free = free_memory() if self.prepared.device.type == "cpu" else None
        if free is None:
            return True
        wanted = memory(self._diagram, self._analysis, recipe)
        return wanted.total - wanted.process - wanted.images <= free  # Those two are there already.

    def wait(self) -> None:
        if self.prepared.device.type == "cuda":
            torch.cuda.synchronize()

    def time(self, trial: Trial, recipe: Recipe, seconds: float | None = None, most: float = math.inf) -> Trial:
        """``trial`` with what was measured of ``recipe``; an error it ends with is its reason. It is given up where its
        steps take more than ``most`` milliseconds."""
        seconds = SECONDS if seconds is None else seconds
        try:
            with library_settings(recipe, self.prepared.device):
                return self._time(trial, recipe, seconds, most / 1000)
        except Exception as error:  # noqa: BLE001 - a way that does not work here is a result
            return replace(trial, why=_reason(error))
        finally:
            gc.collect()

    def _time(self, trial: Trial, recipe: Recipe, seconds: float, most: float) -> Trial:
        step, feeder, rates, meter = self.machine(recipe)
        try:
            began, number, epoch = time.perf_counter(), 0, 0
            first = timed = math.nan
            timed_from, why = 0, trial.why
            while math.isnan(timed):
                for batch in feeder.train(epoch, 0):
                    rates.set(number)
                    step(batch)
                    number += 1
                    if number == WARM_UP + 1:
                        self.wait()
                        first, timed_from = time.perf_counter() - began, number
                        begun = time.perf_counter()
                    elif number == STEPS:
                        loss = meter.read().mean_loss
                    elif timed_from and number == timed_from + SLOW_STEPS and most < math.inf:
                        self.wait()
                        slow = (time.perf_counter() - begun) / SLOW_STEPS
                        if slow > most:
                            timed, loss, why = slow, meter.read().mean_loss, say("not faster")
                            break
                    if number > STEPS and number - timed_from >= STEPS and time.perf_counter() - begun >= seconds:
                        self.wait()
                        timed = (time.perf_counter() - begun) / (number - timed_from)
                        break
                epoch += 1
        finally:
            feeder.close()
        rate = feeder.batch_size / timed
        return replace(
            trial, milliseconds=1000 * timed, images_per_second=rate, first_seconds=first, loss=loss, why=why
        )


def _reason(error: Exception) -> str:
    """The first line of an error; a full memory in plain words."""
    words = str(error)
    if isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in words:
        return say("does not fit into memory")
    return (words.strip() or type(error).__name__).splitlines()[0]


def tune(
    run: Run, tell: Callable[[Trial], object] = lambda trial: None, plan: Callable[[int], object] = lambda trials: None
) -> tuple[Recipe, list[Trial]]:
    """Time a few steps of a run in each way that may be faster on this machine, and choose.

    A way is kept if it is faster than the best so far, its loss over the same images stays within `TOLERANCE`, and the
    run is long enough to win back what it takes to begin. ``tell`` hears of every trial as it is done, ``plan`` before
    the first how many there are at most.

    Returns the recipe with the chosen fields, and all trials. Raises `StudioError` as `prepare` does.
    """
    stand = Stand(run)
    best, ways = stand.recipe, _ways(stand)
    plan(len(ways) + 1)
    usual = stand.time(Trial(say("as the recipe says"), {}, kept=True), best)
    tell(usual)
    trials, fastest = [usual], usual
    for name, fields in ways:
        if all(get_field(best, path) == value for path, value in fields.items()):
            continue
        recipe = with_fields(best, fields)
        trial = stand.time(Trial(name, fields), recipe, most=HOPELESS * usual.milliseconds)
        why = trial.why or _refusal(trial, usual, fastest, stand.steps(recipe))
        trial = replace(trial, kept=not why, why=why)
        if trial.kept:
            best, fastest = recipe, trial
        trials.append(trial)
        tell(trial)
    return best, trials


def _refusal(trial: Trial, usual: Trial, fastest: Trial, steps: int) -> Text | str:
    """Why a way that works is not taken; nothing if it is."""
    if not abs(trial.loss - usual.loss) <= TOLERANCE * abs(usual.loss):
        return say("its loss is {loss:.3f} in place of {usual:.3f}", loss=trial.loss, usual=usual.loss)
    if trial.milliseconds * GAIN > fastest.milliseconds:
        return say("not faster")
    won = (fastest.milliseconds - trial.milliseconds) * steps / 1000
    if trial.first_seconds > fastest.first_seconds + won:
        return say("takes longer to begin than the whole run would win")
    return ""


def _ways(stand: Stand) -> list[tuple[str, dict[str, Any]]]:
    ways: list[tuple[str, dict[str, Any]]] = []
    cuda = stand.prepared.device.type == "cuda"
    if not stand.prepared.flat:
        other = not stand.recipe.channels_last
        ways.append(("channels_last" if other else "channels_last off", {"channels_last": other}))
    ways.append(("bf16", {"precision": "bf16"}))
    if cuda:
        ways += [("fp16", {"precision": "fp16"}), ("CUDA graph", {"cuda_graph": True})]
    if not isinstance(stand.prepared.splits.train, ImageSet):
        ways += [
            (say_many("{count} worker", "{count} workers", count), {"data.workers": count}) for count in (1, 2, 4, 8)
        ]
    # Compiling pays only where there is a run to win it back in.
    if stand.steps(stand.recipe) >= 500:
        ways.append(("torch.compile", {"compile": True}))
    return ways


def find_batch_size(
    run: Run, tell: Callable[[Trial], object] = lambda trial: None, plan: Callable[[int], object] = lambda trials: None
) -> tuple[int, list[Trial]]:
    """The largest power of two of images a step that the memory holds and the set has, up to `LARGEST_BATCH`, by
    doubling until memory runs out or it gets slower for each image; that is survived. Main memory that is overdrawn
    ends the process rather than the step, so there it is foretold. ``plan`` hears how many are tried at most.

    Returns the batch size with which most images a second are learnt from, and all trials.
    """
    stand = Stand(run)
    most = min(LARGEST_BATCH, len(stand.prepared.splits.train))
    size, trials = min(FIRST_BATCH, most), list[Trial]()
    plan(1 + int(math.log2(most / size)))
    while size <= most:
        fields = {"batch_size": size}
        recipe = with_fields(stand.recipe, fields)
        trial = Trial(say_many("{count:,} image", "{count:,} images", size), fields)
        if stand.fits(recipe):
            trial = stand.time(trial, recipe, seconds=min(0.5, SECONDS))
        else:
            trial = replace(trial, why=say("would not fit into memory"))
        trials.append(trial)
        tell(trial)
        if stand.prepared.device.type == "cuda":
            torch.cuda.empty_cache()
        if trial.why or trial.images_per_second < SLOWER * max(each.images_per_second for each in trials):
            break
        size *= 2
    good = [trial for trial in trials if not trial.why]
    if not good:
        text = say("no number of images a step was found: {reason}.", reason=trials[-1].why)
        raise StudioError("tune.batch_size", text, hint=say("A smaller input or a narrower network needs less."))
    best = max(good, key=lambda trial: trial.images_per_second)
    return int(best.fields["batch_size"]), trials


def rate_range(
    run: Run,
    low: float = 1e-6,
    high: float = 1.0,
    tell: Callable[[float, float], object] = lambda rate, loss: None,
    plan: Callable[[int], object] = lambda steps: None,
) -> tuple[list[tuple[float, float]], float]:
    """Range test of the learning rate (Smith, 2017): the rate rises by the same factor each step from ``low`` to
    ``high``; ends where the loss has become four times its least. ``tell`` hears of every rate and its loss, ``plan``
    of the number of steps.

    Returns pairs of rate and smoothed loss, and a rate to take: a tenth of that at which the loss was least.
    """
    stand = Stand(run)
    plan(RATES)
    fields = {"optimizer.lr": high, "schedule.name": "constant", "schedule.warmup": 0.0}
    step, feeder, rates, meter = stand.machine(with_fields(stand.recipe, fields))
    curve: list[tuple[float, float]] = []
    before = smooth = 0.0
    try:
        with library_settings(stand.recipe, stand.prepared.device):
            batches = (batch for epoch in range(RATES) for batch in feeder.train(epoch, 0))
            for number, batch in enumerate(islice(batches, RATES)):
                rate = low * (high / low) ** (number / (RATES - 1))
                rates.put(rate)
                step(batch)
                loss, before = meter.read().loss - before, meter.read().loss
                if not math.isfinite(loss):
                    break
                smooth = 0.9 * smooth + 0.1 * loss
                curve.append((rate, smooth / (1 - 0.9 ** (number + 1))))
                tell(*curve[-1])
                if number > 10 and curve[-1][1] > 4 * min(value for _, value in curve):
                    break
    finally:
        feeder.close()
    least = min(curve, key=lambda pair: pair[1], default=(high, math.nan))
    return curve, float(f"{least[0] / 10:.2g}")  # More figures than two would say nothing.


def as_data(trials: list[Trial]) -> list[dict[str, Any]]:
    """Trials as plain values; what could not be measured is ``None``."""

    def kept(value: object) -> object:
        if isinstance(value, Text):
            return plain(value)
        return None if isinstance(value, float) and math.isnan(value) else value

    return [{key: kept(value) for key, value in asdict(trial).items()} for trial in trials]
