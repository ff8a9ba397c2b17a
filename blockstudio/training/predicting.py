"""A run's network asked again: about every image of a part of its data, and about a picture from outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from blockstudio.errors import StudioError
from blockstudio.runs.predictions import TOP, Part, Predictions, Which
from blockstudio.runs.run import Run
from blockstudio.text import say
from blockstudio.training.data.batches import Feeder
from blockstudio.training.data.decode import SIXTEEN_BITS, Decoder
from blockstudio.training.data.images import fit
from blockstudio.training.data.load import DataSplits
from blockstudio.training.device import Precision
from blockstudio.training.evaluate import evaluate
from blockstudio.training.keeper import Keeper
from blockstudio.training.prepare import Prepared, prepare
from blockstudio.training.saving import read_weights

Invert: TypeAlias = Literal["auto", "yes", "no"]
DARK, LIGHT = 0.35, 0.65
"""Grounds darker and lighter than that are opposites."""


@dataclass(frozen=True)
class Loaded:
    """A run's network with weights, ready to be asked."""

    run: Run
    prepared: Prepared
    which: Which
    step: int
    epoch: int


def loaded(run: Run, which: Which = "best") -> Loaded:
    """The network of a run with trained weights.

    Args:
        run: Trained for an epoch at least.
        which: The weights of the best validation accuracy, or the last.

    Raises:
        StudioError: ``run.untrained`` before the first checkpoint, ``checkpoint.*``, and all that `prepare` raises.
    """
    last = next(reversed(run.checkpoints.all()), None)
    found = run.best() if which == "best" else last
    if found is None or last is None:
        raise StudioError(
            "run.untrained",
            say("has no checkpoint yet."),
            where=str(run.directory),
            hint=say("Train it for an epoch first."),
        )
    found.verify()
    prepared = prepare(run)
    read_weights(found, prepared.model)
    prepared.model.eval()
    epoch = next((event["epoch"] for event in reversed(run.history().epochs) if event["step"] <= found.step), 0)
    return Loaded(run, prepared, "last" if found.step == last.step else which, found.step, int(epoch))


def evaluate_run(
    run: Run,
    part: Part = "test",
    which: Which = "best",
    progress: Callable[[int, int], object] | None = None,
) -> Predictions:
    """Ask the network of a run about every image of a part of its data.

    Args:
        run: Trained for an epoch at least.
        part: ``"test"``, ``"validation"`` or ``"train"``.
        which: The weights of the best validation accuracy, or the last.
        progress: Called with images done and images in all.

    Raises:
        StudioError: ``run.untrained``, ``data.empty`` if the set has no such part, ``checkpoint.*``, ``data.*``.
    """
    threads = torch.get_num_threads()
    try:
        network = loaded(run, which)
        splits, recipe, device = network.prepared.splits, network.prepared.recipe, network.prepared.device
        source = getattr(splits, part)
        if source is None:
            raise StudioError(
                "data.empty", say("its data set has no images for {part}.", part=part), where=str(run.directory)
            )
        keeper, feeder, done = Keeper(splits, len(source)), Feeder(splits, recipe, device), 0

        def took(images: Tensor, labels: Tensor, logits: Tensor) -> None:
            nonlocal done
            keeper(images, labels, logits)
            done += len(labels)
            if progress is not None:
                progress(done, len(source))

        def shaped(images: Tensor) -> Tensor:
            return images.flatten(1) if network.prepared.flat else images

        try:
            evaluate(network.prepared.model, feeder.evaluate(source), len(splits.classes), Precision(recipe, device),
                     shaped, lambda: True, took)  # fmt: skip
        finally:
            feeder.close()
        return keeper.predictions(part, network.which, network.step, network.epoch)
    finally:
        torch.set_num_threads(threads)


@dataclass(frozen=True)
class Said:
    """What a network says of one picture."""

    answers: list[tuple[str, float]]
    """Classes with their shares, the surest first."""
    size: tuple[int, int]
    """(W, H) of the file."""
    seen: NDArray[np.uint8]
    """``(H, W, C)`` as the network took it."""
    inverted: bool
    ground: str
    """``"light"``, ``"dark"`` or empty: that of the picture, where it decided on turning its colours round."""


def ask(run: Run, file: Path, which: Which = "best", invert: Invert = "auto", top: int = TOP) -> Said:
    """Ask the network of a run about a picture.

    Args:
        run: Trained for an epoch at least.
        file: An image of any usual kind.
        which: Which weights.
        invert: Turn dark into light. ``"auto"``: where the ground of the picture is light and that of the training
            images dark, or the other way round, and the network sees grey.
        top: Classes that are answered.

    Raises:
        StudioError: ``data.image`` naming the file, and what `loaded` raises.
    """
    data = run.data()
    network = loaded(run, which)
    prepared = network.prepared
    splits, channels = prepared.splits, prepared.splits.shape[0]
    if channels not in (1, 3):
        raise StudioError("data.channels", say("it takes {count} channels, and pictures have 1 or 3.", count=channels),
                          where=str(run.directory))  # fmt: skip
    image = Decoder(channels, prepared.recipe.data.background, splits.range or SIXTEEN_BITS).read(file)
    seen = fit(image.unsqueeze(0), splits.shape, prepared.recipe.data, str(file))
    ground, opposite = _grounds(seen, splits)
    turned = invert == "yes" or (invert == "auto" and opposite)
    if turned:
        seen = 255 - seen
    mean, std = (torch.tensor(data.get(key) or getattr(splits, key)).view(1, -1, 1, 1) for key in ("mean", "std"))
    values = ((seen.float() / 255 - mean) / std).to(prepared.device)
    with torch.inference_mode():
        logits = prepared.model(values.flatten(1) if prepared.flat else values).flatten(1)
    shares, answers = logits.float().softmax(1)[0].topk(min(top, logits.shape[1]))
    named = [
        (str(splits.classes[place]), share) for place, share in zip(answers.tolist(), shares.tolist(), strict=True)
    ]
    pixels: NDArray[np.uint8] = seen[0].permute(1, 2, 0).contiguous().numpy()
    return Said(named, (image.shape[2], image.shape[1]), pixels, turned, ground if opposite else "")


def _grounds(seen: Tensor, splits: DataSplits) -> tuple[str, bool]:
    """Whether the ground of a picture is light or dark, and whether that of the training images is the opposite."""
    own = _border(seen)
    ground = "light" if own > LIGHT else "dark" if own < DARK else ""
    images = getattr(splits.train, "images", None)
    if splits.shape[0] != 1 or not ground or images is None:
        return ground, False
    theirs = _border(images[:500])
    return ground, theirs < DARK if ground == "light" else theirs > LIGHT


def _border(images: Tensor) -> float:
    """The median value of the outermost pixels of ``(N, C, H, W)``, 0 to 1."""
    edges = [images[:, :, 0], images[:, :, -1], images[:, :, :, 0], images[:, :, :, -1]]
    return float(torch.cat([edge.reshape(-1) for edge in edges]).float().median()) / 255
