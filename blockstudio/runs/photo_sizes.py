"""How large the photos of a folder usually are, from the heads of some of them."""

from __future__ import annotations

import struct
import warnings
import zlib
from pathlib import Path
from statistics import median_low

from blockstudio.graph.files import check_regular
from blockstudio.runs.image_folders import images_in
from blockstudio.runs.layouts import layout

DAMAGE = (
    OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, KeyError, IndexError, TypeError,
    OverflowError, AttributeError, NotImplementedError, MemoryError, RecursionError,
)  # fmt: skip
"""What the image library raises on damaged files beside errors of its own, whatever their makers thought of."""
LOOKED_AT = 64
"""So many photos are looked at, of every class alike."""


def usual_side(root: Path) -> int | None:
    """The shorter side that half of the photos to train on have at least; ``None`` where none could be read, or Pillow
    is not installed."""
    try:
        from PIL import Image
    except ImportError:
        return None
    found = layout(root)
    if "train" in found.lists:
        classes = [[path for path, _ in found.lists["train"].photos]]
    else:
        classes = [images_in(found.train / name) for name in found.classes]
    sides: list[int] = []
    for paths in classes:
        share = max(1, LOOKED_AT // len(classes))
        for path in paths[:: max(1, -(-len(paths) // share))]:
            try:
                check_regular(path)
                with warnings.catch_warnings(action="ignore"), Image.open(path) as image:
                    sides.append(min(image.size))
            except (*DAMAGE, Image.DecompressionBombError):
                continue  # What is wrong with a file is told where it is read.
    return median_low(sides) if sides else None
