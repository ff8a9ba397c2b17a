"""Take an instance apart: a repeat into its copies, a module into the blocks it is made of."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

import msgspec

from blockstudio.blocks import INPUT, PORTS
from blockstudio.errors import StudioError
from blockstudio.graph.annotation_edits import free
from blockstudio.graph.contents import Contents
from blockstudio.graph.definition import MAIN, Block, Definition, Wire
from blockstudio.graph.edits import AddBlock, AddWire, Edit, SetFrame, SetNote
from blockstudio.graph.expand import Expansion, inferred_channels
from blockstudio.graph.expressions import parse
from blockstudio.graph.operations.base import Edits, framed_instead, place_of, removal
from blockstudio.graph.operations.substitution import INDEX, Meaning, expressions, meaning, substituted
from blockstudio.graph.resolve import resolve, resolve_repeat
from blockstudio.text import say

Ends = dict[str, tuple[str, str] | None]
"""Port names with the block and port behind them."""


def ungroup(diagram: Contents, scope: str, name: str) -> Edits:
    """Edits that put in the place of a block what it stands for, one level deep: its copies if it repeats, else the
    blocks of its module. They are called ``name.0`` or ``name.conv1``, so that full paths stay what they were, and
    parameters are put into the expressions that use them.

    Raises `StudioError` ``ungroup.*`` for what stands for nothing else, is switched off under an expression, or
    depends on channels that only each instance of the surrounding module knows.
    """
    definition = diagram.definition(scope)
    block = definition.block(name)
    if block.repeat is not None:
        return _copies(diagram, scope, definition, name, block)
    if block.type not in diagram.modules:
        raise StudioError("ungroup.block", say("{type} is a block, not a module.", type=block.type), where=name)
    if block.bypass is not False:
        raise StudioError(
            "ungroup.bypass",
            say("it may be switched off."),
            where=name,
            hint=say("Switch it on, or take its bypass away first."),
        )  # fmt: skip
    meanings = _meanings(diagram, scope, definition, name, block)
    module = diagram.modules[block.type]
    inside = {inner: f"{name}.{inner}" for inner, found in module.blocks() if found.type not in PORTS}
    shift = _shift(block, module)
    place = place_of(definition, name)
    edits = _removal(diagram, scope, definition, name)
    for count, (inner, path) in enumerate(inside.items()):
        new = _known(diagram, module.block(inner), meanings, path)
        at = None if new.at is None or shift is None else (new.at[0] + shift[0], new.at[1] + shift[1])
        edits.append(AddBlock(scope=scope, name=path, block=msgspec.structs.replace(new, at=at), index=place + count))
    fed: Ends = {wire.target_port: (wire.source, wire.source_port) for wire in definition.wires_into(name)}

    def origin(source: str, port: str) -> tuple[str, str] | None:
        return (inside[source], port) if source in inside else fed.get(source)

    for wire in module.wires():
        start = origin(wire.source, wire.source_port)
        if start is not None and wire.target in inside:
            edits.append(AddWire(scope=scope, wire=Wire(*start, inside[wire.target], wire.target_port)))
    for wire in definition.wires_from(name):
        ends = [origin(inner.source, inner.source_port) for inner in module.wires_into(wire.source_port)]
        if ends and ends[0] is not None:
            edits.append(AddWire(scope=scope, wire=Wire(*ends[0], wire.target, wire.target_port)))
    edits += framed_instead(definition, scope, [name], inside.values())
    edits += _annotations(definition, scope, module, inside, shift)
    return tuple(edits)


def _annotations(
    definition: Definition, scope: str, module: Definition, inside: Mapping[str, str], shift: tuple[float, float] | None
) -> list[Edit]:
    """The module's frames and notes, outside: under free names, about the blocks that came out."""
    found: list[Edit] = []
    taken = set(definition.frames)
    for key, frame in module.frames.items():
        blocks = tuple(inside[each] for each in frame.blocks if each in inside)
        if blocks:
            called = free(key, taken)
            taken.add(called)
            found.append(SetFrame(scope=scope, name=called, frame=msgspec.structs.replace(frame, blocks=blocks)))
    taken = set(definition.notes)
    for key, note in module.notes.items():
        at = None if note.at is None or shift is None else (note.at[0] + shift[0], note.at[1] + shift[1])
        called = free(key, taken)
        taken.add(called)
        found.append(SetNote(scope=scope, name=called, note=msgspec.structs.replace(note, at=at)))
    return found


