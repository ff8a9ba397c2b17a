"""What does it make of other settings? A batch normalisation under the microscope; a run measured anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from blockstudio.errors import StudioError
from blockstudio.laboratory.batchnorm import Microscope, by_batch_size, corrected
from blockstudio.laboratory.evaluation import Setting
from blockstudio.laboratory.evaluation import evaluate as measured
from blockstudio.laboratory.questions.answer import Answer, Progress
from blockstudio.laboratory.subject import Subject, rebatched
from blockstudio.report.chart import Chart, Curve, GuideLine
from blockstudio.report.table import Table
from blockstudio.text import render, say

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
    each step of it, and how good the network is with the batches' own statistics.

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
    stages = asked.stages(batches[0][0], channel)
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
    count = followed.count
    sentence = say(
        "{block}, channel {channel}: moving mean ← {keep}·{before} + {weight}·{batch} = {after}; variances are fed "
        "times {m}/{less}. After {steps} batches the mean is {last}, exactly it would be {exact}.",
        block=asked.block, channel=channel, keep=f"{1 - weight:g}", weight=f"{weight:g}", before="0",
        batch=f"{followed.means[0]:.4g}", after=f"{followed.moving_mean[0]:.4g}", m=count, less=count - 1,
        steps=len(batches), last=f"{followed.moving_mean[-1]:.4g}", exact=f"{followed.exact_mean:.4g}",
    )  # fmt: skip
    across = range(1, len(batches) + 1)
    title = say("Mean of {block}, channel {channel}", block=asked.block, channel=channel)
    chart = Chart(
        render(title), render(say("batches")), "",
        [Curve(render(say("of the batch")), list(zip(map(float, across), followed.means, strict=True))),
         Curve(render(say("moving average")), list(zip(map(float, across), followed.moving_mean, strict=True)))],
        [GuideLine(render(say("exact")), followed.exact_mean)],
    )  # fmt: skip
    data = {
        "block": asked.block, "channel": channel, "momentum": weight, "count": count, "correction": corrected(count),
        "means": list(followed.means), "variances": list(followed.variances),
        "moving_mean": list(followed.moving_mean), "moving_variance": list(followed.moving_variance),
        "exact_mean": followed.exact_mean, "exact_variance": followed.exact_variance,
        "mean": stages.mean, "deviation": stages.deviation, "gamma": stages.gamma, "beta": stages.beta,
        "before": _histogram(stages.before), "normalised": _histogram(stages.normalised),
        "scaled": _histogram(stages.scaled), "by_batch_size": sized,
        "running": {"accuracy": running.accuracy, "loss": running.loss},
    }  # fmt: skip
    heads = [say("statistics of"), say("accuracy"), say("loss")]
    return Answer("batchnorm", data, Table([render(head) for head in heads], rows, "lrr"), chart, sentence)


def _histogram(values: torch.Tensor) -> dict[str, object]:
    """Counts in bins of equal width from the least value to the largest, and those two."""
    low, high = float(values.min()), float(values.max())
    if high <= low:
        high = low + 1
    return {"from": low, "to": high, "counts": torch.histc(values, BINS, low, high).long().tolist()}


def evaluate(
    subject: Subject,
    setting: Setting | None = None,
    progress: Progress = lambda done, of: None,
    go_on: Callable[[], bool] = lambda: True,
) -> Answer:
    """A run measured anew, with how sure it is and whether it should be: see `blockstudio.laboratory.evaluation`.

    Raises:
        StudioError: ``lab.size``, ``lab.lesion``, ``lab.batchnorm``, ``lab.data``; ``data.*``.
    """
    setting = setting or Setting()
    found = measured(subject, setting, progress, go_on)
    rows = [[name, str(count), f"{accuracy:.1%}" if count else ""] for name, count, accuracy in found.by_class]
    sentence = say(
        "{images} images: accuracy {accuracy}, one of the first five {top}, loss {loss}; it is sure to {confidence} on "
        "average, off by {error}.",
        images=f"{found.images:,}", accuracy=f"{found.accuracy:.2%}", top=f"{found.top:.2%}", loss=f"{found.loss:.4f}",
        confidence=f"{found.confidence:.1%}", error=f"{found.calibration_error:.1%}",
    )  # fmt: skip
    filled = [(confidence, accuracy) for count, confidence, accuracy in found.bins if count]
    chart = Chart(
        render(say("How sure, how right")), render(say("share of the chosen class")), render(say("accuracy")),
        [Curve(render(say("as it should be")), [(0.0, 0.0), (1.0, 1.0)]), Curve(render(say("as it is")), filled)],
        percent=True,
    )  # fmt: skip
    data = {
        "part": setting.part, "input_size": setting.input_size, "statistics": setting.statistics,
        "batch_size": setting.batch_size, "without": list(setting.without), "images": found.images,
        "accuracy": found.accuracy, "top5": found.top, "loss": found.loss, "confidence": found.confidence,
        "calibration_error": found.calibration_error, "bins": [list(each) for each in found.bins],
        "by_class": [{"class": name, "images": count, "accuracy": share} for name, count, share in found.by_class],
    }  # fmt: skip
    heads = [say("class"), say("images"), say("accuracy")]
    return Answer("evaluate", data, Table([render(head) for head in heads], rows, "lrr"), chart, sentence)
