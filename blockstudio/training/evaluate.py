"""Measuring a network on images it does not learn from."""

from __future__ import annotations

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
    loss = torch.zeros((), dtype=torch.float32)
    top = torch.zeros((), dtype=torch.int64)
    confusion: Tensor | None = None
    try:
        with torch.inference_mode():
            for batch, labels in batches:
                if not go_on():
                    return None
                with precision.autocast():
                    logits = model(prepare(batch)).flatten(1)
                if took is not None:
                    took(batch, labels, logits)
                single = F.cross_entropy(logits.float(), labels, reduction="sum")
                places = torch.bincount(labels * classes + logits.argmax(1), minlength=classes * classes)
                if classes > TOP:
                    within = in_top(logits, labels)
                    top = within if confusion is None else top + within
                loss = single if confusion is None else loss + single
                confusion = places if confusion is None else confusion + places
    finally:
        for module, training in before:
            module.training = training
    if combine is not None:
        none = torch.zeros(classes * classes, dtype=torch.int64)
        loss, confusion, top = combine(Counted(loss, none if confusion is None else confusion, top))
    images = 0 if confusion is None else int(confusion.sum())
    if confusion is None or not images:
        return Measured(0.0, 0.0, 0, None)
    matrix = confusion.view(classes, classes)
    return Measured(
        loss=float(loss) / images,
        accuracy=int(matrix.trace()) / images,
        images=images,
        confusion=matrix.tolist() if classes <= LARGEST_MATRIX else None,
        chance=int(matrix.sum(1).max()) / images,
        accuracy_top5=int(top) / images if classes > TOP else None,
    )
