"""Measuring a network on images it does not learn from."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from blockstudio.training.device import Precision
from blockstudio.training.losses import TOP, in_top

LARGEST_MATRIX = 200
"""Classes up to which the confusion matrix is kept."""


@dataclass(frozen=True)
class Measured:
    """Mean loss (cross-entropy, no smoothing), accuracy, and how often each true class (rows) was taken for each."""

    loss: float
    accuracy: float
    images: int
    confusion: list[list[int]] | None
    chance: float = 0.0
    """Share of the most frequent class."""
    accuracy_top5: float | None = None
    """The class is among the five surest; ``None`` where there are no more classes than that."""


def figures(part: str, measured: Measured | None) -> dict[str, float | None]:
    """What events say of ``"validation"`` or ``"test"``; nulls where that was not measured."""
    if measured is None:
        return {f"{part}_loss": None, f"{part}_accuracy": None, f"{part}_accuracy_top5": None}
    return {
        f"{part}_loss": measured.loss,
        f"{part}_accuracy": measured.accuracy,
        f"{part}_accuracy_top5": measured.accuracy_top5,
    }


class Counted(NamedTuple):
    """Sums over images: the loss, how often each class was taken for each, ``(classes * classes,)``, and how often
    the class was among the five surest."""

    loss: Tensor
    confusion: Tensor
    top: Tensor

    def plus(self, other: Counted) -> Counted:
        """Of these images and of others."""
        return Counted(self.loss + other.loss, self.confusion + other.confusion, self.top + other.top)

    def by_class(self) -> tuple[Tensor, Tensor]:
        """Right answers and images of each class, ``(classes,)``."""
        classes = math.isqrt(self.confusion.numel())
        matrix = self.confusion.view(classes, classes)
        return matrix.diagonal(), matrix.sum(1)


def count(logits: Tensor, labels: Tensor, classes: int, *, top: bool = True) -> Counted:
    """What a network said of a batch; on the device, read by nobody yet.

    Args:
        logits: ``(N, classes)``.
        labels: ``(N,)``.
        classes: How many there are.
        top: Count the five surest too, where there are more classes.
    """
    loss = F.cross_entropy(logits.float(), labels, reduction="sum")
    confusion = torch.bincount(labels * classes + logits.argmax(1), minlength=classes * classes)
    within = in_top(logits, labels) if top and classes > TOP else torch.zeros((), dtype=torch.int64)
    return Counted(loss, confusion, within)


def summed(counted: Counted | None) -> Measured:
    """What it comes to. Waits for the device."""
    images = 0 if counted is None else int(counted.confusion.sum())
    if counted is None or not images:
        return Measured(0.0, 0.0, 0, None)
    right, every = counted.by_class()
    classes = len(every)
    return Measured(
        loss=float(counted.loss) / images,
        accuracy=int(right.sum()) / images,
        images=images,
        confusion=counted.confusion.view(classes, classes).tolist() if classes <= LARGEST_MATRIX else None,
        chance=int(every.max()) / images,
        accuracy_top5=int(counted.top) / images if classes > TOP else None,
    )


def evaluate(
    model: nn.Module,
    batches: Iterable[tuple[Tensor, Tensor]],
    classes: int,
    precision: Precision,
    prepare: Callable[[Tensor], Tensor],
    go_on: Callable[[], bool],
    took: Callable[[Tensor, Tensor, Tensor], object] | None = None,
    combine: Callable[[Counted], Counted] | None = None,
) -> Measured | None:
    """Run ``model`` in eval mode over ``(images, labels)`` batches. Asks ``go_on`` between batches and returns
    ``None`` as soon as it says no. ``took`` is given images, labels and logits of every batch; ``combine`` adds what
    other processes counted. The mode is as before afterwards."""
    # Each by itself: frozen modules are in eval mode while the others train.
    before = [(module, module.training) for module in model.modules()]
    model.eval()
    counted: Counted | None = None
    try:
        with torch.inference_mode():
            for batch, labels in batches:
                if not go_on():
                    return None
                with precision.autocast():
                    logits = model(prepare(batch)).flatten(1)
                if took is not None:
                    took(batch, labels, logits)
                found = count(logits, labels, classes)
                counted = found if counted is None else counted.plus(found)
    finally:
        for module, training in before:
            module.training = training
    if combine is not None:
        nothing = torch.zeros((), dtype=torch.int64)
        none = Counted(torch.zeros(()), torch.zeros(classes * classes, dtype=torch.int64), nothing)
        counted = combine(none if counted is None else counted)
    return summed(counted)
