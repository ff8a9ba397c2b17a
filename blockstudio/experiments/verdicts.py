"""Whether the expected orderings came out, seed by seed, and the figure of an experiment's results."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from blockstudio.experiments.course import ChartSpec, Expectation
from blockstudio.experiments.definition import ExperimentPlan, plain_value, short
from blockstudio.experiments.expectations import MEASURES, full_key, pairs
from blockstudio.experiments.results import Row
from blockstudio.experiments.statistics import mean
from blockstudio.report.chart import Chart, Curve
from blockstudio.text import Text, render, say, say_many

Came: TypeAlias = Literal["yes", "no", "open"]


@dataclass(frozen=True)
class Verdict:
    """One expectation against what was measured."""

    expectation: Expectation
    seeds: dict[int, bool | None]
    """By seed; ``None``: not all of its trials have ended."""

    @property
    def came(self) -> Came:
        """Whether it came out: for all seeds but as many as may fail; ``open`` as long as that is not settled."""
        failed = sum(held is False for held in self.seeds.values())
        if failed > self.expectation.but:
            return "no"
        return "open" if None in self.seeds.values() else "yes"

    @property
    def sentence(self) -> Text:
        """``3 of 3 seeds``."""
        held = sum(held is True for held in self.seeds.values())
        known = sum(held is not None for held in self.seeds.values())
        missing = len(self.seeds) - known
        if not known:
            return say_many("{count} seed open", "{count:,} seeds open", missing)
        if missing:
            return say("{held} of {known} seeds, {missing} open", held=held, known=known, missing=missing)
        return say_many("{held} of {count} seed", "{held} of {count:,} seeds", known, held=held)


def verdicts(plan: ExperimentPlan, rows: Sequence[Row]) -> list[Verdict]:
    """Every expectation of an experiment; none where it has none."""
    course = plan.experiment.course
    if course is None:
        return []
    values = [row.variant.values() for row in rows]
    found: list[Verdict] = []
    for each in course.expect:
        held = pairs(each, values)
        seeds = {
            seed: _every([_holds(plan, each, seed, rows[one], None if other is None else rows[other])
                          for one, other in held])
            for seed in plan.experiment.seeds
        }  # fmt: skip
        found.append(Verdict(each, seeds))
    return found


def came_out(found: Sequence[Verdict]) -> Came:
    """All of them together."""
    every = {verdict.came for verdict in found}
    return "no" if "no" in every else "open" if "open" in every else "yes"


def _every(held: Sequence[bool | None]) -> bool | None:
    if False in held:
        return False
    return None if None in held or not held else True


def _holds(plan: ExperimentPlan, each: Expectation, seed: int, row: Row, other: Row | None) -> bool | None:
    left, known = row.measured(seed, each.measure)
    if not known:
        return None
    if each.relation in ("reached", "never"):
        return (left is not None) == (each.relation == "reached")
    if other is None:
        right: float | None = float(each.than) if isinstance(each.than, int | float) else None
    else:
        name = each.measure if each.than_measure is None else each.than_measure
        right, known = other.measured(seed, name)
        if not known:
            return None
        right = _worst(plan, name) if right is None else right
    left = _worst(plan, each.measure) if left is None else left
    assert right is not None
    right = each.times * right + each.plus
    match each.relation:
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case ">=":
            return left >= right
    return abs(left - right) <= each.within


def _worst(plan: ExperimentPlan, name: str) -> float:
    """What a trial counts for that never got there."""
    return -math.inf if plan.experiment.measures[name].more_is_better else math.inf


def figure_of(plan: ExperimentPlan, rows: Sequence[Row], figure: ChartSpec | None = None) -> Chart:
    """The results in one picture: a dot a seed, lines through their means.

    Args:
        plan: The experiment.
        rows: Of `rows_of`.
        figure: How; without, as the experiment says, else a place for each variant.
    """
    course = plan.experiment.course
    figure = figure or (course.figure if course is not None else ChartSpec())
    measures = plan.experiment.measures
    names = figure.measures or ("",)
    lines: dict[str, list[tuple[int, Row, str]]] = {}
    if figure.across == MEASURES:
        labels = [render(measures[name].title) for name in names]
        for row in rows:
            lines[row.name] = [(place, row, name) for place, name in enumerate(names)]
        title, across = render(Text(plan.experiment.question)), ""
    else:
        key = full_key(figure.across) if figure.across else ""
        by = full_key(figure.lines) if figure.lines else ""
        places = [plain_value(row.variant.values().get(key)) if key else row.name for row in rows]
        labels = list(dict.fromkeys(places))
        for row, place in zip(rows, places, strict=True):
            rest = {k: v for k, v in row.variant.values().items() if k in plan.varied and k != key}
            name = plain_value(row.variant.values().get(by)) if by else _named(rest) if key else ""
            for measure in names:
                many = render(measures[measure].title) if len(names) > 1 else ""
                line = ", ".join(part for part in (name, many) if part)
                lines.setdefault(line, []).append((labels.index(place), row, measure))
        title, across = render(Text(plan.experiment.question)), short(key) if key else ""
    curves = []
    for line, points in lines.items():
        dots = [(float(place), value) for place, row, name in points for value in row.measures(name).values()]
        means = [
            (float(place), mean(list(found.values()))) for place, row, name in points if (found := row.measures(name))
        ]
        curves.append(Curve(line, means, joined=bool(figure.across), dots=dots))
    up = measures[names[0]].title if len(names) == 1 else ""
    return Chart(title, across, render(up), curves, labels=labels, log_y=figure.log, percent=figure.percent)


def _named(values: dict[str, object]) -> str:
    return ", ".join(
        plain_value(value) if key == "network" else f"{short(key)} {plain_value(value)}"
        for key, value in values.items()
    )


def said(verdict: Verdict) -> str:
    """A mark for tables: ✓, ✗ or …"""
    return {"yes": "✓", "no": "✗", "open": "…"}[verdict.came]
