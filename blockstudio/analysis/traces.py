"""Depth and receptive field of every block of a sheet, relative to the sheet's inputs, so that a module's are worked
out once for all of its instances that share the sheet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush
from typing import TypeAlias

from blockstudio.analysis.fields import PIXEL, Field, compose, unite
from blockstudio.analysis.rules import Result
from blockstudio.analysis.sheet import Sheet

Trace: TypeAlias = tuple[int, Field | None] | None
"""Depth and field seen from one input: weighted layers on the longest path, and the union over all paths (``None`` if
a mistake hides it). ``None`` where no path leads from that input."""

START: Trace = (0, PIXEL)


def join(traces: Iterable[Trace]) -> Trace:
    """Of what depends on all of these."""
    found: Trace = None
    for trace in traces:
        if found is None:
            found = trace
        elif trace is not None and trace is not found:
            field = None if found[1] is None or trace[1] is None else unite(found[1], trace[1])
            found = (max(found[0], trace[0]), field)
    return found


def follow(outer: Trace, inner: Trace) -> Trace:
    """Of ``inner``, seen from where ``outer`` begins."""
    if outer is None or inner is None:
        return None
    field = None if outer[1] is None or inner[1] is None else compose(outer[1], inner[1])
    return outer[0] + inner[0], field


class Traces:
    """The traces of a sheet from one of its inputs (of the main graph: from all)."""

    def __init__(self, sheet: Sheet, starts: Sequence[str]) -> None:
        self.sheet = sheet
        self.starts = frozenset(starts)
        self.at: dict[str, tuple[Trace, ...]] = {}
        """By block, one for each output (for a block without outputs: of its input)."""
        for name in sheet.plan.order:
            self.at[name] = self._step(name)

    def update(self, fresh: Iterable[str]) -> bool:
        """Follow the changes of the ``fresh`` blocks downstream as far as there are any."""
        plan, at = self.sheet.plan, self.at
        items, places = plan.items, plan.places.at
        waiting = {name for name in fresh if name in items}
        for name in [name for name in fresh if name not in items]:
            at.pop(name, None)
        heap = [(places[name], name) for name in waiting]
        heapify(heap)
        changed = False
        while heap:
            name = heappop(heap)[1]
            waiting.discard(name)
            item = items[name]
            new = self._step(name)
            if new == at.get(name):
                continue
            at[name] = new
            changed = True
            for target in item.targets:
                if target not in waiting:
                    waiting.add(target)
                    heappush(heap, (places[target], target))
        return changed

    def into(self, name: str) -> list[Trace]:
        """The traces of a block's inputs."""
        at, cut = self.at, self.sheet.plan.cut
        return [
            at[source[0]][source[1]] if source and (source[0], name) not in cut else None
            for source in self.sheet.plan.items[name].sources
        ]

    def _step(self, name: str) -> tuple[Trace, ...]:
        if name in self.starts:
            return (START,)
        item = self.sheet.plan.items[name]
        result = self.sheet.results[name]
        if result.plain and len(item.sources) == 1 and not self.sheet.plan.cut and (source := item.sources[0]):
            return (_behind(result, self.at[source[0]][source[1]]),)
        inputs = self.into(name)
        if result.copies is not None:
            trace: Sequence[Trace] = inputs
            for copy in result.copies:
                trace = through(copy, trace)
            return tuple(trace)
        return through(result, inputs, item.width)


def through(result: Result, inputs: Sequence[Trace], width: int = 1) -> tuple[Trace, ...]:
    """The traces behind one block or copy."""
    if result.bypassed:
        return (inputs[0] if inputs else None,) * max(width, 1)
    sheet: Sheet | None = result.sub
    if sheet is not None:
        inner = traces(sheet)
        outputs = sheet.plan.outputs
        if len(inner) == 1 == len(outputs):
            return (follow(inputs[0], inner[0].at[outputs[0]][0]),)
        behind = [
            join(follow(outer, part.at[name][0]) for outer, part in zip(inputs, inner, strict=True)) for name in outputs
        ]
        return tuple(behind) or (None,)
    return (_behind(result, inputs[0] if len(inputs) == 1 else join(inputs)),)


def _behind(result: Result, trace: Trace) -> Trace:
    """The trace behind a block with nothing inside."""
    if trace is None:
        return None
    if result.blind:
        return trace[0] + result.weighted, None
    if result.field is not None and trace[1] is not None:
        return trace[0] + result.weighted, compose(trace[1], result.field)
    return (trace[0] + 1, trace[1]) if result.weighted else trace


def traces(sheet: Sheet) -> list[Traces]:
    """The sheet's traces, one for each of its inputs (of the main graph: one for all), up to date."""
    inputs = sheet.plan.inputs
    known: tuple[list[str], list[Traces]] | None = sheet.traces
    if known is None or (known[0] is not inputs and known[0] != inputs):
        starts = [inputs] if sheet.inputs is None else [[name] for name in inputs]
        found = [Traces(sheet, names) for names in starts]
        sheet.traces = (inputs, found)
        sheet.fresh = set()
        return found
    if sheet.fresh:
        fresh, sheet.fresh = sheet.fresh, set()
        for part in known[1]:
            part.update(fresh)
    return known[1]
