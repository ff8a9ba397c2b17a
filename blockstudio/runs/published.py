"""Data sets as they are published: by which files each is known, alone or in its archive, and where it lies."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from blockstudio.errors import StudioError
from blockstudio.runs.folder_tree import current
from blockstudio.text import say

FLOWERS17 = 1360
"""Photos of Flowers-17, 80 of each class in the order of their numbers."""


@dataclass(frozen=True)
class Published:
    """One set, in the files of its makers."""

    is_here: Callable[[Path], bool]
    """Whether a folder holds its files."""
    places: tuple[str, ...]
    """Folders under the data folder that its archives, or torchvision, unpack to."""
    archives: tuple[str, ...] = ()
    """Names of the archives with all its images."""
    beside: tuple[str, ...] = ()
    """Files that are published beside the archives and belong to it."""
    address: str = ""
    """Where it is to be had."""
    reader: str = ""
    """Module and function of `blockstudio.training.data` that read it."""


def _photos(folder: Path, digits: int) -> Path | None:
    """Where the photos numbered with so many digits are: ``image_0001.jpg`` in ``folder`` or in its ``jpg``."""
    first = f"image_{1:0{digits}d}.jpg"
    return next((place for place in (folder / "jpg", folder) if (place / first).is_file()), None)


def flowers17_photos(folder: Path) -> Path | None:
    """The folder with the photos of Flowers-17, or ``None``: 1,360 numbered ones, or fewer beside their splits."""
    found = _photos(folder, 4)
    if found is None or any((found / name).is_file() for name in ("datasplits.mat", "files.txt")):
        return found
    if (found.parent / "datasplits.mat").is_file():
        return found
    numbered = sum(re.fullmatch(r"image_\d{4}\.jpg", name) is not None for name in current().entries(found).files)
    return found if numbered == FLOWERS17 else None


def flowers102_photos(folder: Path) -> Path | None:
    """The folder with the photos of Flowers-102, or ``None``."""
    return _photos(folder, 5)


def pets_lists(folder: Path) -> list[Path]:
    """The lists of photos of the Pets that are there: the training part first; all in one where it is missing."""
    place = folder / "annotations"
    if (place / "trainval.txt").is_file():
        return [path for path in (place / "trainval.txt", place / "test.txt") if path.is_file()]
    return [place / "list.txt"] if (place / "list.txt").is_file() else []


def _has(*names: str) -> Callable[[Path], bool]:
    return lambda folder: all((folder / name).exists() for name in names)


PUBLISHED: dict[str, Published] = {
    "flowers17": Published(
        lambda folder: flowers17_photos(folder) is not None, ("17flowers", "flowers17", "flowers-17"),
        ("17flowers.tgz",), ("datasplits.mat",),
        "https://www.robots.ox.ac.uk/~vgg/data/flowers/17/", "flowers:load_flowers17",
    ),
    "flowers102": Published(
        lambda folder: flowers102_photos(folder) is not None, ("flowers-102", "102flowers", "flowers102"),
        ("102flowers.tgz",), ("imagelabels.mat", "setid.mat"),
        "https://www.robots.ox.ac.uk/~vgg/data/flowers/102/", "flowers:load_flowers102",
    ),
    "svhn": Published(
        _has("train_32x32.mat"), ("svhn",), address="http://ufldl.stanford.edu/housenumbers/", reader="arrays:load_svhn"
    ),
    "stl10": Published(
        _has("train_X.bin", "train_y.bin"), ("stl10_binary", "stl10"), ("stl10_binary.tar.gz",),
        address="https://cs.stanford.edu/~acoates/stl10/", reader="arrays:load_stl10",
    ),
    "oxford_pets": Published(
        lambda folder: (folder / "images").is_dir() and pets_lists(folder) != [], ("oxford-iiit-pet", "oxford_pets"),
        ("images.tar.gz", "annotations.tar.gz"),
        address="https://www.robots.ox.ac.uk/~vgg/data/pets/", reader="pets:load_pets",
    ),
}  # fmt: skip
"""Those whose images and labels this program reads from the files as published."""


@dataclass(frozen=True)
class Found:
    """A set in its published form: ``archives`` are yet to be unpacked, and ``folder`` is then where they lie."""

    name: str
    folder: Path
    archives: tuple[Path, ...] = ()


def find_published(folder: Path, name: str = "") -> Found | None:
    """The published set in ``folder``, or in the only folder in it; or the one called ``name``, there or in its usual
    places below."""
    inner = _inner(folder) if not name else []
    for known, each in PUBLISHED.items():
        if name not in ("", known):
            continue
        places = [folder, *inner, *(folder / place for place in each.places if name)]
        for place in places:
            if each.is_here(place):
                return Found(known, place)
        for place in places:
            packed = tuple(place / archive for archive in each.archives)
            if packed and all(path.is_file() for path in packed):
                return Found(known, place, packed)
    return None


def _inner(folder: Path) -> list[Path]:
    try:
        found = [folder / name for name in current().entries(folder).folders if not name.startswith((".", "__"))]
    except OSError:  # Whoever looks for classes in it says so.
        return []
    return found if len(found) == 1 else []


def find_archive(path: Path) -> Found:
    """The published set whose archive ``path`` is. Raises `StudioError` ``data.folder`` for any other file."""
    for name, each in PUBLISHED.items():
        if path.name in each.archives:
            packed = tuple(path.with_name(archive) for archive in each.archives)
            missing = next((other for other in packed if not other.is_file()), None)
            if missing is not None:
                raise StudioError("data.missing", say("is needed beside {name}.", name=path.name), where=str(missing))
            return Found(name, path.parent, packed)
    known = ", ".join(archive for each in PUBLISHED.values() for archive in each.archives)
    raise StudioError(
        "data.folder",
        say("is a file; data are a name or a folder."),
        where=str(path),
        hint=say("Unpack it and name the folder. Archives that are read as they are: {known}.", known=known),
    )
