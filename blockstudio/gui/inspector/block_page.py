"""The inspector's page of one block."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from blockstudio.analysis import BlockReport
from blockstudio.blocks import BlockType, Parameter, Value, shape_text
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import MAIN, Block, check_name
from blockstudio.graph.edits import RenameBlock, SetBlock, SetParameter, clash
from blockstudio.graph.foreign import missing
from blockstudio.graph.resolve import resolve_flag
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.document import DEFINITION
from blockstudio.gui.document.scope import scope_of
from blockstudio.gui.document.session import Session
from blockstudio.gui.inspector.sections import BlockSection, add_rest, add_sections
from blockstudio.gui.kit import value_text as values
from blockstudio.gui.kit.fields import ChoiceField, Form, TitleField, ValueField, parameter_field
from blockstudio.gui.kit.parts import Box, NumberRow, bytes_text, clear, count_text, heading, quiet, whole_text
from blockstudio.gui.kit.text import phrase, sentence, tr
from blockstudio.text import render, say

Field = ValueField | ChoiceField
TERMS = 8
"""A sum over the inside of a module shows so many terms."""


class BlockPage(QWidget):
    """One block: name, parameters, bypass, repeat and note, what features add, where its numbers come from, its cost
    and problems."""

    def __init__(self, desk: Desk, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        session = desk.session
        self._commands, self._session, self.name = desk.commands, session, name
        self._place = (session.document, session.scope)
        self.fields: dict[str, QWidget] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(self._head())
        self.title.entered.connect(desk.show_drawing)
        block = self._block
        kind = session.diagram.kind(block.type)
        if kind is not None and not kind.installed:
            column.addWidget(self._unread(block, kind))
        self._made_for, self._declared = block.type, dict(session.diagram.declared(block.type))
        self.form = Form()
        if self._declared:
            column.addWidget(heading(tr("Parameters")))
            column.addWidget(self.form)
            for key, parameter in self._declared.items():
                self._add_parameter(key, parameter)
        column.addWidget(heading(tr("Block")))
        column.addWidget(self._attributes())
        self._below, self._rest = add_rest(column)
        self._sections: list[BlockSection] | None = None
        self._desk = desk
        self.refresh()

    @property
    def is_whole(self) -> bool:
        """Whether all of it is made."""
        return self._sections is not None

    def complete(self) -> None:
        """Make what stands below the fields: a page made at once would keep the window from answering."""
        if self._sections is not None or not self._is_there():
            return  # of a block that has gone meanwhile another page comes
        column = self._rest
        self._sections = add_sections(self._desk, column, "block", self.name)
        self._from = heading(tr("Where the numbers come from"))
        self._box = Box()
        column.addWidget(self._from)
        column.addWidget(self._box)
        column.addWidget(heading(tr("Cost")))
        self._cost = NumberRow()
        column.addWidget(self._cost)
        self._problems = QVBoxLayout()
        self._problems.setSpacing(2)
        column.addLayout(self._problems)
        self._session.fix_finder.found.connect(self._show_problems)
        self._refresh_rest()
        self._below.show()

    def _is_there(self) -> bool:
        """Whether the block is still the one in view: a field may report when its page is already on its way out."""
        session = self._session
        return self._place == (session.document, session.scope) and self.name in session.definition.graph

    def fits(self) -> bool:
        """Whether the block is still of the type that this page has fields for, and the type declares the same."""
        if not self._is_there():
            return True  # its way out has begun
        return self._block.type == self._made_for and self._session.diagram.declared(self._made_for) == self._declared

    @property
    def _block(self) -> Block:
        return self._session.definition.block(self.name)

    def _head(self) -> QHBoxLayout:
        session, block = self._session, self._block
        line = QHBoxLayout()
        line.setSpacing(8)
        self.title = TitleField(self._check_name)
        self.title.setAccessibleName(tr("Name"))
        self.title.setToolTip(tr("The block's name: the attribute path of its weights in the compiled module."))
        self.title.committed.connect(self._rename)
        self.title.textChanged.connect(self._fit_title)
        self.fields["name"] = self.title
        place = session.crumbs[-1].label if session.scope != MAIN else ""
        self._type = quiet(f"{block.type} · {place}" if place else block.type, wrap=False)
        self._type.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        kind = session.diagram.kind(block.type)
        if kind is not None:
            self._type.setToolTip(tr(kind.help))
        else:
            self._type.setToolTip(tr(session.diagram.modules[block.type].description))
        line.addWidget(self.title)
        line.addWidget(self._type, 1)
        if block.type in session.diagram.modules:
            line.addWidget(self._commands.link(tr("Open"), "view.enter"))
        return line

    def _unread(self, block: Block, kind: BlockType) -> QLabel:
        """Of a block whose type is not installed: what to do about that, and what it holds."""
        why = missing(block, kind, "")
        lines = [f"{sentence(why.message)} {tr(why.hint)}", ""]
        lines += [f"{key}: {value}" for key, value in block.parameters.items()]
        text = quiet("\n".join(lines).strip())
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.fields["missing"] = text
        return text

    def _fit_title(self, text: str) -> None:
        self.title.setFixedWidth(min(200, max(40, self.title.fontMetrics().horizontalAdvance(text) + 22)))

    def _check_name(self, text: str) -> str:
        check_name(text)
        taken = clash(self._session.definition, text, but=self.name)
        if taken:
            raise StudioError("diagram.taken", say("there is already a block '{taken}'.", taken=taken))
        return ""

    def _rename(self, text: str) -> None:
        if not self._is_there():
            return
        old, self.name = self.name, text
        if not self._session.do(
            phrase("Rename {name}", name=old), RenameBlock(scope=self._session.scope, name=old, to=text)
        ):
            self.name = old
            self.title.set_value(old, force=True)

    def _add_parameter(self, key: str, parameter: Parameter) -> None:
        def check(text: str) -> str:
            raw = values.read(parameter, text)
            return values.shown_result(parameter, raw, scope_of(self._session, self.name))

        field = parameter_field(parameter, check)
        field.committed.connect(lambda text: self._set(key, parameter, text))
        line = field.line if isinstance(field, ChoiceField) else field
        if line is not None:
            line.complete_names(lambda: scope_of(self._session, self.name) if self._is_there() else ())
        self.form.add(key, key, field, f"{tr(parameter.help)}\n{tr(parameter.expected())}".strip())
        self.fields[key] = field

    def _set(self, key: str, parameter: Parameter, text: str) -> None:
        if not self._is_there():
            return
        value = values.unless_default(parameter, values.read(parameter, text))
        edit = SetParameter(scope=self._session.scope, name=self.name, key=key, value=value)
        self._session.do(phrase("Set {key}", key=key), edit)
        self.refresh()

    def _attributes(self) -> Form:
        form, session = Form(), self._session
        flag = ChoiceField([values.OFF, values.ON], self._check_bypass)
        flag.committed.connect(lambda text: self._change(bypass=values.read_flag(text, self._scope)))
        form.add("bypass", tr("bypass"), flag, tr("On: the signal passes through. An expression may decide."))
        self.fields["bypass"] = flag
        kind = self._block.type
        if len(session.diagram.input_ports(kind)) == 1 and len(session.diagram.output_ports(kind)) == 1:
            repeat = ValueField(lambda text: values.repeat_result(text, self._scope))
            repeat.setPlaceholderText(tr("once"))
            repeat.step = lambda text, by: str(max(1, int(text or 1) + by)) if (text or "1").isdecimal() else None
            repeat.committed.connect(lambda text: self._change(repeat=values.read_repeat(text, self._scope)))
            form.add(
                "repeat", tr("repeat"), repeat, tr("A chain of this many copies, as the ×3 of the papers' tables.")
            )
            self.fields["repeat"] = repeat
        note = ValueField(lambda text: "")
        note.setPlaceholderText(tr("none"))
        note.committed.connect(lambda text: self._change(note=text))
        form.add("note", tr("note"), note, tr("A remark that is saved with the block."))
        self.fields["note"] = note
        return form

    @property
    def _scope(self) -> dict[str, Value]:
        return scope_of(self._session, self.name)

    def _check_bypass(self, text: str) -> str:
        raw = values.read_flag(text, self._scope)
        return values.show_value(resolve_flag(raw, self._scope)) if isinstance(raw, str) else ""

    def _change(self, **attributes: object) -> None:
        if not self._is_there():
            return
        (what,) = attributes
        changed = msgspec.structs.replace(self._block, **attributes)
        self._session.do(
            phrase("Set {key}", key=what), SetBlock(scope=self._session.scope, name=self.name, block=changed)
        )
        self.refresh()

    def refresh(self) -> None:
        """Show what the document and the analysis say now."""
        if not self._is_there():
            return
        block = self._block
        self.title.set_value(self.name)
        self._fit_title(self.title.text())
        for key, parameter in self._declared.items():
            raw = block.parameters.get(key, parameter.default)
            self._put(key, values.show(parameter, raw, key))
        bypass = block.bypass
        self._put("bypass", bypass if isinstance(bypass, str) else (values.ON if bypass else values.OFF))
        if "repeat" in self.fields:
            self._put("repeat", "" if block.repeat is None else str(block.repeat))
        self._put("note", block.note)
        self._refresh_rest()

    def _refresh_rest(self) -> None:
        if self._sections is None or not self._is_there():
            return
        for section in self._sections:
            section.refresh_block(self.name)
        self._show_numbers(self._session.level.blocks.get(self.name))
        self._show_problems()

    def _put(self, key: str, text: str) -> None:
        field = self.fields[key]
        assert isinstance(field, ValueField | ChoiceField)
        field.set_value(text)

    @property
    def box_text(self) -> str:
        """What stands under *Where the numbers come from*, as rich text."""
        return self._box.label.text()

    @property
    def shown_output(self) -> str:
        """The shape that stands under *Cost*."""
        return self._cost.figure(tr("output"))

    def _show_numbers(self, report: BlockReport | None) -> None:
        veiled = self._session.veiled
        rows = formula_rows(self._session, self._block, report) if not veiled else []
        self._box.set_rows([(render(label), render(text), result) for label, text, result in rows])
        self._from.setVisible(bool(rows))
        cost = self._cost
        for title in (
            tr("parameters"),
            tr("MACs"),
            tr("output"),
            tr("activations"),
            tr("training memory"),
            tr("depth"),
        ):
            cost.set(title, "")
        if report is None:
            cost.set(tr("output"), tr("unknown"), tr("Nothing reaches this block, or a problem stands before it."))
            return
        shapes = [shape_text(shape) for shape in report.output_shapes.values() if shape]
        has_output = bool(self._session.diagram.output_ports(self._block.type))
        cost.set(tr("output"), ", ".join(shapes) or (tr("unknown") if has_output else ""))
        cost.set(tr("parameters"), whole_text(report.parameters))
        cost.set(tr("MACs"), count_text(report.macs) if report.macs != 0 else "")
        cost.set(tr("activations"), bytes_text(report.activation_bytes) if report.activation_bytes else "")
        cost.set(tr("training memory"), bytes_text(report.training_bytes) if report.training_bytes != 0 else "")
        if self._block.type in self._session.diagram.modules:
            cost.set(tr("depth"), whole_text(report.depth))
        for what, title in {"shapes": "output", "parameters": "parameters", "macs": "MACs", "depth": "depth"}.items():
            if what in veiled:
                cost.set(tr(title), "")

    def _show_problems(self) -> None:
        if not self._is_there():
            return
        clear(self._problems)
        session = self._session
        mine = [p for p in session.analysis.problems if p.scope == session.scope and p.block == self.name]
        if not mine:
            return
        self._problems.addWidget(heading(tr("Problems")))
        for problem in mine[:8]:
            text = quiet(sentence(problem.message))
            text.setProperty("role", "problem" if problem.severity == "error" else "warning")
            self._problems.addWidget(text)
            for fix in session.fixes(problem) or ():
                self._problems.addWidget(self._commands.link(tr(fix.label), "problem.fix", fix))


def formula_rows(session: Session, block: Block, report: BlockReport | None) -> list[tuple[str, str, str]]:
    """Where a block's numbers come from: (label, computation, result)."""
    if report is None or report.bypassed or None in report.values.values():
        return []
    rows: list[tuple[str, str, str]] = []
    inputs, output = report.input_shapes, report.output_shape
    kind = session.diagram.kind(block.type)
    if kind is None:
        rows += _module_rows(session, block, report)
    elif output is not None and None not in inputs:
        try:
            rows += kind.formula(report.values, [shape for shape in inputs if shape is not None], output)
        except (StudioError, IndexError):
            # A block whose inputs do not fit has no numbers to explain; its problem says why.
            return []
    if report.receptive_field:
        height, width = report.receptive_field
        rows.append((tr("receptive field"), "", f"{height:,} × {width:,}"))
    return rows


