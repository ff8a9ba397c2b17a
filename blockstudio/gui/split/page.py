"""The screen of two drawings: both side by side, what differs as a list, and the way from one to the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from blockstudio.errors import StudioError
from blockstudio.graph.definition import MAIN
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.operations.differing import Change, Difference, Kind, difference
from blockstudio.graph.snapshot import build, snapshot
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.document import Document
from blockstudio.gui.kit.page import out_of_field
from blockstudio.gui.kit.parts import hairline, quiet
from blockstudio.gui.kit.text import plain, sentence, tr, tr_many
from blockstudio.gui.kit.theme import font, notifier, theme
from blockstudio.gui.split.marks import SIGNS, Marked, colour_of
from blockstudio.gui.split.side import Side
from blockstudio.text import render

LIST_WIDTH = 300
MOST = 2000
"""Differences in the list: more are two networks, not two versions of one."""


@dataclass(frozen=True)
class Source:
    """What stands on a side: a title, and how its diagram is had."""

    title: str
    read: Callable[[], Diagram]
    """A diagram of its own. May raise `StudioError`."""


def of_document(desk: Desk, document: Document) -> Source:
    """An open document as it is at the time."""
    return Source(desk.documents.title(document), lambda: build(snapshot(document.diagram)))


class SplitPage(QWidget):
    """See the module's text. Escape goes back to the drawing."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._before: Source | None = None
        self._after: Source | None = None
        self._found: Difference | None = None
        self._listed: list[Change] = []
        self._scope = MAIN
        self._stale = True
        self.left, self.right = Side(tr("Drawing before")), Side(tr("Drawing after"))
        self.linked = QPushButton(tr("Linked"))
        self.linked.setCheckable(True)
        self.linked.setChecked(True)
        self.linked.setToolTip(tr("Both drawings pan and zoom together"))
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Differences"))
        self.total = quiet("", wrap=False)
        self.way = QPushButton()
        self.way.setProperty("role", "link")
        self.way.clicked.connect(lambda: self._go_to(MAIN))
        self._titles = QLabel(), QLabel()
        self._lay_out()
        self.left.moved.connect(lambda: self._follow(self.left, self.right))
        self.right.moved.connect(lambda: self._follow(self.right, self.left))
        for side in (self.left, self.right):
            side.chosen.connect(lambda name, side=side: self._choose(side, name))
            side.opened.connect(self._go_to)
        self.list.currentRowChanged.connect(self._show)
        self.list.itemClicked.connect(lambda item: self._show(self.list.row(item)))
        desk.session.edited.connect(self._outdate)
        notifier.changed.connect(self._fill)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        bar = QHBoxLayout()
        bar.setContentsMargins(16, 6, 12, 6)
        bar.setSpacing(10)
        title = QLabel(tr("Differences"))
        title.setFont(font(14, bold=True))
        for widget in (title, self.total, self.way):
            bar.addWidget(widget)
        bar.addStretch(1)
        bar.addWidget(self.linked)
        for text, id in ((tr("Previous"), "split.previous"), (tr("Next"), "split.next"), (tr("Close"), "split.close")):
            button = QPushButton(text)
            self._desk.commands.bind(button, id)
            bar.addWidget(button)
        column.addLayout(bar)
        column.addWidget(hairline())
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.setHandleWidth(1)
        self.split.setChildrenCollapsible(False)
        for side, label in zip((self.left, self.right), self._titles, strict=True):
            half = QWidget()
            inner = QVBoxLayout(half)
            inner.setContentsMargins(0, 0, 0, 0)
            inner.setSpacing(0)
            label.setContentsMargins(16, 4, 8, 4)
            label.setFont(font(12, bold=True))
            inner.addWidget(label)
            inner.addWidget(side, 1)
            self.split.addWidget(half)
        self.split.addWidget(self.list)
        for place, stretch in enumerate((1, 1, 0)):
            self.split.setStretchFactor(place, stretch)
        self.list.setMinimumWidth(200)
        self.list.setSpacing(3)
        self.split.setSizes([560, 560, LIST_WIDTH])
        column.addWidget(self.split, 1)

    # What is compared

    def compare(self, before: Source, after: Source) -> None:
        """Show two diagrams; raises `StudioError` if one cannot be read, and shows what was shown."""
        one, other = before.read(), after.read()
        self._before, self._after = before, after
        for side, diagram, label, source in zip(
            (self.left, self.right), (one, other), self._titles, (before, after), strict=True
        ):
            label.setText(source.title)
            side.show_diagram(diagram)
        self._found, self._stale, self._scope = difference(one, other), False, MAIN
        self._listed = list(self._found.changes[:MOST])
        self._fill()
        if self._listed:
            self.list.setCurrentRow(0)

    @property
    def changes(self) -> list[Change]:
        """What is listed."""
        return self._listed

    def step(self, by: int) -> None:
        """Go to the next difference, or the one before."""
        if self._listed:
            row = (self.list.currentRow() + by) % len(self._listed)
            self.list.setCurrentRow(row)

    def stop(self) -> None:
        """The window closes."""
        for side in (self.left, self.right):
            side.stop()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale and self._before is not None and self._after is not None:
            try:
                self.compare(self._before, self._after)
            except StudioError as error:
                self._desk.say(sentence(error.message), "warning")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            if not out_of_field(self):
                self._desk.show_drawing()
        else:
            super().keyPressEvent(event)

    def _outdate(self, _: object) -> None:
        self._stale = True

    # The list

    def _fill(self) -> None:
        if self._found is None:
            return
        row = self.list.currentRow()
        self.list.blockSignals(True)
        self.list.clear()
        for change in self._listed:
            item = QListWidgetItem(f"{SIGNS[change.kind]}  {_sentence(change)}")
            item.setForeground(QColor(colour_of(change.kind, theme())))
            item.setToolTip(plain("\n".join([_sentence(change), *map(render, change.what)])))
            self.list.addItem(item)
        self.list.setCurrentRow(row)
        self.list.blockSignals(False)
        count = len(self._found.changes)
        self.total.setText(tr_many("{count} difference", "{count:,} differences", count) if count else tr("none"))
        self._mark()

    def _show(self, row: int) -> None:
        """Go to a difference."""
        if not 0 <= row < len(self._listed):
            return
        change = self._listed[row]
        self._go_to(change.scope)
        self._mark(change)
        first, name = (self.left, change.before) if not change.after else (self.right, change.after)
        if change.wire is not None:
            first, name = (self.left if change.kind == "removed" else self.right), change.wire.target
        if name:
            first.reveal(name)
            self._follow(first, self.right if first is self.left else self.left, always=True)

    def _go_to(self, scope: str) -> None:
        """Show a definition on both sides, where they have it."""
        self._scope = scope
        for side in (self.left, self.right):
            side.go(scope)
        self.way.setText(tr("Whole network › {name}", name=scope) if scope != MAIN else "")
        self.way.setVisible(scope != MAIN)
        self._mark()

    def _choose(self, side: Side, name: str) -> None:
        """A block was clicked: go to what is different in it."""
        for row, change in enumerate(self._listed):
            if change.scope == self._scope and name == (change.before if side is self.left else change.after):
                self.list.setCurrentRow(row)
                return

    def _mark(self, current: Change | None = None) -> None:
        found, scope = self._found, self._scope
        if found is None:
            return
        here = [change for change in found.changes if change.scope == scope and change.wire is None]
        wire = current.wire if current is not None else None
        for side, gone in ((self.left, True), (self.right, False)):
            blocks: dict[str, Kind] = {
                name: "changed"
                for name in side.scene.drawing.names
                if side.session.definition.block(name).type in found.inside
            }
            blocks |= {name: each.kind for each in here if (name := each.before if gone else each.after)}
            wires = (found.removed_wires if gone else found.added_wires).get(scope, ())
            at = "" if current is None else current.before if gone else current.after
            kind: Kind = "removed" if gone else "added"
            side.mark(Marked(blocks, dict.fromkeys(wires, kind), at, wire))

    # Both together

    def _follow(self, moved: Side, other: Side, always: bool = False) -> None:
        """See the same in the other drawing: the block nearest to the middle stands at the same place."""
        if self._found is None or not (always or self.linked.isChecked()):
            return
        names = dict(self._found.names.get(self._scope, {}))
        if moved is self.right:
            names = {new: old for old, new in names.items()}
        near = moved.nearest(set(names))
        if near is not None and names[near] in other.scene.drawing.rows:
            other.follow(names[near], moved.place_of(near), moved.camera.scale)


def _sentence(change: Change) -> str:
    """A difference in one line."""
    if change.wire is not None:
        text = f"{change.wire.source} → {change.wire.target}"
    elif change.name:
        text = change.name
    else:
        return tr("module {name}", name=change.scope) if change.scope != MAIN else tr("the network itself")
    inside = f"{change.scope} · " if change.scope != MAIN else ""
    return f"{inside}{text}" + (f": {', '.join(map(render, change.what))}" if change.what else "")
