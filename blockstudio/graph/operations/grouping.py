"""Grouping: blocks become a module, and an instance of it stands in their place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from blockstudio.blocks import ENDS, INPUT, OUTPUT, Parameter, RawValue
from blockstudio.errors import StudioError
from blockstudio.graph.contents import Contents
from blockstudio.graph.definition import MAIN, Block, Definition, Wire, port_order, prefixes
from blockstudio.graph.edits import AddBlock, AddModule, AddWire, Edit
from blockstudio.graph.expressions import parse
from blockstudio.graph.free_names import FreeNames, legal
from blockstudio.graph.names import check_parameter_name, is_block_name
from blockstudio.graph.operations.base import Added, framed_instead, place_of, removal, wires_of
from blockstudio.graph.operations.fragments import Values
from blockstudio.graph.operations.replacing import free_module_name
from blockstudio.graph.operations.substitution import free_parameter_name, names_used, substituted
from blockstudio.text import say

MODULE = "Group"

Port = tuple[str, str]
"""A block and one of its ports."""


def group(
    diagram: Contents,
    scope: str,
    names: Iterable[str],
    *,
    module: str = "",
    name: str = "",
    at: tuple[float, float] | None = None,
    values: Values | None = None,
) -> Added:
    """Make a module called ``module`` of blocks and put an instance of it, ``name``, in their place.

    Each output outside that is wired to one of them becomes an Input, each of their outputs that is read outside an
    Output; where nothing outside is wired to them, their open inputs share an Input and what none of them reads gets an
    Output each. The surroundings' parameters that their expressions use become parameters of the module, and the
    instance passes them on. Blocks that are called ``x.…`` all of them become ``…`` inside an instance ``x``, so that
    their full paths stay. ``values``: what names stand for in view, for the defaults of channels that the surrounding
    module infers. ``at``: the instance's centre, by default the middle of the blocks.

    Raises `StudioError` ``group.empty``, ``group.end`` for inputs and outputs, ``group.between`` where a block outside
    stands between two inside.
    """
    definition = diagram.definition(scope)
    chosen = _in_order(definition, names)
    _check(definition, chosen)
    path = _path(chosen)
    called = {name: name[len(path) + 1 :] if path else name for name in chosen}
    inside = Definition()
    free = FreeNames(inside)
    for old in chosen:
        free.free(called[old])
    into, out = _crossing(definition, chosen)
    inputs, outputs = _sides(diagram, definition, chosen, into, out)
    in_names = _port_names(free, [source for source, _ in inputs], "input", "{}")
    out_names = _port_names(free, [called[source] for source, _ in outputs], "output", "{}_out")

    parameters, arguments, renamed = _parameters(diagram, scope, chosen, inputs, values or {})
    trees = {old: parse(new).tree for old, new in renamed.items()}
    blocks = {port: Block(type=INPUT) for port in in_names}
    blocks |= {called[old]: substituted(diagram, definition.block(old), trees, old) for old in chosen}
    blocks |= {port: Block(type=OUTPUT) for port in out_names}
    wires = [
        Wire(in_names[index], "out", called[target], port)
        for index, targets in enumerate(inputs.values())
        for target, port in targets
    ]
    wires += [
        Wire(called[wire.source], wire.source_port, called[wire.target], wire.target_port)
        for wire in definition.wires()
        if wire.source in called and wire.target in called
    ]
    wires += [Wire(called[source], port, out_names[index], "in") for index, (source, port) in enumerate(outputs)]

    module = module or free_module_name(MODULE, diagram.modules)
    name = name or FreeNames(definition, without=chosen).free(path or legal(module))
    instance = Block(type=module, parameters=arguments, at=at or _middle(definition, chosen))
    edits: list[Edit] = removal(diagram, scope, chosen)
    inner = {key: msgspec.structs.replace(frame, blocks=tuple(called[each] for each in frame.blocks))
             for key, frame in definition.frames.items() if called.keys() >= set(frame.blocks)}  # fmt: skip
    edits.append(AddModule(name=module, parameters=parameters, blocks=blocks, wires=wires, frames=inner))
    edits.append(AddBlock(scope=scope, name=name, block=instance, index=place_of(definition, chosen[0])))
    edits += [
        AddWire(scope=scope, wire=Wire(*source, name, in_names[index]))
        for index, source in enumerate(inputs)
        if source[0]
    ]
    edits += [
        AddWire(scope=scope, wire=Wire(name, out_names[index], *target))
        for index, targets in enumerate(outputs.values())
        for target in targets
    ]
    edits += [edit for edit in framed_instead(definition, scope, chosen, [name]) if edit.name not in inner]
    return Added((name,), tuple(edits))


def _in_order(definition: Definition, names: Iterable[str]) -> list[str]:
    wanted = set(names)
    for name in wanted:
        definition.block(name)
    return [name for name, _ in definition.blocks() if name in wanted]


def _check(definition: Definition, chosen: list[str]) -> None:
    if not chosen:
        raise StudioError("group.empty", say("there is nothing to group."))
    for name in chosen:
        kind = definition.block(name).type
        if kind in ENDS:
            raise StudioError(
                "group.end", say("{type} cannot go into a group: it is where the network begins or ends.", type=kind),
                where=name, hint=say("Select the blocks between."),
            )  # fmt: skip
    inside = set(chosen)
    seen: set[str] = set()
    waiting = [wire.target for name in chosen for wire in definition.wires_from(name) if wire.target not in inside]
    way = {name: name for name in waiting}
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for wire in definition.wires_from(name):
            if wire.target in inside:
                raise StudioError(
                    "group.between",
                    say("it lies between blocks of the group, which would then feed itself."), where=way[name],
                    hint=say("Select it as well."),
                )  # fmt: skip
            way.setdefault(wire.target, way[name])
            waiting.append(wire.target)


# Names


def _path(chosen: list[str]) -> str:
    """The longest path that all of the blocks lie in, and that they can do without; ``""`` if none."""
    for path in reversed(prefixes(chosen[0])):
        if all(name.startswith(f"{path}.") and is_block_name(name[len(path) + 1 :]) for name in chosen):
            return path
    return ""


def _port_names(free: FreeNames, wanted: list[str], single: str, several: str) -> list[str]:
    if len(wanted) < 2:
        return [free.free(single) for _ in wanted]
    return [free.free(several.format(name.replace(".", "_") or single)) for name in wanted]


# Ports


def _crossing(definition: Definition, chosen: list[str]) -> tuple[list[Wire], list[Wire]]:
    """The wires into a group and out of it, by the document order of the inner block and its ports."""
    place = {name: index for index, name in enumerate(chosen)}
    wires = wires_of(definition, chosen)
    into = [wire for wire in wires if wire.source not in place]
    out = [wire for wire in wires if wire.target not in place]
    return (
        sorted(into, key=lambda wire: (place[wire.target], port_order(wire.target_port))),
        sorted(out, key=lambda wire: (place[wire.source], wire.source_port, wire.target, port_order(wire.target_port))),
    )


def _sides(
    diagram: Contents, definition: Definition, chosen: list[str], into: list[Wire], out: list[Wire]
) -> tuple[dict[Port, list[Port]], dict[Port, list[Port]]]:
    """The module's inputs, each the port outside with those inside that it feeds (no block outside: ``""``), and its
    outputs, each the port inside with those outside that read it."""
    inputs: dict[Port, list[Port]] = {}
    for wire in into:
        inputs.setdefault((wire.source, wire.source_port), []).append((wire.target, wire.target_port))
    outputs: dict[Port, list[Port]] = {}
    for wire in out:
        outputs.setdefault((wire.source, wire.source_port), []).append((wire.target, wire.target_port))
    kinds = {name: definition.block(name).type for name in chosen}
    if not inputs:
        opened = [
            (name, port)
            for name in chosen
            for port in diagram.input_ports(kinds[name])
            if definition.wire_into(name, port) is None
        ]
        if opened:
            inputs["", ""] = opened
    if not outputs:
        for name in chosen:
            read = {wire.source_port for wire in definition.wires_from(name)}
            outputs |= {(name, port): [] for port in diagram.output_ports(kinds[name]) if port not in read}
    return inputs, outputs


# Parameters


def _parameters(
    diagram: Contents, scope: str, chosen: list[str], inputs: Mapping[Port, list[Port]], values: Values
) -> tuple[dict[str, Parameter], dict[str, RawValue], dict[str, str]]:
    """The module's parameters, what the instance sets them to, and the names that are others inside."""
    definition = diagram.definition(scope)
    used: dict[str, None] = {}
    for name in chosen:
        used |= names_used(diagram, definition.block(name))
    own = definition.of_type(INPUT)
    # What comes into the group is what comes into the module around it: its channels are inferred there as here.
    same = scope != MAIN and bool(own) and next(iter(inputs), ("", ""))[0] == own[0]
    inferred = [
        name for name in used
        if scope != MAIN and name.startswith("in_channels") and not (same and name == "in_channels")
    ]  # fmt: skip
    parameters: dict[str, Parameter] = {}
    arguments: dict[str, RawValue] = {}
    renamed: dict[str, str] = {}
    for name in [*(name for name in definition.parameters if name in used), *inferred]:
        channels = values.get(name)
        declared = definition.parameters.get(name) or Parameter(
            kind="int", default=channels if isinstance(channels, int) else 1, minimum=1
        )
        inner = name
        if not _may_declare(name):
            inner = renamed[name] = free_parameter_name(name, {*definition.parameters, *used, *parameters})
        parameters[inner] = declared
        # A text is not computed, and a choice so called would be taken for itself: those get the value.
        if declared.kind != "text" and name not in declared.words:
            arguments[inner] = name
    return parameters, arguments, renamed


def _may_declare(name: str) -> bool:
    try:
        check_parameter_name(name, in_module=True)
    except StudioError:
        return False
    return True


def _middle(definition: Definition, chosen: list[str]) -> tuple[float, float] | None:
    places = [at for name in chosen if (at := definition.block(name).at) is not None]
    if not places:
        return None
    xs, ys = [x for x, _ in places], [y for _, y in places]
    return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2


def entrance(definition: Definition, chosen: Iterable[str]) -> tuple[float, float] | None:
    """The place at which the signal comes into blocks, or leaves them if nothing comes in: where one that stands for
    them leaves no gap to what is wired to it."""
    chosen = list(chosen)
    inside = set(chosen)
    fed = any(wire.source not in inside for name in chosen for wire in definition.wires_into(name))
    ends = [
        name for name in chosen
        if not any((wire.source if fed else wire.target) in inside
                   for wire in (definition.wires_into(name) if fed else definition.wires_from(name)))
    ]  # fmt: skip
    places = [at for name in ends or chosen if (at := definition.block(name).at) is not None]
    if not places:
        return None
    return sum(x for x, _ in places) / len(places), sum(y for _, y in places) / len(places)
