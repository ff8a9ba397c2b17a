"""Memory of activations. All figures are for one image in 32-bit floats.

*Inference*: what is alive at once when the blocks run in their order and each result is let go after its last use.
Results that live in their input's storage (views, in-place activations, blocks switched off) take none; a module's
inputs stay alive while it runs, as its caller holds them, but count as its caller's.
*Training*: what the blocks say that they keep until the backward pass (`BlockType.saved`), summed.
Parameters and their gradients are not in either; each takes 4 bytes for each parameter.
"""

from __future__ import annotations

from blockstudio.analysis.rules import Result, Seen
from blockstudio.analysis.sheet import Sheet
from blockstudio.analysis.units import BYTES_PER_SCALAR
from blockstudio.graph.diagram import MAIN


def shape_bytes(shape: Seen) -> int:
    """Bytes of a tensor; 0 if its shape is unknown."""
    if shape is None:
        return 0
    total = BYTES_PER_SCALAR
    for size in shape:
        if size is None:
            return 0
        total *= size
    return total


def result_peak(result: Result) -> int:
    """Most bytes that a block brings into being and that are alive at once: its output; of a module, inside it."""
    if result.shares:
        return 0
    if result.copies is not None:
        most = before = 0
        for copy in result.copies:
            most = max(most, before + result_peak(copy))
            before = before if copy.shares else sum(map(shape_bytes, copy.outputs))
        return most
    outputs = sum(map(shape_bytes, result.outputs))
    return max(sheet_peak(result.sub), outputs) if result.sub is not None else outputs


def sheet_peak(sheet: Sheet) -> int:
    """Most bytes alive at once while the blocks that reach an output run, without the sheet's own inputs."""
    if sheet.peak is None or sheet.peak[0] != sheet.shape_version:
        sheet.peak = (sheet.shape_version, _peak(sheet))
    return sheet.peak[1]


def _peak(sheet: Sheet) -> int:
    plan, results, live = sheet.plan, sheet.results, sheet.live
    items = plan.items
    uses = dict.fromkeys(plan.order, 0)
    for name in live:
        for source in items[name].sources:
            if source:
                uses[source[0]] += 1
    storage: dict[str, str] = {}
    sizes: dict[str, int] = {}
    alive = most = 0
    for name in plan.order:
        if name not in live:
            continue
        result = results[name]
        sources = items[name].sources
        if result.shares and sources and sources[0] and sources[0][0] in storage:
            root = storage[name] = storage[sources[0][0]]
            uses[root] += uses[name]
        else:
            storage[name] = name
            given = plan.scope != MAIN and not sources
            size = 0 if given else sum(map(shape_bytes, result.outputs))
            if not given:
                most = max(most, alive + result_peak(result))
            sizes[name] = size
            alive += size
        if not items[name].width and sources and sources[0] and sources[0][0] in storage:
            # A result is held by whoever asked for it.
            uses[storage[sources[0][0]]] += 1
        for source in sources:
            if source and source[0] in storage:
                root = storage[source[0]]
                uses[root] -= 1
                if not uses[root]:
                    alive -= sizes[root]
    return max(most, alive)
