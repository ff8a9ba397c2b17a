"""What does it make of other settings? A run measured anew."""

from __future__ import annotations

from collections.abc import Callable

from blockstudio.laboratory.evaluation import Setting
from blockstudio.laboratory.evaluation import evaluate as measured
from blockstudio.laboratory.questions.answer import Answer, Progress
from blockstudio.laboratory.subject import Subject
from blockstudio.report.chart import Chart, Curve
from blockstudio.report.table import Table
from blockstudio.text import render, say, say_many
from blockstudio.training.losses import TOP


def evaluate(
    subject: Subject,
    setting: Setting | None = None,
    progress: Progress = lambda done, of: None,
    go_on: Callable[[], bool] = lambda: True,
) -> Answer:
    """A run measured anew, with how sure it is and whether it should be: see `blockstudio.laboratory.evaluation`.

    Raises:
        StudioError: ``lab.size``, ``lab.lesion``, ``lab.batchnorm``, ``lab.data``; ``data.*``.
    """
    setting = setting or Setting()
    found = measured(subject, setting, progress, go_on)
    rows = [[name, str(count), f"{accuracy:.1%}" if count else ""] for name, count, accuracy in found.by_class]
    measured_on = say_many("{count} image", "{count:,} images", found.images)
    values = {
        "images": measured_on, "accuracy": f"{found.accuracy:.2%}", "loss": f"{found.loss:.4f}",
        "confidence": f"{found.confidence:.1%}", "error": f"{found.calibration_error:.1%}",
    }  # fmt: skip
    sentence = (
        say("{images}: accuracy {accuracy}, one of the first five {top}, loss {loss}; it is sure to {confidence} on "
            "average, off by {error}.", top=f"{found.top:.2%}", **values)
        if len(found.by_class) > TOP else
        say("{images}: accuracy {accuracy}, loss {loss}; it is sure to {confidence} on average, off by {error}.",
            **values)
    )  # fmt: skip
    filled = [(confidence, accuracy) for count, confidence, accuracy in found.bins if count]
    chart = Chart(
        render(say("How sure, how right")), render(say("share of the chosen class")), render(say("accuracy")),
        [Curve(render(say("as it should be")), [(0.0, 0.0), (1.0, 1.0)]), Curve(render(say("as it is")), filled)],
        percent=True,
    )  # fmt: skip
    data = {
        "part": setting.part, "input_size": setting.input_size, "statistics": setting.statistics,
        "batch_size": setting.batch_size, "without": list(setting.without), "images": found.images,
        "accuracy": found.accuracy, "top5": found.top, "loss": found.loss, "confidence": found.confidence,
        "calibration_error": found.calibration_error, "bins": [list(each) for each in found.bins],
        "by_class": [{"class": name, "images": count, "accuracy": share} for name, count, share in found.by_class],
    }  # fmt: skip
    heads = [say("class"), say("images"), say("accuracy")]
    return Answer("evaluate", data, Table([render(head) for head in heads], rows, "lrr"), chart, sentence)
