"""Data sets that lie somewhere: named ones in the data folder, folders and files of one's own, looked at just far
enough to tell their kind."""

from __future__ import annotations

from pathlib import Path

import msgspec

from blockstudio.errors import StudioError, file_errors
from blockstudio.folders import data_sets
from blockstudio.graph.diagram import suggestion
from blockstudio.runs.array_sets import facts_of, unread
from blockstudio.runs.folder_tree import looking
from blockstudio.runs.idx_files import IdxSet, check_counts, choose_set, idx_header, numbering
from blockstudio.runs.image_folders import is_text, printable
from blockstudio.runs.known_sets import COUNTED, DATASETS, DataInfo, Kind, Known, known_facts
from blockstudio.runs.layouts import layout
from blockstudio.runs.published import PUBLISHED, Found, find_archive, find_published
from blockstudio.runs.structure import Data
from blockstudio.text import say

CIFAR_PYTHON = {"cifar10": "cifar-10-batches-py", "cifar100": "cifar-100-python"}
CIFAR_BINARY = {"cifar10": "cifar-10-batches-bin", "cifar100": "cifar-100-binary"}


def describe_path(data: Data) -> DataInfo:
    """What lies where ``data.source`` points to. Raises `StudioError` ``data.*``."""
    if not is_text(data.source):
        text = say("has a name that is no text in UTF-8.")
        raise StudioError("data.name", text, where=printable(data.source), hint=say("Rename the folder."))
    path = Path(data.source).expanduser()
    with file_errors(), looking():
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


def describe_named(data: Data, known: Known) -> DataInfo:
    """Where the files of a named set are, if they are anywhere."""
    root = Path(data.folder).expanduser() if data.folder else data_sets()
    published = find_published(root, data.source) if data.source in PUBLISHED else None
    if published is not None:
        return _published_facts(published)
    local = _local_files(root, data.source, known, searching=not data.folder)
    if local is not None:
        return known_facts(data.source, *local)
    here = any((root / place).exists() for place in known.places)
    return msgspec.structs.replace(known_facts(data.source, known.kind, root), absent=not here)


def _published_facts(found: Found) -> DataInfo:
    facts = known_facts(found.name, "published", found.folder)
    return msgspec.structs.replace(facts, archives=found.archives)


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
            return known_facts(name, "cifar", folder)
        if (root / CIFAR_PYTHON[name]).is_dir():
            return known_facts(name, "torchvision", root)
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
