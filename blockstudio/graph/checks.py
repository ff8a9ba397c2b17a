"""What every edit, and so every file, must keep: types, limits, ports and nesting. All raise `StudioError`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import get_args

from blockstudio.blocks import PORTS, Kind, Parameter, RawValue, absent_type
from blockstudio.errors import StudioError, shown
from blockstudio.graph.contents import Contents
from blockstudio.graph.definition import MAIN, Block, Definition
from blockstudio.graph.expressions import MAX_INTEGER, parse
from blockstudio.graph.foreign import check_unread
from blockstudio.graph.names import check_parameter_name, check_text, suggestion
from blockstudio.text import say

MAX_BLOCKS = 100_000
MAX_WIRES = 400_000
MAX_MODULES = 1_000
MAX_PARAMETERS = 200
MAX_REPEAT = 10_000
MAX_NESTING = 24
"""Modules within modules."""
MAX_PORTS = 100
"""Inputs, and outputs, of one module."""
MAX_POINTS = 100
"""Of one wire."""
MAX_AT = 1e7
MAX_FACTS = 200


def check_block(diagram: Contents, block: Block, where: str) -> None:
    """Raises `StudioError` unless the block's parameters are declared and legal as far as they are literal."""
    if not isinstance(block, Block) or not isinstance(block.type, str):
        raise StudioError("diagram.type", say("it has no type."), where=where)
    kind = diagram.kind(block.type)
    if kind is None and block.origin is not None and block.type not in diagram.modules:
        kind = absent_type(block.type, block.origin)
    if kind is not None and not kind.installed:
        check_unread(block, kind, where)
    else:
        declared = diagram.declared(block.type)
        for key, value in block.parameters.items():
            if key not in declared:
                raise unknown_parameter(key, block.type, declared, where)
            check_raw(declared[key], value, f"{where}.{key}")
    if block.repeat is not None:
        _check_repeat(block.repeat, f"{where}.repeat")
        chains = repeatable(diagram, block.type) if kind is None else len(kind.inputs) == len(kind.outputs) == 1
        if not chains:
            raise StudioError(
                "diagram.repeat", say("{type} cannot repeat: a chain needs one input and one output.", type=block.type),
                where=f"{where}.repeat",
            )  # fmt: skip
    if block.bypass is not False:
        if isinstance(block.bypass, str):
            check_expression(block.bypass, f"{where}.bypass")
        elif not isinstance(block.bypass, bool):
            raise StudioError("parameter.value", say("expected true, false or an expression."), where=f"{where}.bypass")
        if block.type in PORTS:
            raise StudioError(
                "diagram.bypass", say("{type} cannot be switched off.", type=block.type), where=f"{where}.bypass"
            )
    check_at(block.at, f"{where}.at")
    if not isinstance(block.pinned, bool):
        raise StudioError("parameter.value", say("expected true or false."), where=f"{where}.pinned")
    check_text(block.note, f"{where}.note")


def check_facts(about: Mapping[str, object]) -> None:
    """Raises `StudioError` ``diagram.size`` for more facts about a diagram than it can have."""
    if len(about) > MAX_FACTS:
        raise StudioError("diagram.size", say("there can be {most} facts at most.", most=MAX_FACTS), where="about")


def check_at(at: object, where: str) -> None:
    """A position: ``None`` or (x, y) in pixels, within ten million of the origin."""
    if at is None:
        return
    if isinstance(at, tuple) and len(at) == 2:
        x, y = at
        if type(x) is type(y) is float and -MAX_AT <= x <= MAX_AT and -MAX_AT <= y <= MAX_AT:
            return
        numbers = [value for value in at if isinstance(value, int | float) and not isinstance(value, bool)]
        if len(numbers) == 2 and all(-MAX_AT <= value <= MAX_AT for value in numbers):
            return
    raise StudioError("diagram.position", say("expected a position [x, y], found {at}.", at=shown(at)), where=where)


def check_route(route: object, where: str) -> None:
    """Points of a wire: positions, `MAX_POINTS` at most."""
    if not isinstance(route, tuple) or len(route) > MAX_POINTS:
        raise StudioError(
            "wire.route",
            say("a wire is led through a list of positions, {limit} at most.", limit=MAX_POINTS), where=where,
        )  # fmt: skip
    for at in route:
        if at is None:
            raise StudioError("diagram.position", say("expected a position [x, y], found none."), where=where)
        check_at(at, where)


