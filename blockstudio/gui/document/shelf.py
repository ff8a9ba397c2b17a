"""The modules that stand ready for any diagram: those of the presets, and the user's own library on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from blockstudio.errors import StudioError
from blockstudio.graph import library
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import SUFFIX
from blockstudio.graph.library import Kept, kept, preset_modules, read
from blockstudio.gui.work.bin import Bin
from blockstudio.gui.work.settings import data_folder
from blockstudio.text import say


class Shelf(QObject):
    """What palettes offer beside the document's own modules. Files are read when they are used."""

    changed = Signal()
    """The library holds other modules."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._presets: list[Kept] | None = None
        self._read: dict[tuple[Path, str], Diagram] = {}
        self._bin = Bin()
        self.picture: Callable[[Diagram, str], str] | None = None
        """From a diagram and one of its modules: its drawing as rich text. Set by whoever can draw."""

    @property
    def folder(self) -> Path:
        """Where the library is."""
        return data_folder() / "modules"

    def library(self) -> list[Kept]:
        """The user's own modules."""
        return kept(self.folder)

    @property
    def known_presets(self) -> list[Kept]:
        """Those of the presets, once somebody has looked."""
        return self._presets or []

    def warm(self) -> None:
        """Look at the presets, if nobody has."""
        if self._presets is None:
            self.presets()
            self.changed.emit()

    def find(self, network: str, module: str) -> Kept:
        """A module by the preset that it is of (empty: the library) and its name. Raises `StudioError`
        ``library.unknown``."""
        for each in self.presets() if network else self.library():
            if (each.network, each.module) == (network, module):
                return each
        raise StudioError("library.unknown", say("there is no module '{name}' any more.", name=module))

    def presets(self) -> list[Kept]:
        """Those of the presets."""
        if self._presets is None:
            self._presets = list(preset_modules())
        return self._presets

    def read(self, where: Kept) -> Diagram:
        """A module with all that it needs. Raises `StudioError`."""
        key = (where.file, where.module)
        if where.network and key in self._read:
            return self._read[key]
        found = read(where)
        if where.network:
            self._read[key] = found
        return found

    def other(self, module: Diagram) -> Kept | None:
        """Another module that the library has under the name of a packed one; ``None``: none, or the same."""
        found = library.same_named(module.name, self.folder)
        return None if found is None or library.is_same(module, found) else found

    def keep(self, module: Diagram, instead: Kept | None = None) -> Path:
        """Put a packed module into the library, or in the place of another. Raises `StudioError`."""
        file = library.keep(module, self.folder, instead)
        self.changed.emit()
        return file

    def keep_beside(self, module: Diagram) -> Path:
        """Put it there under a free name. Raises `StudioError`."""
        return self.keep(library.under_free_name(module, self.folder))

    def rename(self, where: Kept, to: str) -> Path:
        """Give a module of the library another name. Raises `StudioError`."""
        file = library.rename(where, to, self.folder)
        self.changed.emit()
        return file

    def remove(self, where: Kept) -> None:
        """Move a module of the library to the bin. Raises `StudioError` ``file.write``."""
        try:
            self._bin.put(where.file)
        except OSError as error:
            raise StudioError(
                "file.write", say("{module} cannot be moved to the bin: {reason}.", module=where.module,
                                  reason=error.strerror or error),
                hint=say("Remove the file by hand: show the library's folder."),
            ) from error  # fmt: skip
        self.changed.emit()

    @property
    def can_restore(self) -> bool:
        """Whether a module that was removed can be taken out of the bin."""
        return bool(self._bin)

    def restore(self) -> str:
        """Put the module that was removed last back into the library, and say which. Raises `StudioError`
        ``file.write``."""
        name = self._bin.last.removesuffix(SUFFIX)
        try:
            self._bin.take_out()
        except OSError as error:
            raise StudioError(
                "file.write", say("{module} cannot be taken back: {reason}.", module=name,
                                  reason=error.strerror or error),
                hint=say("Take it out of the system's bin."),
            ) from error  # fmt: skip
        self.changed.emit()
        return name

    def tip(self, where: Kept) -> str:
        """What a module is, with its drawing, as rich text."""
        try:
            found = self.read(where)
        except StudioError as error:
            return str(error)
        module = next(block.type for _, block in found.main.blocks())
        return self.tip_of(found, module)

    def tip_of(self, diagram: Diagram, module: str) -> str:
        """The same of a module of a diagram."""
        return self.picture(diagram, module) if self.picture is not None else diagram.modules[module].description
