"""A survey of a data set in a process of its own: what it tells, and questions to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTemporaryDir, Signal

from blockstudio.answers import JSON, read_answer
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import SUFFIX, save
from blockstudio.gui.work.lines import LineProcess
from blockstudio.gui.work.temporary import temporary_folder
from blockstudio.runs.recipe import Recipe
from blockstudio.runs.recipe_files import save_recipe


class SurveyProcess(QObject):
    """One survey at a time. Started anew or let go of, the one before is killed, and nothing more is heard of it."""

    received = Signal(dict)
    """An event, see `blockstudio.training.survey.serve`."""
    failed = Signal(object)
    """The `StudioError` with which it ended."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._lines = LineProcess(self)
        self._lines.received.connect(self.received)
        self._lines.ended.connect(self._ended)
        self._folder: QTemporaryDir | None = None
        self._number = 0

    @property
    def busy(self) -> bool:
        return self._lines.running

    def start(self, recipe: Recipe, diagram: Diagram | None) -> None:
        """Survey the set that the recipe names for a network."""
        try:
            recipe_file, network = self._written(recipe, diagram)
        except StudioError as error:
            self.failed.emit(error)
            return
        asked = ["--network", network] if network else []
        self._lines.start("blockstudio", "data", "--recipe", recipe_file, *asked, "--follow", JSON)

    def change(self, recipe: Recipe, diagram: Diagram | None) -> None:
        """Another recipe or network over the same images."""
        try:
            recipe_file, network = self._written(recipe, diagram)
        except StudioError as error:
            self.failed.emit(error)
            return
        self.ask({"ask": "change", "recipe": recipe_file, "network": network})

    def ask(self, question: dict[str, Any]) -> None:
        """Put a question; `received` has the answer."""
        self._lines.write(question)

    def _written(self, recipe: Recipe, diagram: Diagram | None) -> tuple[str, str]:
        # Each time under another name: the process may not have read the last ones yet.
        self._number += 1
        self._folder = self._folder or temporary_folder()
        folder = Path(self._folder.path())
        recipe_file = folder / f"recipe{self._number}.json"
        save_recipe(recipe, recipe_file)
        if diagram is None or not len(diagram.graph):
            return str(recipe_file), ""
        network = folder / f"network{self._number}{SUFFIX}"
        save(diagram, network)
        return str(recipe_file), str(network)

    def _ended(self, code: int, err: str) -> None:
        answer = read_answer(code, "", err, "the survey")
        if answer.error is not None:
            self.failed.emit(answer.error)

    def stop(self) -> None:
        """Kill it. It writes nothing."""
        self._lines.stop()

    def close(self) -> None:
        """Kill it, and take away what was written for it."""
        self.stop()
        if self._folder is not None:
            self._folder.remove()
            self._folder = None
