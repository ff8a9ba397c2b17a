"""From a recipe's data to the three parts a run needs."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from torch import Tensor

from blockstudio.answers import collected, each
from blockstudio.errors import StudioError
from blockstudio.runs.datasets import check_present, describe, held_count
from blockstudio.runs.known_sets import DATASETS, DataInfo
from blockstudio.runs.published import PUBLISHED, find_published
from blockstudio.runs.structure import Data
from blockstudio.text import say, say_many
from blockstudio.training.data.archives import unpack
from blockstudio.training.data.decode import Survey, background_problem, survey
from blockstudio.training.data.folder import Files, FolderParts, empty, scan, shortened
from blockstudio.training.data.images import ImageSet, RawData, fit, statistics
from blockstudio.training.data.sets import Photos, fetch_set, load_set
from blockstudio.training.random import SPLIT, generator

Source: TypeAlias = ImageSet | Files | Photos
"""Images in memory, or readable one by one."""

MEMORY_LIMIT = 1 << 30
"""Bytes up to which ``storage = auto`` keeps decoded images in memory."""
CHECKED_FILES = 20_000
"""Files up to which all headers are looked at before training from disk."""
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
    range: tuple[float, float] | None = None
    """Pixel values shown as black and white, where the images have more than 8 bits a pixel."""

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
        train, validation, test, classes, notes = read_parts(data, facts)
        (train, validation, test), found = _surveyed((train, validation, test), data)
        notes += [*found.notes, *skipped_notes(list(found.damaged.values()))]
    except OSError as error:
        raise StudioError(
            "data.read", say("cannot be read: {value}.", value=error.strerror or error), where=where
        ) from error
    if len(train) < 2:
        raise StudioError("data.empty", say("has {train} training images.", train=len(train)), where=where)
    tested = test is not None
    train, validation, test = cut((train, validation, test), data)
    if not tested and test is not None:
        notes.append(
            say_many(
                "{title} has no test images, so {count} was held out for testing.",
                "{title} has no test images, so {count:,} were held out for testing.",
                len(test), title=facts.title,
            )
        )  # fmt: skip
    fitted = _fitted([train, validation, test], data, shape, where, notes)
    assert fitted[0] is not None
    mean, std = measured(fitted[0], data, shape, where)
    mean, std = given_channels(data.mean, mean, "data.mean"), given_channels(data.std, std, "data.std")
    span = found.range if found.deep else None
    return DataSplits(fitted[0], fitted[1], fitted[2], classes, shape, mean, std, facts.title, notes, span)


Read: TypeAlias = tuple[Source, Source | None, Source | None, tuple[str, ...], list[str]]


def read_parts(data: Data, facts: DataInfo) -> Read:
    """The parts that a set has, its classes, and notes."""
    if facts.root is None or facts.kind in ("idx", "cifar", "arrays"):
        raw = _read_whole(data, facts)
        return raw.train, raw.validation, raw.test, raw.classes, raw.notes
    facts = _fetched(data, facts)
    if facts.kind == "published":
        found = _published(facts)
        return found.train, found.validation, found.test, found.classes, list(found.notes)
    assert facts.root is not None
    if facts.kind == "torchvision":
        train, test, classes = load_set(facts.name, facts.root, data.download)
        return train, None, test, classes, []
    parts = scan(facts.root)
    if parts.test is None and parts.validation is not None:
        note = say(
            "{title} has no test folder: the validation images are those of the test as well.", title=facts.title
        )
        return parts.train, parts.validation, parts.validation, parts.classes, [*parts.notes, note]
    return parts.train, parts.validation, parts.test, parts.classes, parts.notes


def _fetched(data: Data, facts: DataInfo) -> DataInfo:
    """What is there once a published set has been downloaded, if the recipe asks for that. It is read here."""
    if facts.absent and data.download and facts.name in PUBLISHED and DATASETS[facts.name].torchvision:
        assert facts.root is not None
        fetch_set(facts.name, facts.root)
        return describe(data)
    if facts.absent:
        check_present(data, facts)
    return facts


def _published(facts: DataInfo) -> RawData | FolderParts:
    """A set in its published form, unpacked if it is in its archive."""
    assert facts.root is not None
    module, _, function = PUBLISHED[facts.name].reader.partition(":")
    read = getattr(import_module(f"blockstudio.training.data.{module}"), function)
    folder = facts.root
    if facts.archives:
        unpacked = find_published(unpack(facts.archives), facts.name)
        if unpacked is None:
            raise StudioError(
                "data.archive", say("does not hold {title}.", title=facts.title), where=str(facts.archives[0])
            )
        folder = unpacked.folder
    found: RawData | FolderParts = read(folder, [facts.root])
    if facts.archives:
        found.notes.append(say("{name} was unpacked into {folder}.", name=facts.archives[0].name, folder=folder))
    return found


Parts: TypeAlias = tuple[Source, Source | None, Source | None]


def _surveyed(parts: Parts, data: Data) -> tuple[Parts, Survey]:
    """The parts as they are to be read: one scale for all of them, without the files that can be told to be damaged.

    Raises `StudioError` ``data.image`` for those, unless the recipe skips them, ``data.background``.
    """
    wrong = background_problem(data.background)
    if wrong:
        raise StudioError("data.background", wrong, where="data.background")
    files = dict.fromkeys(path for part in parts if isinstance(part, Files) for path in part.paths)
    gone = empty(files)
    paths = [path for path in files if path not in gone]
    if len(paths) > CHECKED_FILES:
        paths = [paths[index * len(paths) // CHECKED_FILES] for index in range(CHECKED_FILES)]
    found = survey(paths, data.black, data.white, data.background)
    found = replace(found, damaged=gone | found.damaged)
    if found.damaged and data.damaged == "refuse":
        raise collected(shortened(list(found.damaged.values())))
    ready: dict[int, Any] = {id(None): None}
    for part in parts:
        if isinstance(part, Photos):
            part.background = data.background
        # The same images may serve as two parts, and stay the same.
        ready.setdefault(
            id(part),
            replace(part.without(found.damaged), background=data.background, range=found.range)
            if isinstance(part, Files)
            else part,
        )
    return (ready[id(parts[0])], ready[id(parts[1])], ready[id(parts[2])]), found


def skipped_notes(problems: list[StudioError]) -> list[str]:
    """What is said of images that are left out."""
    if not problems:
        return []
    first = say("{where}: {message}", where=problems[0].where, message=problems[0].message)
    return [
        say_many(
            "{count} damaged image is left out: {first}", "{count:,} damaged images are left out, the first: {first}",
            len(problems), first=first,
        )
    ]  # fmt: skip


def _read_whole(data: Data, facts: DataInfo) -> RawData:
    from blockstudio.training.data.array_sets import load_arrays
    from blockstudio.training.data.cifar import load_cifar
    from blockstudio.training.data.idx import load_idx
    from blockstudio.training.data.shapes import load_shapes

    if facts.kind == "packaged":
        module, _, function = DATASETS[facts.name].reader.partition(":")
        read: RawData = getattr(import_module(f"blockstudio.training.data.{module}"), function)()
        return read
    if facts.kind == "shapes":
        return load_shapes(data.shapes)
    assert facts.root is not None
    if facts.kind == "arrays":
        return load_arrays(facts.root, data.black, data.white)
    return load_idx(facts.root, facts.prefix, facts.name) if facts.kind == "idx" else load_cifar(facts.root, facts.name)


def cut(parts: Parts, data: Data) -> Parts:
    """The parts of a run: what the set has no part for is held out of the training images."""
    train, validation, test = parts
    if test is None:
        kept, held = stratified(train.labels, data.test, 1, data.split, least=1)
        if len(held):
            train, test = train.subset(kept), train.subset(held)
    if validation is None and data.validation > 0:
        kept, held = stratified(train.labels, data.validation, 0, data.split)
        if len(held):
            train, validation = train.subset(kept), train.subset(held)
    return train, validation, test


def stratified(labels: Tensor, share: float, purpose: int, split: int, least: int = 0) -> tuple[Tensor, Tensor]:
    """Indices kept and held out, by class: `held_count` of each. The number ``split`` says which, and not the seed of
    a run, so that runs with different seeds are measured on the same images."""
    held: list[Tensor] = []
    for label in np.unique(labels.numpy()).tolist():
        index = torch.nonzero(labels == label).flatten()
        order = torch.randperm(len(index), generator=generator(split, SPLIT, purpose, label))
        held.append(index[order[: held_count(len(index), share, least)]])
    out = torch.zeros(len(labels), dtype=torch.bool)
    out[torch.cat(held)] = True
    return torch.nonzero(~out).flatten(), torch.nonzero(out).flatten()


def _fitted(
    parts: Sequence[Source | None], data: Data, shape: tuple[int, int, int], where: str, notes: list[str]
) -> list[Source | None]:
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
            found[id(part)] = _fit_part(part, storage, data, shape, where, notes)
        except StudioError as error:
            problems.append(error)
    if problems:
        different = {str(problem): problem for problem in each(problems)}
        raise collected(shortened(list(different.values())))
    return [None if part is None else found[id(part)] for part in parts]


def _fit_part(
    part: Source, storage: str, data: Data, shape: tuple[int, int, int], where: str, notes: list[str]
) -> Source:
    if isinstance(part, ImageSet):
        if storage == "disk":
            # Small as they are, large as the network wants them: fitted batch by batch. Whether it can be is seen now.
            fit(part.images[:1], shape, data, where)
            return part
        return ImageSet(fit(part.images, shape, data, where), part.labels, part.boxes)
    if storage == "disk":
        return part
    return _decoded(part, data, shape, where, notes)


def _decoded(part: Files | Photos, data: Data, shape: tuple[int, int, int], where: str, notes: list[str]) -> ImageSet:
    """Every image, fitted as soon as it is decoded: however many there are, no more photos are held than threads."""

    def attempt(index: int) -> Tensor | StudioError:
        try:
            return read_fitted(part, index, shape, data, where)
        except StudioError as error:
            return error

    workers = min(8, os.cpu_count() or 1) if isinstance(part, Files) else 1
    with ThreadPoolExecutor(workers) as pool:
        found = list(pool.map(attempt, range(len(part))))
    problems = [item for item in found if isinstance(item, StudioError)]
    damaged = [problem for problem in problems if problem.code == "data.image"]
    if problems and (data.damaged == "refuse" or len(damaged) < len(problems) or len(damaged) == len(found)):
        raise collected(problems)
    notes += skipped_notes(damaged)
    kept = torch.tensor([index for index, item in enumerate(found) if isinstance(item, Tensor)], dtype=torch.int64)
    return ImageSet(torch.cat([item for item in found if isinstance(item, Tensor)]), part.labels[kept])


def read_fitted(part: Files | Photos, index: int, shape: tuple[int, int, int], data: Data, where: str) -> Tensor:
    """uint8 ``(1, C, H, W)`` of ``shape``. Raises `StudioError` ``data.image``, ``data.size``, ``data.channels``."""
    at_least = None if data.resize == "none" else (shape[1], shape[2])
    return fit(part.read(index, shape[0], at_least).unsqueeze(0), shape, data, where)


def measured(train: Source, data: Data, shape: tuple[int, int, int], where: str) -> tuple[list[float], list[float]]:
    """Mean and deviation of each channel. Raises `StudioError` ``data.constant`` if all images are one even colour."""
    # Where fitting all would cost much, a sample spread evenly over the set will do.
    count = min(STATISTICS_IMAGES, len(train))
    places = [index * len(train) // count for index in range(count)]
    if isinstance(train, ImageSet):
        is_fitted = tuple(train.images.shape[1:]) == shape
        images = train.images if is_fitted else fit(train.images[places], shape, data, where)
    else:
        sample: list[Tensor] = []
        for index in places:
            try:
                sample.append(read_fitted(train, index, shape, data, where))
            except StudioError as error:
                if data.damaged == "refuse" or error.code != "data.image":
                    raise
        if not sample:
            raise StudioError("data.image", say("has no image that can be read."), where=where)
        images = torch.cat(sample)
    if int(images.min()) == int(images.max()):
        raise StudioError(
            "data.constant",
            say("all its training images are one even colour: every pixel is {value} of 255.", value=int(images.min())),
            where=where,
            hint=say("Look at the files; for images with more than 8 bits a pixel set data.black and data.white."),
        )
    return statistics(images)


def given_channels(given: Sequence[float], measured: list[float], where: str) -> list[float]:
    """What the recipe gives, one number for every channel or one for each; where it gives nothing, what was measured.

    Raises `StudioError` ``data.normalisation`` for another count.
    """
    if not given:
        return measured
    if len(given) not in (1, len(measured)):
        raise StudioError(
            "data.normalisation",
            say("has {found} numbers; the network takes {count} channels.", found=len(given), count=len(measured)),
            where=where,
            hint=say("Give one number, or one for each channel."),
        )
    return [float(given[index % len(given)]) for index in range(len(measured))]


def default_workers() -> int:
    """Processes that read from disk where the recipe leaves it open: one core stays for training."""
    return min(8, max(1, (os.cpu_count() or 2) - 1))
