"""Every image of a set looked at once, some at a time: what is wrong with which, sizes, mean, deviation, histogram."""

from __future__ import annotations

import hashlib
import io
import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from blockstudio.errors import StudioError
from blockstudio.graph.files import open_regular
from blockstudio.text import say, to_data
from blockstudio.training.data.decode import Decoder, reading
from blockstudio.training.data.ends import UNSURE, cut_short
from blockstudio.training.data.folder import Files
from blockstudio.training.data.images import ImageSet
from blockstudio.training.data.load import Source
from blockstudio.training.survey.material import PARTS, Material, PartName

Kind: TypeAlias = Literal["broken", "no image", "odd", "duplicate"]

CHUNK = 256
"""Images between two reports."""
WHOLE = 256 * 256
"""Pixels of an image up to which all are decoded; of larger ones those that are drawn for the mean."""
MEASURED = 2_000
"""Large images that are decoded for mean, deviation and histogram, spread evenly."""
BINS = 64
NAMED = 300
"""Files of a kind that are told by name; of more the number."""
SIZES = 2_000
"""Different sizes that are counted."""


@dataclass(frozen=True)
class Odd:
    """A file to be looked at."""

    kind: Kind
    name: str
    reason: str
    path: str = ""


@dataclass
class _Look:
    size: tuple[int, int] | None = None
    digest: int = 0
    pixels: Tensor | None = None
    problem: Odd | None = None


