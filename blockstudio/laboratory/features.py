"""What the units of a network answer to: filters, feature maps, the images that excite a unit most, and the last
features in two dimensions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from blockstudio.errors import StudioError
from blockstudio.graph.expand import Port
from blockstudio.laboratory.places import place_of, shape_at
from blockstudio.laboratory.subject import Subject
from blockstudio.text import say

Batches = Sequence[tuple[Tensor, Tensor]]


def first_filters(subject: Subject) -> tuple[str, Tensor]:
    """The filters of the first convolution.

    Returns:
        Its path, and its weights ``(out, in, kh, kw)``.

    Raises:
        StudioError: ``lab.filters`` if the network begins without a convolution of maps.
    """
    for unit in subject.trunk.units:
        for name in unit.blocks:
            weight = subject.weights.get(f"{name}.weight")
            if weight is not None and weight.ndim == 4 and weight.shape[2] * weight.shape[3] > 1:
                return name, weight
    raise StudioError("lab.filters", say("has no convolution, so no filters to look at."), where=subject.diagram.name)


def as_pictures(filters: Tensor) -> Tensor:
    """Filters ``(out, in, kh, kw)`` as pictures ``(out, 3 or 1, kh, kw)`` in 0 … 1, grey at zero, all on one scale.
    Those of other than one or three channels show the mean over them."""
    shown = filters if filters.shape[1] in (1, 3) else filters.mean(1, keepdim=True)
    largest = float(shown.abs().max())
    return shown / (2 * largest) + 0.5 if largest else torch.full_like(shown, 0.5)


def feature_maps(subject: Subject, block: str, image: Tensor) -> Tensor:
    """What a block gives for one picture.

    Args:
        subject: Who is asked.
        block: Path of a block or module.
        image: ``(1, C, H, W)``, normalised.

    Returns:
        ``(K, H, W)``.

    Raises:
        StudioError: ``lab.block``.
    """
    with torch.inference_mode():
        _, maps = subject.tapped(place_of(subject, block, maps=True))(image)
    found: Tensor = maps[0]
    return found


def every_map(subject: Subject, image: Tensor) -> dict[str, Tensor]:
    """What every block and module gives for one picture, all in one pass.

    Args:
        subject: Who is asked.
        image: ``(1, C, H, W)``, normalised.

    Returns:
        By path: the mean over the channels of its absolute value, ``(H, W)``; those that give no maps are left out.
    """
    blocks = [name for unit in subject.trunk.units for name in unit.blocks]
    modules = {".".join(name.split(".")[:depth]) for name in blocks for depth in range(1, name.count(".") + 1)}
    ports = dict[str, Port]()
    for path in dict.fromkeys([*blocks, *sorted(modules)]):
        try:
            ports[path] = place_of(subject, path, maps=True)
        except StudioError:
            continue  # Flat, or several values go on: there is no one map of it.
    places = list(dict.fromkeys(ports.values()))
    with torch.inference_mode():
        _, *values = subject.tapped(*places)(image)
    maps = {port: value[0].abs().mean(0).cpu() for port, value in zip(places, values, strict=True)}
    return {path: maps[port] for path, port in ports.items()}


@dataclass(frozen=True)
class Excited:
    """An image that excites a unit."""

    image: int
    """Its number among those that were asked about."""
    value: float
    place: tuple[int, int]
    """Row and column of the map where the value is."""


def most_exciting(
    subject: Subject, block: str, units: Sequence[int], batches: Batches, count: int = 9,
    progress: Callable[[int, int], None] = lambda done, of: None, go_on: Callable[[], bool] = lambda: True,
) -> dict[int, list[Excited]]:  # fmt: skip
    """The images on which a unit's largest activation is largest, for several units of a block.

    Args:
        subject: Who is asked.
        block: Path of a block or module.
        units: Channels of it.
        batches: Images, as `Subject.images` gives them.
        count: Images for each unit.
        progress: Called after each batch.
        go_on: Asked before each batch; ``False`` ends with `StudioError` ``lab.cancelled``.

    Raises:
        StudioError: ``lab.block``, ``lab.unit`` for a channel that is not there.
    """
    place = place_of(subject, block, maps=True)
    channels, _, width = shape_at(subject, place)
    for unit in units:
        if not 0 <= unit < channels:
            text = say("has channels 0 to {last}, not {unit}.", last=channels - 1, unit=unit)
            raise StudioError("lab.unit", text, where=block)
    chosen = torch.tensor(list(units), dtype=torch.int64, device=subject.device)
    values, places = list[Tensor](), list[Tensor]()
    tapped = subject.tapped(place)
    with torch.inference_mode():
        for number, (images, _) in enumerate(batches, 1):
            if not go_on():
                raise StudioError("lab.cancelled", say("was cancelled."))
            _, maps = tapped(images)
            top = maps.index_select(1, chosen).flatten(2).max(2)
            values.append(top.values)
            places.append(top.indices)
            progress(number, len(batches))
    every, where = torch.cat(values), torch.cat(places)
    found: dict[int, list[Excited]] = {}
    for column, unit in enumerate(units):
        best = every[:, column].topk(min(count, len(every)))
        found[unit] = [
            Excited(int(image), float(value), divmod(int(where[image, column]), width))
            for value, image in zip(best.values, best.indices, strict=True)
        ]
    return found


@dataclass(frozen=True)
class Embedding:
    """Features of many images in two dimensions."""

    points: Tensor
    """``(N, 2)``, along the two directions of largest variance."""
    labels: Tensor
    """``(N,)``."""
    share: tuple[float, float]
    """What part of the variance each direction has."""


def embedding(subject: Subject, batches: Batches, go_on: Callable[[], bool] = lambda: True) -> Embedding:
    """What goes into the last layer with weights, in the two directions in which it varies most (principal components).

    Args:
        subject: Who is asked.
        batches: Images with labels, two at least.
        go_on: Asked before each batch.

    Raises:
        StudioError: ``lab.images`` for fewer than two images.
    """
    place = features_place(subject)
    tapped, rows = subject.tapped(place), list[Tensor]()
    with torch.inference_mode():
        for images, _ in batches:
            if not go_on():
                raise StudioError("lab.cancelled", say("was cancelled."))
            _, values = tapped(images)
            rows.append((values.mean((2, 3)) if values.ndim == 4 else values.flatten(1)).cpu())
    features = torch.cat(rows).double() if rows else torch.empty(0, 1)
    if len(features) < 2:
        raise StudioError("lab.images", say("two images at least are needed."), where=subject.diagram.name)
    centred = features - features.mean(0)
    left, sizes, right = torch.linalg.svd(centred, full_matrices=False)
    points = (left[:, :2] * sizes[:2]).float()
    if points.shape[1] < 2:
        points = torch.nn.functional.pad(points, (0, 2 - points.shape[1]))
    # A direction's sign is arbitrary: the largest weight is made positive, so that the same run gives the same picture.
    for axis in range(min(2, len(right))):
        if right[axis, right[axis].abs().argmax()] < 0:
            points[:, axis] *= -1
    variance = sizes.square()
    total = float(variance.sum()) or 1.0
    shares = [float(value) / total for value in variance[:2]] + [0.0, 0.0]
    return Embedding(points, torch.cat([labels for _, labels in batches]).cpu(), (shares[0], shares[1]))


def features_place(subject: Subject) -> Port:
    """What goes into the last dense layer; what goes out of the network where there is none."""
    trunk = subject.trunk
    for unit in reversed(trunk.units):
        for name in reversed(unit.blocks):
            weight = subject.weights.get(f"{name}.weight")
            if weight is not None and weight.ndim == 2:
                wire = trunk.wires[name][0]
                if wire.source in {block for other in trunk.units for block in other.blocks}:
                    return Port(wire.source, wire.source_port)
    return trunk.units[-1].result
