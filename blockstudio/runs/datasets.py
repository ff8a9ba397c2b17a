"""What is known of a data set before an image of it is read: names, classes, channels, size.

Named sets are in `DATASETS`; anything else is a folder, looked at just far enough to tell its kind.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from blockstudio.errors import StudioError
from blockstudio.folders import data_sets
from blockstudio.graph.diagram import suggestion
from blockstudio.runs.idx_files import IdxSet, choose_set, idx_header, numbering
from blockstudio.runs.layouts import count_images, layout
from blockstudio.runs.structure import Data
from blockstudio.text import Text, say

Kind: TypeAlias = Literal["packaged", "shapes", "idx", "cifar", "torchvision", "folder"]

COUNTED = 5_000
"""Images in folders that are counted for the recipe; of more the number does not matter."""
CIFAR_PYTHON = {"cifar10": "cifar-10-batches-py", "cifar100": "cifar-100-python"}
CIFAR_BINARY = {"cifar10": "cifar-10-batches-bin", "cifar100": "cifar-100-binary"}


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A data set with a name."""

    title: str
    kind: Kind
    classes: int
    channels: int
    size: int | None
    """Height and width of its images; ``None`` where they differ."""
    images: int
    """Training images."""
    torchvision: str = ""
    """Name of the torchvision class."""
    reader: str = ""
    """Of a set that comes with the program: module and function of `blockstudio.training.data` that read it."""
    help: str = ""

    @property
    def built_in(self) -> bool:
        """It comes with the program, or is made by it."""
        return self.kind in ("packaged", "shapes")


def _set(title: str, classes: int, channels: int, size: int | None, images: int, name: str, help: str = "") -> Known:
    return Known(
        title=title, kind="torchvision", classes=classes, channels=channels, size=size, images=images,
        torchvision=name, help=help,
    )  # fmt: skip


DATASETS: dict[str, Known] = {
    "digits": Known(
        title="Digits", kind="packaged", classes=10, channels=1, size=8, images=1440, reader="digits:load_digits",
        help="1,797 real handwritten digits, 8×8; comes with the program.",
    ),
    "fashion_sample": Known(
        title="Fashion sample", kind="packaged", classes=10, channels=1, size=28, images=6000,
        reader="fashion_sample:load_fashion_sample",
        help="6,000 photos of clothes, 28×28, a tenth of Fashion-MNIST; comes with the program.",
    ),
    "shapes": Known(
        title="Shapes", kind="shapes", classes=10, channels=3, size=32, images=2000,
        help="Drawn coloured objects on textured ground, as many as you ask for.",
    ),
    "mnist": _set("MNIST", 10, 1, 28, 60_000, "MNIST", "Handwritten digits."),
    "fashion_mnist": _set("Fashion-MNIST", 10, 1, 28, 60_000, "FashionMNIST", "Photos of clothes."),
    "kmnist": _set("KMNIST", 10, 1, 28, 60_000, "KMNIST", "Cursive Japanese characters."),
    "emnist": _set("EMNIST", 47, 1, 28, 112_800, "EMNIST", "Handwritten letters and digits, balanced."),
    "cifar10": _set("CIFAR-10", 10, 3, 32, 50_000, "CIFAR10", "Small colour photos."),
    "cifar100": _set("CIFAR-100", 100, 3, 32, 50_000, "CIFAR100", "Small colour photos, fine classes."),
    "svhn": _set("SVHN", 10, 3, 32, 73_257, "SVHN", "House numbers."),
    "stl10": _set("STL-10", 10, 3, 96, 5_000, "STL10", "Colour photos."),
    "gtsrb": _set("GTSRB", 43, 3, None, 26_640, "GTSRB", "Traffic signs."),
    "dtd": _set("DTD", 47, 3, None, 3_760, "DTD", "Textures."),
    "flowers102": _set("Flowers 102", 102, 3, None, 2_040, "Flowers102", "Flowers."),
    "food101": _set("Food 101", 101, 3, None, 75_750, "Food101", "Dishes."),
    "oxford_pets": _set("Oxford Pets", 37, 3, None, 3_680, "OxfordIIITPet", "Cats and dogs."),
    "imagenette": _set("Imagenette", 10, 3, None, 9_469, "Imagenette", "Ten classes of ImageNet."),
}  # fmt: skip
"""Sets with a name, the built-in ones first."""


class DataInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a recipe's data are, as far as can be said at a glance."""

    kind: Kind
    name: str = ""
    """In `DATASETS`; empty for a folder of one's own."""
    title: str
    root: Path | None
    """Folder it is read from; ``None`` for built-in sets."""
    classes: int
    channels: int
    size: int | None
    images: int | None
    prefix: str = ""
    """What the names of its IDX files begin with."""
    notes: tuple[Text, ...] = ()
    """What is to be said of how it was understood."""