class Checking:
    """Looks at all images of a `Material`; `steps` goes on a chunk at a time. Memory is some bytes an image."""

    def __init__(self, material: Material) -> None:
        self.material = material
        self.total = len(material)
        self.done = 0
        self.found: dict[Kind, list[Odd]] = {"broken": [], "no image": [], "odd": [], "duplicate": []}
        self.counts: Counter[str] = Counter()
        self.bad: Counter[tuple[PartName, int]] = Counter()
        """Broken images by part and class."""
        self.sizes: Counter[tuple[int, int]] = Counter()
        channels = material.shape[0]
        self.values: NDArray[np.int64] = np.zeros((channels, 256), np.int64)
        """How often each value stands in each channel of the training images."""
        self.images = 0
        """Training images that were measured."""
        self.short: Counter[tuple[int, int]] = Counter()
        """Height and width of images that are far from the network's proportions."""
        self._seen: dict[int, tuple[PartName, int]] = {}
        self._began = time.monotonic()
        for path in material.others:
            name = material.short(path)
            hidden = os.path.basename(path).startswith(".")
            reason = say("not an image: the system's own notes") if hidden else say("not an image")
            self._tell(Odd("no image", name, reason, path))

    def steps(self) -> Iterator[None]:
        """Go on; what is known so far can be read after each step."""
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
            for name in PARTS:
                part = self.material.parts[name]
                if part is None:
                    continue
                stride = max(1, len(part) // MEASURED)
                for start in range(0, len(part), CHUNK):
                    places = range(start, min(len(part), start + CHUNK))
                    measure = [place % stride == 0 for place in places]
                    each = map if isinstance(part, ImageSet) else pool.map
                    looks = list(each(self._look, [part] * len(places), places, measure))
                    self._take(name, part, places, looks)
                    yield

    def _in_memory(self, part: ImageSet, place: int) -> _Look:
        image = part.images[place]
        even = bool((image == image.flatten()[0]).all())
        problem = Odd("odd", self.material.title(part, place), _EVEN) if even else None
        return _Look((image.shape[2], image.shape[1]), _digest(image.numpy().tobytes()), image, problem)

    def _look(self, part: Source, place: int, measured: bool) -> _Look:
        """One file: is it whole, how large, what are its pixels."""
        material, name = self.material, self.material.title(part, place)
        channels = 1 if material.shape[0] == 1 else 3
        if isinstance(part, ImageSet):
            return self._in_memory(part, place)
        if not isinstance(part, Files):
            try:
                pixels = part.read(place, channels)
            except StudioError as error:
                return _Look(problem=Odd("broken", name, error.message))
            size = (pixels.shape[2], pixels.shape[1])
            return _Look(size, _digest(pixels.numpy().tobytes()), pixels if measured else None)
        path = part.paths[place]
        try:
            with open_regular(path) as file:
                data = file.read()
            if why := nothing_to_see(data):
                return _Look(problem=Odd("broken", name, why, str(path)))
            with reading(path) as image:
                size = image.size
                pixels_wanted = image.width * image.height <= WHOLE or measured
                at_least = None if image.width * image.height <= WHOLE else material.shape[1:]
                decoder = Decoder(channels, part.background, part.range)
                if pixels_wanted and at_least is not None:
                    image.draft(image.mode, (2 * max(at_least), 2 * max(at_least)))
                pixels_read = decoder.tensor(image, path) if pixels_wanted else None
            short = cut_short(io.BytesIO(data))
        except StudioError as error:
            return _Look(problem=Odd("broken", name, error.message, str(path)))
        except OSError as error:
            return _Look(
                problem=Odd(
                    "broken", name, say("cannot be read: {reason}", reason=error.strerror or str(error)), str(path)
                )
            )
        problem = Odd("broken", name, short, str(path)) if short not in ("", UNSURE) else None
        if problem is None and pixels_read is not None and int(pixels_read.min()) == int(pixels_read.max()):
            problem = Odd("odd", name, _EVEN, str(path))
        return _Look(size, _digest(data), pixels_read, problem)

    def _take(self, name: PartName, part: Source, places: range, looks: list[_Look]) -> None:
        labels = part.labels[places.start : places.stop].tolist()
        for place, label, look in zip(places, labels, looks, strict=True):
            self.done += 1
            if look.problem is not None:
                self._tell(look.problem)
                if look.problem.kind == "broken":
                    self.bad[name, label] += 1
                    continue
            if look.size is not None and (look.size in self.sizes or len(self.sizes) < SIZES):
                self.sizes[look.size] += 1
            self._compare(name, part, place, look)
            if name == "train" and look.pixels is not None:
                self._measure(look.pixels)

    def _compare(self, name: PartName, part: Source, place: int, look: _Look) -> None:
        before = self._seen.setdefault(look.digest, (name, place))
        if before == (name, place):
            return
        other, at = self.material.part(before[0]), before[1]
        label = self.material.classes[int(other.labels[at])]
        same = name == before[0]
        reason = (
            say("the same picture is in {name}", name=label)
            if same
            else say("the same picture is in {name}, {part}", name=label, part=before[0])
        )
        title = self.material.title(part, place)
        path = str(part.paths[place]) if isinstance(part, Files) else ""
        self._tell(Odd("duplicate", title, reason, path))

    def _measure(self, pixels: Tensor) -> None:
        if pixels.shape[0] != len(self.values):
            grey = pixels.float().mean(0, keepdim=True).round().to(torch.uint8)
            pixels = (pixels if pixels.shape[0] == 3 and len(self.values) == 3 else grey).expand(
                len(self.values), -1, -1
            )
        self.images += 1
        for channel in range(len(self.values)):
            self.values[channel] += np.bincount(pixels[channel].flatten().numpy(), minlength=256)

    def _tell(self, odd: Odd) -> None:
        self.counts[odd.kind] += 1
        if len(self.found[odd.kind]) < NAMED:
            self.found[odd.kind].append(odd)

    # What is known

    def seconds_left(self) -> float | None:
        """By the pace so far; ``None`` at the beginning and the end."""
        if not self.done or self.done == self.total:
            return None
        return (time.monotonic() - self._began) / self.done * (self.total - self.done)

    def statistics(self) -> list[dict[str, float]]:
        """Mean and deviation of each channel as stored, on the scale 0 to 1; empty where nothing was measured."""
        scale = np.arange(256) / 255
        found = []
        for row in self.values:
            count = row.sum()
            if not count:
                return []
            mean = float((row * scale).sum() / count)
            found.append({"mean": mean, "std": float(np.sqrt((row * (scale - mean) ** 2).sum() / count))})
        return found

    def report(self) -> dict[str, Any]:
        """Everything that is known so far, as data."""
        bins = self.values.reshape(len(self.values), BINS, -1).sum((0, 2))
        return {
            "done": self.done,
            "total": self.total,
            "seconds_left": self.seconds_left(),
            "images_measured": self.images,
            "statistics": self.statistics(),
            "histogram": bins.tolist(),
            "sizes": [[*size, count] for size, count in self.sizes.most_common(8)],
            "size_count": len(self.sizes),
            "counts": dict(self.counts),
            "broken_by_class": [[part, label, count] for (part, label), count in self.bad.items()],
        }

    def odd(self, kind: Kind, start: int = 0) -> list[dict[str, Any]]:
        """Files of a kind from number ``start`` on, as data."""
        return [
            {"kind": odd.kind, "name": odd.name, "reason": to_data(odd.reason), "path": odd.path}
            for odd in self.found[kind][start:]
        ]


_EVEN = say("one even colour")
_SIGNATURES = (
    b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"RIFF", b"II*\0", b"MM\0*", b"P1", b"P2", b"P3", b"P4", b"P5", b"P6",
    b"\0\0\0", b"\xffO\xffQ", b"\0\0\1\0",
)  # fmt: skip


def nothing_to_see(data: bytes) -> str:
    """Why the bytes of a file are no image at all; empty if they may be one."""
    if not data:
        return say("empty file")
    if not data.startswith(_SIGNATURES) and data[:64].isascii() and data[:64].decode().isprintable():
        return say("not an image: the first bytes are text")
    return ""


def _digest(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")
