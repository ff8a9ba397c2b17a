"""What is known of a data set before an image of it is read: names, classes, channels, size.

Named sets are in `DATASETS`; anything else is a folder, looked at just far enough to tell its kind.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from blockstudio.errors import StudioError, file_errors
from blockstudio.folders import data_sets
from blockstudio.graph.diagram import suggestion
from blockstudio.runs.array_sets import facts_of, unread
from blockstudio.runs.idx_files import IdxSet, check_counts, choose_set, idx_header, numbering
from blockstudio.runs.image_folders import is_text, printable
from blockstudio.runs.layouts import layout
from blockstudio.runs.published import PUBLISHED, Found, find_archive, find_published
from blockstudio.runs.structure import Data
from blockstudio.text import Text, say

Kind: TypeAlias = Literal["packaged", "shapes", "idx", "cifar", "published", "torchvision", "arrays", "folder"]

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


def describe(data: Data) -> DataInfo:
    """What ``data.source`` names. Raises `StudioError` ``data.*`` for an unknown name, a missing or empty folder,
    or a folder that is no data set."""
    if data.source in DATASETS:
        return _describe_named(data, DATASETS[data.source])
    if not is_text(data.source):
        text = say("has a name that is no text in UTF-8.")
        raise StudioError("data.name", text, where=printable(data.source), hint=say("Rename the folder."))
    path = Path(data.source).expanduser()
    with file_errors():
        if path.is_dir():
            return _describe_folder(path)
        if path.parent.is_dir() and (found := choose_set(path.parent, path.name)) is not None:
            return _describe_idx(path.parent, found)
        if path.exists():
            return _describe_file(path)
    if any(mark in data.source for mark in "/\\.~"):
        raise StudioError("data.folder", say("there is no such folder."), where=data.source)
    raise StudioError(
        "data.unknown",
        say("there is no data set and no folder '{source}'.", source=data.source),
        where="data.source",
        hint=suggestion(data.source, list(DATASETS)),
    )


def held_count(images: int, share: float, least: int = 0) -> int:
    """How many of a class's images are held out: the share, at least so many, never the last one."""
    return min(max(least, round(images * share)), images - 1)


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
    published = find_published(root, data.source) if data.source in PUBLISHED else None
    if published is not None:
        return _published_facts(published)
    local = _local_files(root, data.source, known, searching=not data.folder)
    if local is not None:
        return _known_facts(data.source, *local)
    here = any((root / place).exists() for place in known.places)
    return msgspec.structs.replace(_known_facts(data.source, known.kind, root), absent=not here)


def check_present(data: Data, facts: DataInfo) -> None:
    """Raises `StudioError` ``data.absent`` where the files of a named set are not there and the recipe does not ask
    for them."""
    known = DATASETS.get(facts.name)
    if known is None or not facts.absent or (data.download and known.torchvision):
        return
    if known.megabytes:
        size = megabytes_text(known.megabytes)
        hint = say("Download it ({size}) with data.download = true, or name its folder with data.folder.", size=size)
    elif known.torchvision:
        hint = say("Download it with data.download = true, or name the folder it is in with data.folder.")
    else:
        hint = say("It is published at {address}. Name the folder it is in.", address=PUBLISHED[facts.name].address)
    text = say("{title} is not here.", title=known.title)
    raise StudioError("data.absent", text, where=str(facts.root), hint=hint)


def is_absent(name: str, folder: str = "") -> bool:
    """Whether the files of the set called ``name`` are not in ``folder`` (empty: the data folder). A set that is there
    and cannot be read is not absent."""
    try:
        return describe(Data(source=name, folder=folder)).absent
    except StudioError:
        return False


def megabytes_text(size: int) -> str:
    """``345 MB``, ``2.6 GB``."""
    return f"{size / 1000:.1f} GB" if size >= 1000 else f"{size} MB"


def _published_facts(found: Found) -> DataInfo:
    facts = _known_facts(found.name, "published", found.folder)
    return msgspec.structs.replace(facts, archives=found.archives)


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
        packed = next((folder / f"{name}.npz" for folder in places if (folder / f"{name}.npz").is_file()), None)
        return None if packed is None else ("arrays", packed)
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
    check_counts(found)
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
    published = find_published(root)
    if published is not None:
        return _published_facts(published)
    found = layout(root)
    classes = len(found.classes)
    if classes == 0:
        arrays = _array_facts(root)
        if arrays is not None:
            return arrays
        if (problem := unread(root)) is not None:
            raise problem
        raise StudioError(
            "data.folder",
            say("is no data set: it has neither IDX files nor a subfolder for each class, nor a table of classes."),
            where=str(found.train),
            hint=say(
                "Put the images of each class in a folder of their own: cats/1.jpg, dogs/1.jpg; or put a table beside "
                "them, labels.csv, with the columns {columns}.",
                columns="image, label",
            ),
        )
    return DataInfo(
        kind="folder", title=root.name, root=root, classes=classes, channels=3, size=None,
        images=found.count(COUNTED) or None, notes=found.notes,
    )  # fmt: skip


def _describe_file(path: Path) -> DataInfo:
    arrays = _array_facts(path)
    if arrays is not None:
        return arrays
    if (problem := unread(path)) is not None:
        raise problem
    return _published_facts(find_archive(path))


def _array_facts(path: Path) -> DataInfo | None:
    """The facts of a set of arrays or tables of pixels, if one is there."""
    found = facts_of(path)
    if found is None:
        return None
    return DataInfo(
        kind="arrays", title=path.stem if path.is_file() else path.name, root=path, classes=len(found.classes),
        channels=found.channels, size=found.height if found.height == found.width else None,
        images=len(found.labels["train"]), notes=found.notes,
    )  # fmt: skip
