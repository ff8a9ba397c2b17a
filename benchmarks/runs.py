"""How soon the page of runs, and the run under the drawing, answer with 500 runs and a million points: milliseconds of
processor time that each gesture takes until everything is drawn, median and worst, and of the clock.

    python benchmarks/runs.py

Processor time is that of the whole process: on a machine that does other work too it says more than the clock.
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
from blockstudio.gui.shell.window import StudioWindow
from blockstudio.gui.work import settings
from blockstudio.runs.events import EventWriter
from blockstudio.runs.recipe import Recipe, with_fields
from blockstudio.runs.recipe_files import dumps_recipe
from blockstudio.runs.rows import read_rows
from blockstudio.runs.run import DIAGRAM, EVENTS, RECIPE, Run

RUNS, POINTS = 500, 1_000_000


def write_run(directory: Path, steps: int, rate: float) -> None:
    """A run with a log of so many steps."""
    directory.mkdir(parents=True)
    recipe = with_fields(Recipe(), {"steps": steps, "batch_size": 16, "optimizer.lr": rate})
    (directory / DIAGRAM).write_text(dumps(load_preset("cifar_resnet", n=3)))
    (directory / RECIPE).write_text(dumps_recipe(recipe))
    events = EventWriter(directory / EVENTS)
    events.write("started", step=0, steps=steps, epochs=1, parameters=1, steps_per_epoch=steps)
    events.close()
    noise = np.random.default_rng(steps).random(steps)
    lines = [
        f'{{"type":"step","time":{step / 100},"step":{step},"epoch":1,"loss":{2 / step + 0.1 * each:.5f},'
        f'"accuracy":{1 - each / 4:.5f},"lr":0.1,"images_per_second":300.0,"seconds_left":1.0,"aux":[]}}\n'
        for step, each in enumerate(noise.tolist(), start=1)
    ]
    with (directory / EVENTS).open("a") as file:
        file.writelines(lines)


def make(folder: Path) -> None:
    """Runs whose logs have a million steps together, six long ones with half of them."""
    for number in range(RUNS):
        steps = POINTS // 12 if number < 6 else POINTS // 2 // (RUNS - 6)
        write_run(folder / f"net-{number:03d}", steps, 0.1 * (1 + number % 5))


def timed(what: str, act: Callable[[int], object], settle: Callable[[], object], times: int = 5) -> None:
    """Do it some times and print how long it took until everything is drawn."""
    clock, busy = [], []
    for turn in range(times):
        begun, worked = time.perf_counter(), time.process_time()
        act(turn)
        settle()
        busy.append(1000 * (time.process_time() - worked))
        clock.append(1000 * (time.perf_counter() - begun))
    print(f"{what:<44} {statistics.median(busy):7.1f} ms  worst {max(busy):7.1f} ms   by the clock "
          f"{statistics.median(clock):7.1f} ms", flush=True)  # fmt: skip


def one_run(directory: Path, window: StudioWindow, settle: Callable[[], object]) -> None:
    """A single run of a million points under the drawing, and as it grows."""
    write_run(directory, POINTS, rate=0.1)
    training = window.features.training
    window.desk.show_drawing()
    window.desk.show_page("run")
    begun = time.process_time()
    training.trainer.attach(Run(directory))
    while training.trainer.data is None or not training.trainer.data.complete:
        settle()
    print(f"{'a run of a million points, from its log':<44} {1000 * (time.process_time() - begun):7.0f} ms")
    training.trainer.stop_watching()
    curves, data = training.panel.curves, training.trainer.data
    assert curves is not None
    new = data.steps._rows[:, data.steps.size - 100 : data.steps.size].copy()

    def grow(turn: int) -> None:
        data.steps.append(new)
        training.trainer.progress.emit()

    timed("  a hundred points more", grow, settle)
    timed("  move the cursor", lambda turn: curves.first.chart._point(100_000.0 * turn), settle)
    timed("  smooth otherwise", lambda turn: curves.slider.setValue(40 + turn), settle)
    timed("  zoom", lambda turn: curves.show_view((1000.0 * turn, 400_000.0)), settle)
    timed("  all of it", lambda turn: curves.show_view(None), settle)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        own = Path(name)
        make(own / "runs")
        begun = time.process_time()
        read_rows(own / "runs")
        print(f"{'reading every log, in a worker':<44} {1000 * (time.process_time() - begun):7.0f} ms")
        settings.use_folder(own)
        app = application(dark=False)
        window = StudioWindow(remember=False)
        window.resize(1600, 1000)
        window.show()
        window.desk.show_screen("runs")
        page = window.features.runs.page
        while not page.store.complete:
            app.processEvents()
        page.store.watch(False)

        def settle() -> None:
            for _ in range(3):  # layouts first, then what has to be painted anew
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
        timed("move the cursor", lambda turn: page.curves.first.chart._point(1000.0 * turn), settle)
        timed("other axis", lambda turn: page.curves.axis.choose(("seconds", "step")[turn % 2]), settle)
        timed("smooth otherwise", lambda turn: page.curves.slider.setValue(50 + turn), settle)
        timed("another figure", lambda turn: page.curves.second.pick(("lr", "images_per_second")[turn % 2]), settle)
        timed("zoom", lambda turn: page.curves.show_view((1000.0 * turn, 40_000.0)), settle)
        one_run(own / "runs" / "million", window, settle)
        window.stop()


if __name__ == "__main__":
    main()
