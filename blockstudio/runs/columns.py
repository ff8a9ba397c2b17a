"""What a table of runs can show: columns of results, of the recipe's fields and of the diagram's parameters."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from blockstudio.errors import StudioError
from blockstudio.graph.names import suggestion
from blockstudio.runs.recipe import FIELDS, field_path
from blockstudio.runs.rows import Listed
from blockstudio.text import render, say

Kind: TypeAlias = Literal["text", "share", "count", "number", "time"]
OF_DIAGRAM = "diagram."
BEYOND = 1e15
"""No result has as much: it is a torn or a foreign file's."""
TARGET = 0.8
"""The accuracy whose first step a column shows."""
STATUS = {
    "new": say("not started"),
    "running": say("running"),
    "paused": say("paused"),
    "stopped": say("stopped"),
    "finished": say("finished"),
    "failed": say("failed"),
    "lost": say("interrupted"),
}
NEVER = say("never")


@dataclass(frozen=True)
class Column:
    """One column."""

    key: str
    """As it is written in a filter."""
    title: str
    kind: Kind
    value: Callable[[Listed], Any]
    """What is sorted and compared; ``None`` where there is nothing. Shares are 0 to 1."""

    @property
    def right(self) -> bool:
        """Set flush right."""
        return self.kind not in ("text", "time")

    def text(self, row: Listed) -> str:
        """What stands in the cell."""
        return value_text(self.value(row), self.kind)


def whole_text(value: float) -> str:
    """A number without its fraction: ``1,240``; ``1e+308`` where nobody could read its figures."""
    return f"{value:,.0f}" if abs(value) < BEYOND else f"{value:g}"


def percent_text(share: float) -> str:
    """``91.0 %``; of what is no share a number that can be read."""
    return f"{100 * share:.1f} %" if abs(share) < BEYOND else f"{share:g} × 100 %"


