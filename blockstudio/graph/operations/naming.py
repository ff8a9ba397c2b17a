"""What a new module is called, by what is in it."""

from __future__ import annotations

from collections.abc import Iterable

from blockstudio.graph.contents import Contents
from blockstudio.graph.operations.replacing import free_module_name

MOST = 3
"""A chain of more kinds of blocks is called by none of them."""


def module_name(diagram: Contents, scope: str, names: Iterable[str]) -> str:
    """A free name for a module of these blocks: by the path that they lie in, by how they merge (``Residual``,
    ``Branches``), or by the kinds of blocks in their order (``ConvBatchNormReLU``)."""
    definition = diagram.definition(scope)
    wanted = set(names)
    chosen = [name for name, _ in definition.blocks() if name in wanted]
    return free_module_name(_wanted(diagram, scope, chosen), {*diagram.modules})


def _wanted(diagram: Contents, scope: str, chosen: list[str]) -> str:
    heads = {name.rpartition(".")[0] for name in chosen}
    if len(heads) == 1 and (head := next(iter(heads))):
        return _capitals(head.rpartition(".")[2] if not head.rpartition(".")[2].isdecimal() else head)
    definition = diagram.definition(scope)
    kinds = [diagram.kind(definition.block(name).type) for name in chosen]
    merging = [kind.merges for kind in kinds if kind is not None and kind.merges]
    if merging:
        return {"sum": "Residual", "product": "Gated"}.get(merging[-1], "Branches")
    types = list(dict.fromkeys(definition.block(name).type for name in chosen))
    if len(chosen) == 1 or not 1 <= len(types) <= MOST:
        return "Group" if len(types) > MOST else f"{_short(types[0])}Block"
    return "".join(map(_short, types)) if len(types) > 1 else f"{_short(types[0])}Stack"


def _short(type_name: str) -> str:
    return type_name.removesuffix("2d")


def _capitals(text: str) -> str:
    """``down_block`` as a class is called: ``DownBlock``."""
    found = "".join(part[:1].upper() + part[1:] for part in text.replace(".", "_").split("_"))
    return found if found[:1].isalpha() else f"Module{found}"
