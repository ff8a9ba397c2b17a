"""What a network said of every image of one evaluation, kept in the run, so that its results can be looked at without
asking it again.

    predictions/test-last.npz    arrays without pickles, bounded: see `LIMIT`
"""

from __future__ import annotations

import io
import math
import os
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from blockstudio.errors import StudioError
from blockstudio.graph.files import folder_for, read_bounded, write_atomic
from blockstudio.text import say

FOLDER = "predictions"
LIMIT = 64 << 20
"""Bytes of a file."""
ROWS = 200_000
"""Images of which everything is kept; of more, the mistakes come first."""
PICTURES = 24 << 20
"""Bytes of pictures."""
SIDE = 64
"""Pixels of a picture's longer side at most."""
TOP = 5
BINS = 10
MATRIX = 1000
"""Classes up to which there is a confusion matrix."""

Part: TypeAlias = Literal["test", "validation", "train"]
Which: TypeAlias = Literal["best", "last"]
PARTS: tuple[Part, ...] = ("test", "validation", "train")
Order: TypeAlias = Literal["surest", "loss", "nearly"]


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Of all images of the evaluation, those of which nothing else is kept included."""

    part: Part
    which: Which
    step: int
    epoch: int = 0
    images: int
    loss: float
    classes: tuple[str, ...]
    top: tuple[float, ...]
    """Share of images whose class is among the first 1, 2, … answers."""
    seen: tuple[int, int, int]
    """(C, H, W) as the network takes them."""


_ARRAYS: dict[str, tuple[str, int]] = {
    "index": ("i4", 1), "label": ("i4", 1), "answers": ("i4", 2), "shares": ("f4", 2), "own": ("f4", 1),
    "picture": ("i4", 1), "pictures": ("u1", 4), "cells": ("i8", 1), "counts": ("i8", 1), "bins": ("f8", 2),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Predictions:
    """One evaluation.

    Attributes:
        index: ``(N,)`` places in the part.
        label: ``(N,)`` true classes.
        answers: ``(N, K)`` classes, the surest first.
        shares: ``(N, K)`` what the network gives each, 0 to 1.
        own: ``(N,)`` what it gives the true class.
        picture: ``(N,)`` rows of ``pictures``, -1 where none was kept.
        pictures: ``(M, H, W, C)`` uint8, as the network sees them, shrunk to `SIDE`.
        cells: Pairs ``true * classes + answer`` that occur.
        counts: How often.
        bins: ``(3, BINS)`` images, those answered rightly, sum of the share of the answer, by that share.
    """

    facts: Facts
    index: NDArray[np.int32]
    label: NDArray[np.int32]
    answers: NDArray[np.int32]
    shares: NDArray[np.float32]
    own: NDArray[np.float32]
    picture: NDArray[np.int32]
    pictures: NDArray[np.uint8]
    cells: NDArray[np.int64]
    counts: NDArray[np.int64]
    bins: NDArray[np.float64]

    @property
    def classes(self) -> tuple[str, ...]:
        return self.facts.classes

    @cached_property
    def matrix(self) -> NDArray[np.int64]:
        """``(classes, classes)``: how often each true class (rows) was taken for each. Of more than `MATRIX` classes
        there is none: an array of no rows."""
        count = len(self.classes)
        if count > MATRIX:
            return np.zeros((0, 0), np.int64)
        whole = np.zeros(count * count, np.int64)
        whole[self.cells] = self.counts
        return whole.reshape(count, count)

    @cached_property
    def by_class(self) -> NDArray[np.float64]:
        """``(classes, 4)``: precision, recall, F1 (NaN where nothing was said or shown) and the number of images."""
        count = len(self.classes)
        true, said = np.divmod(self.cells, count)
        shown = np.bincount(true, self.counts, count)
        answered = np.bincount(said, self.counts, count)
        hits = np.bincount(true[true == said], self.counts[true == said], count)
        with np.errstate(invalid="ignore", divide="ignore"):
            precision, recall = hits / answered, hits / shown
            f1 = 2 * hits / (answered + shown)
        return np.column_stack((precision, recall, f1, shown))

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """``(N,)``."""
        found: NDArray[np.bool_] = self.answers[:, 0] != self.label
        return found

    @property
    def mistakes_in_all(self) -> int:
        return round(self.facts.images * (1 - self.facts.top[0]))

    def cell(self, true: int, said: int) -> NDArray[np.intp]:
        """Rows of the images of one class that were taken for another (or rightly for itself), the surest first."""
        rows = np.flatnonzero((self.label == true) & (self.answers[:, 0] == said))
        return rows[np.argsort(-self.shares[rows, 0], kind="stable")]

    def mistakes(self, order: Order = "surest") -> NDArray[np.intp]:
        """Rows of mistakes: those it was surest of, those whose loss is highest, or those that were nearly right."""
        rows = np.flatnonzero(self.wrong)
        by = {"surest": -self.shares[rows, 0], "loss": self.own[rows], "nearly": self.shares[rows, 0] - self.own[rows]}
        return rows[np.argsort(by[order], kind="stable")]

    def most_confused(self, most: int = 5) -> list[tuple[int, int, int]]:
        """``(count, true, answer)`` of the commonest mistakes."""
        true, said = np.divmod(self.cells, len(self.classes))
        off = np.flatnonzero(true != said)
        order = off[np.argsort(-self.counts[off], kind="stable")][:most]
        return [(int(self.counts[row]), int(true[row]), int(said[row])) for row in order]

    @property
    def miscalibration(self) -> float:
        """Mean distance between how sure it was and how often it was right, over the bins (ECE), 0 to 1."""
        images, right, sure = self.bins
        return float(np.abs(sure - right).sum() / max(1.0, images.sum()))


def path_of(directory: Path, part: Part, which: Which) -> Path:
    """Where the predictions of a run are kept."""
    return directory / FOLDER / f"{part}-{which}.npz"


def kept(directory: Path) -> list[tuple[Part, Which]]:
    """The evaluations that a run has, the test set's before others, the last weights' before the best's."""
    return [
        (part, which) for part in PARTS for which in ("last", "best") if os.path.isfile(path_of(directory, part, which))
    ]