def describe(data: Data) -> DataInfo:
    """What ``data.source`` names. Raises `StudioError` ``data.*`` for an unknown name, a missing or empty folder,
    or a folder that is no data set."""
    if data.source in DATASETS:
        return _describe_named(data, DATASETS[data.source])
    path = Path(data.source).expanduser()
    if path.is_dir():
        return _describe_folder(path)
    if path.parent.is_dir() and (found := choose_set(path.parent, path.name)) is not None:
        return _describe_idx(path.parent, found)
    if path.exists():
        raise StudioError("data.folder", say("is a file; data are a name or a folder."), where=data.source)
    if any(mark in data.source for mark in "/\\.~"):
        raise StudioError("data.folder", say("there is no such folder."), where=data.source)
    raise StudioError(
        "data.unknown",
        say("there is no data set and no folder '{source}'.", source=data.source),
        where="data.source",
        hint=suggestion(data.source, list(DATASETS)),
    )


def _describe_named(data: Data, known: Known) -> DataInfo:
    if known.kind == "shapes":
        shapes = data.shapes
        return DataInfo(
            kind="shapes", name="shapes", title=known.title, root=None, classes=shapes.classes, channels=3,
            size=shapes.size, images=shapes.images,
        )  # fmt: skip
    if known.kind == "packaged":
        return _known_facts(data.source, "packaged", None)
    root = Path(data.folder).expanduser() if data.folder else data_sets()
    kind, place = _local_files(root, data.source, known, searching=not data.folder) or (known.kind, root)
    return _known_facts(data.source, kind, place)


def _known_facts(name: str, kind: Kind, root: Path | None) -> DataInfo:
    known = DATASETS[name]
    return DataInfo(
        kind=kind, name=name, title=known.title, root=root, classes=known.classes, channels=known.channels,
        size=known.size, images=known.images,
    )  # fmt: skip


def _local_files(root: Path, name: str, known: Known, searching: bool) -> tuple[Kind, Path] | None:
    """Files of a named set in a plain form this program reads itself."""
    if name in CIFAR_BINARY:
        folder = _cifar_folder(root, name)
        return None if folder is None else ("cifar", folder)
    if name in ("mnist", "fashion_mnist", "kmnist"):
        places = [root, root / known.torchvision / "raw", root / name]
        if searching:
            places.append(Path("/usr/share/datasets") / name.replace("_", "-"))
        for folder in places:
            if choose_set(folder, "") is not None:
                return "idx", folder
    return None


def cifar_files(folder: Path, name: str) -> tuple[list[Path], Path] | None:
    """Training files and test file of CIFAR in ``folder``, its binary or its Python version, or ``None``."""
    for ending in (".bin", ""):
        if name == "cifar10":
            train = sorted(path for path in folder.glob("data_batch_*") if path.suffix == ending)
            test = folder / f"test_batch{ending}"
        else:
            train, test = [folder / f"train{ending}"], folder / f"test{ending}"
            # Folders of photos have such names as well.
            if not (folder / ("meta" if not ending else f"train{ending}")).is_file():
                continue
        if train and all(path.is_file() for path in (*train, test)):
            return train, test
    return None


def _cifar_folder(root: Path, name: str) -> Path | None:
    places = (root, root / CIFAR_BINARY[name], root / CIFAR_PYTHON[name])
    return next((folder for folder in places if cifar_files(folder, name) is not None), None)


def _describe_idx(root: Path, found: IdxSet) -> DataInfo:
    sizes = idx_header(found.train[0])
    if len(sizes) != 3:
        raise StudioError(
            "data.idx", say("holds {count}-dimensional data, not images.", count=len(sizes)), where=str(found.train[0])
        )
    _, names, notes = numbering(found)
    return DataInfo(
        kind="idx", title=found.prefix or root.name, root=root, classes=len(names), channels=1,
        size=sizes[1] if sizes[1] == sizes[2] else None, images=sizes[0], prefix=found.prefix, notes=notes,
    )  # fmt: skip


def _describe_folder(root: Path) -> DataInfo:
    found_idx = choose_set(root)
    if found_idx is not None:
        return _describe_idx(root, found_idx)
    for name in CIFAR_BINARY:
        folder = _cifar_folder(root, name)
        if folder is not None:
            return _known_facts(name, "cifar", folder)
        if (root / CIFAR_PYTHON[name]).is_dir():
            return _known_facts(name, "torchvision", root)
    found = layout(root)
    classes = len(found.classes)
    if classes == 0:
        raise StudioError(
            "data.folder",
            say("is no data set: it has neither IDX files nor a subfolder for each class."),
            where=str(root),
            hint=say("Put the images of each class in a folder of their own: cats/1.jpg, dogs/1.jpg."),
        )
    return DataInfo(
        kind="folder", title=root.name, root=root, classes=classes, channels=3, size=None,
        images=count_images(found.classes, COUNTED) or None, notes=found.notes,
    )  # fmt: skip
