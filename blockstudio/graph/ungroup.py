"""Take an instance apart: a repeat into its copies, a module into the blocks it is made of."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Mapping

import msgspec

from blockstudio.blocks import INPUT, PORTS, Parameter, RawValue
from blockstudio.errors import StudioError
from blockstudio.graph.definition import MAIN, Block, Definition, Wire
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.edits import AddBlock, AddWire, Edit, RemoveBlock, RemoveWire
from blockstudio.graph.expand import Expansion, inferred_channels
from blockstudio.graph.expressions import MAX_LENGTH, parse
from blockstudio.graph.resolve import resolve, resolve_repeat

Ends = dict[str, tuple[str, str] | None]
"""Port names with the block and port behind them."""


def expand_instance(diagram: Diagram, scope: str, name: str) -> tuple[Edit, ...]:
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
        raise StudioError("ungroup.block", f"{block.type} is a block, not a module.", where=name)
    if block.bypass is not False:
        raise StudioError(
            "ungroup.bypass", "it may be switched off.", where=name, hint="Switch it on, or take its bypass away first."
        )
    meanings = _meanings(diagram, scope, definition, name, block)
    module = diagram.modules[block.type]
    inside = {inner: f"{name}.{inner}" for inner, found in module.blocks() if found.type not in PORTS}
    shift = _shift(block, module)
    place = definition.index.order.index(name)
    edits = _removal(scope, definition, name)
    for count, (inner, path) in enumerate(inside.items()):
        new = _substituted(diagram, module.block(inner), meanings, f"{name}.{inner}")
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
    return tuple(edits)


def _copies(diagram: Diagram, scope: str, definition: Definition, name: str, block: Block) -> tuple[Edit, ...]:
    """A chain of single blocks in the place of a repeat."""
    known = resolve(diagram.parameters, {}, {}) if scope == MAIN else {}
    try:
        times = resolve_repeat(block.repeat, known) or 0
    except StudioError as error:
        raise StudioError(
            "ungroup.repeat", "how often it repeats is not known here.", where=name,
            hint="Give the repeat as a number first.",
        ) from error  # fmt: skip
    place = definition.index.order.index(name)
    before = next(iter(definition.wires_into(name)), None)
    edits = _removal(scope, definition, name)
    last = None if before is None else (before.source, before.source_port)
    inputs, outputs = diagram.input_ports(block.type), diagram.output_ports(block.type)
    for index in range(times):
        path = f"{name}.{index}"
        single = msgspec.structs.replace(block, repeat=None, at=None)
        new = _substituted(diagram, single, {"i": index}, path)
        edits.append(AddBlock(scope=scope, name=path, block=new, index=place + index))
        if last is not None and inputs:
            edits.append(AddWire(scope=scope, wire=Wire(*last, path, inputs[0])))
        last = (path, outputs[0]) if outputs else None
    if last is not None:
        edits += [
            AddWire(scope=scope, wire=Wire(*last, wire.target, wire.target_port))
            for wire in definition.wires_from(name)
        ]
    return tuple(edits)


def _removal(scope: str, definition: Definition, name: str) -> list[Edit]:
    wires = dict.fromkeys([*definition.wires_into(name), *definition.wires_from(name)])
    if any(wire.source == wire.target for wire in wires):
        raise StudioError("ungroup.loop", "it feeds itself.", where=name, hint="Remove that wire first.")
    return [*(RemoveWire(scope=scope, wire=wire) for wire in wires), RemoveBlock(scope=scope, name=name)]


def _meanings(
    diagram: Diagram, scope: str, definition: Definition, name: str, block: Block
) -> dict[str, RawValue | ast.expr]:
    """What the names inside the module mean outside it: the instance's arguments, and the channels that come in."""
    found: dict[str, RawValue | ast.expr] = {}
    for key, parameter in diagram.modules[block.type].parameters.items():
        found[key] = _meaning(parameter, block.parameters.get(key, parameter.default))
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


