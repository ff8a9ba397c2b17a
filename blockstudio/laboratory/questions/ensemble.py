"""Is it an ensemble? Lengths of paths, gradients along them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

from blockstudio.analysis.path_lengths import branch_lengths, path_lengths
from blockstudio.analysis.trunk import Trunk
from blockstudio.errors import StudioError
from blockstudio.laboratory.gradients import PathGradients, contributions
from blockstudio.laboratory.questions.answer import Answer, Progress
from blockstudio.laboratory.subject import Subject
from blockstudio.report.chart import Chart, Curve
from blockstudio.report.table import Table
from blockstudio.text import render, say, say_many


def paths(trunk: Trunk) -> Answer:
    """How many paths there are of each length. Needs no training."""
    branches, layers = branch_lengths(trunk), path_lengths(trunk)
    if branches.total == 1 and layers.total == 1:
        (depth,) = layers.counts
        sentence = say_many(
            "There is one path, {count} layer deep: without sums and branches there is no other.",
            "There is one path, {count} layers deep: without sums and branches there is no other.", depth,
        )  # fmt: skip
    elif not trunk.residual_units:
        sentence = say(
            "{total} paths through {layers} layers on average; there is no sum with a shortcut.",
            total=_large(layers.total), layers=f"{layers.mean:.1f}",
        )  # fmt: skip
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
        "From the path through no branch to the one through all ({count}), the gradient at the input changes by a "
        "factor of {factor}; what arrives comes most from paths of length {peak} (branches gone through), nine tenths "
        "from lengths up to {effective}.",
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


def _large(count: int) -> str:
    """Exact up to fifteen digits, beyond that in powers of ten."""
    if count < 10**15:
        return f"{count:,}"
    digits = len(str(count)) - 1
    return f"{count / 10**digits:.2f}e{digits}" if digits < 300 else f"1e{digits}"
