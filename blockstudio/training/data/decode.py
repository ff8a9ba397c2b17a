"""One image file, as a viewer shows it: turned upright, its first frame, on a ground where it is transparent, and with
one scale for a whole set where a pixel has more than eight bits."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageOps, UnidentifiedImageError
from torch import Tensor

from blockstudio.errors import StudioError
from blockstudio.graph.files import check_regular, open_regular
from blockstudio.runs.image_folders import printable
from blockstudio.runs.photo_sizes import DAMAGE
from blockstudio.text import Text, say, say_many
from blockstudio.training.data.colours import shown
from blockstudio.training.data.ends import UNSURE, cut_short, what_else

MAX_PIXELS = 178_956_970
"""Pixels of the largest image that is read: above it the image library suspects a bomb."""
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)

UNREADABLE = (*DAMAGE, Image.DecompressionBombError)
"""What the image library raises on damaged files."""
DRAFT = 2
"""A photo is decoded at no less than so many times the size that is wanted, where its format can."""
MEASURED = 5_000
"""Deep images of a set that are measured for its scale, spread evenly."""

Range: TypeAlias = tuple[float, float]
"""The pixel values that are shown as black and as white."""
SIXTEEN_BITS: Range = (0.0, 65535.0)
TWELVE_BITS: Range = (0.0, 4095.0)
BITS, PHOTOMETRIC, SAMPLE_FORMAT = 258, 262, 339
"""Tags of TIFF."""


@dataclass(frozen=True)
class Decoder:
    """How the images of one set are read: ``channels`` 1 (grey) or 3 (colour), the ``background`` of transparent ones
    as ``#rrggbb`` or a name, and the ``range`` of pixels with more than eight bits."""

    channels: int
    background: str = "white"
    range: Range = SIXTEEN_BITS

    def read(self, path: Path, at_least: tuple[int, int] | None = None) -> Tensor:
        """uint8 ``(C, H, W)``. ``at_least``: (H, W) below which a large photo need not be decoded in full.

        Raises `StudioError` ``data.image`` naming the file.
        """
        with reading(path) as image:
            if at_least is not None:
                _draft(image, at_least)
            return self.tensor(image, path)

    def tensor(self, image: Image.Image, where: Path | str) -> Tensor:
        """uint8 ``(C, H, W)`` of an image that is open. Raises `StudioError` ``data.image`` for values that are no
        numbers."""
        tags = getattr(image, "tag_v2", {})  # A turned copy has none, and no tile.
        bits = str(getattr(image, "tile", None) and image.tile[0][3])  # type: ignore[attr-defined]
        image = ImageOps.exif_transpose(image)
        if is_deep(image.mode):
            values, key = _values(image, where, tags), image.info.get("transparency")
            image = Image.fromarray(_scaled(values, self.range))
            if isinstance(key, int):  # The grey that is transparent.
                image.putalpha(Image.fromarray(np.where(values == key, 0, 255).astype(np.uint8)))
        pixels = np.array(self._plain(image, bits))
        found = torch.from_numpy(pixels)
        return found.unsqueeze(0) if found.ndim == 2 else found.permute(2, 0, 1).contiguous()

    def _plain(self, image: Image.Image, bits: str) -> Image.Image:
        mode = "L" if self.channels == 1 else "RGB"
        image = _keyed(shown(image), bits)
        if is_transparent(image):
            ground = Image.new("RGBA", image.size, (*ImageColor.getrgb(self.background)[:3], 255))
            image = Image.alpha_composite(ground, image.convert("RGBA"))
        return image if image.mode == mode else image.convert("RGB").convert(mode)


FORMATS = (
    "PNG", "JPEG", "MPO", "BMP", "DIB", "GIF", "WEBP", "TIFF", "PPM", "JPEG2000", "AVIF", "ICO", "TGA",
)  # fmt: skip
"""What is taken for an image, whatever its name ends in. Not PostScript: that is a program, which Pillow would hand to
Ghostscript to run."""


@cache
def _formats() -> tuple[str, ...]:
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


