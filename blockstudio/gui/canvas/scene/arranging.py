"""Laying out at the user's word: the level in view, what is selected of it, or the inside of a module. Each is one
step; large ones are worked out away from the window, and can be called off."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from PySide6.QtCore import QObject

from blockstudio.graph.diagram import Diagram
from blockstudio.graph.edits import Edit, MoveBlocks, SetRoute, SetTexts
from blockstudio.graph.operations import switching, ungrouping
from blockstudio.graph.operations.noting import following
from blockstudio.gui.canvas.scene.model import Scene
from blockstudio.gui.canvas.scene.placing import AT_ONCE, Place
from blockstudio.gui.canvas.scene.staging import COLUMNS, columns_wanted
from blockstudio.gui.kit.text import phrase
from blockstudio.gui.work.worker import Work
from blockstudio.layout.arranging import Task, rearranged, task
from blockstudio.layout.flow import DOWN, FLOW, RIGHT, flow_wanted


class Arranging(QObject):
    """What lays out on a scene."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._scene, self._session = scene, scene.session
        self._work = Work(self)
        self._session.opened.connect(self._work.cancel)

    @property
    def busy(self) -> bool:
        """Whether a layout is being worked out."""
        return self._work.busy

    def cancel(self) -> bool:
        """Call off what is being worked out; False if nothing is."""
        was = self._work.busy
        self._work.cancel()
        if was:
            self._scene.changed.emit()
        return was

    def whole(self) -> None:
        """Lay out the level on which the user works; pinned blocks keep their places."""
        self._arrange(self._session.scope, ())

    def selected(self) -> None:
        """Lay out the selected blocks of the level, about where they are."""
        self._arrange(self._session.scope, self._session.selection)

    def module(self, name: str) -> None:
        """Lay out the inside of a module instance on the level."""
        self._arrange(self._session.definition.block(name).type, ())

    def _arrange(self, scope: str, chosen: Iterable[str]) -> None:
        staging, diagram = self._scene.staging, self._session.diagram
        columns: int | None = 1
        if scope == self._scene.root.drawing.scope:
            columns = columns_wanted(diagram)
        now = {name: at for name, at in staging.standing(scope).items()}
        wanted = task(diagram, scope, staging.card_sizes(scope), now, tuple(chosen), columns, staging.paper,
                      staging.right)  # fmt: skip
        if len(wanted.names) <= AT_ONCE:
            self._land(diagram, scope, wanted, rearranged(wanted))
            return
        self._work.run(lambda: rearranged(wanted), lambda places: self._land(diagram, scope, wanted, places))
        self._scene.changed.emit()

    def _land(self, diagram: Diagram, scope: str, wanted: Task, places: dict[str, Place]) -> None:
        """Put the blocks where the layout wants them, those that do not move and have no place yet included."""
        session = self._session
        if diagram is not session.diagram or scope not in diagram.scopes():
            return
        definition = diagram.definition(scope)
        places = {**wanted.now, **places}
        moved: dict[str, Place | None] = {
            name: at for name, at in places.items() if name in definition.graph and definition.block(name).at != at
        }
        # Points that wires are led through belong to where the blocks were.
        free = [
            SetRoute(scope=scope, wire=wire)
            for wire in definition.routes
            if wire.source in moved or wire.target in moved
        ]
        if moved:
            notes = following(definition.notes, scope, wanted.now, places)
            session.do(phrase("Arrange"), MoveBlocks(scope=scope, to=moved), *free, *notes)

    # Columns

    def set_columns(self, count: int | None) -> None:
        """Draw the level in so many columns, or in as many as fit the window, and keep that in the file: one step."""
        self.set_shape(count, flow_wanted(self._session.diagram), phrase("Columns"))

    # Which way

    def set_right(self, right: bool | None) -> None:
        """Draw the document from left to right, from top to bottom, or as reads better, and keep that in the file: one
        step. What the user has put somewhere is laid out anew, on every level."""
        self.set_shape(columns_wanted(self._session.diagram), right, phrase("Direction"))

    def set_shape(self, columns: int | None, right: bool | None, label: str) -> None:
        """Both at once: one step."""
        session, diagram, staging = self._session, self._session.diagram, self._scene.staging
        if (columns, right) == (columns_wanted(diagram), flow_wanted(diagram)):
            return
        turns = right != flow_wanted(diagram) and bool(right) != staging.right
        about = {key: value for key, value in diagram.about.items() if key not in (COLUMNS, FLOW)}
        if columns is not None:
            about[COLUMNS] = str(columns)
        if right is not None:
            about[FLOW] = RIGHT if right else DOWN
        edits: list[Edit] = [SetTexts(about=about)]
        if turns:
            edits += self._anew(diagram.scopes(), columns, bool(right))
        elif columns != columns_wanted(diagram):
            edits += self._anew([self._scene.root.drawing.scope], columns, staging.right)
        session.do(label, *edits)

    def _anew(self, scopes: Iterable[str], columns: int | None, right: bool) -> list[Edit]:
        """Edits that lay out levels anew on which the user has put blocks somewhere, as that is asked for; the one in
        view in columns."""
        staging, diagram = self._scene.staging, self._session.diagram
        found: list[Edit] = []
        for scope in scopes:
            if staging.is_loose(scope):
                continue
            count = columns if scope == self._scene.root.drawing.scope else 1
            now, definition = staging.standing(scope), diagram.definition(scope)
            places = rearranged(task(diagram, scope, staging.card_sizes(scope), now, (), count, staging.paper, right))
            found.append(MoveBlocks(scope=scope, to=dict(places)))
            found += following(definition.notes, scope, now, places)
            found += [SetRoute(scope=scope, wire=wire) for wire in definition.routes]
        return found

    # Pins

    @property
    def is_pinned(self) -> bool:
        """Whether all selected blocks are pinned."""
        session = self._session
        return bool(session.selection) and all(session.definition.block(name).pinned for name in session.selection)

    def toggle_pin(self) -> None:
        """Pin the selected blocks to where they stand, or let go of them if all are pinned: one step."""
        session, pinned = self._session, not self.is_pinned
        now = self._scene.staging.standing(session.scope)
        places = {name: now[name] for name in session.selection if name in now}
        edits = switching.set_pinned(session.diagram, session.scope, places, pinned)
        # What the document does not place yet keeps its place too: the picture stays as it is.
        loose = {name: at for name, at in now.items() if session.definition.block(name).at is None}
        rest: dict[str, Place | None] = {name: at for name, at in loose.items() if name not in places}
        moves = [MoveBlocks(scope=session.scope, to=rest)] if rest and edits else []
        if edits:
            session.do(phrase("Pin") if pinned else phrase("Let go"), *edits, *moves)

    # Repeats

    def repeats(self) -> list[str]:
        """The repeated blocks on the level, of those selected if any are."""
        session = self._session
        repeated = session.definition.repeated()
        if not repeated:
            return []
        return [name for name in session.selection or session.definition.graph if name in repeated]

    def unroll(self) -> None:
        """Put its copies in the place of each repeated block, selected or on the level: one step. They get room where
        the user has put blocks somewhere; else the level is laid out with them."""
        session, scope = self._session, self._session.scope
        acts = [partial(ungrouping.ungroup, session.diagram, scope, name) for name in self.repeats()]
        session.do_in_turn(phrase("Unroll"), acts, answered=not self._scene.staging.is_loose(scope))