def _meaning(parameter: Parameter, raw: RawValue) -> RawValue | ast.expr:
    """A raw value as it is, an expression as its tree."""
    expression = isinstance(raw, str) and parameter.kind != "text" and raw not in parameter.words
    return parse(str(raw)).tree if expression else raw


def _substituted(diagram: Diagram, block: Block, meanings: Mapping[str, RawValue | ast.expr], path: str) -> Block:
    """A block with ``meanings`` put in the place of the names that its expressions use."""
    declared = diagram.declared(block.type)
    parameters: dict[str, RawValue] = {}
    # The index of a block's own repeat is nobody else's.
    outer = {key: value for key, value in meanings.items() if key != "i"} if block.repeat is not None else meanings
    try:
        for key, raw in block.parameters.items():
            parameter = declared[key]
            if isinstance(raw, str) and (parameter.kind == "text" or raw in parameter.words):
                parameters[key] = raw
            else:
                parameters[key] = _word(parameter, _raw(raw, outer))
        repeat = _raw(block.repeat, meanings) if isinstance(block.repeat, str) else block.repeat
        bypass = _raw(block.bypass, outer) if isinstance(block.bypass, str) else block.bypass
    except StudioError as error:
        raise error.at(path) from None
    return msgspec.structs.replace(
        block, parameters=parameters, repeat=repeat, bypass=bypass if isinstance(bypass, str) else bool(bypass)
    )


def _word(parameter: Parameter, raw: RawValue) -> RawValue:
    """``same`` for ``'same'``, where that is one of the parameter's words."""
    bare = raw[1:-1] if isinstance(raw, str) and raw[:1] == "'" else ""
    return bare if bare in parameter.words else raw


def _raw(raw: RawValue, meanings: Mapping[str, RawValue | ast.expr]) -> RawValue:
    if isinstance(raw, list):
        return [_raw(item, meanings) if isinstance(item, str) else item for item in raw]  # type: ignore[misc]
    if not isinstance(raw, str):
        return raw
    expression = parse(raw)
    channels = [name for name in expression.names if name.startswith("in_channels") and name not in meanings]
    if channels:
        raise StudioError(
            "ungroup.channels", f"'{raw}' uses {channels[0]}, which is not known here.",
            hint="It differs from one instance of the surrounding module to the next.",
        )  # fmt: skip
    used = {name: meanings[name] for name in expression.names if name in meanings}
    if not used:
        return raw
    if isinstance(expression.tree, ast.Name):
        whole = used[expression.tree.id]
        if not isinstance(whole, ast.expr):
            return repr(whole) if isinstance(whole, str) else whole
    tree = ast.fix_missing_locations(_Substitution(used).visit(ast.parse(expression.text, mode="eval").body))
    text = ast.unparse(tree)
    if len(text) > MAX_LENGTH:
        raise StudioError("ungroup.length", f"'{raw}' becomes longer than {MAX_LENGTH} characters.")
    parsed = parse(text)
    if parsed.names:
        return text
    value = parsed.evaluate({})
    return repr(value) if isinstance(value, str) else value


class _Substitution(ast.NodeTransformer):
    def __init__(self, meanings: Mapping[str, RawValue | ast.expr]) -> None:
        self._meanings = meanings

    def visit_Name(self, node: ast.Name) -> ast.expr:
        meaning = self._meanings.get(node.id)
        if meaning is None:
            return node
        if isinstance(meaning, ast.expr):
            return meaning
        if isinstance(meaning, list):
            raise StudioError("expression.type", f"{node.id} is not a single number.")
        return ast.parse(repr(meaning), mode="eval").body


def _shift(block: Block, module: Definition) -> tuple[float, float] | None:
    """How far the module's drawing moves to stand around where the instance stood."""
    places = [found.at for _, found in module.blocks() if found.at is not None]
    if block.at is None or not places:
        return None
    middle = [sum(at[axis] for at in places) / len(places) for axis in (0, 1)]
    return block.at[0] - middle[0], block.at[1] - middle[1]
