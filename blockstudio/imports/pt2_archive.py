"""The archive that ``torch.export.save`` writes, as data: the program as JSON, weights as bare numbers. Pickles in it
are never opened, and a file whose weights are pickled is refused."""

from __future__ import annotations

import math
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import msgspec
import torch
from torch import Tensor

from blockstudio.errors import StudioError, file_errors
from blockstudio.text import say

MAX_PROGRAM = 256 << 20
MAX_WEIGHTS = 8 << 30
MAX_ENTRIES = 200_000
_MODEL, _WEIGHTS, _CONSTANTS = (
    "models/model.json", "data/weights/model_weights_config.json", "data/constants/model_constants_config.json",
)  # fmt: skip
DTYPES = {
    1: torch.uint8, 2: torch.int8, 3: torch.int16, 4: torch.int32, 5: torch.int64, 6: torch.float16, 7: torch.float32,
    8: torch.float64, 12: torch.bool, 13: torch.bfloat16,
}  # fmt: skip
"""Kinds of numbers as the format counts them."""


class Archive:
    """An open archive.

    Raises `StudioError` ``import.file`` for what is no such file or a damaged one, ``import.pickle`` where its weights
    are pickled.
    """

    @file_errors()
    def __init__(self, path: Path) -> None:
        self.name = path.name
        if not path.is_file():
            raise StudioError("import.file", say("there is no such file."), where=str(path))
        try:
            self._zip = zipfile.ZipFile(path)
            entries = self._zip.infolist()
        except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile) as reason:
            raise self._damaged() from reason
        if len(entries) > MAX_ENTRIES or len({entry.filename for entry in entries}) < len(entries):
            raise self._damaged()
        self._entries = {entry.filename: entry for entry in entries}
        found = [name for name in self._entries if name == _MODEL or name.endswith(f"/{_MODEL}")]
        if len(found) != 1:
            raise self._other()
        self._root = found[0].removesuffix(_MODEL)
        order = self._entries.get(f"{self._root}byteorder")
        if order is not None and self._bytes(order, 100).strip() != sys.byteorder.encode():
            raise StudioError("import.file", say("its numbers have their bytes in another order."), where=self.name)

    def program(self) -> Any:
        """What the file says of the network, as JSON gives it."""
        return self._json(_MODEL)

    def tensors(self) -> dict[str, Tensor]:
        """Parameters, buffers and constants by name."""
        found: dict[str, Tensor] = {}
        total = 0
        for config, folder in ((_WEIGHTS, "data/weights/"), (_CONSTANTS, "data/constants/")):
            if f"{self._root}{config}" not in self._entries:
                continue
            listed = self._json(config).get("config")
            if not isinstance(listed, dict):
                raise self._damaged()
            for name, item in listed.items():
                if not isinstance(item, dict):
                    raise self._damaged()
                if item.get("use_pickle") is not False:
                    raise self._pickled()
                meta, place = item.get("tensor_meta"), item.get("path_name")
                entry = self._entries.get(f"{self._root}{folder}{place}")
                if not isinstance(meta, dict) or entry is None:
                    if config == _CONSTANTS:
                        continue
                    raise self._damaged()
                total += entry.file_size
                if total > MAX_WEIGHTS:
                    raise StudioError("import.file", say("its weights are larger than 8 GiB."), where=self.name)
                found[name] = self._tensor(meta, entry)
        return found

    def _tensor(self, meta: Mapping[str, Any], entry: zipfile.ZipInfo) -> Tensor:
        try:
            dtype = DTYPES[meta["dtype"]]
            size = [_whole(item) for item in meta["sizes"]]
            strides = [_whole(item) for item in meta["strides"]]
            offset = _whole(meta["storage_offset"])
        except (KeyError, TypeError, ValueError):
            raise self._damaged() from None
        width = torch.empty((), dtype=dtype).element_size()
        ends = offset + sum((side - 1) * step for side, step in zip(size, strides, strict=False)) + 1
        count = entry.file_size // width
        legal = len(size) == len(strides) <= 16 and min([*size, *strides, offset], default=0) >= 0
        if not legal or math.prod(size) > count or (0 not in size and ends > count):
            raise self._damaged()
        if not count:
            return torch.empty(size, dtype=dtype)
        flat = torch.frombuffer(bytearray(self._bytes(entry, MAX_WEIGHTS)[: count * width]), dtype=dtype)
        return flat.as_strided(size, strides, offset).clone()

    def _json(self, name: str) -> Any:
        try:
            found = msgspec.json.decode(self._bytes(self._entries[f"{self._root}{name}"], MAX_PROGRAM))
        except (msgspec.DecodeError, RecursionError, KeyError, UnicodeDecodeError) as reason:
            raise self._damaged() from reason
        if not isinstance(found, dict):
            raise self._damaged()
        return found

    def _bytes(self, entry: zipfile.ZipInfo, most: int) -> bytes:
        """An entry's bytes, never more than ``most`` whatever it says of its size."""
        try:
            with self._zip.open(entry) as stream:
                data = _bounded(stream, min(most, entry.file_size))
        except (OSError, ValueError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile) as reason:
            raise self._damaged() from reason
        except Exception as reason:  # zlib and lzma have errors of their own
            if type(reason).__module__ not in ("zlib", "_lzma", "lzma"):
                raise
            raise self._damaged() from reason
        if entry.file_size > most or len(data) != entry.file_size:
            raise self._damaged()
        return data

    def _damaged(self) -> StudioError:
        return StudioError("import.file", say("it is no .pt2 file of torch.export, or a damaged one."), where=self.name)

    def _pickled(self) -> StudioError:
        return StudioError(
            "import.pickle",
            say("its weights are pickled Python objects, which could run anything when opened."),
            where=self.name,
            hint=say("Save it again with torch.export.save of PyTorch 2.9 or newer."),
        )

    def _other(self) -> StudioError:
        names = {name.rpartition("/")[2] for name in self._entries}
        if "serialized_exported_program.json" in names:
            return self._pickled()
        if "data.pkl" in names:
            return StudioError(
                "import.pickle",
                say("it holds pickled Python objects and no program: weights, or a whole module."),
                where=self.name,
                hint=say("Load its weights into a diagram, or import the module from Python: bs.from_module(model)."),
            )
        return self._damaged()


def _bounded(stream: IO[bytes], most: int) -> bytes:
    return stream.read(most + 1)


def _whole(item: Any) -> int:
    found = item["as_int"]
    if type(found) is not int:
        raise ValueError(found)
    return found