def _module_rows(session: Session, block: Block, report: BlockReport) -> list[tuple[str, str, str]]:
    """Sums over what stands inside, or over the copies of a repeated one."""
    if session.path.startswith(DEFINITION):
        return []
    if block.repeat is not None:
        parts = [session.analysis.blocks.get(f"{report.path}.{index}") for index in range(min(report.copies, TERMS))]
    else:
        try:
            level = session.analysis.level(report.path)
        except StudioError:
            return []
        parts = [level.blocks[name] for name in level.blocks]
    rows: list[tuple[str, str, str]] = []
    costly = [part for part in parts if part is not None and part.parameters]
    kind = session.diagram.kind(costly[0].type) if costly else None
    if block.repeat is None and len(costly) == 1 and kind is not None:
        # A convolution wrapped with its activation: its numbers are the module's.
        (only,) = costly
        shapes, output = [shape for shape in only.input_shapes if shape is not None], only.output_shape
        if output is not None and len(shapes) == len(only.input_shapes) and None not in only.values.values():
            return kind.formula(only.values, shapes, output)
    for label, name in ((tr("parameters"), "parameters"), (tr("MACs"), "macs")):
        numbers = [getattr(part, name) for part in parts if part is not None]
        total = getattr(report, name)
        terms = [count_text(number) for number in numbers if number]
        if total and len(terms) > 1:
            more = " + …" if len(terms) > TERMS or report.copies > TERMS else ""
            rows.append((label, " + ".join(terms[:TERMS]) + more, count_text(total)))
    return rows
