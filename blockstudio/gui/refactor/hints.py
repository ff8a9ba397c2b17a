"""Hints in the inspector, in the bar under the window and on a page of their own. They are quiet: no colour of warning,
nothing that asks for an answer."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from blockstudio.analysis.hints import KINDS, Hint
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.hint_finder import HELPS, HintFinder
from blockstudio.gui.kit.parts import clear, quiet, shown
from blockstudio.gui.kit.text import tr
from blockstudio.text import render, say_many


class HintBox(QFrame):
    """One hint: title, two sentences, the paper, what helps, and the way to see no more of its kind."""

    def __init__(self, desk: Desk, hint: Hint, with_block: bool = False) -> None:
        super().__init__()
        self.hint = hint
        self.setProperty("role", "box")
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(4)
        head = QHBoxLayout()
        title = quiet(render(hint.title), wrap=False)
        title.setProperty("role", "strong")
        head.addWidget(title)
        head.addStretch(1)
        if with_block:
            head.addWidget(desk.commands.link(hint.path, "hint.show", hint))
        column.addLayout(head)
        text = quiet(render(hint.text))
        text.setProperty("role", "label")
        column.addWidget(text)
        line = QHBoxLayout()
        line.setSpacing(12)
        for kind in hint.refactorings:
            line.addWidget(desk.commands.link(tr(HELPS[kind]), "hint.fix", (hint, kind)))
        line.addStretch(1)
        if hint.refactorings:
            column.addLayout(line)
        foot = QHBoxLayout()
        foot.setSpacing(12)
        paper = desk.commands.link(hint.paper.text, "hint.paper", hint)
        paper.setToolTip(hint.paper.url)
        foot.addWidget(paper)
        foot.addStretch(1)
        column.addLayout(foot)
        off = desk.commands.link(tr("Don’t show this kind"), "hint.off", hint.kind)
        rest = QHBoxLayout()
        rest.addWidget(off)
        rest.addStretch(1)
        column.addLayout(rest)


class HintSection(QWidget):
    """The hints of a block, in the inspector."""

    def __init__(self, desk: Desk, finder: HintFinder, name: str) -> None:
        super().__init__()
        self._desk, self._finder, self._name = desk, finder, name
        self._shown: tuple[Hint, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 4, 0, 0)
        self._column.setSpacing(6)
        finder.found.connect(self.refresh)
        self.refresh(fresh=True)

    def refresh_block(self, name: str) -> None:
        """The block may have another name."""
        self._name = name
        self.refresh()

    def refresh(self, fresh: bool = False) -> None:
        """Show what is known."""
        found = self._finder.of(self._desk.session.scope, self._name)
        if fresh or found != self._shown:
            self._shown = found
            clear(self._column)
            for hint in found:
                self._column.addWidget(HintBox(self._desk, hint))
            shown(self, bool(found))


class HintsButton(QPushButton):
    """How many hints there are, in the bar under the window."""

    def __init__(self, desk: Desk, finder: HintFinder) -> None:
        super().__init__()
        self._finder = finder
        self.setProperty("role", "status")
        desk.commands.bind(self, "view.hints")
        finder.found.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Count anew."""
        count = len(self._finder.hints)
        self.setText(tr(say_many("{count} hint", "{count} hints", count)))
        shown(self, bool(count))


class HintsPage(QScrollArea):
    """All hints, and the kinds that are switched off."""

    def __init__(self, desk: Desk, finder: HintFinder) -> None:
        super().__init__()
        self._desk, self._finder = desk, finder
        self._shown: object = None
        self.setAccessibleName(tr("Hints"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        holder = QWidget()
        self._column = QVBoxLayout(holder)
        self._column.setContentsMargins(14, 8, 14, 8)
        self._column.setSpacing(8)
        self.setWidget(holder)
        finder.found.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what is known."""
        found, off = self._finder.hints, self._finder.off
        if (found, off) == self._shown:
            return
        self._shown = (found, off)
        clear(self._column)
        for hint in found:
            self._column.addWidget(HintBox(self._desk, hint, with_block=True))
        if not found:
            self._column.addWidget(quiet(tr("Nothing that a lecturer would remark on.")))
        if off:
            line = QHBoxLayout()
            line.setSpacing(12)
            line.addWidget(quiet(tr("Not shown:"), wrap=False))
            for kind in KINDS:
                if kind in off:
                    line.addWidget(self._desk.commands.link(tr(KINDS[kind][0]), "hint.on", kind))
            line.addStretch(1)
            self._column.addLayout(line)
        self._column.addStretch(1)
