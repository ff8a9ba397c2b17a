"""All that the page *Seeing* shows of one picture, in one answer; plain data, pictures as PNG files in base64."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from blockstudio.errors import StudioError
from blockstudio.laboratory import maps
from blockstudio.laboratory.features import Excited, every_map, feature_maps, most_exciting
from blockstudio.laboratory.pixels import Pixels, inked, rgb
from blockstudio.laboratory.places import place_of, shape_at
from blockstudio.laboratory.subject import Part, Subject, rebatched
from blockstudio.report.tiles import png
from blockstudio.text import say

CLASSES, CHANNELS, MAPS = 10, 5, 40
"""Classes with a map, channels named for each, maps of a block that are shown."""
TRIED, TRIED_BATCH, STRONGEST = 400, 25, 6
"""Images among which those are sought on which a unit answers most, so many at a time, and how many are shown."""


@dataclass
class Look:
    """What a network makes of pictures; what it needs for class maps is made once.

    Args:
        subject: With a run.
    """

    subject: Subject

    def __post_init__(self) -> None:
        self._network = self.subject.tapped()
        try:
            self._cam: maps.ActivationMaps | None = maps.ActivationMaps(self.subject)
        except StudioError:
            self._cam = None  # Grad-CAM it is.
        self._excited: dict[str, dict[int, list[Excited]]] = {}

    def at(self, image: int, part: Part = "test", picture: Path | None = None) -> dict[str, Any]:
        """A picture with scores, a map for each of the likeliest classes, and what every unit gives. Of a network
        without feature maps the maps are empty.

        Args:
            image: Number in the part.
            part: Of the run's data set.
            picture: A file in place of it.

        Raises:
            StudioError: ``lab.data``; ``data.*``.
        """
        shown, truth, box = self._given(image, part, picture)
        with torch.inference_mode():
            logits = self._network(shown)[0][0].float().cpu()
        shares = logits.softmax(0)
        order = logits.argsort(descending=True).tolist()[:CLASSES]
        if truth is not None and truth not in order:
            order[-1] = truth
        units = self.subject.trunk.units
        thumbnails = every_map(self.subject, shown)
        by_unit = [unit for unit in units if unit.name in thumbnails]
        last = by_unit[-1].name if by_unit else None
        size = self.subject.shown(shown).shape[2:]
        return {
            "image": image if picture is None else picture.name, "size": list(size), "truth": truth, "box": box,
            "picture": _png(rgb(self.subject.shown(shown)[0])),
            "kind": "cam" if self._cam else "none" if last is None else "grad",
            "block": self._cam.place.path if self._cam else last,
            "classes": [
                {"class": label, "logit": float(logits[label]), "share": float(shares[label]),
                 **self._map(shown, label, last, size)}
                for label in order
            ],
            "chain": [
                {"block": unit.name, "shape": list(shape_at(self.subject, place_of(self.subject, unit.name))),
                 "picture": _png(inked(thumbnails[unit.name]))}
                for unit in by_unit
            ],
        }  # fmt: skip

    def _map(self, shown: Tensor, label: int, last: str | None, size: Sequence[int]) -> dict[str, Any]:
        if self._cam is None:
            if last is None:
                return {"map": [], "peak": None}
            found = maps.grad_cam(self.subject, last, shown, label).cpu()
            return {"map": found.tolist(), "peak": _peak(found, size)}
        activation = self._cam.of(shown, label)
        found = activation.map.cpu()
        brought = (activation.weights * activation.means).cpu()
        best = brought.argsort(descending=True).tolist()[:CHANNELS]
        channels = [[channel, float(activation.weights[channel]), float(activation.means[channel])] for channel in best]
        return {"map": found.tolist(), "peak": _peak(found, size), "mean": float(found.mean()),
                "bias": activation.bias, "channels": channels}  # fmt: skip

    def channels(self, block: str, image: int, part: Part = "test", picture: Path | None = None) -> dict[str, Any]:
        """The maps of a block for a picture, those that answer most first."""
        shown, _, _ = self._given(image, part, picture)
        found = feature_maps(self.subject, block, shown).cpu()
        order = found.flatten(1).abs().mean(1).argsort(descending=True).tolist()
        return {
            "block": block, "shape": list(found.shape),
            "maps": [
                {"channel": channel, "picture": _png(inked(found[channel])),
                 "at": list(divmod(int(found[channel].argmax()), found.shape[2]))}
                for channel in order[:MAPS]
            ],
        }  # fmt: skip

    def strongest(self, block: str, channel: int, part: Part = "test", go_on: Callable[[], bool] = lambda: True) -> (
        dict[str, Any]
    ):  # fmt: skip
        """The images on which a channel of a block answers most; known for all channels once one was asked about.

        Raises:
            StudioError: ``lab.block``, ``lab.unit``, ``lab.cancelled``.
        """
        tried = self.subject.images(part, TRIED)
        if block not in self._excited:
            channels = range(shape_at(self.subject, place_of(self.subject, block, maps=True))[0])
            self._excited[block] = most_exciting(
                self.subject, block, channels, rebatched(tried, TRIED_BATCH), STRONGEST, go_on=go_on
            )
        found = self._excited[block].get(channel)
        if found is None:
            text = say("has channels 0 to {last}, not {unit}.", last=len(self._excited[block]) - 1, unit=channel)
            raise StudioError("lab.unit", text, where=block)
        images, labels = (torch.cat([pair[side] for pair in tried]) for side in (0, 1))
        pictures = self.subject.shown(images[[each.image for each in found]])
        return {
            "block": block, "channel": channel, "of": len(labels),
            "strongest": [
                {"image": each.image, "picture": _png(rgb(picture)), "truth": int(labels[each.image]),
                 "value": each.value, "at": list(each.place)}
                for each, picture in zip(found, pictures, strict=True)
            ],
        }  # fmt: skip

    def gallery(self, first: int, count: int, part: Part = "test") -> dict[str, Any]:
        """Pictures of a part with what they are and what the network takes them for."""
        whole = len(self.subject.part(part))
        index = list(range(min(first, whole), min(first + count, whole)))
        found = list[dict[str, Any]]()
        for images, labels in self.subject.images(part, index=index) if index else ():
            with torch.inference_mode():
                chosen = self._network(images)[0].argmax(1).tolist()
            for image, truth, label in zip(self.subject.shown(images), labels.tolist(), chosen, strict=True):
                found.append({"image": index[len(found)], "picture": _png(rgb(image)), "truth": truth, "chosen": label})
        return {"images": found, "of": whole}

    def _given(self, image: int, part: Part, picture: Path | None) -> tuple[Tensor, int | None, list[float] | None]:
        if picture is not None:
            return self.subject.read(picture), None, None
        ((shown, labels),) = self.subject.images(part, index=[image])
        boxes = getattr(self.subject.part(part), "boxes", None)
        return shown, int(labels[0]), None if boxes is None else boxes[image].tolist()


@dataclass(frozen=True)
class Peaks:
    """Where class maps have their peaks."""

    images: int
    right: int
    """Of them, predicted right."""
    inside: int
    """Of these, the peak of the class's map lies in the object's box."""


def peaks_inside(
    subject: Subject, images: int | None = None, part: Part = "test",
    progress: Callable[[int, int], None] = lambda done, of: None, go_on: Callable[[], bool] = lambda: True,
) -> Peaks:  # fmt: skip
    """Of the right predictions, in how many the peak of the class activation map lies in the object.

    Args:
        subject: Who is asked.
        images: The first of the part; all without.
        part: Of a set whose boxes are known.
        progress: Called after each batch.
        go_on: Asked before each batch; ``False`` ends with `StudioError` ``lab.cancelled``.

    Raises:
        StudioError: ``lab.boxes`` for a set whose boxes are not known; ``lab.cam``, ``data.*``.
    """
    boxes = getattr(subject.part(part), "boxes", None)
    if boxes is None:
        raise StudioError("lab.boxes", say("its data set does not say where the objects are."),
                          where=subject.diagram.name, hint=say("shapes does."))  # fmt: skip
    cam = maps.ActivationMaps(subject)
    tapped, batches = subject.tapped(cam.place), subject.images(part, images)
    count = right = inside = 0
    for number, (shown, labels) in enumerate(batches, 1):
        if not go_on():
            raise StudioError("lab.cancelled", say("was cancelled."))
        with torch.inference_mode():
            logits, last = tapped(shown)
            chosen = logits.argmax(1)
            found = (cam.weights[chosen][:, :, None, None] * last).sum(1).cpu()
        for place in torch.nonzero(chosen == labels).flatten().tolist():
            row, column = _peak(found[place], (shown.shape[2], shown.shape[3]))
            left, top, far, bottom = boxes[count + place].tolist()
            right, inside = right + 1, inside + (left <= column < far and top <= row < bottom)
        count += len(labels)
        progress(number, len(batches))
    return Peaks(count, right, inside)


def _peak(found: Tensor, size: Sequence[int]) -> list[int]:
    """Row and column of a map's peak, on the picture."""
    large = maps.over_picture(found, (size[0], size[1]))
    return list(divmod(int(large.argmax()), size[1]))


def _png(pixels: Pixels) -> str:
    return base64.b64encode(png(pixels)).decode()
