"""Lessons: a page that lists them, a panel beside the drawing that holds the one that is open."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog

from blockstudio.errors import StudioError
from blockstudio.formats import PRINTED
from blockstudio.gui.commands.registry import Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.document import Document
from blockstudio.gui.document.places import Panel
from blockstudio.gui.kit.text import tr
from blockstudio.gui.lessons.control import LAST, LessonControl
from blockstudio.gui.lessons.exporting import WEB, today, write
from blockstudio.gui.lessons.list_page import LessonsPage
from blockstudio.gui.lessons.panel import WIDTH, LessonPanel
from blockstudio.gui.work.settings import settings
from blockstudio.lessons.library import SUFFIX
from blockstudio.lessons.walking import Given
from blockstudio.text import say

PANEL = "lesson"
WIDE = 1500
"""Pixels of a window in which a lesson, parameters and a drawing have room beside each other."""
AWAY = ("inspector", "bottom")
"""What gives its room to a lesson."""
GAVE = "lessons/away"
"""What has given it now, for the next window too."""


class Lessons:
    """What was put on the desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        control = self.control = LessonControl(desk)
        self.panel: LessonPanel
        self.page: LessonsPage | None = None

        def is_open(_: Desk) -> bool:
            return control.walk is not None

        desk.add_screen("lessons", self._make, self._focus_page, title=say("Lessons"), place=6)
        desk.add_commands(
            Command("lesson.open", say("Open a lesson"), self._open, value=True),
            Command("lesson.open_file", say("Open a lesson's file…"), self._ask, keywords="course markdown exercise"),
            Command("lesson.next", say("Next step of the lesson"), lambda d: self._next(), "View", 480, ("Alt+PgDown",),
                    enabled=is_open, keywords="course forward"),
            Command("lesson.back", say("Previous step of the lesson"), lambda d: control.turn_by(-1), "View", 481,
                    ("Alt+PgUp",), enabled=lambda d: control.can_turn(-1), keywords="course backward"),
            Command("lesson.answer", say("To the lesson's question"), lambda d: self.panel.focus(), "View", 482,
                    ("Ctrl+Alt+Q",), enabled=is_open, keywords="course keyboard focus"),
            Command("lesson.step", say("Go to a step"), lambda d, number: control.turn_to(number), value=True),
            Command("lesson.show_me", say("Show me what the lesson speaks of"), lambda d: control.show_me(), "View",
                    483, enabled=is_open, keywords="course light blocks"),
            Command("lesson.start_over", say("The lesson's drawing as it was"), lambda d: control.start_over(),
                    enabled=is_open),
            Command("lesson.solution", say("Show how the drawing should be"), self._solve, value=True),
            Command("lesson.anew", say("Begin the lesson anew"), lambda d: control.begin_anew(), enabled=is_open,
                    keywords="course forget answers"),
            Command("lesson.experiment", say("Open the lesson's experiment"), self._experiment, value=True),
            Command("lesson.report", say("Save the lesson's results…"), lambda d: self._report(), "File", 260,
                    enabled=is_open, keywords="report html pdf course answers"),
            Command("lesson.write", say("Write the lesson's results"), self._write, value=True),
            Command("lesson.close", say("Close the lesson"), lambda d: control.close(), enabled=is_open),
        )  # fmt: skip
        self.panel = LessonPanel(desk, control)
        self.panel.hide()
        desk.add_panel(Panel(PANEL, "beside", self.panel, WIDTH))
        control.opened.connect(self._on_opened)
        control.turned.connect(self._make_room)
        control.failed.connect(self._fail)
        desk.carry("lesson", lambda: (control.path, control.document, self.panel.drafts()), self._take)
        desk.add_opener(lambda file: file.suffix == SUFFIX, lambda file: self.control.open(file))
        desk.on_start(self._resume)
        desk.on_close(self._stop)

    def _make(self) -> LessonsPage:
        self.page = LessonsPage(self._desk)
        self.page.listed.connect(self._focus_page)
        return self.page

    def _focus_page(self) -> None:
        page = self._desk.screen_widget("lessons")
        assert isinstance(page, LessonsPage)
        page.begin_at(str(self.control.path))

    def _open(self, desk: Desk, name: str | Path) -> None:
        self.control.open(name)

    def _ask(self, desk: Desk) -> None:
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

    def _take(self, given: tuple[Path | str, Document | None, dict[str, Given]]) -> None:
        path, document, drafts = given
        self.control.take(path, document)
        self.panel.put(drafts)

    def _fail(self, text: str) -> None:
        if self.control.walk is None or not self._desk.is_shown(PANEL):
            self._desk.say(text, "problem")

    def _resume(self) -> None:
        """A window that was closed with a lesson shows it again."""
        if self.control.walk is not None:
            return
        last = str(settings().value(LAST, ""))
        if last and self._desk.is_shown(PANEL) and self.control.open(Path(last) if last.endswith(SUFFIX) else last):
            return
        self._desk.set_shown(PANEL, False)
        self._give_back()

    def _stop(self) -> None:
        if self.page is not None:
            self.page.stop()
        self.panel.stop()


def install(desk: Desk) -> Lessons:
    """Put page and panel on the desk."""
    return Lessons(desk)
