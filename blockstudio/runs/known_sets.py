"""Data sets with a name, and what is known of any set before an image of it is read."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from blockstudio.text import Text

COUNTED = 5_000
"""Images in folders that are counted for the recipe; of more the number does not matter."""
Kind: TypeAlias = Literal["packaged", "shapes", "idx", "cifar", "published", "torchvision", "arrays", "folder"]


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
    megabytes: int = 0
    """To be downloaded; 0 where it is not known."""
    places: tuple[str, ...] = ()
    """Folders under the data folder that torchvision unpacks to; where it takes the class's own name, none."""
    reader: str = ""
    """Of a set that comes with the program: module and function of `blockstudio.training.data` that read it."""
    help: str = ""

    @property
    def built_in(self) -> bool:
        """It comes with the program, or is made by it."""
        return self.kind in ("packaged", "shapes")


def _set(
    title: str, classes: int, channels: int, size: int | None, images: int, name: str, help: str = "",
    megabytes: int = 0, place: str = "",
) -> Known:  # fmt: skip
    return Known(
        title=title, kind="torchvision", classes=classes, channels=channels, size=size, images=images,
        torchvision=name, help=help, megabytes=megabytes, places=(place or name,),
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
    "corners": Known(
        title="Corners", kind="packaged", classes=2, channels=1, size=12, images=2000, reader="corners:load_corners",
        help="Two classes that no linear filter tells apart: an exclusive or of two corners of a 3×3 window; drawn.",
    ),
    "mnist": _set("MNIST", 10, 1, 28, 60_000, "MNIST", "Handwritten digits.", 12),
    "fashion_mnist": _set("Fashion-MNIST", 10, 1, 28, 60_000, "FashionMNIST", "Photos of clothes.", 31),
    "kmnist": _set("KMNIST", 10, 1, 28, 60_000, "KMNIST", "Cursive Japanese characters.", 21),
    "emnist": _set("EMNIST", 47, 1, 28, 112_800, "EMNIST", "Handwritten letters and digits, balanced.", 562),
    "cifar10": _set("CIFAR-10", 10, 3, 32, 50_000, "CIFAR10", "Small colour photos.", 170, "cifar-10-batches-py"),
    "cifar100": _set(
        "CIFAR-100", 100, 3, 32, 50_000, "CIFAR100", "Small colour photos, fine classes.", 169, "cifar-100-python"
    ),
    "svhn": _set("SVHN", 10, 3, 32, 73_257, "SVHN", "House numbers.", 246, "train_32x32.mat"),
    "stl10": _set("STL-10", 10, 3, 96, 5_000, "STL10", "Colour photos.", 2640, "stl10_binary"),
    "gtsrb": _set("GTSRB", 43, 3, None, 26_640, "GTSRB", "Traffic signs.", 277, "gtsrb"),
    "dtd": _set("DTD", 47, 3, None, 1_880, "DTD", "Textures.", 625, "dtd"),
    "flowers17": Known(
        title="Flowers 17", kind="published", classes=17, channels=3, size=None, images=680,
        help="Flowers, 80 photos of each kind.",
    ),
    "flowers102": _set("Flowers 102", 102, 3, None, 1_020, "Flowers102", "Flowers.", 345, "flowers-102"),
    "food101": _set("Food 101", 101, 3, None, 75_750, "Food101", "Dishes.", 4996, "food-101"),
    "oxford_pets": _set(
        "Oxford Pets", 37, 3, None, 3_680, "OxfordIIITPet", "Cats and dogs.", 811, "oxford-iiit-pet"
    ),
    "imagenette": _set("Imagenette", 10, 3, None, 9_469, "Imagenette", "Ten classes of ImageNet.", 1557, "imagenette2"),
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
    archives: tuple[Path, ...] = ()
    """Of a published set: what is yet to be unpacked."""
    absent: bool = False
    """It is a named set whose files are not in ``root``."""


def known_facts(name: str, kind: Kind, root: Path | None) -> DataInfo:
    """What its entry in `DATASETS` says."""
    known = DATASETS[name]
    return DataInfo(
        kind=kind, name=name, title=known.title, root=root, classes=known.classes, channels=known.channels,
        size=known.size, images=known.images,
    )  # fmt: skip


def megabytes_text(size: int) -> str:
    """``345 MB``, ``2.6 GB``."""
    return f"{size / 1000:.1f} GB" if size >= 1000 else f"{size} MB"
