"""The loops that a user would write: tensors in memory, and a DataLoader with torchvision's transforms."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

import blockstudio as bs
from blockstudio.runs import Run
from blockstudio.runs.adapt import image_shape, input_shape
from blockstudio.training.augment import Normaliser
from blockstudio.training.data import DataSplits, ImageSet, load_data

KINDS = ("PIL", "v2")
"""Images as PIL with the first transforms, as tensors with the second."""


class ByHand:
    """The network and optimiser of a run, and its images, for a loop of one's own."""

    def __init__(self, run: Run, splits: DataSplits | None = None) -> None:
        """``splits``: the images, where they have been read."""
        recipe = run.recipe()
        assert recipe.batch_size is not None
        self.batch = recipe.batch_size
        self.splits = splits or load_data(recipe.data, image_shape(input_shape(run.diagram()), 1))
        assert isinstance(self.splits.train, ImageSet)
        self.pixels, self.labels = self.splits.train.images, self.splits.train.labels
        self.model: nn.Module = bs.compile(run.diagram()).train()
        rule = recipe.optimizer
        self.optimizer = torch.optim.SGD(
            self.model.parameters(), lr=rule.lr or 0.01, momentum=rule.momentum, weight_decay=rule.weight_decay or 0.0
        )

    def learn(self, images: Tensor, labels: Tensor) -> None:
        """One step as everybody writes it."""
        self.optimizer.zero_grad()
        loss = F.cross_entropy(self.model(images), labels)
        loss.backward()
        self.optimizer.step()


class OnTensors(ByHand):
    """Normalised floats in memory, a slice at a time, nothing varied."""

    def __init__(self, run: Run, splits: DataSplits | None = None) -> None:
        super().__init__(run, splits)
        self.images = Normaliser(self.splits.mean, self.splits.std, torch.device("cpu"))(self.pixels)
        self._order = torch.randperm(0)

    def step(self) -> None:
        """The next step, in an order drawn anew for every epoch."""
        if len(self._order) < self.batch:
            self._order = torch.randperm(len(self.images))
        index, self._order = self._order[: self.batch], self._order[self.batch :]
        self.learn(self.images[index], self.labels[index])

    def run(self, seconds: float, clock: Callable[[], float]) -> tuple[int, float]:
        """Steps for about ``seconds``; how many and how long they took."""
        steps, began = 0, clock()
        while clock() - began < seconds:
            self.step()
            steps += 1
        return steps, clock() - began

    def take(self, steps: int, clock: Callable[[], float]) -> float:
        """Seconds of so many steps."""
        began = clock()
        for _ in range(steps):
            self.step()
        return clock() - began


class _Images(Dataset[tuple[Tensor, int]]):
    """One image at a time, padded, cropped, mirrored, normalised by torchvision."""

    def __init__(self, kind: str, pixels: Tensor, labels: Tensor, mean: list[float], std: list[float]) -> None:
        from torchvision.transforms import v2

        size, channels = pixels.shape[-1], pixels.shape[1]
        self._labels = labels.tolist()
        self._images: list[Any]
        if kind == "PIL":
            from PIL import Image
            from torchvision import transforms

            arrays = pixels.permute(0, 2, 3, 1).numpy()
            self._images = [Image.fromarray(array if channels == 3 else array[..., 0]) for array in arrays]
            steps: list[Any] = [
                transforms.RandomCrop(size, padding=4), transforms.RandomHorizontalFlip(), transforms.ToTensor(),
                transforms.Normalize(mean, std),
            ]  # fmt: skip
            self._vary: Callable[[Any], Tensor] = transforms.Compose(steps)
        else:
            self._images = list(pixels)
            self._vary = v2.Compose([
                v2.RandomCrop(size, padding=4), v2.RandomHorizontalFlip(), v2.ToDtype(torch.float32, scale=True),
                v2.Normalize(mean, std),
            ])  # fmt: skip

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self._vary(self._images[index]), self._labels[index]


class _Rounds:
    """A sampler that hands out so many batches' images a round: the loader has nothing ready when a round begins, and
    nothing left when it ends."""

    def __init__(self, images: int) -> None:
        self.round = 0
        self._order = self._endless(images)

    @staticmethod
    def _endless(images: int) -> Iterator[int]:
        while True:
            yield from torch.randperm(images).tolist()

    def __iter__(self) -> Iterator[int]:
        return itertools.islice(self._order, self.round)

    def __len__(self) -> int:
        return self.round


class OnLoader(ByHand):
    """A DataLoader with torchvision's transforms."""

    def __init__(self, run: Run, kind: str, workers: int, splits: DataSplits | None = None) -> None:
        super().__init__(run, splits)
        self.name = f"{kind}, {workers} workers"
        images = _Images(kind, self.pixels, self.labels, self.splits.mean, self.splits.std)
        self._rounds = _Rounds(len(images))
        self._loader = DataLoader(
            images, self.batch, sampler=self._rounds, num_workers=workers, persistent_workers=workers > 0
        )  # type: ignore[arg-type]

    def take(self, steps: int, clock: Callable[[], float]) -> float:
        """Seconds of so many steps; the workers are there already, and idle before and after."""
        self._rounds.round = steps * self.batch
        began = clock()
        for images, labels in self._loader:
            self.learn(images, labels)
        return clock() - began


def best_loader(run: Run, steps: int, clock: Callable[[], float], cores: int) -> OnLoader:
    """The fastest of both kinds of transforms and numbers of workers up to the cores; prints the images a second of
    each."""
    found: dict[str, float] = {}
    best: OnLoader | None = None
    splits: DataSplits | None = None
    for kind, workers in itertools.product(KINDS, sorted({0, 1, 2, min(4, cores), cores})):
        loader = OnLoader(run, kind, workers, splits)
        splits = loader.splits
        loader.take(2, clock)
        found[loader.name] = steps * loader.batch / loader.take(steps, clock)
        print(f"  torchvision, {loader.name}: {found[loader.name]:,.0f} images/s", flush=True)
        if best is None or found[loader.name] == max(found.values()):
            best = loader
    assert best is not None
    return best
