"""What the inspector says of modules: on an instance, in how many places its module stands and what can be done with
it; on a block inside, how many places follow, and which of its numbers may become parameters."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from blockstudio.analysis.refactorings import places
from blockstudio.blocks import ENDS
from blockstudio.graph.diagram import MAIN
from blockstudio.graph.operations.promoting import promotable
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.session import Session
from blockstudio.gui.kit.parts import clear, heading, quiet, shown
from blockstudio.gui.kit.text import tr
from blockstudio.text import say_many


def followers(session: Session, module: str) -> int:
    """In how many places of the network a module stands."""
    return places(session.analyzer.main)[module]


class ModuleSection(QWidget):
    """See the module's text. Empty on a block of the main graph that is no instance."""

    def __init__(self, desk: Desk, name: str) -> None:
        super().__init__()
        self._desk, self._session, self._name = desk, desk.session, name
        self._document, self._level = desk.session.document, (desk.session.path, desk.session.scope)
        self._shown: object = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self.refresh_block(name)

    def refresh_block(self, name: str) -> None:
        """Show what is known now of the block, which may have another name."""
        self._name = name
        session = self._session
        there = session.document is self._document and (session.path, session.scope) == self._level
        if not there or name not in session.definition.graph:
            return
        kind, scope = session.definition.block(name).type, session.scope
        module = kind if kind in session.diagram.modules else ""
        free = tuple(promotable(session.diagram, scope, name)) if scope != MAIN and kind not in ENDS else ()
        wanted = (name, module, scope, free, followers(session, module or scope) if module or scope else 0)
        if wanted != self._shown:
            self._shown = wanted
            self._build(module, scope, free, wanted[-1])

    def _build(self, module: str, scope: str, free: tuple[str, ...], count: int) -> None:
        clear(self._column)
        shown(self, bool(module or scope != MAIN))
        if module:
            self._column.addWidget(heading(tr("Module")))
            told = say_many(
                "{module} stands in {count} place of the network.", "{module} stands in {count} places of the network.",
                count, module=module,
            )  # fmt: skip
            self._column.addWidget(quiet(tr(told)))
            self._links(("edit.ungroup", tr("Take apart")), ("edit.make_unique", tr("Make unique")),
                        ("module.keep", tr("Keep in your library")))  # fmt: skip
        if scope == MAIN:
            return
        if not module:
            self._column.addWidget(heading(tr("Inside {module}", module=scope)))
        told = say_many(
            "What changes here changes in {count} place.", "What changes here changes in all {count} places.", count
            if not module else followers(self._session, scope),
        )  # fmt: skip
        self._column.addWidget(quiet(tr(told)))
        if free:
            self._column.addWidget(quiet(tr("Make a parameter of {module}:", module=scope)))
            self._links(*(("module.promote", key) for key in free), value=self._name)

    def _links(self, *links: tuple[str, str], value: str = "") -> None:
        """Links in rows of two; with ``value`` each passes it on with its own text."""
        commands = self._desk.commands
        for start in range(0, len(links), 2):
            line = QHBoxLayout()
            line.setContentsMargins(0, 0, 0, 0)
            line.setSpacing(12)
            for id, text in links[start : start + 2]:
                button = commands.link(text, id, (value, text) if value else None)
                if value:
                    button.setToolTip(tr("Each instance may then set {key}.", key=text))
                line.addWidget(button)
            line.addStretch(1)
            self._column.addLayout(line)
