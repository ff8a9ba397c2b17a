"""A hundred thousand events, a million points: nothing lost, memory and frames bounded."""

from __future__ import annotations

import json
import os
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from blockstudio.runs import Recipe, Run, create_run, with_fields
from tests.suites.outcome import Outcome
from tests.support.tiny import tiny_network

FIGURES = {"loss": 1.0, "accuracy": 0.5, "lr": 0.1}
FRAME = 50.0
"""Milliseconds that a frame may take."""
MEGABYTES = 400
"""That following a flood may take beside what the process had."""


def _held() -> float:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


def events(count: int) -> Outcome:
    """A log that grows by bursts, read as the window reads it."""
    from blockstudio.gui.training.run_data import RunData, read_slice

    outcome = Outcome("events flooded into a log, read slice by slice as the window does")
    with tempfile.TemporaryDirectory() as folder:
        run = create_run(tiny_network(), with_fields(Recipe(), {"epochs": 2}), Path(folder) / "run")
        data, before = RunData(Run(run.directory)), _held()
        longest, written = 0.0, 0
        with (run.directory / "events.jsonl").open("ab") as log:
            while written < count:
                size = min(20_000, count - written)
                lines = [
                    json.dumps({"type": "step", "time": float(n), "step": n + 1, **FIGURES})
                    for n in range(written, written + size)
                ]
                log.write(("\n".join(lines) + "\n").encode())
                log.flush()
                written += size
                while True:
                    begun = time.process_time()
                    piece = read_slice(data)
                    data.take(piece)
                    longest = max(longest, time.process_time() - begun)
                    if not piece.more:
                        break
        outcome.times = count
        grown = _held() - before
        if data.steps.size != count or not np.array_equal(data.steps["step"], np.arange(1, count + 1)):
            outcome.add(f"{data.steps.size} of {count} events arrived")
        if grown > MEGABYTES:
            outcome.add(f"{grown:.0f} MB more")
        outcome.greatest = {"longest slice {:.0f} ms of a worker": longest * 1e3, "{:.0f} MB more": grown}
    return outcome


def points(count: int) -> Outcome:
    """Curves over so many points, drawn again as they grow."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from blockstudio.gui.app.application import application
    from blockstudio.gui.document.curves import CurvesPanel, Subject
    from blockstudio.gui.kit.theme import theme
    from blockstudio.gui.training.run_data import RunData
    from blockstudio.runs.curves import OF_STEPS

    outcome = Outcome("points in the curves, drawn again as they grow")
    app = QApplication.instance() or application(dark=False)
    with tempfile.TemporaryDirectory() as folder:
        run = create_run(tiny_network(), with_fields(Recipe(), {"epochs": 2}), Path(folder) / "run")
        data, before = RunData(Run(run.directory)), _held()
        curves = CurvesPanel(None, "", ("loss", "accuracy"), part="both", names=False)  # type: ignore[arg-type]
        curves.resize(1200, 260)
        curves.show()
        app.processEvents()
        frames: list[float] = []
        drawn = np.random.default_rng(0)
        for start in range(0, count, max(1, count // 50)):
            size = min(max(1, count // 50), count - start)
            rows = np.empty((2 + len(OF_STEPS), size))
            rows[0] = rows[1] = np.arange(start + 1, start + size + 1)
            rows[2:] = drawn.random((len(OF_STEPS), size))
            data.steps.append(rows)
            begun = time.process_time()
            curves.show_subjects([Subject(run.directory, "run", theme().series[0], data.curves)])
            curves.grab()
            frames.append((time.process_time() - begun) * 1e3)
        outcome.times = count
        grown = _held() - before
        points = [each.chart.lines[0].x.size for each in curves.charts]
        if points != [count, count]:
            outcome.add(f"{points} of {count} points are drawn")
        if float(np.median(frames)) > FRAME:
            outcome.add(f"a frame took {np.median(frames):.0f} ms")
        if grown > MEGABYTES:
            outcome.add(f"{grown:.0f} MB more")
        outcome.greatest = {
            "a frame with all of it drawn anew: median {:.0f} ms of processor time": float(np.median(frames)),
            "worst {:.0f} ms": max(frames),
            "{:.0f} MB more": grown,
        }
        curves.close()
        curves.deleteLater()
        app.processEvents()
    return outcome
