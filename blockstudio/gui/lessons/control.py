"""The lesson that is open: its step, its drawing, its answers. The page shows it; this acts on the desk."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from blockstudio.errors import StudioError
from blockstudio.experiments import experiment_path
from blockstudio.experiments.definition import SUFFIX
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.document import Document
from blockstudio.gui.document.looks import TOTALS
from blockstudio.gui.lessons import progress as kept
from blockstudio.gui.lessons.progress import LAST, Answered, Progress
from blockstudio.gui.work.settings import settings
from blockstudio.lessons import Lesson, Question, Step, Walk, asks, load_lesson
from blockstudio.lessons.answers import Verdict
from blockstudio.lessons.making import tokens
from blockstudio.lessons.walking import Given

PAGES = {"table": "view.table", "paper": "view.paper", "sizes": "view.sizes", "problems": "view.problems"}
"""Pages under the drawing that a step can bring into view, by their commands."""


class LessonControl(QObject):
    """See the module's text."""

    opened = Signal()
    """Another lesson, or none."""
    turned = Signal()
    """Another step."""
    answered = Signal(str)
    """Something was answered to this question."""
    failed = Signal(str)
    """Why a lesson cannot be opened or shown, in one sentence."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk = desk
        self.walk: Walk | None = None
        self.path: Path | str = ""
        self.progress = Progress()
        self.document: Document | None = None
        """The drawing that the lesson has opened."""
        self._heat_before: str | None = None
        self._paged = False
        """The step before has shown a page under the drawing."""
        desk.session.opened.connect(self._light)

    # What is open

    @property
    def lesson(self) -> Lesson | None:
        return self.walk.lesson if self.walk is not None else None

    @property
    def step(self) -> Step | None:
        lesson = self.lesson
        return None if lesson is None else lesson.steps[min(self.progress.step, len(lesson.steps) - 1)]

    @property
    def key(self) -> str:
        """Under which progress is kept: the file for a lesson of the user's own."""
        lesson = self.lesson
        return "" if lesson is None else str(self.path) if isinstance(self.path, Path) else lesson.name

    def open(self, name_or_path: Path | str) -> bool:
        """Open a lesson where the learner left it."""
        try:
            walk = Walk(load_lesson(name_or_path))
        except StudioError as error:
            self.failed.emit(str(error))
            return False
        self.leave_document()
        self.walk, self.path = walk, name_or_path
        self.progress = kept.load(self.key)
        settings().setValue(LAST, str(name_or_path))
        self.opened.emit()
        self.turn_to(min(self.progress.step, len(walk.lesson.steps) - 1), anew=True)
        return True

    def take(self, path: Path | str, document: Document | None) -> None:
        """The lesson of a window whose place this one takes, read in the language that is in use now; the drawing
        stays."""
        if not path:
            return
        try:
            self.walk = Walk(load_lesson(path))
        except StudioError as error:
            self.failed.emit(str(error))
            return
        self.path, self.document = path, document
        self.progress = kept.load(self.key)
        self._rename()
        self.opened.emit()
        self.turned.emit()
        self._light()

    def _rename(self) -> None:
        """A drawing that nobody has changed is called as the language in use calls it."""
        walk, step, document = self.walk, self.step, self.document
        if walk is None or step is None or document is None or document.file is not None:
            return
        with suppress(StudioError):  # told where the step is shown
            made = walk.made(step)
            if made is not None and walk.is_untouched(step, document.diagram):
                document.diagram.name = made.diagram.name
                self._desk.documents.changed.emit()

    def close(self) -> None:
        """Put the lesson away; what was answered is kept."""
        self.leave_document()
        self._colour("")
        self.walk, self.path = None, ""
        settings().setValue(LAST, "")
        self._desk.session.lit, self._desk.session.veiled = (), frozenset()
        self.opened.emit()

    def begin_anew(self) -> None:
        """Forget what was answered."""
        if self.lesson is not None:
            kept.forget(self.key)
            self.progress = Progress()
            self.turn_to(0, anew=True)

    def experiment(self, name: str) -> Path:
        """The file of an experiment that the lesson speaks of: one that comes along, or its author's beside it.
        Raises `StudioError`."""
        lesson = self.lesson
        return lesson.beside(name) if lesson is not None and name.endswith(SUFFIX) else experiment_path(name)

    # Steps

    def turn_by(self, by: int) -> None:
        self.turn_to(self.progress.step + by)

    def turn_to(self, number: int, anew: bool = False) -> None:
        """Go to a step, counted from 0: its drawing comes into view."""
        lesson = self.lesson
        if lesson is None or not 0 <= number < len(lesson.steps) or (number == self.progress.step and not anew):
            return
        back = number < self.progress.step
        self.progress.step = number
        self.progress.seen = max(self.progress.seen, number)
        self._keep()
        self._show_drawing(fresh=anew or back)
        self.turned.emit()

    def can_turn(self, by: int) -> bool:
        lesson = self.lesson
        return lesson is not None and 0 <= self.progress.step + by < len(lesson.steps)

    # The drawing

    def _show_drawing(self, fresh: bool) -> None:
        walk, step = self.walk, self.step
        if walk is None or step is None:
            return
        if self._desk.screen:
            self._desk.show_drawing()
        try:
            if walk.changes(step) or ((fresh or not self._is_there()) and walk.made(step) is not None):
                self._open_diagram()
            self._look()
        except StudioError as error:
            self.failed.emit(str(error))

    def _is_there(self) -> bool:
        return self.document is not None and self.document in self._desk.documents.list

    def _open_diagram(self) -> None:
        walk, step = self.walk, self.step
        assert walk is not None and step is not None
        diagram = walk.diagram(step)
        if diagram is None:
            return
        before = self.document if self._is_there() else None
        if before is not None and not before.dirty:
            before.number = 0  # the new one has its name
        self.document = Document(diagram)
        self._desk.documents.add(self.document)
        if before is not None and not before.dirty:
            self._desk.documents.discard(before)

    def leave_document(self) -> None:
        """The drawing that the lesson has opened goes, unless the learner has changed it."""
        if self._is_there() and self.document is not None and not self.document.dirty:
            self._desk.documents.discard(self.document)
        self.document = None

    def start_over(self) -> None:
        """The step's drawing as it was, in a tab of its own where the learner has changed it."""
        self._open_diagram()
        self._look()

    @property
    def can_show(self) -> bool:
        """Whether the step has a drawing."""
        if self.walk is None or self.step is None:
            return False
        with suppress(StudioError):  # told where the step is shown
            return self.walk.made(self.step) is not None
        return False

    def show_me(self) -> None:
        """The step's drawing comes into view, with its light."""
        if self.walk is not None and self.step is not None:
            if self.document is not None and self._is_there():
                self._desk.documents.turn_to(self.document)
            else:
                self._open_diagram()
            self._desk.show_drawing()
            self._look()
            lit = self._desk.session.lit
            if lit:
                self._desk.show_block(lit[0])

    def show_solution(self, question: Question) -> None:
        """The drawing as it should be, in a tab of its own."""
        walk, step = self.walk, self.step
        if walk is None or step is None:
            return
        self.progress.of(question.id).shown = True
        self._keep()
        self.document = Document(walk.solved(step, question))
        self._desk.documents.add(self.document)
        self.answered.emit(question.id)

    def show_block(self, path: str) -> None:
        """Bring a block into view that the text names."""
        self._desk.show_drawing()
        if self._is_there() and self.document is not None:
            self._desk.documents.turn_to(self.document)
        self._desk.show_block(path)

    def _look(self) -> None:
        step, desk = self.step, self._desk
        assert step is not None
        self._colour(next(step.words("colour"), ""))
        frames = [path for rest in step.words("frame") for path in tokens(rest)]
        for path in step.words("enter"):
            desk.session.go(path)
        if frames:
            desk.frames_wanted.emit(frames)
        self._light()
        for rest in step.words("select"):
            desk.session.select(tokens(rest))
        pages = [PAGES[name] for name in step.words("page") if PAGES.get(name) in desk.commands.declared]
        for command in pages:
            desk.commands.run(command)
        if self._paged and not pages:
            desk.set_shown("bottom", False)
        self._paged = bool(pages)
        self._veil()

    def _veil(self) -> None:
        """Totals are hidden until the first answer of a step, and what a question asks until that was tried. A wrong
        answer shows them for good: its hint sends there. Shapes are hidden where they are asked."""
        here = self._is_there() and self._desk.session.document is self.document
        questions = self.step.questions if self.step is not None and here else ()
        waiting = [each for each in questions if not self.progress.of(each.id).tried]
        missed = [each for each in questions if self.progress.of(each.id).first != ""]
        asked = frozenset().union(*map(asks, waiting)) - (frozenset().union(*map(asks, missed)) & TOTALS)
        # What is to be drawn or found may be looked up.
        first = any(each.kind not in ("mend", "block") for each in waiting) and len(waiting) == len(questions)
        self._desk.session.veiled = asked | TOTALS if first else asked

    def _light(self) -> None:
        step = self.step
        here = self._is_there() and self._desk.session.document is self.document
        paths = () if step is None or not here else tuple(self.lit(step))
        self._desk.session.lit = paths
        self._veil()

    def lit(self, step: Step) -> list[str]:
        """Paths of the blocks that a step puts a light on."""
        return [path for rest in step.words("light") for path in tokens(rest)]

    def _colour(self, name: str) -> None:
        session = self._desk.session
        if name:
            if self._heat_before is None:
                self._heat_before = session.heat
            session.heat = name
        elif self._heat_before is not None:
            session.heat, self._heat_before = self._heat_before, None

    # Answers

    def check(self, question: Question, given: Given) -> Verdict | None:
        """Check an answer, and keep it. An empty one is no try."""
        walk, step = self.walk, self.step
        if walk is None or step is None:
            return None
        diagram = self.document.diagram if self._is_there() and self.document is not None else None
        try:
            verdict = walk.check(step, question, given, diagram)
        except StudioError as error:
            self.failed.emit(str(error))
            return None
        answer = self.progress.of(question.id)
        if verdict.state in ("right", "wrong") and answer.state != "right":
            if verdict.state == "wrong" and not answer.tries:
                answer.first = _plain(given)
            answer.tries += 1
            answer.given, answer.state = _plain(given), verdict.state
            self._keep()
            self._veil()
            self.answered.emit(question.id)
        return verdict

    def answer(self, question: Question) -> Answered:
        return self.progress.of(question.id)

    def reveal(self, question: Question) -> None:
        """The solution was asked for."""
        self.progress.of(question.id).shown = True
        self._keep()
        self._veil()
        self.answered.emit(question.id)

    def is_done(self, number: int) -> bool:
        """Whether all that a step asks has been answered; one that asks nothing, once it was seen."""
        lesson = self.lesson
        assert lesson is not None
        questions = lesson.steps[number].questions
        answers = self.progress.answers
        if not questions:
            return number < self.progress.seen
        return all(each.id in answers and answers[each.id].done for each in questions)

    def _keep(self) -> None:
        if self.lesson is not None:
            kept.keep(self.key, self.progress)


def _plain(given: Given) -> object:
    return list(given) if isinstance(given, tuple) else dict(given) if not isinstance(given, str) else given