def value_text(value: Any, kind: Kind = "text") -> str:
    """A value as a person reads it: ``91.0 %``, ``1,240``, ``0.05``, ``on``."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return render(say("on") if value else say("off"))
    if kind == "share":
        return percent_text(value)
    if kind == "count":
        return whole_text(value)
    if kind == "time":
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(value))
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple | list):
        return ", ".join(value_text(each) for each in value)
    return str(value)


def _to_target(row: Listed) -> float | None:
    found = row.curves.steps_to(TARGET)
    if found is not None:
        return float(found)
    return math.inf if row.state.status in ("finished", "failed") else None


_RESULTS = (
    Column("run", say("run"), "text", lambda row: row.name),
    Column("network", say("network"), "text", lambda row: row.network),
    Column("data", say("data"), "text", lambda row: row.data_title),
    Column("best", say("best"), "share", lambda row: row.best),
    Column("test", say("test"), "share", lambda row: row.test),
    Column("steps to 80 %", say("steps to 80 %"), "count", _to_target),
    Column("images/s", say("images/s"), "count", lambda row: row.images_per_second),
    Column("seconds", say("seconds"), "count", lambda row: row.seconds),
    Column("tags", say("tags"), "text", lambda row: row.label.tags),
    Column("note", say("note"), "text", lambda row: row.label.note),
    Column("status", say("status"), "text", lambda row: render(STATUS[row.state.status])),
    Column("made", say("made"), "time", lambda row: row.made),
    Column("parameters", say("parameters"), "count", lambda row: row.curves.started.get("parameters")),
    Column("step", say("step"), "count", lambda row: row.state.step),
    Column("epoch", say("epoch"), "count", lambda row: row.state.epoch),
    Column("experiment", say("experiment"), "text", lambda row: row.inside),
)
RESULTS = {column.key: column for column in _RESULTS}
"""Columns that every run has."""
USUAL = ("run", "network", "data", "best", "test", "steps to 80 %", "images/s", "seconds", "tags", "note")
"""Shown unless somebody chooses others."""


def column_of(key: str, rows: Iterable[Listed] = ()) -> Column:
    """The column of a key: a result, a recipe's field (``lr``, ``optimizer.lr``) or a diagram's parameter (``n``,
    ``diagram.n``). A name that is both is the recipe's.

    Args:
        key: As it is written.
        rows: The runs whose diagrams' parameters count.

    Raises:
        StudioError: ``runs.column`` with the nearest name.
    """
    wanted = key.strip()
    found = next((column for name, column in RESULTS.items() if name.lower() == wanted.lower()), None)
    if found is not None:
        return found
    if wanted.startswith(OF_DIAGRAM):
        return _of_diagram(wanted.removeprefix(OF_DIAGRAM))
    try:
        return _of_recipe(field_path(wanted))
    except StudioError:
        pass
    names = {name for row in rows for name in row.parameters}
    if wanted in names:
        return _of_diagram(wanted)
    known = [*RESULTS, *FIELDS, *sorted(names)]
    raise StudioError("runs.column", say("runs have nothing called '{name}'.", name=wanted[:60]),
                      hint=suggestion(wanted, known))  # fmt: skip


def _of_recipe(path: str) -> Column:
    kind: Kind = "number" if FIELDS[path].kind in ("int", "float") else "text"
    return Column(path, short(path), kind, lambda row: row.recipe.get(path))


def _of_diagram(name: str) -> Column:
    return Column(OF_DIAGRAM + name, name, "text", lambda row: row.parameters.get(name))


def short(path: str) -> str:
    """``lr`` for ``optimizer.lr``, ``optimizer`` for ``optimizer.name``."""
    group, _, last = path.rpartition(".")
    return (group.rpartition(".")[2] or last) if last in ("name", "source") else last


NOT_COMPARED = ("version", "seed", "data.folder", "data.download", "device", "threads")
"""Fields that say where and when rather than what: they name no curve as long as something else differs."""


def differing(rows: Sequence[Listed], beside: Collection[str] = ()) -> list[Column]:
    """What is not the same in all of some runs: the network, fields of the recipe, parameters of the diagram that
    they all have; without columns that stand ``beside`` already."""
    found: list[Column] = []
    # A run whose diagram or recipe cannot be read has nothing there: that is no difference of all the others.
    drawn = [row for row in rows if row.network]
    if len({row.network for row in drawn}) > 1:
        found.append(RESULTS["network"])
    names = dict.fromkeys(name for row in drawn for name in row.parameters)
    shared = [name for name in names if all(name in row.parameters for row in drawn)]
    found += [_of_diagram(name) for name in shared if _varies([row.parameters[name] for row in drawn])]
    recipes = [row.recipe for row in rows if row.recipe]
    found += [_of_recipe(path) for path in FIELDS if _varies([recipe.get(path) for recipe in recipes])]
    found = [column for column in found if column.key not in beside]
    telling = [column for column in found if column.key not in NOT_COMPARED]
    return telling or found


def names_of(rows: Sequence[Listed], columns: Sequence[Column], *, short: bool = False) -> list[str]:
    """What sets each of some runs apart, by the ``columns`` that differ; runs of one name by their seeds as well.
    ``short``: no more than tells them apart, networks by their names alone."""
    names: list[str] = []
    for most in range(1 if short else MOST_NAMED, MOST_NAMED + 1):
        names = [named_by(row, columns, most) for row in rows]
        if all(names) and len(set(names)) == len(rows):
            return names
    seeds: dict[str, set[Any]] = {}
    for name, row in zip(names, rows, strict=True):
        seeds.setdefault(name, set()).add(row.recipe.get("seed"))
    seed = _of_recipe("seed")
    told = any(column.key == seed.key for column in columns)
    return [
        name if told or len(seeds[name]) < 2 else ", ".join(filter(None, (name, named_by(row, [seed]))))
        for name, row in zip(names, rows, strict=True)
    ]


def _varies(values: Sequence[Any]) -> bool:
    return any(value != values[0] for value in values)


MOST_NAMED = 4
"""So many of what differs make a name."""


def named_by(row: Listed, columns: Sequence[Column], most: int = MOST_NAMED) -> str:
    """What sets a run apart, as a person says it: ``bn, lr 0.1``; empty where nothing does."""
    parts = []
    for column in columns[:most]:
        value = column.value(row)
        if column.key == "network":
            parts.append(re.sub(r"\s*\(.*?\)", "", row.network) or row.network)
        elif isinstance(value, bool):
            parts.append(column.title if value else render(say("no {name}", name=column.title)))
        elif value is not None and value != ():
            text = value_text(value, column.kind)
            parts.append(text if isinstance(value, str) and column.title in ("schedule", "optimizer", "data") else
                         f"{column.title} {text}")  # fmt: skip
    return ", ".join(filter(None, parts))
