"""The problems of the diagram, each with the way to its block and its fixes."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from blockstudio.analysis import Problem
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.parts import clear, quiet
from blockstudio.gui.kit.text import sentence, tr, tr_many
from blockstudio.gui.kit.theme import notifier, theme

SHOWN = 100
"""Rows at most: a list longer than that is not read, and each row costs widgets."""


class ProblemRow(QWidget):
    """Block, sentence, fixes."""

    def __init__(self, panel: ProblemsPanel, problem: Problem) -> None:
        super().__init__()
        self.problem = problem
        self._panel = panel
        line = self._line = QHBoxLayout(self)
        line.setContentsMargins(0, 2, 0, 2)
        line.setSpacing(10)
        dot = QLabel("●")
        dot.setProperty("role", "problem" if problem.severity == "error" else "warning")
        dot.setAccessibleName(tr("Error") if problem.severity == "error" else tr("Warning"))
        line.addWidget(dot)
        place = problem.path or problem.block or problem.scope or tr("diagram")
        self.go = panel.commands.link(place, "problem.show", problem)
        self.go.setToolTip(tr("Show this block"))
        line.addWidget(self.go)
        self.text = QLabel(sentence(problem.message))
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        line.addWidget(self.text, 1)
        self.fixes: list[QPushButton] = []
        self._complete = False
        self.show_fixes()

    def show_fixes(self) -> None:
        """Buttons for what can be done, once that is worked out."""
        found = None if self._complete else self._panel.session.fixes(self.problem)
        if found is None:
            return
        self._complete = True
        for fix in found[:3]:
            button = QPushButton(tr(fix.label))
            button.setProperty("role", "chip")
            self._panel.commands.bind(button, "problem.fix", value=fix)
            self._line.addWidget(button)
            self.fixes.append(button)


def counted(desk: Desk) -> tuple[int, int]:
    """Errors and warnings of the diagram; an empty drawing is no mistake."""
    problems = desk.session.analysis.problems if len(desk.session.diagram.graph) else ()
    errors = sum(problem.severity == "error" for problem in problems)
    return errors, len(problems) - errors


class ProblemsButton(QPushButton):
    """How many problems there are, in the bar under the window."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.setProperty("role", "status")
        desk.commands.bind(self, "view.problems")
        for signal in (desk.session.edited, desk.session.opened, desk.session.saved, notifier.changed):
            signal.connect(self.refresh)
        self.refresh()

    def refresh(self, _: object = None) -> None:
        """Count anew."""
        errors, warnings = counted(self._desk)
        parts = []
        if errors:
            parts.append(tr_many("{count} problem", "{count:,} problems", errors))
        if warnings:
            parts.append(tr_many("{count} warning", "{count} warnings", warnings))
        if not len(self._desk.session.diagram.graph):
            parts = [tr("empty diagram")]
        self.setText(" · ".join(parts) or tr("no problems"))
        colours = theme()
        colour = colours.problem if errors else colours.warning if warnings else colours.secondary
        self.setStyleSheet(f"color: {colour.name()};")


class ProblemsPanel(QScrollArea):
    """Rows, errors first. Rebuilt only when the problems have changed and the panel is in view."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        session = desk.session
        self._desk, self.commands = desk, desk.commands
        self.setAccessibleName(tr("Problems"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.session = session
        holder = QWidget()
        self._column = QVBoxLayout(holder)
        self._column.setContentsMargins(14, 8, 14, 8)
        self._column.setSpacing(0)
        self.setWidget(holder)
        self.rows: list[ProblemRow] = []
        self._shown: object = None
        for signal in (session.edited, session.opened):
            signal.connect(self.refresh)
        session.fix_finder.found.connect(self._show_fixes)

    def _show_fixes(self) -> None:
        for row in self.rows:
            row.show_fixes()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def refresh(self, _: object = None) -> None:
        problems = self.session.analysis.problems if len(self.session.diagram.graph) else ()
        if not self.isVisible() or (problems is self._shown):
            return
        self._shown = problems
        clear(self._column)
        ordered = sorted(problems, key=lambda problem: problem.severity != "error")
        self.rows = [ProblemRow(self, problem) for problem in ordered[:SHOWN]]
        for row in self.rows:
            self._column.addWidget(row)
        if len(ordered) > SHOWN:
            self._column.addWidget(quiet(tr("and {count} more").format(count=len(ordered) - SHOWN)))
        if not ordered:
            empty = not len(self.session.diagram.graph)
            text = tr("The diagram is empty.") if empty else tr("No problems: the network can be compiled and trained.")
            self._column.addWidget(quiet(text))
        self._column.addStretch(1)

    def go(self, problem: Problem) -> None:
        """Show the block that the problem stands on, entering its module."""
        session = self.session
        if problem.path:
            found = session.go_to_block(problem.path)
        else:
            session.go(f"@{problem.scope}" if problem.scope else "")
            session.select([problem.block] if problem.block else [])
            found = bool(session.selection)
        if found:
            self._desk.reveal_wanted.emit(session.selection[0])
