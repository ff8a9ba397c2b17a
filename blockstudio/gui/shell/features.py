"""The features that the window is made of: every folder of ``gui`` with a module ``feature``.

There is no list. A feature is added by its folder, and taken away by taking that away.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from pathlib import Path
from types import SimpleNamespace

import blockstudio.gui as rooms
from blockstudio.gui.document.desk import Desk

MODULE = "feature"
BELOW = ("report", "experiments", "lessons")
"""Packages below the window that screens stand on."""


def names() -> list[str]:
    """Folders that are features."""
    found = [room.name for room in pkgutil.iter_modules(rooms.__path__) if room.ispkg]
    return sorted(name for name in found if importlib.util.find_spec(f"{rooms.__name__}.{name}.{MODULE}") is not None)


def later() -> list[str]:
    """Modules that features import when something is first looked at, what they stand on before them. None of it
    needs torch."""
    root = Path(rooms.__path__[0])
    folders = [(f"blockstudio.{name}", root.parent / name) for name in BELOW]
    folders += [(f"{rooms.__name__}.{name}", root / name) for name in names()]
    return [f"{package}.{found.name}" for package, place in folders for found in pkgutil.iter_modules([str(place)])]


def install_all(desk: Desk) -> SimpleNamespace:
    """Let every feature put on the desk what it has; what each answers stands under the name of its folder."""
    found = SimpleNamespace()
    for name in names():
        module = importlib.import_module(f"{rooms.__name__}.{name}.{MODULE}")
        setattr(found, name, module.install(desk))
    return found
