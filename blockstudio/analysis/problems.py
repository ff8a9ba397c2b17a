"""Problems: what is wrong, where, in a sentence, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

from blockstudio.analysis.issues import Issue, Severity
from blockstudio.analysis.item import drawing_issues
from blockstudio.analysis.plan import Plan
from blockstudio.analysis.rules import Result, Seen, is_known
from blockstudio.analysis.sheet import Sheet
from blockstudio.blocks import INPUT, OUTPUT, shape_text
from blockstudio.graph.diagram import MAIN, Diagram, Wire
from blockstudio.graph.edits import Edit
from blockstudio.text import join, say, say_many


@dataclass(frozen=True, slots=True)
class Fix:
    """What makes a problem go away, ready to be applied as one undo step with `apply_fix`."""

    label: str
    """What it does: ``Insert 1×1 projection, 128, /2``."""
    edits: tuple[Edit, ...]


def apply_fix(diagram: Diagram, fix: Fix) -> None:
    """Apply a fix as one undo step.

    Args:
        diagram: The diagram whose problem it is of.
        fix: One of `Problem.fixes`.

    Raises:
        StudioError: If the diagram has changed so that the fix no longer applies; nothing is then changed.

    Example:
        >>> d.disconnect("conv1", "relu1")
        >>> problem = analyze(d).problems[0]
        >>> apply_fix(d, problem.fixes[0])
        >>> problem in analyze(d).problems
        False
    """
    with diagram.history.gesture(fix.label):
        for edit in fix.edits:
            diagram.history.do(edit)


@dataclass(frozen=True)
class Problem:
    """Something wrong, standing on one block of a definition (or, with an empty ``block``, on the definition).

    A mistake in a module shows in all its instances; it is one problem, told with the numbers of the first instance.
    """

    code: str
    """Stable identifier, such as ``"shape.differ"``."""
    severity: Severity
    """``"error"``: the diagram does not compile. ``"warning"``: it does, but is hardly meant so."""
    scope: str
    """The definition in which it stands; ``""`` for the main graph."""
    block: str
    path: str
    """Full path of the block in the first instance: ``layer2.0.add``; empty in a module without instances."""
    message: str
    """One plain sentence."""
    hint: str = ""
    expected: str = ""
    found: str = ""
    parameter: str = ""
    """The field it stands on: a parameter, ``repeat`` or ``bypass``."""
    port: str = ""
    wire: Wire | None = None
    """The wire it stands on."""
    instances: int = 1
    """In how many places of the network it shows."""
    issue: Issue | None = field(default=None, compare=False, repr=False)
    inputs: tuple[Seen, ...] = field(default=(), compare=False, repr=False)
    """Shapes at the block's inputs, in the first instance."""
    sheet: Sheet | None = field(default=None, compare=False, repr=False)
    """Its definition, as evaluated for the first instance."""
    offer: Callable[[Problem], tuple[Fix, ...]] | None = field(default=None, compare=False, repr=False)

    @property
    def text(self) -> str:
        """``layer2.0.add: its inputs differ: 64×56×56 and 128×28×28.``"""
        where = self.path or ".".join(part for part in (self.scope, self.block) if part)
        if self.parameter:
            where = f"{where}.{self.parameter}" if where else self.parameter
        more = self.instances - 1
        message: str = self.message
        if more:
            same = say_many(
                "The same in {count} more instance of {scope}.",
                "The same in {count} more instances of {scope}.",
                more,
                scope=self.scope,
            )
            message = join([message, same])
        return say("{where}: {message}", where=where, message=message) if where else message

    @cached_property
    def fixes(self) -> tuple[Fix, ...]:
        """Fixes, best first; each has been tried on a copy of the diagram and makes the problem go away.
        Worked out when first asked for; none if the diagram has changed since."""
        return self.offer(self) if self.offer is not None else ()


@dataclass(frozen=True, slots=True)
class _Key:
    scope: str
    block: str
    code: str
    field: str


