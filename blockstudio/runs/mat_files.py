"""MATLAB's MAT files, version 5, as far as published data sets need them: numbers, text, cells, structures.

Only data are read: sizes are checked against what the file holds before memory is taken, nesting is bounded, and what
MATLAB would execute or refer to (functions, objects) is refused by name.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from blockstudio.errors import StudioError
from blockstudio.graph.files import read_bounded
from blockstudio.text import say

MAX_FILE = 2 << 30
MAX_UNPACKED = 4 << 30
"""Bytes of one variable once it is unpacked."""
MAX_DEPTH = 16
MAX_CELLS = 1 << 20

Value: TypeAlias = "NDArray[Any] | str | list[Any] | dict[str, list[Any]]"
"""An array in MATLAB's shape, text, a cell as a list in column order, a structure as a list for each field."""

_MATRIX, _COMPRESSED = 14, 15
_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_TEXTS = {16: "utf-8", 17: "utf-16", 18: "utf-32"}
_CELL, _STRUCT, _CHAR = 1, 2, 4
_NUMBERS = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
_REFUSED = {3: "an object", 5: "a sparse matrix", 16: "a function", 17: "an object"}
_COMPLEX = 0x0800


def read_mat(path: Path, *names: str) -> dict[str, Value]:
    """The variables of a file called ``names``, as far as it has them; others are passed over unread.

    Raises `StudioError` ``data.mat`` naming the file: not of version 5, cut short, or claiming more than it holds.
    """
    try:
        data = memoryview(read_bounded(path, MAX_FILE))
        return dict(_variables(data, names))
    except (_Wrong, struct.error, zlib.error, UnicodeDecodeError) as error:
        reason = error.reason if isinstance(error, _Wrong) else say("it is damaged")
        text = say("is no MAT file that can be read: {reason}.", reason=reason)
        raise StudioError("data.mat", text, where=str(path)) from error


