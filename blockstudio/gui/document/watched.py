"""The run that is being watched, for whoever needs to know which: its curves are the training feature's."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Signal

from blockstudio.gui.kit.text import moment
from blockstudio.runs import Run
from blockstudio.runs.watching import BlockHistory


class Watched(QObject):
    """One run, or none."""

    changed = Signal()
    """Another run, or none."""
    measured = Signal()
    """There are new figures of its blocks."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.run: Run | None = None
        self.blocks: BlockHistory | None = None
        """What was measured of the blocks of this run."""

    def turn_to(self, run: Run | None, blocks: BlockHistory | None = None) -> None:
        """Watch another run from now on."""
        self.run, self.blocks = run, blocks
        self.changed.emit()


def name_and_time(name: str) -> tuple[str, str]:
    """``resnet-34-20260131-142501`` as ``resnet-34`` and ``31 Jan 14:25``."""
    head, _, stamp = name.rpartition("-")
    stem, _, day = head.rpartition("-")
    try:
        made = time.strptime(f"{day}-{stamp}", "%Y%m%d-%H%M%S")
    except ValueError:
        return name, ""
    return stem, moment(time.mktime(made))
