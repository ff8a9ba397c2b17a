"""One open document: a diagram with its file, its analysis, and where the user stands in it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from blockstudio.analysis import Analyzer
from blockstudio.blocks import RawValue
from blockstudio.graph.annotations import Annotation
from blockstudio.graph.diagram import MAIN, Diagram
from blockstudio.graph.presets import open_diagram
from blockstudio.gui.document.file_names import file_of
from blockstudio.gui.document.stamps import Stamp, stamp_of
from blockstudio.runs.recipe import Start

DEFINITION = "@"
"""A view path ``@Name`` is the definition of module ``Name`` itself, seen through no instance."""


class Crumb(NamedTuple):
    """One step of the way from the main graph to the level in view."""

    path: str
    """View path of the level: ``""``, ``"layer2.0"``."""
    scope: str
    """The definition shown there."""
    label: str


class Document:
    """A diagram with its file, its analysis and where the user stands in it. Several can be open; the session
    shows one."""

    def __init__(self, diagram: Diagram, file: Path | None = None) -> None:
        self.diagram = diagram
        self.file = file
        self.analyzer = Analyzer(diagram)
        self.crumbs: tuple[Crumb, ...] = (Crumb("", MAIN, diagram.name),)
        self.selection: tuple[str, ...] = ()
        self.noted: tuple[Annotation, ...] = ()
        """The notes and frames that are selected."""
        self.start = Start()
        """What training begins with; see `blockstudio.gui.document.initial_weights`."""
        self.gone: tuple[str, ...] = ()
        """Frozen blocks that were removed: undo brings them back."""
        self.saved_at: object = diagram.history.position
        """The step at which the file was written; another one now means unsaved changes."""
        self.saved_totals = self._totals()
        self.number = 1
        """Tells documents of one name apart that have no file: *untitled*, *untitled 2*."""
        self.stamp: Stamp | None = None
        """What its file was when it was last read or written here."""

    @property
    def dirty(self) -> bool:
        return self.diagram.history.position is not self.saved_at

    def mark_saved(self, file: Path) -> None:
        self.file = file
        self.saved_at = self.diagram.history.position
        self.saved_totals = self._totals()

    def _totals(self) -> tuple[int, int]:
        return self.analyzer.analysis.parameters, self.analyzer.analysis.macs


def read(name: str | Path, values: dict[str, RawValue] | None) -> Document:
    """A document from a file or a preset's name. Raises `StudioError`."""
    file = file_of(name)
    stamp = stamp_of(file) if file is not None else None  # before it is read: what is written meanwhile is news
    document = Document(open_diagram(name, **(values or {})), file)
    document.stamp = stamp
    return document
