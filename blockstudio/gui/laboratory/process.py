"""The network of a run in a process of its own that stays ready: an answer takes no longer than computing it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from blockstudio.errors import StudioError
from blockstudio.gui.kit.text import tr
from blockstudio.gui.work.lines import LineProcess
from blockstudio.text import from_data

Take = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class _Waiting:
    """Somebody who waits for an answer."""

    received: Take
    failed: Callable[[StudioError], None]
    so_far: Take | None
    aside: bool
    """It is done while nobody else asks."""


class LabProcess(QObject):
    """One run at a time. What is asked before it is ready waits; turned to another run, what was asked is forgotten."""

    ready = Signal()
    """It can be asked; `classes` are known."""
    failed = Signal(object)
    """The `StudioError` for which it cannot be asked at all."""
    changed = Signal()
    """It is busy, or no longer; or `progress` has moved."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.run: Path | None = None
        self.classes: list[str] = []
        self.step: int | None = None
        """Of the run, whose weights are asked."""
        self.progress: tuple[int, int] | None = None
        self._lines = LineProcess(self)
        self._lines.received.connect(self._take)
        self._lines.ended.connect(self._ended)
        self._number = 0
        self._waiting: dict[int, _Waiting] = {}

    @property
    def busy(self) -> bool:
        """Somebody waits for an answer; what it does in between does not count."""
        return any(not each.aside for each in self._waiting.values())

    @property
    def measuring(self) -> bool:
        """Something is measured while nobody asks."""
        return any(each.aside for each in self._waiting.values())

    @property
    def is_ready(self) -> bool:
        return bool(self.classes)

    def turn_to(self, run: Path) -> None:
        """Have the network of another run ready."""
        if run == self.run and self._lines.running:
            return
        self.stop()
        self.run = run
        self._lines.start("blockstudio.laboratory", str(run))
        self.changed.emit()

    def ask(
        self,
        question: dict[str, Any],
        received: Take,
        failed: Callable[[StudioError], None],
        so_far: Take | None = None,
    ) -> int:
        """Ask something, see `blockstudio.laboratory.__main__`; its number, for `cancel`. ``received`` or ``failed`` is
        called once, unless it is cancelled or another run comes first; ``so_far`` before, with what is known yet."""
        self._number += 1
        aside = not {"sweep", "curves", "prepare"}.isdisjoint(question)
        self._waiting[self._number] = _Waiting(received, failed, so_far, aside)
        self._lines.write({"id": self._number, **question})
        self.changed.emit()
        return self._number

    def cancel(self, number: int) -> None:
        """Nobody waits for this answer any more."""
        waiting = self._waiting.pop(number, None)
        if waiting is None:
            return
        self._lines.write({"cancel": number})
        if not waiting.aside:
            self.progress = None
            self.changed.emit()

    def cancel_all(self) -> None:
        """Nobody waits for anything any more."""
        for number in list(self._waiting):
            self.cancel(number)

    def _take(self, found: dict[str, Any]) -> None:
        if "id" not in found:
            if "error" in found:
                self._fail(_error(found["error"]))
            else:
                self.classes, self.step = found["classes"], found["step"]
                self.ready.emit()
            return
        number = found["id"]
        if number not in self._waiting:
            return
        if "done" in found:
            self.progress = found["done"], found["of"]
            self.changed.emit()
            return
        if "so_far" in found:
            hear = self._waiting[number].so_far
            if hear is not None:
                hear(found["so_far"])
            return
        waiting = self._waiting.pop(number)
        self.progress = None
        if "error" in found:
            waiting.failed(_error(found["error"]))
        else:
            waiting.received(found)
        self.changed.emit()

    def _ended(self, code: int, err: str) -> None:
        said, text = err.strip().splitlines(), tr("The laboratory's process ended without a word.")
        self._fail(StudioError("lab.process", f"{text} {said[-1]}" if said else text))

    def _fail(self, error: StudioError) -> None:
        self.stop()
        self.failed.emit(error)

    def stop(self) -> None:
        """End it. It writes nothing."""
        self._lines.stop()
        self.run, self.classes, self.step, self.progress = None, [], None, None
        self._waiting.clear()
        self.changed.emit()


def _error(data: dict[str, Any]) -> StudioError:
    return StudioError(data["code"], from_data(data["message"]), where=data["where"], hint=from_data(data["hint"]))
