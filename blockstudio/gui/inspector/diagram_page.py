"""Inspector page of a whole level: the diagram's or module's own name, texts, parameters and totals."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import msgspec
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QResizeEvent, QTextBlock
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QToolButton, QVBoxLayout, QWidget

from blockstudio.analysis.refactorings import places
from blockstudio.blocks import Parameter, RawValue, infer_parameter, shape_text
from blockstudio.errors import StudioError
from blockstudio.graph.checks import check_declarations
from blockstudio.graph.diagram import MAIN
from blockstudio.graph.edits import Edit, RenameModule, SetDeclarations, SetDefault, SetTexts
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.scope import scope_of
from blockstudio.gui.inspector.sections import add_rest, add_sections
from blockstudio.gui.kit import value_text as values
from blockstudio.gui.kit.fields import ChoiceField, Form, TitleField, ValueField, parameter_field
from blockstudio.gui.kit.parts import NumberRow, bytes_text, count_text, heading, quiet, whole_text
from blockstudio.gui.kit.text import phrase, tr
from blockstudio.gui.kit.theme import font
from blockstudio.text import say, say_many


class _Description(QPlainTextEdit):
    """A few lines of text, taken over when left."""

    committed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.setFont(font(11))
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._value = ""
        self.textChanged.connect(self._fit)
        self._fit()

    def _fit(self) -> None:
        """As high as the text, within reason."""
        lines = max(1, sum(self._lines(block) for block in self._blocks()))
        self.setFixedHeight(min(220, lines * self.fontMetrics().lineSpacing() + 14))

    def _blocks(self) -> Iterator[QTextBlock]:
        block = self.document().begin()
        while block.isValid():
            yield block
            block = block.next()

    def _lines(self, block: QTextBlock) -> int:
        layout = block.layout()
        return layout.lineCount() if layout is not None and layout.lineCount() else 1

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # Not from within: the inner resize would be laid out first, and the outer, outdated width last.
        QTimer.singleShot(0, self, self._fit)

    def set_value(self, text: str) -> None:
        if not self.hasFocus() or self.toPlainText() == self._value:
            if text != self.toPlainText():
                self.setPlainText(text)
            self._value = text

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if self.toPlainText() != self._value:
            self._value = self.toPlainText()
            self.committed.emit(self._value)


class DiagramPage(QWidget):
    """What nothing selected shows: the level itself."""

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        session = desk.session
        self._commands, self._session = desk.commands, session
        self._document = session.document
        self._scope = session.scope
        self.fields: dict[str, QWidget] = {}
        self.crosses: dict[str, QToolButton] = {}
        """Buttons that remove a declared parameter."""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self._title(column)
        self.description = _Description()
        self.description.setPlaceholderText(tr("What this network is"))
        self.description.setAccessibleName(tr("Description"))
        self.description.committed.connect(lambda text: self._texts(description=text))
        column.addWidget(self.description)
        column.addWidget(heading(tr("Parameters")))
        self._rows = QVBoxLayout()
        self._rows.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._rows)
        self.form: Form | None = None
        self._declared: dict[str, Parameter] | None = None
        self.new_parameter = ValueField(self._check_new)
        self.new_parameter.setPlaceholderText(tr("add one:  width = 64"))
        self.new_parameter.setAccessibleName(tr("Add a parameter"))
        self.new_parameter.setToolTip(tr("Expressions of the blocks on this level may use it."))
        self.new_parameter.committed.connect(self._add)
        column.addWidget(self.new_parameter)
        self._below, self._rest = add_rest(column)
        self._desk = desk
        self._totals: NumberRow | None = None
        self.refresh()

    @property
    def is_whole(self) -> bool:
        """Whether all of it is made."""
        return self._totals is not None

    def complete(self) -> None:
        """Make what stands below the fields: a page made at once would keep the window from answering."""
        if self._totals is not None or not self._is_there():
            return
        self._rest.addWidget(heading(tr("In total")))
        self._totals = NumberRow()
        self._rest.addWidget(self._totals)
        if self._scope == MAIN:
            add_sections(self._desk, self._rest, "network", "")
        self._show_about()
        self._show_totals()
        self._below.show()

    def _title(self, column: QVBoxLayout) -> None:
        self.title = TitleField(_check_title)
        self.title.setAccessibleName(tr("Name"))
        self.fields["name"] = self.title
        column.addWidget(self.title)
        if self._scope == MAIN:
            self.title.committed.connect(lambda text: self._texts(name=text))
            return
        self.title.committed.connect(self._rename)
        count = places(self._session.analyzer.main)[self._scope]
        told = say_many("module · {count} place", "module · {count} places; editing it changes all of them", count)
        column.addWidget(quiet(tr(told)))

    def _is_there(self) -> bool:
        """Whether this is still what is in view: a field may report when its page is already on its way out."""
        session = self._session
        return session.document is self._document and self._scope in session.diagram.scopes()

    def _rename(self, text: str) -> None:
        if not self._is_there():
            return
        label = phrase("Rename {name}", name=self._scope)
        if not self._session.do(label, RenameModule(name=self._scope, to=text.strip())):
            self.title.set_value(self._scope, force=True)

    def _texts(self, *, name: str | None = None, description: str | None = None) -> None:
        if not self._is_there():
            return
        what = "description" if name is None else "name"
        edit = SetTexts(scope=self._scope, name=name, description=description)
        self._session.do(phrase("Set {key}", key=what), edit)

    def _build_form(self) -> None:
        """A row for each declared parameter."""
        if self.form is not None:
            self._rows.removeWidget(self.form)
            self.form.hide()
            self.form.deleteLater()
        self.fields = {key: field for key, field in self.fields.items() if key == "name"}
        self.form = Form()
        definition = self._session.diagram.definition(self._scope)
        self._declared = dict(definition.parameters)
        for key, parameter in self._declared.items():
            field = parameter_field(parameter, partial(self._check, key))
            field.committed.connect(lambda text, key=key: self._set(key, text))
            holder = QWidget()
            line = QHBoxLayout(holder)
            line.setContentsMargins(0, 0, 0, 0)
            line.setSpacing(2)
            line.addWidget(field, 1)
            cross = QToolButton()
            cross.setText("×")
            cross.setProperty("role", "cross")
            cross.setAccessibleName(tr("Remove parameter {key}").format(key=key))
            cross.setToolTip(tr("Remove this parameter"))
            self._commands.bind(cross, "parameter.remove", value=key)
            line.addWidget(cross)
            self.crosses[key] = cross
            help = f"{tr(parameter.help)}\n{tr(parameter.expected())}".strip()
            self.form.add(key, key, holder, help)
            field.setAccessibleName(key)
            field.checked.connect(partial(self.form.show_error, key))
            self.fields[key] = field
        self._rows.addWidget(self.form)

    def _check(self, key: str, text: str) -> str:
        parameter = self._session.diagram.definition(self._scope).parameters[key]
        parameter.check(_literal(parameter, text))
        if self._scope == MAIN or self._session.path.startswith("@"):
            return ""
        here = scope_of(self._session).get(key)
        shown = "" if here is None else values.show_value(here)
        return tr("default; {value} here").format(value=shown) if shown and shown != text else ""

    def _set(self, key: str, text: str) -> None:
        if not self._is_there():
            return
        parameter = self._session.diagram.definition(self._scope).parameters[key]
        edit = SetDefault(scope=self._scope, key=key, value=_literal(parameter, text))
        self._session.do(phrase("Set {key}", key=key), edit)

    def _check_new(self, text: str) -> str:
        if text.strip():
            self._parse_new(text)
        return ""

    def _parse_new(self, text: str) -> tuple[str, Parameter]:
        name, equals, value = text.partition("=")
        name, value = name.strip(), value.strip()
        declared = self._session.diagram.definition(self._scope).parameters
        if not equals or not value:
            raise StudioError("parameter.value", say("expected a name and a value, as in width = 64."))
        if name in declared:
            raise StudioError("diagram.taken", say("there is already a parameter '{name}'.", name=name))
        if value.lower() in ("on", "true", "off", "false"):
            parameter = Parameter(kind="bool", default=value.lower() in ("on", "true"))
        else:
            parameter = infer_parameter(values.read(Parameter(kind="pair", default=1), value))
            if parameter.kind == "text":
                raise StudioError("parameter.value", say("expected a number, a pair, on or off."))
        check_declarations({name: parameter}, self._scope != MAIN)
        return name, parameter

    def _add(self, text: str) -> None:
        if not text.strip() or not self._is_there():
            return
        name, parameter = self._parse_new(text)
        declared = {**self._session.diagram.definition(self._scope).parameters, name: parameter}
        if self._declare(phrase("Add parameter {name}", name=name), declared):
            self.new_parameter.set_value("", force=True)

    def remove(self, key: str) -> None:
        """Declare a parameter no longer."""
        declared = self._session.diagram.definition(self._scope).parameters
        kept = {name: parameter for name, parameter in declared.items() if name != key}
        self._declare(phrase("Remove parameter {name}", name=key), kept)

    def _declare(self, label: str, declared: dict[str, Parameter]) -> bool:
        edit: Edit = SetDeclarations(scope=self._scope, parameters=declared)
        return self._session.do(label, edit)

    def fits(self) -> bool:
        """Any diagram and module has this page."""
        return True

    def refresh(self) -> None:
        """Show what the document and the analysis say now."""
        session = self._session
        if not self._is_there():
            return
        definition = session.diagram.definition(self._scope)
        self.title.set_value(self._scope or session.diagram.name)
        # Of a network that comes along in the reader's words; edited, they are the reader's own.
        self.description.set_value(tr(definition.description) if definition.description else "")
        kinds = {key: msgspec.structs.replace(p, default=0) for key, p in definition.parameters.items()}
        shown = {key: msgspec.structs.replace(p, default=0) for key, p in (self._declared or {}).items()}
        if self._declared is None or list(kinds.items()) != list(shown.items()):
            self._build_form()
        for key, parameter in definition.parameters.items():
            field = self.fields[key]
            assert isinstance(field, ValueField | ChoiceField)
            field.set_value(values.show(parameter, parameter.default, key))
        self._show_totals()

    def _show_totals(self) -> None:
        session, totals = self._session, self._totals
        if totals is None or session.veiled:  # all of them: which follows from which is not for the page to know
            return
        if session.path and not session.path.startswith("@"):
            report = session.analysis.blocks.get(session.path)
            if report is not None:
                totals.set(tr("parameters"), whole_text(report.parameters))
                totals.set(tr("MACs"), count_text(report.macs))
                totals.set(tr("training memory"), bytes_text(report.training_bytes))
                totals.set(tr("output"), shape_text(report.output_shape) if report.output_shape else "")
            return
        if session.path:
            return
        found = session.analysis
        totals.set(tr("parameters"), f"{found.parameters:,}")
        extra = found.parameters_with_auxiliary
        totals.set(tr("with auxiliary heads"), f"{extra:,}" if extra != found.parameters else "")
        totals.set(tr("MACs"), count_text(found.macs), tr("Multiply-accumulates of convolution and linear layers"))
        totals.set(tr("depth"), str(found.depth), tr("Weighted layers on the longest path, projections not counted"))
        totals.set(tr("training memory"), bytes_text(found.training_bytes), tr("For one image, activations kept"))
        field = found.receptive_field
        totals.set(tr("receptive field"), f"{field[0]:,} × {field[1]:,}" if field else "")
        totals.set(tr("output"), shape_text(found.output_shape) if found.output_shape else "")

    def _show_about(self) -> None:
        about = self._session.diagram.about if self._scope == MAIN else {}
        told = {key: text for key, text in about.items() if key not in INTERNAL and text}
        if told:
            self._rest.addWidget(heading(tr("About")))
        for key, text in told.items():
            title = tr(ABOUT[key]) if key in ABOUT else key.replace("_", " ")
            self._rest.addWidget(quiet(tr("{title}: {told}", title=title, told=tr(text) if key in PROSE else text)))


PROSE = ("published", "section")
"""What is told in words; the rest are names, years and numbers."""
INTERNAL = ("beside", "short", "preset", "from", "part_of", "columns", "flow", "diagram", "module")
"""Of what a file says about its network: what only the program needs."""
ABOUT = {
    "paper": say("Paper"), "authors": say("Authors"), "year": say("Year"), "venue": say("Published at"),
    "family": say("Family"), "published": say("Published accuracy"), "section": say("In the paper"),
}  # fmt: skip


def _check_title(text: str) -> str:
    if not text.strip():
        raise StudioError("diagram.name", say("a diagram needs a name."))
    return ""


def _literal(parameter: Parameter, text: str) -> RawValue:
    """A value that is no expression: a diagram's own parameters are plain numbers."""
    raw = values.read(parameter, text)
    parameter.check(raw)
    return raw
