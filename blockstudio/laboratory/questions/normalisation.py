"""What does a batch normalisation do? One of them under the microscope."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from blockstudio.errors import StudioError
from blockstudio.laboratory.batchnorm import Averages, Fed, Microscope, Stages, by_batch_size, corrected
from blockstudio.laboratory.evaluation import Setting
from blockstudio.laboratory.evaluation import evaluate as measured
from blockstudio.laboratory.questions.answer import Answer, Progress
from blockstudio.laboratory.subject import Subject, rebatched
from blockstudio.report.chart import Chart, Curve, GuideLine
from blockstudio.report.panels import Panels
from blockstudio.report.table import Table
from blockstudio.text import join, render, say

SIZES = (1, 2, 8, 64)
BINS = 40


def batchnorm(
    subject: Subject,
    block: str | None = None,
    channel: int = 0,
    momentum: float | None = None,
    batch_size: int = 64,
    steps: int = 50,
    sizes: Sequence[int] = SIZES,
    images: int = 1000,
    progress: Progress = lambda done, of: None,
    go_on: Callable[[], bool] = lambda: True,
) -> Answer:
    """A batch normalisation: what batches have and what the moving average makes of it, the values before and after
    each step of it, what the activation behind it is fed, and how good the network is with the batches' own statistics.

    Args:
        subject: A network with a run.
        block: Path of the normalisation; the first without.
        channel: Of it.
        momentum: The weight of the newest batch; the block's own without.
        batch_size: Images in a batch.
        steps: Batches of training images that go by.
        sizes: Of batches by whose own statistics the test images are normalised.
        images: Of the test part.
        progress: Called after each part.
        go_on: Asked before each batch.

    Raises:
        StudioError: ``lab.batchnorm``, ``lab.unit``, ``lab.data``; ``data.*``.
    """
    asked = Microscope(subject, block)
    training = subject.images("train", batch_size * steps)
    every = rebatched(training, batch_size)
    batches = [each for each in every if len(each[1]) == batch_size] or every
    followed = asked.averages(batches, channel, momentum, go_on=go_on)
    weight = asked.momentum if momentum is None else momentum
    progress(1, 2)
    stages, fed = asked.stages(batches[0][0], channel), asked.fed(batches[0][0], channel)
    test = subject.images("test", images)
    running = measured(subject, Setting(images=images), go_on=go_on)
    found = by_batch_size(subject, sizes, test, go_on=go_on)
    progress(2, 2)
    sized: dict[str, dict[str, object]] = {}
    rows = [[render(say("moving averages")), f"{running.accuracy:.2%}", f"{running.loss:.4f}"]]
    for size, measure in found.items():
        name = render(say("batches of {size}", size=size))
        if isinstance(measure, StudioError):
            rows.append([name, "", render(measure.message)])
            sized[str(size)] = {"refused": str(measure.message)}
        else:
            rows.append([name, f"{measure.accuracy:.2%}", f"{measure.loss:.4f}"])
            sized[str(size)] = {"accuracy": measure.accuracy, "loss": measure.loss}
    data = {
        "block": asked.block, "channel": channel, "momentum": weight, "count": followed.count,
        "correction": corrected(followed.count),
        "means": list(followed.means), "variances": list(followed.variances),
        "moving_mean": list(followed.moving_mean), "moving_variance": list(followed.moving_variance),
        "exact_mean": followed.exact_mean, "exact_variance": followed.exact_variance,
        "mean": stages.mean, "deviation": stages.deviation, "gamma": stages.gamma, "beta": stages.beta,
        "before": _histogram(stages.before), "normalised": _histogram(stages.normalised),
        "scaled": _histogram(stages.scaled), "by_batch_size": sized,
        "fed": None if fed is None else {"block": fed.block, "flat": fed.flat, "at": list(fed.at),
                                         "slopes": list(fed.slopes)},
        "running": {"accuracy": running.accuracy, "loss": running.loss},
    }  # fmt: skip
    heads = [say("statistics of"), say("accuracy"), say("loss")]
    figure = Panels([*_moving(asked.block, channel, followed), *_values(stages, fed)])
    sentence = join(_said(asked.block, channel, weight, followed, stages, fed))
    return Answer("batchnorm", data, Table([render(head) for head in heads], rows, "lrr"), figure, sentence)


def _said(
    block: str, channel: int, weight: float, followed: Averages, stages: Stages, fed: Fed | None
) -> list[str]:  # fmt: skip
    """The formulas with their numbers put in."""
    count = followed.count
    parts: list[str] = [
        say(
            "{block}, channel {channel}: moving mean ← {keep}·{before} + {weight}·{batch} = {after}; variances are fed "
            "times {m}/{less}: ← {keep}·1 + {weight}·{fed} = {variance}.",
            block=block, channel=channel, keep=f"{1 - weight:g}", weight=f"{weight:g}", before="0",
            batch=_signed(followed.means[0]), after=_plain(followed.moving_mean[0]), m=count, less=count - 1,
            fed=_plain(followed.variances[0] * corrected(count)), variance=_plain(followed.moving_variance[0]),
        ),
        say(
            "After {steps} batches the mean is {last}, exactly it would be {exact}.",
            steps=len(followed.means), last=_plain(followed.moving_mean[-1]), exact=_plain(followed.exact_mean),
        ),
        say(
            "A value becomes (x − {mean}) / {deviation}, then times {gamma} plus {beta}.",
            mean=_signed(stages.mean), deviation=_plain(stages.deviation), gamma=_signed(stages.gamma),
            beta=_signed(stages.beta),
        ),
    ]  # fmt: skip
    if fed is not None:
        parts.append(say("{share} of the values come to where {block} is flat.", share=f"{fed.flat:.0%}",
                         block=fed.block))  # fmt: skip
    return parts


def _moving(block: str, channel: int, followed: Averages) -> list[Chart]:
    """What batches have, and what the moving averages make of it."""
    across = [float(number) for number in range(1, len(followed.means) + 1)]
    panels = (
        (say("Mean of {block}, channel {channel}", block=block, channel=channel), followed.means, followed.moving_mean,
         followed.exact_mean),
        (say("Its variance"), [variance * corrected(followed.count) for variance in followed.variances],
         followed.moving_variance, followed.exact_variance),
    )  # fmt: skip
    return [
        Chart(
            render(title), render(say("batches")), "",
            [Curve(render(say("of the batch")), list(zip(across, of_batch, strict=True))),
             Curve(render(say("moving average")), list(zip(across, moving, strict=True)))],
            [GuideLine(render(say("exact")), exact)],
        )
        for title, of_batch, moving, exact in panels
    ]  # fmt: skip


def _values(stages: Stages, fed: Fed | None) -> list[Chart]:
    """The values of a batch on their way, and what the activation is fed."""
    before, normalised, scaled = (_shares(each) for each in (stages.before, stages.normalised, stages.scaled))
    charts = [
        Chart(
            render(say("Values of one batch, before and after")), render(say("value")), render(say("share")),
            [Curve(render(say("before")), before), Curve(render(say("normalised")), normalised),
             Curve(render(say("after scale and shift")), scaled)],
        )
    ]  # fmt: skip
    if fed is not None:
        most = max(share for _, share in scaled)
        steepest = max(fed.slopes) or 1.0
        low, high = scaled[0][0], scaled[-1][0]
        slope = [(x, most * each / steepest) for x, each in zip(fed.at, fed.slopes, strict=True) if low <= x <= high]
        title = say("What {block} is fed: {share} where it is flat", block=fed.block, share=f"{fed.flat:.0%}")
        charts.append(Chart(
            render(title), render(say("value")), render(say("share")),
            [Curve(render(say("after scale and shift")), scaled),
             Curve(render(say("slope of {block}", block=fed.block)), slope)],
        ))  # fmt: skip
    return charts


def _shares(values: torch.Tensor) -> list[tuple[float, float]]:
    """A histogram as a line: the middle of each bin, and the share of the values in it."""
    found: Any = _histogram(values)
    low, wide, total = found["from"], (found["to"] - found["from"]) / BINS, max(1, sum(found["counts"]))
    return [(low + (place + 0.5) * wide, count / total) for place, count in enumerate(found["counts"])]


def _histogram(values: torch.Tensor) -> dict[str, object]:
    """Counts in bins of equal width from the least value to the largest, and those two."""
    low, high = float(values.min()), float(values.max())
    if high <= low:
        high = low + 1
    return {"from": low, "to": high, "counts": torch.histc(values, BINS, low, high).long().tolist()}


def _plain(value: float) -> str:
    return f"{value:.4g}".replace("-", "−")


def _signed(value: float) -> str:
    """In a formula: a negative number in brackets."""
    return _plain(value) if value >= 0 else f"({_plain(value)})"
