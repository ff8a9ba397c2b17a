"""The recipe of the next run, for whoever reads or changes it: the recipe's form, the data page, a new experiment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from PySide6.QtCore import QObject, Signal

from blockstudio.errors import StudioError
from blockstudio.gui.document.initial_weights import InitialWeights
from blockstudio.runs.recipe import Recipe, Watching, with_fields


class NextRecipe(QObject):
    """One recipe; what a run begins with is the document's in view, see `InitialWeights`."""

    changed = Signal()
    failed = Signal(str)
    """Why a field was not changed, in plain words."""

    def __init__(self, parent: QObject, start: InitialWeights) -> None:
        super().__init__(parent)
        self.value = Recipe(watch=Watching(blocks=True))  # the window shows them
        self._start = start
        start.changed.connect(self._take_start)

    def set_fields(self, values: Mapping[str, Any]) -> bool:
        """Change fields by dotted path; what is wrong goes to `failed`."""
        try:
            recipe = with_fields(self.value, values)
        except StudioError as error:
            self.failed.emit(str(error))
            return False
        if recipe != self.value:
            self.value = recipe
            self._start.change(**msgspec.structs.asdict(recipe.start))
            self.changed.emit()
        return True

    def _take_start(self) -> None:
        """Starting weights and frozen blocks are those of the document in view."""
        start = self._start.value
        if start != self.value.start:
            self.value = msgspec.structs.replace(self.value, start=start)
            self.changed.emit()