def write_predictions(directory: Path, found: Predictions) -> Path:
    """Keep an evaluation in its run; an older one of the same part and weights is replaced. Raises `StudioError`
    ``file.write``."""
    path = path_of(directory, found.facts.part, found.facts.which)
    target = io.BytesIO()
    arrays = {name: np.ascontiguousarray(getattr(found, name), kind) for name, (kind, _) in _ARRAYS.items()}
    np.savez(target, facts=np.frombuffer(msgspec.json.encode(found.facts), np.uint8), **arrays)  # type: ignore[arg-type]
    with folder_for(path.parent):
        return write_atomic(path, target.getvalue())


def read_predictions(directory: Path, part: Part, which: Which) -> Predictions:
    """An evaluation that a run keeps.

    Raises:
        StudioError: ``predictions.missing``, ``predictions.damaged`` where the file is not what was written.
    """
    path = path_of(directory, part, which)
    if not os.path.isfile(path):
        raise StudioError(
            "predictions.missing",
            say("has no predictions for {part}.", part=part),
            where=str(directory),
            hint=say("Make them: blockstudio evaluate RUN"),
        )
    try:
        return _read(read_bounded(path, LIMIT))
    except StudioError:
        raise
    except (ValueError, KeyError, OSError, EOFError, TypeError, zipfile.BadZipFile, msgspec.MsgspecError) as error:
        raise StudioError(
            "predictions.damaged",
            say("is not what was written: {reason}.", reason=str(error).split("\n")[0][:200] or type(error).__name__),
            where=str(path),
            hint=say("Delete it and evaluate the run again."),
        ) from None


def _read(data: bytes) -> Predictions:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(each.file_size for each in archive.infolist()) > 2 * LIMIT:
            raise ValueError("it is too large")
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        raw = msgspec.json.decode(archive["facts"].tobytes(), type=dict[str, Any])
        if "loss" in raw and raw["loss"] is None:  # so JSON has what a network that came apart gives
            raw["loss"] = math.nan
        facts = msgspec.convert(raw, Facts)
        arrays: dict[str, Any] = {name: archive[name] for name in _ARRAYS}
    for name, (kind, axes) in _ARRAYS.items():
        if arrays[name].dtype != np.dtype(kind) or arrays[name].ndim != axes:
            raise ValueError(f"{name} has another form")
    count, classes = len(arrays["label"]), len(facts.classes)
    for name in ("index", "answers", "shares", "own", "picture"):
        if len(arrays[name]) != count:
            raise ValueError(f"{name} has another length")
    inside = {"label": classes, "answers": classes, "picture": len(arrays["pictures"]), "cells": classes * classes}
    for name, most in inside.items():
        low = -1 if name == "picture" else 0
        if arrays[name].size and not (low <= arrays[name].min() and arrays[name].max() < most):
            raise ValueError(f"{name} names what is not there")
    if arrays["answers"].shape != arrays["shares"].shape or not arrays["answers"].shape[1] or not facts.top:
        raise ValueError("answers and shares do not belong together")
    shares = (np.asarray(facts.top), arrays["shares"], arrays["own"])  # NaN is what a network that came apart gives
    if any((each < 0).any() or (each > 1.001).any() for each in shares) or np.isinf(arrays["bins"]).any():
        raise ValueError("shares are none")
    if facts.images < 0 or (arrays["counts"] < 0).any():
        raise ValueError("there are fewer than no images")
    if arrays["bins"].shape != (3, BINS) or arrays["counts"].shape != arrays["cells"].shape:
        raise ValueError("counts do not belong together")
    if arrays["pictures"].shape[3] not in (1, 3) and arrays["pictures"].size:
        raise ValueError("pictures are neither grey nor coloured")
    return Predictions(facts, **arrays)
