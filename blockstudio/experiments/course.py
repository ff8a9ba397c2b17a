"""What an experiment of the course tells beside its numbers: what to predict, where to look, what was published, and
which ordering has to come out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

from msgspec import Struct

Relation: TypeAlias = Literal["<", "<=", ">", ">=", "=", "reached", "never"]


class Prediction(Struct, frozen=True, forbid_unknown_fields=True):
    """A question that is answered before the result is shown."""

    question: str
    choices: tuple[str, ...]
    right: int
    """The place of the choice that comes out, from 0."""
    because: str = ""
    """Why, in a sentence or two; shown with the result."""


class Look(Struct, frozen=True, forbid_unknown_fields=True):
    """Blocks that a sentence speaks of."""

    say: str
    network: str
    """One of the experiment's networks, by its name in tables."""
    blocks: tuple[str, ...]
    """Paths; ``layer1`` is all copies."""


class Published(Struct, frozen=True, forbid_unknown_fields=True):
    """What the paper found."""

    say: str
    source: str
    """Title, and where: arXiv number or section."""


class Expectation(Struct, frozen=True, forbid_unknown_fields=True):
    """An ordering that has to come out.

    It holds for a seed if ``measure`` of every variant that has the values of ``of`` stands in ``relation`` to
    ``times`` × (``than``) + ``plus``; and it came out if it holds for all seeds, or all ``but`` so many.
    """

    say: str
    relation: Relation
    of: dict[str, Any] = {}
    """Values of variants; without, every one."""
    measure: str = ""
    """Of the further measures; without, the experiment's own."""
    than: dict[str, Any] | float | None = None
    """A number; or values in which the variant on the other side differs, alike in all else (``null``: it has none);
    without, the same variant."""
    than_measure: str | None = None
    """Measure of the other side, where it is another."""
    times: float = 1.0
    plus: float = 0.0
    within: float = 0.0
    """Of ``=``: how far apart the two may be."""
    but: int = 0


class ChartSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """How the results are drawn in one picture: seeds as dots, their mean as a line."""

    across: str = ""
    """A key of variants, or ``measures``; without, the variants."""
    lines: str = ""
    """A key of variants: a line for each of its values."""
    measures: tuple[str, ...] = ()
    """Names of measures, those of ``across`` among them; without, the experiment's own."""
    log: bool = False
    percent: bool = False


class Course(Struct, frozen=True, forbid_unknown_fields=True):
    """The course's part of an experiment's file."""

    title: str
    place: int
    """In the list."""
    prediction: Prediction
    published: Published
    expect: tuple[Expectation, ...]
    look: tuple[Look, ...] = ()
    note: str = ""
    """What does not show at this scale, and what does."""
    figure: ChartSpec = ChartSpec()

    def texts(self) -> Iterator[str]:
        """Everything that a reader is shown."""
        yield self.title
        yield self.prediction.question
        yield from self.prediction.choices
        yield self.prediction.because
        for look in self.look:
            yield look.say
        yield self.published.say
        yield self.note
        for each in self.expect:
            yield each.say