class Collector:
    """Gathers the problems of a diagram from its sheets; visits only those that have any."""

    def __init__(
        self,
        plans: dict[str, Plan],
        alone: Callable[[str], Sheet],
        offer: Callable[[Problem], tuple[Fix, ...]],
    ) -> None:
        self._plans = plans
        self._alone = alone
        self._offer = offer
        self._found: dict[_Key, Problem] = {}
        self._spare = False
        """Looking at a module without instances: nothing there has a path."""
        self._places: dict[str, dict[str, int]] = {}
        self._troubled = {scope for scope, plan in plans.items() if self._is_troubled(plan)}
        growing = True
        while growing:
            users = {
                scope
                for scope, plan in plans.items()
                if scope not in self._troubled
                and any(names and m in self._troubled for m, names in plan.modules.items())
            }
            growing = bool(users)
            self._troubled |= users

    def _is_troubled(self, plan: Plan) -> bool:
        return bool(plan.loose or plan.cycles or plan.dead or not plan.outputs or not plan.inputs)

    def collect(self, main: Sheet) -> tuple[Problem, ...]:
        """All problems: by definition as the main graph uses them, blocks in document order."""
        self._visit(main, "", 1, True)
        if main.plan.outputs or main.plan.auxiliary:
            self._softmax(main)
        for scope in self._plans:
            if scope != MAIN and not any(other.modules.get(scope) for other in self._plans.values()):
                self._visit_spare(self._alone(scope))
        return tuple(sorted(self._found.values(), key=self._rank))

    def _visit_spare(self, sheet: Sheet) -> None:
        """A module without instances, with its defaults; what is wrong in it hinders nothing."""
        self._spare = True
        scope = sheet.plan.scope
        message = say("no block is a {scope}: the module is used nowhere.", scope=scope)
        issue = Issue("module.unused", message, "warning", hint=say("Use it in the diagram, or delete it."))
        self._add(sheet, "", "", issue, False, 1)
        if len(sheet.plan.items):
            self._visit(sheet, "", 1, False)
        self._spare = False

    def _rank(self, problem: Problem) -> tuple[int, int, str, str]:
        place = self._document_order(self._plans[problem.scope]).get(problem.block, -1)
        return list(self._plans).index(problem.scope), place, problem.code, problem.parameter + problem.port

    def _document_order(self, plan: Plan) -> dict[str, int]:
        if plan.scope not in self._places:
            self._places[plan.scope] = {name: index for index, name in enumerate(plan.names)}
        return self._places[plan.scope]

    def _visit(self, sheet: Sheet, prefix: str, count: int, live: bool) -> None:
        plan = sheet.plan
        if plan.scope in self._troubled:
            self._drawing(sheet, prefix, count, live)
        for name in sheet.faulty:
            result = sheet.results[name]
            for issue in result.issues:
                self._add(sheet, name, prefix + name, issue, live and name in sheet.live_auxiliary, count, result)
        inside = {
            name: module in self._troubled
            for module, names in plan.modules.items()
            for name in (names if module in self._troubled else names & sheet.faulty)
        }
        for name in sorted(inside, key=self._document_order(plan).__getitem__) if inside else ():
            alive = live and name in sheet.live_auxiliary
            for suffix, sub, copies in _insides(sheet.results[name]):
                if sub.faulty or inside[name]:
                    self._visit(sub, f"{prefix}{name}{suffix}.", count * copies, alive)

    def _drawing(self, sheet: Sheet, prefix: str, count: int, live: bool) -> None:
        """What is wrong with the drawing of a definition."""
        plan = sheet.plan
        for name in plan.loose:
            alive = live and name in sheet.live_auxiliary
            for issue in drawing_issues(plan.items[name]):
                self._add(sheet, name, prefix + name, issue, alive, count)
        for cycle in plan.cycles:
            ring = " → ".join([*cycle.blocks, cycle.blocks[0]])
            message = say("the wires run in a circle: {ring}.", ring=ring)
            issue = Issue("graph.cycle", message, hint=say("Remove one of these wires."), found=ring, data=cycle.blocks)
            self._add(sheet, cycle.blocks[0], prefix + cycle.blocks[0], issue, live, count)
        for name in plan.dead:
            item = plan.items[name]
            if not item.targets and name not in plan.loose:
                self._add(sheet, name, prefix + name, _dead(plan, name), live, count)
        for names, type_name, message in (
            (
                plan.inputs,
                INPUT,
                say("the diagram has no Input: nothing comes in.")
                if plan.scope == MAIN
                else say("the module has no Input: its instances cannot be wired into a network."),
            ),
            (
                plan.outputs,
                OUTPUT,
                say("the diagram has no Output: there is no result.")
                if plan.scope == MAIN
                else say("the module has no Output: nothing can read its instances."),
            ),
        ):
            if not names:
                issue = Issue(
                    f"{type_name.lower()}.missing", message, hint=say("Add an {type_name} block.", type_name=type_name)
                )
                self._add(sheet, "", prefix[:-1], issue, live, count)

    def _softmax(self, main: Sheet) -> None:
        for end in [*main.plan.outputs, *main.plan.auxiliary]:
            for name, sheet, path in _behind(main, end, ""):
                kind = sheet.plan.items[name].kind
                if kind is not None and kind.gives_probabilities:
                    message = say(
                        "its probabilities go to the output, but training wants the raw scores (logits): the "
                        "cross-entropy loss takes the softmax itself."
                    )
                    issue = Issue(
                        "output.softmax", message, "warning", hint=say("Switch it off; prediction adds it again.")
                    )
                    self._add(sheet, name, path, issue, True, 1, sheet.results[name])

    def _add(
        self, sheet: Sheet, block: str, path: str, issue: Issue, live: bool, count: int, result: Result | None = None
    ) -> None:
        plan = sheet.plan
        key = _Key(plan.scope, block, issue.code, issue.parameter or issue.port or (issue.found if not result else ""))
        severity: Severity = issue.severity if live else "warning"
        known = self._found.get(key)
        if known is not None:
            worse: Severity = "error" if "error" in (severity, known.severity) else "warning"
            self._found[key] = replace(known, instances=known.instances + count, severity=worse)
            return
        wire = _wire(plan, block, issue, result)
        expected, found = issue.expected, issue.found
        if result is not None and issue.code in ("shape.differ", "shape.concat", "shape.broadcast"):
            shapes = [shape_text(shape) for shape in result.inputs]  # type: ignore[arg-type]
            expected = shapes[0]
            found = next((text for text in shapes if text != expected), expected)
        elif result is not None and issue.code.startswith("shape.") and len(result.inputs) == 1:
            found = shape_text(result.inputs[0]) if is_known(result.inputs[0]) else ""  # type: ignore[arg-type]
        path = "" if self._spare else path
        self._found[key] = Problem(
            issue.code, severity, plan.scope, block, path, issue.message, issue.hint, expected, found, issue.parameter,
            issue.port, wire, count, issue, result.inputs if result else (), sheet, self._offer,
        )  # fmt: skip


