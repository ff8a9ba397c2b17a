"""The data sets of torchvision, from a folder or, when the recipe asks for it, downloaded."""

from __future__ import annotations

import contextlib
import errno
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from blockstudio.errors import StudioError
from blockstudio.graph.files import folder_for, refused
from blockstudio.runs.known_sets import DATASETS
from blockstudio.text import say
from blockstudio.training.data.decode import UNREADABLE, Decoder, pixels_of, unreadable
from blockstudio.training.data.images import ImageSet

PARTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "EMNIST": ({"split": "balanced", "train": True}, {"split": "balanced", "train": False}),
    "SVHN": ({"split": "train"}, {"split": "test"}),
    "STL10": ({"split": "train"}, {"split": "test"}),
    "GTSRB": ({"split": "train"}, {"split": "test"}),
    "DTD": ({"split": "train"}, {"split": "test"}),
    "Flowers102": ({"split": "train"}, {"split": "test"}),
    "Food101": ({"split": "train"}, {"split": "test"}),
    "OxfordIIITPet": ({"split": "trainval"}, {"split": "test"}),
    "Imagenette": ({"split": "train"}, {"split": "val"}),
}
"""How torchvision calls the training and the test part; ``train=True`` and ``False`` where nothing is said."""


class Photos:
    """A torchvision set whose images lie in files: read one by one."""

    def __init__(self, dataset: Any, labels: Tensor, index: Tensor | None = None, background: str = "white") -> None:
        self.dataset = dataset
        self.background = background
        self.index = torch.arange(len(dataset)) if index is None else index
        self.labels = labels

    def __len__(self) -> int:
        return len(self.labels)

    def subset(self, index: Tensor) -> Photos:
        return Photos(self.dataset, self.labels[index], self.index[index], self.background)

    def read(self, index: int, channels: int, at_least: tuple[int, int] | None = None) -> Tensor:
        """uint8 ``(C, H, W)`` in the image's own size. Raises `StudioError` ``data.image``."""
        place = int(self.index[index])
        where = f"image {place}"
        try:
            image = self.dataset[place][0]
        except UNREADABLE as error:
            raise unreadable(where, error) from error
        return pixels_of(image, Decoder(channels, self.background), where)


def load_set(name: str, root: Path, download: bool) -> tuple[ImageSet | Photos, ImageSet | Photos, tuple[str, ...]]:
    """Training part, test part and class names of a torchvision set.

    Raises `StudioError` ``data.absent`` if it is not there and a download was not asked for, ``data.download`` if
    fetching it failed, ``data.requires`` if it needs a library that is not installed,
    ``file.write`` where the disk refuses it.
    """
    known = DATASETS[name]
    parts = PARTS.get(known.torchvision, ({"train": True}, {"train": False}))
    train, test = (_open(name, root, kwargs, download) for kwargs in parts)
    classes = _classes(train, known.classes)
    return _held(name, train), _held(name, test), classes


def fetch_set(name: str, root: Path) -> None:
    """Download what is not there yet and unpack it; how it is read does not matter. Raises `StudioError`
    ``data.download``."""
    for kwargs in PARTS.get(DATASETS[name].torchvision, ({"train": True}, {"train": False})):
        try:
            _open(name, root, kwargs, download=True)
        except StudioError as error:
            if error.code != "data.requires":  # Files are there by now; a library that would read them need not be.
                raise


def _open(name: str, root: Path, kwargs: dict[str, Any], download: bool) -> Any:
    from torchvision import datasets

    known = DATASETS[name]
    try:
        # Imagenette refuses to be asked for a download it has already.
        have_it = name == "imagenette" and any(root.glob("imagenette*"))
        with _fetching(root) if download else contextlib.nullcontext():
            return getattr(datasets, known.torchvision)(root, download=download and not have_it, **kwargs)
    except (ImportError, ModuleNotFoundError) as error:
        raise StudioError(
            "data.requires",
            say("{title} needs a library: {error}.", title=known.title, error=error),
            where="data.source",
        ) from error
    except (OSError, RuntimeError, urllib.error.URLError) as error:
        if download:
            raise StudioError(
                "data.download",
                say(
                    "{title} could not be downloaded: {splitlines}",
                    title=known.title,
                    splitlines=str(error).splitlines()[0],
                ),
                where=str(root),
                hint=say("Check the connection, or put its files there by hand."),
            ) from error
        raise StudioError(
            "data.absent",
            say("{title} is not here, or not whole.", title=known.title),
            where=str(root),
            hint=say("Name the folder it is in with data.folder, or ask for it with data.download = true."),
        ) from error


@contextlib.contextmanager
def _fetching(root: Path) -> Iterator[None]:
    """A folder that takes what is fetched; a disk that is full keeps nothing of it. Raises `StudioError`
    ``file.write``."""
    before = set(root.rglob("*"))
    try:
        with folder_for(root):
            yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        for path in sorted(root.rglob("*"), reverse=True):  # What lies in a folder comes before it.
            with contextlib.suppress(OSError):
                if path not in before:
                    path.rmdir() if path.is_dir() else path.unlink()
        raise refused(error, 0, root) from error


def _held(name: str, dataset: Any) -> ImageSet | Photos:
    labels = _labels(dataset)
    pixels = getattr(dataset, "data", None)
    if pixels is None:
        return Photos(dataset, labels)
    images = torch.as_tensor(pixels)
    if images.ndim == 3:
        images = images.unsqueeze(1)
    elif images.shape[-1] == 3:
        images = images.permute(0, 3, 1, 2)
    if name == "emnist":
        # Its files hold the letters lying on their side.
        images = images.transpose(2, 3)
    return ImageSet(images.contiguous(), labels)


def _labels(dataset: Any) -> Tensor:
    for attribute in ("targets", "labels", "_labels"):
        found = getattr(dataset, attribute, None)
        if found is not None:
            return torch.as_tensor(np.asarray(found)).long()
    samples = getattr(dataset, "_samples", None)
    if samples is not None:
        return torch.tensor([label for _, label in samples], dtype=torch.int64)
    return torch.tensor([int(dataset[i][1]) for i in range(len(dataset))], dtype=torch.int64)


def _classes(dataset: Any, count: int) -> tuple[str, ...]:
    names = getattr(dataset, "classes", None)
    if names is None or len(names) != count:
        return tuple(str(label) for label in range(count))
    return tuple(", ".join(name) if isinstance(name, tuple) else str(name) for name in names)
