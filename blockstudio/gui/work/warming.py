"""What screens need is imported a piece at a time while nobody does anything: the first look at one waits for less."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module

from PySide6.QtCore import QObject

from blockstudio.gui.work.quiet import Quiet

PIECE_MS = 30
"""Between two pieces, as long as nobody does anything."""


class Warmer(QObject):
    """Imports the modules that ``names`` says, one by one, in their order. It is asked when nobody does anything."""

    def __init__(self, parent: QObject, names: Callable[[], Iterable[str]]) -> None:
        super().__init__(parent)
        self._names = names
        self._left: Iterator[str] | None = None
        self._quiet = Quiet(self)
        self._quiet.came.connect(self._next)

    def start(self) -> None:
        """Begin once nobody does anything."""
        self._quiet.wait()

    def _next(self) -> None:
        if self._left is None:
            self._left = iter(self._names())
        name = next((name for name in self._left if name not in sys.modules), None)
        if name is None:
            self.deleteLater()
            return
        import_module(name)
        self._quiet.wait(PIECE_MS)
