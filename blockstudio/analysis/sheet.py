"""A definition evaluated in one context: given parameter values and input shapes. All its instances that have
the same share one sheet. Edits bring it up to date in place, from the touched blocks downstream as far as shapes
change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from heapq import heapify, heappop, heappush
from typing import Any, TypeAlias

import msgspec

from blockstudio.analysis.issues import Issue
from blockstudio.analysis.item import Item
from blockstudio.analysis.library import MAX_WORK, Library
from blockstudio.analysis.plan import Change, Plan
from blockstudio.analysis.rules import Result, Seen, known_size
from blockstudio.analysis.values import Names, known_flag, known_repeat, resolve_known
from blockstudio.blocks import INPUT, Scalar, Value
from blockstudio.text import say

Key: TypeAlias = tuple[str, tuple[Value | None, ...], tuple[Seen, ...]]


class Totals:
    """Sums over the blocks that reach an output."""

    __slots__ = ("macs", "parameters", "saved", "unknown")

    def __init__(self) -> None:
        self.parameters = self.macs = self.saved = 0
        self.unknown = 0
        """Blocks of which not all numbers are known."""

    def add(self, result: Result, sign: int = 1) -> None:
        if result.parameters is not None:
            self.parameters += sign * result.parameters
        if result.macs is not None:
            self.macs += sign * result.macs
        if result.saved is not None:
            self.saved += sign * result.saved
        self.unknown += sign * result.unknown

    def replace(self, old: Result, new: Result) -> None:
        self.add(old, -1)
        self.add(new)


class Sheet:
    """See the module's text. ``inputs`` are the shapes at the definition's inputs, in order; ``None`` for the main
    graph, whose Input blocks say themselves."""

    def __init__(
        self,
        plan: Plan,
        values: dict[str, Value | None],
        inputs: tuple[Seen, ...] | None,
        sheet_of: Callable[[str, dict[str, Value | None], tuple[Seen, ...]], Sheet | None],
        library: Library,
    ) -> None:
        self.plan = plan
        self.inputs = inputs
        self._sheet_of = sheet_of
        self._library = library
        self.results: dict[str, Result] = {}
        self.faulty: set[str] = set()
        """Blocks that have issues or whose inside has."""
        self.live: set[str] = set()
        """Blocks that reach an output; all, as long as nothing is wired to one."""
        self.live_auxiliary: set[str] = set()
        """Blocks that reach an output or an auxiliary output."""
        self.total = Totals()
        self.total_auxiliary = self.total
        self.evaluations = 0
        """Blocks evaluated since the beginning."""
        self.shape_version = 0
        """Counts the changes of a shape or the wiring."""
        self.fresh: set[str] = set()
        """Blocks evaluated since `traces` was last brought up to date."""
        self.layout_version = 0
        """Counts the changes of the wiring, of what is live and of what shares memory."""
        self.traces: Any = None
        self.schedule: Any = None
        self.peak: tuple[int, int] | None = None
        """Memory at most, and the shape version of which it is."""
        self.values = values
        self.known = Names({})
        self.set_values(values)
        items, results = plan.items, self.results
        for name in plan.order:
            result = results[name] = self.evaluate(items[name])
            if result.faulty:
                self.faulty.add(name)
        self._recount()

    @property
    def outputs(self) -> tuple[Seen, ...]:
        """Shapes at the definition's outputs, in order."""
        return tuple(self.results[name].inputs[0] for name in self.plan.outputs)

    def set_values(self, values: dict[str, Value | None]) -> None:
        """New values of the definition's parameters; nothing is evaluated yet."""
        self.values = values
        known = dict(values)
        if self.inputs is not None:
            for index, (name, shape) in enumerate(zip(self.plan.inputs, self.inputs, strict=True)):
                channels = shape[0] if shape else None
                if index == 0:
                    known["in_channels"] = channels
                if len(self.inputs) > 1:
                    known[f"in_channels_{name.replace('.', '_')}"] = channels
        self.known = Names(known)

    # Evaluation

    def evaluate(self, item: Item) -> Result:
        """The block in this context."""
        self.evaluations += 1
        results, sources, cut = self.results, item.sources, self.plan.cut
        inputs: tuple[Seen, ...]
        if cut:
            name = item.name
            inputs = tuple([results[s[0]].outputs[s[1]] if s and (s[0], name) not in cut else None for s in sources])
        elif len(sources) == 1 and (source := sources[0]):
            inputs = (results[source[0]].outputs[source[1]],)
        else:
            inputs = tuple([results[s[0]].outputs[s[1]] if s else None for s in sources])
        if item.plain:
            return item.setting.result(inputs)  # type: ignore[union-attr]
        block = item.block
        issues: list[Issue] = []
        repeat: int | None = None
        if block.repeat is not None:
            repeat = known_repeat(block.repeat, self.known, issues)
            if repeat is None or item.width != 1 or len(inputs) != 1:
                return _unknown(item, inputs, issues)
            if repeat:
                return self._repeated(item, inputs, repeat)
        if block.bypass is not False or repeat == 0:
            bypassed = True if repeat == 0 else known_flag(block.bypass, self.known, issues)
            if bypassed is None:
                return _unknown(item, inputs, issues)
            if bypassed and block.type != INPUT:
                return _passing(item, inputs)
        if block.type == INPUT and self.inputs is not None:
            shape = self.inputs[self.plan.inputs.index(item.name)]
            return Result((), (shape,), item.fixed)
        if item.setting is not None:
            return item.setting.result(inputs)
        values, found = self._values(item, self.known, item.uses, item.fixed)
        return self._once(item, inputs, values, issues + found)

    def _repeated(self, item: Item, inputs: tuple[Seen, ...], repeat: int) -> Result:
        """A chain of copies. Where neither arguments nor shape depend on the place, the rest are like the last."""
        varies, bypass = "i" in item.names, item.block.bypass
        known = self.known.at(0)
        base, first_issues = self._values(item, known, item.uses, item.fixed)
        copies: list[Result] = []
        current = inputs
        drawn: tuple[Scalar, ...] | None = None
        for index in range(repeat):
            if copies and not varies and current == copies[-1].inputs:
                copies += [copies[-1]] * (repeat - index)
                break
            if not self._library.spend(1):
                return _unknown(item, inputs, [_too_much()])
            known["i"] = index
            before, drawn = drawn, item.drawn(known)
            if index and drawn is not None and drawn == before and current == copies[-1].inputs:
                copies.append(copies[-1])
                continue
            values, issues = base, list(first_issues)
            if varies and index:
                values, issues = self._values(item, known, item.varying, base)
            bypassed = bypass if isinstance(bypass, bool) else known_flag(bypass, known, issues)
            last = copies[-1] if copies else None
            if last is not None and (values, current, bypassed) == (last.values, last.inputs, last.bypassed):
                copies.append(last)
                continue
            if bypassed is None:
                copy = _unknown(item, current, issues)
            elif bypassed:
                copy = _passing(item, current)
            else:
                copy = self._once(item, current, values, issues)
            if index and copies[-1].inputs != current and _refused(copy) and not _refused(copies[0]):
                copy = _broken_chain(copy, index, repeat)
            copies.append(copy)
            current = copy.outputs
        return _chain(inputs, copies)

    def _values(
        self,
        item: Item,
        known: Names,
        uses: Mapping[str, frozenset[str]],
        fixed: Mapping[str, Value | None],
    ) -> tuple[dict[str, Value | None], list[Issue]]:
        """The block's parameters in this context, and what is wrong with them."""
        issues = list(item.issues)
        return resolve_known(item.declared, item.block.parameters, known, uses, fixed, issues), issues

    def _once(
        self, item: Item, inputs: tuple[Seen, ...], values: dict[str, Value | None], issues: list[Issue]
    ) -> Result:
        if item.setting is not None:
            return item.setting.result(inputs)
        if item.kind is None:
            return self._instance(item, inputs, values, issues)
        if None in values.values() or not item.kind.installed:
            return _unknown(item, inputs, issues, values)
        return self._library.setting(item.kind, values).result(inputs)

    def _instance(
        self, item: Item, inputs: tuple[Seen, ...], values: dict[str, Value | None], issues: list[Issue]
    ) -> Result:
        sheet = self._sheet_of(item.block.type, values, inputs)
        if sheet is None:
            return _unknown(item, inputs, [*issues, _too_much()], values)
        total = sheet.total
        outputs = sheet.outputs
        return Result(
            inputs,
            outputs,
            values,
            total.parameters,
            total.macs,
            total.saved,
            known_size(outputs),
            issues=tuple(issues),
            sub=sheet,
            unknown=total.unknown,
            faulty=bool(issues or sheet.faulty),
        )

    def own_shape(self, item: Item) -> Value | None:
        """The shape that an Input block names itself."""
        values = resolve_known(item.declared, item.block.parameters, self.known, item.uses, item.fixed, [])
        return values["shape"]

    # Keeping up to date

    def refresh(self, change: Change) -> None:
        """Evaluate the blocks that a change made dirty and what depends on them, as far as shapes change."""
        plan, results, live = self.plan, self.results, self.live
        recount = change.recount
        if not recount:
            self._count(change.lost, change.lost_auxiliary, -1)
        for name in change.gone:
            self.fresh.add(name)
            self.faulty.discard(name)
            results.pop(name, None)
        items, at = plan.items, plan.places.at
        waiting = {name for name in change.dirty if name in items}
        self.fresh.update(waiting)
        heap = [(at[name], name) for name in waiting]
        heapify(heap)
        shapes = layout = change.structural
        while heap:
            name = heappop(heap)[1]
            waiting.discard(name)
            old, new = results.get(name), self.evaluate(items[name])
            if new is old:
                continue
            self.fresh.add(name)
            # What an instance needs inside may have changed although its shapes have not.
            shapes = shapes or new.sub is not None or new.copies is not None
            recount = recount or name in plan.gates
            layout = layout or old is None or new.shares != old.shares or new.is_simple != old.is_simple
            if old is not None and not recount:
                if name in live and name not in change.gained:
                    self.total.replace(old, new)
                apart = self.total_auxiliary is not self.total
                if apart and name in self.live_auxiliary and name not in change.gained_auxiliary:
                    self.total_auxiliary.replace(old, new)
            self._put(name, new)
            if old is None or new.outputs != old.outputs:
                shapes = True
                for target in items[name].targets:
                    if target not in waiting:
                        waiting.add(target)
                        heappush(heap, (at[target], target))
        if recount:
            self._recount()
        else:
            self._count(change.gained, change.gained_auxiliary, 1)
        self.shape_version += shapes or recount or layout
        self.layout_version += recount or layout

    def _count(self, names: frozenset[str], names_auxiliary: frozenset[str], sign: int) -> None:
        """Add blocks to the sums, or take them off."""
        for name in names:
            self.total.add(self.results[name], sign)
        if self.total_auxiliary is not self.total:
            for name in names_auxiliary:
                self.total_auxiliary.add(self.results[name], sign)

    def _put(self, name: str, result: Result) -> None:
        self.results[name] = result
        if result.faulty:
            self.faulty.add(name)
        else:
            self.faulty.discard(name)

    def _recount(self) -> None:
        """What reaches an output, and the sums over it."""
        plan = self.plan
        ends = plan.ends
        if not ends:
            self.live = self.live_auxiliary = set(plan.items)
        elif not plan.gates:
            self.live, self.live_auxiliary = plan.reach.members, plan.reach_auxiliary.members
        else:
            self.live = self.live_auxiliary = self._upstream(ends)
            auxiliary = [name for name in plan.auxiliary if not self.results[name].bypassed]
            if auxiliary:
                self.live_auxiliary = self._upstream([*ends, *auxiliary])
        self.total = self.total_auxiliary = self._sum(self.live)
        if self.live_auxiliary is not self.live:
            self.total_auxiliary = self._sum(self.live_auxiliary)

    def _sum(self, names: set[str]) -> Totals:
        found = [self.results[name] for name in names]
        total = Totals()
        total.parameters = sum([result.parameters or 0 for result in found])
        total.macs = sum([result.macs or 0 for result in found])
        total.saved = sum([result.saved or 0 for result in found])
        total.unknown = sum([result.unknown for result in found])
        return total

    def _upstream(self, ends: Iterable[str]) -> set[str]:
        items, results, gates = self.plan.items, self.results, self.plan.gates
        found = set(ends)
        waiting = list(found)
        while waiting:
            name = waiting.pop()
            sources = items[name].sources
            if name in gates and results[name].bypassed:
                sources = sources[:1]
            for source in sources:
                if source and source[0] not in found:
                    found.add(source[0])
                    waiting.append(source[0])
        return found


