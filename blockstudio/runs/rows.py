"""Many runs at once: what a table of them shows, read a piece at a time and kept, so that the next look is cheap."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from blockstudio.errors import StudioError
from blockstudio.graph.files import folders_in, read_bounded
from blockstudio.runs.chance import doubt
from blockstudio.runs.curves import Curves, best_of
from blockstudio.runs.following import Following
from blockstudio.runs.known_sets import DATASETS
from blockstudio.runs.label import LABEL, Label, read_label
from blockstudio.runs.recipe import FIELDS, Recipe, get_field
from blockstudio.runs.recipe_files import load_recipe
from blockstudio.runs.run import DIAGRAM, RECIPE, Run
from blockstudio.runs.state import RunState
from blockstudio.text import say

MAX_DIAGRAM = 64 << 20
MOST_IDLE = 10_000
"""Folders that are no runs and are looked into: whoever names a disk is told."""


class _Parameter(msgspec.Struct):
    default: Any = None


class _Head(msgspec.Struct):
    """What the table needs of a diagram's file; the rest is not even looked at."""

    name: str = ""
    parameters: dict[str, _Parameter] = {}


_head = msgspec.json.Decoder(_Head)
_recipe = msgspec.json.Decoder(Recipe)


@dataclass(eq=False)
class Listed:
    """One run as a row: what was chosen never changes and is read once, the log from where the last reading ended."""

    run: Run
    made: float
    network: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    """Of the diagram, by name."""
    recipe: dict[str, Any] = field(default_factory=dict)
    """Fields by dotted path."""
    label: Label = field(default_factory=Label)
    state: RunState = field(default_factory=lambda: RunState(status="new"))
    finished: dict[str, Any] = field(default_factory=dict)
    data_title: str = ""
    trouble: str = ""
    """Why something of it cannot be read."""
    diverged: bool = False
    inside: str = ""
    """The folder of the experiment it belongs to."""
    version: int = 0
    """Counts changes of what is shown."""
    complete: bool = False
    """The log has been read to its end."""
    following: Following = field(init=False, repr=False)
    _label_time: int = -1
    _speed: tuple[int, float | None] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.following = Following(self.run)

    @property
    def curves(self) -> Curves:
        return self.following.curves

    @property
    def directory(self) -> Path:
        return self.run.directory

    @property
    def name(self) -> str:
        return self.label.name or self.run.name

    def begin(self) -> None:
        """Read what never changes."""
        try:
            head = _head.decode(read_bounded(self.directory / DIAGRAM, MAX_DIAGRAM))
            self.network = head.name
            self.parameters = {name: each.default for name, each in head.parameters.items()}
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, StudioError) as error:
            self.trouble = str(error)
        try:
            recipe = _read_recipe(self.directory / RECIPE)
            self.recipe = {path: get_field(recipe, path) for path in FIELDS}
        except StudioError as error:
            self.trouble = str(error)
        source = str(self.recipe.get("data.source", ""))
        known = DATASETS.get(source)
        self.data_title = known.title if known is not None else Path(source).name or source

    def refresh(self) -> bool:
        """Read what is new, a bounded piece of the log. Returns whether there is more to read."""
        before = (self.state, self.curves.offset, self.label, self.trouble)
        self._read_label()
        more = False
        try:
            placed, self.state = self.following.read()
            more = bool(placed)
        except StudioError as error:
            self.trouble = str(error)
            self.state = RunState(status="failed", message=str(error))
            placed = []
        for _, event in placed:
            if event["type"] == "started":
                self.finished, self.diverged = {}, False
            elif event["type"] == "finished":
                self.finished = event
            elif event["type"] == "diverged":
                self.diverged = True
        if before != (self.state, self.curves.offset, self.label, self.trouble):
            self.version += 1
        self.complete = not more
        return more

    def _read_label(self) -> None:
        try:
            changed = (self.directory / LABEL).stat().st_mtime_ns
        except OSError:
            changed = 0
        if changed == self._label_time:
            return
        self._label_time = changed
        try:
            self.label = read_label(self.directory)
        except StudioError as error:
            self.label, self.trouble = Label(), str(error)

    def take_label(self, label: Label) -> None:
        """The label that was just written."""
        self.label, self._label_time = label, -1
        self.version += 1

    # Results

    @property
    def best(self) -> float | None:
        """The best validation accuracy."""
        return best_of(self.curves.epochs["validation_accuracy"])

    @property
    def test(self) -> float | None:
        found = self.finished.get("test_accuracy")
        return float(found) if isinstance(found, int | float) else None

    @property
    def at_chance(self) -> bool:
        return bool(self.finished) and doubt(self.finished) is not None

    @property
    def images_per_second(self) -> float | None:
        """The median over the run."""
        speeds = self.curves.steps["images_per_second"]
        if self._speed is None or self._speed[0] != speeds.size:
            known = speeds[np.isfinite(speeds)]
            self._speed = speeds.size, float(np.median(known)) if known.size else None
        return self._speed[1]

    @property
    def seconds(self) -> float | None:
        found = self.finished.get("seconds")
        return float(found) if isinstance(found, int | float) else self.curves.seconds or None

    @property
    def share(self) -> float:
        """How much is done, 0 to 1."""
        return min(1.0, self.state.step / self.state.steps) if self.state.steps else 0.0


