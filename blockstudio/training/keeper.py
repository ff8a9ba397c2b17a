"""What a network says of each image, gathered while it is measured and kept in the run."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from blockstudio.errors import StudioError
from blockstudio.runs.events import EventWriter
from blockstudio.runs.predictions import (
    BINS,
    PICTURES,
    ROWS,
    SIDE,
    TOP,
    Facts,
    Part,
    Predictions,
    Which,
    write_predictions,
)  # fmt: skip
from blockstudio.runs.run import Run
from blockstudio.text import say
from blockstudio.training.data.load import DataSplits


class _Pictures:
    """Pictures with the places of their images and how sure the network was."""

    def __init__(self) -> None:
        self.index = np.zeros(0, np.int64)
        self.sure = np.zeros(0, np.float32)
        self.pixels = np.zeros((0, 1, 1, 1), np.uint8)
        self._waiting: list[tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.uint8]]] = []

    def add(self, index: NDArray[np.int64], sure: NDArray[np.float32], pixels: NDArray[np.uint8]) -> None:
        self._waiting.append((index, sure, pixels))

    def cut(self, most: int) -> None:
        """Keep the surest once there are twice as many as wanted."""
        if len(self.index) + sum(len(each) for each, _, _ in self._waiting) > 2 * most:
            self.gather(most)

    def gather(self, most: int) -> None:
        """Put together what came, the surest alone if it is too much."""
        parts = [(self.index, self.sure, self.pixels)] if len(self.index) else []
        parts += self._waiting
        self._waiting = []
        if not parts:
            return
        self.index, self.sure, self.pixels = (np.concatenate(column) for column in zip(*parts, strict=True))
        if len(self.index) > most:
            order = np.argsort(-self.sure, kind="stable")[:most]
            self.index, self.sure, self.pixels = self.index[order], self.sure[order], self.pixels[order]


class Keeper:
    """Gathers what an evaluation says of each image, bounded however many there are. Call it with every batch."""

    def __init__(self, splits: DataSplits, total: int) -> None:
        """``total``: the images there are."""
        self._classes = splits.classes
        self._mean = torch.tensor(splits.mean).view(1, -1, 1, 1)
        self._std = torch.tensor(splits.std).view(1, -1, 1, 1)
        self._shape = splits.shape
        self._images = 0
        self._loss = 0.0
        self._top = np.zeros(min(TOP, len(splits.classes)))
        self._cells: dict[int, int] = {}
        self._bins = np.zeros((3, BINS))
        self._rows: list[tuple[NDArray[np.generic], ...]] = []
        self._right, self._wrong = _Pictures(), _Pictures()
        channels, height, width = splits.shape
        scale = min(1.0, SIDE / max(height, width))
        self._size = max(1, round(height * scale)), max(1, round(width * scale))
        room = PICTURES // (channels * self._size[0] * self._size[1])
        self._quota = total if total <= room else max(1, room // (3 * len(splits.classes)))
        """Pictures of what was answered rightly, a class."""
        self._most_wrong = total if total <= room else room - room // 3
        self._shown = np.zeros(len(splits.classes), np.int64)

    def __call__(self, images: Tensor, labels: Tensor, logits: Tensor) -> None:
        """Normalised images ``(N, C, H, W)``, labels ``(N,)`` and logits ``(N, classes)`` of one batch."""
        given = logits.float().softmax(1)
        shares, answers = given.topk(min(TOP, given.shape[1]), dim=1)
        own = given.gather(1, labels.unsqueeze(1)).squeeze(1)
        self._loss += float(F.cross_entropy(logits.float(), labels, reduction="sum"))
        label, said, sure, true = (each.cpu().numpy() for each in (labels, answers, shares, own))
        hits = said == label[:, None]
        self._top += hits.cumsum(1).sum(0)
        pairs, counts = np.unique(label.astype(np.int64) * len(self._classes) + said[:, 0], return_counts=True)
        for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True):
            self._cells[pair] = self._cells.get(pair, 0) + count
        place = np.minimum((sure[:, 0] * BINS).astype(int), BINS - 1)
        for row, weight in enumerate((None, hits[:, 0], sure[:, 0])):
            self._bins[row] += np.bincount(place, weight, BINS)
        index = np.arange(self._images, self._images + len(label))
        self._rows.append((index, label, said, sure, true))
        self._keep_pictures(images, index, label, hits[:, 0], sure[:, 0])
        self._images += len(label)

    def _keep_pictures(
        self,
        images: Tensor,
        index: NDArray[np.int64],
        label: NDArray[np.int64],
        right: NDArray[np.bool_],
        sure: NDArray[np.float32],
    ) -> None:
        """Of what is right the first of each class, of what is wrong what the network was surest of."""
        good = np.zeros(len(label), bool)
        for place in np.flatnonzero(right):
            if self._shown[label[place]] < self._quota:
                self._shown[label[place]] += 1
                good[place] = True
        for wanted, pictures in ((good, self._right), (~right, self._wrong)):
            chosen = np.flatnonzero(wanted)
            if chosen.size:
                some = images[torch.from_numpy(chosen).to(images.device)].cpu()
                pictures.add(index[chosen], sure[chosen], self._picture(some))
        self._wrong.cut(self._most_wrong)

    def _picture(self, images: Tensor) -> NDArray[np.uint8]:
        """Normalised ``(N, C, H, W)`` as uint8 ``(N, h, w, C)``."""
        values = images.float() * self._std + self._mean
        if tuple(values.shape[2:]) != self._size:
            values = F.interpolate(values, size=self._size, mode="bilinear", align_corners=False, antialias=True)
        found: NDArray[np.uint8] = (values * 255).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).numpy()
        return found if found.shape[3] in (1, 3) else found.mean(3, keepdims=True).astype(np.uint8)

    def predictions(self, part: Part, which: Which, step: int, epoch: int) -> Predictions:
        """All that was gathered. Raises `StudioError` ``data.empty`` if there were no images."""
        if not self._images:
            raise StudioError("data.empty", say("there are no images for {part}.", part=part))
        self._right.gather(self._images)
        self._wrong.gather(self._most_wrong)
        columns = [np.concatenate(column) for column in zip(*self._rows, strict=True)]
        places, _, pictures = (
            np.concatenate([getattr(self._right, name), getattr(self._wrong, name)])
            if len(self._right.index) and len(self._wrong.index)
            else getattr(self._right if len(self._right.index) else self._wrong, name)
            for name in ("index", "sure", "pixels")
        )
        picture = np.full(self._images, -1, np.int64)
        picture[places] = np.arange(len(places))
        columns.append(picture)
        if self._images > ROWS:
            order = np.lexsort((-columns[3][:, 0], columns[2][:, 0] == columns[1]))[:ROWS]
            columns = [column[order] for column in columns]
        index, label, said, sure, true, picture = columns
        facts = Facts(
            part=part, which=which, step=step, epoch=epoch, images=self._images, loss=self._loss / self._images,
            classes=tuple(map(str, self._classes)), top=tuple((self._top / self._images).tolist()), seen=self._shape,
        )  # fmt: skip
        cells = np.array(sorted(self._cells), np.int64)
        return Predictions(
            facts, index.astype(np.int32), label.astype(np.int32), said.astype(np.int32), sure.astype(np.float32),
            true.astype(np.float32), picture.astype(np.int32),
            pictures, cells,
            np.array([self._cells[int(cell)] for cell in cells], np.int64), self._bins,
        )  # fmt: skip

    def write(self, run: Run, part: Part, which: Which, step: int, events: EventWriter) -> None:
        """Keep it in the run; a disk that refuses is told of, and nothing else fails for it."""
        per_epoch = int((run.history().started or {}).get("steps_per_epoch") or 1)
        try:
            write_predictions(run.directory, self.predictions(part, which, step, -(-step // per_epoch)))
        except StudioError as error:
            events.write("warning", code=error.code, text=say("No predictions are kept: {reason}", reason=error.text))
