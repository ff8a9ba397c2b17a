"""The panel beside the drawing: the lesson's steps, the one in view with its text, figures and questions."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from blockstudio.errors import StudioError
from blockstudio.experiments import load_experiment
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.parts import LINK, Flush, broken, clear, hairline, quiet
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import font, mix, notifier, theme
from blockstudio.gui.lessons.control import LessonControl
from blockstudio.gui.lessons.form import QuestionForm
from blockstudio.gui.lessons.proof import ProofCard
from blockstudio.gui.lessons.prose import Prose
from blockstudio.gui.lessons.widgets import make_widget
from blockstudio.lessons import Step, lesson_names
from blockstudio.lessons.walking import Given

WIDTH = 432
LINE = 350
"""Pixels of a line in it."""
CIRCLED = 0x2460
"""The sign ①."""


class StepRow(QWidget):
    """A step that is not in view: its number, or a tick, and its title as a link."""

    def __init__(self, number: int, title: str, done: bool, button: QPushButton) -> None:
        super().__init__()
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8 - LINK)
        line.addWidget(Disc(number, "done" if done else "ahead"))
        button.setText(title)
        button.setProperty("role", "step")
        button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        line.addWidget(button, 1)


class Disc(QWidget):
    """The number of a step in a disc; a tick for one that is done, a ring for one ahead."""

    def __init__(self, number: int, state: str) -> None:
        super().__init__()
        self.number, self.state = number, state
        self.setFixedSize(20, 20)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(1, 1, 18, 18)
        now = self.state == "now"
        painter.setPen(Qt.PenStyle.NoPen if self.state != "ahead" else colours.secondary)
        fill = colours.primary if now else colours.selected if self.state == "done" else QColor(0, 0, 0, 0)
        painter.setBrush(fill)
        painter.drawEllipse(rect)
        painter.setPen(colours.on_accent if now else colours.link if self.state == "done" else colours.secondary)
        painter.setFont(font(11, bold=now))
        text = "✓" if self.state == "done" else str(self.number)
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)


class Progress(QWidget):
    """A bar a step: done, in view, ahead."""

    def __init__(self) -> None:
        super().__init__()
        self.states: list[str] = []
        self.setFixedHeight(4)

    def show_states(self, states: list[str]) -> None:
        self.states = states
        self.setAccessibleName(tr("Step {number} of {count}", number=states.index("now") + 1, count=len(states)))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        gap, count = 6.0, max(1, len(self.states))
        wide = (self.width() - gap * (count - 1)) / count
        fills = {"done": colours.accent, "now": mix(colours.panel, colours.accent, 0.5), "ahead": colours.track}
        for index, state in enumerate(self.states):
            painter.setBrush(fills[state])
            painter.drawRoundedRect(QRectF(index * (wide + gap), 0, wide, 4), 2, 2)


class LessonPanel(QWidget):
    """See the module's text."""

    def __init__(self, desk: Desk, control: LessonControl) -> None:
        super().__init__()
        self._desk, self._control = desk, control
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(tr("Lesson"))
        self.forms: dict[str, QuestionForm] = {}
        self._paths: dict[str, str] = {}
        """Of short names in the text."""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head())
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.body = QWidget()
        self._steps = QVBoxLayout(self.body)
        self._steps.setContentsMargins(20, 8, 20, 16)
        self._steps.setSpacing(8)
        self.area.setWidget(self.body)
        column.addWidget(self.area, 1)
        column.addWidget(hairline())
        column.addWidget(self._foot())
        control.opened.connect(self.show_lesson)
        control.turned.connect(lambda: self.show_step(focus=True))
        control.answered.connect(lambda _: self._show_progress())
        control.failed.connect(self._fail)
        desk.session.selection_changed.connect(self._follow)
        desk.session.edited.connect(lambda *_: self._unsay())
        notifier.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, 600)

    def _command(self, text: str, id: str, value: object = None) -> QPushButton:
        return self._desk.commands.link(text, id, value)

    def _head(self) -> QWidget:
        head = QWidget()
        column = QVBoxLayout(head)
        column.setContentsMargins(20, 14, 20, 8)
        column.setSpacing(8)
        row = QHBoxLayout()
        self.place = quiet(wrap=False)
        row.addWidget(self.place)
        row.addStretch(1)
        row.addWidget(self._command(tr("All lessons"), "page.lessons"))
        row.addSpacing(6)
        row.addWidget(self._command(tr("Close"), "lesson.close"))
        column.addLayout(row)
        self.title = QLabel()
        self.title.setFont(font(16, bold=True))
        self.title.setWordWrap(True)
        column.addWidget(self.title)
        self.progress = Progress()
        column.addWidget(self.progress)
        self.trouble = QLabel()
        self.trouble.setProperty("role", "problem")
        self.trouble.setWordWrap(True)
        self.trouble.hide()
        column.addWidget(self.trouble)
        return head

    def _foot(self) -> QWidget:
        foot = QWidget()
        row = QHBoxLayout(foot)
        row.setContentsMargins(20, 10, 20, 10)
        row.setSpacing(10)
        self.back = QPushButton(tr("Back"))
        self.back.setProperty("role", "chip")
        self.back.setFixedHeight(30)
        self._desk.commands.bind(self.back, "lesson.back")
        self.show_me = self._command(tr("Show me"), "lesson.show_me")
        self.next = QPushButton()
        self.next.setProperty("role", "primary")
        self.next.setFixedHeight(30)
        self.next.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._desk.commands.bind(self.next, "lesson.next")
        row.addWidget(self.back)
        row.addWidget(self.show_me)
        row.addWidget(self.next, 1)
        return foot

    # Showing

    def show_lesson(self) -> None:
        """The head: which lesson this is."""
        lesson = self._control.lesson
        self.trouble.hide()
        if lesson is None:
            return
        self.title.setText(lesson.title)
        names = lesson_names()
        ours = self._control.path in names
        self.place.setText(
            tr("Lesson {number} of {count}", number=lesson.number, count=len(names)) if ours
            else tr("A lesson of your own")
        )  # fmt: skip

    def show_step(self, focus: bool = False) -> None:
        """The steps, with that in view opened."""
        lesson, control = self._control.lesson, self._control
        self.stop()
        clear(self._steps)
        self.forms, self._paths = {}, {}
        if lesson is None:
            return
        self.trouble.hide()
        now = min(control.progress.step, len(lesson.steps) - 1)
        for number, step in enumerate(lesson.steps):
            if number == now:
                self._steps.addWidget(self._opened(number, step))
            else:
                button = self._command("", "lesson.step", number)
                button.setToolTip(step.title)
                self._steps.addWidget(StepRow(number + 1, step.title, control.is_done(number), button))
        self._steps.addStretch(1)
        self._show_progress()
        for form in self.forms.values():
            form.answered.connect(self._go_on)
            form.judged.connect(lambda form=form: QTimer.singleShot(0, self, lambda: self._bring(form)))
        self._order_keys()
        # The step in view begins at the top; what was done before scrolls out.
        current = self._steps.itemAt(now)
        widget = current.widget() if current is not None else None
        if widget is not None:
            QTimer.singleShot(0, self, lambda: self._scroll_to(widget))
        if focus:
            QTimer.singleShot(0, self, self.focus)  # once the fields can be seen

    def _order_keys(self) -> None:
        """Tab goes from what a step asks to the row below it."""
        last = next((each for each in reversed(self.body.findChildren(QPushButton)) if each.focusPolicy()), self.back)
        for each in (self.back, self.show_me, self.next):
            if each is not last:
                QWidget.setTabOrder(last, each)
                last = each

    def _bring(self, form: QuestionForm) -> None:
        """What was said of an answer comes into view, and what is asked next, as far as the answer stays there."""
        if form not in self.forms.values():
            return
        self._steps.activate()
        told, bar, high = form.last_word(), self.area.verticalScrollBar(), self.area.viewport().height()
        waiting = self._waiting()
        if waiting is not None and self._control.answer(form.question).done:
            told = waiting.check_button  # what is asked next, where both have room
        top = form.check_button.mapTo(self.body, QPoint()).y() - 80
        bottom = told.mapTo(self.body, QPoint(0, told.height())).y() + 12
        if bottom > bar.value() + high:
            bar.setValue(min(top, bottom - high))

    def _scroll_to(self, widget: QWidget) -> None:
        if widget.parent() is self.body:
            self.area.verticalScrollBar().setValue(max(0, widget.y() - 40))

    def _opened(self, number: int, step: Step) -> QWidget:
        control, walk = self._control, self._control.walk
        assert walk is not None
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 4, 0, 8)
        column.setSpacing(10)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(Disc(number + 1, "now"), 0, Qt.AlignmentFlag.AlignTop)
        title = QLabel(step.title)
        title.setFont(font(14, bold=True))
        title.setWordWrap(True)
        row.addWidget(title, 1)
        column.addLayout(row)
        inner = QVBoxLayout()
        inner.setContentsMargins(28, 0, 0, 0)
        inner.setSpacing(12)
        column.addLayout(inner)
        blocks = self._names(step)
        try:
            prose = Prose()
            prose.block_wanted.connect(self._go_to)
            prose.show_text(walk.prose(step), blocks)
            inner.addWidget(prose)
            for name in step.words("widget"):
                made = make_widget(name)
                if made is not None:
                    inner.addWidget(made)
            for name in step.words("proof"):
                inner.addWidget(ProofCard(name))
            for name in step.words("experiment"):
                inner.addLayout(_flush(self._experiment(name), left=True))
            for question in step.questions:
                inner.addWidget(hairline())
                form = QuestionForm(control, step, question, blocks, self._command, self._selected, self._go_to)
                self.forms[question.id] = form
                inner.addLayout(_flush(form))
        except StudioError as error:
            self._fail(str(error))
        return holder

    def _experiment(self, name: str) -> QPushButton:
        """A link to an experiment, by its title."""
        title = name
        with suppress(StudioError):
            course = load_experiment(self._control.experiment(name)).experiment.course
            title = tr(course.title) if course is not None else name
        button = self._command("", "lesson.experiment", name)
        button.setText(broken(tr("Open the experiment: {name}", name=title), button.fontMetrics(), LINE))
        return button

    def _names(self, step: Step) -> dict[str, str]:
        """How the names of blocks are shown in the text: those that are lit with their number. The last part of a path
        stands for it where there is one alone."""
        walk = self._control.walk
        assert walk is not None
        lit = self._control.lit(step)
        try:
            made = walk.made(step)
        except StudioError:
            return {}
        found = {name: name for name in made.diagram.main.graph} if made is not None else {}
        lasts = [path.rpartition(".")[2] for path in lit]
        for number, (path, last) in enumerate(zip(lit, lasts, strict=True)):
            sign = f"{chr(CIRCLED + number)}\u00a0" if len(lit) > 1 and number < 20 else ""
            found[path] = f"{sign}{path}"
            if lasts.count(last) == 1 and (last == path or last not in found):
                found[last] = f"{sign}{last}"
                self._paths[last] = path
        return found

    def _go_to(self, name: str) -> None:
        self._control.show_block(self._paths.get(name, name))

    def _selected(self) -> str:
        session = self._desk.session
        if not session.selection or self._desk.session.document is not self._control.document:
            return ""
        name = session.selection[0]
        return f"{session.path}.{name}" if session.path and not session.path.startswith("@") else name

    def _follow(self) -> None:
        for form in self.forms.values():
            form.follow_selection()

    def _unsay(self) -> None:
        """What was said of a drawing does not hold for another."""
        for form in self.forms.values():
            form.follow_edits()

    def _show_progress(self) -> None:
        lesson, control = self._control.lesson, self._control
        if lesson is None:
            return
        now = min(control.progress.step, len(lesson.steps) - 1)
        states = ["done" if control.is_done(number) else "ahead" for number in range(len(lesson.steps))]
        states[now] = "now"
        self.progress.show_states(states)
        last = now + 1 >= len(lesson.steps)
        text = tr("Finish: save the results…") if last else tr("Next: {title}", title=lesson.steps[now + 1].title)
        room = max(80, self.next.width() - 30)
        self.next.setToolTip(text)
        self.next.setText(self.next.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room))
        self.back.setEnabled(now > 0)
        self.show_me.setEnabled(control.can_show)

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        QTimer.singleShot(0, self, self._show_progress)

    def drafts(self) -> dict[str, Given]:
        """What stands in fields and choices, not checked yet, by question."""
        typed = (form for form in self.forms.values() if form.inputs or form.choices)
        return {form.question.id: form.given() for form in typed if not self._control.answer(form.question).done}

    def put(self, drafts: Mapping[str, Given]) -> None:
        """Put `drafts` back."""
        for id, given in drafts.items():
            if id in self.forms:
                self.forms[id].put(given)

    def _waiting(self) -> QuestionForm | None:
        return next((each for each in self.forms.values() if not self._control.answer(each.question).done), None)

    def _go_on(self) -> None:
        """The keyboard goes to the next question that is not answered, or to *Next*."""
        waiting = self._waiting()
        (waiting.first_focus() if waiting is not None else self.next).setFocus()

    def focus(self) -> None:
        """The keyboard goes to the first question, or to *Next*."""
        self._go_on()

    def stop(self) -> None:
        """End the proofs that are still computed."""
        for card in self.body.findChildren(ProofCard):
            card.child.cancel()

    def _fail(self, text: str) -> None:
        self.trouble.setText(text)
        self.trouble.show()


def _flush(widget: QWidget, left: bool = False) -> Flush:
    row = Flush()
    row.addWidget(widget)
    if left:
        row.addStretch(1)
    return row
