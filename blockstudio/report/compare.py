"""Networks side by side: a row each, and where in them the cost lies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from blockstudio.analysis.costs import COSTS, DEFAULT
from blockstudio.analysis.units import short_text
from blockstudio.report.profile import Profile, SizeCosts
from blockstudio.report.table import Table
from blockstudio.text import say

BAR = 16
"""Characters of the longest bar."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the comparison: its figure for a network and the reference network, and how it is written."""

    key: str
    title: str
    figure: Callable[[Profile, Profile], float | None]
    write: Callable[[float | None], str]
    help: str = ""


def whole_text(figure: float | None) -> str:
    """``25,557,032``; ``?`` if unknown."""
    return "?" if figure is None else f"{figure:,.0f}"


def change_text(figure: float | None) -> str:
    """``+18,992,128``, ``−3,364,777,440``; empty for the network itself."""
    return "" if figure is None else f"{figure:+,.0f}".replace("-", "−")


def share_text(figure: float | None) -> str:
    """``96.17 %``."""
    return "?" if figure is None else f"{100 * figure:.2f} %"


def memory_text(figure: float | None) -> str:
    """``114.2 MB``, of a million bytes as everywhere in the window."""
    return "?" if figure is None else f"{figure / 1e6:,.1f} MB"


def _difference(cost: str) -> Callable[[Profile, Profile], float | None]:
    return lambda one, first: None if one is first else getattr(one, cost) - getattr(first, cost)


COLUMNS: tuple[Column, ...] = (
    Column("parameters", say("parameters"), lambda one, _: one.parameters, whole_text, say("Learnable scalars")),
    Column("parameters_more", say("difference"), _difference("parameters"), change_text,
           say("Parameters more or fewer")),
    Column("macs", say("MACs"), lambda one, _: one.macs, whole_text,
           say("Multiply-accumulates of convolution and linear layers for one image")),
    Column("macs_more", say("difference"), _difference("macs"), change_text, say("MACs more or fewer")),
    Column("depth", say("depth"), lambda one, _: one.depth, whole_text,
           say("Weighted layers on the longest path, projections not counted")),
    Column("memory", say("training memory"), lambda one, _: one.training_bytes, memory_text,
           say("Activations kept for the backward pass of one image")),
    Column("dense", say("dense share"), lambda one, _: one.dense_share, share_text,
           say("Share of the parameters that stand in fully connected layers")),
)  # fmt: skip
"""Behind the name, for the terminal and the window alike."""


def cells(one: Profile, reference: Profile) -> tuple[str, ...]:
    """What `COLUMNS` say of a network."""
    return tuple(column.write(column.figure(one, reference)) for column in COLUMNS)


def compare_table(profiles: Sequence[Profile], reference: Profile | None = None) -> Table:
    """A row a network; differences are to ``reference``, by default the first."""
    first = reference or profiles[0]
    rows = [(item.name, *cells(item, first)) for item in profiles]
    headings = ("network", *(column.title for column in COLUMNS))
    notes = [say("{name} has errors; its figures are of what is known.", name=item.name)
             for item in profiles if not item.sound]  # fmt: skip
    return Table(headings, rows, " " + "r" * len(COLUMNS), notes)


def reduction_text(halvings: int | None) -> str:
    """``1/4`` of the image's sides, or ``vector``."""
    return "vector" if halvings is None else f"1/{2**halvings}" if halvings else "full"


def stage_table(profiles: Sequence[Profile], cost: str = DEFAULT, *, bars: bool = True) -> Table:
    """Where the cost lies: a row for each size of map, the networks side by side with bars of one scale.

    Sizes of one row are the same fraction of the image's sides: 56×56 of 224×224 stands beside 73×73 of 299×299.
    Without ``bars`` for what is read by programs."""
    most = max((getattr(stage, cost) for item in profiles for stage in item.stages), default=0)
    width = 4 if bars else 3
    headings = ["of the image"]
    for item in profiles:
        headings += [item.name, COSTS[cost].title, "share", ""][:width]
    rows = []
    for halvings in steps(profiles):
        columns = [[stage for stage in item.stages if stage.halvings == halvings] for item in profiles]
        for line in range(max(map(len, columns))):
            row = [reduction_text(halvings) if not line else ""]
            for item, stages in zip(profiles, columns, strict=True):
                row += (_stage_cells(item, stages[line], cost, most) if line < len(stages) else [""] * 4)[:width]
            rows.append(row)
    return Table(headings, rows, " " + " rr "[:width] * len(profiles))


def _stage_cells(item: Profile, stage: SizeCosts, cost: str, most: int) -> list[str]:
    value, total = getattr(stage, cost), getattr(item, cost)
    bar = "█" * round(value / most * BAR) if most else ""
    return [stage.size, short_text(value), f"{value / total:.1%}" if total else "", bar or ("▏" if value else "")]


def steps(profiles: Sequence[Profile]) -> list[int | None]:
    """The fractions of the image that occur, from the whole image to single pixels."""
    found = {stage.halvings for item in profiles for stage in item.stages}
    return sorted(found, key=lambda halvings: 99 if halvings is None else halvings)