def _unknown(
    item: Item, inputs: tuple[Seen, ...], issues: list[Issue], values: dict[str, Value | None] | None = None
) -> Result:
    outputs: tuple[Seen, ...] = (None,) * item.width
    weighted = item.kind is not None and item.kind.weighted
    return Result(
        inputs, outputs, values or item.fixed, None, None, None, 0, None, True, weighted,
        issues=tuple(issues), unknown=1, faulty=bool(issues),
    )  # fmt: skip


def _too_much() -> Issue:
    message = say(
        "the network has more than {max_work:,} blocks that all differ; from here on it is not analysed.",
        max_work=MAX_WORK,
    )
    return Issue("analysis.size", message, hint=say("Repeat less often, or let less depend on i."))


def _passing(item: Item, inputs: tuple[Seen, ...]) -> Result:
    """Switched off: the first input goes to all outputs."""
    first = inputs[0] if inputs else None
    return Result(inputs, (first,) * item.width, item.fixed, shares=True, bypassed=True)


def _refused(result: Result) -> bool:
    return any(issue.code.startswith("shape.") for issue in result.issues)


def _broken_chain(copy: Result, index: int, repeat: int) -> Result:
    first = copy.issues[0]
    issue = Issue(
        "repeat.chain",
        say(
            "copy {index} of {repeat} does not accept what copy {index_2} gives: {message}",
            index=index + 1,
            repeat=repeat,
            index_2=index,
            message=first.message,
        ),
        parameter="repeat",
        hint=say("Repeat only what keeps its shape, or repeat it less often."),
        data=(index,),
    )
    return msgspec.structs.replace(copy, issues=(issue, *copy.issues[1:]), faulty=True)


def _chain(inputs: tuple[Seen, ...], copies: list[Result]) -> Result:
    """A repeated block as one."""
    known = copies[0].sub is not None or not any(copy.unknown for copy in copies)
    issues = tuple(dict.fromkeys(issue for copy in copies for issue in copy.issues))
    return Result(
        inputs,
        copies[-1].outputs,
        copies[0].values,
        sum([copy.parameters or 0 for copy in copies]) if known else None,
        sum([copy.macs or 0 for copy in copies]) if known else None,
        sum([copy.saved or 0 for copy in copies]) if known else None,
        known_size(copies[-1].outputs),
        weighted=copies[0].weighted,
        issues=issues,
        copies=tuple(copies),
        unknown=sum([copy.unknown for copy in copies]),
        faulty=any(copy.faulty for copy in copies),
    )
