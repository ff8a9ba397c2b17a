"""What does it begin with? Signal and gradient in the first step."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.laboratory.beginning import Beginning, beginning
from blockstudio.laboratory.questions.answer import Answer, Progress
from blockstudio.report.chart import Chart, Curve
from blockstudio.report.table import Table
from blockstudio.runs.recipe import Recipe
from blockstudio.text import Text, join, render, say


def start(
    diagram: Diagram, recipe: Recipe, initials: Sequence[str] = (), seeds: Sequence[int] = (0, 1, 2),
    batch_size: int | None = None, progress: Progress = lambda done, of: None, go_on: Callable[[], bool] = lambda: True,
) -> Answer:  # fmt: skip
    """Gradient, weights and signal of every block in the first step; see `blockstudio.laboratory.beginning`.

    Args:
        diagram: Fitted to the data.
        recipe: Of a run.
        initials: Initialisations, one a curve; the recipe's own without.
        seeds: The weights are drawn with each.
        batch_size: Images in the batch.
        progress: Called after each seed.
        go_on: Asked before each seed.

    Raises:
        StudioError: ``lab.weights`` for a network without weights; ``data.*``.
    """
    found = beginning(diagram, recipe, initials, seeds, batch_size, progress, go_on)
    if not found[0].blocks:
        raise StudioError("lab.weights", say("has no weights, so there is no gradient of any."), where=diagram.name)
    rows = [
        [each.initial, block.path, f"{block.gradient:.3g}", f"{block.weight:.3g}", f"{block.deviation:.3g}"]
        for each in found for block in each.blocks
    ]  # fmt: skip
    curves = [
        Curve(each.initial, [(place, block.gradient) for place, block in enumerate(each.blocks)],
              dots=[(place, value) for place, block in enumerate(each.blocks) for value in block.gradients])
        for each in found
    ]  # fmt: skip
    labels = [block.path for block in found[0].blocks]
    chart = Chart(render(say("Gradient of the weights in the first step")), "", render(say("norm")), curves,
                  labels=labels, log_y=True)  # fmt: skip
    data = {
        "seeds": list(seeds),
        "initials": {
            each.initial: {
                "loss": each.loss, "even": each.even,
                "blocks": {
                    block.path: {"gradient": block.gradient, "weight": block.weight, "deviation": block.deviation,
                                 "gradients": list(block.gradients)}
                    for block in each.blocks
                },
            }
            for each in found
        },
    }  # fmt: skip
    heads = [say("initial values"), say("block"), say("gradient"), say("weights"), say("deviation of the output")]
    return Answer("start", data, Table([render(head) for head in heads], rows, "llrrr"), chart,
                  join([_said(each) for each in found]))  # fmt: skip


def _said(found: Beginning) -> Text:
    first = found.blocks[0]
    last = next((block for block in reversed(found.blocks) if not block.aside), first)
    if not first.gradient or not last.gradient:
        return say("{initial}: loss {loss}; no gradient arrives at {block}.", initial=found.initial,
                   loss=f"{found.loss:.3f}", block=(last if first.gradient else first).path)  # fmt: skip
    if first is last:
        return say(
            "{initial}: loss {loss}, even guesses have {even}; {block} alone has weights.",
            initial=found.initial, loss=f"{found.loss:.3f}", even=f"{found.even:.3f}", block=first.path,
        )  # fmt: skip
    factor = first.gradient / last.gradient
    return say(
        "{initial}: loss {loss}, even guesses have {even}; the gradient of {first} is {factor} × that of {last}.",
        initial=found.initial, loss=f"{found.loss:.3f}", even=f"{found.even:.3f}", first=first.path, last=last.path,
        factor=f"{factor:.3g}" if 1e-3 < factor < 1e3 else f"10^{math.log10(factor):.1f}",
    )  # fmt: skip
