"""Curves are loaded between events, and only when they are wanted or nobody would notice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys, pathlib
from PySide6.QtCore import QTimer
from blockstudio.gui.work import settings
settings.use_folder(pathlib.Path(sys.argv[1]))
from blockstudio.gui.app.application import application
from blockstudio.gui.shell.window import StudioWindow
app = application(dark=False)
window = StudioWindow()
window.show()
warmer = window.bottom.training.warmer
assert not warmer.is_ready and "pyqtgraph" not in sys.modules
turns = []
other = QTimer()
other.timeout.connect(lambda: turns.append(1))
other.start(0)
def done():
    print("between", len(turns) > 5, "cuda" in sys.modules)
    app.exit(0)
if sys.argv[2] == "asked":
    warmer.when_ready(done)
else:
    warmer.start()
    poll = QTimer()
    poll.timeout.connect(lambda: warmer.is_ready and done())
    poll.start(20)
app.exec()
window.stop()
"""


def run(folder: Path, how: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder), how],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_what_somebody_waits_for_is_loaded_between_events(own_folder: Path) -> None:
    assert run(own_folder, "asked") == "between True False"


def test_an_idle_window_loads_it_by_itself(own_folder: Path) -> None:
    assert run(own_folder, "idle") == "between True False"