class _Wrong(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class _Part:
    """A data element: its type and bytes."""

    kind: int
    data: memoryview


class _Reader:
    def __init__(self, order: str) -> None:
        self.order = order

    def parts(self, data: memoryview) -> Iterator[_Part]:
        """The elements that lie one behind the other in ``data``."""
        place, count = 0, 0
        while place + 8 <= len(data):
            count += 1
            if count > MAX_CELLS:
                raise _Wrong(say("it has more than {most:,} parts", most=MAX_CELLS))
            kind, size = struct.unpack_from(f"{self.order}II", data, place)
            if kind >> 16:  # A small element: type and size in four bytes, the data in the next four.
                kind, size, start, end = kind & 0xFFFF, kind >> 16, place + 4, place + 8
                if size > 4:
                    raise _Wrong(say("it is damaged"))
            else:
                start = place + 8
                # All but compressed elements fill eight bytes up.
                end = start + size + (-size % 8 if kind != _COMPRESSED else 0)
            if start + size > len(data):
                raise _Wrong(say("it ends within its data"))
            yield _Part(kind, data[start : start + size])
            place = end

    def matrix(self, data: memoryview, depth: int) -> tuple[str, Value]:
        """Name and value of an array element."""
        if depth > MAX_DEPTH:
            raise _Wrong(say("its data are nested too deeply"))
        parts = list(self.parts(data))
        if not parts:
            return "", np.empty((0, 0))  # An empty cell.
        flags, shape = self._head(parts)
        kind = flags & 0xFF
        name = bytes(parts[2].data).decode("utf-8")
        if kind in _REFUSED or flags & _COMPLEX:
            raise _Wrong(say("its variable '{name}' is {kind}", name=name, kind=_REFUSED.get(kind, "complex")))
        count = math.prod(shape)
        if kind == _CELL:
            return name, [self._inner(part, depth) for part in self._counted(parts[3:], count)]
        if kind == _STRUCT:
            return name, self._structure(parts, count, depth)
        if kind == _CHAR:
            return name, self._text(parts, shape)
        if kind not in _NUMBERS:
            raise _Wrong(say("its variable '{name}' is {kind}", name=name, kind=f"of class {kind}"))
        if count * np.dtype(_NUMBERS[kind]).itemsize > MAX_UNPACKED:
            raise _Wrong(say("it claims {count:,} values", count=count))
        numbers = self._numbers(parts[3] if len(parts) > 3 else _Part(2, memoryview(b"")))
        if numbers.size != count:
            text = say("'{name}' has {found:,} values, not {count:,}", name=name, found=numbers.size, count=count)
            raise _Wrong(text)
        with np.errstate(invalid="ignore"):  # Damage may be no number.
            return name, numbers.astype(_NUMBERS[kind], copy=False).reshape(shape, order="F")

    def _head(self, parts: list[_Part]) -> tuple[int, tuple[int, ...]]:
        if len(parts) < 3 or len(parts[0].data) < 4 or len(parts[1].data) % 4 or not 8 <= len(parts[1].data) <= 128:
            raise _Wrong(say("it is damaged"))
        (flags,) = struct.unpack_from(f"{self.order}I", parts[0].data)
        shape = struct.unpack(f"{self.order}{len(parts[1].data) // 4}i", parts[1].data)
        if min(shape) < 0 or math.prod(shape) > MAX_UNPACKED:
            raise _Wrong(say("it claims {count:,} values", count=math.prod(shape)))
        return flags, shape

    def _counted(self, parts: list[_Part], count: int) -> list[_Part]:
        if len(parts) != count or count > MAX_CELLS:
            raise _Wrong(say("it has {found:,} cells, not {count:,}", found=len(parts), count=count))
        return parts

    def _inner(self, part: _Part, depth: int) -> Value:
        if part.kind != _MATRIX:
            raise _Wrong(say("it is damaged"))
        return self.matrix(part.data, depth + 1)[1]

    def _structure(self, parts: list[_Part], count: int, depth: int) -> dict[str, list[Any]]:
        if len(parts) < 5 or len(parts[3].data) < 4:
            raise _Wrong(say("it is damaged"))
        (width,) = struct.unpack_from(f"{self.order}i", parts[3].data)
        if width <= 0 or len(parts[4].data) % width:
            raise _Wrong(say("it is damaged"))
        text = bytes(parts[4].data)
        names = [text[at : at + width].split(b"\0")[0].decode("utf-8") for at in range(0, len(text), width)]
        values = [self._inner(part, depth) for part in self._counted(parts[5:], count * len(names))]
        return {name: values[place :: len(names)] for place, name in enumerate(names)}

    def _text(self, parts: list[_Part], shape: tuple[int, ...]) -> str:
        if len(parts) < 4:
            return ""
        part = parts[3]
        if part.kind in _TEXTS:
            ending = "" if part.kind == 16 else "-le" if self.order == "<" else "-be"
            text = bytes(part.data).decode(_TEXTS[part.kind] + ending)
        else:
            codes = self._numbers(part)
            if codes.size and not 0 <= int(codes.min()) <= int(codes.max()) < 0x110000:
                raise _Wrong(say("it is damaged"))
            text = "".join(map(chr, codes.astype(np.int64).tolist()))
        # Several rows are one text in column order; a list of names is a cell in all sets known.
        rows = shape[0]
        if math.prod(shape) != len(text):
            raise _Wrong(say("it is damaged"))
        return "\n".join(text[row::rows] for row in range(rows)) if rows > 1 else text

    def _numbers(self, part: _Part) -> NDArray[Any]:
        if part.kind not in _TYPES:
            raise _Wrong(say("it is damaged"))
        kind = np.dtype(self.order + _TYPES[part.kind])
        if len(part.data) % kind.itemsize:
            raise _Wrong(say("it is damaged"))
        return np.frombuffer(part.data, kind)


def _variables(data: memoryview, names: tuple[str, ...]) -> Iterator[tuple[str, Value]]:
    if bytes(data[:4]) == b"\x89HDF" or bytes(data[512:516]) == b"\x89HDF":
        raise _Wrong(say("it is of version 7.3 (HDF5); save it with -v7"))
    mark = bytes(data[126:128])
    if mark not in (b"IM", b"MI") or len(data) < 128:
        raise _Wrong(say("it is not of version 5"))
    reader = _Reader("<" if mark == b"IM" else ">")
    if struct.unpack_from(f"{reader.order}H", data, 124)[0] != 0x0100:
        raise _Wrong(say("it is not of version 5"))
    for part in reader.parts(data[128:]):
        if part.kind == _COMPRESSED:
            if not names or _name_of(reader, part) in names:
                part = next(iter(reader.parts(_unpacked(part))), _Part(0, memoryview(b"")))
            else:
                continue
        if part.kind == _MATRIX and (not names or _own_name(reader, part.data) in names):
            yield reader.matrix(part.data, 0)


def _name_of(reader: _Reader, part: _Part) -> str:
    """Name of a compressed variable, from its first bytes alone."""
    head = zlib.decompressobj().decompress(bytes(part.data[:4096]), 4096)
    return _own_name(reader, memoryview(head)[8:]) if len(head) > 8 else ""


def _own_name(reader: _Reader, data: memoryview) -> str:
    found = []
    try:
        for part in reader.parts(data):
            found.append(part)
            if len(found) == 3:
                return bytes(part.data).decode("utf-8", "replace")
    except _Wrong:
        return ""
    return ""


def _unpacked(part: _Part) -> memoryview:
    unpacker = zlib.decompressobj()
    found = unpacker.decompress(part.data, MAX_UNPACKED)
    if unpacker.unconsumed_tail:
        raise _Wrong(say("it unpacks to more than {most} MiB", most=MAX_UNPACKED >> 20))
    if not unpacker.eof:
        raise _Wrong(say("it ends within its data"))
    return memoryview(found)
