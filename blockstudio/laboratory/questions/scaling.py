"""Must inputs be normalised, and does BatchNorm keep up while a network learns?"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch

from blockstudio.errors import StudioError
from blockstudio.laboratory.batchnorm import batch_statistics, norms
from blockstudio.laboratory.beginning import beginning
from blockstudio.laboratory.measure import measure
from blockstudio.laboratory.questions.answer import Answer, Progress
from blockstudio.laboratory.subject import Subject
from blockstudio.report.chart import Chart, Curve
from blockstudio.report.table import Table
from blockstudio.runs.recipe import with_fields
from blockstudio.runs.run import Run
from blockstudio.runs.watching import BlockHistory
from blockstudio.text import Text, render, say

WHITE = 255.0


def inputs(
    subject: Subject, images: int = 1000, progress: Progress = lambda done, of: None,
    go_on: Callable[[], bool] = lambda: True,
) -> Answer:  # fmt: skip
    """The same images as z-scores, from 0 to 1, and as they are stored, from 0 to 255: what the trained network makes
    of them, with the moving averages and with the batches' own statistics, and what an untrained one begins with.

    Args:
        subject: A network of maps, with a run.
        images: Of the test part.
        progress: Called after each scale.
        go_on: Asked before each batch.

    Raises:
        StudioError: ``lab.data``, ``lab.inputs`` for a network of flat vectors; ``data.*``.
    """
    if len(subject.input_shape) != 3:
        raise StudioError("lab.inputs", say("takes vectors, whose channels are not known."), where=subject.diagram.name)
    batches, network = subject.images("test", images), subject.tapped()
    mean, std = (torch.tensor(values).view(1, -1, 1, 1).to(subject.device)
                 for values in (subject.splits.mean, subject.splits.std))  # fmt: skip
    channels = len(subject.splits.mean)
    try:
        normalised = bool(norms(subject))
    except StudioError:
        normalised = False
    own = (tuple(subject.splits.mean), tuple(subject.splits.std))
    scales: tuple[tuple[str, Text, float | None, Any], ...] = (
        ("z-score", say("z-score, as trained"), None, own),
        ("min-max", say("min-max, 0 to 1"), 1.0, ((0.0,) * channels, (1.0,) * channels)),
        ("none", say("none, 0 to 255"), WHITE, ((0.0,) * channels, (1 / WHITE,) * channels)),
    )  # fmt: skip
    rows, data = list[list[str]](), dict[str, Any]()
    for done, (name, title, largest, (shift, spread)) in enumerate(scales, 1):
        scaled = [
            (some if largest is None else (some * std + mean) * largest, labels) for some, labels in batches
        ]  # fmt: skip
        every = torch.cat([some.flatten() for some, _ in scaled])
        shares = dict[str, float | None]()
        for statistics in ("running", "batch"):
            with torch.inference_mode(), batch_statistics(network) if statistics == "batch" else nullcontext():
                found = None if statistics == "batch" and not normalised else measure(network, scaled, go_on)
            shares[statistics] = None if found is None else found.accuracy
        recipe = with_fields(subject.recipe(), {"data.mean": shift, "data.std": spread})
        (begun,) = beginning(subject.diagram, recipe, seeds=[recipe.seed], go_on=go_on)
        first = begun.blocks[0]
        data[name] = {
            "mean": float(every.mean()), "deviation": float(every.std()), "accuracy": shares["running"],
            "accuracy_batch_statistics": shares["batch"], "first_loss": begun.loss, "block": first.path,
            "first_gradient": first.gradient,
        }  # fmt: skip
        rows.append([render(title), f"{float(every.mean()):.3g}", f"{float(every.std()):.3g}",
                     *("–" if share is None else f"{share:.2%}" for share in shares.values()), f"{begun.loss:.3f}",
                     f"{first.gradient:.3g}"])  # fmt: skip
        progress(done, len(scales))
    if normalised:
        told = say(
            "At 0 to 255 the moving averages leave {running}, the batches' own, which undo the scale, {none}. "
            "In a new network the first loss is {first} there, and {usual} with z-scores.",
            none=rows[2][4], running=rows[2][3], first=rows[2][5], usual=rows[0][5],
        )  # fmt: skip
    else:
        told = say(
            "Nothing in the network normalises: in a new one the first loss is {first} at 0 to 255, and {usual} with "
            "z-scores.",
            first=rows[2][5], usual=rows[0][5],
        )  # fmt: skip
    places = [render(title) for _, title, _, _ in scales]
    curves = [
        Curve(render(what), [(float(place), each[key]) for place, each in enumerate(data.values())
                             if each[key] is not None], joined=False)
        for key, what in (("accuracy", say("moving averages")), ("accuracy_batch_statistics", say("the batches' own")))
    ]  # fmt: skip
    chart = Chart(render(say("Test accuracy by the scale of the inputs")), "", render(say("accuracy")), curves,
                  labels=places, percent=True)  # fmt: skip
    heads = [say("inputs"), say("mean"), say("deviation"), say("moving averages"), say("the batches' own"),
             say("first loss"), say("first gradient")]  # fmt: skip
    return Answer("inputs", data, Table([render(head) for head in heads], rows, "lrrrrrr"), chart, told)


def drift(run: Run, block: str | None = None) -> Answer:
    """How far a batch's mean and deviation were from the moving averages, as steps went by: what the log of a run says
    whose blocks were measured, a running one too.

    Args:
        run: With ``watch.blocks``.
        block: Path of the normalisation; the first without.

    Raises:
        StudioError: ``lab.unwatched`` for a run whose blocks were not measured, ``lab.batchnorm``.
    """
    history = BlockHistory()
    history.take(run.events()[0])
    known = history.order("shift")
    if not known:
        raise StudioError(
            "lab.unwatched", say("has no measurements of normalisations in its log."), where=str(run.directory),
            hint=say("Train with watch.blocks, or switch Watch on."),
        )  # fmt: skip
    name = known[0] if block is None else block
    if name not in known:
        raise StudioError("lab.batchnorm", say("is no batch normalisation of this network."), where=name,
                          hint=say("There are: {names}.", names=", ".join(known)))  # fmt: skip
    steps, shift = history.curve("shift", name)
    _, scale = history.curve("scale", name)
    points = list(zip(steps.tolist(), shift.tolist(), scale.tolist(), strict=False))
    rows = [[f"{step:.0f}", f"{moved:.3f}", f"{grown:.3f}"] for step, moved, grown in points]
    chart = Chart(
        render(say("A batch against the moving averages: {block}", block=name)), render(say("steps")), "",
        [Curve(render(say("|difference of the means| in deviations")), [(step, moved) for step, moved, _ in points]),
         Curve(render(say("ratio of the deviations")), [(step, grown) for step, _, grown in points])],
    )  # fmt: skip
    first, last = points[0], points[-1]
    sentence = say(
        "{block}: at step {first} a batch's mean was {before} deviations from the moving one, at step {last} {after}; "
        "the deviations' ratio went from {grown} to {now}.",
        block=name, first=f"{first[0]:.0f}", before=f"{first[1]:.2f}", last=f"{last[0]:.0f}", after=f"{last[1]:.2f}",
        grown=f"{first[2]:.2f}", now=f"{last[2]:.2f}",
    )  # fmt: skip
    data = {"block": name, "blocks": known, "steps": steps.tolist(), "shift": shift.tolist(), "scale": scale.tolist()}
    heads = [say("step"), say("difference of the means"), say("ratio of the deviations")]
    return Answer("drift", data, Table([render(head) for head in heads], rows, "rrr"), chart, sentence)
