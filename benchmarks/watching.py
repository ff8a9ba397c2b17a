"""What it costs to watch a run: blocks measured at the default rate, and the window attached with them on its cards.

    python benchmarks/watching.py [--device cuda] [--steps 400] [--rounds 3] [--window] [--preset cifar_resnet]

The same training runs by turns as it is, with blocks measured, and (``--window``) with the real window attached to it
in a process of its own, as large as a screen and painted without one. Steps a second are those of the log, from the
tenth step on; the ratio is the median over the rounds of each against the plain run beside it.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import blockstudio as bs
from blockstudio.runs import Recipe, Run, create_run, with_fields
from blockstudio.training import train_run

BAR = 0.97
"""The window attached, its overlays at the default rate, may cost so much."""
WINDOW = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from blockstudio.gui.app.application import application
from blockstudio.gui.shell.window import StudioWindow
from blockstudio.runs import Run
app = application(dark=False)
run = Run(Path(sys.argv[1]))
window = StudioWindow(run.directory.parent, remember=False)
window.resize(1600, 1000)
window.documents.open_now(sys.argv[2], None)
window.show()
window.features.training.trainer.attach(run)
window.desk.show_page("run")
window.session.heat = "watch.ratio"
timer = QTimer()
timer.timeout.connect(lambda: app.quit() if run.results() is not None else None)
timer.start(500)
print("ready", flush=True)
app.exec()
window.stop()
"""


def speed(run: Run) -> tuple[float, float]:
    """Steps a second, and the share that measuring took by the run's own account."""
    events, offset, first, last, cost = [], 0, None, None, 0.0
    while True:
        events, offset = run.events(offset)
        if not events:
            break
        for event in events:
            if event["type"] == "step" and event["step"] >= 10:
                first, last = first or event, event
            if event["type"] == "blocks":
                cost = event["cost"]
    if first is None or last is None or last["time"] <= first["time"]:
        raise SystemExit("too few steps: give more with --steps")
    return (last["step"] - first["step"]) / (last["time"] - first["time"]), cost


def trained(folder: Path, name: str, preset: str, fields: dict[str, Any], window: bool) -> tuple[float, float]:
    run = create_run(bs.load(preset), with_fields(Recipe(), fields), folder / name)
    viewer = None
    if window:
        command = [sys.executable, "-c", WINDOW, str(run.directory), preset]
        viewer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert viewer.stdout is not None and viewer.stdout.readline()
    train_run(run)
    if viewer is not None:
        viewer.wait(60)
    return speed(run)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--preset", default="cifar_resnet")
    parser.add_argument("--window", action="store_true")
    options = parser.parse_args()
    fields = {
        "data": {"source": "shapes", "validation": 0, "shapes": {"images": 2560}},
        "batch_size": options.batch, "steps": options.steps, "device": options.device, "checkpoints.epochs": 0,
    }  # fmt: skip
    kinds: dict[str, tuple[dict[str, Any], bool]] = {"plain": ({}, False), "measured": ({"watch.blocks": True}, False)}
    if options.window:
        kinds["window"] = ({"watch.blocks": True}, True)
    found: dict[str, list[float]] = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory() as folder:
        for round_ in range(options.rounds):
            for kind, (more, window) in kinds.items():
                given = {**fields, **more}
                rate, cost = trained(Path(folder), f"{kind}-{round_}", options.preset, given, window)
                found[kind].append(rate)
                print(
                    f"round {round_ + 1}, {kind:>8}: {rate:8.2f} steps/s, said to cost {100 * cost:.1f} %", flush=True
                )
    for kind in list(kinds)[1:]:
        ratios = [own / plain for own, plain in zip(found[kind], found["plain"], strict=True)]
        ratio, each = statistics.median(ratios), ", ".join(f"{one:.3f}" for one in ratios)
        word = "reached" if ratio >= BAR else "MISSED"
        print(f"{kind} against plain: {ratio:.3f} ({each}), bar {BAR}: {word}")


if __name__ == "__main__":
    main()
