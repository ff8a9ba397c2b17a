"""How large the photos of a folder usually are, from the heads of some of them."""

from __future__ import annotations

import struct
import warnings
import zlib
from contextlib import suppress
from pathlib import Path
from statistics import median_low
from typing import TypeAlias

from blockstudio.graph.files import check_regular
from blockstudio.runs.folder_tree import current, looking
from blockstudio.runs.image_folders import images_in, is_own
from blockstudio.runs.layouts import layout
from blockstudio.runs.tables import tables_in

DAMAGE = (
    OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, KeyError, IndexError, TypeError,
    OverflowError, AttributeError, NotImplementedError, MemoryError, RecursionError,
)  # fmt: skip
"""What the image library raises on damaged files beside errors of its own, whatever their makers thought of."""
LOOKED_AT = 64
"""So many photos are looked at, of every class alike."""


_Stamp: TypeAlias = tuple[tuple[str, int], ...]
_known: dict[Path, tuple[_Stamp, int | None]] = {}


def usual_side(root: Path) -> int | None:
    """The shorter side that half of the photos to train on have at least; ``None`` where none could be read, or Pillow
    is not installed. Looked at once, until something is put into the folder or taken out."""
    try:
        import PIL.Image  # noqa: F401 - what is not there now may be installed later
    except ImportError:
        return None
    with looking():
        stamp = _stamp(root)
        if root not in _known or _known[root][0] != stamp:
            _known[root] = stamp, _looked_at(root)
    return _known[root][1]


def _stamp(root: Path) -> _Stamp:
    """When something last came into the folder, or into one inside it, or went; and when its lists were written."""
    found = [(str(root), root.stat().st_mtime_ns)]
    folders = _folders(root)
    waiting = [*tables_in(root), *(root / name for name in folders)]
    waiting += [root / outer / name for outer in folders if is_own(outer) for name in _folders(root / outer)]
    for path in waiting:
        with suppress(OSError):  # a link that leads nowhere
            found.append((str(path), path.stat().st_mtime_ns))
    return tuple(sorted(found))


def _folders(folder: Path) -> tuple[str, ...]:
    try:
        return current().entries(folder).folders
    except OSError:  # what may not be looked into is told where the set is read
        return ()


def _looked_at(root: Path) -> int | None:
    from PIL import Image

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
