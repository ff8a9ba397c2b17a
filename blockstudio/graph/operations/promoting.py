"""A number inside a module becomes a parameter of the module, which each instance may set."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from blockstudio.blocks import RawValue
from blockstudio.errors import StudioError
from blockstudio.graph.contents import Contents
from blockstudio.graph.definition import MAIN
from blockstudio.graph.edits import SetDeclarations, SetParameter
from blockstudio.graph.names import check_parameter_name
from blockstudio.graph.operations.base import Edits
from blockstudio.graph.operations.substitution import free_parameter_name
from blockstudio.graph.resolve import is_expression
from blockstudio.text import say


def promotable(diagram: Contents, scope: str, name: str) -> dict[str, RawValue]:
    """The parameters of a block that `promote` takes, with their values: those that are computed and hold no expression
    yet."""
    block = diagram.definition(scope).block(name)
    found: dict[str, RawValue] = {}
    for key, parameter in diagram.declared(block.type).items():
        raw = block.parameters.get(key, parameter.default)
        if parameter.kind != "text" and not is_expression(parameter, raw):
            found[key] = raw
    return found


def promote(diagram: Contents, scope: str, name: str, key: str) -> tuple[str, Edits]:
    """Declare a block's parameter as one of the module (or of the diagram) around it, with the value that it has for a
    default, and let the block use it: the new parameter's name and the edits. Nothing is computed differently.

    Raises `StudioError` ``promote.expression`` for what is an expression already, ``promote.text`` for a text, which is
    not computed, ``diagram.block``, ``parameter.unknown``.
    """
    block = diagram.definition(scope).block(name)
    declared = diagram.declared(block.type)
    if key not in declared:
        raise StudioError("parameter.unknown", say("{type} has no parameter '{key}'.", type=block.type, key=key),
                          where=name)  # fmt: skip
    parameter, raw = declared[key], block.parameters.get(key, declared[key].default)
    if parameter.kind == "text":
        raise StudioError("promote.text", say("'{key}' is a text, which is not computed.", key=key), where=name)
    if is_expression(parameter, raw):
        raise StudioError(
            "promote.expression", say("'{key}' is an expression already: {raw}.", key=key, raw=raw), where=name,
            hint=say("Its names are parameters of the module."),
        )  # fmt: skip
    own = dict(diagram.definition(scope).parameters)
    called = _name(diagram, scope, key, name, own)
    own[called] = msgspec.structs.replace(parameter, default=raw)
    return called, (
        SetDeclarations(scope=scope, parameters=own),
        SetParameter(scope=scope, name=name, key=key, value=called),
    )


def _name(diagram: Contents, scope: str, key: str, block: str, taken: Collection[str]) -> str:
    """The parameter's own name if that is free, else with the block's before it."""
    for wanted in (key, f"{block.replace('.', '_')}_{key}"):
        try:
            check_parameter_name(wanted, in_module=scope != MAIN)
        except StudioError:
            continue
        if wanted not in taken:
            return wanted
    return free_parameter_name(f"{key}_2" if key in taken else f"of_{key}", taken)
