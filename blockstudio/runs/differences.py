"""What two runs do not have in common: recipe, diagram block by block, results, machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal, NamedTuple, TypeAlias

from blockstudio.analysis import Analysis, analyze
from blockstudio.blocks import CATALOGUE
from blockstudio.errors import StudioError
from blockstudio.runs.columns import TARGET, value_text
from blockstudio.runs.recipe import FIELDS
from blockstudio.runs.rows import Listed
from blockstudio.text import render, say

Status: TypeAlias = Literal["same", "added", "removed", "changed"]
GROUPS = (say("recipe"), say("diagram"), say("result"), say("machine"))
MACHINE = ("machine", "platform", "device", "cores", "threads", "torch", "cuda", "python", "blockstudio")


class Card(NamedTuple):
    """A block of the main level, in one of two diagrams or in both."""

    name: str
    family: str
    status: Status


class Row(NamedTuple):
    """One figure or field of both."""

    group: int
    title: str
    first: str
    second: str
    change: str = ""
    worse: bool = False


@dataclass(frozen=True)
class Difference:
    """Of a first run and a second."""

    cards: list[Card]
    rows: list[Row]
    equal: list[Row]
    """What both have alike, where a person may ask for it."""
    blocks: tuple[int, int, int, int]
    """Blocks that are added, removed, changed, the same."""
    trouble: str = ""


def difference(first: Listed, second: Listed) -> Difference:
    """Compare two runs.

    Returns:
        The blocks of both in their order, and rows in the groups `GROUPS`. Diagrams that cannot be read are said in
        ``trouble``; all else is compared.
    """
    trouble, cards, analyses = "", [], None
    try:
        analyses = analyze(first.run.diagram()), analyze(second.run.diagram())
        cards = list(_cards(*analyses))
    except StudioError as error:
        trouble = str(error)
    rows = [*_recipe(first, second), *_diagram(first, second, analyses), *_results(first, second),
            *_machine(first, second)]  # fmt: skip
    counts = [sum(card.status == status for card in cards) for status in ("added", "removed", "changed", "same")]
    different = [row for row in rows if row.first != row.second or row.group == 2]
    equal = [row for row in rows if row.first == row.second and row.group != 2]
    return Difference(cards, different, equal, (counts[0], counts[1], counts[2], counts[3]), trouble)


def _recipe(first: Listed, second: Listed) -> Iterator[Row]:
    for path in FIELDS:
        if path == "version":
            continue
        one, other = first.recipe.get(path), second.recipe.get(path)
        yield Row(0, path, value_text(one), value_text(other), ratio_text(one, other))


def ratio_text(one: Any, other: Any) -> str:
    """``× 3``, ``÷ 10`` of two numbers; empty for what is none."""
    if not all(isinstance(each, int | float) and not isinstance(each, bool) and each for each in (one, other)):
        return ""
    ratio = other / one
    if ratio <= 0 or ratio == 1:
        return ""
    return f"× {ratio:.3g}" if ratio > 1 else f"÷ {1 / ratio:.3g}"


def _diagram(first: Listed, second: Listed, analyses: tuple[Analysis, Analysis] | None) -> Iterator[Row]:
    yield Row(1, render(say("network")), first.network, second.network)
    for name in dict.fromkeys((*first.parameters, *second.parameters)):
        yield Row(1, name, value_text(first.parameters.get(name)), value_text(second.parameters.get(name)))
    if analyses is not None:
        for title, one, other in (
            (say("parameters"), analyses[0].parameters, analyses[1].parameters),
            ("MACs", analyses[0].macs, analyses[1].macs),
            (say("depth"), analyses[0].depth, analyses[1].depth),
        ):
            change = f"{other - one:+,}".replace("-", "−") if one != other else ""
            yield Row(1, render(title), f"{one:,}", f"{other:,}", change)


def _results(first: Listed, second: Listed) -> Iterator[Row]:
    for title, one, other in ((say("test accuracy"), first.test, second.test), (say("best"), first.best, second.best)):
        change = ""
        if one is not None and other is not None:
            change = render(say("{points} points", points=f"{100 * (other - one):+.1f}".replace("-", "−")))
        worse = one is not None and other is not None and other < one
        if one is not None or other is not None:
            yield Row(2, render(title), value_text(one, "share"), value_text(other, "share"), change, worse)
    steps = [row.curves.steps_to(TARGET) for row in (first, second)]
    never = render(say("never"))
    if any(step is not None for step in steps):
        one, other = steps
        change = f"{other - one:+,}".replace("-", "−") if one is not None and other is not None else ""
        yield Row(2, render(say("steps to 80 %")), never if one is None else f"{one:,}",
                  never if other is None else f"{other:,}", change,
                  worse=other is None or (one is not None and other > one))  # fmt: skip
    for title, one, other, up in (
        (say("images/s"), first.images_per_second, second.images_per_second, True),
        (say("seconds"), first.seconds, second.seconds, False),
    ):
        if one and other:
            share = f"{100 * (other / one - 1):+.0f} %".replace("-", "−")
            worse = other < one if up else other > one
            yield Row(
                2,
                render(title),
                value_text(one, "count"),
                value_text(other, "count"),
                share,
                worse and abs(other / one - 1) > 0.05,
            )


def _machine(first: Listed, second: Listed) -> Iterator[Row]:
    try:
        one, other = first.run.environment(), second.run.environment()
    except StudioError:
        return
    for key in MACHINE:
        if key in one or key in other:
            yield Row(3, key, value_text(one.get(key)), value_text(other.get(key)))


def _cards(first: Analysis, second: Analysis) -> Iterator[Card]:
    """The blocks of both main levels in one chain; what is switched off is not there."""
    ones, others = _active(first), _active(second)
    matcher = SequenceMatcher(a=list(ones), b=list(others), autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            for name in list(ones)[a:b]:
                yield Card(name, _family(second, name), "same" if ones[name] == others[name] else "changed")
            continue
        for name in list(ones)[a:b]:
            if name not in others:
                yield Card(name, _family(first, name), "removed")
        for name in list(others)[c:d]:
            status: Status = "changed" if name in ones else "added"
            yield Card(name, _family(second, name), status)


def _active(analysis: Analysis) -> dict[str, object]:
    """Of each block that is not switched off all that makes it what it is."""
    inner: dict[str, list[object]] = {}
    for path, block in analysis.blocks.items():
        top = path.partition(".")[0]
        kind = (path, block.type, block.bypassed, repr(sorted(block.values.items())), repr(block.copies))
        inner.setdefault(top, []).append(kind)
    names = [name for name in analysis.top.order() if name in inner and not analysis.blocks[name].bypassed]
    return {name: inner[name] for name in names}


def _family(analysis: Analysis, name: str) -> str:
    kind = CATALOGUE.get(analysis.blocks[name].type)
    return kind.family if kind is not None else "module"
