"""Lessons: a page that lists them, a panel beside the drawing that holds the one that is open."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

from blockstudio.errors import StudioError
from blockstudio.formats import PRINTED
from blockstudio.gui.commands.registry import Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.document import Document
from blockstudio.gui.document.places import Panel
from blockstudio.gui.kit.text import tr
from blockstudio.gui.lessons.progress import LAST
from blockstudio.gui.work.settings import settings
from blockstudio.text import say

if TYPE_CHECKING:
    from blockstudio.gui.lessons.control import LessonControl
    from blockstudio.gui.lessons.list_page import LessonsPage
    from blockstudio.gui.lessons.panel import LessonPanel
    from blockstudio.lessons.walking import Given

PANEL = "lesson"
WIDE = 1500
"""Pixels of a window in which a lesson, parameters and a drawing have room beside each other."""
AWAY = ("inspector", "bottom")
"""What gives its room to a lesson."""
GAVE = "lessons/away"
"""What has given it now, for the next window too."""


class Lessons:
    """What was put on the desk; what shows lessons is imported when the first is opened, or the page looked at."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._made: LessonPanel | None = None
        self.page: LessonsPage | None = None

        def is_open(_: Desk) -> bool:
            return self.is_open

        desk.add_screen("lessons", self._make, self._focus_page, title=say("Lessons"), place=6)
        desk.add_commands(
            Command("lesson.open", say("Open a lesson"), self._open, value=True),
            Command("lesson.open_file", say("Open a lesson's file…"), self._ask, keywords="course markdown exercise"),
            Command("lesson.next", say("Next step of the lesson"), lambda d: self._next(), "View", 480, ("Alt+PgDown",),
                    enabled=is_open, keywords="course forward"),
            Command("lesson.back", say("Previous step of the lesson"), lambda d: self.control.turn_by(-1), "View", 481,
                    ("Alt+PgUp",), enabled=lambda d: self.is_open and self.control.can_turn(-1),
                    keywords="course backward"),
            Command("lesson.answer", say("To the lesson's question"), lambda d: self.panel.focus(), "View", 482,
                    ("Ctrl+Alt+Q",), enabled=is_open, keywords="course keyboard focus"),
            Command("lesson.step", say("Go to a step"), lambda d, number: self.control.turn_to(number), value=True),
            Command("lesson.show_me", say("Show me what the lesson speaks of"), lambda d: self.control.show_me(),
                    "View", 483, enabled=lambda d: self.is_open and self.control.can_show,
                    keywords="course light blocks"),
            Command("lesson.start_over", say("The lesson's drawing as it was"), lambda d: self.control.start_over(),
                    enabled=is_open),
            Command("lesson.solution", say("Show how the drawing should be"), self._solve, value=True),
            Command("lesson.anew", say("Begin the lesson anew"), lambda d: self.control.begin_anew(), enabled=is_open,
                    keywords="course forget answers"),
            Command("lesson.experiment", say("Open the lesson's experiment"), self._experiment, value=True),
            Command("lesson.report", say("Save the lesson's results…"), lambda d: self._report(), "File", 260,
                    enabled=is_open, keywords="report html pdf course answers"),
            Command("lesson.write", say("Write the lesson's results"), self._write, value=True),
            Command("lesson.close", say("Close the lesson"), lambda d: self.control.close(), enabled=is_open),
        )  # fmt: skip
        desk.carry("lesson", self._give, self._take)
        desk.add_opener(_is_lesson, lambda file: self.control.open(file))
        desk.on_start(self._resume)
        desk.on_close(self._stop)

    @cached_property
    def control(self) -> LessonControl:
        """What acts on the desk for the lesson that is open, with its panel."""
        from blockstudio.gui.lessons.control import LessonControl
        from blockstudio.gui.lessons.panel import WIDTH, LessonPanel

        control = LessonControl(self._desk)
        panel = LessonPanel(self._desk, control)
        panel.hide()
        self._desk.add_panel(Panel(PANEL, "beside", panel, WIDTH))
        control.opened.connect(self._on_opened)
        control.turned.connect(self._make_room)
        control.failed.connect(self._fail)
        self._made = panel
        return control

    @property
    def panel(self) -> LessonPanel:
        """Beside the drawing while a lesson is open."""
        assert self.control is not None and self._made is not None
        return self._made

    @property
    def is_open(self) -> bool:
        """Whether there is a lesson."""
        return self._made is not None and self.control.walk is not None

    def _make(self) -> LessonsPage:
        from blockstudio.gui.lessons.list_page import LessonsPage

        self.page = LessonsPage(self._desk)
        self.page.listed.connect(self._focus_page)
        return self.page

    def _focus_page(self) -> None:
        self._desk.screen_widget("lessons")
        assert self.page is not None
        self.page.begin_at(str(self.control.path) if self.is_open else "")

    def _open(self, desk: Desk, name: str | Path) -> None:
        self.control.open(name)

    def _ask(self, desk: Desk) -> None:
        from blockstudio.lessons.library import SUFFIX

        folder = str(settings().value("lessons/folder", str(Path.home())))
        dialog = QFileDialog(desk.window, tr("Open a lesson"), folder, f"*{SUFFIX}")

        def take(name: str) -> None:
            settings().setValue("lessons/folder", str(Path(name).parent))
            self.control.open(Path(name))

        dialog.fileSelected.connect(take)
        desk.open_dialog(dialog)

    def _next(self) -> None:
        if self.control.can_turn(1):
            self.control.turn_by(1)
        else:
            self._report()

    def _report(self) -> None:
        """Ask for a file, and write what was answered."""
        from blockstudio.gui.lessons.exporting import WEB

        lesson = self.control.lesson
        if lesson is None:
            return
        folder = str(settings().value("lessons/reports", str(Path.home())))
        name = str(Path(folder) / f"{lesson.name}{WEB}")
        kinds = f"HTML (*{WEB});;PDF (*{PRINTED})"
        dialog = QFileDialog(self._desk.window, tr("Save the lesson's results"), name, kinds)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile(name)

        def take(chosen: str) -> None:
            file = Path(chosen)
            ending = PRINTED if PRINTED in dialog.selectedNameFilter() else WEB
            if file.suffix.lower() not in (WEB, PRINTED):
                file = file.with_name(file.name + ending)
            settings().setValue("lessons/reports", str(file.parent))
            self._desk.commands.run("lesson.write", file)

        dialog.fileSelected.connect(take)
        self._desk.open_dialog(dialog)

    def _write(self, desk: Desk, file: Path) -> None:
        from blockstudio.gui.lessons.exporting import today, write

        if self.control.walk is None:
            return
        try:
            write(self.control.walk, self.control.progress, file, today())
        except StudioError as error:
            desk.say(str(error), "problem")
            return
        desk.say_written(file, tr("{file} was written.", file=file.name))

    def _solve(self, desk: Desk, id: str) -> None:
        step = self.control.step
        if step is not None and any(each.id == id for each in step.questions):
            self.control.show_solution(step.question(id))

    def _experiment(self, desk: Desk, name: str) -> None:
        try:
            desk.commands.run("experiment.open", self.control.experiment(name).resolve())
        except StudioError as error:
            desk.say(str(error), "problem")

    def _on_opened(self) -> None:
        """The panel takes others' place while a lesson is open."""
        desk, there = self._desk, self.control.walk is not None
        if there and not desk.is_shown(PANEL):
            away = [name for name in AWAY if desk.is_shown(name)]
            settings().setValue(GAVE, ",".join(away))
            for name in away:
                desk.set_shown(name, False)
        desk.set_shown(PANEL, there)
        if not there:
            self._give_back()
        if there and desk.screen:
            desk.show_drawing()

    def _give_back(self) -> None:
        """Show what the lesson had the room of."""
        for name in filter(None, str(settings().value(GAVE, "")).split(",")):
            self._desk.set_shown(name, True)
        settings().remove(GAVE)

    def _make_room(self) -> None:
        """In a narrow window the drawing of the next step has the place of the parameters that were looked at."""
        if self.panel.window().width() < WIDE and self._desk.is_shown("inspector"):
            self._desk.set_shown("inspector", False)

    def _give(self) -> tuple[Path | str, Document | None, dict[str, Given]] | None:
        """What is in view, for the window that takes this one's place."""
        return (self.control.path, self.control.document, self.panel.drafts()) if self.is_open else None

    def _take(self, given: tuple[Path | str, Document | None, dict[str, Given]] | None) -> None:
        if given is not None:
            path, document, drafts = given
            self._open_again(lambda: self.control.take(path, document))
            self.panel.put(drafts)

    def _open_again(self, open: Callable[[], object]) -> None:
        """Open a lesson whose panel was there: what it had the room of then it has still."""
        self.panel.show()
        open()
        if not self.is_open:
            self.panel.hide()
            self._give_back()

    def _fail(self, text: str) -> None:
        if self.control.walk is None or not self._desk.is_shown(PANEL):
            self._desk.say(text, "problem")

    def _resume(self) -> None:
        """A window that was closed with a lesson shows it again."""
        last = str(settings().value(LAST, ""))
        if last and not self.is_open:
            path = Path(last)
            self._open_again(lambda: self.control.open(path if _is_lesson(path) else last))
        elif not self.is_open:
            self._give_back()

    def _stop(self) -> None:
        if self.page is not None:
            self.page.stop()
        if self._made is not None:
            self._made.stop()


def _is_lesson(file: Path) -> bool:
    from blockstudio.lessons.library import SUFFIX

    return file.suffix == SUFFIX


def install(desk: Desk) -> Lessons:
    """Put page and panel on the desk."""
    return Lessons(desk)
