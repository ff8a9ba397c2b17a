"""Measuring a network on images it does not learn from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from blockstudio.training.device import Precision

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


class Counted(NamedTuple):
    """Sums over images: the loss, and how often each class was taken for each, ``(classes * classes,)``."""

    loss: Tensor
    confusion: Tensor


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
                loss = single if confusion is None else loss + single
                confusion = places if confusion is None else confusion + places
    finally:
        for module, training in before:
            module.training = training
    if combine is not None:
        none = torch.zeros(classes * classes, dtype=torch.int64)
        loss, confusion = combine(Counted(loss, none if confusion is None else confusion))
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
    )
