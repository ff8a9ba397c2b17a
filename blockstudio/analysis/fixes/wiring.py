"""Fixes of the drawing: wires and blocks that are missing, too many or in the wrong place."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise

from blockstudio.analysis.fixes.context import FixContext
from blockstudio.analysis.problems import Fix
from blockstudio.blocks import RawValue, numel
from blockstudio.graph.diagram import Wire
from blockstudio.graph.edits import Edit, RemoveBlock, RemoveModule, RemoveWire
from blockstudio.graph.operations.inserting import New
from blockstudio.text import say

NEAREST = 6
"""How many blocks above are tried as the source of a missing wire."""
FIRST = 2
"""How many of them before deleting the block is."""

OPEN_INPUTS = 4
"""How many open inputs a loose end is offered to, before deleting it is."""


def unconnected_fixes(site: FixContext) -> Iterator[Fix]:
    """An input without a wire: from the nearest block above that fits, best one whose result nobody reads."""
    port = site.problem.port or "0"
    for count, name in enumerate(_above(site)):
        if count == FIRST:
            yield Fix(say("Delete {name}", name=site.name), tuple(site.delete([site.name])))
        block = site.definition.block(name)
        outputs = site.diagram.output_ports(block.type)
        read = {wire.source_port for wire in site.definition.wires_from(name)}
        out = next((candidate for candidate in outputs if candidate not in read), outputs[0])
        yield Fix(say("Connect to {name}", name=name), (site.connect(Wire(name, out, site.name, port)),))
    yield Fix(say("Delete {name}", name=site.name), tuple(site.delete([site.name])))


def _above(site: FixContext) -> list[str]:
    """Blocks with an output that do not depend on this one, nearest first: by place on the canvas, without
    places by document order; those that nobody reads before the others."""
    below = site.downstream(site.name)
    order = {name: index for index, name in enumerate(site.definition.graph)}
    here, here_at = order[site.name], site.block.at
    plan = site.sheet.plan
    taken = {source[0] for source in plan.items[site.name].sources if source}

    def far(name: str) -> tuple[bool, bool, float]:
        at = site.definition.block(name).at
        if here_at is not None and at is not None:
            distance = ((here_at[0] - at[0]) ** 2 + (here_at[1] - at[1]) ** 2) ** 0.5
            later = at[1] > here_at[1]
        else:
            distance, later = abs(here - order[name]), order[name] > here
        return bool(plan.items[name].targets), later, distance

    names = [name for name in order if name not in below and name not in taken and plan.items[name].width]
    return sorted(names, key=far)[:NEAREST]


def cycle_fixes(site: FixContext) -> Iterator[Fix]:
    """Remove a wire of the circle, best the one that closes it; with it a merge that has then one input left. Wires
    into merges come first: any other block is without its input then."""
    blocks = site.problem.issue.data if site.problem.issue else ()
    wires_round = list(pairwise([*blocks, blocks[0]]))[::-1]
    wires_round.sort(key=lambda wire: not site.diagram.is_variadic(site.definition.block(wire[1]).type))
    for source, target in wires_round:
        wires = [wire for wire in site.wires_into(target) if wire.source == source]
        left = [wire for wire in site.wires_into(target) if wire.source != source]
        if site.diagram.is_variadic(site.definition.block(target).type) and len(left) == 1:
            edits = site.heal(target, left[0])
            if edits is not None and left[0].source != target:
                yield Fix(say("Remove {target}, keep {source}", target=target, source=left[0].source), tuple(edits))
        yield Fix(
            say("Remove the wire {source} → {target}", source=source, target=target), tuple(map(site.disconnect, wires))
        )


def dead_fixes(site: FixContext) -> Iterator[Fix]:
    """A branch that leads nowhere: delete it, or wire its end on."""
    name = site.name
    data = site.problem.issue.data if site.problem.issue else ()
    # An Input goes only if it is the one that nobody reads.
    branch = [other for other in data if other == name or site.definition.block(other).type != "Input"] or [name]
    ports = site.diagram.output_ports(site.definition.block(name).type)
    if ports:
        before = site.before(name)
        # Few enough that what follows is tried too.
        waiting = (
            (other, item) for other, item in site.sheet.plan.items.items() if item.missing and other not in before
        )
        for other, item in islice(waiting, OPEN_INPUTS):
            wire = Wire(name, ports[0], other, item.missing[0])
            yield Fix(say("Connect to {other}", other=other), (site.connect(wire),))
    more = len(branch) - 1
    label = say("Delete {name} and {more} more", name=name, more=more) if more else say("Delete {name}", name=name)
    order = {other: index for index, other in enumerate(site.definition.graph)}
    yield Fix(label, tuple(site.delete(sorted(branch, key=order.__getitem__))))
    if ports:
        before = site.before(name)
        merges = [
            other
            for other, item in site.sheet.plan.items.items()
            if item.kind is not None and item.kind.variadic and other not in before and other in site.sheet.live
        ]
        for merge in sorted(merges, key=lambda other: abs(order[other] - order[name]))[:3]:
            free = max((int(wire.target_port) for wire in site.wires_into(merge)), default=-1) + 1
            yield Fix(say("Connect to {merge}", merge=merge), (site.connect(Wire(name, ports[0], merge, str(free))),))


def unused_output_fixes(site: FixContext) -> Iterator[Fix]:
    """An output that nobody reads: take it out of the module."""
    module = site.block.type
    port = site.problem.port
    definition = site.diagram.definition(module)
    edits: list[Edit] = [RemoveWire(scope=module, wire=wire) for wire in definition.wires_into(port)]
    edits.append(RemoveBlock(scope=module, name=port))
    yield Fix(say("Delete the Output '{port}' of {module}", port=port, module=module), tuple(edits))


def missing_input_fixes(site: FixContext) -> Iterator[Fix]:
    """No Input: add one and wire it to the first open input."""
    shape: dict[str, RawValue] = {"shape": [3, 224, 224]}
    open_inputs = [(name, port) for name in site.sheet.plan.order for port in site.sheet.plan.items[name].missing]
    first = open_inputs[0][0] if open_inputs else next(iter(site.definition.graph), None)
    at = site.below(first, -1) if first else (0.0, 0.0)
    name, edits = site.put(New("Input", "input", {} if site.in_module else shape), at, 0)
    if open_inputs:
        edits.append(site.connect(Wire(name, "out", *open_inputs[0])))
    yield Fix(
        say("Add an Input before {name}", name=open_inputs[0][0]) if open_inputs else say("Add an Input"),
        tuple(edits),
    )


def missing_output_fixes(site: FixContext) -> Iterator[Fix]:
    """No Output: add one behind the last block that nobody reads."""
    items = site.sheet.plan.items
    ends = [name for name in site.sheet.plan.order if not items[name].targets and items[name].width]
    known = [name for name in ends if site.result(name).inputs or items[name].block.type == "Input"]
    last = (known or ends or [None])[-1]  # type: ignore[list-item]
    name, edits = site.put(New("Output", "output"), site.below(last) if last else (0.0, 0.0))
    if last:
        port = site.diagram.output_ports(items[last].block.type)[0]
        edits.append(site.connect(Wire(last, port, name, "in")))
    yield Fix(say("Add an Output behind {last}", last=last) if last else say("Add an Output"), tuple(edits))


def unused_module_fixes(site: FixContext) -> Iterator[Fix]:
    """A definition without instances."""
    yield Fix(say("Delete the module {scope}", scope=site.scope), (RemoveModule(name=site.scope),))


def linear_fixes(site: FixContext) -> Iterator[Fix]:
    """A Linear behind a map."""
    wire, shape = site.wires_into()[0], site.problem.inputs[0]
    flat, pooled = say("Insert Flatten"), say("Insert GlobalAvgPool and Flatten")
    if shape and None not in shape:
        flat = say("Insert Flatten ({count:,} features)", count=numel(shape))  # type: ignore[arg-type]
    if shape and shape[0] is not None:
        pooled = say("Insert GlobalAvgPool and Flatten ({count:,} features)", count=shape[0])
    yield Fix(flat, tuple(site.insert(wire, [New("Flatten", "flatten")])))
    yield Fix(pooled, tuple(site.insert(wire, [New("GlobalAvgPool", "pool"), New("Flatten", "flatten")])))


def vector_fixes(site: FixContext) -> Iterator[Fix]:
    """A block that needs a map behind a vector: take out what flattened it, or put a Linear in its place."""
    for wire in site.wires_into()[:1]:
        for name in site.upstream(wire):
            if site.definition.block(name).type == "Flatten":
                edits = site.heal(name)
                if edits is not None:
                    yield Fix(say("Remove {name}", name=name), tuple(edits))
                break
    out = site.result(site.name).values.get("out_channels")
    if site.block.repeat is None and isinstance(out, int):
        raw = site.block.parameters.get("out_channels", out)
        yield Fix(
            say("Make it a Linear, {out}", out=out), tuple(site.replace(site.name, "Linear", {"out_features": raw}))
        )
    edits = site.heal(site.name)
    if edits is not None:
        yield Fix(say("Remove {name}", name=site.name), tuple(edits))
    if site.block.bypass is False:
        yield Fix(say("Switch {name} off", name=site.name), tuple(site.change(site.name, bypass=True)))


def shortcut_fixes(site: FixContext) -> Iterator[Fix]:
    """An option-A shortcut to fewer channels."""
    shape, values = site.problem.inputs[0], site.result(site.name).values
    if "out_channels" not in site.item.uses and shape and shape[0]:
        yield Fix(
            say("Set out_channels={shape}", shape=shape[0]), tuple(site.set(site.name, {"out_channels": shape[0]}))
        )
    out, stride = site.block.parameters.get("out_channels", values.get("out_channels")), values.get("stride")
    if site.block.repeat is None and out is not None and isinstance(stride, tuple):
        parameters: dict[str, RawValue] = {"out_channels": _raw(out), "kernel_size": 1, "bias": False}
        if stride != (1, 1):
            parameters["stride"] = stride[0] if stride[0] == stride[1] else list(stride)
        yield Fix(say("Make it a 1×1 Conv"), tuple(site.replace(site.name, "Conv2d", parameters)))


def _raw(value: object) -> RawValue:
    return list(value) if isinstance(value, tuple) else value  # type: ignore[return-value]


def softmax_fixes(site: FixContext) -> Iterator[Fix]:
    """Probabilities at the output."""
    yield Fix(say("Switch {name} off", name=site.name), tuple(site.change(site.name, bypass=True)))
    edits = site.heal(site.name)
    if edits is not None:
        yield Fix(say("Remove {name}", name=site.name), tuple(edits))