def _read_recipe(path: Path) -> Recipe:
    """As `load_recipe`, without looking at every limit where the file is as this program writes it."""
    try:
        return _recipe.decode(read_bounded(path, MAX_DIAGRAM))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return load_recipe(path)


class Listing:
    """The runs of a folder, those of its experiments included. Not for two threads at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[Path, Listed] = {}

    def rows(self) -> list[Listed]:
        """The runs that are there now, the latest made first. What is new has been looked at, its log not yet."""
        found: dict[Path, Listed] = {}
        for directory, inside, made in _directories(self.folder):
            row = self._known.get(directory)
            if row is None or row.made != made:
                try:
                    row = Listed(Run(directory), made, inside=inside)
                except StudioError:  # gone since it was seen
                    continue
                row.begin()
            found[directory] = row
        self._known = found
        return sorted(found.values(), key=lambda row: row.made, reverse=True)

    def read(self) -> Iterator[list[Listed]]:
        """Look at everything, in pieces: the rows as soon as they are known, and again while logs are being read."""
        rows = self.rows()
        yield rows
        waiting = rows
        while waiting:
            more = []
            for count, row in enumerate(waiting, start=1):
                if row.refresh():
                    more.append(row)
                if count % 50 == 0:
                    yield rows
            waiting = more
            yield rows


def read_rows(folder: Path) -> list[Listed]:
    """Every run of a folder, read to the end of its log."""
    rows: list[Listed] = []
    for rows in Listing(folder).read():  # noqa: B007 - the last one is whole
        pass
    return rows


def _directories(folder: Path) -> Iterator[tuple[Path, str, float]]:
    """Run directories in a folder and in the folders beside them (experiments): with that folder's name, and when
    they were made. Raises `StudioError` ``runs.folder`` where next to nothing in it is a run."""
    idle = 0

    def passed() -> None:
        nonlocal idle
        idle += 1
        if idle > MOST_IDLE:
            text = say("holds more than {most:,} folders that are no runs.", most=MOST_IDLE)
            hint = say("Name the folder in which the runs are.")
            raise StudioError("runs.folder", text, where=str(folder), hint=hint)

    for entry in _shown(folder):
        made = _made(Path(entry.path))
        if made is not None:
            yield Path(entry.path), "", made
            continue
        passed()
        if entry.is_symlink() and os.path.realpath(entry.path) == os.path.realpath(folder):
            continue  # it leads back here: all of it stands in the list already
        for inner in _shown(entry.path):
            made = _made(Path(inner.path))
            if made is not None:
                yield Path(inner.path), entry.name, made
            else:
                passed()


def _shown(folder: str | os.PathLike[str]) -> list[os.DirEntry[str]]:
    return [each for each in folders_in(folder) if not each.name.startswith(".")]


def _made(directory: Path) -> float | None:
    try:
        made = (directory / RECIPE).stat().st_mtime
        return made if (directory / DIAGRAM).is_file() else None
    except OSError:
        return None
