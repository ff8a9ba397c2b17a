"""Lesions: what accuracy is left if units of a trained network are taken away, or change places, at test time.

Veit, Wilber and Belongie, *Residual Networks Behave Like Ensembles of Relatively Shallow Networks* (arXiv 1605.06431),
section 4: nothing is trained again, and no statistics of a normalisation change.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import torch
import torch.nn.functional as F
from torch import Tensor

from blockstudio.analysis.trunk import Unit
from blockstudio.errors import StudioError
from blockstudio.laboratory.subject import Subject
from blockstudio.text import say

KEPT_BYTES = 1 << 30
"""What activations between units may take; those nearer to the output are kept first, as they are smaller."""


@dataclass(frozen=True)
class Measure:
    """How good a network is."""

    accuracy: float
    loss: float
    """Mean cross-entropy."""
    images: int
    by_class: tuple[float, ...] = ()
    """The share of each class's images that is right; 0 where there are none."""


@dataclass(frozen=True)
class Reading:
    """One lesion."""

    units: tuple[str, ...]
    """What was taken away, or what changed places."""
    measure: Measure
    tau: float | None = None
    """Of a new order: Kendall's rank correlation with the old one, 1 where nothing changed."""


@dataclass
class Lesions:
    """Takes units away. What is in front of the first that is taken is computed once.

    Args:
        subject: Who is asked.
        batches: Images with their labels, as `Subject.images` gives them.
        go_on: Asked between batches; ``False`` ends with `StudioError` ``lab.cancelled``.
        kept_bytes: What may be kept of activations.
    """

    subject: Subject
    batches: Sequence[tuple[Tensor, Tensor]]
    go_on: Callable[[], bool] = lambda: True
    kept_bytes: int = KEPT_BYTES
    _kept: dict[int, list[Tensor]] = field(default_factory=dict, repr=False)
    _whole: Measure | None = None
    computed: int = 0
    """Units that were run on a batch: what a measurement costs."""

    @property
    def units(self) -> tuple[Unit, ...]:
        return self.subject.trunk.units

    def candidates(self) -> list[Unit]:
        """Units that can be taken away. Raises `StudioError` ``lab.lesion`` if there is none."""
        found = [unit for unit in self.units if unit.refusal is None]
        if not found:
            raise StudioError(
                "lab.lesion",
                say("has no unit that can be taken away: every one changes the shape of what flows."),
                where=self.subject.diagram.name,
            )
        return found

    def whole(self) -> Measure:
        """The network as it is; what flows between its units is kept as far as there is room."""
        if self._whole is None:
            self._keep()
            self._whole = self._measure([self.subject.pieces[unit.name] for unit in self.units])
        return self._whole

    def without(self, *names: str) -> Measure:
        """Units taken away together.

        Args:
            names: Of units; none: the whole network.

        Raises:
            StudioError: ``trunk.unit``; ``lab.lesion`` for one that cannot be taken away.
        """
        for name in names:
            refusal = self.subject.trunk.unit(name).refusal
            if refusal is not None:
                raise StudioError("lab.lesion", refusal, where=name)
        self.whole()
        pieces = [(self.subject.lesioned if unit.name in names else self.subject.pieces)[unit.name]
                  for unit in self.units]  # fmt: skip
        first = next((index for index, unit in enumerate(self.units) if unit.name in names), len(pieces))
        return self._measure(pieces, first)

    def each(self) -> Iterator[Reading]:
        """Every unit that can be taken away, one at a time."""
        return (Reading((unit.name,), self.without(unit.name)) for unit in self.candidates())

    def several(self, count: int, draws: int, seed: int = 0) -> list[Reading]:
        """``count`` units at a time, drawn ``draws`` times, no two draws alike where there are enough."""
        names = [unit.name for unit in self.candidates()]
        if not 1 <= count <= len(names):
            text = say("can be asked for 1 to {most} units, not {count}.", most=len(names), count=count)
            raise StudioError("lab.lesion", text, where=self.subject.diagram.name)
        order = {name: index for index, name in enumerate(names)}
        chance, drawn = random.Random(f"{seed}/{count}"), dict[tuple[str, ...], None]()
        for _ in range(100 * draws):
            drawn[tuple(sorted(chance.sample(names, count), key=order.__getitem__))] = None
            if len(drawn) == draws:
                break
        return [Reading(some, self.without(*some)) for some in drawn]

    def swapped(self, pairs: int, draws: int, seed: int = 0) -> list[Reading]:
        """Pairs of units that take and give the same shapes change places, the first of each run of equal shapes left
        where it is (it is the one that the others build on).

        Raises:
            StudioError: ``lab.swap`` if there are not so many pairs.
        """
        possible = [pair for run in self._alike() for pair in combinations(run, 2)]
        most = self.most_pairs()
        if not 1 <= pairs <= most:
            raise StudioError(
                "lab.swap",
                say("has {most} pairs of units that could change places, not {pairs}.", most=most, pairs=pairs),
                where=self.subject.diagram.name,
            )
        self.whole()
        chance, readings = random.Random(f"{seed}/{pairs}"), list[Reading]()
        while len(readings) < draws:
            order = list(range(len(self.units)))
            left = list(possible)
            taken: list[tuple[int, int]] = []
            while left and len(taken) < pairs:
                pair = chance.choice(left)
                taken.append(pair)
                left = [other for other in left if not set(other) & set(pair)]
            if len(taken) < pairs:
                continue
            for one, other in taken:
                order[one], order[other] = order[other], order[one]
            pieces = [self.subject.pieces[self.units[index].name] for index in order]
            names = tuple(self.units[index].name for pair in taken for index in pair)
            readings.append(Reading(names, self._measure(pieces, min(map(min, taken))), kendall(order)))
        return readings

    def most_pairs(self) -> int:
        """How many pairs can change places at the same time."""
        return sum(len(run) // 2 for run in self._alike())

    def _alike(self) -> list[list[int]]:
        """Places of residual units that could change with each other."""
        runs: dict[object, list[int]] = {}
        for index, unit in enumerate(self.units):
            if unit.residual and unit.source_shape == unit.result_shape:
                runs.setdefault(unit.source_shape, []).append(index)
        return [run[1:] for run in runs.values()]

    def _keep(self) -> None:
        """Compute what comes into each unit, and keep it from the output towards the input while there is room."""
        room = self.kept_bytes
        images = sum(len(labels) for _, labels in self.batches)
        keep: set[int] = set()
        for index in range(len(self.units) - 1, 0, -1):
            room -= 4 * images * math.prod(self.units[index].source_shape)
            if room < 0:
                break
            keep.add(index)
        kept: dict[int, list[Tensor]] = {index: [] for index in keep}
        with torch.inference_mode():
            for values, _ in self.batches:
                for index, unit in enumerate(self.units):
                    if index in keep:
                        kept[index].append(values)
                    values = self._run(unit.name, values)
        self._kept = kept

    def _run(self, name: str, values: Tensor) -> Tensor:
        self._ask()
        self.computed += 1
        found: Tensor = self.subject.pieces[name](values)
        return found

    def _measure(self, pieces: Sequence[torch.nn.Module], first: int = 0) -> Measure:
        """With these pieces, of which those in front of ``first`` are the network's own."""
        begin = max((index for index in self._kept if index <= first), default=0)
        loss, count = 0.0, 0
        right, every = torch.zeros(0), torch.zeros(0)
        with torch.inference_mode():
            for number, (images, labels) in enumerate(self.batches):
                values = self._kept[begin][number] if begin else images
                for piece in pieces[begin:]:
                    self._ask()
                    self.computed += 1
                    values = piece(values)
                logits = values.flatten(1).float()
                loss += float(F.cross_entropy(logits, labels, reduction="sum"))
                count += len(labels)
                hits = labels[logits.argmax(1) == labels]
                found = [torch.bincount(some, minlength=logits.shape[1]) for some in (hits, labels)]
                right, every = (
                    new if not len(old) else old + new for old, new in zip((right, every), found, strict=True)
                )
        shares = (right / every.clamp(min=1)).tolist()
        return Measure(float(right.sum()) / max(count, 1), loss / max(count, 1), count, tuple(shares))

    def _ask(self) -> None:
        if not self.go_on():
            raise StudioError("lab.cancelled", say("was cancelled."))


def kendall(order: Sequence[int]) -> float:
    """Kendall's rank correlation τ of an order of 0 … n − 1 with the rising one."""
    pairs = list(combinations(order, 2))
    return sum(1 if one < other else -1 for one, other in pairs) / len(pairs) if pairs else 1.0
