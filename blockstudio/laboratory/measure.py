"""How good a network is: accuracy, loss, and right answers by class, batch after batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from blockstudio.errors import StudioError
from blockstudio.text import say
from blockstudio.training.evaluate import count


@dataclass(frozen=True)
class Measure:
    """How good a network is."""

    accuracy: float
    loss: float
    """Mean cross-entropy."""
    images: int
    by_class: tuple[float, ...] = ()
    """The share of each class's images that is right; 0 where there are none."""


@dataclass
class Sums:
    """Sums over the first batches. No confusion matrix is kept: of a thousand classes it would be large."""

    batches: int = 0
    loss: float = 0.0
    right: Tensor = field(default_factory=lambda: torch.zeros(0))
    every: Tensor = field(default_factory=lambda: torch.zeros(0))

    def add(self, logits: Tensor, labels: Tensor) -> None:
        """One more batch."""
        logits = logits.flatten(1)
        counted = count(logits, labels, logits.shape[1], top=False)
        right, every = counted.by_class()
        self.loss += float(counted.loss)
        self.right, self.every = (right, every) if not self.batches else (self.right + right, self.every + every)
        self.batches += 1

    def measure(self) -> Measure:
        """What they come to."""
        images = int(self.every.sum())
        shares = (self.right / self.every.clamp(min=1)).tolist()
        return Measure(float(self.right.sum()) / max(images, 1), self.loss / max(images, 1), images, tuple(shares))


def measure(
    network: nn.Module, batches: Sequence[tuple[Tensor, Tensor]], go_on: Callable[[], bool] = lambda: True
) -> Measure:
    """Of a network that gives its logits first; asks ``go_on`` before each batch, and ends with `StudioError`
    ``lab.cancelled`` where it says no."""
    sums = Sums()
    for images, labels in batches:
        if not go_on():
            raise StudioError("lab.cancelled", say("was cancelled."))
        sums.add(network(images)[0], labels)
    return sums.measure()
