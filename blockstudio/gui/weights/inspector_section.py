"""What the inspector says of starting weights and frozen blocks: a box on each block, a summary of the network."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from blockstudio.blocks import ENDS
from blockstudio.gui.commands.registry import COMMAND
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.document import DEFINITION
from blockstudio.gui.kit.parts import NumberRow, clear, heading, link_button, quiet
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.tick_box import TickBox

LONGEST = 24
"""Letters of a file's name that the inspector shows."""


class FreezeLine(QWidget):
    """*Frozen* for one block at one place of the network, and a link that freezes what comes before it as well."""

    def __init__(self, desk: Desk, name: str) -> None:
        super().__init__()
        session = desk.session
        self._desk, self._session, self._name = desk, session, name
        self._starting = session.initial_weights
        self._document, self._level = session.document, session.path
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        self.box = TickBox(tr("Frozen"))
        self.box.setToolTip(
            tr("It stays as it is, with all that is inside: no gradients, normalisation and dropout as in use.")
        )
        self.box.clicked.connect(self._on_click)
        self.up_to = link_button(tr("and all before it"))
        self.up_to.setProperty(COMMAND, "start.freeze_up_to")
        self.up_to.clicked.connect(lambda _=False: self._freeze_up_to())
        self.up_to.setToolTip(tr("Freeze this block and everything that the signal comes through before it"))
        line.addWidget(self.box)
        line.addWidget(self.up_to)
        line.addStretch(1)
        column.addLayout(line)
        self.why = quiet()
        column.addWidget(self.why)
        if session.definition.block(name).type in ENDS:
            self.hide()
        self._starting.changed.connect(self.refresh)
        self.refresh()

    @property
    def path(self) -> str:
        """The block's place in the network; empty in a definition, which is seen at no place."""
        if self._level.startswith(DEFINITION):
            return ""
        return f"{self._level}.{self._name}" if self._level else self._name

    def refresh_block(self, name: str) -> None:
        """Show what is frozen now of the block, which may have another name."""
        self._name = name
        self.refresh()

    def _is_there(self) -> bool:
        session = self._session
        here = session.document is self._document and session.path == self._level
        return here and self._name in session.definition.graph

    def _on_click(self) -> None:
        if not self._is_there():
            return
        self._desk.commands.run("start.freeze_block", self.path)
        self.refresh()

    def _freeze_up_to(self) -> None:
        if self._is_there():
            self._desk.commands.run("start.freeze_up_to", self.path)

    def refresh(self) -> None:
        """Show what is frozen now."""
        if not self._is_there():
            return
        path, starting = self.path, self._starting
        report = self._session.level.blocks.get(self._name)
        state, around = starting.state(path), starting.frozen_with(path)
        self.box.setTristate(state == "part")
        states = {"all": Qt.CheckState.Checked, "part": Qt.CheckState.PartiallyChecked}
        self.box.setCheckState(states.get(state, Qt.CheckState.Unchecked))
        self.box.setEnabled(bool(path) and not around)
        self.up_to.setVisible(bool(path) and not around)
        why = ""
        if not path:
            why = tr("A definition stands at no place in the network; open the module from the block that uses it.")
        elif around:
            why = tr("with {path}").format(path=around)
        elif state == "part":
            inside = [each for each in starting.value.freeze if each.startswith(f"{path}.")]
            why = tr("inside: {paths}").format(paths=", ".join(inside[:4]) + (" …" if len(inside) > 4 else ""))
        elif state == "all" and report is not None and not report.parameters:
            why = tr("It has no parameters; frozen, it only stays as it is in use.")
        self.why.setText(why)
        self.why.setVisible(bool(why))


class StartSummary(QWidget):
    """On the network's page: the file that training begins with, how much is trained, and how to change both."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        session = desk.session
        self._commands, self._session = desk.commands, session
        self._document = session.document
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(heading(tr("Training begins with")))
        self.figures = NumberRow()
        column.addWidget(self.figures)
        self._links = [QHBoxLayout(), QHBoxLayout()]
        """Of the weights, and of what is frozen: in one line they would be wider than the inspector."""
        for line in self._links:
            line.setSpacing(12)
            column.addLayout(line)
        session.initial_weights.changed.connect(self.refresh)
        session.edited.connect(self.refresh)
        if not len(session.diagram.graph):
            self.hide()
        self.refresh()

    def refresh(self, _: object = None) -> None:
        """Show the start of the document in view."""
        session = self._session
        if session.document is not self._document:
            return
        if self.parentWidget() is not None:  # Shown without one, it would be a window.
            self.setVisible(bool(len(session.diagram.graph)))
        starting = session.initial_weights
        start = starting.value
        name = _short(Path(start.weights).name) if start.weights else tr("random values")
        self.figures.set(tr("weights"), name, start.weights)
        trained, total = starting.parameters
        self.figures.set(tr("trained parameters"), f"{trained:,}" if trained != total else "")
        for line in self._links:
            clear(line)
        loading, freezing = self._links
        loading.addWidget(self._commands.link(tr("Load weights…"), "file.weights"))
        if start.weights:
            loading.addWidget(self._commands.link(tr("Take them off"), "start.no_weights"))
        if start.freeze:
            freezing.addWidget(self._commands.link(tr("Unfreeze all"), "start.unfreeze"))
        elif start.weights:
            freezing.addWidget(self._commands.link(tr("Freeze all but the classifier"), "start.freeze_body"))
        for line in self._links:
            line.addStretch(1)


def _short(name: str) -> str:
    """A file's name, its middle left out where the inspector is too narrow for it."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST // 2]}…{name[-LONGEST // 2 :]}"
