"""Edits: small values that change a diagram and know their inverse. They are data, so a journal can hold them."""

from __future__ import annotations

from typing import TypeAlias

from blockstudio.graph.annotation_edits import SetFrame, SetNote
from blockstudio.graph.block_edits import (
    AddBlock,
    AddWire,
    MoveBlocks,
    RemoveBlock,
    RemoveWire,
    RenameBlock,
    SetBlock,
    SetParameter,
    SetRoute,
)
from blockstudio.graph.checks import MAX_BLOCKS, MAX_REPEAT, check_block, check_raw, clash, unknown_parameter
from blockstudio.graph.module_edits import (
    AddModule,
    RemoveModule,
    RenameModule,
    SetDeclarations,
    SetDefault,
    SetTexts,
)

Edit: TypeAlias = (
    AddBlock | RemoveBlock | RenameBlock | AddWire | RemoveWire | SetRoute | SetParameter | SetBlock | MoveBlocks
    | SetNote | SetFrame | SetDefault | SetDeclarations | SetTexts | AddModule | RemoveModule | RenameModule
)  # fmt: skip

__all__ = [
    "MAX_BLOCKS",
    "MAX_REPEAT",
    "AddBlock",
    "AddModule",
    "AddWire",
    "Edit",
    "MoveBlocks",
    "RemoveBlock",
    "RemoveModule",
    "RemoveWire",
    "RenameBlock",
    "RenameModule",
    "SetBlock",
    "SetDeclarations",
    "SetDefault",
    "SetFrame",
    "SetNote",
    "SetParameter",
    "SetRoute",
    "SetTexts",
    "check_block",
    "check_raw",
    "clash",
    "unknown_parameter",
]
