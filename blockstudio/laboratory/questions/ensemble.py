"""Is it an ensemble? Lesions, swaps, lengths of paths, gradients along them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import accumulate
from statistics import fmean, stdev
from typing import Any

from blockstudio.analysis.trunk import Trunk
from blockstudio.errors import StudioError
from blockstudio.laboratory.gradients import PathGradients, contributions
from blockstudio.laboratory.lesion import Lesions, Reading
from blockstudio.laboratory.paths import branch_lengths, path_lengths
from blockstudio.laboratory.questions.answer import Answer, Progress
from blockstudio.laboratory.subject import Subject
from blockstudio.report.chart import Chart, Curve, Level
from blockstudio.report.table import Table
from blockstudio.text import Text, render, say


def lesion(lesions: Lesions, progress: Progress = lambda done, of: None) -> Answer:
    """Test accuracy with each unit taken away, one at a time.

    Args:
        lesions: Of the network.
        progress: Called after each.

    Raises:
        StudioError: ``lab.lesion`` if nothing can be taken away.
    """
    units, whole = lesions.candidates(), lesions.whole()
    readings: list[Reading] = []
    for reading in lesions.each():
        readings.append(reading)
        progress(len(readings), len(units))
    rows = [
        [reading.units[0], f"{reading.measure.accuracy:.2%}",
         f"{100 * (reading.measure.accuracy - whole.accuracy):+.2f}", f"{reading.measure.loss:.4f}"]
        for reading in readings
    ]  # fmt: skip
    worst = min(readings, key=lambda reading: reading.measure.accuracy)
    losses = sorted(whole.accuracy - reading.measure.accuracy for reading in readings)
    middle = losses[len(losses) // 2]
    sentence = say(
        "Whole, {whole}; with one of {count} units taken away, {median} points less in the median, and {worst} without "
        "{name}.",
        whole=f"{whole.accuracy:.1%}",
        count=len(readings),
        median=f"{100 * middle:.1f}",
        worst=f"{worst.measure.accuracy:.1%}",
        name=worst.units[0],
    )
    refused = {unit.name: str(unit.refusal) for unit in lesions.units if unit.refusal is not None}
    chart = Chart(
        render(say("Test accuracy without one unit")), "", render(say("accuracy")),
        [Curve("", [(index, reading.measure.accuracy) for index, reading in enumerate(readings)], joined=False)],
        _levels(lesions, whole.accuracy), [reading.units[0] for reading in readings], percent=True,
    )  # fmt: skip
    heads = [say("unit"), say("accuracy"), say("difference"), say("loss")]
    without = {reading.units[0]: _measured(reading.measure) for reading in readings}
    data = {"whole": _measured(whole), "without": without, "refused": refused}
    return Answer("lesion", data, Table([render(head) for head in heads], rows, "lrrr"), chart, sentence)


def several(
    lesions: Lesions, counts: Sequence[int], draws: int, seed: int, progress: Progress = lambda done, of: None
) -> Answer:
    """Test accuracy with k units taken away at random, for several k.

    Args:
        lesions: Of the network.
        counts: Each k.
        draws: Sets of units drawn for each.
        seed: Of the draws.
        progress: Called after each k.
    """
    whole = lesions.whole()
    found: list[tuple[int, list[Reading]]] = []
    for count in counts:
        found.append((count, lesions.several(count, draws, seed)))
        progress(len(found), len(counts))
    return _drawn("several", say("Test accuracy without k units"), say("units taken away"), lesions, whole.accuracy,
                  [(float(count), readings) for count, readings in found], seed)  # fmt: skip


def swap(
    lesions: Lesions, counts: Sequence[int], draws: int, seed: int, progress: Progress = lambda done, of: None
) -> Answer:
    """Test accuracy with k pairs of units in each other's place, over how much of the order is left.

    Args:
        lesions: Of the network.
        counts: Pairs at a time.
        draws: Orders drawn for each.
        seed: Of the draws.
        progress: Called after each k.
    """
    whole = lesions.whole()
    readings: list[Reading] = []
    for done, count in enumerate(counts, 1):
        readings += lesions.swapped(count, draws, seed)
        progress(done, len(counts))
    by_tau: dict[float, list[Reading]] = {}
    for reading in readings:
        by_tau.setdefault(round(reading.tau or 0.0, 2), []).append(reading)
    title = say("Test accuracy with units in each other's place")
    return _drawn("swap", title, say("Kendall's τ of the order"), lesions, whole.accuracy,
                  sorted(by_tau.items()), seed)  # fmt: skip


def paths(trunk: Trunk) -> Answer:
    """How many paths there are of each length. Needs no training."""
    branches, layers = branch_lengths(trunk), path_lengths(trunk)
    if branches.total == 1 and layers.total == 1:
        (depth,) = layers.counts
        sentence = say(
            "There is one path, {depth} layers deep: without sums and branches there is no other.", depth=depth
        )
    else:
        sentence = say(
            "{total} paths; they go through {mean} branches of {units} and {layers} layers on average.",
            total=_large(layers.total),
            mean=f"{branches.mean:.1f}",
            units=len(trunk.residual_units),
            layers=f"{layers.mean:.1f}",
        )
    chosen = branches if trunk.residual_units else layers
    what = say("branches gone through") if trunk.residual_units else say("layers with weights")
    rows = [[str(length), _large(count), f"{chosen.share(length):.4%}"] for length, count in chosen.counts.items()]
    chart = Chart(
        render(say("How long the paths are")), render(what), render(say("share of the paths")),
        [Curve("", [(length, chosen.share(length)) for length in chosen.counts])],
    )  # fmt: skip
    data = {
        "total": str(layers.total),
        "branches": {str(length): str(count) for length, count in branches.counts.items()},
        "layers": {str(length): str(count) for length, count in layers.counts.items()},
    }
    heads = [render(what), render(say("paths")), render(say("share"))]
    return Answer("paths", data, Table(heads, rows, "rrr"), chart, sentence)


def gradients(
    subject: Subject,
    batches: Sequence[tuple[Any, Any]],
    draws: int,
    seed: int,
    progress: Progress = lambda done, of: None,
    go_on: Callable[[], bool] = lambda: True,
) -> Answer:
    """What gradient arrives at the input along paths of each length, and what all paths of a length bring together.

    Args:
        subject: A network with residual units.
        batches: The first is used.
        draws: Paths drawn for each length.
        seed: Of the draws.
        progress: Called after each length.
        go_on: Asked before each draw.

    Raises:
        StudioError: ``lab.paths`` for a network without residual units, ``lab.data`` without images.
    """
    if not batches:
        raise StudioError("lab.data", say("there are no images."), where=subject.diagram.name)
    asked = PathGradients(subject, *batches[0], go_on)
    count = len(asked.residual)
    strengths = []
    for length in range(count + 1):
        strengths += asked.by_length([length], draws, seed)
        progress(length + 1, count + 1)
    lengths = branch_lengths(subject.trunk)
    brought = contributions(strengths, [lengths.share(length) for length in range(count + 1)])
    peak = max(range(count + 1), key=brought.__getitem__)
    # The fewest paths, shortest first, that bring nine tenths.
    effective = next(length for length, total in enumerate(accumulate(brought)) if total >= 0.9 or length == count)
    fall = strengths[0].mean_log - strengths[-1].mean_log
    sentence = say(
        "From no branch to all {count}, the gradient at the input changes by a factor of {factor}; what arrives comes "
        "most from paths through {peak} branches, nine tenths from paths through at most {effective}.",
        count=count,
        factor=f"{math.exp(-fall):.2g}" if fall < 700 else "0",
        peak=peak,
        effective=effective,
    )
    rows = [
        [str(strength.length), f"{strength.mean_log / math.log(10):.2f}", f"{lengths.share(strength.length):.4%}",
         f"{part:.2%}"]
        for strength, part in zip(strengths, brought, strict=True)
    ]  # fmt: skip
    chart = Chart(
        render(say("Gradient at the input by length of path")), render(say("branches gone through")),
        render(say("log₁₀ of its norm")),
        [Curve("", [(strength.length, strength.mean_log / math.log(10)) for strength in strengths],
               dots=[(strength.length, log / math.log(10)) for strength in strengths for log in strength.log_norms])],
    )  # fmt: skip
    data = {
        "lengths": [strength.length for strength in strengths],
        "log10_norms": [[value / math.log(10) for value in strength.log_norms] for strength in strengths],
        "paths": [lengths.share(strength.length) for strength in strengths],
        "contribution": brought,
        "seed": seed,
    }
    heads = [say("branches"), say("log₁₀ of the gradient"), say("paths"), say("contribution")]
    return Answer("gradients", data, Table([render(head) for head in heads], rows, "rrrr"), chart, sentence)


def _drawn(
    question: str, title: Text, across: Text, lesions: Lesions, whole: float,
    found: Sequence[tuple[float, list[Reading]]], seed: int,
) -> Answer:  # fmt: skip
    rows, points, spreads, dots = [], [], list[float | None](), list[tuple[float, float]]()
    for place, readings in found:
        values = [reading.measure.accuracy for reading in readings]
        mean = fmean(values)
        spread = stdev(values) if values[1:] else None
        rows.append([f"{place:g}", str(len(values)), f"{mean:.2%}", "" if spread is None else f"{spread:.2%}"])
        points.append((place, mean))
        spreads.append(spread)
        dots += [(place, value) for value in values]
    curve = Curve("", points, spreads, dots=dots)
    chart = Chart(
        render(title), render(across), render(say("accuracy")), [curve], _levels(lesions, whole), percent=True
    )
    data = {
        "whole": whole,
        "seed": seed,
        "readings": [
            {"units": list(reading.units), "tau": reading.tau, **_measured(reading.measure)}
            for _, readings in found for reading in readings
        ],
    }  # fmt: skip
    heads = [render(across), render(say("draws")), render(say("accuracy")), render(say("deviation"))]
    first, last = points[0], points[-1]
    sentence = say(
        "Whole, {whole}; {first} at {a} and {last} at {b}.",
        whole=f"{whole:.1%}", first=f"{first[1]:.1%}", a=f"{first[0]:g}", last=f"{last[1]:.1%}", b=f"{last[0]:g}",
    )  # fmt: skip
    return Answer(question, data, Table(heads, rows, "rrrr"), chart, sentence)


def _levels(lesions: Lesions, whole: float) -> list[Level]:
    count: dict[int, int] = {}
    for _, labels in lesions.batches:
        for label in labels.tolist():
            count[label] = count.get(label, 0) + 1
    chance = max(count.values(), default=0) / max(1, sum(count.values()))
    return [Level(render(say("whole")), whole), Level(render(say("chance")), chance)]


def _measured(measure: Any) -> dict[str, Any]:
    return {"accuracy": measure.accuracy, "loss": measure.loss, "images": measure.images}


def _large(count: int) -> str:
    """Exact up to fifteen digits, beyond that in powers of ten."""
    if count < 10**15:
        return f"{count:,}"
    digits = len(str(count)) - 1
    return f"{count / 10**digits:.2f}e{digits}" if digits < 300 else f"1e{digits}"
