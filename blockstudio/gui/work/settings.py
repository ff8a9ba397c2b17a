"""What the window remembers between two starts. `use_folder` puts it elsewhere, for tests and portable use."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSettings

from blockstudio import folders

ORGANISATION = "BlockStudio"
APPLICATION = "Block Studio"
_folder: Path | None = None


def use_folder(folder: Path | None) -> None:
    """Keep settings, recovery journals and runs under ``folder`` instead of the user's own places."""
    global _folder
    _folder = folder


def settings() -> QSettings:
    """The store; cheap to make, written on destruction."""
    if _folder is not None:
        return QSettings(str(_folder / "settings.ini"), QSettings.Format.IniFormat)
    return QSettings(ORGANISATION, APPLICATION)


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