def _insides(result: Result) -> Iterator[tuple[str, Sheet, int]]:
    """The sheets inside an instance, each once: path suffix of the first copy that has it, and how many have it."""
    if result.sub is not None:
        yield "", result.sub, 1
    found: dict[int, tuple[str, Sheet, int]] = {}
    for index, copy in enumerate(result.copies or ()):
        if copy.sub is not None:
            suffix, sheet, copies = found.get(id(copy.sub), (f".{index}", copy.sub, 0))
            found[id(copy.sub)] = (suffix, sheet, copies + 1)
    yield from found.values()


def _dead(plan: Plan, name: str) -> Issue:
    """A block at the end of a branch that leads nowhere, with those that only feed it."""
    items = plan.items
    branch = {name}
    waiting = [name]
    while waiting:
        for source in items[waiting.pop()].sources:
            if source and source[0] not in branch and source[0] in plan.dead and items[source[0]].targets <= branch:
                branch.add(source[0])
                waiting.append(source[0])
    more = len(branch) - 1
    if items[name].block.type == INPUT:
        message = say("nothing reads this Input.")
    else:
        message = say("its result reaches no Output, so it is left out of the network.")
        if more:
            message = say_many(
                "its result reaches no Output, so it is left out of the network, and with it {count} block before it.",
                "its result reaches no Output, so it is left out of the network, and with it {count} blocks before it.",
                more,
            )
    return Issue("block.dead", message, "warning", hint=say("Wire it on, or delete it."), data=tuple(sorted(branch)))


def _behind(sheet: Sheet, name: str, prefix: str) -> Iterator[tuple[str, Sheet, str]]:
    """The block whose result an output shows, through what leaves its numbers as they are."""
    while True:
        sources = sheet.plan.items[name].sources
        if not sources or sources[0] is None or (sources[0][0], name) in sheet.plan.cut:
            return
        name, port = sources[0]
        result = sheet.results[name]
        if result.copies:
            return
        if result.sub is not None:
            ends = result.sub.plan.outputs
            if port < len(ends):
                yield from _behind(result.sub, ends[port], f"{prefix}{name}.")
            return
        kind = sheet.plan.items[name].kind
        if not result.bypassed and kind is not None and not kind.transparent:
            yield name, sheet, prefix + name
            return


def _wire(plan: Plan, block: str, issue: Issue, result: Result | None) -> Wire | None:
    """The wire on which an issue stands."""
    wires = plan.definition.wires_into(block) if block else []
    if issue.code == "graph.cycle":
        return next(wire for wire in wires if wire.source == issue.data[-1])
    if not issue.code.startswith("shape.") or not wires or result is None:
        return None
    if len(wires) == len(result.inputs) > 1:
        ports = plan.items[block].ports
        wires.sort(key=lambda wire: ports.index(wire.target_port))
        return next((w for w, shape in zip(wires, result.inputs, strict=True) if shape != result.inputs[0]), wires[0])
    return wires[0]
