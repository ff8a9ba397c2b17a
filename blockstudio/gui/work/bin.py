"""The system's bin, and what was put there, so that it can be taken out again."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from PySide6.QtCore import QFile

OWN = ".bin"


class Bin:
    """What one part of the program has put into the bin."""

    def __init__(self) -> None:
        self._put: list[tuple[Path, Path]] = []
        """Where each thing was, and where in the bin it is."""

    def __bool__(self) -> bool:
        """Whether something can be taken out."""
        return bool(self._put)

    def put(self, path: Path) -> None:
        """Move a file or folder there. Raises `OSError`."""
        file = QFile(str(path))
        place = Path(file.fileName()) if file.moveToTrash() else None
        self._put.append((path, place or _own_bin(path)))

    @property
    def last(self) -> str:
        """The name of what would be taken out."""
        return self._put[-1][0].name

    def take_out(self) -> Path:
        """Put what was moved there last back where it was, and say where. Raises `OSError`, also where something else
        stands there now; then it can be tried again."""
        path, place = self._put[-1]
        if os.path.exists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
        self._put.pop()
        shutil.move(str(place), str(path))
        # Beside what is in a bin of freedesktop.org stands where it was.
        info = place.parent.parent / "info" / f"{place.name}.trashinfo"
        info.unlink(missing_ok=True)
        return path


def _own_bin(path: Path) -> Path:
    """Where the system has no bin for a folder: ``.bin`` beside it, into which no list looks."""
    home = path.parent / OWN
    home.mkdir(exist_ok=True)
    place = home / path.name
    number = 1
    while os.path.exists(place):
        number += 1
        place = home / f"{path.name}-{number}"
    path.rename(place)
    return place
