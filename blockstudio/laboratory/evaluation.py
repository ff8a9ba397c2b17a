"""A finished run measured anew, with other settings: other images, another size, other statistics, without units; how
sure the network is, and whether it should be.

Guo et al., *On Calibration of Modern Neural Networks* (arXiv 1706.04599), section 2: the expected calibration error
over fifteen bins of equal width.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from blockstudio.analysis import analyze
from blockstudio.analysis.trunk import trunk
from blockstudio.errors import StudioError
from blockstudio.graph.operations.copying import copy_diagram
from blockstudio.laboratory.batchnorm import batch_statistics, norms, re_estimate
from blockstudio.laboratory.subject import Part, Subject, rebatched
from blockstudio.runs.adapt import set_size
from blockstudio.text import say
from blockstudio.training.evaluate import count
from blockstudio.training.evaluate import summed as measure_of

BINS = 15
MAP_BYTES = 1 << 28
"""Of a batch's largest map."""
_FREE = say("A mean over the map in front of it makes a network free of the size.")
Statistics: TypeAlias = Literal["running", "batch", "exact"]
Progress: TypeAlias = Callable[[int, int], None]


@dataclass(frozen=True)
class Setting:
    """How a network is measured."""

    part: Part = "test"
    images: int | None = None
    """The first of the part; all without."""
    per_class: int | None = None
    """The first of each class."""
    input_size: int | None = None
    """Height and width the images are brought to; as in training without."""
    statistics: Statistics = "running"
    """Of batch normalisations: the moving averages, each batch's own, or the exact averages over `exact_images`
    training images."""
    batch_size: int = 250
    """Of those whose own statistics are taken."""
    without: tuple[str, ...] = ()
    """Units that are taken away."""
    exact_images: int = 2000


@dataclass(frozen=True)
class Evaluation:
    """What came out."""

    images: int
    accuracy: float
    top: float
    """Share of images whose class is among the first five."""
    loss: float
    confidence: float
    """Mean share of the class that was chosen."""
    calibration_error: float
    """Expected calibration error: Σ |accuracy − confidence| over bins, weighted by their images."""
    bins: tuple[tuple[int, float, float], ...]
    """Images, mean confidence and accuracy of each of fifteen bins."""
    by_class: tuple[tuple[str, int, float], ...]
    """Name, images and accuracy (recall) of each class."""


def at_size(subject: Subject, size: int) -> Subject:
    """The same network and weights with an Input of another height and width.

    Raises:
        StudioError: ``lab.size`` naming the block that cannot take it, ``lab.memory``.
    """
    shape = subject.input_shape
    if len(shape) != 3:
        raise StudioError("lab.size", say("takes vectors; their length is fixed."), where=subject.diagram.name)
    diagram = copy_diagram(subject.diagram)
    set_size(diagram, size)
    analysis = analyze(diagram)
    problem = next((problem for problem in analysis.problems if problem.severity == "error"), None)
    if problem is not None:
        text = say("does not take {size}×{size}: {message}", size=size, message=problem.message)
        raise StudioError("lab.size", text, where=problem.path or subject.diagram.name)
    found = Subject(diagram, trunk(diagram), subject.weights, subject.run, subject.device, like=subject)
    found.check_room(1)
    for key, value in found.untrained().items():
        own = subject.weights.get(key)
        if own is None or own.shape != value:
            block = key.rpartition(".")[0]
            had = "×".join(map(str, own.shape)) if own is not None else "–"
            raise StudioError(
                "lab.size",
                say(
                    "was trained for a map of one size: its weights are {had}, and with images of {size}×{size} they "
                    "would have to be {needs}.",
                    had=had, size=size, needs="×".join(map(str, value)),
                ),
                where=block,
                hint=_FREE,
            )  # fmt: skip
    result = subject.trunk.units[-1].result
    wanted, gives = (
        math.prod(each.trunk.analysis.blocks[result.path].output_shapes[result.port]) for each in (subject, found)
    )
    if gives != wanted:
        text = say("gives {found} numbers with images of {size}×{size}, and has learnt {wanted}.", found=gives,
                   size=size, wanted=wanted)  # fmt: skip
        raise StudioError("lab.size", text, where=result.path, hint=_FREE)
    return found


