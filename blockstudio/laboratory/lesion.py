"""Lesions: what accuracy is left if units of a trained network are taken away, or change places, at test time.

Veit, Wilber and Belongie, *Residual Networks Behave Like Ensembles of Relatively Shallow Networks* (arXiv 1605.06431),
section 4: nothing is trained again, and no statistics of a normalisation change.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import TypeAlias

import torch
from torch import Tensor, nn

from blockstudio.analysis.trunk import Unit
from blockstudio.errors import StudioError
from blockstudio.laboratory import cores, half
from blockstudio.laboratory.measure import Measure, Sums
from blockstudio.laboratory.subject import Subject, rebatched
from blockstudio.text import say, say_many

KEPT_BYTES = 1 << 30
"""What activations between units may take; those nearer to the output are kept first, as they are smaller."""

PART_BYTES, LEAST_PART = 6 << 20, 8
"""Of the largest map between units of what one core computes at a time. A map that is much larger goes to memory and
back for every layer; of smaller ones the cores wait for each other, and for Python, more often."""

SOON = 120
"""After so many images something is known of every unit."""

Pairs: TypeAlias = Sequence[tuple[str, str]]
"""Units that change places, one pair after the other."""
Arrangement: TypeAlias = tuple[tuple[str, ...], tuple[int, ...]]
"""The units that are away, and which unit stands at each place."""


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
    """Takes units away, batch after batch. What is in front of the first that is taken is computed once; what has been
    measured is known from then on.

    Args:
        subject: Who is asked.
        batches: Images with their labels, as `Subject.images` gives them.
        go_on: Asked between units; ``False`` ends with `StudioError` ``lab.cancelled``.
        kept_bytes: What may be kept of activations.
        quick: Units are computed by modules of fewer passes, equal but for rounding, and on a CPU in batches whose maps
            stay in its caches. On a CPU each core takes its part of a batch through all units.
        bf16: Where that is faster, what follows on a lesion is computed in bfloat16, and once more in float32 for
            images whose class that leaves open: accuracies are the same, losses off by some thousandths.
    """

    subject: Subject
    batches: Sequence[tuple[Tensor, Tensor]]
    go_on: Callable[[], bool] = lambda: True
    kept_bytes: int = KEPT_BYTES
    quick: bool = True
    bf16: bool = False
    computed: int = 0
    """Units that were run on a batch: what a measurement costs."""
    _kept: dict[int, list[list[Tensor]]] = field(default_factory=dict, repr=False)
    _counted: dict[Arrangement, Sums] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.quick and self.subject.device.type == "cpu":
            largest = 4 * max(math.prod(unit.result_shape) for unit in self.units)
            self.batches = rebatched(self.batches, cores.count() * max(LEAST_PART, PART_BYTES // largest))
        room, images = self.kept_bytes, sum(len(labels) for _, labels in self.batches)
        for index in range(len(self.units) - 1, 0, -1):
            room -= 4 * images * math.prod(self.units[index].source_shape)
            if room < 0:
                break
            self._kept[index] = []

    @cached_property
    def pieces(self) -> dict[str, nn.Module]:
        """A module for each unit."""
        return {unit.name: self.subject.piece(unit, quick=self.quick) for unit in self.units}

    @cached_property
    def lesioned(self) -> dict[str, nn.Module]:
        """A module for each unit that can be taken away, of what is left without it."""
        return {
            unit.name: self.subject.piece(unit, lesion=True, quick=self.quick)
            for unit in self.units if unit.refusal is None
        }  # fmt: skip

    @cached_property
    def rounding(self) -> half.Rounding | None:
        """How far units computed in bfloat16 are off; ``None`` where that is not done."""
        if not (self.quick and self.bf16 and self.batches and self.subject.device.type == "cpu" and half.pays()):
            return None
        pieces = list(self.pieces.values())
        if not half.suits(pieces):
            return None
        images = self.batches[0][0]
        with torch.inference_mode():
            exact = self._run(pieces, images)
            try:
                rounded = self._run([self._halves[unit.name, False] for unit in self.units], images.bfloat16())
            except RuntimeError:  # An operation that torch does not have for bfloat16.
                return None
        found = half.Rounding.between(exact, rounded.float())
        return found if exact.shape[1] > 1 and found.error <= half.LARGEST else None

    @cached_property
    def _halves(self) -> Mapping[tuple[str, bool], nn.Module]:
        """By unit, and whether it is away: the same modules in bfloat16."""
        made = {(name, False): piece for name, piece in self.pieces.items()}
        made |= {(name, True): piece for name, piece in self.lesioned.items()}
        return {key: half.halved(piece) for key, piece in made.items()}

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

    def at_path(self, path: str) -> tuple[str, ...] | None:
        """What stands at a path of another network: the unit of this name, or all units in the module; ``None`` if
        there is nothing, or it cannot be taken away."""
        inside = [unit for unit in self.units if unit.name == path or unit.name.startswith(f"{path}.")]
        refused = not inside or any(unit.refusal is not None for unit in inside)
        return None if refused else tuple(unit.name for unit in inside)

    def whole(self) -> Measure:
        """The network as it is; what flows between its units is kept as far as there is room."""
        return self.without()

    def without(self, *names: str, swapped: Pairs = ()) -> Measure:
        """Units taken away together.

        Args:
            names: Of units; none: the whole network.
            swapped: Units in each other's place, away or not.

        Raises:
            StudioError: ``trunk.unit``; ``lab.lesion`` for one that cannot be taken away, ``lab.swap`` for two of
                different shapes.
        """
        for _ in self.steps(*names, swapped=swapped):
            pass
        return self.so_far(*names, swapped=swapped)

    def steps(self, *names: str, swapped: Pairs = ()) -> Iterator[Measure]:
        """`without`, batch after batch: what is known after each. What is known already is not computed again."""
        key = self._key(names, swapped)
        counted = self._at(key)
        while counted.batches < len(self.batches):
            self._step(key)
            yield counted.measure()

    def so_far(self, *names: str, swapped: Pairs = ()) -> Measure:
        """What is known of `without` by now; its `images` say of how many."""
        return self._at(self._key(names, swapped)).measure()

    def sweep(self) -> Iterator[tuple[int, int]]:
        """The whole network and each unit that can be taken away by itself, batch after batch: done and of how many.

        All of them on the first images, so that something is known of every one soon; then whatever has most work
        left, so that soon none has much: a question in between is answered in what is left of one.
        """
        keys = {self._key(()): len(self.units) + 1}
        keys |= {
            self._key((unit.name,)): len(self.units) - place
            for place, unit in enumerate(self.units) if unit.refusal is None
        }  # fmt: skip
        first = self._batches_of(SOON)
        plan = [(number, key) for number in range(len(self.batches)) for key in keys]
        plan.sort(key=lambda each: (0, each[0]) if each[0] < first else
                  (1, (each[0] - len(self.batches)) * keys[each[1]]))  # fmt: skip
        for done, (number, key) in enumerate(plan, 1):
            if self._at(key).batches <= number:
                self._step(key)
            yield done, len(plan)

    def _batches_of(self, images: int) -> int:
        """How many of the first batches hold so many images."""
        found = 0
        for count, (_, labels) in enumerate(self.batches, 1):
            found += len(labels)
            if found >= images:
                return count
        return len(self.batches)

    def each(self, progress: Callable[[int, int], None] = lambda done, of: None) -> list[Reading]:
        """Every unit that can be taken away, one at a time."""
        found = self.candidates()
        for done, of in self.sweep():
            progress(done, of)
        return [Reading((unit.name,), self.without(unit.name)) for unit in found]

    def several(self, count: int, draws: int, seed: int = 0) -> list[Reading]:
        """``count`` units at a time, drawn ``draws`` times, no two draws alike where there are enough."""
        return [Reading(some, self.without(*some)) for some in self.drawn(count, draws, seed)]

    def drawn(self, count: int, draws: int, seed: int = 0) -> list[tuple[str, ...]]:
        """Which units `several` takes away together. Raises `StudioError` ``lab.lesion`` if there are not so many."""
        names = [unit.name for unit in self.candidates()]
        if not 1 <= count <= len(names):
            text = say_many(
                "has one unit that can be taken away, not {wanted}.",
                "has {count} units that can be taken away, not {wanted}.", len(names), wanted=count,
            )  # fmt: skip
            raise StudioError("lab.lesion", text, where=self.subject.diagram.name)
        order = {name: index for index, name in enumerate(names)}
        chance, drawn = random.Random(f"{seed}/{count}"), dict[tuple[str, ...], None]()
        for _ in range(100 * draws):
            drawn[tuple(sorted(chance.sample(names, count), key=order.__getitem__))] = None
            if len(drawn) == draws:
                break
        return list(drawn)

    def swapped(self, pairs: int, draws: int, seed: int = 0) -> list[Reading]:
        """Pairs of units that take and give the same shapes change places, the first block of each stage left where it
        is (it is the one that the others build on).

        Raises:
            StudioError: ``lab.swap`` if there are not so many pairs, or none.
        """
        readings = list[Reading]()
        for some in self.drawn_pairs(pairs, draws, seed):
            names, order = tuple(name for pair in some for name in pair), self._key((), some)[1]
            readings.append(Reading(names, self.without(swapped=some), kendall(order)))
        return readings

    def drawn_pairs(self, pairs: int, draws: int, seed: int = 0) -> list[list[tuple[str, str]]]:
        """Which pairs `swapped` lets change places. Raises `StudioError` ``lab.swap``."""
        possible = [pair for run in self._alike() for pair in combinations(run, 2)]
        most = self.most_pairs()
        if not most:
            text = say("has no two units that could change places: they need equal shapes, and the first of a stage "
                       "stays.")  # fmt: skip
            raise StudioError("lab.swap", text, where=self.subject.diagram.name)
        if not 1 <= pairs <= most:
            raise StudioError(
                "lab.swap",
                say_many(
                    "has one pair of units that could change places, not {wanted}.",
                    "has {count} pairs of units that could change places, not {wanted}.",
                    most,
                    wanted=pairs,
                ),
                where=self.subject.diagram.name,
            )
        chance, found = random.Random(f"{seed}/{pairs}"), list[list[tuple[str, str]]]()
        while len(found) < draws:
            left, taken = list(possible), list[tuple[int, int]]()
            while left and len(taken) < pairs:
                pair = chance.choice(left)
                taken.append(pair)
                left = [other for other in left if not set(other) & set(pair)]
            if len(taken) == pairs:
                found.append([(self.units[one].name, self.units[other].name) for one, other in taken])
        return found

    def most_pairs(self) -> int:
        """How many pairs can change places at the same time."""
        return sum(len(run) // 2 for run in self._alike())

    def _alike(self) -> list[list[int]]:
        """Places of units that could change with each other. Behind a block that halves the map, which is its stage's
        first and stays for its shapes, all could; elsewhere the first of equal shapes is the stage's first."""
        runs: dict[object, list[int]] = {}
        for index, unit in enumerate(self.units):
            if unit.refusal is None and unit.source_shape == unit.result_shape:
                begins = unit.source_shape not in runs and not (index and self.units[index - 1].residual)
                runs.setdefault(unit.source_shape, []).extend([] if begins else [index])
        return list(runs.values())

    def _key(self, names: Sequence[str], swapped: Pairs = ()) -> Arrangement:
        for name in names:
            refusal = self.subject.trunk.unit(name).refusal
            if refusal is not None:
                raise StudioError("lab.lesion", refusal, where=name)
        order = list(range(len(self.units)))
        for pair in swapped:
            one, other = (self.units.index(self.subject.trunk.unit(name)) for name in pair)
            first, second = self.units[one], self.units[other]
            if (first.source_shape, first.result_shape) != (second.source_shape, second.result_shape):
                text = say("cannot change places with {other}: they take and give different shapes.", other=second.name)
                raise StudioError("lab.swap", text, where=first.name)
            one, other = order.index(one), order.index(other)
            order[one], order[other] = order[other], order[one]
        return tuple(unit.name for unit in self.units if unit.name in names), tuple(order)

    def _at(self, key: Arrangement) -> Sums:
        return self._counted.setdefault(key, Sums())

    def _step(self, key: Arrangement) -> None:
        """The next batch in this arrangement."""
        counted, whole = self._at(key), self._key(())
        number = counted.batches
        if key != whole and self._at(whole).batches <= number:
            self._step(whole)  # Keeps what flows between the units.
        away, order = key
        standing = [self.units[index] for index in order]
        pieces = [(self.lesioned if unit.name in away else self.pieces)[unit.name] for unit in standing]
        first = next(
            (place for place, unit in enumerate(standing) if unit.name in away or order[place] != place), len(pieces)
        )
        begin = max((index for index, kept in self._kept.items() if index <= first and kept), default=0)
        begin = 0 if key == whole else begin
        images, labels = self.batches[number]
        parts = self._kept[begin][number] if begin else self._parts(images)
        halves = list[nn.Module]()
        if key != whole and self.rounding is not None:
            halves = [self._halves[unit.name, unit.name in away] for unit in standing]
        counted.add(self._through(pieces, begin, parts, keep=key == whole, halves=halves), labels)

    def _parts(self, images: Tensor) -> list[Tensor]:
        """Of a batch, one for each core."""
        if self.subject.device.type != "cpu":
            return [images]
        return list(images.chunk(max(1, min(cores.count(), len(images) // LEAST_PART))))

    def _through(
        self, pieces: Sequence[nn.Module], begin: int, parts: Sequence[Tensor], keep: bool,
        halves: Sequence[nn.Module],
    ) -> Tensor:  # fmt: skip
        """Scores ``(N, classes)`` of a batch in parts. With ``halves`` they are computed in bfloat16, and once more
        where that does not tell the class."""

        @torch.inference_mode()
        def through(values: Tensor) -> tuple[Tensor, list[Tensor]]:
            entering = list[Tensor]()
            if not halves:
                return self._run(pieces[begin:], values, entering if keep else None), entering
            scores = self._run(halves[begin:], values.bfloat16()).float()
            assert self.rounding is not None
            unclear = self.rounding.unclear(scores)
            if unclear.any():
                scores[unclear] = self._run(pieces[begin:], values[unclear])
            return scores, entering

        found = cores.each(through, parts)
        self.computed += len(pieces) - begin
        if keep:  # All of them or, if it was cancelled, none.
            for index, kept in self._kept.items():
                kept.append([entering[index] for _, entering in found])
        return torch.cat([scores for scores, _ in found])

    def _run(self, pieces: Sequence[nn.Module], values: Tensor, entering: list[Tensor] | None = None) -> Tensor:
        """Scores ``(N, classes)``; what enters each of the pieces is put down in ``entering``."""
        for piece in pieces:
            self._ask()
            if entering is not None:
                entering.append(values)
            values = piece(values)
        return values.flatten(1)

    def _ask(self) -> None:
        if not self.go_on():
            raise StudioError("lab.cancelled", say("was cancelled."))


def kendall(order: Sequence[int]) -> float:
    """Kendall's rank correlation τ of an order of 0 … n − 1 with the rising one."""
    pairs = list(combinations(order, 2))
    return sum(1 if one < other else -1 for one, other in pairs) / len(pairs) if pairs else 1.0
