"""A process that stays: lines of JSON in, lines of JSON out. For what needs torch and is asked again and again."""

from __future__ import annotations

import json
import sys
from typing import Any

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal

WAIT_MS = 5_000


class LineProcess(QObject):
    """One process at a time. Started anew or stopped, the one before is killed, and nothing more is heard of it."""

    received = Signal(dict)
    """A line that it wrote."""
    ended = Signal(int, str)
    """It has ended by itself: its exit code, and what it wrote to its standard error."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._rest = b""

    @property
    def running(self) -> bool:
        return self._process is not None

    def start(self, *arguments: str) -> None:
        """Start ``python -m ARGUMENTS``."""
        self.stop()
        process = self._process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONUTF8", "1")
        process.setProcessEnvironment(environment)
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._finished)
        self._rest = b""
        process.start(sys.executable, ["-m", *arguments])

    def write(self, line: dict[str, Any]) -> None:
        """Write a line to it, if it runs."""
        if self._process is not None:
            self._process.write((json.dumps(line) + "\n").encode())

    def _read(self) -> None:
        process = self._process
        if process is None:
            return
        *lines, self._rest = (self._rest + bytes(process.readAllStandardOutput().data())).split(b"\n")
        for line in lines:
            # What is told may be answered by starting another, which this one's lines do not concern.
            if process is self._process and line.startswith(b"{"):
                self.received.emit(json.loads(line))

    def _finished(self, code: int, _: QProcess.ExitStatus) -> None:
        process, self._process = self._process, None
        if process is not None:
            err = bytes(process.readAllStandardError().data()).decode(errors="replace")
            process.deleteLater()
            self.ended.emit(code, err)

    def stop(self) -> None:
        """Kill it."""
        process, self._process = self._process, None
        if process is not None:
            process.blockSignals(True)
            process.kill()
            process.waitForFinished(WAIT_MS)
            process.deleteLater()
