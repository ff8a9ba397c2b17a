"""A question with its options as fields, and its answer: a sentence, a figure, a table."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from blockstudio.analysis.trunk import Trunk
from blockstudio.blocks import CATALOGUE
from blockstudio.errors import StudioError
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.table_chip import TableChip
from blockstudio.gui.kit.fields import Choice
from blockstudio.gui.kit.figure_view import FigureView
from blockstudio.gui.kit.parts import link, link_button, quiet
from blockstudio.gui.kit.table_view import Cell, Line, LinesView
from blockstudio.gui.kit.text import sentence, tr
from blockstudio.gui.laboratory.process import LabProcess
from blockstudio.gui.laboratory.saving import Kind, ask_where, save_links
from blockstudio.report.table import Table
from blockstudio.runs.questions import OPTIONS, QUESTIONS, Group, check_asked, read_option
from blockstudio.text import from_data, say

SIDE, HEADING_ROOM = 280, 8


class AskingPage(QWidget):
    """The questions of one group."""

    received = Signal(object)
    """What came out, as the process said it."""

    def __init__(self, desk: Desk, process: LabProcess, group: Group) -> None:
        super().__init__()
        self._desk, self._process = desk, process
        self.names = [name for name, question in QUESTIONS.items() if question.group == group]
        self.name = self.names[0]
        self._asked: int | None = None
        self._trunk: Trunk | None = None
        self.found: dict[str, Any] | None = None
        self._kept: dict[str, dict[str, Any]] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(40)
        row.addWidget(self._side())
        row.addWidget(self._result(), 1)
        process.changed.connect(self._show_progress)
        self.turn_to(self.name)

    def _side(self) -> QWidget:
        side = QWidget()
        side.setFixedWidth(SIDE)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._choices = QButtonGroup(self)
        self.choices: dict[str, QPushButton] = {}
        for name in self.names if len(self.names) > 1 else ():
            button = self.choices[name] = QPushButton(tr(QUESTIONS[name].title))
            button.setCheckable(True)
            button.setProperty("role", "tab")
            button.setStyleSheet("text-align: left")
            button.clicked.connect(lambda _=False, name=name: self.turn_to(name))
            self._choices.addButton(button)
            column.addWidget(button)
        self.about = quiet()
        column.addWidget(self.about)
        column.addSpacing(8)
        self._form = QFormLayout()
        self._form.setHorizontalSpacing(12)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        column.addLayout(self._form)
        column.addSpacing(8)
        self.ask_button = QPushButton(tr("Ask"))
        self.ask_button.setProperty("role", "primary")
        self.ask_button.clicked.connect(lambda: self.ask())
        self.cancel_button = link(tr("Cancel"), self.cancel)
        buttons = QHBoxLayout()
        buttons.addWidget(self.ask_button)
        buttons.addWidget(self.cancel_button)
        buttons.addStretch(1)
        column.addLayout(buttons)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        column.addWidget(self.bar)
        self.trouble = QLabel()
        self.trouble.setProperty("role", "problem")
        self.trouble.setWordWrap(True)
        column.addWidget(self.trouble)
        column.addStretch(1)
        return side

    def _result(self) -> QWidget:
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.figure = FigureView()
        self.table = LinesView()
        self.table.heading_room = HEADING_ROOM
        self.table.setMinimumHeight(180)
        self.saving = QWidget()
        row, _ = save_links(self._desk)
        row.setContentsMargins(0, 0, 0, 0)
        self.copy = TableChip(self._desk, tr("the numbers of the answer"), "answer", self.numbers)
        row.addWidget(self.copy)
        self.saving.setLayout(row)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        for widget in (self.said, self.figure, self.saving, self.table):
            column.addWidget(widget)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidget(holder)
        return area

    # The question

    def turn_to(self, name: str) -> None:
        """Another of the group's questions; what it answered before is shown again."""
        self.cancel()
        self.name = name
        question = QUESTIONS[name]
        if name in self.choices:
            self.choices[name].setChecked(True)
        self.about.setText(sentence(question.help) + ".")
        while self._form.rowCount():
            row = self._form.takeRow(0)
            for item in (row.labelItem, row.fieldItem):
                if (widget := item.widget()) is not None:
                    widget.hide()
                    widget.deleteLater()
        self.fields: dict[str, QLineEdit | Choice] = {}
        for option in question.options:
            self._form.addRow(tr(OPTIONS[option].title), self._field(option))
        self.trouble.hide()
        self._show(self._kept.get(name))
        self._show_progress()

    def _field(self, name: str) -> QWidget:
        option = OPTIONS[name]
        field: QLineEdit | Choice
        if option.choices:
            field = Choice()
            field.addItems(list(option.choices))
            field.setEditable(option.kind == "texts")  # Several, with blanks between them.
        elif name == "block":
            field = Choice()
            field.setEditable(True)
            field.addItems(["", *self._blocks()])
            line = field.lineEdit()
            assert line is not None
            line.setPlaceholderText(_default(option.default))
            line.returnPressed.connect(self.ask)
        else:
            field = QLineEdit()
            field.setPlaceholderText(_default(option.default))
            field.returnPressed.connect(self.ask)
        field.setToolTip(sentence(option.help))
        field.setAccessibleName(tr(option.title))
        self.fields[name] = field
        if option.kind != "file":
            return field
        assert isinstance(field, QLineEdit)
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(field, 1)
        button = link_button(tr("Choose…"))
        self._desk.commands.bind(button, "laboratory.picture")
        row.addWidget(button)
        return holder

    @property
    def takes_picture(self) -> bool:
        """Whether the question in view has a field for a picture."""
        return "picture" in self.fields

    def choose_picture(self) -> None:
        """Ask for a file for the field of a picture."""
        field = self.fields["picture"]
        assert isinstance(field, QLineEdit)
        path, _ = QFileDialog.getOpenFileName(self, tr("A picture"), field.text())
        if path:
            field.setText(path)

    def _blocks(self) -> list[str]:
        """What can be chosen for the block that is asked about: units, then what is in them; of the questions about
        normalisations those that keep moving averages."""
        if self._trunk is None:
            return []
        inner = [name for unit in self._trunk.units for name in unit.blocks]
        if QUESTIONS[self.name].group == "batchnorm":
            types = {name: CATALOGUE[self._trunk.flat.main.block(name).type] for name in inner}
            return [name for name, kind in types.items() if kind.normalises and "momentum" in kind.parameters]
        return list(dict.fromkeys([*(unit.name for unit in self._trunk.units), *inner]))

    def show_network(self, trunk: Trunk | None) -> None:
        """Another run's network: its blocks can be chosen."""
        self._trunk = trunk
        self.turn_to(self.name)

    def write(self, option: str, text: str) -> None:
        """Put something into a field."""
        field = self.fields[option]
        if isinstance(field, QLineEdit):
            field.setText(text)
        else:
            field.setCurrentText(text)

    def values(self) -> dict[str, Any]:
        """What stands in the fields. Raises `StudioError` ``lab.option``."""
        found = dict[str, Any]()
        for name, field in self.fields.items():
            text = field.currentText() if isinstance(field, Choice) else field.text()
            found[name] = text.strip() or None if OPTIONS[name].kind == "file" else read_option(name, text)
        return found

    def ask(self) -> None:
        """Ask what stands in the fields."""
        self.cancel()
        try:
            values = self.values()
            missing = next((name for name in QUESTIONS[self.name].needs if values[name] is None), None)
            if missing is not None:
                self.fields[missing].setFocus()
                option = OPTIONS[missing]
                raise StudioError(
                    "lab.option", say("{title} is missing: {what}.", title=option.title, what=option.help)
                )
            check_asked(self.name, values)
        except StudioError as error:
            self._refuse(error)
            return
        self.trouble.hide()
        self._asked = self._process.ask({"ask": self.name, "values": values}, self._take_answer, self._refuse)
        self._show_progress()

    def cancel(self) -> None:
        """Nobody waits for the answer any more."""
        if self._asked is not None:
            asked, self._asked = self._asked, None
            self._process.cancel(asked)

    def forget(self) -> None:
        """Another run: nothing has been asked yet."""
        self._asked = None
        self._kept.clear()
        self.trouble.hide()
        self._show(None)

    def _take_answer(self, found: dict[str, Any]) -> None:
        self._asked = None
        self._kept[found["question"]] = found
        self._show(found)
        self.received.emit(found)

    def _refuse(self, error: StudioError) -> None:
        self._asked = None
        self.trouble.setText(sentence(str(error)))
        self.trouble.show()
        self._show_progress()

    # The answer

    def _show(self, found: dict[str, Any] | None) -> None:
        self.found = found
        self.saving.setVisible(found is not None)
        self.table.setVisible(found is not None)
        if found is None:
            self.said.setText(tr("Ask, and the answer stands here: a figure, the numbers behind it, and one sentence."))
            self.said.setProperty("role", "secondary")
            self.figure.show_svg("")
            return
        self.said.setText(from_data(found["sentence"]))
        self.said.setProperty("role", "")
        self.figure.show_svg(found["svg"])
        lines = [Line([Cell(cell) for cell in row]) for row in found["rows"]]
        self.table.show_lines(found["heads"], lines, found["right"], len(found["heads"]))
        self.table.setFixedHeight(min(420, 60 + 24 * len(lines)))

    def _show_progress(self) -> None:
        asking = self._asked is not None
        self.bar.setVisible(asking)
        self.cancel_button.setVisible(asking)
        self.ask_button.setEnabled(not asking)
        done, of = self._process.progress or (0, 0)
        self.bar.setRange(0, of if asking and self._process.progress else 0)
        self.bar.setValue(done)

    def numbers(self) -> Table | None:
        """The answer's table."""
        found = self.found
        return None if found is None else Table(found["heads"], found["rows"], found["right"])

    def save(self, kind: Kind) -> None:
        """Save the figure or the data of the answer."""
        if self.found is not None:
            found = self.found
            ask_where(self._desk, kind, self._process.run, found["question"], found["svg"], found["answer"])


def _default(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return "" if value is None else str(value)
