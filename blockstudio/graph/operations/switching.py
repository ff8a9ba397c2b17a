"""Switching blocks off and on, and pinning them to their places."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from blockstudio.blocks import PORTS
from blockstudio.graph.contents import Contents
from blockstudio.graph.edits import SetBlock
from blockstudio.graph.operations.base import Edits


def set_bypass(diagram: Contents, scope: str, names: Iterable[str], when: bool | str) -> Edits:
    """Switch blocks off (``True``), on (``False``), or off where an expression is true. Inputs and outputs, which
    cannot be, are left out, and so is what stands so already."""
    definition = diagram.definition(scope)
    blocks = {name: definition.block(name) for name in names}
    return tuple(
        SetBlock(scope=scope, name=name, block=msgspec.structs.replace(block, bypass=when))
        for name, block in blocks.items()
        if block.type not in PORTS and block.bypass != when
    )


def is_bypassed(diagram: Contents, scope: str, names: Iterable[str]) -> bool:
    """Whether all of the blocks that can be switched off are: then the switch turns them on."""
    definition = diagram.definition(scope)
    states = [block.bypass is True for block in map(definition.block, names) if block.type not in PORTS]
    return bool(states) and all(states)


def set_pinned(diagram: Contents, scope: str, places: Mapping[str, tuple[float, float]], pinned: bool) -> Edits:
    """Pin blocks to where they stand, or let go of them. ``places``: where each of them is now."""
    definition = diagram.definition(scope)
    blocks = {name: definition.block(name) for name in places}
    return tuple(
        SetBlock(scope=scope, name=name, block=msgspec.structs.replace(block, pinned=pinned, at=places[name]))
        for name, block in blocks.items()
        if block.pinned != pinned
    )
