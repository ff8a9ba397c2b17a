"""Folders of the system for what is of use a short while."""

from __future__ import annotations

from PySide6.QtCore import QDir, QTemporaryDir

from blockstudio.errors import StudioError
from blockstudio.text import say


def temporary_folder() -> QTemporaryDir:
    """A folder that goes when nobody holds it any more. Raises `StudioError` ``file.write`` where the system's place
    for such folders takes none."""
    folder = QTemporaryDir()
    if not folder.isValid():
        raise StudioError(
            "file.write",
            say("no temporary folder can be made: {reason}.", reason=folder.errorString()),
            where=QDir.tempPath(),
            hint=say("Make room there, or name another folder in the variable TMPDIR."),
        )
    return folder
