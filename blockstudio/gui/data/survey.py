"""What is known of the data set in view, and who finds it out: names and counts at once, the rest as it is read."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage

from blockstudio.errors import StudioError
from blockstudio.graph.operations.copying import copy_diagram
from blockstudio.gui.data.process import SurveyProcess
from blockstudio.gui.document.session import Session
from blockstudio.gui.work.worker import Work
from blockstudio.runs.datasets import check_present, describe
from blockstudio.runs.folder_tree import Look, looking
from blockstudio.runs.known_sets import DataInfo
from blockstudio.runs.listing import list_folder, split_counts
from blockstudio.runs.recipe import Recipe
from blockstudio.runs.structure import Data
from blockstudio.text import from_data, join

COUNT = 16
"""Tiles that are drawn of each class; as many are shown as there is room for."""
PAUSE_MS = 300
"""Typing and dragging go on for so long before another recipe or network is told."""
LOOKS_MS = 150
"""Between two words on how far a look through a folder has come."""
PARTS = ("train", "validation", "test")


@dataclass
class Tile:
    """A sample."""

    label: int
    place: int
    index: int
    file: str
    stored: str
    drawn: str
    image: QImage


@dataclass
class Stage:
    """One step from file to input."""

    name: str
    title: str
    text: str
    image: QImage
    off: bool
    frame: list[int] | None
    whole: tuple[int, int]


@dataclass
class Known:
    """What is known of a set so far."""

    title: str = ""
    root: str = ""
    kind: str = ""
    classes: tuple[str, ...] = ()
    counts: dict[str, list[int]] = field(default_factory=dict)
    held: bool = True
    notes: list[str] = field(default_factory=list)
    shape: tuple[int, ...] = ()
    fits: bool = False
    steps: int | None = None
    batch_size: int | None = None
    bytes: int = 0
    checked: dict[str, Any] = field(default_factory=dict)
    files: list[dict[str, Any]] = field(default_factory=list)
    """Those that are to be looked at, each with ``kind``, ``name``, ``reason``, ``path``."""
    seen: dict[str, Any] = field(default_factory=dict)
    tiles: dict[int, list[Tile]] = field(default_factory=dict)
    stages: list[Stage] = field(default_factory=list)
    chosen: tuple[int, int] | None = None
    """Label and place in its part of the tile that is explained."""

    def of_class(self, label: int) -> list[int]:
        """Images of a class by part."""
        return [self.counts[part][label] if part in self.counts else 0 for part in PARTS]

    def totals(self) -> list[int]:
        """Images of each class."""
        return [sum(self.of_class(label)) for label in range(len(self.classes))]


class SurveyControl(QObject):
    """Keeps `known` true while somebody looks. The set is that of the next recipe, the network the document in view."""

    changed = Signal()
    """Names, counts, what was found out."""
    looked = Signal()
    """The look through the folder has come further."""
    tiles_changed = Signal()
    stages_changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.known = Known()
        self.trouble: StudioError | None = None
        self.draw, self.part, self.stored = 0, "train", False
        self._asked: set[int] = set()
        self._surveyed: Data | None = None
        self._watched = False
        self._work = Work(self)
        self.process = SurveyProcess(self)
        self.process.received.connect(self._take)
        self.process.failed.connect(self._fail)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(PAUSE_MS)
        self._soon.timeout.connect(self._follow)
        self.look: Look | None = None
        """Through the folder in which the set is, while it is under way."""
        self._looks = QTimer(self)
        self._looks.setInterval(LOOKS_MS)
        self._looks.timeout.connect(self.looked)
        for signal in (session.edited, session.opened, session.recipe.changed):
            signal.connect(self._on_change)

    @property
    def recipe(self) -> Recipe:
        return self._session.recipe.value

    def watch(self, watched: bool) -> None:
        """Whether somebody looks. What was found out stays; what is under way ends with the window, or when another set
        is chosen."""
        self._watched = watched
        if watched:
            self._follow()

    def _on_change(self, _: object = None) -> None:
        if self._watched:
            self._soon.start()

    def _follow(self) -> None:
        data = self.recipe.data
        if self._surveyed is None or _images_of(data) != _images_of(self._surveyed):
            self.restart()
        elif self.process.busy:
            self._surveyed = data
            self.process.change(self.recipe, copy_diagram(self._session.diagram))

    def restart(self) -> None:
        """Look at the set from the beginning."""
        self._surveyed = self.recipe.data
        self.known, self.trouble, self._asked = Known(), None, set()
        data = self.recipe.data
        self._end_look()
        self._work.cancel()
        look = self.look = Look()
        self._looks.start()
        self._work.run(lambda: _at_a_glance(data, look), self._glance, self._not_there)
        self.process.start(self.recipe, copy_diagram(self._session.diagram))
        self.changed.emit()
        self.tiles_changed.emit()
        self.stages_changed.emit()

    def _end_look(self) -> None:
        self._looks.stop()
        if self.look is not None:
            self.look.end()
            self.look = None

    def let_go(self) -> None:
        """End the look through the folder; that it was ended stands where the set would."""
        if self.look is not None:
            self.look.end()
            self.process.stop()

    def _glance(self, found: Known) -> None:
        self._end_look()
        if not self.known.classes:
            self.known = found
            self.changed.emit()

    def _not_there(self, error: StudioError | OSError) -> None:
        self._fail(error if isinstance(error, StudioError) else StudioError("data.read", str(error)))

    def _fail(self, error: StudioError) -> None:
        self._end_look()
        self.process.stop()
        self.trouble = error
        self.changed.emit()

    # What the process tells

    def _take(self, event: dict[str, Any]) -> None:
        known = self.known
        match event["event"]:
            case "set":
                self._end_look()
                known.title, known.root, known.kind = event["title"], event["root"], event["kind"]
                known.classes, known.held = tuple(event["classes"]), event["held"]
                known.counts = {part: event[part] for part in PARTS}
                known.notes = [from_data(note) for note in event["notes"]]
                known.shape, known.fits = tuple(event["shape"]), event["fits"]
                known.steps, known.batch_size, known.bytes = event["steps"], event["batch_size"], event["bytes"]
                self._draw_anew()
                self.changed.emit()
            case "checked":
                known.files += event.pop("files")
                known.checked = event
                self.changed.emit()
            case "seen":
                known.seen = event
                self.changed.emit()
            case "tiles":
                if (event["draw"], event["part"], event["stored"]) == (self.draw, self.part, self.stored):
                    known.tiles[event["label"]] = [_tile(each) for each in event["tiles"]]
                    self.tiles_changed.emit()
                    if known.chosen is None and known.tiles[event["label"]]:
                        self.explain(known.tiles[event["label"]][0])
            case "stages":
                if known.chosen == (event["label"], event["index"]):
                    known.stages = [_stage(each) for each in event["stages"]]
                    self.stages_changed.emit()

    # Questions

    def want(self, labels: Sequence[int]) -> None:
        """Tiles of these classes are to be seen."""
        missing = [label for label in labels if label not in self._asked]
        if missing and self.known.shape:
            self._asked.update(missing)
            self.process.ask({"ask": "tiles", "part": self.part, "labels": missing, "draw": self.draw, "count": COUNT,
                              "stored": self.stored})  # fmt: skip

    def draw_again(self) -> None:
        """Other samples, and other draws of chance."""
        self.draw += 1
        self._draw_anew()

    def show_part(self, part: str, stored: bool = False) -> None:
        """Samples of ``train`` or ``validation`` as the network gets them, or as they are stored."""
        self.part, self.stored = part, stored
        self._draw_anew()

    def _draw_anew(self) -> None:
        self._asked = set()
        self.known.chosen = None
        self.known.tiles.clear()
        self.tiles_changed.emit()

    def explain(self, tile: Tile) -> None:
        """Show how this tile came to be."""
        self.known.chosen = (tile.label, tile.index)
        self.process.ask({"ask": "stages", "part": self.part, "label": tile.label, "index": tile.index,
                          "draw": self.draw, "count": COUNT})  # fmt: skip
        self.tiles_changed.emit()

    def stop(self) -> None:
        """The window closes."""
        self._soon.stop()
        self._end_look()
        self._work.cancel()
        self.process.close()


def _images_of(data: Data) -> tuple[object, ...]:
    """The fields on which it depends which images there are and how they are read."""
    return data.source, data.folder, data.background, data.black, data.white, data.shapes


def _at_a_glance(data: Data, look: Look) -> Known:
    """What can be said without reading an image. Raises `StudioError` ``data.*``."""
    with looking(look):
        return _seen(data)


def _seen(data: Data) -> Known:
    facts: DataInfo = describe(data)
    check_present(data, facts)
    known = Known(facts.title, str(facts.root or ""), facts.kind, notes=list(facts.notes))
    if facts.kind == "folder":
        listing = list_folder(Path(facts.root or "."))
        of = len(listing.classes)
        train, validation, test = (
            None if part is None else part.counts(of) for part in (listing.train, listing.validation, listing.test)
        )
        counts = split_counts(train or [], validation, test, data)
        known.classes, known.held = listing.classes, counts.held
        known.counts = {"train": list(counts.train), "validation": list(counts.validation), "test": list(counts.test)}
    return known


def _image(data: dict[str, Any]) -> QImage:
    width, height = int(data["width"]), int(data["height"])
    pixels = base64.b64decode(data["pixels"])
    return QImage(pixels, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def _tile(data: dict[str, Any]) -> Tile:
    stored, drawn = from_data(data["stored"]), from_data(data["drawn"])
    return Tile(data["label"], data["place"], data["index"], data["file"], stored, drawn, _image(data))


def _stage(data: dict[str, Any]) -> Stage:
    text = join([from_data(line) for line in data["lines"]], "\n")
    width, height = data["whole"]
    return Stage(
        data["name"], from_data(data["title"]), text, _image(data), data["off"], data["frame"], (width, height)
    )
