"""What training of each document begins with: a file of weights, and blocks that are frozen.

Weights are of one network, so they belong to the document and not to the window: whoever turns to another tab trains
that one from scratch, as it should be. They are a matter of the run, not of the drawing (see
`blockstudio.runs.structure.Start`): they are neither saved with the diagram nor steps of undo, and freezing is
taken back by the same box that did it. But the paths follow the drawing: a renamed block stays frozen under its new
name, one that is removed no longer counts, and one that undo brings back is frozen as before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from blockstudio.analysis import Analysis
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import MAIN, Diagram
from blockstudio.graph.edits import Edit, RenameBlock
from blockstudio.gui.document.document import Document
from blockstudio.gui.kit.text import tr
from blockstudio.runs.frozen import all_but, classifiers, covers, is_place, outermost, trainable, up_to
from blockstudio.runs.recipe import Start


class InitialWeights(QObject):
    """The `Start` of the document in view. Views read it here and change it here."""

    changed = Signal()
    """Another start, or another document's."""

    message = Signal(str)
    """A note for the status bar."""
    refused = Signal(str)
    """Why something was not done, in one sentence."""

    def __init__(self, parent: QObject, document: Callable[[], Document]) -> None:
        """``document`` gives the one in view."""
        super().__init__(parent)
        self._in_view = document
        self._there: frozenset[str] = frozenset()

    @property
    def _document(self) -> Document:
        return self._in_view()

    @property
    def _analysis(self) -> Analysis:
        return self._document.analyzer.analysis

    @property
    def value(self) -> Start:
        return self._document.start

    @property
    def parameters(self) -> tuple[int, int]:
        """How many parameters are trained, and of how many, auxiliary heads included."""
        analysis = self._analysis
        return trainable(analysis, self.value.freeze), analysis.parameters_with_auxiliary

    def change(self, **fields: Any) -> None:
        """Set ``weights``, ``partial`` or ``freeze``. Where nothing is frozen, undo brings nothing back frozen."""
        if fields.get("freeze") == ():
            self._document.gone = ()
        self._set(msgspec.structs.replace(self.value, **fields))

    def _set(self, start: Start) -> None:
        if start != self.value:
            self._document.start = start
            self._look()
            self.changed.emit()

    def freeze(self, paths: Iterable[str]) -> None:
        """Freeze more blocks, with all that is inside them."""
        self.change(freeze=outermost((*self.value.freeze, *paths)))

    def thaw(self, path: str) -> None:
        """Train a block, and all that is inside it, again."""
        self.change(freeze=tuple(each for each in self.value.freeze if not covers((path,), each)))

    def freeze_body(self, spared: Sequence[str] = ()) -> None:
        """Freeze all but ``spared``, or but the last weighted layers before the outputs."""
        try:
            paths = all_but(self._analysis, spared or classifiers(self._document.diagram))
        except StudioError as error:
            self.refused.emit(str(error))
            return
        self.change(freeze=paths)
        self._tell()

    def freeze_up_to(self, path: str) -> None:
        """Freeze a block and everything before it."""
        try:
            paths = up_to(self._analysis, path)
        except StudioError as error:  # inside a module that is switched off
            self.refused.emit(str(error))
            return
        self.freeze(paths)
        self._tell()

    def toggle(self, path: str) -> None:
        """Freeze a block, or train it again if it is frozen."""
        if self.state(path) == "all":
            self.thaw(path)
        else:
            self.freeze([path])

    def toggle_selection(self) -> None:
        """Freeze the selected blocks, or train them again if all of them are frozen."""
        level = self._document.crumbs[-1].path
        paths = [f"{level}.{name}" if level else name for name in self._document.selection]
        if all(self.state(path) == "all" for path in paths):
            for path in paths:
                self.thaw(path)
        else:
            self.freeze(paths)
        self._tell()

    def _tell(self) -> None:
        trained, total = (f"{number:,}" for number in self.parameters)
        self.message.emit(tr("{trained} of {total} parameters are trained").format(trained=trained, total=total))

    def state(self, path: str) -> str:
        """``"all"`` of a block is frozen, a ``"part"`` of it, or nothing (an empty string)."""
        frozen = self.value.freeze
        if not frozen or not path:
            return ""
        if covers(frozen, path):
            return "all"
        return "part" if any(each.startswith(f"{path}.") for each in frozen) else ""

    def frozen_with(self, path: str) -> str:
        """The frozen path around a block, if it is frozen with that; empty if it is so by itself, or not."""
        return next((each for each in self.value.freeze if each != path and covers((each,), path)), "")

    # Following the document

    def _look(self) -> None:
        """Remember which paths name something: only those can go away."""
        analysis = self._analysis
        self._there = frozenset(path for path in self.value.freeze if is_place(analysis, path))

    def show(self) -> None:
        """Another document is in view."""
        self._look()
        self.changed.emit()

    def follow(self, edits: tuple[Edit, ...]) -> None:
        """Keep the paths true to the drawing, which has gone through ``edits``."""
        document, diagram = self._document, self._document.diagram
        start, gone = document.start, document.gone
        if not start.freeze and not gone:
            return
        analysis = self._analysis
        names = {path: renamed(diagram, path, edits) for path in (*start.freeze, *gone)}
        lost = [names[p] for p in start.freeze if p in self._there and not is_place(analysis, names[p])]
        back = [names[path] for path in gone if is_place(analysis, names[path])]
        kept = [names[path] for path in start.freeze if names[path] not in lost]
        document.gone = (*(names[path] for path in gone if names[path] not in back), *lost)
        self._set(msgspec.structs.replace(start, freeze=tuple(dict.fromkeys((*kept, *back)))))
        self._look()
        if lost:
            self._say(tr("{names}: gone, and no longer among what is frozen").format(names=", ".join(lost[:3])))
        if back:
            self._say(tr("{names}: back, and frozen as before").format(names=", ".join(back[:3])))

    def _say(self, text: str) -> None:
        """Tell once the edit is through: with it, what was told before goes away."""
        QTimer.singleShot(0, self, lambda: self.message.emit(text))


def renamed(diagram: Diagram, path: str, edits: Iterable[Edit]) -> str:
    """What a path is called after ``edits``, which ``diagram`` has gone through."""
    now: dict[tuple[str, str], str] = {}
    for edit in edits:
        if isinstance(edit, RenameBlock):
            before = next((key for key, name in now.items() if key[0] == edit.scope and name == edit.name), None)
            now[before or (edit.scope, edit.name)] = edit.to
    if not now:
        return path
    scope, rest, found = MAIN, path, list[str]()
    while rest:
        definition = diagram.definition(scope)
        taken = {name for (where, _), name in now.items() if where == scope}
        names = {name: name for name in definition.graph if name not in taken}
        names |= {old: new for (where, old), new in now.items() if where == scope and new in definition.graph}
        old = next((name for name in names if covers((name,), rest)), None)
        if old is None:
            break
        found.append(names[old])
        rest = rest[len(old) + 1 :]
        block = definition.block(names[old])
        copy, _, after = rest.partition(".")
        if block.repeat is not None and copy.isdecimal():
            found.append(copy)
            rest = after
        if block.type not in diagram.modules:
            break
        scope = block.type
    return ".".join([*found, rest] if rest else found)
