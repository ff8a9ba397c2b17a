"""How soon the page of runs answers with 500 runs and a million points: milliseconds of each gesture, median and worst.

python benchmarks/runs.py
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np

from blockstudio.graph.format import dumps
from blockstudio.graph.presets import load_preset
from blockstudio.gui.app.application import application
from blockstudio.gui.work import settings
from blockstudio.runs.events import EventWriter
from blockstudio.runs.recipe import Recipe, dumps_recipe, with_fields
from blockstudio.runs.rows import read_rows
from blockstudio.runs.run import DIAGRAM, EVENTS, RECIPE

RUNS, POINTS = 500, 1_000_000


def make(folder: Path) -> None:
    """Runs whose logs have a million steps together, six long ones with half of them."""
    diagram = dumps(load_preset("cifar_resnet", n=3))
    draws = np.random.default_rng(0)
    for number in range(RUNS):
        steps = POINTS // 12 if number < 6 else POINTS // 2 // (RUNS - 6)
        directory = folder / f"net-{number:03d}"
        directory.mkdir(parents=True)
        recipe = with_fields(Recipe(), {"steps": steps, "batch_size": 16, "optimizer.lr": 0.1 * (1 + number % 5)})
        (directory / DIAGRAM).write_text(diagram)
        (directory / RECIPE).write_text(dumps_recipe(recipe))
        events = EventWriter(directory / EVENTS)
        events.write("started", step=0, steps=steps, epochs=1, parameters=1, steps_per_epoch=steps)
        events.close()
        noise = draws.random(steps)
        lines = [
            f'{{"type":"step","time":{step / 100},"step":{step},"epoch":1,"loss":{2 / step + 0.1 * each:.5f},'
            f'"accuracy":{1 - each / 4:.5f},"lr":0.1,"images_per_second":300.0,"seconds_left":1.0,"aux":[]}}\n'
            for step, each in enumerate(noise.tolist(), start=1)
        ]
        with (directory / EVENTS).open("a") as file:
            file.writelines(lines)


def timed(what: str, act: Callable[[int], object], settle: Callable[[], object], times: int = 5) -> None:
    """Do it some times and print how long it took until everything is drawn."""
    took = []
    for turn in range(times):
        begun = time.perf_counter()
        act(turn)
        settle()
        took.append(1000 * (time.perf_counter() - begun))
    print(f"{what:<44} {statistics.median(took):7.1f} ms  worst {max(took):7.1f} ms")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        own = Path(name)
        make(own / "runs")
        begun = time.perf_counter()
        read_rows(own / "runs")
        print(f"{'reading every log, in a worker':<44} {1000 * (time.perf_counter() - begun):7.0f} ms")
        settings.use_folder(own)
        app = application(dark=False)
        from blockstudio.gui.shell.window import StudioWindow

        window = StudioWindow(remember=False)
        window.resize(1600, 1000)
        window.show()
        window.desk.show_screen("runs")
        page = window.features.runs.page
        while not page.store.complete:
            app.processEvents()
        page.store.watch(False)

        def settle() -> None:
            window.repaint()
            app.processEvents()

        rows = sorted(page.store.rows, key=lambda row: row.name)
        timed("sort", lambda turn: page.sort("images/s" if turn % 2 else "network"), settle)
        timed(
            "filter",
            lambda turn: page.filter.setText(("lr = 0.1", "net, steps to 80 % < 500", "")[turn % 3]),
            settle,
            6,
        )
        timed("look again: nothing is new", lambda _: page.refresh(), settle)
        timed("mark a run of 83,333 steps", lambda turn: page.mark(rows[turn]), settle)
        page.mark(rows[5])
        timed("move the cursor", lambda turn: page.curves.first._point(1000.0 * turn), settle)
        timed("other axis", lambda turn: page.curves.axis.choose(("seconds", "step")[turn % 2]), settle)
        timed("smooth otherwise", lambda turn: page.curves.slider.setValue(50 + turn), settle)
        timed("zoom", lambda turn: page.curves._zoom((1000.0 * turn, 40_000.0)), settle)
        window.stop()


if __name__ == "__main__":
    main()
