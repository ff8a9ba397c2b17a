"""Fashion-MNIST with a network to try now: the log and the picture of the documentation.

    QT_QPA_PLATFORM=offscreen python docs/pictures/fashion.py [RUN]

Trains ResNet-8 with the recipe ``fashion_mnist`` in a process of its own (Debian and Ubuntu: ``apt-get install
dataset-fashion-mnist``), or takes a RUN that has been trained so. Writes ``fashion-mnist.jsonl``, the run's log with
some of its steps left out, and ``fashion-mnist.png``, the page of the run in the window, beside this file. Ends with 1
where less than 91 % of the test images are told rightly or five minutes were not enough.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import blockstudio as bs
from blockstudio.runs import Recipe, Run, create_run, start_run
from blockstudio.runs.recipes import find, put_over

HERE = Path(__file__).parent
SIZE, SHOWN, LEAST, LONGEST = (1280, 800), 900, 0.91, 300.0
STEPS = 60
"""Steps of the log that are kept."""


def trained(folder: Path) -> Run:
    recipe = put_over(Recipe(), find("fashion_mnist").load())
    run = create_run(bs.load("cifar_resnet", n=1), recipe, folder / "fashion-mnist")
    start_run(run).wait()
    return run


def log_of(run: Run) -> list[str]:
    """Its events, one a line, of the steps about `STEPS`."""
    events, offset = [], 0
    while True:
        some, offset = run.events(offset)
        if not some:
            break
        events += some
    steps = sum(event["type"] == "step" for event in events)
    kept, seen = [], 0
    for event in events:
        if event["type"] == "step":
            seen += 1
            if seen % max(1, steps // STEPS):
                continue
        kept.append(json.dumps(event, ensure_ascii=False))
    return kept


def picture(run: Run, target: Path) -> None:
    """The window with the run in view."""
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QApplication

    from blockstudio.gui.app.application import application
    from blockstudio.gui.shell.window import StudioWindow
    from blockstudio.gui.work import settings

    settings.use_folder(Path(tempfile.mkdtemp()))
    application(dark=False)
    window = StudioWindow(run.directory.parent, remember=False)
    window.resize(*SIZE)
    window.documents.open_now("cifar_resnet", {"n": 1})
    window.show()
    training = window.features.training
    training.trainer.attach(run)
    window.desk.show_page("run")
    end = time.monotonic() + 30
    while time.monotonic() < end and not (training.trainer.data.complete and training.panel.curves is not None):
        QApplication.processEvents()
    end = time.monotonic() + 1
    while time.monotonic() < end:
        QApplication.processEvents()
    shot = window.grab().toImage().scaledToWidth(SHOWN, Qt.TransformationMode.SmoothTransformation)
    shot.save(str(target))
    window.stop()


def main() -> int:
    with tempfile.TemporaryDirectory() as home:
        # A home of its own, so that the picture tells no folder of this machine.
        os.environ["HOME"] = os.environ["USERPROFILE"] = home
        run = Run(Path(sys.argv[1])) if len(sys.argv) > 1 else trained(Path(home) / "BlockStudio" / "runs")
        result = run.results()
        if result is None:
            print(run.state().message)
            return 1
        (HERE / "fashion-mnist.jsonl").write_text("\n".join(log_of(run)) + "\n", encoding="utf-8")
        picture(run, HERE / "fashion-mnist.png")
    accuracy, seconds = result["test_accuracy"], result["seconds"]
    print(f"test accuracy {100 * accuracy:.2f} % after {seconds:.0f} s, {os.cpu_count()} cores")
    return 0 if accuracy >= LEAST and seconds <= LONGEST else 1


if __name__ == "__main__":
    sys.exit(main())
