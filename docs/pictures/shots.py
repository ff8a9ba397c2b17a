"""Pictures of the real window for the documentation: runs, what differs, results, blocks while they learn, data.

    QT_QPA_PLATFORM=offscreen python docs/pictures/shots.py [NAME...] [--to FOLDER] [--with FOLDER]

The runs in them are trained first, for some minutes, into the folder that ``--with`` names; those that are there
already are taken. Pictures are of at most 200 kB.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

import blockstudio as bs
from blockstudio.cli import main as command
from blockstudio.experiments import experiment_path
from blockstudio.gui.app.application import application
from blockstudio.gui.shell.window import StudioWindow
from blockstudio.gui.work import settings
from blockstudio.runs import Recipe, Run, create_run, with_fields
from blockstudio.runs.label import Label, write_label
from blockstudio.text import ENGLISH, use_language
from blockstudio.training import train_run
from blockstudio.training.data.fashion_sample import load_fashion_sample

SIZE, MOST = (1600, 1000), 200_000
HERE = Path(__file__).parent
CLOTHES: dict[str, Any] = {
    "data.source": "fashion_sample", "batch_size": 64, "steps": 150, "optimizer.name": "sgd", "augmentation.flip": True,
    "report_steps": 1, "threads": 1,
    "schedule.name": "constant", "schedule.warmup": 0.0,
}  # fmt: skip
SMALL: dict[str, tuple[dict[str, Any], dict[str, Any], Label]] = {
    "small-20261127-013001": ({"bn": True}, {"optimizer.lr": 0.3}, Label(tags=("batchnorm",))),
    "small-20261127-013114": ({"bn": True}, {"optimizer.lr": 0.1}, Label(tags=("batchnorm", "keep"), note="to beat")),
    "small-20261127-013338": ({"bn": False}, {"optimizer.lr": 0.1}, Label(tags=("plain",))),
    "small-20261127-013558": ({"bn": True}, {"optimizer.lr": 0.1, "schedule.name": "cosine", "steps": 240}, Label()),
}  # fmt: skip
DEEP = "resnet-34-20261127-021400"
WIDER = """{
 "version": 1,
 "question": "Are more channels better, and does a high rate hurt?",
 "networks": [{"network": "cifar_resnet", "name": "ResNet-8", "parameters": {"n": 1}}],
 "recipe": {
  "data": {"source": "digits", "input_size": 16}, "steps": 300, "batch_size": 64, "report_steps": 10,
  "optimizer": {"name": "sgd", "lr": 0.1}, "schedule": {"name": "constant", "warmup": 0.0}
 },
 "grid": {"diagram.width": [2, 4, 8], "optimizer.lr": [0.01, 0.1]}, "compare": "diagram.width",
 "seeds": [0, 1, 2],
 "measure": {"curve": "accuracy", "take": "steps_to", "target": 0.8}
}
"""


def train(folder: Path) -> None:
    """The runs that the pictures show; what is there already, whole or in part, is taken."""
    for name, (parameters, fields, label) in SMALL.items():
        diagram = bs.load("cifar_resnet", n=1, num_classes=10, in_channels=1, size=28, **parameters)
        trained(folder / name, diagram, {**CLOTHES, **fields})
        write_label(folder / name, label)
    fields = {**CLOTHES, "steps": 60, "batch_size": 16, "watch.blocks": True, "watch.steps": 4, "data.input_size": 32,
              "optimizer.lr": 0.05}  # fmt: skip
    trained(folder / DEEP, bs.load("resnet34", width=16), fields)


def trained(directory: Path, diagram: bs.Diagram, fields: dict[str, Any]) -> None:
    """Train a run to its end, from its last checkpoint if it was begun."""
    fields = {**fields, "checkpoints.steps": 20}
    run = Run(directory) if directory.exists() else create_run(diagram, with_fields(Recipe(), fields), directory)
    if run.results() is None:
        train_run(run)


class Studio:
    """The window, and what makes it ready for a picture."""

    def __init__(self, app: QApplication, window: StudioWindow, runs: Path) -> None:
        self.app, self.window, self.runs = app, window, runs

    def settle(self, seconds: float = 0.5) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.app.processEvents()

    def until(self, ready: Callable[[], object], seconds: float = 120) -> None:
        end = time.monotonic() + seconds
        while not ready() and time.monotonic() < end:
            self.app.processEvents()
        self.settle()


def runs(studio: Studio) -> None:
    """The table, three runs marked, their curves and what differs."""
    window = studio.window
    window.documents.open_now("cifar_resnet", {"n": 1})
    window.desk.show_screen("runs")
    page = window.features.runs.page
    studio.until(lambda: page.store.complete)
    rows = {row.run.name: row for row in page.store.rows}
    for name in ("small-20261127-013338", "small-20261127-013114", "small-20261127-013001"):
        page.mark(rows[name])
    studio.until(lambda: page.difference.found is not None)
    page.filter.setText("small")
    page.curves.first.chart._point(100.0)
    studio.settle()


def results(studio: Studio) -> None:
    """The confusion matrix with a cell's pictures, classes, worst mistakes, and a picture from outside."""
    window = studio.window
    window.documents.open_now("cifar_resnet", {"n": 1})
    window.commands.run("results.show", studio.runs / "small-20261127-013558")
    page = window.features.results.page
    studio.settle(1)
    images, _ = clothes(studio.runs.parent / "coat", each=1)
    page.trying.try_file(images[4])
    studio.until(lambda: page.trying.bars.answers)


