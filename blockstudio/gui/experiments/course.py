"""What an experiment of the course tells: a prediction to be made first, where to look, what was published, and whether
the expected orderings came out."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from blockstudio.errors import StudioError
from blockstudio.experiments.absent import absent_data
from blockstudio.experiments.course import Course
from blockstudio.experiments.definition import ExperimentPlan, load_experiment
from blockstudio.experiments.pages import time_of
from blockstudio.experiments.standing import Standing
from blockstudio.experiments.verdicts import Verdict, figure_of, verdicts
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.experiments.control import ExperimentControl
from blockstudio.gui.kit.figure_view import FigureView
from blockstudio.gui.kit.page import section_title
from blockstudio.gui.kit.parts import clear, quiet
from blockstudio.gui.kit.text import tr, tr_many
from blockstudio.gui.kit.theme import font, theme
from blockstudio.gui.work.settings import settings

PREDICTED = "experiments/predicted"
FIGURE = 520, 325
"""Width at most, and height."""


class CoursePanel(QWidget):
    """Above the results of an experiment; hidden for one that tells nothing."""

    predicted = Signal()
    """A choice was made: the result may be shown."""

    def __init__(self, desk: Desk, control: ExperimentControl) -> None:
        super().__init__()
        self._desk, self._control = desk, control
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 8)
        column.setSpacing(8)
        self.sizes = QHBoxLayout()
        self.sizes.setSpacing(6)
        column.addLayout(self.sizes)
        across = QHBoxLayout()
        across.setSpacing(40)
        left, right = QVBoxLayout(), QVBoxLayout()
        for side in (left, right):
            side.setSpacing(6)
        left.addWidget(section_title(tr("Predict first")))
        self.asked = QLabel()
        self.asked.setFont(font(13))
        self.asked.setWordWrap(True)
        left.addWidget(self.asked)
        self.choices = QVBoxLayout()
        self.choices.setSpacing(4)
        left.addLayout(self.choices)
        self.outcome = quiet()
        left.addWidget(self.outcome)
        left.addStretch(1)
        right.addWidget(section_title(tr("Where to look")))
        self.looks = QVBoxLayout()
        self.looks.setSpacing(4)
        right.addLayout(self.looks)
        right.addSpacing(6)
        # What was published tells what will come out.
        self.known = QWidget()
        known = QVBoxLayout(self.known)
        known.setContentsMargins(0, 0, 0, 0)
        known.setSpacing(right.spacing())
        known.addWidget(section_title(tr("Published")))
        self.published = QLabel()
        self.published.setFont(font(12))
        self.published.setWordWrap(True)
        known.addWidget(self.published)
        self.source = quiet()
        known.addWidget(self.source)
        right.addWidget(self.known)
        right.addStretch(1)
        across.addLayout(left, 53)
        across.addLayout(right, 47)
        column.addLayout(across)
        self.result = QWidget()
        across = QHBoxLayout(self.result)
        across.setContentsMargins(0, 8, 0, 0)
        across.setSpacing(40)
        left = QVBoxLayout()
        left.setSpacing(6)
        self.verdict = QLabel()
        self.verdict.setFont(font(14, bold=True))
        self.verdict.setWordWrap(True)
        left.addWidget(self.verdict)
        self.orderings = QVBoxLayout()
        self.orderings.setSpacing(4)
        left.addLayout(self.orderings)
        self.note = quiet()
        left.addWidget(self.note)
        left.addStretch(1)
        self.figure = FigureView()
        self.figure.setMaximumWidth(FIGURE[0])
        self.figure.setFixedHeight(FIGURE[1])
        across.addLayout(left, 53)
        across.addWidget(self.figure, 47)
        column.addWidget(self.result)
        # Room to spare is of what stands below.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._group = QButtonGroup(self)
        self._shown: object = None

    @property
    def _course(self) -> Course | None:
        plan = self._control.plan
        return plan.experiment.course if plan is not None else None

    @property
    def choice(self) -> int | None:
        """What was predicted; ``None`` before that."""
        found = settings().value(f"{PREDICTED}/{self._control.name}")
        return None if found is None else int(str(found))

    @property
    def revealed(self) -> bool:
        """The result may be shown."""
        return self._course is None or self.choice is not None

    def predict(self, place: int) -> None:
        """Make a prediction; the first one counts."""
        if self._course is not None and self.choice is None:
            settings().setValue(f"{PREDICTED}/{self._control.name}", place)
        if self.isVisible():  # the choices cannot be pressed any more: the keyboard stays beside them
            self.outcome.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self.outcome.setFocus()
        self._show_choice()
        self.predicted.emit()

    def show_plan(self) -> None:
        """Another experiment."""
        course, plan = self._course, self._control.plan
        self._shown = None
        self.setVisible(course is not None)
        if course is None or plan is None:
            return
        self.asked.setText(tr(course.prediction.question))
        clear(self.choices)
        self._group = QButtonGroup(self)
        for place, choice in enumerate(course.prediction.choices):
            button = QPushButton(tr(choice))
            button.setCheckable(True)
            button.setProperty("role", "chip")
            self._desk.commands.bind(button, "experiment.predict", value=place)
            self._group.addButton(button, place)
            row = QHBoxLayout()
            row.addWidget(button)
            row.addStretch(1)
            self.choices.addLayout(row)
        clear(self.looks)
        for look in course.look:
            row = QHBoxLayout()
            row.setSpacing(8)
            row.addWidget(quiet(tr(look.say)), 1)
            text = tr_many("Light it up", "Light them up", len(look.blocks))
            row.addWidget(self._desk.commands.link(text, "experiment.look", look), 0, Qt.AlignmentFlag.AlignTop)
            self.looks.addLayout(row)
        self.published.setText(tr(course.published.say))
        self.source.setText(course.published.source)
        self.note.setText(tr("At this scale: {note}", note=tr(course.note)) if course.note else "")
        self.note.setVisible(bool(course.note))
        self._show_sizes(plan)
        self._show_choice()

    def _show_sizes(self, plan: ExperimentPlan) -> None:
        clear(self.sizes)
        said = ""
        other = self._control.size != "small"
        for size, text in (("small", tr("Small")), ("full", tr("Full scale"))):
            if size == "full" and not (plan.experiment.full or other):
                continue
            shown = plan if size == self._control.size else self._other(size)
            if shown is None:
                continue
            time = tr(time_of(shown.experiment.minutes)) if shown.experiment.trained else tr("counted")
            button = QPushButton(f"{text} · {time}" if time else text)
            button.setCheckable(True)
            button.setChecked(size == self._control.size)
            self._desk.commands.bind(button, "experiment.size", value=size)
            self.sizes.addWidget(button)
            if size == "full":
                missing = absent_data(shown)
                if missing:
                    first = missing[0]
                    said = " ".join(tr(part) for part in (first.message, first.hint) if part)
        if said:
            self.sizes.addWidget(quiet(tr("Full scale: {reason}", reason=said)), 1)
        else:
            self.sizes.addStretch(1)

    def _other(self, size: str) -> ExperimentPlan | None:
        assert self._control.file is not None
        try:
            return load_experiment(self._control.file, "full" if size == "full" else "small")
        except StudioError:
            return None  # What is wrong with it is said once it is asked for.

    def _show_choice(self) -> None:
        course, choice = self._course, self.choice
        if course is None:
            return
        for button in self._group.buttons():
            place = self._group.id(button)
            button.setChecked(place == choice)
            button.setEnabled(choice is None)
        self.result.setVisible(choice is not None)
        self.known.setVisible(choice is not None)
        if choice is None:
            self.outcome.setText(tr("The result is shown once you have predicted."))
            return
        right = tr("You predicted what comes out.") if choice == course.prediction.right else tr(
            "What comes out: “{choice}”.", choice=tr(course.prediction.choices[course.prediction.right])
        )  # fmt: skip
        self.outcome.setText(tr("{first} {second}", first=right, second=tr(course.prediction.because)).strip())

    def show_standing(self, standing: Standing) -> None:
        """What came of it so far."""
        if self._course is None or not self.revealed:
            return
        found = verdicts(standing.plan, standing.rows)
        # The page has the question already.
        svg = replace(figure_of(standing.plan, standing.rows), title="").svg() if standing.ended else ""
        now = ([(each.seeds, each.expectation.say) for each in found], svg, theme().name)
        if now == self._shown:
            return
        self._shown = now
        self.verdict.setText(_summary(found, standing.ended))
        clear(self.orderings)
        for each in found:
            self.orderings.addWidget(_ordering(each))
        self.figure.show_svg(svg)


def _summary(found: list[Verdict], ended: int) -> str:
    if not found:
        return tr("No ordering is expected here.")
    if not ended:
        return tr("Not run yet. Run it, and see what comes out.")
    failed = sum(each.came == "no" for each in found)
    if failed:
        return tr("{count} of {all} expected orderings did not come out.", count=failed, all=len(found))
    if any(each.came == "open" for each in found):
        came = sum(each.came == "yes" for each in found)
        return tr("{count} of {all} expected orderings have come out so far.", count=came, all=len(found))
    return tr_many("The expected ordering came out.", "All {count} expected orderings came out.", len(found))


def _ordering(each: Verdict) -> QWidget:
    """A line: a mark, the sentence, a mark a seed."""
    colours = theme()
    row = QFrame()
    line = QHBoxLayout(row)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(8)
    mark, colour = {
        "yes": ("✓", colours.good), "no": ("✗", colours.problem), "open": ("…", colours.secondary)
    }[each.came]  # fmt: skip
    sign = QLabel(mark)
    sign.setFont(font(13, bold=True))
    sign.setStyleSheet(f"color: {colour.name()}")
    sign.setFixedWidth(14)
    line.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
    text = QLabel(tr(each.expectation.say))
    text.setFont(font(12))
    text.setWordWrap(True)
    line.addWidget(text, 1)
    line.addWidget(quiet(tr(each.sentence), wrap=False), 0, Qt.AlignmentFlag.AlignTop)
    row.setAccessibleName(f"{mark} {text.text()} {tr(each.sentence)}")
    return row
