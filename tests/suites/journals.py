"""Unsaved work survives the death of its process after any edit, and a journal that is cut anywhere."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import dumps, save
from blockstudio.graph.recovery import Journal, pending, recover
from tests.suites.acts import OFTEN, steps
from tests.suites.forks import fork
from tests.suites.outcome import Outcome

ROOT = Path(__file__).resolve().parents[2]
WINDOW = """
import os, pathlib, sys
from blockstudio.gui.work import settings
settings.use_folder(pathlib.Path(sys.argv[1]))
from blockstudio.gui.app.application import application
from blockstudio.gui.shell.window import StudioWindow
from tests.suites.journals import Hand
app = application(dark=False)
window = StudioWindow()
assert window.documents.open_now(sys.argv[2])
window.show()
app.processEvents()
hand = Hand(window.session.diagram, int(sys.argv[4]))
for _ in range(int(sys.argv[3])):
    hand.act()
    app.processEvents()
os.kill(os.getpid(), 9)
"""


def begun() -> Diagram:
    """A small document with a module."""
    diagram = Diagram("victim")
    diagram.module("Unit", {"planes": 4})
    for scope, given in (("Unit", {}), ("", {"shape": [3, 8, 8]})):
        diagram.add("Input", "input", scope=scope, **given)
        diagram.add("Output", "output", scope=scope)
        diagram.connect("input", "output", scope=scope)
    return diagram


class Hand:
    """Edits drawn by a seed; each act changes the document by one step."""

    def __init__(self, diagram: Diagram, seed: int) -> None:
        self.diagram = diagram
        self.drawn = random.Random(seed)
        self.turn = 0

    def act(self) -> None:
        """One step that works."""
        diagram, drawn = self.diagram, self.drawn
        while True:
            position = diagram.history.position
            self.turn += 1
            try:
                self._try(diagram, drawn)
            except StudioError:
                continue
            if diagram.history.position is not position:
                return

    def _try(self, diagram: Diagram, drawn: random.Random) -> None:
        acts = steps(diagram, drawn, self.turn)
        try:
            acts[drawn.choice((*OFTEN, *acts))]()
        except (AttributeError, TypeError) as error:  # An act of another name would hide behind "refused".
            raise AssertionError(f"this suite calls what is not there: {error}") from error


def kills(edits: int, begin: int = 0) -> Outcome:
    """A process that dies right after each of so many edits, those behind ``begin``."""
    outcome = Outcome("SIGKILL right after each of the first N random edits; the journal replayed")
    diagram = begun()
    hand = Hand(diagram, 3)
    wanted = []
    for number in range(begin + edits):
        hand.act()
        if number >= begin:
            wanted.append(dumps(diagram))

    with tempfile.TemporaryDirectory() as folder:
        for count in range(begin + 1, begin + edits + 1):

            def edit_and_die(pipe: int, count: int = count) -> None:
                victim = begun()
                Journal(victim, Path(folder))
                mine = Hand(victim, 3)
                for _ in range(count):
                    mine.act()
                os.kill(os.getpid(), signal.SIGKILL)

            child, reading = fork(edit_and_die)
            os.close(reading)
            os.waitpid(child, 0)
            outcome.times += 1
            _compare(Path(folder), wanted[count - begin - 1], f"after edit {count}", outcome)
    return outcome


def _compare(folder: Path, wanted: str, when: str, outcome: Outcome) -> None:
    found = pending(folder)
    if len(found) != 1:
        outcome.add(f"{when}: {len(found)} journals")
    for entry in found:
        try:
            if dumps(recover(entry)) != wanted:
                outcome.add(f"{when}: another document comes back")
        except Exception as error:  # noqa: BLE001 - the work is lost, whatever it is
            outcome.add(f"{when}: {type(error).__name__}: {error}")
        entry.path.unlink()


def cuts(edits: int) -> Outcome:
    """A journal cut behind every byte."""
    outcome = Outcome("journal of N edits cut behind every byte")
    with tempfile.TemporaryDirectory() as folder:
        diagram = begun()
        journal = Journal(diagram, Path(folder) / "whole")
        hand = Hand(diagram, 5)
        states = {}
        for _ in range(edits):
            hand.act()
            assert journal.path is not None
            states[journal.path.stat().st_size] = dumps(diagram)
        assert journal.path is not None
        data = journal.path.read_bytes()
        journal.close()
        torn = Path(folder) / "torn"
        torn.mkdir()
        for cut in range(len(data) + 1):
            (torn / "a.journal").write_bytes(data[:cut])
            outcome.times += 1
            whole = [size for size in states if size <= cut]
            if whole:
                _compare(torn, states[max(whole)], f"cut at {cut}", outcome)
            elif pending(torn):
                outcome.add(f"cut at {cut}: offered without a beginning")
    outcome.totals = {"{:,} edits": edits, "{:,} bytes": outcome.times - 1}
    return outcome


def windows(count: int, begin: int = 0) -> Outcome:
    """Windows that die after so many edits, their file meanwhile changed by somebody else."""
    outcome = Outcome("SIGKILL of a window after 1 to 500 random edits, its file changed meanwhile")
    for number in range(begin, begin + count):
        drawn = random.Random(number)
        edits = drawn.randrange(1, 501)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "net.blocks.json"
            base = begun()
            save(base, path)
            hand = Hand(base, number)
            for _ in range(edits):
                hand.act()
            environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
            command = [sys.executable, "-c", WINDOW, folder, str(path), str(edits), str(number)]
            done = subprocess.run(command, env=environment, timeout=300, capture_output=True, text=True)
            outcome.times += 1
            if done.returncode != -signal.SIGKILL:
                outcome.add(f"the window ended with {done.returncode}: {done.stderr[-200:]}")
            save(Diagram("of somebody else"), path)
            _compare(Path(folder) / "recovery", dumps(base), f"window after {edits} edits", outcome)
    return outcome
