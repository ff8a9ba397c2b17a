"""Batches: which images, in which order, varied how. The order and every variation depend only on the seed, the epoch
and the step, so that a continued run sees what the uninterrupted one would have."""

from __future__ import annotations

import ctypes
import signal
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from blockstudio.errors import StudioError
from blockstudio.runs.recipe import Recipe
from blockstudio.runs.structure import Data
from blockstudio.training.augment import Augmenter, Batch, Normaliser, on_device
from blockstudio.training.data.images import ImageSet, chunks, crop_window, fit
from blockstudio.training.data.load import DataSplits, Source, default_workers
from blockstudio.training.losses import class_weights
from blockstudio.training.random import ORDER, STATISTICS, generator
from blockstudio.training.share import ALL, Share

FLOAT_LIMIT = 1 << 30
"""Bytes up to which images in memory are kept as normalised floats: a batch is then one gather."""
SOME = 1024
"""Images from which exact averages are computed."""
DEVICE_SHARE = 0.25
"""Share of a GPU's free memory that images may take."""


class Feeder:
    """Batches of one run on its device. ``steps_per_epoch`` drops the last partial batch, so that all are alike.
    ``share``: the part of each that this process takes; sizes and numbers are those of whole batches."""

    def __init__(self, splits: DataSplits, recipe: Recipe, device: torch.device, share: Share = ALL) -> None:
        assert recipe.batch_size is not None
        self._share = share
        self._splits = splits
        self._seed = recipe.seed
        self._device = device
        self._recipe = recipe
        self.images = len(splits.train)
        self.batch_size = min(recipe.batch_size, self.images)
        self.processes = share.size
        self.steps_per_epoch = self.images // self.batch_size
        self._augmenter = Augmenter(recipe.augmentation, splits.mean, splits.std, recipe.seed, device)
        self._normaliser = Normaliser(splits.mean, splits.std, device)
        self._readers: dict[int, _Reader] = {}
        self._classes = None if share == ALL else class_weights(recipe, splits.train.labels, len(splits.classes))
        self.skipped: dict[str, StudioError] = {}
        """Images that could not be read, and were left out as the recipe says."""

    def train(self, epoch: int, first: int) -> Iterator[Batch]:
        """The batches of ``epoch`` from number ``first`` on: images ``(N, C, H, W)`` float32, targets ``(N,)``."""
        order = self._order(epoch)
        plan = order[: self.steps_per_epoch * self.batch_size].view(self.steps_per_epoch, self.batch_size)[first:]
        begin, end = self._share.part(self.batch_size)
        reader = self._reader(self._splits.train, training=True)
        for number, (images, labels) in enumerate(reader.batches(plan[:, begin:end]), start=first):
            batch = self._augmenter(images, labels, epoch, number, (begin, self.batch_size))
            yield batch if self._share == ALL else batch._replace(weight=self._weight(plan[number - first], begin, end))

    def _weight(self, rows: Tensor, begin: int, end: int) -> float:
        """What the mean over this process's part of a batch counts in the mean over the processes."""
        if self._classes is None:
            return (end - begin) * self._share.size / len(rows)
        weights = self._classes[self._splits.train.labels[rows]]
        return float(weights[begin:end].sum() / weights.sum()) * self._share.size

    def _order(self, epoch: int) -> Tensor:
        if self._recipe.balance == "sampler":
            return balanced_order(self._splits.train.labels, self._seed, epoch)
        return torch.randperm(self.images, generator=generator(self._seed, ORDER, epoch))

    def evaluate(self, part: Source, whole: bool = False) -> Iterator[tuple[Tensor, Tensor]]:
        """All images of ``part`` in order, as they are, with their labels; unless ``whole``, of several processes each
        takes some."""
        share = ALL if whole else self._share
        reader = self._reader(part, training=False)
        yield from reader.batches(*self._chunks(part, share)[share.rank :: share.size])

    def rounds(self, part: Source, whole: bool = False, most: bool = False) -> int:
        """How many batches of `evaluate` every process has at least, or ``most`` of them."""
        share = ALL if whole else self._share
        count = len(self._chunks(part, share))
        return -(-count // share.size) if most else count // share.size

    def _chunks(self, part: Source, share: Share) -> tuple[Tensor, ...]:
        size = max(self.batch_size, 256) if isinstance(part, ImageSet) else self.batch_size
        return tuple(chunks(torch.arange(len(part)), -(-size // share.size)))

    def some_training(self) -> Iterator[Tensor]:
        """Up to `SOME` training images in batches, varied as in training, the same ones each time."""
        count = min(self.steps_per_epoch, max(2, SOME // self.batch_size))
        order = torch.randperm(self.images, generator=generator(self._seed, STATISTICS))
        reader = self._reader(self._splits.train, training=True)
        plan = order[: count * self.batch_size].view(count, self.batch_size)
        for number, (images, labels) in enumerate(reader.batches(plan)):
            yield self._augmenter(images, labels, -1, number).images

    def close(self) -> None:
        """End the processes that read images."""
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()

    def _reader(self, part: Source, training: bool) -> _Reader:
        if id(part) not in self._readers:
            if isinstance(part, ImageSet):
                self._readers[id(part)] = _MemoryReader(
                    part, self._splits.shape, self._recipe.data, self._normaliser, self._device
                )
            else:
                self._readers[id(part)] = _DiskReader(
                    part, self._splits, self._recipe, self._normaliser, self._device, training, self.skipped,
                    self._share != ALL,
                )  # fmt: skip
        return self._readers[id(part)]


def balanced_order(labels: Tensor, seed: int, epoch: int) -> Tensor:
    """As many indices as there are ``labels``, each class as often as any other up to one, in a random order.

    A small class is gone through several times before an image comes once more than the others of its class; of a
    large one each epoch shows another part.
    """
    classes = np.unique(labels.numpy()).tolist()
    share, rest = divmod(len(labels), len(classes))
    drawn: list[Tensor] = []
    for place, label in enumerate(classes):
        own = torch.nonzero(labels == label).flatten()
        # The classes that have one more change from epoch to epoch.
        count = share + ((place - epoch) % len(classes) < rest)
        draws = generator(seed, ORDER, epoch, 1, label)
        rounds = [own[torch.randperm(len(own), generator=draws)] for _ in range(-(-count // len(own)))]
        drawn.append(torch.cat(rounds)[:count])
    order = torch.cat(drawn)
    return order[torch.randperm(len(order), generator=generator(seed, ORDER, epoch))]


class _Reader:
    def batches(self, *plan: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Normalised images and labels on the device for each row of indices."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of processes, if it has any."""


class _MemoryReader(_Reader):
    def __init__(
        self,
        part: ImageSet,
        shape: tuple[int, int, int],
        data: Data,
        normaliser: Normaliser,
        device: torch.device,
    ) -> None:
        images, labels = part.images, part.labels
        self._device = device
        self._shape, self._data = shape, data
        self._fitted = tuple(images.shape[1:]) == shape
        self._moved = False
        if device.type == "cuda":
            # What is yet to be fitted is resized there as well, a batch at a time.
            free = torch.cuda.mem_get_info(device)[0]
            self._moved = images.nbytes <= DEVICE_SHARE * free
        elif self._fitted and device.type == "mps":
            # Memory is shared with the CPU there.
            self._moved = images.nbytes <= FLOAT_LIMIT
        if self._moved:
            images, labels = images.to(device), labels.to(device)
        self._ready = self._fitted and 4 * images.nbytes <= FLOAT_LIMIT and (self._moved or device.type == "cpu")
        self._normaliser = normaliser
        self._images = normaliser(images) if self._ready else images
        self._labels = labels

    def batches(self, *plan: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        for rows in plan:
            placed = on_device(rows, self._device) if self._moved else rows
            for index in placed if placed.ndim == 2 else (placed,):
                yield self._gather(index)

    def _gather(self, index: Tensor) -> tuple[Tensor, Tensor]:
        images, labels = self._images.index_select(0, index), self._labels.index_select(0, index)
        if not self._fitted:
            images = fit(images, self._shape, self._data, "")
        if not self._moved and self._device.type != "cpu":
            images, labels = on_device(images, self._device), on_device(labels, self._device)
        return (images if self._ready else self._normaliser(images)), labels


def _with_parent(_number: int) -> None:
    """Let the kernel end this process with its trainer, however that dies: one that hangs would else stay for ever."""
    set_death_signal = 1  # PR_SET_PDEATHSIG
    ctypes.CDLL(None).prctl(set_death_signal, signal.SIGKILL)


class _Plan(Sampler[list[int]]):
    """Rows of indices, set anew for every pass; persistent workers ask for them as they go."""

    def __init__(self) -> None:
        self.rows: list[list[int]] = []

    def __iter__(self) -> Iterator[list[int]]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


class _Fitted(Dataset[tuple[Tensor, int]]):
    """One image at a time, read and fitted in a worker. A problem is handed over as a value: it may concern one image
    of the batch alone."""

    def __init__(self, part: Any, splits: DataSplits, recipe: Recipe) -> None:
        self._part = part
        self._shape = splits.shape
        self._data = recipe.data

    def __len__(self) -> int:
        return len(self._part)

    def __getitem__(self, index: int) -> Any:
        at_least = None if self._data.resize == "none" else self._shape[1:]
        try:
            image = self._part.read(index, self._shape[0], at_least)
            if self._data.resize == "none":
                image = fit(image.unsqueeze(0), self._shape, self._data, f"image {index}")[0]
        except StudioError as error:
            return error
        return self._resized(image), int(self._part.labels[index])

    def _resized(self, image: Tensor) -> Tensor:
        from torchvision.transforms.v2 import functional as transforms

        _, height, width = self._shape
        own = image.shape[1], image.shape[2]
        if own == (height, width):
            return image
        size, top, left = (height, width), 0, 0
        if self._data.resize == "crop":
            size, top, left = crop_window(own, (height, width))
        found: Tensor = transforms.resize(image, list(size), antialias=True)
        return found[:, top : top + height, left : left + width]


def _collate(items: list[Any]) -> tuple[Tensor | None, Tensor, list[StudioError]]:
    """Images and labels of what could be read, and why the rest could not. No images where nothing could."""
    problems = [item for item in items if isinstance(item, StudioError)]
    good = [item for item in items if not isinstance(item, StudioError)]
    images = torch.stack([image for image, _ in good]) if good else None
    return images, torch.tensor([label for _, label in good], dtype=torch.int64), problems


class _DiskReader(_Reader):
    def __init__(
        self,
        part: Any,
        splits: DataSplits,
        recipe: Recipe,
        normaliser: Normaliser,
        device: torch.device,
        keep: bool,
        skipped: dict[str, StudioError],
        shared: bool,
    ) -> None:
        self._shared = shared and keep
        self._refuses = recipe.data.damaged == "refuse"
        self._skipped = skipped
        workers = recipe.data.workers if recipe.data.workers is not None else default_workers()
        self._plan = _Plan()
        self._device = device
        self._normaliser = normaliser
        self._loader: DataLoader[Any] = DataLoader(
            _Fitted(part, splits, recipe),
            batch_sampler=self._plan,
            num_workers=workers,
            collate_fn=_collate,
            pin_memory=device.type == "cuda",
            persistent_workers=keep and workers > 0,
            # Its own generator: the loader would else draw from the one that dropout uses.
            generator=torch.Generator(),
            worker_init_fn=_with_parent if sys.platform.startswith("linux") else None,
        )

    def close(self) -> None:
        # The loader ends its workers when it is collected, which an exception that holds its frames puts off.
        iterator = getattr(self._loader, "_iterator", None)
        if iterator is not None:
            iterator._shutdown_workers()

    def batches(self, *plan: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        self._plan.rows = [row.tolist() for rows in plan for row in (rows if rows.ndim == 2 else (rows,))]
        last: tuple[Tensor, Tensor] | None = None
        for images, labels, problems in self._loader:
            for problem in problems:
                if self._refuses or problem.code != "data.image":
                    raise problem
                self._skipped.setdefault(problem.where, problem)
            if images is None:
                if not self._shared:
                    continue
                # The other processes take this step: the last part that could be read stands in for this one.
                if last is None:
                    raise problems[0]
                images, labels = last
            last = images, labels
            yield (
                self._normaliser(images.to(self._device, non_blocking=True)),
                labels.to(self._device, non_blocking=True),
            )
