"""The inspector's page of several blocks: what they have in common."""

from __future__ import annotations

from functools import partial

import msgspec
from PySide6.QtWidgets import QVBoxLayout, QWidget

from blockstudio.blocks import Parameter
from blockstudio.graph.checks import repeatable
from blockstudio.graph.diagram import Block
from blockstudio.graph.edits import Edit, SetBlock, SetParameter
from blockstudio.graph.operations.switching import set_bypass
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.scope import scope_of
from blockstudio.gui.inspector.sections import BlockSection, add_rest, add_sections
from blockstudio.gui.kit import value_text as values
from blockstudio.gui.kit.fields import ChoiceField, Form, ValueField, parameter_field
from blockstudio.gui.kit.parts import NumberRow, bytes_text, count_text, heading, quiet
from blockstudio.gui.kit.text import tr, tr_many
from blockstudio.text import say_many


class ManyPage(QWidget):
    """Several blocks: the parameters that they share, set for all at once, what they can be converted to together, and
    what they cost."""

    def __init__(self, desk: Desk, names: tuple[str, ...], parent: QWidget) -> None:
        super().__init__(parent)
        session = desk.session
        self._desk, self._session, self._names = desk, session, names
        self._place = (session.document, session.scope)
        self.fields: dict[str, ValueField | ChoiceField] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        title = quiet(tr_many("{count} block", "{count:,} blocks", len(names)), wrap=False)
        title.setProperty("role", "title")
        column.addWidget(title)
        kinds = self._types()
        column.addWidget(quiet(", ".join(kinds)))
        self._kinds, self._shared = kinds, self._find_shared(kinds)
        self.form = Form()
        column.addWidget(heading(tr("Shared parameters")))
        column.addWidget(self.form)
        for key, parameter in self._shared.items():
            field = parameter_field(parameter, partial(self._check, parameter))
            field.committed.connect(lambda text, key=key, parameter=parameter: self._set(key, parameter, text))
            line = field.line if isinstance(field, ChoiceField) else field
            if line is not None:
                line.complete_names(lambda: scope_of(self._session) if self._is_there() else ())
            self.form.add(key, key, field, tr(parameter.help))
            self.fields[key] = field
        flag = ChoiceField([values.OFF, values.ON], _check_flag)
        flag.committed.connect(lambda text: self._bypass(values.read_flag(text, {})))
        self.form.add("bypass", tr("bypass"), flag, tr("On: the signal passes through all of them."))
        self.fields["bypass"] = flag
        if all(repeatable(session.diagram, kind) for kind in kinds):
            self._add_repeat()
        self._below, self._rest = add_rest(column)
        self._sections: list[BlockSection] | None = None
        self.refresh()

    @property
    def is_whole(self) -> bool:
        """Whether all of it is made."""
        return self._sections is not None

    def complete(self) -> None:
        """Make what stands below the fields: a page made at once would keep the window from answering."""
        if self._sections is not None or not self._is_there():
            return  # of blocks that have gone meanwhile another page comes
        self._sections = add_sections(self._desk, self._rest, "blocks", "")
        self._rest.addWidget(heading(tr("Together")))
        self._cost = NumberRow()
        self._rest.addWidget(self._cost)
        self._show_cost()
        self._below.show()

    def _add_repeat(self) -> None:
        repeat = ValueField(lambda text: values.repeat_result(text, scope_of(self._session)))
        repeat.step = lambda text, by: str(max(1, int(text) + by)) if text.isdecimal() else None
        repeat.committed.connect(self._repeat)
        self.form.add(
            "repeat", tr("repeat"), repeat, tr("A chain of this many copies, as the ×3 of the papers' tables.")
        )
        self.fields["repeat"] = repeat

    def _is_there(self) -> bool:
        session = self._session
        graph = session.definition.graph  # asked for once: there may be thousands of blocks
        return self._place == (session.document, session.scope) and all(name in graph for name in self._names)

    def fits(self) -> bool:
        """Whether the blocks are still of the types that this page has fields for, and share the same."""
        if not self._is_there():
            return True  # its way out has begun
        kinds = self._types()
        return kinds == self._kinds and self._find_shared(kinds) == self._shared

    def _types(self) -> list[str]:
        return list(dict.fromkeys(block.type for block in self._blocks()))

    def _blocks(self) -> list[Block]:
        definition = self._session.definition
        return [definition.block(name) for name in self._names]

    def _unlike(self) -> list[Block]:
        """One block of each kind of setting: of thousands most are set alike."""
        found: dict[object, Block] = {}
        for block in self._blocks():
            found.setdefault((block.type, repr(block.parameters), block.bypass, block.repeat), block)
        return list(found.values())

    def _find_shared(self, kinds: list[str]) -> dict[str, Parameter]:
        diagram = self._session.diagram
        first, *others = (diagram.declared(kind) for kind in kinds)
        return {
            key: parameter
            for key, parameter in first.items()
            if all(key in other and other[key].kind == parameter.kind for other in others)
        }

    def _check(self, parameter: Parameter, text: str) -> str:
        if not text:
            return ""  # they differ, and stay as they are
        return values.shown_result(parameter, values.read(parameter, text), scope_of(self._session))

    def _set(self, key: str, parameter: Parameter, text: str) -> None:
        if not text or not self._is_there():
            return
        raw, session = values.read(parameter, text), self._session
        edits: list[Edit] = []
        for name, block in zip(self._names, self._blocks(), strict=True):
            value = values.unless_default(session.diagram.declared(block.type)[key], raw)
            edits.append(SetParameter(scope=session.scope, name=name, key=key, value=value))
        self._session.do(
            say_many("Set {key} of {count} block", "Set {key} of {count} blocks", len(edits), key=key), *edits
        )

    def _bypass(self, bypass: bool | str) -> None:
        if not self._is_there():
            return
        edits = set_bypass(self._session.diagram, self._session.scope, self._names, bypass)
        self._session.do(
            say_many("Set bypass of {count} block", "Set bypass of {count} blocks", len(self._names)), *edits
        )

    def _repeat(self, text: str) -> None:
        if not self._is_there() or (not text and len({block.repeat for block in self._blocks()}) > 1):
            return  # they differ, and stay as they are
        repeat, scope = values.read_repeat(text, scope_of(self._session)), self._session.scope
        edits = [
            SetBlock(scope=scope, name=name, block=msgspec.structs.replace(block, repeat=repeat))
            for name, block in zip(self._names, self._blocks(), strict=True)
        ]
        self._session.do(
            say_many("Set {key} of {count} block", "Set {key} of {count} blocks", len(edits), key="repeat"), *edits
        )

    def refresh(self) -> None:
        """Show what is common now; fields that differ are empty."""
        if not self._is_there():
            return
        blocks, diagram = self._unlike(), self._session.diagram
        for key in self._shared:
            shown = set()
            for block in blocks:
                parameter = diagram.declared(block.type)[key]
                shown.add(values.show(parameter, block.parameters.get(key, parameter.default), key))
            self._show(key, shown)
        flags = {b.bypass if isinstance(b.bypass, str) else (values.ON if b.bypass else values.OFF) for b in blocks}
        self._show("bypass", flags)
        if "repeat" in self.fields:
            self._show("repeat", {"" if block.repeat is None else str(block.repeat) for block in blocks}, tr("once"))
        if self._sections is not None:
            for section in self._sections:
                section.refresh_block("")
            self._show_cost()

    def _show_cost(self) -> None:
        level = self._session.level.blocks
        reports = [report for report in map(level.get, self._names) if report is not None]
        self._cost.set(tr("parameters"), f"{sum(report.parameters or 0 for report in reports):,}")
        self._cost.set(tr("MACs"), count_text(sum(report.macs or 0 for report in reports)))
        self._cost.set(tr("training memory"), bytes_text(sum(report.training_bytes or 0 for report in reports)))

    def _show(self, key: str, shown: set[str], usual: str = "") -> None:
        field = self.fields[key]
        same = len(shown) == 1
        line = field.line if isinstance(field, ChoiceField) else field
        if line is not None:
            line.setPlaceholderText(usual if same else tr("various"))
        field.set_value(next(iter(shown)) if same else "")


def _check_flag(text: str) -> str:
    if text:
        values.read_flag(text, {})
    return ""
