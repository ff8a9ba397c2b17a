"""Modules kept for other diagrams: plain files, one a module, in a folder that is shared by copying.

A file is a diagram like any other, with the module, what it needs, and one instance of it as its main graph.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from itertools import count
from pathlib import Path
from typing import NamedTuple

import msgspec

from blockstudio.errors import StudioError
from blockstudio.graph.contents import Contents
from blockstudio.graph.definition import Block
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.edits import RenameModule
from blockstudio.graph.files import folder_for, inside
from blockstudio.graph.format import SUFFIX, dumps, load, save
from blockstudio.graph.operations.copying import copy_diagram
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


def keep(module: Diagram, folder: Path, instead: Kept | None = None) -> Path:
    """Write a `packed` module into a library, in the place of another of its name if that is to be (``instead``).
    Returns the file. Raises `StudioError` ``library.taken`` where another stands under that name, ``file.*``."""
    if instead is None and (other := same_named(module.name, folder)) is not None and not is_same(module, other):
        raise StudioError(
            "library.taken", say("your library has another {module} already.", module=other.module),
            where=other.file.name, hint=say("Replace it, or keep both."),
        )  # fmt: skip
    with folder_for(folder):
        return save(module, instead.file if instead is not None else folder / f"{module.name}{SUFFIX}")


def rename(where: Kept, to: str, folder: Path) -> Path:
    """Give a module of a library another name, in its file and for it. Returns the file. Raises `StudioError`
    ``library.taken``, ``diagram.*`` for what is no name or one that the module needs inside, ``file.*``."""
    module = read(where)
    RenameModule(name=module.name, to=to).apply(module)
    module.name = to
    other = same_named(to, folder)
    if other is not None and other.file != where.file:
        raise StudioError(
            "library.taken", say("your library has another {module} already.", module=other.module),
            where=other.file.name, hint=say("Choose another name."),
        )  # fmt: skip
    file = save(module, folder / f"{to}{SUFFIX}")
    try:
        if not (os.path.exists(file) and os.path.exists(where.file) and file.samefile(where.file)):
            where.file.unlink(missing_ok=True)
        elif file.name != where.file.name:
            where.file.rename(file)  # small and capital letters are one here
    except OSError as error:
        raise StudioError(
            "file.write", say("{file} cannot be removed: {reason}.", file=where.file.name, reason=error.strerror),
            hint=say("The module is kept under both names; remove one of them."),
        ) from error  # fmt: skip
    return file


def same_named(module: str, folder: Path) -> Kept | None:
    """What a library has under a module's name; small and capital letters are one in the names of files."""
    return next((each for each in kept(folder) if each.module.casefold() == module.casefold()), None)


def is_same(module: Diagram, where: Kept) -> bool:
    """Whether a file holds a `packed` module just as it is."""
    try:
        return dumps(read(where)) == dumps(module)
    except StudioError:
        return False


def under_free_name(module: Diagram, folder: Path) -> Diagram:
    """A `packed` module under a name that a library does not have yet: ``Branch2``."""
    taken = {each.module.casefold() for each in kept(folder)}
    names = (f"{module.name}{number}" for number in count(2))
    free = next(name for name in names if name.casefold() not in taken and name not in module.modules)
    found = copy_diagram(module)
    RenameModule(name=module.name, to=free).apply(found)
    found.name = free
    return found


def kept(folder: Path) -> list[Kept]:
    """The modules of a library, by name; a file is read when it is used."""
    files = sorted(inside(folder, f"*{SUFFIX}"), key=lambda file: file.name.lower())
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
