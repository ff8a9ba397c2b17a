"""All that is known of one preset, with its parameters to be set before it is opened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from itertools import pairwise

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from blockstudio.blocks import Parameter, RawValue, shape_text
from blockstudio.errors import StudioError
from blockstudio.graph.lineage import Lineage
from blockstudio.gui.browser.picture import Picture
from blockstudio.gui.browser.preset_facts import FactsStore, Reading
from blockstudio.gui.browser.texts import Texts
from blockstudio.gui.commands.registry import COMMAND
from blockstudio.gui.kit import value_text as values
from blockstudio.gui.kit.fields import Form, parameter_field
from blockstudio.gui.kit.parts import NumberRow, clear, count_text, heading, link, quiet, whole_text
from blockstudio.gui.kit.text import tr, tr_many
from blockstudio.gui.kit.theme import font


def _first_author(about: Mapping[str, str]) -> str:
    """``Szegedy et al.``"""
    authors = [name.strip() for name in about.get("authors", "").split(",") if name.strip()]
    names = [name.rpartition(" ")[2] for name in authors]
    if len(names) > 2:
        return tr("{0} et al.", names[0])
    return tr("{0} and {1}", *names) if len(names) == 2 else "".join(names)


def _check(parameter: Parameter, text: str) -> str:
    """For a field: a value that is no expression, since there is nothing to refer to."""
    parameter.check(values.read(parameter, text))
    return ""


class Detail(QWidget):
    """The side of the browser that tells of the current preset."""

    opened = Signal(str, object)
    """Open this preset with these values."""
    wanted = Signal(str)
    """A relative was asked for."""

    def __init__(self, family: Lineage, facts: FactsStore) -> None:
        super().__init__()
        self.setAccessibleName(tr("About the network"))
        self._family, self._facts = family, facts
        self.preset = ""
        self.values: dict[str, RawValue] = {}
        """What was set here, other than the preset has it."""
        self._declared: dict[str, Parameter] = {}
        self.form: Form | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head())
        self.page = QWidget()
        self._column = QVBoxLayout(self.page)
        self._column.setContentsMargins(18, 4, 18, 18)
        self._column.setSpacing(6)
        self.picture = Picture()
        self.totals = NumberRow()
        self.problem = QLabel()
        self.problem.setProperty("role", "problem")
        self.problem.setWordWrap(True)
        self.texts = Texts()
        self._knobs, self._kin = QVBoxLayout(), QVBoxLayout()
        for layout in (self._knobs, self._kin):
            layout.setSpacing(5)
        self._column.addWidget(self.picture)
        self._column.addSpacing(4)
        self._column.addWidget(self.totals)
        self._column.addWidget(self.problem)
        self._column.addWidget(self.texts)
        self._column.addLayout(self._knobs)
        self._column.addLayout(self._kin)
        self._column.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(self.page)
        column.addWidget(self._scroll, 1)

    def _head(self) -> QWidget:
        head = QWidget()
        row = QHBoxLayout(head)
        row.setContentsMargins(18, 12, 18, 8)
        self.title = QLabel()
        self.title.setWordWrap(True)
        self.title.setFont(font(15, bold=True))
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.open_button = QPushButton(tr("Open"))
        self.open_button.setProperty("role", "primary")
        self.open_button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.open_button.setProperty(COMMAND, "file.preset")
        self.open_button.clicked.connect(self.open)
        self.subtitle = quiet()
        names = QVBoxLayout()
        names.setSpacing(1)
        names.addWidget(self.title)
        names.addWidget(self.subtitle)
        row.addLayout(names, 1)
        row.addWidget(self.open_button, 0, Qt.AlignmentFlag.AlignTop)
        return head

    def open(self) -> None:
        """Open what is shown, with the values set here."""
        self.opened.emit(self.preset, dict(self.values))

    # What is shown

    def show_preset(self, preset: str) -> None:
        """Tell of another preset: its texts at once, figures and drawing as they arrive."""
        self.preset, self.values, self._declared = preset, {}, {}
        kin = self._family.kin[preset]
        self.title.setText(kin.title)
        self.subtitle.setText(" · ".join(filter(None, (_first_author(kin.about), kin.about.get("venue"), preset))))
        self.open_button.setAccessibleName(tr("Open {0}", kin.title))
        self._scroll.verticalScrollBar().setValue(0)
        self.problem.hide()
        self.texts.show_kin(kin)
        clear(self._knobs)
        self.form = None
        self._show_kin()
        self._read()

    def _read(self) -> None:
        preset = self.preset
        self._facts.ask(preset, dict(self.values), lambda found: self._show(preset, found), self._say)

    def _show(self, preset: str, found: Reading) -> None:
        if preset != self.preset:
            return
        figures = found.figures
        self.totals.set(tr("parameters"), whole_text(figures.parameters))
        self.totals.set(tr("MACs"), count_text(figures.macs), whole_text(figures.macs))
        self.totals.set(tr("depth"), str(figures.depth), tr("Weighted layers on the longest path"))
        shape = figures.input_shape
        self.totals.set(tr("input"), shape_text(shape) if shape is not None else "")
        self.problem.setVisible(figures.problems > 0)
        if figures.problems:
            first = found.analysis.problems[0].text
            more = figures.problems - 1
            self.problem.setText(
                first + (" " + tr_many("And {count} more.", "And {count} more.", more) if more else "")
            )
        if self.form is None:
            self._declared = dict(found.diagram.parameters)
            # Fields take long to make: in a turn of their own.
            QTimer.singleShot(0, self, partial(self._show_knobs, preset))
        self.picture.show_drawing(self._family.kin[preset].title, found.diagram, found.analysis)

    def _say(self, error: StudioError | OSError) -> None:
        """These values make no network."""
        self.problem.setText(str(error))
        self.problem.show()

    # Parameters

    def _show_knobs(self, preset: str) -> None:
        if preset != self.preset or self.form is not None or not self._declared:
            return
        self._knobs.addWidget(heading(tr("Open it with")))
        self.form = Form()
        for key, parameter in self._declared.items():
            field = parameter_field(parameter, partial(_check, parameter))
            field.set_value(values.show(parameter, parameter.default, key))
            field.committed.connect(partial(self._set, self.preset, key))
            self.form.add(key, key, field, parameter.help)
        self._knobs.addWidget(self.form)
        self._order_tabs()

    def _set(self, preset: str, key: str, text: str) -> None:
        if preset != self.preset:
            return  # a field on its way out
        parameter = self._declared[key]
        value = values.read(parameter, text)
        if value == parameter.default:
            self.values.pop(key, None)
        else:
            self.values[key] = value
        self._read()

    # Relatives

    def _show_kin(self) -> None:
        family, preset = self._family, self.preset
        clear(self._kin)
        kin, main = family.kin[preset], family.main(preset)
        groups = [
            (tr("Part of"), [kin.about["part_of"]] if kin.is_module else []),
            (tr("Builds on"), [] if kin.is_module else family.parents(preset)),
            (tr("Led to"), [] if kin.is_module else family.children(preset)),
            (tr("Beside it"), [name for name in (main, *family.variants(main)) if name != preset]),
            (tr("Its modules alone"), [] if kin.is_module else family.parts(preset)),
        ]
        for title, names in groups:
            if names:
                self._kin.addWidget(heading(title))
                self._links(names)

        self._order_tabs()

    def _order_tabs(self) -> None:
        """Tab walks down the page, though the fields are made after the links below them."""
        fields = list(self.form.fields.values()) if self.form is not None else []
        items = filter(None, map(self._kin.itemAt, range(self._kin.count())))
        links = [widget for widget in (item.widget() for item in items) if isinstance(widget, QPushButton)]
        for before, after in pairwise([self.open_button, *fields, *links]):
            QWidget.setTabOrder(before, after)

    def _links(self, names: Iterable[str]) -> None:
        for name in names:
            kin = self._family.kin[name]
            button = link(f"{kin.title}, {kin.year}", partial(self.wanted.emit, name))
            self._kin.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.picture.setFixedHeight(max(150, min(300, round(self.height() * 0.36))))

    @property
    def busy(self) -> bool:
        return self._facts.busy or self.picture.busy

    def stop(self) -> None:
        self.picture.stop()
