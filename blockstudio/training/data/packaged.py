"""Sets that come with the program: arrays in a file of the package."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from blockstudio.errors import StudioError
from blockstudio.text import say


def read_arrays(file: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray[Any, Any]]:
    """The byte arrays of a ``.npz`` file by name. Raises `StudioError` ``data.packaged`` if the file is not whole."""
    again = say("Install Block Studio again.")
    try:
        with np.load(file, allow_pickle=False) as found:
            arrays = {name: found[name] for name in shapes}
    except (OSError, KeyError, ValueError, EOFError, zlib.error, BadZipFile) as error:
        raise StudioError(
            "data.packaged", say("cannot be read: {error}.", error=error), where=str(file), hint=again
        ) from error
    for name, shape in shapes.items():
        if arrays[name].shape != shape or arrays[name].dtype != np.uint8:
            raise StudioError(
                "data.packaged",
                say("holds {found} where {expected} bytes are expected.", found=arrays[name].shape, expected=shape),
                where=str(file),
                hint=again,
            )
    return arrays
