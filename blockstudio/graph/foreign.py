"""Blocks whose type another package brings and that is not installed here. What they hold is kept unread."""

from __future__ import annotations

import math
import re

from blockstudio.blocks import BlockType, Origin, absence
from blockstudio.errors import StudioError, shown
from blockstudio.graph.contents import Contents
from blockstudio.graph.definition import Block
from blockstudio.graph.expressions import MAX_INTEGER, is_name
from blockstudio.graph.names import MAX_NAME, check_module_name, check_text
from blockstudio.text import say

MAX_TYPES = 200
"""Types of other packages in one file."""
MOST = 100
"""Parameters, and ports, of one such type."""

_PORT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PACKAGE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")


def missing(block: Block, kind: BlockType, where: str) -> StudioError:
    """The error of somebody who needs the type of ``block``."""
    package = block.origin.package if block.origin is not None else kind.package
    message, hint = absence(block.type, package)
    return StudioError("type.missing", message, where=where, hint=hint)


def check_unread(block: Block, kind: BlockType, where: str) -> None:
    """Raises `StudioError` unless the block says where its type comes from, and holds no more than any block may."""
    if block.origin is None:
        raise missing(block, kind, where)
    check_origin(block.type, block.origin, where)
    if len(block.parameters) > MOST:
        raise StudioError(
            "diagram.size", say("there can be {most} parameters at most.", most=MOST), where=f"{where}.parameters"
        )
    for key, value in block.parameters.items():
        items = value if isinstance(value, list | tuple) else [value]
        if not isinstance(key, str) or len(key) > MAX_NAME or len(items) > 4 or not all(map(_is_plain, items)):
            at = f"{where}.{shown(key)}"
            raise StudioError("parameter.value", say("expected a value, found {value}.", value=shown(value)), where=at)
        for item in items:
            if isinstance(item, str):
                check_text(item, f"{where}.{key}", 2_000)


def _is_plain(item: object) -> bool:
    number = isinstance(item, int | float) and math.isfinite(item) and abs(item) <= MAX_INTEGER
    return number or isinstance(item, str)


def check_origin(type_name: str, origin: Origin, where: str) -> None:
    """Raises `StudioError` ``file.type`` for names that a type, a package or ports cannot have."""
    ports = [*origin.inputs, *origin.outputs]
    distinct = len(set(origin.inputs)) + len(set(origin.outputs)) == len(ports) <= MOST
    if not is_name(type_name) or len(type_name) > MAX_NAME:
        message = say("'{name}' cannot name a block type.", name=shown(type_name))
    elif len(origin.package) > MAX_NAME or not _PACKAGE.fullmatch(origin.package):
        message = say("'{name}' cannot name a package.", name=shown(origin.package))
    elif not distinct or not all(_PORT.fullmatch(port) and len(port) <= MAX_NAME for port in ports):
        message = say("its ports need names of their own, found {names}.", names=shown(", ".join(ports)))
    else:
        return
    raise StudioError("file.type", message, where=where)


def check_same_type(kind: BlockType, origin: Origin) -> None:
    """Raises `StudioError` ``file.type`` where a file means a package's type and another of the same name is here: what
    it holds would be read as something else."""
    if _installed(kind.package) == _installed(origin.package):
        return
    message = (
        say(
            "its type {type} is of the package {package} in this file, and of the package {other} here.",
            type=kind.name, package=origin.package, other=kind.package,
        )
        if kind.package
        else say(
            "its type {type} is of the package {package} in this file, and the studio has one of its own of that name.",
            type=kind.name, package=origin.package,
        )
    )  # fmt: skip
    hint = say("Rename it in package and file. If both are the same, take {type} out of its `types`.", type=kind.name)
    raise StudioError("file.type", message, where=kind.name, hint=hint)


def _installed(package: str) -> str:
    """A package's name as installers compare it."""
    return re.sub(r"[-_.]+", "-", package).lower()


def check_free_type(diagram: Contents, name: str) -> None:
    """Raises `StudioError` ``diagram.name`` unless a module can be called ``name``: a class name that neither a type of
    the studio has nor one of another package that is in use here."""
    kind = diagram.kind(name)
    taken = kind is not None and (
        not kind.package or any(diagram.definition(scope).of_type(name) for scope in diagram.scopes())
    )
    check_module_name(name, (name,) if taken else ())
