"""A save that is killed leaves the old file or the new one, whole."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from blockstudio.graph.diagram import Diagram
from blockstudio.graph.files import write_atomic
from blockstudio.graph.format import load, save
from tests.suites.forks import fork, killed
from tests.suites.outcome import Outcome

ROOT = Path(__file__).resolve().parents[2]
WINDOW = """
import os, pathlib, sys
from blockstudio.gui.work import settings
settings.use_folder(pathlib.Path(sys.argv[1]))
from PySide6.QtWidgets import QApplication
from blockstudio.gui.app.application import application
from blockstudio.gui.shell.window import StudioWindow
app = application(dark=False)
window = StudioWindow()
assert window.documents.open_now(sys.argv[2])
window.show()
name = next(name for name, block in window.session.diagram.main.blocks() if block.type == "Conv2d")
turn = 1
while True:
    turn += 1
    window.session.diagram.set(name, out_channels=turn)
    window.documents.save()
    for _ in range(20):
        app.processEvents()
    if turn == 3:
        print("ready", flush=True)
"""


def drawing(length: int) -> Diagram:
    """A chain of convolutions."""
    diagram = Diagram("saved")
    last = diagram.add("Input", "input")
    for index in range(length):
        name = diagram.add("Conv2d", f"conv{index}")
        diagram.connect(last, name)
        last = name
    return diagram


def kills(count: int, begin: int = 0) -> Outcome:
    """Kill processes that save again and again."""
    outcome = Outcome("SIGKILL during save of a document, at a random moment")
    drawn = random.Random(begin)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.blocks.json"
        diagram = drawing(300)
        diagram.set("conv0", out_channels=1)
        save(diagram, path)
        amid, left = 0, 1

        def save_for_ever(pipe: int) -> None:
            turn = 1
            while True:
                turn += 1
                diagram.set("conv0", out_channels=turn)
                save(diagram, path)
                if turn == 2:
                    os.write(pipe, b"r")

        for _ in range(count):
            child, reading = fork(save_for_ever)
            os.read(reading, 1)
            pause(drawn.uniform(0.0, 0.04))
            killed(child)
            os.close(reading)
            outcome.times += 1
            before, left = left, len(list(path.parent.iterdir()))
            amid += left > before
            check(path, outcome)
        outcome.totals = {"{:,} of them between creating and replacing a file": amid}
        sweep(path, outcome)
    return outcome


def windows(count: int, begin: int = 0) -> Outcome:
    """Kill windows that save: a small document in the window's own thread, a large one in its worker."""
    outcome = Outcome("SIGKILL of the window while it saves, itself and in its worker")
    drawn = random.Random(begin)
    for number in range(begin, begin + count):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "net.blocks.json"
            save(drawing(20 if number % 2 else 3_000), path)
            command = [sys.executable, "-c", WINDOW, folder + "/own", str(path)]
            (Path(folder) / "own").mkdir()
            environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
                assert child.stdout is not None
                if child.stdout.readline() != "ready\n":
                    outcome.add("the window did not start")
                pause(drawn.uniform(0.0, 0.3))
                child.send_signal(signal.SIGKILL)
            outcome.times += 1
            check(path, outcome)
            sweep(path, outcome, others=("own",))
    return outcome


def pause(seconds: float) -> None:
    """Let another process work; what it is at then is chance, and meant to be."""
    import select

    select.select([], [], [], seconds)


def check(path: Path, outcome: Outcome) -> None:
    """The file is one that was saved."""
    try:
        found = load(path)
    except Exception as error:  # noqa: BLE001 - whatever it is, the file is lost
        outcome.add(f"the file is lost: {type(error).__name__}: {error}")
        return
    if len(found.main.graph) not in (21, 301, 3_001):
        outcome.add(f"the file has {len(found.main.graph)} blocks")


def sweep(path: Path, outcome: Outcome, others: tuple[str, ...] = ()) -> None:
    """What the dead have left goes with the next save, once it is old."""
    for entry in path.parent.iterdir():
        if entry.is_file():
            os.utime(entry, (1e9, 1e9))
    write_atomic(path, path.read_bytes())
    left = sorted(entry.name for entry in path.parent.iterdir() if entry.name not in (path.name, *others))
    if left:
        outcome.add(f"left behind: {', '.join(left)}")