class reading:
    """An image file, open while the block runs; whatever is wrong with it becomes a `StudioError` ``data.image``."""

    def __init__(self, path: Path, file: BinaryIO | None = None) -> None:
        self.path = path
        self._file = file

    def __enter__(self) -> Image.Image:
        try:
            if self._file is None:
                check_regular(self.path)
            self._image: Image.Image = Image.open(self._file or self.path, formats=_formats())
        except UNREADABLE as error:
            raise what_else(self.path) or unreadable(self.path, error) from error
        if self._image.width * self._image.height > MAX_PIXELS:
            self._image.close()
            raise unreadable(self.path, Image.DecompressionBombError())
        return self._image

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._image.close()
        if isinstance(error, UNREADABLE) and not isinstance(error, StudioError):
            raise unreadable(self.path, error) from error


def unreadable(path: Path | str, error: BaseException) -> StudioError:
    """What is said of a file that cannot be shown."""
    if isinstance(error, Image.DecompressionBombError):
        return StudioError(
            "data.image",
            say("has more than {most:,} pixels, the most that is read.", most=MAX_PIXELS),
            where=printable(path),
            hint=say("Save it smaller."),
        )
    reason: str = (
        error.args[0] if isinstance(error, ValueError) and error.args and isinstance(error.args[0], Text) else ""
    )
    if isinstance(error, UnidentifiedImageError):
        reason = say("its format is none that is read")
    elif isinstance(error, OSError) and error.strerror:
        reason = error.strerror[:1].lower() + error.strerror[1:]
    reason = reason or (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
    reason = printable(reason)
    return StudioError("data.image", say("is no readable image: {reason}.", reason=reason), where=printable(path))


def _draft(image: Image.Image, at_least: tuple[int, int]) -> None:
    """Let a JPEG decoder leave out detail that the wanted size cannot show."""
    if image.format == "JPEG" and image.mode in ("RGB", "L"):
        # Turned photos have height and width the other way round; the larger side serves both.
        side = DRAFT * max(at_least)
        image.draft(image.mode, (side, side))


# Pixels of more than eight bits


def _keyed(image: Image.Image, bits: str) -> Image.Image:
    """An image whose transparent grey is one of eight bits, as its pixels are, where its file has fewer ``bits``."""
    key, step = image.info.get("transparency"), {"L;2": 85, "L;4": 17}.get(bits)
    if step is None or not isinstance(key, int):
        return image
    image = image.copy()
    image.info["transparency"] = key * step
    return image


def is_deep(mode: str) -> bool:
    """Whether a pixel of this mode holds more than eight bits: 16-bit grey, 32-bit integers, floats."""
    return mode.startswith("I") or mode == "F"


def is_transparent(image: Image.Image) -> bool:
    """Whether the image has an alpha channel or a transparent colour."""
    return image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info


def _values(image: Image.Image, where: Path | str, tags: Mapping[int, Any]) -> NDArray[np.float64]:
    values = np.asarray(image, np.float64)
    if image.mode == "I" and tags.get(SAMPLE_FORMAT, 1) in (1, (1,)) and tags.get(BITS) in (32, (32,)):
        values = values % 2.0**32  # The library has them with a sign.
    if image.mode.startswith("I;16") and tags.get(PHOTOMETRIC) == 0:
        values = SIXTEEN_BITS[1] - values  # White is 0, and only of fewer bits does the library turn it round.
    if not np.isfinite(values).all():
        raise StudioError(
            "data.image", say("has a pixel that is no number (NaN or infinite)."), where=printable(where),
            hint=say("Put numbers in its place, or remove the file."),
        )  # fmt: skip
    return values


def _scaled(values: NDArray[np.float64], span: Range) -> NDArray[np.uint8]:
    low, high = span
    found: NDArray[np.uint8] = np.rint((values - low) * (255 / (high - low))).clip(0, 255).astype(np.uint8)
    return found


@dataclass(frozen=True)
class Survey:
    """What the files of a set say before they are decoded, and the scale of its deep images."""

    range: Range
    deep: int
    """How many images of more than 8 bits a pixel there are among those looked at."""
    damaged: dict[Path, StudioError]
    """Files that are no images, or end too early."""
    notes: list[str]
    """What was decided for the user, a sentence each."""


def survey(
    paths: Sequence[Path], black: float | None = None, white: float | None = None, background: str = "white"
) -> Survey:
    """Look at header and end of all files, and at the pixels of the deep ones: those get one range for the whole set,
    by their kind and their largest values, unless ``black`` and ``white`` are given.

    Raises `StudioError` ``data.range`` where white would not be above black.
    """
    stride = -(-len(paths) // MEASURED) if black is None or white is None else 0
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        measured = (bool(stride) and index % stride == 0 for index in range(len(paths)))
        looks = list(pool.map(_look, paths, measured))
    deep = [look for look in looks if isinstance(look, _Look) and look.deep]
    spans = [look.span for look in deep if look.span is not None]
    if stride and len(spans) < min(len(deep), MEASURED):  # Few deep images among many: all of those that were not hit.
        rest = [look for look in deep if look.span is None][: MEASURED - len(spans)]
        spans += [_span(look.path) for look in rest]
    damaged = {path: look for path, look in zip(paths, looks, strict=True) if isinstance(look, StudioError)}
    damaged |= {span.path: span.problem for span in spans if span.problem is not None}
    notes: list[str] = []
    span = SIXTEEN_BITS
    good = [span for span in spans if span.problem is None]
    if good:
        span = range_of(min(s.low for s in good), max(s.high for s in good), any(s.floats for s in good))
    span = (span[0] if black is None else black, span[1] if white is None else white)
    if span[1] <= span[0]:
        raise StudioError(
            "data.range", say("white is {high:g}, which is not above black, {low:g}.", high=span[1], low=span[0]),
            where="data.white", hint=say("Give both, or neither."),
        )  # fmt: skip
    if deep and span != SIXTEEN_BITS:
        notes.append(
            say_many(
                "{count} image has more than 8 bits a pixel: {low:g} is black, {high:g} is white "
                "(data.black, data.white).",
                "{count:,} images have more than 8 bits a pixel: {low:g} is black, {high:g} is white "
                "(data.black, data.white).",
                len(deep), low=span[0], high=span[1],
            )
        )  # fmt: skip
    transparent = sum(look.transparent for look in looks if isinstance(look, _Look))
    if transparent:
        notes.append(
            say_many(
                "{count} image is transparent: it stands on {background} (data.background).",
                "{count:,} images are transparent: they stand on {background} (data.background).",
                transparent, background=background,
            )
        )  # fmt: skip
    return Survey(span, len(deep), damaged, notes)


def range_of(low: float, high: float, floats: bool) -> Range:
    """The range of a set whose smallest and largest values are these."""
    if floats:
        for span in ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)):
            if span[0] <= low and high <= span[1]:
                return span
    elif low >= 0 and high <= SIXTEEN_BITS[1]:
        # Twelve bits of a sensor in a file of sixteen. Nothing above 255 is said to be dark, as a viewer shows it.
        return TWELVE_BITS if 255 < high <= TWELVE_BITS[1] else SIXTEEN_BITS
    return (low, high) if high > low else (low, low + 1)


