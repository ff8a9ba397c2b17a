"""Folders looked into for images: each once in a look, with bounds on how much, telling how far it has come, ended when
somebody says so. A disk, a home folder or a shelf in the network is as easily named as a set of images."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import NamedTuple

from blockstudio.errors import StudioError
from blockstudio.text import Text, say

IMAGE_ENDINGS = (
    ".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm",
    ".jfif", ".jpe", ".jif", ".mpo", ".apng", ".dib", ".avif", ".jp2", ".tga", ".ico",
)  # fmt: skip
MOST_BARE = 10_000
"""Folders without an image that are gone into; a set has few, a disk has little else."""
MOST_CLASSES = 100_000
ENDED = "data.ended"
"""Code of the error of a look that somebody has ended."""


class Entries(NamedTuple):
    """What is in a folder, by name: folders, links to such included, and everything else."""

    folders: tuple[str, ...]
    files: tuple[str, ...]
    links: frozenset[str]
    """Those of the folders that are links."""


class Look:
    """One look through a tree. What was seen in it is not looked at twice."""

    def __init__(self, tell: Callable[[Look], None] | None = None) -> None:
        self.folders, self.files = 0, 0
        self.ended = False
        self._tell = tell
        self._top = ""
        self._bare = 0
        self._known: dict[str, Entries] = {}

    def said(self) -> Text:
        """How far it has come."""
        return say("looking through folders: {folders:,}, with {files:,} files", folders=self.folders, files=self.files)

    def end(self) -> None:
        """From any thread: it ends with the next folder."""
        self.ended = True

    def entries(self, folder: Path | str) -> Entries:
        """Raises `OSError`; `StudioError` ``data.ended`` once it was ended, ``data.folder`` where it has seen more
        folders without an image than any set has."""
        place = os.fspath(folder)
        if (known := self._known.get(place)) is not None:
            return known
        if self.ended:
            raise StudioError(ENDED, say("was not looked through to its end: it was stopped."), where=self._top)
        found = _read(place)
        self._top = self._top or _shown(place)
        self.folders += 1
        self.files += len(found.files)
        if self._tell is not None:
            self._tell(self)
        self._bare += not any(name.lower().endswith(IMAGE_ENDINGS) for name in found.files)
        if self._bare > MOST_BARE:
            text = say("holds more than {most:,} folders without an image, too many for a set.", most=MOST_BARE)
            hint = say("Name the folder with a subfolder for each class, not a disk or a home folder.")
            raise StudioError("data.folder", text, where=self._top, hint=hint)
        if len(found.folders) > MOST_CLASSES:
            text = say("holds {count:,} folders, too many to be classes.", count=len(found.folders))
            raise StudioError("data.folder", text, where=_shown(place))
        self._known[place] = found
        return found


_now: ContextVar[Look | None] = ContextVar("look", default=None)


@contextmanager
def looking(look: Look | None = None) -> Iterator[Look]:
    """A look that all that is read within belongs to: the one under way, unless another is given."""
    found = look or current()
    token = _now.set(found)
    try:
        yield found
    finally:
        _now.reset(token)


def current() -> Look:
    """The look under way, or one of its own."""
    return _now.get() or Look()


def files_in(folder: Path, wanted: Callable[[str], bool]) -> Iterator[Path]:
    """The files of a folder by name, those whose names are wanted; each is looked at when it is asked for. Raises
    `OSError`."""
    names = filter(wanted, current().entries(folder).files)
    return (folder / name for name in names if os.path.isfile(folder / name))


def _read(place: str) -> Entries:
    folders: list[str] = []
    files: list[str] = []
    links: list[str] = []
    with os.scandir(place) as found:
        for entry in found:
            try:
                inside = entry.is_dir()
            except OSError:  # a link in a circle, or to where one may not look
                inside = False
            (folders if inside else files).append(entry.name)
            if inside and entry.is_symlink():
                links.append(entry.name)
    return Entries(tuple(sorted(folders)), tuple(sorted(files)), frozenset(links))


def _shown(place: str) -> str:
    return place.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