def watch(studio: Studio) -> None:
    """Update / weight on the cards, down the network, and of one block."""
    window = studio.window
    window.documents.open_now("resnet34", {"width": 16})
    training = window.features.training
    training.trainer.attach(Run(studio.runs / DEEP))
    studio.until(lambda: training.trainer.data.complete)
    window.desk.show_page("run")
    window.session.heat = "watch.ratio"
    studio.until(lambda: not window.features.canvas.busy)
    window.desk.show_block("layer3")
    training.panel.curves.first.chart._point(40.0)
    studio.settle(1)


def data(studio: Studio) -> None:
    """Ten classes of clothes as ResNet-34 will see them, with files that are broken, doubled or no images."""
    window, home = studio.window, Path.home()
    folder = home / "data" / "wardrobe"
    clothes(folder, each=220, flawed=True)
    window.documents.open_now("resnet34", None)
    window.features.training.trainer.set_fields(
        {"data.source": str(folder), "data.input_size": 32, "augmentation.pad_crop": 4, "augmentation.flip": True}
    )
    window.desk.show_screen("data")
    page = window.features.data.page
    studio.until(lambda: (found := page.control.known.checked) and found["done"] == found["total"], 300)
    studio.settle(2)


def clothes(folder: Path, each: int, flawed: bool = False) -> tuple[list[Path], Path]:
    """Photos of clothes as files, in a folder a class, some of them spoilt; the first of each class, and the folder."""
    sample = load_fashion_sample()
    images, labels = sample.train.images.numpy()[:, 0], sample.train.labels.numpy()
    firsts: list[Path] = []
    for label, name in enumerate(sample.classes):
        inner = folder / name.replace("/", " ")
        inner.mkdir(parents=True, exist_ok=True)
        found = np.flatnonzero(labels == label)
        wanted = each - 160 * (name == "bag") - 13 * (label % 4)
        for number, place in enumerate(found[: max(1, wanted)]):
            file = inner / f"{number:05d}.png"
            Image.fromarray(images[place]).save(file)
            firsts += [file] if number == 0 else []
    if flawed:
        whole = (folder / "sandal" / "00003.png").read_bytes()
        (folder / "sandal" / "00399.png").write_bytes(whole[: len(whole) // 2])
        (folder / "coat" / "IMG_2231.png").write_text("not found")
        (folder / "dress" / "00417.png").write_bytes(b"")
        (folder / "bag" / "Thumbs.db").write_bytes(b"\0" * 64)
        (folder / "shirt" / "00713.png").write_bytes((folder / "coat" / "00002.png").read_bytes())
    return firsts, folder


def lesson(studio: Studio) -> None:
    """A step of a lesson: one answer right at the second try, one wrong."""
    control, panel = open_lesson(studio, "01_convolution", 2)
    for id, texts in (("share", ("23.9", "76.1")), ("field", ("7",))):
        for text in texts:
            panel.forms[id].inputs[""].setText(text)
            panel.forms[id].check()
    control.show_me()
    studio.settle(1)


def lesson_curve(studio: Studio) -> None:
    """A step with the sizes of the representation below."""
    _, panel = open_lesson(studio, "05_do_not_squeeze", 0)
    panel.forms["largest"].inputs[""].setText("802,816")
    panel.forms["largest"].check()
    studio.settle(1)


def open_lesson(studio: Studio, name: str, step: int) -> tuple[Any, Any]:
    """Go to a step, counted from 0."""
    studio.window.commands.run("lesson.open", name)
    lessons = studio.window.features.lessons
    lessons.control.turn_to(step)
    studio.until(lambda: not studio.window.canvas.busy)
    return lessons.control, lessons.panel


def compare(studio: Studio) -> None:
    """Six networks side by side."""
    window = studio.window
    window.documents.open_now("resnet50")
    window.commands.run("view.compare")
    page = window.features.compare.page
    for name in ("resnet101", "alexnet", "vgg16", "googlenet", "inception_v3"):
        QTest.keyClicks(page.add_line, name)
        QTest.keyClick(page.add_line, Qt.Key.Key_Return)
        studio.until(lambda: page.add_line.text() == "")
    studio.until(lambda: not page.comparison.busy)
    studio.settle(1)


def network(studio: Studio) -> None:
    """GoogLeNet with a module selected, in the dark colours."""
    window = studio.window
    window.documents.open_now("googlenet")
    studio.until(lambda: not window.canvas.busy)
    window.session.select(["inception_3a"])
    studio.settle(1)


def browser(studio: Studio) -> None:
    """The family tree, with one network chosen."""
    window = studio.window
    window.commands.run("file.presets")
    page = window.desk.screen_widget(window.desk.screen)
    studio.until(lambda: not page.is_busy)
    page.show_preset("resnet34")
    studio.settle(3)


def heat(studio: Studio) -> None:
    """GoogLeNet painted by MACs, with its table and the costs as areas."""
    window = studio.window
    window.documents.open_now("googlenet")
    window.session.heat = "macs"
    window.commands.run("view.table")
    studio.until(lambda: not window.canvas.busy)
    window.canvas.fit()
    window.session.select(["inception_4e"])
    studio.settle(1)


def experiment(studio: Studio) -> None:
    """Eighteen trials: three widths, two rates, three seeds."""
    folder = studio.runs.parent / "experiments"
    folder.mkdir(exist_ok=True)
    file = folder / "wider.experiment.json"
    file.write_text(WIDER, encoding="utf-8")
    finished(studio, file)


def course(studio: Studio) -> None:
    """One of the course's, with a prediction made."""
    finished(studio, experiment_path("mlpconv"))
    studio.window.commands.run("experiment.predict", 1)
    studio.settle(1)


def finished(studio: Studio, file: Path) -> None:
    """An experiment in view, its trials trained."""
    os.environ["BLOCKSTUDIO_RUNS"] = str(studio.runs)
    if command(["experiment", "run", str(file)]) != 0:
        raise RuntimeError(f"{file.name} did not end")
    studio.window.documents.open_now("cifar_resnet", {"n": 1})
    studio.window.commands.run("experiment.open", file)
    studio.settle(3)


SHOTS: dict[str, tuple[Callable[[Studio], None], bool]] = {
    "runs": (runs, False), "results": (results, True), "watch": (watch, False), "data": (data, False),
    "compare": (compare, False), "lesson": (lesson, False), "lesson-zh": (lesson_curve, False),
    "studio-dark": (network, True), "browser": (browser, False), "heat": (heat, False),
    "experiment": (experiment, False), "experiment-course": (course, False),
}  # fmt: skip
"""What makes a picture, and whether it is in the dark colours; those in Chinese end in ``-zh``."""
WITHOUT_RUNS = {
    "compare",
    "data",
    "lesson",
    "lesson-zh",
    "studio-dark",
    "browser",
    "heat",
    "experiment",
    "experiment-course",
}


def take(name: str, runs: Path, to: Path) -> Path:
    """One picture."""
    shot, dark = SHOTS[name]
    app = application(dark=dark)
    use_language("zh-CN" if name.endswith("-zh") else ENGLISH)
    with tempfile.TemporaryDirectory() as own:
        settings.use_folder(Path(own))
        window = StudioWindow(runs, remember=False)
        window.colours.chosen = "dark" if dark else "light"
        window.resize(*SIZE)
        QCursor.setPos(*SIZE)
        window.show()
        studio = Studio(app, window, runs)
        try:
            studio.settle()
            shot(studio)
            QTest.mouseMove(window, QPoint(SIZE[0] - 2, SIZE[1] - 2))
            studio.settle(0.3)
            file = to / f"{name}.png"
            window.grab().save(str(file))
        finally:
            window.stop()
            window.hide()
            QWidget.deleteLater(window)
            app.processEvents()
            settings.use_folder(None)
    # The colours of a window are few: a palette looks the same.
    Image.open(file).convert("RGB").quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
        file, optimize=True
    )
    assert file.stat().st_size <= MOST, (file, file.stat().st_size)
    return file


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SHOTS))
    parser.add_argument("--to", type=Path, default=HERE)
    parser.add_argument("--with", type=Path, dest="home", help="a home with the runs; it is made and kept")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        home = (given.home or Path(passing)).resolve()
        # Paths in the pictures begin with ~.
        os.environ["HOME"] = os.environ["USERPROFILE"] = str(home)
        folder = home / "BlockStudio" / "runs"
        if set(given.names or SHOTS) - WITHOUT_RUNS:
            train(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name in given.names or SHOTS:
            print(take(name, folder, given.to))


if __name__ == "__main__":
    main()
