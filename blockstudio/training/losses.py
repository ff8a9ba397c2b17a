"""What a step minimises, and what is measured of it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from blockstudio.blocks import AUX_OUTPUT, CATALOGUE
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.resolve import resolve, resolve_flag
from blockstudio.runs.recipe import Recipe
from blockstudio.text import say
from blockstudio.training.augment import Batch


def auxiliary_weights(diagram: Diagram) -> list[float]:
    """Weights of the diagram's AuxOutputs in document order, those that are switched off left out."""
    scope = resolve(diagram.parameters, {}, {})
    weights: list[float] = []
    for name in diagram.main.of_type(AUX_OUTPUT):
        block = diagram.main.block(name)
        if not resolve_flag(block.bypass, scope):
            weights.append(float(resolve(CATALOGUE[AUX_OUTPUT].parameters, block.parameters, scope)["weight"]))  # type: ignore[arg-type]
    return weights


def class_weights(recipe: Recipe, labels: Tensor, classes: int) -> Tensor | None:
    """Weight of each class in the loss, ``(classes,)`` float32, or ``None`` if all count as they come.

    ``labels`` are those of the training images. With ``balance = "weights"`` a class has the weight N / (K · n) for its
    n of N images and K classes that have any, so that the mean over all images is 1. Raises `StudioError`
    ``recipe.value`` where the recipe gives another number of weights than there are classes.
    """
    if recipe.class_weights:
        if not any(recipe.class_weights):
            raise StudioError("recipe.value", say("gives every class the weight 0."), where="class_weights")
        if len(recipe.class_weights) != classes:
            text = say(
                "has {found} numbers; there are {count} classes.", found=len(recipe.class_weights), count=classes
            )
            raise StudioError("recipe.value", text, where="class_weights")
        return torch.tensor(recipe.class_weights, dtype=torch.float32)
    if recipe.balance != "weights":
        return None
    counts = torch.bincount(labels, minlength=classes).double()
    there = counts > 0
    weights = torch.where(there, len(labels) / (there.sum() * counts.clamp(min=1)), torch.ones_like(counts))
    return weights.float()


class Criterion:
    """Cross-entropy of the output plus that of each auxiliary output, by weight; a class counts by ``classes``."""

    def __init__(self, recipe: Recipe, weights: list[float], classes: Tensor | None = None) -> None:
        self._classes = classes
        self._smoothing = recipe.label_smoothing
        self._weights = [weight * recipe.auxiliary for weight in weights]

    def __call__(self, found: Tensor | tuple[Tensor, ...], batch: Batch) -> tuple[Tensor, Tensor, list[Tensor]]:
        """The loss to go back from, the logits ``(N, classes)``, and the auxiliary losses by themselves."""
        if isinstance(found, Tensor):
            logits = found.flatten(1)
            return self._one(logits, batch), logits, []
        logits = found[0].flatten(1)
        loss = self._one(logits, batch)
        single = [self._one(other.flatten(1), batch) for other in found[1:]]
        for weight, auxiliary in zip(self._weights, single, strict=True):
            loss = loss + weight * auxiliary
        return loss, logits, single

    def _one(self, logits: Tensor, batch: Batch) -> Tensor:
        loss = F.cross_entropy(logits, batch.labels, self._classes, label_smoothing=self._smoothing)
        if batch.others is not None:
            other = F.cross_entropy(logits, batch.others, self._classes, label_smoothing=self._smoothing)
            loss = batch.share * loss + (1 - batch.share) * other
        return loss if batch.weight == 1.0 else batch.weight * loss


TOP = 5
"""A class among so many surest ones counts for the top-5 accuracy, where there are more classes than these."""
TOP_EVERY = 4
"""Top-5 is counted in each so many-th step: sorting takes longer than all the other counting together."""


HELD, HELD_VALUES = 8, 1 << 18
"""Steps whose right answers are counted together, and values that their logits have at most each: on a GPU a small
network is through with a step before four more small computations have been started."""


def in_top(logits: Tensor, labels: Tensor) -> Tensor:
    """How many of the labels ``(N,)`` are among the `TOP` surest classes of ``(N, classes)``. On the device."""
    return (logits.topk(TOP, 1).indices == labels.unsqueeze(1)).sum()


