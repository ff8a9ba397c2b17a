"""The features that the window is made of: every folder of ``gui`` with a module ``feature``.

There is no list. A feature is added by its folder, and taken away by taking that away.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from types import SimpleNamespace

import blockstudio.gui as rooms
from blockstudio.gui.document.desk import Desk

MODULE = "feature"


def names() -> list[str]:
    """Folders that are features."""
    found = [room.name for room in pkgutil.iter_modules(rooms.__path__) if room.ispkg]
    return sorted(name for name in found if importlib.util.find_spec(f"{rooms.__name__}.{name}.{MODULE}") is not None)


def install_all(desk: Desk) -> SimpleNamespace:
    """Let every feature put on the desk what it has; what each answers stands under the name of its folder."""
    found = SimpleNamespace()
    for name in names():
        module = importlib.import_module(f"{rooms.__name__}.{name}.{MODULE}")
        setattr(found, name, module.install(desk))
    return found
