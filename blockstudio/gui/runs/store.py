"""The runs of the folder, read in a worker a piece at a time; what is written on them; the bin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from blockstudio.errors import StudioError
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.text import tr
from blockstudio.gui.work.bin import Bin
from blockstudio.gui.work.settings import runs_folder
from blockstudio.gui.work.worker import Work
from blockstudio.runs.label import Label, write_label
from blockstudio.runs.rows import Listed, Listing

LOOK_MS = 1500


class RunStore(QObject):
    """The rows, the latest made first. Looks again while somebody looks at them."""

    changed = Signal()
    """Runs came, went, or have news."""
    failed = Signal(str)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk = desk
        self.rows: list[Listed] = []
        self._listing = Listing(self.folder)
        self._pieces: Iterator[list[Listed]] | None = None
        self._work = Work(self)
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._seen: tuple[object, ...] = ()
        self._bin = Bin()
        self._trouble = ""
        """Why the folder could not be read the last time."""
        self.complete = False
        """Every log has been read to its end."""

    @property
    def folder(self) -> Path:
        return self._desk.runs or runs_folder()

    def watch(self, on: bool) -> None:
        """Keep the rows fresh while they are in view."""
        if on:
            self.look()
            self._timer.start()
        else:
            self._timer.stop()

    def look(self) -> None:
        """Read what is new."""
        if self._pieces is not None:
            return
        if self._listing.folder != self.folder:
            self._listing, self.complete = Listing(self.folder), False
        self._pieces = self._listing.read()
        self._next()

    def _next(self) -> None:
        pieces = self._pieces
        if pieces is not None:
            self._work.run(lambda: next(pieces, None), self._took, self._not_read)

    def _took(self, rows: list[Listed] | None) -> None:
        if rows is None:
            self._pieces, self.complete, self._trouble = None, True, ""
        else:
            self.rows = rows
        seen = (self.complete, *((row.directory, row.version) for row in self.rows))
        if seen != self._seen:
            self._seen = seen
            self.changed.emit()
        self._next()

    def _not_read(self, error: StudioError | OSError) -> None:
        self._pieces = None
        if str(error) != self._trouble:  # once, not at each look
            self._trouble = str(error)
            self.failed.emit(self._trouble)

    @property
    def is_reading(self) -> bool:
        return self._pieces is not None

    def write(self, row: Listed, label: Label) -> bool:
        """Write on a run; what is wrong is told."""
        try:
            row.take_label(write_label(row.directory, label))
        except StudioError as error:
            self.failed.emit(str(error))
            return False
        self.changed.emit()
        return True

    # The bin

    def delete(self, row: Listed) -> bool:
        """Move a run to the system's bin, if nobody trains it."""
        if row.state.active:
            self.failed.emit(tr("{run} is being trained; stop it first.", run=row.name))
            return False
        try:
            self._bin.put(row.directory)
        except OSError as error:
            self.failed.emit(tr("{run} cannot be moved to the bin: {reason}.", run=row.name, reason=error.strerror))
            return False
        self._begin_anew()
        self.rows = [each for each in self.rows if each is not row]
        self.changed.emit()
        return True

    @property
    def can_restore(self) -> bool:
        return bool(self._bin)

    def restore(self) -> None:
        """Take the run that was deleted last out of the bin."""
        if not self._bin:
            return
        name = self._bin.last
        try:
            self._bin.take_out()
        except OSError as error:
            self.failed.emit(tr("{run} cannot be taken back: {reason}.", run=name, reason=error.strerror))
            return
        self._begin_anew()
        self.look()

    def _begin_anew(self) -> None:
        """What is being read is of before."""
        self._work.cancel()
        self._pieces, self._seen = None, ()

    def stop(self) -> None:
        """The window closes."""
        self._timer.stop()
        self._work.cancel()
        self._pieces = None
