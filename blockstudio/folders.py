"""The folders of this program on every system, in one place: runs, recipes, data sets, unsaved work, the log.

``$BLOCKSTUDIO_RUNS``, ``$BLOCKSTUDIO_DATA``, ``$BLOCKSTUDIO_WEIGHTS`` and ``$BLOCKSTUDIO_RECIPES`` go over them, for
the window, the commands and Python alike.
"""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import PlatformDirs

RUNS, DATA, WEIGHTS = "BLOCKSTUDIO_RUNS", "BLOCKSTUDIO_DATA", "BLOCKSTUDIO_WEIGHTS"
RECIPES = "BLOCKSTUDIO_RECIPES"
"""Environment variables."""
_DIRS = PlatformDirs("blockstudio", appauthor=False)


def data_sets() -> Path:
    """Where named data sets lie unless a recipe says otherwise: ``$BLOCKSTUDIO_DATA`` or the user's cache."""
    return _given(DATA) or Path(_DIRS.user_cache_dir) / "data"


def runs() -> Path | None:
    """Where runs go if ``$BLOCKSTUDIO_RUNS`` says so."""
    return _given(RUNS)


def weights() -> Path | None:
    """Where published weights are looked for first, if ``$BLOCKSTUDIO_WEIGHTS`` says so."""
    return _given(WEIGHTS)


def recipes() -> Path:
    """Where the user's recipes are kept: ``$BLOCKSTUDIO_RECIPES`` or ``~/BlockStudio/recipes``."""
    return _given(RECIPES) or Path.home() / "BlockStudio" / "recipes"


def unsaved_work() -> Path:
    """Where journals of unsaved diagrams are kept: the user's folder for the state of programs."""
    return Path(_DIRS.user_state_dir) / "recovery"


def program_data() -> Path:
    """What the window keeps that is not a document: its log."""
    return Path(_DIRS.user_data_dir)


def lessons() -> Path:
    """Where lessons of the user's own are looked for."""
    return Path(_DIRS.user_data_dir) / "lessons"


def _given(name: str) -> Path | None:
    text = os.environ.get(name, "").strip()
    return Path(text).expanduser() if text else None