def check_raw(parameter: Parameter, value: RawValue, where: str) -> None:
    """Check a value that may be or hold expressions; those are only parsed."""
    if isinstance(value, str) and parameter.kind != "text" and value not in parameter.words:
        check_expression(value, where)
        return
    if isinstance(value, list | tuple) and any(isinstance(item, str) for item in value):
        if len(value) > 4:
            raise StudioError(
                "parameter.value", say("expected {expected}.", expected=parameter.expected()), where=where
            )
        for item in value:
            if isinstance(item, str):
                check_expression(item, where)
        # A legal number for each expression: then the others are checked as they stand.
        legal = math.ceil(parameter.minimum or 0)
        try:
            check_literal(parameter, [legal if isinstance(item, str) else item for item in value], where)
        except StudioError as error:
            message = say("expected {expected}, found {shown}.", expected=parameter.expected(), shown=shown(value))
            raise StudioError(error.code, message, where=where) from None
        return
    check_literal(parameter, value, where)


def check_literal(parameter: Parameter, value: object, where: str) -> None:
    """Check a value that holds no expression."""
    try:
        parameter.check(value)
    except StudioError as error:
        raise error.at(where) from None
    if isinstance(value, str):
        check_text(value, where, 2_000)
    else:
        for number in value if isinstance(value, list | tuple) else (value,):
            if isinstance(number, int) and abs(number) > MAX_INTEGER:
                raise StudioError(
                    "parameter.limit",
                    say("expected numbers within ±{max_integer:,}.", max_integer=MAX_INTEGER),
                    where=where,
                )


def check_expression(text: str, where: str) -> None:
    """Only the grammar: whether the names mean anything is a matter of where it is evaluated."""
    try:
        parse(text)
    except StudioError as error:
        raise error.at(where) from None


def check_declarations(parameters: Mapping[str, Parameter], in_module: bool) -> None:
    """Raises `StudioError` unless every name is legal and every default a literal of its kind."""
    if len(parameters) > MAX_PARAMETERS:
        raise StudioError(
            "diagram.size", say("there can be {max_parameters} parameters at most.", max_parameters=MAX_PARAMETERS)
        )
    for name, parameter in parameters.items():
        check_parameter_name(name, in_module)
        if not isinstance(parameter, Parameter) or parameter.kind not in get_args(Kind):
            raise StudioError("parameter.kind", say("it has no kind."), where=name)
        for limit in (parameter.minimum, parameter.maximum):
            if limit is not None and not (isinstance(limit, int | float) and abs(limit) <= 1e15):
                raise StudioError("parameter.limit", say("its limits must be finite numbers."), where=name)
        for choice in parameter.choices:
            check_text(choice, f"{name}.choices", 100)
        check_text(parameter.help, f"{name}.help", 2_000)
        check_literal(parameter, parameter.default, name)


def check_instances(diagram: Contents, scope: str, parameters: Mapping[str, Parameter]) -> None:
    """Raises `StudioError` ``diagram.used`` where an instance of module ``scope`` would no longer fit these
    declarations, naming the first."""
    for other in diagram.scopes():
        definition = diagram.definition(other)
        for name in definition.of_type(scope):
            for key, value in definition.block(name).parameters.items():
                where = f"{other}.{name}" if other else name
                if key not in parameters:
                    raise StudioError(
                        "diagram.used", say("'{where}' still sets {key}.", where=where, key=key), where=where,
                        hint=say("Set it back to its default there first."),
                    )  # fmt: skip
                check_raw(parameters[key], value, f"{where}.{key}")


def repeatable(diagram: Contents, type_name: str) -> bool:
    """Whether blocks of this type can stand in a chain: one input and one output (a module still being built
    may have none)."""
    if type_name in diagram.modules:
        return len(diagram.input_ports(type_name)) <= 1 and len(diagram.output_ports(type_name)) <= 1
    return len(diagram.input_ports(type_name)) == 1 and len(diagram.output_ports(type_name)) == 1


