"""Accuracy without k units, and with k pairs in each other's place, measured a batch at a time while nobody waits: the
first draw of every k before the second of any, so that the curves are there soon and become sure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from blockstudio.errors import StudioError
from blockstudio.laboratory.lesion import Lesions, Pairs

Curve: TypeAlias = Literal["several", "swap"]
IMAGES, DRAWS, POINTS = 500, 6, 6
"""Test images of each draw, draws of each k, and how many k there are at most."""
MOST_AWAY = 0.6
"""Of the units: with more away, nothing is left of any network."""


@dataclass(frozen=True)
class Drawn:
    """One draw."""

    curve: Curve
    count: int
    away: tuple[str, ...]
    swapped: Pairs


@dataclass
class Curves:
    """See the module's text.

    Args:
        lesions: Of the network; what it has measured already is not measured again.
        images: The first of the test part.
        draws: Of each k.
        seed: Of the draws, as for the questions of the same name.
        like: Another network, whose k are drawn, as far as this one has so many.
    """

    lesions: Lesions
    images: int = IMAGES
    draws: int = DRAWS
    seed: int = 0
    like: Lesions | None = None
    found: dict[Curve, list[tuple[int, float]]] = field(default_factory=lambda: {"several": [], "swap": []})
    """By curve: k and the accuracy of each draw that is measured."""
    refused: dict[Curve, str] = field(default_factory=dict)
    """Why there is no such curve."""

    def __post_init__(self) -> None:
        each: list[list[Drawn]] = []
        like = self.like or self.lesions
        try:
            most = len(self.lesions.candidates())
            for count in few(round(MOST_AWAY * len(like.candidates()))):
                if count > most:
                    break
                sets = self.lesions.drawn(count, self.draws, self.seed)
                each.append([Drawn("several", count, some, ()) for some in sets])
        except StudioError as error:
            self.refused["several"] = error.message
        try:
            most = self.lesions.most_pairs()
            for count in [count for count in few(like.most_pairs()) if count <= most] or [1]:
                pairs = self.lesions.drawn_pairs(count, self.draws, self.seed)
                each.append([Drawn("swap", count, (), some) for some in pairs])
        except StudioError as error:
            self.refused["swap"] = error.message
        self.plan = [some[number] for number in range(self.draws) for some in each if number < len(some)]

    def steps(self) -> Iterator[bool]:
        """Measure; after every batch, whether something new is known."""
        for each in self.plan:
            for measure in self.lesions.steps(*each.away, swapped=each.swapped):
                if measure.images >= self.images:
                    break
                yield False
            known = self.lesions.so_far(*each.away, swapped=each.swapped)
            self.found[each.curve].append((each.count, known.accuracy))
            yield True


def few(most: int, points: int = POINTS) -> list[int]:
    """Numbers from 1 to the most, not too many of them."""
    return sorted({1, *(max(1, round(most * place / points)) for place in range(1, points + 1))}) if most else []
