"""Time from process start to the drawn ResNet-34 window, against an empty PySide6 window with networkx and pyqtgraph
imported. Fresh processes, the two kinds in turn, so that both meet the same machine.

    python benchmarks/window_start.py [--rounds 15]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

EMPTY = """
import networkx, pyqtgraph
from PySide6.QtWidgets import QApplication, QMainWindow
app = QApplication([])
window = QMainWindow()
window.resize(1440, 900)
window.show()
for _ in range(3):
    app.processEvents()
window.grab()
print("drawn", flush=True)
"""

STUDIO = """
import gc, sys, pathlib
gc.disable()  # as the command does, until the window is there
from blockstudio.gui.work import settings
settings.use_folder(pathlib.Path(sys.argv[1]))
from blockstudio.gui.app.application import application
app = application(dark=False)
from blockstudio.gui.shell.window import StudioWindow
window = StudioWindow()
window.resize(1440, 900)
window.documents.open_now("resnet34")
window.show()
for _ in range(3):
    app.processEvents()
window.grab()
assert len(window.canvas.scene.drawing.names) > 10
assert "torch" not in sys.modules
print("drawn", flush=True)
"""


def seconds(program: str, folder: str) -> float:
    """From the start of the process until it says that its window is drawn."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", program, folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        line = process.stdout.readline()
        taken = time.perf_counter() - start
        if line.strip() != b"drawn":
            raise SystemExit(process.stderr.read().decode())
        process.kill()
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    empty: list[float] = []
    studio: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        seconds(EMPTY, folder)  # the first of each fills the caches of the disk
        seconds(STUDIO, folder)
        for _ in range(rounds):
            empty.append(seconds(EMPTY, folder))
            studio.append(seconds(STUDIO, folder))
    for name, taken in (("empty window, networkx, pyqtgraph", empty), ("Block Studio with ResNet-34", studio)):
        low, high = min(taken), max(taken)
        print(f"{name:36s} median {statistics.median(taken):.3f} s  ({low:.3f} to {high:.3f})")
    ratio = statistics.median(studio) / statistics.median(empty)
    pairs = statistics.median(one / other for one, other in zip(studio, empty, strict=True))
    print(f"ratio of medians {ratio:.2f}, median of the pairs' ratios {pairs:.2f} (wanted: at most 1.50)")


if __name__ == "__main__":
    main()
