"""The analyser: keeps the sheets of a diagram and brings them up to date edit by edit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import assert_never

from blockstudio.analysis.fixes import FixContext, Trial, fixes_for
from blockstudio.analysis.level import Level
from blockstudio.analysis.library import Library
from blockstudio.analysis.plan import Change, Plan
from blockstudio.analysis.problems import Collector, Fix, Problem
from blockstudio.analysis.report import Analysis, LiveAnalysis
from blockstudio.analysis.rules import Seen
from blockstudio.analysis.sheet import Key, Sheet
from blockstudio.blocks import Value
from blockstudio.blocks.parameters import checked_defaults
from blockstudio.checked import checked
from blockstudio.graph import edits as E
from blockstudio.graph.diagram import MAIN, Diagram

MAX_SHEETS = 256


class Analyzer:
    """What can be said of a diagram without running it, kept current.

        analyzer = Analyzer(diagram)
        analyzer.attach()           # follow the diagram's edits, or call `update` with them
        analyzer.analysis.parameters

    A module is evaluated once for each set of parameter values and input shapes. An edit evaluates the blocks that
    it touches and those downstream, up to where shapes no longer change.
    """

    def __init__(self, diagram: Diagram) -> None:
        self.diagram = diagram
        self._library = Library()
        self._plans: dict[str, Plan] = {}
        self._sheets: dict[Key, Sheet] = {}
        self._attached = False
        self._gone = 0
        self._version = 0
        self._trial: Trial | None = None
        self._start()

    def _start(self) -> None:
        self._plans.clear()
        self._sheets.clear()
        plan = self._plan(MAIN)
        self.main = Sheet(plan, checked_defaults(plan.definition.parameters), None, self._sheet, self._library)
        self._analysis: LiveAnalysis | None = None

    @property
    def analysis(self) -> LiveAnalysis:
        """What the last `update` left."""
        if self._analysis is None:
            self._analysis = LiveAnalysis.of(self.main, self.problems())
        return self._analysis

    @property
    def evaluations(self) -> int:
        """Blocks evaluated since the beginning."""
        return self._gone + self.main.evaluations + sum(sheet.evaluations for sheet in self._sheets.values())

    def attach(self) -> None:
        """Follow the diagram's edits from now on."""
        if not self._attached:
            self.diagram.history.listeners.append(self._follow)
            self._attached = True

    def detach(self) -> None:
        """Follow them no longer."""
        if self._attached:
            self.diagram.history.listeners.remove(self._follow)
            self._attached = False

    def _follow(self, edits: tuple[E.Edit, ...]) -> None:
        self.update(edits)

    def level_of_definition(self, scope: str) -> Level:
        """The inside of a definition by itself, with its default values and the shapes that its Input blocks name.
        Raises `StudioError` ``diagram.module``."""
        self.diagram.definition(scope)
        if scope == MAIN:
            return self.analysis.level("")
        return Level.of_definition(self._alone(scope))

    def _alone(self, scope: str) -> Sheet:
        """A definition by itself."""
        plan = self._plan(scope)
        values = checked_defaults(plan.definition.parameters)
        shapes: list[Seen] = []
        for name in plan.inputs:
            item = plan.items[name]
            shape = item.fixed.get("shape")
            if "shape" in item.uses:
                bare = Sheet(plan, values, (None,) * len(plan.inputs), self._sheet, self._library)
                shape = bare.own_shape(item)
            shapes.append(shape if isinstance(shape, tuple) else None)
        sheet = self._sheet(scope, values, tuple(shapes))
        return sheet or Sheet(plan, values, tuple(shapes), self._sheet, self._library)

    def problems(self) -> tuple[Problem, ...]:
        """All problems of the diagram as it is."""
        for scope in self.diagram.modules:
            self._plan(scope)
        plans = {scope: self._plans[scope] for scope in self.diagram.scopes()}
        return Collector(plans, self._alone, self._offer()).collect(self.main)

    def _offer(self) -> Callable[[Problem], tuple[Fix, ...]]:
        """What gives the fixes of a problem, as long as the diagram is as it is now."""
        version, revision = self._version, self.diagram.history.revision

        def offer(problem: Problem) -> tuple[Fix, ...]:
            same = self._version == version and self.diagram.history.revision == revision
            return self._fixes(problem) if same else ()

        return offer

    def _fixes(self, problem: Problem) -> tuple[Fix, ...]:
        if problem.sheet is None:
            return ()
        if self._trial is None:
            self._trial = Trial(self.diagram, Analyzer)
        return fixes_for(FixContext(self.diagram, problem, problem.sheet), self._trial)

    # Sheets

    def _plan(self, scope: str) -> Plan:
        plan = self._plans.get(scope)
        if plan is None:
            plan = self._plans[scope] = Plan(self.diagram, scope, self._library)
        return plan

    def _sheet(self, scope: str, values: dict[str, Value | None], inputs: tuple[Seen, ...]) -> Sheet | None:
        key = (scope, tuple(values.values()), inputs)
        sheet = self._sheets.get(key)
        if sheet is None:
            plan = self._plan(scope)
            if not self._library.spend(len(plan.items)):
                return None
            sheet = self._sheets[key] = Sheet(plan, values, inputs, self._sheet, self._library)
        return sheet

    # Edits

    def update(self, edits: Iterable[E.Edit]) -> LiveAnalysis:
        """Follow edits that the diagram has gone through; returns the new `analysis`."""
        self._version += 1
        self._trial = None
        self._library.start()
        changes = _Changes()
        for edit in edits:
            changes.note(edit)
        if changes.scopes or changes.values or changes.modules:
            self._apply(changes)
            self._analysis = None
        elif self._analysis is not None:
            # Places and texts change no number; the fixes that problems offer are for the diagram as it is.
            offer = self._offer()
            same = tuple(replace(problem, offer=offer) for problem in self._analysis.problems)
            self._analysis = replace(self._analysis, problems=same)
        return self.analysis

    def _apply(self, changes: _Changes) -> None:
        ports = {scope: self._plans[scope].ports() for scope in changes.scopes if scope in self._plans}
        for scope in changes.modules:
            self._drop(scope)
        # A module's ports decide how its instances are wired.
        for scope, before in ports.items():
            if scope != MAIN and scope in self._plans and self._ports(scope) != before:
                self._drop(scope)
                changes.modules.add(scope)
        if changes.modules:
            self._drop_users(changes.modules)
            if MAIN not in self._plans:
                self._gone = self.evaluations
                self._sheets.clear()
                self._start()
                return
        changed: set[str] = set()
        for scope in self._from_inside_out():
            plan = self._plans[scope]
            names, rewired = changes.scopes.get(scope, (set(), False))
            change = plan.reconcile(names, rewired) if names else Change()
            for module, instances in plan.modules.items():
                if module in changes.values:
                    plan.reload(instances)
                if module in changed or module in changes.values:
                    change.dirty |= instances
            if scope == MAIN and MAIN in changes.values:
                self.main.set_values(checked_defaults(plan.definition.parameters))
                keys = changes.values[MAIN]
                change.dirty |= {name for name, item in plan.items.items() if item.names & keys}
            if change.dirty or change.structural or change.recount:
                changed.add(scope)
                sheets = [self.main] if scope == MAIN else [s for k, s in self._sheets.items() if k[0] == scope]
                for sheet in sheets:
                    sheet.refresh(change)
        if len(self._sheets) > MAX_SHEETS:
            self._sweep()

    def _ports(self, scope: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        if scope not in self.diagram.modules:
            return (), ()
        return self.diagram.input_ports(scope), self.diagram.output_ports(scope)

    def _drop(self, scope: str) -> None:
        self._plans.pop(scope, None)
        for key in [key for key in self._sheets if key[0] == scope]:
            self._gone += self._sheets.pop(key).evaluations

    def _drop_users(self, scopes: set[str]) -> None:
        """Forget the definitions that hold instances of these, to the outside."""
        waiting = set(scopes)
        while waiting:
            scope = waiting.pop()
            for user, plan in list(self._plans.items()):
                if plan.modules.get(scope):
                    self._drop(user)
                    waiting.add(user)

    def _from_inside_out(self) -> list[str]:
        """The definitions evaluated so far, each after those that it uses."""
        found: dict[str, None] = {}

        def visit(scope: str) -> None:
            plan = self._plans.get(scope)
            if plan is not None and scope not in found:
                for module in plan.modules:
                    visit(module)
                found[scope] = None

        for scope in list(self._plans):
            visit(scope)
        return list(found)

    def _sweep(self) -> None:
        """Forget the sheets that nothing uses any more."""
        used: set[int] = set()
        waiting = [self.main]
        while waiting:
            for result in waiting.pop().results.values():
                for part in result.copies or (result,):
                    if part.sub is not None and id(part.sub) not in used:
                        used.add(id(part.sub))
                        waiting.append(part.sub)
        for key in [key for key, sheet in self._sheets.items() if id(sheet) not in used]:
            self._gone += self._sheets.pop(key).evaluations


class _Changes:
    """What a series of edits touched. The graphs are already as they are after all of them."""

    def __init__(self) -> None:
        self.scopes: dict[str, tuple[set[str], bool]] = {}
        """Touched blocks by scope, and whether wires or blocks may have come or gone."""
        self.values: dict[str, set[str]] = {}
        """Parameters with a new value by definition."""
        self.modules: set[str] = set()
        """Definitions to be prepared afresh."""

    def note(self, edit: E.Edit) -> None:
        match edit:
            case E.AddBlock() | E.RemoveBlock():
                self._touch(edit.scope, {edit.name}, True)
            case E.RenameBlock():
                self.modules.add(edit.scope)
            case E.AddWire() | E.RemoveWire():
                self._touch(edit.scope, {edit.wire.source, edit.wire.target}, True)
            case E.SetParameter() | E.SetBlock():
                self._touch(edit.scope, {edit.name}, False)
            case E.SetDefault():
                self.values.setdefault(edit.scope, set()).add(edit.key)
            case E.SetDeclarations():
                self.modules.add(edit.scope)
            case E.AddModule() | E.RemoveModule():
                self.modules.add(edit.name)
            case E.RenameModule():
                self.modules |= {edit.name, edit.to}
            case E.MoveBlocks() | E.SetRoute() | E.SetTexts() | E.SetNote() | E.SetFrame():
                return
            case _:
                assert_never(edit)

    def _touch(self, scope: str, names: set[str], rewired: bool) -> None:
        known, before = self.scopes.get(scope, (set(), False))
        self.scopes[scope] = (known | names, before or rewired)


@checked
def analyze(diagram: Diagram) -> Analysis:
    """Everything that can be said of a diagram without running it, as a value: it stays what it is when the diagram is
    edited. Use an `Analyzer` to follow edits.

    Args:
        diagram: What to look at; it may have errors, which then are among `Analysis.problems`.

    Returns:
        Shapes ``(C, H, W)``, parameters, MACs, bytes for one image, receptive fields in pixels, problems with fixes.

    Raises:
        StudioError: ``argument.type`` for what is no diagram.

    Example:
        >>> report = analyze(bs.load("resnet34"))
        >>> report.parameters, report.macs, report.depth
        (21797672, 3663761408, 34)
    """
    # Nobody ever updates this analyser, so its sheets are the analysis's own.
    analyzer = Analyzer(diagram)
    return Analysis.of(analyzer.main, analyzer.problems())
