"""What the window remembers between two starts. `use_folder` puts it elsewhere, for tests and portable use."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSettings, QTimer

from blockstudio import folders
from blockstudio.errors import StudioError
from blockstudio.graph.files import refusal
from blockstudio.text import say

ORGANISATION = "BlockStudio"
APPLICATION = "Block Studio"
_folder: Path | None = None
_listener: Callable[[StudioError], object] | None = None
_looking = _refused = False


def use_folder(folder: Path | None) -> None:
    """Keep settings, recovery journals and runs under ``folder`` instead of the user's own places."""
    global _folder
    _folder = folder


class Store(QSettings):
    """The settings. What cannot be written down is told, once for as long as it lasts."""

    def setValue(self, key: str, value: object) -> None:
        """Change a setting."""
        super().setValue(key, value)
        _look_soon()

    def remove(self, key: str) -> None:
        """Take a setting away."""
        super().remove(key)
        _look_soon()


def settings() -> Store:
    """The store; cheap to make, written on destruction."""
    if _folder is not None:
        return Store(str(_folder / "settings.ini"), QSettings.Format.IniFormat)
    return Store(ORGANISATION, APPLICATION)


def tell_refused(listener: Callable[[StudioError], object]) -> None:
    """Who hears that settings cannot be written, in the place of whoever did."""
    global _listener, _refused
    _listener, _refused = listener, False


def forget_listener(listener: Callable[[StudioError], object]) -> None:
    """Tell it no more."""
    global _listener
    if _listener == listener:
        _listener = None


def _look_soon() -> None:
    """Look behind what is done now, once for all that it changes, whether the settings could be written."""
    global _looking
    if _listener is not None and not _looking:
        _looking = True
        QTimer.singleShot(0, _look)


def _look() -> None:
    global _looking, _refused
    _looking = False
    store = settings()
    store.sync()
    if store.status() != QSettings.Status.AccessError:
        _refused = False
    elif not _refused and _listener is not None:
        _refused = True
        file = Path(store.fileName())
        _listener(
            StudioError(
                "settings.write",
                say("settings and answers of lessons cannot be kept: {reason}.", reason=_why(store, file)),
                where=str(file),
                hint=say("They hold until the window is closed."),
            )
        )


def _why(store: QSettings, file: Path) -> str:
    """Qt does not tell: what a file of their size would meet there."""
    needed = sum(len(key) + len(str(store.value(key))) for key in store.allKeys())
    if shutil.disk_usage(file.parent).free < needed:
        return refusal(OSError(errno.ENOSPC, ""), needed, file)
    if os.path.isdir(file):
        return say("it is a folder")
    return say("the system does not allow it")


def data_folder() -> Path:
    """Where the window keeps what is not a document: recovery journals, the log."""
    if _folder is not None:
        return _folder / "data"
    return folders.program_data()


def recovery_folder() -> Path | None:
    """Where the journals of unsaved work are; ``None``: the user's usual place for them."""
    return _folder / "recovery" if _folder is not None else None


def runs_folder() -> Path:
    """Where *Train* puts runs: ``$BLOCKSTUDIO_RUNS``, else the folder chosen in the window, else
    ``~/BlockStudio/runs``."""
    given = folders.runs()
    if given is not None:
        return given
    chosen = settings().value("runs/folder", "")
    if chosen:
        return Path(str(chosen))
    return _folder / "runs" if _folder is not None else Path.home() / "BlockStudio" / "runs"


def recipes_folder() -> Path:
    """Where the user's recipes are kept."""
    return _folder / "recipes" if _folder is not None else folders.recipes()


def recent_files() -> list[str]:
    """Recently opened files, newest first."""
    found = settings().value("files/recent", [])
    return [
        str(item)
        for item in (found if isinstance(found, list) else [found] if isinstance(found, str) and found else [])
    ]


def remember_file(path: Path) -> None:
    """Put a file first in the list of recent ones."""
    text = str(path.absolute())
    store = settings()
    store.setValue("files/recent", [text, *(item for item in recent_files() if item != text)][:12])


def forget_file(path: Path) -> None:
    """Take a file that is gone out of the list of recent ones."""
    text = str(path.absolute())
    settings().setValue("files/recent", [item for item in recent_files() if item != text])