def check_new_port(diagram: Contents, scope: str, block: Block, where: str) -> None:
    """A further Input or Output of a module: not beyond `MAX_PORTS`, nor while an instance repeats."""
    if scope == MAIN or block.type not in PORTS:
        return
    there = len(diagram.modules[scope].of_type(block.type))
    if there >= MAX_PORTS:
        raise StudioError(
            "diagram.size",
            say("a module has at most {max_ports} {type} blocks.", max_ports=MAX_PORTS, type=block.type),
            where=where,
        )
    if there == 1 and (instance := repeated_instance(diagram, scope)):
        raise StudioError(
            "diagram.repeat",
            say("instance '{instance}' repeats: a chain needs one input and one output.", instance=instance),
            where=where,
        )


def repeated_instance(diagram: Contents, module: str) -> str:
    """The first instance of ``module`` that has a repeat; ``""`` if none."""
    for scope in diagram.scopes():
        definition = diagram.definition(scope)
        for name in definition.of_type(module):
            if definition.block(name).repeat is not None:
                return f"{scope}.{name}" if scope else name
    return ""


def check_nesting(diagram: Contents, more: tuple[str, str] | None = None) -> None:
    """Raises `StudioError` where a module contains itself or modules are nested too deep. ``more``: a module
    and one that it is about to contain."""
    inside = {name: definition.types() & diagram.modules.keys() for name, definition in diagram.modules.items()}
    if more:
        inside[more[0]].add(more[1])
    users: dict[str, list[str]] = {name: [] for name in inside}
    for name, used in inside.items():
        for other in used:
            users[other].append(name)
    waiting = {name: len(used) for name, used in inside.items()}
    level = [name for name, count in waiting.items() if not count]
    depth = 0
    done = 0
    while level:
        depth += 1
        done += len(level)
        following = []
        for name in level:
            for user in users[name]:
                waiting[user] -= 1
                if not waiting[user]:
                    following.append(user)
        level = following
    if done < len(inside):
        name = more[0] if more else next(name for name in inside if _contains_itself(inside, name))
        raise StudioError("diagram.recursion", say("module '{name}' would contain itself.", name=name), where=name)
    if depth > MAX_NESTING:
        raise StudioError(
            "diagram.nesting", say("modules can be nested {max_nesting} deep at most.", max_nesting=MAX_NESTING)
        )


def check_whole(diagram: Contents) -> None:
    """What `check_block` and `check_new_port` see only block by block, for a diagram built without them."""
    check_nesting(diagram)
    for name in diagram.modules:
        for kind in PORTS:
            if len(diagram.modules[name].of_type(kind)) > MAX_PORTS:
                raise StudioError(
                    "diagram.size",
                    say("a module has at most {max_ports} {kind} blocks.", max_ports=MAX_PORTS, kind=kind),
                    where=name,
                )
        if not repeatable(diagram, name) and (instance := repeated_instance(diagram, name)):
            raise StudioError(
                "diagram.repeat",
                say("{name} cannot repeat: a chain needs one input and one output.", name=name),
                where=instance,
            )


def unknown_parameter(key: str, owner: str, declared: Iterable[str], where: str = "") -> StudioError:
    """``Conv2d has no parameter 'kernel'. Did you mean kernel_size?``"""
    names = list(declared)
    hint = suggestion(key, names) if names else ""
    return StudioError(
        "parameter.unknown",
        say("{owner} has no parameter '{key}'.", owner=owner, key=shown(key)),
        where=where or shown(key),
        hint=hint,
    )


def clash(definition: Definition, name: str, but: str = "") -> str:
    """The block whose path ``name`` would equal, contain or lie in; ``""`` if none."""
    return definition.clash(name, but)


def _contains_itself(inside: Mapping[str, set[str]], name: str) -> bool:
    seen: set[str] = set()
    waiting = list(inside[name])
    while waiting:
        other = waiting.pop()
        if other == name:
            return True
        if other not in seen:
            seen.add(other)
            waiting += inside[other]
    return False


def _check_repeat(repeat: object, where: str) -> None:
    if isinstance(repeat, str):
        check_expression(repeat, where)
    elif isinstance(repeat, bool) or not isinstance(repeat, int) or not 0 <= repeat <= MAX_REPEAT:
        raise StudioError(
            "parameter.limit",
            say(
                "expected a repeat from 0 to {max_repeat:,}, found {repeat}.",
                max_repeat=MAX_REPEAT,
                repeat=shown(repeat),
            ),
            where=where,
        )
