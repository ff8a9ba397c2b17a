"""Whether an image file is whole, as far as its bytes tell without being decoded, and what it is if it is none."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

from blockstudio.errors import StudioError
from blockstudio.graph.files import open_regular
from blockstudio.runs.image_folders import printable
from blockstudio.text import Text, say

TAIL = 4096
BLOCK = 1 << 20
UNSURE = "?"
"""Its end does not look like one; only decoding tells."""
CHUNKS = 100_000
"""Of a PNG that are stepped over."""


def cut_short(file: BinaryIO) -> str:
    """Why a file seems to end too early, as far as its last bytes and its stated size tell; empty if it does not,
    `UNSURE` where decoding alone tells. What follows the image's end, a film behind a photo, does not matter."""
    file.seek(0)
    head = file.read(32)
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - TAIL))
    tail = file.read(TAIL)
    if head[:3] == b"\xff\xd8\xff":
        ends = _ends_as_jpeg(file, size)
        return UNSURE if ends is None else "" if ends else say("its end is missing")
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return "" if b"IEND" in tail or _ends_as_png(file, size) else say("its end is missing")
    if head[:4] == b"GIF8":
        return "" if tail.rstrip(b"\0").endswith(b";") else UNSURE
    stated = 0
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        stated = 8 + int(struct.unpack("<I", head[4:8])[0])
    elif head[:2] == b"BM" and len(head) >= 6:
        stated = int(struct.unpack("<I", head[2:6])[0])
    if stated > size:
        return say("it has {size:,} of the {stated:,} bytes that it says it has", size=size, stated=stated)
    return ""


def _ends_as_jpeg(file: BinaryIO, size: int) -> bool | None:
    """Whether the end marker comes after the first scan begins: not that of a small picture in the notes before.
    ``None`` where its parts do not follow each other."""
    place = 2
    while True:
        file.seek(place)
        marker = file.read(4)
        if len(marker) < 4:
            return False
        if marker[0] != 0xFF:
            return None
        if marker[1] == 0xDA:
            break
        place += 2 + int(struct.unpack(">H", marker[2:])[0])
    for start in dict.fromkeys((max(place, size - TAIL), place)):
        file.seek(start)
        last = b""
        while block := file.read(BLOCK):
            if b"\xff\xd9" in last + block:
                return True
            last = block[-1:]
    return False


def _ends_as_png(file: BinaryIO, size: int) -> bool:
    """Whether its chunks lead to the last one."""
    place = 8
    for _ in range(CHUNKS):
        file.seek(place)
        head = file.read(8)
        if len(head) < 8:
            return False
        place += 12 + int(struct.unpack(">I", head[:4])[0])
        if head[4:] == b"IEND":
            return place <= size
    return False


SIGNS: tuple[tuple[int, bytes, Text, Text], ...] = (
    (0, b"version https://git-lfs", say("is a pointer of git LFS, not the image itself."),
        say("Fetch it with: git lfs pull")),
    (0, b"<", say("is a page of the web or an SVG drawing, not an image of pixels."), say("Fetch the image itself.")),
    (4, b"ftyphei", say("is an HEIC photo, which is not read."), say("Save it as JPEG or PNG.")),
    (4, b"ftypmif1", say("is an HEIC photo, which is not read."), say("Save it as JPEG or PNG.")),
    (0, b"%PDF", say("is a PDF document."), say("Save its pages as JPEG or PNG.")),
    (0, b"%!PS", say("is a PostScript program, which is never executed."), say("Save it as PNG.")),
)  # fmt: skip
"""What people have in the place of images: where the bytes stand, what it is and what to do."""


def what_else(path: Path) -> StudioError | None:
    """What a file is that is no image, if its first bytes tell. `StudioError` ``data.image``."""
    try:
        with open_regular(path) as file:
            head = file.read(64)
    except OSError:
        return None
    if not head:
        return StudioError("data.image", say("is empty."), where=printable(path))
    for place, sign, text, hint in SIGNS:
        if (head.lstrip() if place == 0 else head[place:]).startswith(sign):
            return StudioError("data.image", text, where=printable(path), hint=hint)
    return None
