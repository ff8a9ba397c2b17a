"""What is a unit worth? Units taken away one at a time, several at a time, in each other's place; of one run, or of
several beside each other, those of one network together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from blockstudio.laboratory.lesion import Lesions, Reading
from blockstudio.laboratory.measure import Measure
from blockstudio.laboratory.questions.answer import Answer, Progress
from blockstudio.report.chart import Chart, Curve, GuideLine
from blockstudio.report.table import Table
from blockstudio.text import Text, render, say, say_many


@dataclass(frozen=True)
class _Group:
    """Runs of one network."""

    name: Text
    runs: Sequence[Lesions]

    @property
    def whole(self) -> float:
        return fmean(run.whole().accuracy for run in self.runs)


def lesion(lesions: Lesions, progress: Progress = lambda done, of: None, beside: Sequence[Lesions] = ()) -> Answer:
    """Test accuracy with each unit taken away, one at a time.

    Args:
        lesions: Of the network.
        progress: Called as it goes.
        beside: Of other runs, asked for what stands in them at the same path; those of the same network are one curve.

    Raises:
        StudioError: ``lab.lesion`` if nothing can be taken away.
    """
    units, runs = lesions.candidates(), [lesions, *beside]
    shared = _Shared(progress, len(runs))
    own = {reading.units[0]: reading.measure for reading in lesions.each(shared.next())}
    whole, groups = lesions.whole(), _groups(runs)
    found: list[dict[str, Measure | None]] = [dict(own)]
    for run in beside:
        step = shared.next()
        found.append({})
        for done, unit in enumerate(units, 1):
            names = run.at_path(unit.name)
            found[-1][unit.name] = None if names is None else run.without(*names)
            step(done, len(units))
    of_run = dict(zip(map(id, runs), found, strict=True))
    curves, columns = list[Curve](), list[list[float | None]]()
    for group in groups:
        each = [[of_run[id(run)][unit.name] for run in group.runs] for unit in units]
        known = [[measure.accuracy for measure in some if measure is not None] for some in each]
        columns.append([fmean(some) if some else None for some in known])
        points = [(float(place), mean) for place, mean in enumerate(columns[-1]) if mean is not None]
        dots = [(float(place), value) for place, some in enumerate(known) for value in some if some[1:]]
        curves.append(Curve(render(group.name) if groups[1:] else "", points, joined=False, dots=dots))
    rows = []
    for place, unit in enumerate(units):
        share = columns[0][place]
        assert share is not None
        others = ["–" if column[place] is None else f"{column[place]:.2%}" for column in columns[1:]]
        rows.append([unit.name, f"{share:.2%}", f"{100 * (share - groups[0].whole):+.2f}",
                     f"{own[unit.name].loss:.3f}", *others])  # fmt: skip
    chart = Chart(
        render(say("Test accuracy without one unit")), "", render(say("accuracy")), curves,
        _guides(groups), [unit.name for unit in units], percent=True,
    )  # fmt: skip
    heads = [say("unit"), say("accuracy"), say("difference"), say("loss"), *(group.name for group in groups[1:])]
    refused = {unit.name: str(unit.refusal) for unit in lesions.units if unit.refusal is not None}
    data: dict[str, Any] = {
        "whole": _measured(whole), "refused": refused,
        "without": {name: _measured(measure) for name, measure in own.items()},
        "precision": "fp32" if lesions.rounding is None else "bf16",
    }  # fmt: skip
    if beside:
        data["runs"] = [
            {"run": _run_name(run), "network": run.subject.diagram.name, "whole": _measured(run.whole()),
             "without": {name: None if each is None else _measured(each) for name, each in some.items()}}
            for run, some in zip(runs, found, strict=True)
        ]  # fmt: skip
    sentence = _said_of_each(own, whole) if not beside else _said_beside(groups, columns)
    return Answer("lesion", data, Table([render(head) for head in heads], rows, "lrrr" + "r" * len(groups[1:])), chart,
                  sentence)  # fmt: skip


def _said_of_each(own: Mapping[str, Measure], whole: Measure) -> Text:
    worst = min(own, key=lambda name: own[name].accuracy)
    losses = sorted(whole.accuracy - measure.accuracy for measure in own.values())
    if len(own) == 1:
        return say("Whole, {whole}; {worst} without {name}, the only unit that can be taken away.",
                   whole=f"{whole.accuracy:.1%}", worst=f"{own[worst].accuracy:.1%}", name=worst)  # fmt: skip
    return say(
        "Whole, {whole}; with one of {count} units taken away, {median} points less in the median, and {worst} without "
        "{name}.",
        whole=f"{whole.accuracy:.1%}", count=len(own), median=f"{100 * losses[len(losses) // 2]:.1f}",
        worst=f"{own[worst].accuracy:.1%}", name=worst,
    )  # fmt: skip


def _said_beside(groups: Sequence[_Group], columns: Sequence[Sequence[float | None]]) -> Text:
    parts = []
    for group, column in zip(groups, columns, strict=True):
        known = sorted(value for value in column if value is not None)
        if known:
            parts.append(say("{network}: {whole} whole, {median} in the median without one unit, {worst} at worst",
                             network=group.name, whole=f"{group.whole:.1%}", median=f"{known[len(known) // 2]:.1%}",
                             worst=f"{known[0]:.1%}"))  # fmt: skip
        else:
            parts.append(say("{network}: nothing of it can be taken away at these paths", network=group.name))
    return _sentence(parts)


def several(
    lesions: Lesions, counts: Sequence[int], draws: int, seed: int, progress: Progress = lambda done, of: None,
    beside: Sequence[Lesions] = (),
) -> Answer:  # fmt: skip
    """Test accuracy with k units taken away at random, for several k.

    Args:
        lesions: Of the network.
        counts: Each k; a network that has fewer units is not asked for it.
        draws: Sets of units drawn for each.
        seed: Of the draws.
        progress: Called after each k.
        beside: Of other runs.
    """

    def most(run: Lesions) -> int:
        return len(run.candidates())

    return _drawn("several", say("Test accuracy without k units"), say("units taken away"), [lesions, *beside], counts,
                  most, lambda run, count: run.several(count, draws, seed), lambda reading: len(reading.units), seed,
                  progress)  # fmt: skip


def swap(
    lesions: Lesions, counts: Sequence[int], draws: int, seed: int, progress: Progress = lambda done, of: None,
    beside: Sequence[Lesions] = (),
) -> Answer:  # fmt: skip
    """Test accuracy with k pairs of units in each other's place, over how much of the order is left; beside other runs,
    over k, since the order of more units is kept better by as many swaps.

    Args:
        lesions: Of the network.
        counts: Pairs at a time; a network that has fewer is not asked for it.
        draws: Orders drawn for each.
        seed: Of the draws.
        progress: Called after each k.
        beside: Of other runs.
    """
    title = say("Test accuracy with units in each other's place")
    across = say("pairs swapped") if beside else say("Kendall's τ of the order")

    def place(reading: Reading) -> float:
        return len(reading.units) / 2 if beside else round(reading.tau or 0.0, 2)

    return _drawn("swap", title, across, [lesions, *beside], counts, Lesions.most_pairs,
                  lambda run, count: run.swapped(count, draws, seed), place, seed, progress)  # fmt: skip


def _drawn(
    question: str, title: Text, across: Text, runs: Sequence[Lesions], counts: Sequence[int],
    most: Callable[[Lesions], int], ask: Callable[[Lesions, int], list[Reading]], at: Callable[[Reading], float],
    seed: int, progress: Progress,
) -> Answer:  # fmt: skip
    found: list[list[Reading]] = []
    shared = _Shared(progress, len(runs))
    for number, run in enumerate(runs):
        run.whole()
        # The first is asked for what was wanted, and says what is wrong with it.
        asked = counts if number == 0 else [count for count in counts if count <= most(run)]
        step, some = shared.next(), list[Reading]()
        for done, count in enumerate(asked, 1):
            some += ask(run, count)
            step(done, len(asked))
        found.append(some)
    groups, of_run = _groups(runs), dict(zip(map(id, runs), found, strict=True))
    rows, curves, firsts = list[list[str]](), list[Curve](), list[Text]()
    for group in groups:
        places: dict[float, list[float]] = {}
        for run in group.runs:
            for reading in of_run[id(run)]:
                places.setdefault(float(at(reading)), []).append(reading.measure.accuracy)
        points, spreads, dots = list[tuple[float, float]](), list[float | None](), list[tuple[float, float]]()
        for place, values in sorted(places.items()):
            mean, spread = fmean(values), stdev(values) if values[1:] else None
            rows.append([*([render(group.name)] if groups[1:] else []), f"{place:g}", str(len(values)), f"{mean:.2%}",
                         "" if spread is None else f"{spread:.2%}"])  # fmt: skip
            points.append((place, mean))
            spreads.append(spread)
            dots += [(place, value) for value in values]
        curves.append(Curve(render(group.name) if groups[1:] else "", points, spreads, dots=dots))
        if points:
            (a, first), (b, last) = points[0], points[-1]
            values_text = {"whole": f"{group.whole:.1%}", "first": f"{first:.1%}", "a": f"{a:g}",
                           "last": f"{last:.1%}", "b": f"{b:g}"}  # fmt: skip
            said = (say("{first} at {a} and {last} at {b}", **values_text) if points[1:] else
                    say("{first} at {a}", **values_text))  # fmt: skip
            firsts.append(
                say("{network}: whole, {whole}; {readings}", network=group.name, readings=said, **values_text)
                if groups[1:] else say("Whole, {whole}; {readings}", readings=said, **values_text)
            )  # fmt: skip
    chart = Chart(render(title), render(across), render(say("accuracy")), curves, _guides(groups), percent=True)
    data: dict[str, Any] = {"whole": runs[0].whole().accuracy, "seed": seed, "readings": _readings(found[0])}
    if runs[1:]:
        data["runs"] = [
            {"run": _run_name(run), "network": run.subject.diagram.name, "whole": run.whole().accuracy,
             "readings": _readings(some)}
            for run, some in zip(runs, found, strict=True)
        ]  # fmt: skip
    heads = [*([say("network")] if groups[1:] else []), across, say("draws"), say("accuracy"), say("deviation")]
    aligned = ("l" if groups[1:] else "") + "rrrr"
    return Answer(question, data, Table([render(head) for head in heads], rows, aligned), chart, _sentence(firsts))


class _Shared:
    """Progress of several runs as one."""

    def __init__(self, progress: Progress, runs: int) -> None:
        self._progress, self._runs, self._run = progress, runs, -1

    def next(self) -> Progress:
        """That of the next run."""
        self._run += 1
        number = self._run

        def progress(done: int, of: int) -> None:
            self._progress(number * of + done, self._runs * of)

        return progress


def _groups(runs: Sequence[Lesions]) -> list[_Group]:
    """By network, in the order in which they were named."""
    found: dict[tuple[str, int], list[Lesions]] = {}
    for run in runs:
        found.setdefault((run.subject.diagram.name, len(run.units)), []).append(run)
    names = [name for name, _ in found]
    return [
        _Group(say("{network}, {units} units", network=name, units=units) if names.count(name) > 1 else
               say_many("{network}", "{network}, {count} runs", len(some), network=name), some)
        for (name, units), some in found.items()
    ]  # fmt: skip


def _guides(groups: Sequence[_Group]) -> list[GuideLine]:
    count: dict[int, int] = {}
    for _, labels in groups[0].runs[0].batches:
        for label in labels.tolist():
            count[label] = count.get(label, 0) + 1
    chance = max(count.values(), default=0) / max(1, sum(count.values()))
    whole = [GuideLine(render(say("whole")) if not groups[1:] else render(group.name), group.whole) for group in groups]
    return [*whole, GuideLine(render(say("chance")), chance)]


def _run_name(run: Lesions) -> str:
    return run.subject.diagram.name if run.subject.run is None else run.subject.run.name


def _readings(found: Sequence[Reading]) -> list[dict[str, Any]]:
    return [{"units": list(each.units), "tau": each.tau, **_measured(each.measure)} for each in found]


def _measured(measure: Measure) -> dict[str, Any]:
    return {"accuracy": measure.accuracy, "loss": measure.loss, "images": measure.images}


def _sentence(parts: Sequence[Text]) -> Text:
    """Clauses as one sentence."""
    whole = parts[0] if parts else say("nothing was measured")
    for part in parts[1:]:
        whole = say("{one}; {other}", one=whole, other=part)
    return say("{clause}.", clause=whole)
