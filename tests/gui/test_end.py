"""The process ends cleanly, whatever is still held by Qt or under way in its threads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

BEGIN = """
import atexit, pathlib, sys, threading
from PySide6.QtCore import QThreadPool
# Registered before the window's own, so called after it.
atexit.register(lambda: print("at work:", QThreadPool.globalInstance().activeThreadCount()))
from blockstudio.gui.work import settings
settings.use_folder(pathlib.Path(sys.argv[1]))
from blockstudio.gui.app.application import application
from blockstudio.gui.shell.window import StudioWindow
app = application(dark=False)
window = StudioWindow()
assert window.documents.open_now("resnet34")
window.show()
app.processEvents()
"""
COPIED = """
window.session.select(["conv1"])
window.session.copy()
"""
WORKING = """
from blockstudio.gui.work.worker import Work
work, begun = Work(), threading.Event()

def job():
    begun.set()
    return sum(index % 7 for index in range(3_000_000))

for _ in range(20):
    work.run(job, lambda answer: None)
assert begun.wait(30)
"""


@pytest.mark.parametrize("before", [COPIED, pytest.param(WORKING, marks=pytest.mark.slow)], ids=["copied", "working"])
def test_the_process_ends_cleanly(before: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + before + "print('end')", str(tmp_path)],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "end\nat work: 0"), done.stderr
