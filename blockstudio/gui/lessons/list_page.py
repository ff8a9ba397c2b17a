"""The page *Lessons*: those that come along and the user's own, with how far each has come."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from blockstudio import folders
from blockstudio.errors import StudioError
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.page import MARGINS, PageHead, section_title
from blockstudio.gui.kit.parts import Flush, clear, hairline, quiet
from blockstudio.gui.kit.text import tr, tr_many
from blockstudio.gui.kit.theme import font
from blockstudio.gui.lessons import progress as kept
from blockstudio.gui.work.worker import Work
from blockstudio.lessons import Lesson, lesson_names, load_lesson
from blockstudio.lessons.library import own_lessons


class Listed(NamedTuple):
    """A lesson of the list, or why it cannot be read."""

    name: str | Path
    lesson: Lesson | None
    trouble: str = ""


class Row(QWidget):
    """A row of the list: all of it can be clicked."""

    def __init__(self, run: Callable[[], object]) -> None:
        super().__init__()
        self._run = run
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self._run()


class LessonsPage(QScrollArea):
    """See the module's text."""

    listed = Signal()
    """The list stands there, after the page came into view."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._work = Work(self)
        self.links: dict[str, QPushButton] = {}
        self._arriving = False
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(tr("Lessons"))
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(*MARGINS)
        column.setSpacing(10)
        head = PageHead(tr("Lessons"))
        button = QPushButton(tr("Open a file…"))
        button.setProperty("role", "chip")
        desk.commands.bind(button, "lesson.open_file")
        head.add(button)
        head.add_tools(desk.commands.link(tr("Back to the drawing"), "view.drawing"))
        column.addLayout(head)
        column.addWidget(
            quiet(
                tr("Each stands beside the drawing, asks before it tells, and computes every answer from the diagram.")
            )
        )
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        column.addLayout(self._rows)
        column.addSpacing(6)
        where = quiet(tr("Lessons of your own: Markdown files in {folder}", folder=str(folders.lessons())))
        where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(where)
        column.addStretch(1)
        self.setWidget(holder)
        self.setAlignment(Qt.AlignmentFlag.AlignTop)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._arriving = True
        self.refresh()

    def refresh(self) -> None:
        """List them anew."""
        self._work.run(_listed, self._show)

    def _show(self, found: list[Listed]) -> None:
        clear(self._rows)
        self.links = {}
        own = False
        for each in found:
            if isinstance(each.name, Path) and not own:
                own = True
                self._rows.addSpacing(14)
                self._rows.addWidget(section_title(tr("Your own")))
            self._rows.addWidget(self._row(each))
            self._rows.addWidget(hairline())
        if self._arriving:
            self._arriving = False
            self.listed.emit()

    def begin_at(self, name: str) -> None:
        """The keyboard goes to a lesson, or to the first, with the list from the top as far as it can be seen there."""
        link = self.links.get(name, next(iter(self.links.values()), None))
        if link is not None:
            link.setFocus()
            QTimer.singleShot(0, link, lambda: self._scroll_to(link))

    def _scroll_to(self, link: QPushButton) -> None:
        self.verticalScrollBar().setValue(0)
        self.ensureWidgetVisible(link)

    def _row(self, each: Listed) -> QWidget:
        row = Row(lambda: self._desk.commands.run("lesson.open", each.name))
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 8, 0, 8)
        line.setSpacing(14)
        lesson = each.lesson
        number = QLabel(str(lesson.number) if lesson is not None and lesson.number else "")
        number.setFont(font(13, bold=True))
        number.setProperty("role", "secondary")
        number.setFixedWidth(22)
        number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        line.addWidget(number, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(2)
        title = lesson.title if lesson is not None else str(each.name)
        link = self._desk.commands.link(title, "lesson.open", each.name)
        link.setFont(font(13, bold=True))
        self.links[str(each.name)] = link
        number.setFixedHeight(link.sizeHint().height())  # on the line of the title
        aside = Flush()
        aside.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)
        words.addLayout(aside)
        about = quiet(lesson.goal if lesson is not None else each.trouble)
        if lesson is None:
            about.setProperty("role", "problem")
        words.addWidget(about)
        line.addLayout(words, 1)
        if lesson is not None:
            line.addWidget(quiet(_standing(each, lesson), wrap=False), 0, Qt.AlignmentFlag.AlignTop)
        return row

    def stop(self) -> None:
        """The window closes."""
        self._work.cancel()


def _standing(each: Listed, lesson: Lesson) -> str:
    done = kept.load(str(each.name) if isinstance(each.name, Path) else lesson.name)
    count = len(lesson.questions)
    if done.answers:
        return tr("{right} of {count} right", right=done.right(), count=count)
    asked = tr_many("{count} question", "{count} questions", count)
    return tr("{asked}, {minutes} min", asked=asked, minutes=lesson.minutes) if lesson.minutes else asked


def _listed() -> list[Listed]:
    found: list[Listed] = []
    names: list[str | Path] = [*lesson_names(), *own_lessons()]
    for name in names:
        try:
            found.append(Listed(name, load_lesson(name)))
        except StudioError as error:
            found.append(Listed(name, None, str(error)))
    return found
