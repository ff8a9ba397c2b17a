"""A command of ``blockstudio`` in a process of its own, for what needs torch: that never enters the window's process.

child = Child(self)
child.done.connect(lambda answer: ...)
child.run("export", DIAGRAM, "-o", target, "--force", diagram=session.diagram)
"""

from __future__ import annotations

import contextlib
import json
import sys
from functools import partial
from pathlib import Path
from typing import NoReturn

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTemporaryDir, Signal

from blockstudio.answers import JSON, Answer, read_answer
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import SUFFIX, save
from blockstudio.graph.operations.copying import copy_diagram
from blockstudio.gui.kit.text import tr
from blockstudio.gui.work.temporary import temporary_folder
from blockstudio.gui.work.worker import Work

DIAGRAM = "{diagram}"
"""In the arguments: the file into which the diagram is written for the command."""
KILLED = -1
"""The code of a process that the system ended, whatever the system itself calls that."""
WAIT_MS = 5_000


class Child(QObject):
    """One process at a time. Cancelled or let go of, it is killed, and nothing more is heard of it."""

    done = Signal(object)
    """The `Answer`: what it said, or why it failed."""
    progressed = Signal(float, float)
    """The share that is done, and the seconds that are left, of a command that tells."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work = Work(self)
        self._process: QProcess | None = None
        self._folder: QTemporaryDir | None = None
        self._err = b""

    @property
    def busy(self) -> bool:
        return self._work.busy or self._process is not None

    def run(self, *arguments: str, diagram: Diagram | None = None) -> None:
        """Start ``python -m blockstudio ARGUMENTS --json``; `done` tells how it ended. ``diagram`` as it is now is
        written to a temporary file, whose name takes the place of `DIAGRAM`. What was still running is cancelled."""
        self.cancel()
        if diagram is None:
            self._start(list(arguments))
            return
        still = copy_diagram(diagram)
        try:
            folder = self._folder = temporary_folder()
        except StudioError as error:
            self._work.run(partial(_refuse, error), lambda _: None, self._not_saved)
            return
        file = Path(folder.path()) / f"network{SUFFIX}"
        named = [str(file) if argument == DIAGRAM else argument for argument in arguments]

        def write(_: QTemporaryDir = folder) -> None:
            """Holds the folder: cancelled meanwhile, it must not go before the file is written, or that stays."""
            save(still, file)

        self._work.run(write, lambda _: self._start(named), self._not_saved)

    def _start(self, arguments: list[str]) -> None:
        process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONUTF8", "1")
        process.setProcessEnvironment(environment)
        process.setStandardInputFile(QProcess.nullDevice())
        process.finished.connect(self._finished)
        process.errorOccurred.connect(self._not_started)
        process.readyReadStandardError.connect(self._heard)
        self._err = b""
        self._process = process
        # The interpreter of this process, not a resolved path: in a virtual environment that would be another one.
        process.start(sys.executable, ["-m", "blockstudio", *arguments, JSON])

    def _heard(self) -> None:
        """How far it is, on standard error: lines as ``{"progress": 0.4, "left": 3.1}``."""
        if self._process is None:
            return
        self._err += bytes(self._process.readAllStandardError().data())
        for line in reversed(self._err.splitlines()):
            if line.startswith(b'{"progress"'):
                with contextlib.suppress(ValueError, KeyError):
                    told = json.loads(line)
                    self.progressed.emit(float(told["progress"]), float(told["left"]))
                    return

    def _finished(self, code: int, status: QProcess.ExitStatus) -> None:
        process = self._process
        if process is None:
            return
        out = bytes(process.readAllStandardOutput().data()).decode(errors="replace")
        err = (self._err + bytes(process.readAllStandardError().data())).decode(errors="replace")
        self._end(read_answer(KILLED if status is QProcess.ExitStatus.CrashExit else code, out, err))

    def _not_started(self, error: QProcess.ProcessError) -> None:
        if self._process is not None and error is QProcess.ProcessError.FailedToStart:
            text = tr("{program} cannot be started: {reason}.").format(
                program=sys.executable, reason=self._process.errorString(),
            )  # fmt: skip
            self._end(Answer(KILLED, "", StudioError("child.start", text)))

    def _not_saved(self, reason: Exception) -> None:
        error = reason if isinstance(reason, StudioError) else StudioError("child.start", str(reason))
        self._end(Answer(KILLED, "", error))

    def _end(self, answer: Answer) -> None:
        self._forget()
        self.done.emit(answer)

    def _forget(self) -> None:
        if self._process is not None:
            self._process.deleteLater()
        self._process = self._folder = None

    def cancel(self) -> None:
        """Kill it. Files that it writes are complete or not there."""
        self._work.cancel()
        process, self._process = self._process, None
        if process is not None:
            process.blockSignals(True)
            process.kill()
            process.waitForFinished(WAIT_MS)
            process.deleteLater()
        self._forget()


def _refuse(error: StudioError) -> NoReturn:
    raise error
