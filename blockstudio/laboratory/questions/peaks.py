"""Does it look at the object? Peaks of class maps against the boxes of the objects."""

from __future__ import annotations

from collections.abc import Callable

from blockstudio.laboratory.looking import peaks_inside
from blockstudio.laboratory.questions.answer import Answer, Progress
from blockstudio.laboratory.subject import Part, Subject
from blockstudio.report.chart import Chart, Curve
from blockstudio.report.table import Table
from blockstudio.text import render, say


def peaks(
    subject: Subject, part: Part = "test", images: int | None = None, progress: Progress = lambda done, of: None,
    go_on: Callable[[], bool] = lambda: True,
) -> Answer:  # fmt: skip
    """In how many right predictions the peak of the class's map lies in the object; see
    `blockstudio.laboratory.looking.peaks_inside`.

    Raises:
        StudioError: ``lab.boxes``, ``lab.cam``; ``data.*``.
    """
    found = peaks_inside(subject, images, part, progress, go_on)
    share = found.inside / max(1, found.right)
    rows = [
        [render(say("images")), str(found.images)], [render(say("right")), str(found.right)],
        [render(say("peak in the object")), str(found.inside)],
    ]  # fmt: skip
    sentence = say("The map's peak lies inside the object in {inside} of {right} right predictions ({share}).",
                   inside=found.inside, right=found.right, share=f"{share:.1%}")  # fmt: skip
    bars = [(0.0, found.right / max(1, found.images)), (1.0, share)]
    chart = Chart(render(say("Where the class map has its peak")), "", render(say("share")),
                  [Curve("", bars, joined=False)], labels=[render(say("right")), render(say("peak in the object"))],
                  percent=True)  # fmt: skip
    data = {"images": found.images, "right": found.right, "inside": found.inside, "share": share}
    return Answer("peaks", data, Table(["", render(say("count"))], rows, "lr"), chart, sentence)
