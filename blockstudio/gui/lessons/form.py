"""One question: where the answer goes, what is said of it, its hint, and the computation once it is right."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from blockstudio.gui.kit.parts import LINK, Flush, link, quiet
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font
from blockstudio.gui.kit.tick_box import TickBox
from blockstudio.gui.lessons.control import LessonControl
from blockstudio.gui.lessons.prose import Prose
from blockstudio.lessons.lesson import Question, Step
from blockstudio.lessons.walking import Given, plain

FIELD = 32
"""Height of an answer's field."""


class QuestionForm(QWidget):
    """See the module's text. ``button`` makes a button that does a command; ``name`` says how a block is called."""

    answered = Signal()
    judged = Signal()
    """Something was said of the answer: the page brings it into view."""

    def __init__(
        self, control: LessonControl, step: Step, question: Question, blocks: Mapping[str, str],
        button: Callable[[str, str, object], QPushButton], selected: Callable[[], str], go_to: Callable[[str], None],
    ) -> None:  # fmt: skip
        super().__init__()
        self._control, self.step, self.question, self._blocks = control, step, question, blocks
        self._selected, self._go_to = selected, go_to
        self.inputs: dict[str, QLineEdit] = {}
        self.choices: dict[str, QAbstractButton] = {}
        self.setAccessibleName(plain(question.text))
        column = QVBoxLayout(self)
        column.setContentsMargins(LINK, 0, 0, 0)  # its links begin where its texts do
        column.setSpacing(6)
        self.title = self._prose(question.text, bold=True)
        column.addWidget(self.title)
        if question.more:
            column.addWidget(self._prose(question.more))
        self._entry = QVBoxLayout()
        self._entry.setSpacing(4)
        column.addLayout(self._entry)
        self._make_entry()
        row = QHBoxLayout()
        row.setSpacing(8)
        self.check_button = QPushButton(tr("Check"))
        self.check_button.setProperty("role", "chip")
        self.check_button.clicked.connect(lambda _=False: self.check())
        row.addWidget(self.check_button)
        self.verdict = QLabel()
        self.verdict.setFont(font(12, bold=True))
        self.verdict.setWordWrap(True)
        row.addWidget(self.verdict, 1)
        self.tries = quiet(wrap=False)
        row.addWidget(self.tries)
        column.addLayout(row)
        self.before = quiet()
        column.addWidget(self.before)
        self.hint = self._prose("", quiet=True)
        column.addWidget(self.hint)
        self.box = QFrame()
        self.box.setProperty("role", "box")
        inside = QVBoxLayout(self.box)
        inside.setContentsMargins(10, 8, 10, 4)
        self.explanation = self._prose("")
        inside.addWidget(self.explanation)
        column.addWidget(self.box)
        links = Flush()
        if question.kind == "mend":
            links.addWidget(button(tr("Show the solution"), "lesson.solution", question.id))
            links.addWidget(button(tr("Start over"), "lesson.start_over", None))
        else:
            self.solve = link(tr("Show the solution"), self.reveal)
            links.addWidget(self.solve)
        links.addStretch(1)
        column.addLayout(links)
        self.refresh()

    def _prose(self, text: str, *, bold: bool = False, quiet: bool = False) -> Prose:
        made = Prose(bold=bold, quiet=quiet)
        made.block_wanted.connect(self._go_to)
        made.show_text(self._filled(text), self._blocks)
        return made

    def _filled(self, text: str) -> str:
        walk = self._control.walk
        return walk.fill(self.step, text) if walk is not None and text else text

    # The place of the answer

    def _make_entry(self) -> None:
        kind, question = self.question.kind, self.question
        if kind in ("number", "shape"):
            for name, label in (question.fields or {"": ""}).items():
                self._add_field(name, label)
        elif kind in ("choice", "several"):
            group = QButtonGroup(self)
            group.setExclusive(kind == "choice")
            for name, text in question.choices.items():
                button: QAbstractButton = QRadioButton() if kind == "choice" else TickBox()
                button.setAccessibleName(plain(text))
                button.clicked.connect(lambda _=False: self._unsay())
                group.addButton(button)
                self.choices[name] = button
                line = QHBoxLayout()
                line.setSpacing(8)
                aside = QVBoxLayout()
                aside.setContentsMargins(0, 5, 0, 0)
                aside.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
                line.addLayout(aside)
                prose = self._prose(text)
                prose.viewport().installEventFilter(self)
                prose.viewport().setProperty("choice", name)
                line.addWidget(prose, 1)
                self._entry.addLayout(line)
        elif kind == "block":
            self.chosen = quiet()
            self._entry.addWidget(self.chosen)
            self._show_selected()
        elif kind == "mend":
            way = tr("Change the drawing, then check it. A double click on a block shows its parameters.")
            self._entry.addWidget(quiet(way))

    def _add_field(self, name: str, label: str) -> None:
        field = self.inputs[name] = QLineEdit()
        field.setFixedHeight(FIELD)
        field.setMaximumWidth(200)
        field.setFont(font(13, bold=True))
        field.setProperty("role", "answer")
        shape = self.question.kind == "shape"
        field.setPlaceholderText(tr("C × H × W") if shape else tr("a number"))
        field.setAccessibleName(plain(label or self.question.text))
        field.returnPressed.connect(self.check)
        field.textEdited.connect(lambda _: self._edited(name))
        line = QHBoxLayout()
        if label:
            prose = self._prose(label)
            line.addWidget(prose, 1, Qt.AlignmentFlag.AlignVCenter)
            field.setFixedWidth(170)
        line.addWidget(field, 0 if label else 2)
        if self.question.unit:
            line.addWidget(quiet(self.question.unit, wrap=False))
        if not label:
            line.addStretch(1)
        self._entry.addLayout(line)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonRelease and isinstance(event, QMouseEvent):
            name = watched.property("choice")
            if name in self.choices:
                self.choices[name].setFocus(Qt.FocusReason.MouseFocusReason)
                self.choices[name].click()
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter on a choice checks it, as it does in a field."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.focusWidget() in self.choices.values():
            self.check()
            return
        super().keyPressEvent(event)

    def _edited(self, name: str) -> None:
        self._mark(name, "")
        self._unsay()

    def _unsay(self) -> None:
        """What was said of the answer before does not hold for another; its hint may still help."""
        self._say("", "")

    def _show_selected(self) -> None:
        name = self._selected()
        self.chosen.setText(tr("Selected: {name}", name=name) if name else tr("Click a block in the drawing."))

    def follow_selection(self) -> None:
        """Say which block is selected in the drawing; what was said of the one before does not hold for it."""
        if self.question.kind == "block":
            self._show_selected()
            if not self._control.answer(self.question).done:
                self._unsay()

    def follow_edits(self) -> None:
        """The drawing was changed."""
        if self.question.kind == "mend" and not self._control.answer(self.question).done:
            self._unsay()

    def given(self) -> Given:
        """What stands there now."""
        kind = self.question.kind
        if kind in ("number", "shape"):
            texts = {name: field.text() for name, field in self.inputs.items()}
            return texts if self.question.fields else texts[""]
        ticked = tuple(name for name, button in self.choices.items() if button.isChecked())
        if kind == "several":
            return ticked
        if kind == "choice":
            return ticked[0] if ticked else ""
        return self._selected() if kind == "block" else ""

    # Checking

    def check(self) -> None:
        """Check what stands there."""
        verdict = self._control.check(self.question, self.given())
        if verdict is None:
            return
        self.refresh()
        wrong = verdict.state != "right"
        self._say(tr(verdict.text), "good" if not wrong else "problem" if verdict.state == "wrong" else "warning")
        for name in self.inputs:
            state = verdict.fields.get(name, verdict.state)
            self._mark(name, "right" if state == "right" else "wrong" if state in ("wrong", "unread") else "")
        self.hint.show_text(verdict.hint, self._blocks)
        if wrong and self.inputs:
            first = next(iter(verdict.wrong), next(iter(self.inputs)))
            self.inputs[first].setFocus()
            self.inputs[first].selectAll()
        if not wrong:
            self.answered.emit()
        self.judged.emit()

    def last_word(self) -> QWidget:
        """The lowest of what is said of the answer."""
        return next(each for each in (self.box, self.hint, self.check_button) if each.isVisibleTo(self))

    def _say(self, text: str, role: str) -> None:
        self.verdict.setText(text)
        self.verdict.setProperty("role", role)
        self.verdict.style().unpolish(self.verdict)
        self.verdict.style().polish(self.verdict)

    def _mark(self, name: str, state: str) -> None:
        field = self.inputs[name]
        if field.property("state") != state:
            field.setProperty("state", state)
            field.style().unpolish(field)
            field.style().polish(field)

    def reveal(self) -> None:
        """The solution, and how it is computed."""
        self._control.reveal(self.question)
        self.refresh()
        walk = self._control.walk
        if walk is not None:
            self._say(tr("Solution: {value}", value=walk.solution(self.step, self.question)), "")
        self.judged.emit()

    def refresh(self) -> None:
        """Show what was answered before."""
        answer = self._control.answer(self.question)
        right = answer.state == "right"
        if right:
            self.put(answer.given)
            self._say(tr("Right."), "good")
            for name in self.inputs:
                self._mark(name, "right")
        self.tries.setText(tr("attempt {count}", count=answer.tries) if answer.tries > 1 else "")
        first = answer.first if isinstance(answer.first, str) else ""
        told = right and answer.tries > 1 and first and self.question.kind in ("number", "shape")
        self.before.setText(tr("First try: {answer}", answer=first) if told else "")
        self.before.setVisible(bool(told))
        self.explanation.show_text(self._filled(self.question.explain) if answer.done else "", self._blocks)
        self.box.setVisible(answer.done and bool(self.question.explain))
        if self.question.kind != "mend":
            self.solve.setVisible(not answer.done)
        if right:
            self.hint.show_text("")

    def put(self, given: object) -> None:
        """Fill in an answer."""
        if isinstance(given, dict):
            for name, text in given.items():
                if name in self.inputs:
                    self.inputs[name].setText(str(text))
        elif "" in self.inputs:
            self.inputs[""].setText(str(given))
        names = given if isinstance(given, list | tuple) else [given]
        for name, button in self.choices.items():
            button.setChecked(name in names)

    def first_focus(self) -> QWidget:
        """Where the keyboard goes."""
        return next(iter((*self.inputs.values(), *self.choices.values())), self.check_button)