def evaluate(
    subject: Subject,
    setting: Setting | None = None,
    progress: Progress = lambda done, of: None,
    go_on: Callable[[], bool] = lambda: True,
) -> Evaluation:
    """Measure a network.

    Args:
        subject: A network with a run.
        setting: How; as the run itself was measured without.
        progress: Called after each batch.
        go_on: Asked before each batch; ``False`` ends with `StudioError` ``lab.cancelled``.

    Raises:
        StudioError: ``lab.size``, ``lab.lesion``, ``lab.batchnorm``, ``lab.data``; ``data.*``.
    """
    setting = setting or Setting()
    asked = subject if setting.input_size is None else at_size(subject, setting.input_size)
    if setting.statistics != "running":
        norms(asked)
    network = asked.tapped(without=setting.without)
    if setting.statistics == "exact":
        re_estimate(network, _narrow(asked, asked.images("train", setting.exact_images)), go_on)
    images = asked.images(setting.part, setting.images, _chosen(asked, setting))
    batches = rebatched(images, setting.batch_size) if setting.statistics == "batch" else _narrow(asked, images)
    logits, labels = list[Tensor](), list[Tensor]()
    for number, (some, truth) in enumerate(batches, 1):
        if not go_on():
            raise StudioError("lab.cancelled", say("was cancelled."))
        own = batch_statistics(network) if setting.statistics == "batch" else nullcontext()
        with torch.inference_mode(), own:
            found = network(some)[0]
        logits.append(found.float().cpu())
        labels.append(truth.cpu())
        progress(number, len(batches))
    if not logits:
        raise StudioError("lab.data", say("there are no images."), where=subject.diagram.name)
    return summed(torch.cat(logits), torch.cat(labels), asked.splits.classes)


def summed(logits: Tensor, labels: Tensor, classes: tuple[str, ...]) -> Evaluation:
    """What logits ``(N, classes)`` say of images with these ``labels`` ``(N,)``."""
    shares = logits.softmax(1)
    sure, chosen = shares.max(1)
    right = chosen == labels
    place = (sure * BINS).long().clamp(max=BINS - 1)
    bins, error = list[tuple[int, float, float]](), 0.0
    for number in range(BINS):
        inside = place == number
        here = int(inside.sum())
        mean = float(sure[inside].mean()) if here else 0.0
        accuracy = float(right[inside].float().mean()) if here else 0.0
        bins.append((here, mean, accuracy))
        error += here / len(labels) * abs(accuracy - mean)
    counted = count(logits, labels, logits.shape[1])
    found = measure_of(counted)
    rights, every = (some.tolist() for some in counted.by_class())
    return Evaluation(
        images=found.images,
        accuracy=found.accuracy,
        top=1.0 if found.accuracy_top5 is None else found.accuracy_top5,
        loss=found.loss,
        confidence=float(sure.mean()),
        calibration_error=error,
        bins=tuple(bins),
        by_class=tuple(
            (name, images, hits / max(1, images))
            for name, hits, images in zip(classes, rights, every, strict=False)
        ),
    )  # fmt: skip


def _narrow(subject: Subject, batches: Sequence[tuple[Tensor, Tensor]]) -> list[tuple[Tensor, Tensor]]:
    """In batches whose largest map keeps within `MAP_BYTES`."""
    shapes = [shape for block in subject.trunk.analysis.blocks.values() for shape in block.output_shapes.values()]
    size = max(1, MAP_BYTES // (4 * max(math.prod(shape) for shape in shapes)))
    return [
        (images[start : start + size], labels[start : start + size])
        for images, labels in batches for start in range(0, len(labels), size)
    ]  # fmt: skip


def _chosen(subject: Subject, setting: Setting) -> list[int] | None:
    """The first images of each class, in the order of the part."""
    if setting.per_class is None:
        return None
    seen: dict[int, int] = {}
    found: list[int] = []
    for place, label in enumerate(subject.part(setting.part).labels.tolist()):
        seen[label] = seen.get(label, 0) + 1
        if seen[label] <= setting.per_class:
            found.append(place)
    return found[: setting.images]