class Meter:
    """Sums of one epoch, kept on the device and read seldom: reading waits for the device.

    Its tensors stay the same for good, so that a recorded step can add to them.
    """

    def __init__(self, device: torch.device, auxiliaries: int, *, every_top: bool = False) -> None:
        """``every_top``: count top-5 in every step, as one that is recorded once has to."""
        precise = torch.float32 if device.type == "mps" else torch.float64
        # Loss, right answers and auxiliary losses in one tensor: one wait for all of them.
        self._sums = torch.zeros(3 + auxiliaries, dtype=precise, device=device)
        self._loss, self._right, self._top, *self._auxiliary = (self._sums[place] for place in range(3 + auxiliaries))
        self._steps = 0
        self._images = self._top_images = 0
        self._top_step = 1 if every_top else TOP_EVERY
        self._holds = not every_top
        self._held: list[tuple[Tensor, Tensor, bool]] = []
        """Logits and labels that are yet to be counted, and whether for the top-5 as well."""
        self._classes = 0

    def add(self, loss: Tensor, logits: Tensor, labels: Tensor, auxiliary: list[Tensor], share: float = 1.0) -> None:
        """Mean loss, logits ``(N, classes)``, labels ``(N,)`` of a step, or of a ``share`` of it. On the device."""
        self._loss.add_(loss.detach(), alpha=share)
        found = logits.detach()
        self._classes = found.shape[1]
        step = (found, labels, self._counts_top)
        if not self._holds or (found.is_cuda and torch.cuda.is_current_stream_capturing()):
            self._count([step])  # What is being recorded counts itself, each time that it is played back.
        else:
            self._held.append(step)
            if len(self._held) == HELD or found.numel() > HELD_VALUES:
                self._count_held()
        for total, value in zip(self._auxiliary, auxiliary, strict=True):
            total.add_(value.detach(), alpha=share)

    def _count_held(self) -> None:
        """Whole numbers, so that it makes no difference how many are counted together."""
        self._count(self._held)
        self._held.clear()

    def _count(self, steps: list[tuple[Tensor, Tensor, bool]]) -> None:
        for top in (False, True):
            some = [(found, labels) for found, labels, of_top in steps if of_top or not top]
            if some:
                found, labels = (pair[0] if len(pair) == 1 else torch.cat(pair) for pair in zip(*some, strict=True))
                if top:
                    self._top += in_top(found, labels)
                else:
                    self._right += (found.argmax(1) == labels).sum()

    @property
    def _counts_top(self) -> bool:
        """In this step."""
        return self._classes > TOP and self._steps % self._top_step == 0

    def count(self, images: int) -> None:
        """A step is done, of so many images."""
        self._top_images += images if self._counts_top else 0
        self._steps += 1
        self._images += images

    def read(self) -> Sums:
        """The sums so far."""
        self._count_held()
        loss, right, top, *auxiliary = self._sums.tolist()
        return Sums(self._steps, self._images, loss, int(right), tuple(auxiliary), int(top), self._top_images)

    def restore(self, sums: Sums) -> None:
        """Go on from sums that were read before."""
        self._held.clear()
        self._steps, self._images, self._top_images = sums.steps, sums.images, sums.top_images
        values = [sums.loss, float(sums.right), float(sums.top), *(sums.auxiliary or (0.0,) * len(self._auxiliary))]
        self._sums.copy_(torch.tensor(values, dtype=self._sums.dtype))


class Sums:
    """Sums over steps; `minus` gives those since an earlier reading."""

    __slots__ = ("auxiliary", "images", "loss", "right", "steps", "top", "top_images")

    def __init__(
        self,
        steps: int = 0,
        images: int = 0,
        loss: float = 0.0,
        right: int = 0,
        auxiliary: tuple[float, ...] = (),
        top: int = 0,
        top_images: int = 0,
    ) -> None:
        """``top`` of ``top_images`` images had their class among the five surest."""
        self.steps = steps
        self.images = images
        self.loss = loss
        self.right = right
        self.auxiliary = auxiliary
        self.top = top
        self.top_images = top_images

    def plus(self, other: Sums) -> Sums:
        before = self.auxiliary or (0.0,) * len(other.auxiliary)
        return Sums(
            self.steps + other.steps,
            self.images + other.images,
            self.loss + other.loss,
            self.right + other.right,
            tuple(one + two for one, two in zip(before, other.auxiliary, strict=True)),
            self.top + other.top,
            self.top_images + other.top_images,
        )

    def minus(self, earlier: Sums) -> Sums:
        before = earlier.auxiliary or (0.0,) * len(self.auxiliary)
        return Sums(
            self.steps - earlier.steps,
            self.images - earlier.images,
            self.loss - earlier.loss,
            self.right - earlier.right,
            tuple(now - then for now, then in zip(self.auxiliary, before, strict=True)),
            self.top - earlier.top,
            self.top_images - earlier.top_images,
        )

    @property
    def mean_loss(self) -> float:
        return self.loss / self.steps if self.steps else 0.0

    @property
    def accuracy(self) -> float:
        return self.right / self.images if self.images else 0.0

    @property
    def accuracy_top5(self) -> float | None:
        """``None`` where no step counted it."""
        return self.top / self.top_images if self.top_images else None

    @property
    def mean_auxiliary(self) -> list[float]:
        return [value / self.steps for value in self.auxiliary] if self.steps else []

    def as_list(self) -> list[object]:
        """For a file; floats survive unchanged."""
        return [self.steps, self.images, self.loss, self.right, list(self.auxiliary), self.top, self.top_images]

    @staticmethod
    def from_list(found: list[object]) -> Sums:
        steps, images, loss, right, auxiliary, *top = found  # checkpoints of earlier versions have no top-5
        return Sums(steps, images, loss, right, tuple(auxiliary), *top)  # type: ignore[arg-type]
