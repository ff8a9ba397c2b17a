"""Modules kept for other diagrams: plain files, one a module, in a folder that is shared by copying.

A file is a diagram like any other, with the module, what it needs, and one instance of it as its main graph.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from blockstudio.errors import StudioError
from blockstudio.graph.contents import Contents
from blockstudio.graph.definition import Block
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import SUFFIX, load, save
from blockstudio.graph.operations.fragments import fragment
from blockstudio.graph.presets import preset_folder, preset_names
from blockstudio.text import say

INSTANCE = "module"
"""The instance in a file of the library."""


class Kept(NamedTuple):
    """A module somewhere on disk."""

    module: str
    file: Path
    network: str = ""
    """The preset that it belongs to; empty for one of the library."""


def packed(diagram: Contents, module: str) -> Diagram:
    """A diagram of its own with a module, all that it needs, and one instance. Raises `StudioError`
    ``diagram.module``."""
    definition = diagram.definition(module)
    holder = Diagram(module, definition.description)
    holder.modules = {name: each.copy() for name, each in diagram.modules.items()}
    holder.main.insert(INSTANCE, Block(type=module))
    found = fragment(holder, "", [INSTANCE])
    found.name, found.about = module, {}
    return found


def keep(diagram: Contents, module: str, folder: Path) -> Path:
    """Write a module into a library; one of the same name is replaced. Returns the file. Raises `StudioError`
    ``file.*``."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudioError(
            "file.write", say("{folder} cannot be made: {reason}.", folder=folder, reason=error.strerror or error),
            hint=say("Choose a folder that you may write to."),
        ) from error  # fmt: skip
    return save(packed(diagram, module), folder / f"{module}{SUFFIX}")


def kept(folder: Path) -> list[Kept]:
    """The modules of a library, by name; a file is read when it is used."""
    files = sorted(folder.glob(f"*{SUFFIX}"), key=lambda file: file.name.lower()) if folder.is_dir() else []
    return [Kept(file.name.removesuffix(SUFFIX), file) for file in files]


@cache
def preset_modules() -> tuple[Kept, ...]:
    """The modules of the presets, those that several presets have under one name and with the same text once."""
    found: list[Kept] = []
    seen: set[tuple[str, bytes]] = set()
    for preset in preset_names():
        file = preset_folder() / f"{preset}{SUFFIX}"
        for name, text in _modules(file):
            if (name, text) not in seen:
                seen.add((name, text))
                found.append(Kept(name, file, preset))
    return tuple(found)


class _Modules(msgspec.Struct):
    modules: dict[str, msgspec.Raw] = {}


def _modules(file: Path) -> Iterator[tuple[str, bytes]]:
    """Names and texts of a file's modules, nothing else of it read."""
    found = msgspec.json.decode(file.read_bytes(), type=_Modules).modules
    yield from ((name, bytes(raw)) for name, raw in found.items())


def read(where: Kept) -> Diagram:
    """A kept module as a fragment that can be pasted: one instance with all that it needs. Raises `StudioError` for a
    file that is gone or broken, ``library.empty`` for one without the module."""
    found = load(where.file)
    if where.module not in found.modules and len(found.modules) and not where.network:
        # A file that was renamed: its main graph says which module it is of.
        types = [block.type for _, block in found.main.blocks() if block.type in found.modules]
        where = where._replace(module=types[0]) if types else where
    if where.module not in found.modules:
        raise StudioError("library.empty", say("there is no module '{name}' in it.", name=where.module),
                          where=where.file.name, hint=say("Take the file out of your library."))  # fmt: skip
    return packed(found, where.module)
