"""*Convert to* in the inspector: the ways to write a block, each with what it saves, looked at before they are done."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from blockstudio.analysis.refactorings import Refactoring
from blockstudio.gui.commands.registry import COMMAND
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.parts import clear, heading
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.tick_box import TickBox
from blockstudio.gui.refactor.finder import Finder
from blockstudio.gui.refactor.option import Option
from blockstudio.gui.work.settings import settings

RELU = "refactor/relu"
BETWEEN = ("stack_3x3", "stack_2x2", "asymmetric", "separable", "bottleneck")
"""Kinds that may have a ReLU between."""


def wants_relu() -> bool:
    """Whether a ReLU comes between convolutions that take the place of one."""
    return str(settings().value(RELU, "true")) != "false"


class ConvertSection(QWidget):
    """See the module's text. Without a name it is of all blocks that are selected; empty where nothing can be
    proposed."""

    def __init__(self, desk: Desk, finder: Finder, name: str = "") -> None:
        super().__init__()
        self._desk, self._session, self._name = desk, desk.session, name
        self.finder = finder
        self._place = (desk.session.document, desk.session.path, desk.session.scope)
        self._revision: object = None
        self.options: list[Option] = []
        self._chosen: Refactoring | None = None
        self.finder.found.connect(self._show)
        self.hide()
        self.refresh_block(name)

    def _build(self) -> None:
        """What stands around the options, once there are any."""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        head = QHBoxLayout()
        head.addWidget(heading(tr("Convert to")))
        head.addStretch(1)
        self.relu = TickBox(tr("ReLU between"))
        self.relu.setChecked(wants_relu())
        self.relu.toggled.connect(self._toggle)
        head.addWidget(self.relu)
        column.addLayout(head)
        self._rows = QVBoxLayout()
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(2)
        column.addLayout(self._rows)
        line = QHBoxLayout()
        self.convert = QPushButton(tr("Convert"))
        self.convert.setProperty("role", "primary")
        self.convert.setProperty(COMMAND, "refactor.convert")
        self.convert.clicked.connect(lambda _=False: self._do(self._chosen))
        line.addWidget(self.convert)
        line.addStretch(1)
        column.addLayout(line)

    def refresh_block(self, name: str) -> None:
        """Look again, if the diagram is another than when it was looked last."""
        session, names = self._session, self._names(name)
        here = self._place == (session.document, session.path, session.scope)
        if not here or not all(each in session.definition.graph for each in names):
            return
        revision = (session.diagram.history.revision, names)
        if revision != self._revision:
            self._name, self._revision = name, revision
            self.finder.ask(names, wants_relu())

    def _names(self, name: str) -> tuple[str, ...]:
        return (name,) if name else self._session.selection

    def _toggle(self, on: bool) -> None:
        settings().setValue(RELU, "true" if on else "false")
        self._revision = None
        self.refresh_block(self._name)

    def _show(self, names: tuple[str, ...], found: tuple[Refactoring, ...]) -> None:
        if names != self._names(self._name) or self._session.selection != names:
            return  # asked for by another page
        if self.layout() is None:
            if not found:
                return
            self._build()
        focused = next((each.found.kind for each in self.options if each.hasFocus()), "")
        self._preview(None)
        clear(self._rows)
        self.options = [Option(each) for each in sorted(found, key=_rank)]
        for option in self.options:
            option.wanted.connect(self._preview)
            option.chosen.connect(self._choose)
            option.done.connect(self._do)
            self._rows.addWidget(option)
        self.setVisible(bool(self.options))
        self.relu.setVisible(any(each.kind in BETWEEN for each in found))
        self._choose(self.options[0].found if self.options else None)
        for option in self.options:
            if option.found.kind == focused:
                option.setFocus()

    @property
    def chosen(self) -> Refactoring | None:
        """What *Convert* does."""
        return self._chosen

    def _choose(self, found: Refactoring | None) -> None:
        self._chosen = found
        for option in self.options:
            option.select(option.found is found)

    def _preview(self, found: Refactoring | None) -> None:
        self._desk.preview_wanted.emit(found)

    def _do(self, found: Refactoring | None) -> None:
        self._desk.commands.run("refactor.convert", found)


def _rank(found: Refactoring) -> bool:
    return not Option.is_tall(found)
