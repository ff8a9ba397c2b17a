"""From a recipe's data to the three parts a run needs."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
import torch
from torch import Tensor

from blockstudio.answers import collected, each
from blockstudio.errors import StudioError
from blockstudio.runs.datasets import Facts, describe
from blockstudio.runs.structure import Data
from blockstudio.training.data.folder import Files, check_headers, read_all, scan, shortened
from blockstudio.training.data.images import ImageSet, RawData, fit, statistics
from blockstudio.training.data.sets import Photos, load_set
from blockstudio.training.random import SPLIT, generator

Source: TypeAlias = ImageSet | Files | Photos
"""Images in memory, or readable one by one."""

MEMORY_LIMIT = 1 << 30
"""Bytes up to which ``storage = auto`` keeps decoded images in memory."""
CHECKED_FILES = 20_000
"""Files up to which all headers are looked at before training from disk."""
TEST_SHARE = 0.2
"""Held out for testing where a source has no test part."""
SPLIT_SEED = 0
"""Fixed, so that runs with different seeds are measured on the same images."""
STATISTICS_IMAGES = 1024


@dataclass(frozen=True)
class DataSplits:
    """What a run trains and is measured on. All images have `shape` = (C, H, W) by the time they are in a batch."""

    train: Source
    validation: Source | None
    test: Source | None
    classes: tuple[str, ...]
    shape: tuple[int, int, int]
    mean: list[float]
    std: list[float]
    title: str
    notes: list[str] = field(default_factory=list)

    def fingerprint(self) -> str:
        """Differs if a run is continued on other images: counts, labels, normalisation."""
        digest = hashlib.sha256(repr((self.shape, self.mean, self.std, self.classes)).encode())
        for part in (self.train, self.validation, self.test):
            digest.update(b"-" if part is None else part.labels.numpy().tobytes())
        return digest.hexdigest()[:16]


def load_data(data: Data, shape: tuple[int, int, int]) -> DataSplits:
    """Read what ``data`` names and fit it to ``shape``. Raises `StudioError` ``data.*`` naming file or folder."""
    facts = describe(data)
    where = str(facts.root) if facts.root is not None else facts.title
    try:
        train, validation, test, classes, notes = _read(data, facts)
    except OSError as error:
        raise StudioError("data.read", f"cannot be read: {error.strerror or error}.", where=where) from error
    if len(train) < 2:
        raise StudioError("data.empty", f"has {len(train)} training images.", where=where)
    if test is None:
        kept, held = stratified(train.labels, TEST_SHARE, 1, least=1)
        if len(held):
            train, test = train.subset(kept), train.subset(held)
            notes.append(f"{facts.title} has no test images, so {len(held):,} were held out for testing.")
    if validation is None and data.validation > 0:
        kept, held = stratified(train.labels, data.validation, 0)
        if len(held):
            train, validation = train.subset(kept), train.subset(held)
    fitted = _fitted([train, validation, test], data, shape, where)
    assert fitted[0] is not None
    mean, std = _statistics(fitted[0], data, shape, where)
    return DataSplits(fitted[0], fitted[1], fitted[2], classes, shape, mean, std, facts.title, notes)


Read: TypeAlias = tuple[Source, Source | None, Source | None, tuple[str, ...], list[str]]


def _read(data: Data, facts: Facts) -> Read:
    if facts.root is None or facts.kind in ("idx", "cifar"):
        raw = _read_whole(data, facts)
        return raw.train, raw.validation, raw.test, raw.classes, raw.notes
    if facts.kind == "torchvision":
        train, test, classes = load_set(facts.name, facts.root, data.download)
        return train, None, test, classes, []
    parts = scan(facts.root)
    if parts.test is None and parts.validation is not None:
        note = f"{facts.title} has no test folder: the validation images are those of the test as well."
        return parts.train, parts.validation, parts.validation, parts.classes, [note]
    return parts.train, parts.validation, parts.test, parts.classes, []


def _read_whole(data: Data, facts: Facts) -> RawData:
    from blockstudio.training.data.cifar import load_cifar
    from blockstudio.training.data.digits import load_digits
    from blockstudio.training.data.idx import load_idx
    from blockstudio.training.data.shapes import load_shapes

    if facts.kind == "digits":
        return load_digits()
    if facts.kind == "shapes":
        return load_shapes(data.shapes)
    assert facts.root is not None
    return (
        load_idx(facts.root, facts.classes, facts.name) if facts.kind == "idx" else load_cifar(facts.root, facts.name)
    )


def stratified(labels: Tensor, share: float, purpose: int, least: int = 0) -> tuple[Tensor, Tensor]:
    """Indices kept and held out, by class: the share of each class, at ``least`` so many, never its last image."""
    held: list[Tensor] = []
    for label in np.unique(labels.numpy()).tolist():
        index = torch.nonzero(labels == label).flatten()
        count = min(max(least, round(len(index) * share)), len(index) - 1)
        order = torch.randperm(len(index), generator=generator(SPLIT_SEED, SPLIT, purpose, label))
        held.append(index[order[:count]])
    out = torch.zeros(len(labels), dtype=torch.bool)
    out[torch.cat(held)] = True
    return torch.nonzero(~out).flatten(), torch.nonzero(out).flatten()


def _fitted(parts: Sequence[Source | None], data: Data, shape: tuple[int, int, int], where: str) -> list[Source | None]:
    size = sum(len(part) for part in parts if part is not None) * shape[0] * shape[1] * shape[2]
    storage: Literal["memory", "disk"] = "memory" if data.storage == "memory" else "disk"
    if data.storage == "auto" and size <= MEMORY_LIMIT:
        storage = "memory"
    found: dict[int, Source] = {}
    problems: list[StudioError] = []
    for part in parts:
        if part is None or id(part) in found:
            continue
        try:
            found[id(part)] = _fit_part(part, storage, data, shape, where)
        except StudioError as error:
            problems.append(error)
    if problems:
        different = {str(problem): problem for problem in each(problems)}
        raise collected(shortened(list(different.values())))
    return [None if part is None else found[id(part)] for part in parts]


def _fit_part(part: Source, storage: str, data: Data, shape: tuple[int, int, int], where: str) -> Source:
    if isinstance(part, ImageSet):
        if storage == "disk":
            # Small as they are, large as the network wants them: fitted batch by batch. Whether it can be is seen now.
            fit(part.images[:1], shape, data, where)
            return part
        return ImageSet(fit(part.images, shape, data, where), part.labels, part.boxes)
    if storage == "disk":
        if isinstance(part, Files) and len(part) <= CHECKED_FILES:
            check_headers(part)
        return part
    if isinstance(part, Files):
        singles = read_all(part, shape[0])
    else:
        singles = [part.read(index, shape[0]) for index in range(len(part))]
    images = torch.cat([fit(image.unsqueeze(0), shape, data, where) for image in singles])
    return ImageSet(images, part.labels)


def _statistics(train: Source, data: Data, shape: tuple[int, int, int], where: str) -> tuple[list[float], list[float]]:
    if isinstance(train, ImageSet) and tuple(train.images.shape[1:]) == shape:
        return statistics(train.images)
    # Where fitting all would cost much, a sample spread evenly over the set will do.
    count = min(STATISTICS_IMAGES, len(train))
    places = [index * len(train) // count for index in range(count)]
    if isinstance(train, ImageSet):
        return statistics(fit(train.images[places], shape, data, where))
    sample = [fit(train.read(index, shape[0]).unsqueeze(0), shape, data, where) for index in places]
    return statistics(torch.cat(sample))


def default_workers() -> int:
    """Processes that read from disk where the recipe leaves it open: one core stays for training."""
    return min(8, max(1, (os.cpu_count() or 2) - 1))
