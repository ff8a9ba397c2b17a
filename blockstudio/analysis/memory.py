"""Memory of activations. All figures are for one image; scalars are 32-bit floats, 4 bytes each.

*Inference*: what is alive at once when the blocks run in their order and each result is let go after its last use.
Results that live in their input's storage (views, in-place activations, blocks switched off) take none; a module's
inputs stay alive while it runs, as its caller holds them, but count as its caller's.
*Training*: what the blocks say that they keep until the backward pass (`BlockType.saved`), summed.
Parameters and their gradients are not in either; each takes 4 bytes for each parameter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

from blockstudio.analysis.rules import Result
from blockstudio.analysis.sheet import Sheet

MAX_SCHEDULES = 100
"""That one definition remembers."""


def result_peak(result: Result) -> int:
    """Most scalars that a block brings into being and that are alive at once: its output; of a module, inside it."""
    if result.copies is not None:
        most = before = 0
        last: Result | None = None
        for copy in result.copies:
            most = max(most, before + result_peak(copy))
            if copy is last:
                break
            before, last = before if copy.shares else copy.size, copy
        return most
    return max(sheet_peak(result.sub), result.size) if result.sub is not None else result.size


def sheet_peak(sheet: Sheet) -> int:
    """Most scalars alive at once while the blocks that reach an output run, without the sheet's own inputs."""
    if sheet.peak is None or sheet.peak[0] != sheet.shape_version:
        sheet.peak = (sheet.shape_version, _peak(sheet))
    return sheet.peak[1]


def _peak(sheet: Sheet) -> int:
    if sheet.schedule is None or sheet.schedule[0] != sheet.layout_version:
        sheet.schedule = (sheet.layout_version, _schedule(sheet))
    schedule: Schedule = sheet.schedule[1]
    return schedule.peak(sheet.results)


def _schedule(sheet: Sheet) -> Schedule:
    """The sheet's own, or that of another sheet of the definition in which the same blocks run and share memory."""
    results, live, known = sheet.results, sheet.live, sheet.plan.schedules
    order = sheet.plan.order
    names = tuple(order if len(live) == len(order) else [name for name in order if name in live])
    runs = [results[name] for name in names]
    key = names, tuple([(result.shares, result.sub is None and result.copies is None) for result in runs])
    found = known.get(key)
    if found is None:
        if len(known) >= MAX_SCHEDULES:
            known.clear()
        found = known[key] = Schedule(sheet, names)
    return found


class Schedule:
    """When memory is taken and given back while a sheet's live blocks, ``names``, run in order. It depends on wires
    alone, so that a change of shapes costs one sum over it."""

    def __init__(self, sheet: Sheet, names: Sequence[str]) -> None:
        items, results = sheet.plan.items, sheet.results
        self._names = names
        index = dict(zip(names, range(len(names)), strict=True))
        roots: list[int] = []
        """For each block the one whose storage its output lives in."""
        last: dict[int, int] = {}
        """For each storage the place of the block that reads it last."""
        held: set[int] = set()
        inner: dict[int, str] = {}
        for place, name in enumerate(names):
            result, item = results[name], items[name]
            own = place
            for number, source in enumerate(item.sources):
                # What is not live, or closes a cycle, is not there to be read.
                other = index.get(source[0], place) if source else place
                if other < place:
                    root = roots[other]
                    last[root] = place
                    if number == 0 and result.shares:
                        own = root
                    if not item.width:
                        # A result is held by whoever asked for it.
                        held.add(root)
            roots.append(own)
            if not result.is_simple:
                inner[place] = name
        self._inner = list(inner.values())
        freed: dict[int, list[int]] = {}
        for root, place in last.items():
            if root not in held:
                freed.setdefault(place, []).append(root)
        extra = {place: len(names) + number for number, place in enumerate(inner)}
        takes = len(names) + len(extra)
        self._events: list[int] = []
        """Places in the list of sizes; those from ``takes`` on give back what those before took."""
        for place, root in enumerate(roots):
            if root == place:
                if place in extra:
                    # Inside a module more may be alive than comes out.
                    self._events += (extra[place], takes + extra[place])
                self._events.append(place)
            if place in freed:
                self._events += [takes + root for root in freed[place]]

    def peak(self, results: Mapping[str, Result]) -> int:
        """Most scalars alive at once."""
        sizes = [results[name].size for name in self._names]
        sizes += [result_peak(results[name]) for name in self._inner]
        sizes += [-size for size in sizes]
        return max(accumulate(map(sizes.__getitem__, self._events)), default=0)