@dataclass(frozen=True)
class _Look:
    path: Path
    deep: bool
    transparent: bool
    span: _Span | None = None
    """Its smallest and largest value, if they were looked at."""


def _look(path: Path, measure: bool) -> _Look | StudioError:
    """What one opening of a file tells: its header, its end, and the values of a deep image."""
    try:
        with open_regular(path) as file:
            short = cut_short(file)
            file.seek(0)
            with reading(path, file) as image:
                deep = is_deep(image.mode)
                if short == UNSURE:
                    image.load()
                    short = ""
                found = _Look(path, deep, is_transparent(image), _measured(image, path) if deep and measure else None)
    except StudioError as error:
        return error
    except OSError as error:
        return unreadable(path, error)
    return unreadable(path, ValueError(short)) if short else found


@dataclass(frozen=True)
class _Span:
    path: Path
    low: float = 0.0
    high: float = 0.0
    floats: bool = False
    problem: StudioError | None = None


def _span(path: Path) -> _Span:
    try:
        with reading(path) as image:
            return _measured(image, path)
    except StudioError as error:
        return _Span(path, problem=error)


def _measured(image: Image.Image, path: Path) -> _Span:
    values = _values(image, path, getattr(image, "tag_v2", {}))
    return _Span(path, float(values.min()), float(values.max()), image.mode == "F")


def background_problem(text: str) -> str:
    """Why ``text`` names no colour; empty if it does."""
    try:
        ImageColor.getrgb(text)
    except ValueError:
        return say("expected a colour such as white or #ffffff, found '{text}'.", text=text)
    return ""


def pixels_of(image: Any, decoder: Decoder, where: str) -> Tensor:
    """uint8 ``(C, H, W)`` of an image that a library has opened. Raises `StudioError` ``data.image``."""
    try:
        return decoder.tensor(image, where)
    except StudioError:
        raise
    except UNREADABLE as error:
        raise unreadable(where, error) from error
