"""What stands for a block type that another package declares and that is not installed here: enough to draw its
blocks, to keep their wires, and to save them as they were."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from blockstudio.blocks.base import BlockType
from blockstudio.text import say


class Origin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a file says of a type that is not the studio's own."""

    package: str
    """The name under which the package is installed."""
    inputs: tuple[str, ...] = ("in",)
    outputs: tuple[str, ...] = ("out",)
    variadic: bool = False


class Absent(BlockType):
    """Its shape, cost and source are unknown. Its parameters are kept unread."""

    family = "head"
    help = say("Its package is not installed.")
    installed = False

    def __init__(self, name: str, origin: Origin) -> None:
        self.name = name  # type: ignore[misc]
        self.package = origin.package
        self.inputs = () if origin.variadic else origin.inputs  # type: ignore[misc]
        self.outputs = origin.outputs  # type: ignore[misc]
        self.variadic = origin.variadic  # type: ignore[misc]


@lru_cache(maxsize=1024)
def absent_type(name: str, origin: Origin) -> Absent:
    """The type called ``name``, as far as ``origin`` tells it."""
    return Absent(name, origin)


def origin_of(kind: BlockType) -> Origin | None:
    """What a file has to say of ``kind``; ``None`` for one of the studio's own."""
    if not kind.package:
        return None
    ports = {} if kind.variadic else {"inputs": kind.inputs}
    return Origin(package=kind.package, outputs=kind.outputs, variadic=kind.variadic, **ports)
