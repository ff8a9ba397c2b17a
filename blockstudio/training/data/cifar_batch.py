"""CIFAR's Python batches: pickles of a dictionary with an array and lists, read without executing what a pickle says.

Only what those files hold is known to the reader, and none of it is built by the file's own means: an array is noted as
shape and bytes. A pickle that names anything else is refused.
"""

from __future__ import annotations

import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blockstudio.errors import StudioError
from blockstudio.text import say

MAX_BYTES = 1 << 30
BROKEN = (
    pickle.UnpicklingError, EOFError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError,
    MemoryError, OverflowError, UnicodeError, ImportError,
)  # fmt: skip
"""What the reader raises on damaged files, depending on where the damage is."""


class _Noted:
    """An object of the file: what it was made of, and the state it was given."""

    def __init__(self, *made_of: object) -> None:
        self.made_of = made_of
        self.state: object = None

    def __setstate__(self, state: object) -> None:
        self.state = state


def _encode(text: object, encoding: object) -> bytes:
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError("no array's bytes")
    return text.encode("latin1")


_KNOWN: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _Noted,
    ("numpy._core.multiarray", "_reconstruct"): _Noted,
    ("numpy", "ndarray"): _Noted,
    ("numpy", "dtype"): _Noted,
    ("_codecs", "encode"): _encode,
}


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _KNOWN:
            raise pickle.UnpicklingError(f"{module}.{name}")
        return _KNOWN[module, name]


def read_batch(path: Path) -> dict[str, Any]:
    """The dictionary of one file by text keys; arrays are uint8 of their shape, text is decoded.

    Raises `StudioError` ``data.cifar`` naming the file, and what it asks for if that is more than data.
    """
    where = str(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise StudioError("data.cifar", say("is too large for a batch of CIFAR."), where=where)
        with path.open("rb") as file:
            found = _Reader(file, encoding="bytes").load()
        if not isinstance(found, dict):
            raise ValueError("no dictionary")
        return {_text(key): _value(value) for key, value in found.items()}
    except pickle.UnpicklingError as error:
        raise StudioError(
            "data.cifar",
            say("is damaged, or holds more than arrays and lists ({what}), which is never executed.", what=error),
            where=where,
            hint=say("Take the files from the authors' page again."),
        ) from error
    except OSError as error:
        raise StudioError("data.cifar", say("cannot be read: {error}.", error=error.strerror), where=where) from error
    except BROKEN as error:
        raise StudioError("data.cifar", say("is damaged: it is no whole batch of CIFAR."), where=where) from error


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _value(value: object) -> Any:
    if isinstance(value, _Noted):
        return _array(value)
    if isinstance(value, list):
        return [_text(item) if isinstance(item, bytes) else item for item in value]
    return value


def _array(noted: _Noted) -> NDArray[np.uint8]:
    state = noted.state
    if not isinstance(state, tuple) or len(state) != 5:
        raise ValueError("no array")
    _, shape, dtype, by_columns, data = state
    is_bytes = isinstance(dtype, _Noted) and dtype.made_of[:1] in (("u1",), (b"u1",), ("|u1",))
    if not is_bytes or not isinstance(data, bytes) or math.prod(shape) != len(data):
        raise ValueError("no array of bytes")
    return np.frombuffer(data, np.uint8).reshape(shape, order="F" if by_columns else "C")