def _copies(diagram: Contents, scope: str, definition: Definition, name: str, block: Block) -> Edits:
    """A chain of single blocks in the place of a repeat."""
    known = resolve(diagram.parameters, {}, {}) if scope == MAIN else {}
    try:
        times = resolve_repeat(block.repeat, known) or 0
    except StudioError as error:
        raise StudioError(
            "ungroup.repeat", say("how often it repeats is not known here."), where=name,
            hint=say("Give the repeat as a number first."),
        ) from error  # fmt: skip
    place = place_of(definition, name)
    before = next(iter(definition.wires_into(name)), None)
    edits = _removal(diagram, scope, definition, name)
    last = None if before is None else (before.source, before.source_port)
    inputs, outputs = diagram.input_ports(block.type), diagram.output_ports(block.type)
    for index in range(times):
        path = f"{name}.{index}"
        single = msgspec.structs.replace(block, repeat=None, at=None)
        new = _known(diagram, single, {INDEX: index}, path)
        edits.append(AddBlock(scope=scope, name=path, block=new, index=place + index))
        if last is not None and inputs:
            edits.append(AddWire(scope=scope, wire=Wire(*last, path, inputs[0])))
        last = (path, outputs[0]) if outputs else None
    if last is not None:
        edits += [
            AddWire(scope=scope, wire=Wire(*last, wire.target, wire.target_port))
            for wire in definition.wires_from(name)
        ]
    edits += framed_instead(definition, scope, [name], [f"{name}.{index}" for index in range(times)])
    return tuple(edits)


def _removal(diagram: Contents, scope: str, definition: Definition, name: str) -> list[Edit]:
    if any(wire.source == name for wire in definition.wires_into(name)):
        raise StudioError("ungroup.loop", say("it feeds itself."), where=name, hint=say("Remove that wire first."))
    return removal(diagram, scope, [name])


def _meanings(diagram: Contents, scope: str, definition: Definition, name: str, block: Block) -> dict[str, Meaning]:
    """What the names inside the module mean outside it: the instance's arguments, and the channels that come in."""
    found: dict[str, Meaning] = {}
    for key, parameter in diagram.modules[block.type].parameters.items():
        found[key] = meaning(parameter, block.parameters.get(key, parameter.default))
    module = diagram.modules[block.type]
    if scope == MAIN:
        walk = Expansion(diagram, watch=name)
        with contextlib.suppress(StudioError):  # a mistake elsewhere; what comes in here may be known all the same
            walk.expand_main()
        return found | inferred_channels(module, walk.watched)
    # In a module nothing is known but that what comes straight from its first input has its channels.
    wires = {wire.target_port: wire.source for wire in definition.wires_into(name)}
    ports, own = module.of_type(INPUT), definition.of_type(INPUT)
    if ports and own and wires.get(ports[0]) == own[0]:
        found["in_channels"] = parse("in_channels").tree
    return found


def _known(diagram: Contents, block: Block, meanings: Mapping[str, Meaning], path: str) -> Block:
    """The block with what its names mean outside. Raises `StudioError` ``ungroup.channels``."""
    for text, _ in expressions(diagram, block):
        channels = [name for name in parse(text).names if name.startswith("in_channels") and name not in meanings]
        if channels:
            raise StudioError(
                "ungroup.channels",
                say("'{raw}' uses {name}, which is not known here.", raw=text, name=channels[0]), where=path,
                hint=say("It differs from one instance of the surrounding module to the next."),
            )  # fmt: skip
    return substituted(diagram, block, meanings, path)


def _shift(block: Block, module: Definition) -> tuple[float, float] | None:
    """How far the module's drawing moves to stand around where the instance stood."""
    places = [found.at for _, found in module.blocks() if found.at is not None]
    if block.at is None or not places:
        return None
    middle = [sum(at[axis] for at in places) / len(places) for axis in (0, 1)]
    return block.at[0] - middle[0], block.at[1] - middle[1]
