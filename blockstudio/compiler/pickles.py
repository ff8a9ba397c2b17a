"""What `torch.save` writes, read as data: an unpickler that knows tensors and arrays and calls nothing else.

Every class or function that a pickle names becomes a `Foreign` object that only remembers what it was given. So
numbers, namespaces and whole models beside the weights do no harm, and nothing in the file is executed.
"""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from torch import Tensor

MAGIC = 0x1950A86A20F9469CFC6C
"""The first number of a file in torch's old format."""
LOCAL_HEADER = 30
"""Bytes of a zip entry's header before its name."""
_TYPES: dict[str, torch.dtype] = {
    "DoubleStorage": torch.float64, "FloatStorage": torch.float32, "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16, "LongStorage": torch.int64, "IntStorage": torch.int32,
    "ShortStorage": torch.int16, "CharStorage": torch.int8, "ByteStorage": torch.uint8, "BoolStorage": torch.bool,
    "QInt8Storage": torch.int8, "QUInt8Storage": torch.uint8, "QInt32Storage": torch.int32,
    "QUInt4x2Storage": torch.uint8, "QUInt2x4Storage": torch.uint8,
    "UntypedStorage": torch.uint8, "ComplexFloatStorage": torch.complex64, "ComplexDoubleStorage": torch.complex128,
}  # fmt: skip
_PYTHON: Any = pickle._Unpickler
"""The unpickler that is written in Python: its steps can be replaced."""
Storages = Callable[[str, int], bytearray]
"""The bytes of a storage, by its key and its count of bytes."""


class Foreign:
    """An object of the file that is no tensor: the name of what made it, and what that was given."""

    def __init__(self, name: str, args: tuple[Any, ...] = ()) -> None:
        self.name, self.args = name, args
        self.state: Any = None
        self.entries: dict[Any, Any] = {}
        self.elements: list[Any] = []

    def __setitem__(self, key: Any, value: Any) -> None:
        self.entries[key] = value

    def append(self, value: Any) -> None:
        """As a list would."""
        self.elements.append(value)

    def extend(self, values: Iterable[Any]) -> None:
        """As a list would."""
        self.elements.extend(values)

    add = append

    @property
    def is_module(self) -> bool:
        """Whether it is a whole model: what `nn.Module` keeps is in it."""
        return isinstance(self.state, dict) and "_parameters" in self.state and "_modules" in self.state


class Name:
    """A class or function that a pickle names. It is never looked up."""

    def __init__(self, module: str, name: str) -> None:
        self.full = f"{module}.{name}"
        self.short = name

    def made(self, args: tuple[Any, ...]) -> Any:
        """What a call of it stands for."""
        maker = _MAKERS.get(self.full)
        return maker(*args) if maker is not None else Foreign(self.full, args)


class Reader(_PYTHON):  # type: ignore[misc]
    """Unpickles data; ``storages`` gives the bytes of tensors. Raises all sorts of errors for a damaged file."""

    dispatch = dict(_PYTHON.dispatch)

    def __init__(self, file: Any, storages: Storages) -> None:
        super().__init__(file, encoding="latin1")
        self._storages = storages
        self._kept: dict[str, bytearray] = {}

    def find_class(self, module: str, name: str) -> Name:
        """A name, and nothing behind it."""
        return Name(module, name)

    def get_extension(self, code: int) -> None:
        raise pickle.UnpicklingError("extensions are not read")

    def persistent_load(self, pid: Any) -> Any:
        """A storage: ``("storage", type, key, place, count)``; the old format has a sixth, a view into another."""
        if not isinstance(pid, tuple) or len(pid) < 2 or pid[0] not in ("storage", "module"):
            raise pickle.UnpicklingError("not a storage")
        if pid[0] == "module":
            return pid[1]
        kind, key, count = pid[1], pid[2], pid[4]
        dtype = _TYPES.get(kind.short) if isinstance(kind, Name) else None
        if dtype is None:
            return Foreign(kind.full if isinstance(kind, Name) else "storage")
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise pickle.UnpicklingError("a storage of no size")
        view = pid[5] if len(pid) > 5 else None
        if str(key) not in self._kept:
            self._kept[str(key)] = self._storages(str(key), count * dtype.itemsize)
        whole = self._kept[str(key)]
        flat = torch.frombuffer(whole, dtype=dtype) if len(whole) else torch.empty(0, dtype=dtype)
        if view is not None:
            _, start, length = view
            return flat[start : start + length]
        return flat

    def _call(self, function: Any, args: Any) -> Any:
        return function.made(tuple(args)) if isinstance(function, Name) else Foreign("call", tuple(args))

    def load_reduce(self) -> None:
        args = self.stack.pop()
        self.stack[-1] = self._call(self.stack[-1], args)

    dispatch[pickle.REDUCE[0]] = load_reduce

    def load_newobj(self) -> None:
        args = self.stack.pop()
        self.stack.append(self._call(self.stack.pop(), args))

    dispatch[pickle.NEWOBJ[0]] = load_newobj

    def load_newobj_ex(self) -> None:
        self.stack.pop()
        self.load_newobj()

    dispatch[pickle.NEWOBJ_EX[0]] = load_newobj_ex

    def _instantiate(self, klass: Any, args: Any) -> None:
        self.append(self._call(klass, args))

    def load_build(self) -> None:
        state = self.stack.pop()
        made = self.stack[-1]
        if isinstance(made, Foreign):
            made.state = state
        elif isinstance(made, _Array):
            made.fill(state)
            self.stack[-1] = made.filled
            for place, value in self.memo.items():
                if value is made:
                    self.memo[place] = made.filled
        # The attributes of a plain dict or tensor (`_metadata`, hooks) mean nothing here.

    dispatch[pickle.BUILD[0]] = load_build


class _Array:
    """A numpy array on its way: its shape and bytes come in a second step."""

    def __init__(self) -> None:
        self.filled: Any = None

    def fill(self, state: Any) -> None:
        _, shape, kind, fortran, data = state
        dtype = _numpy_type(kind)
        if dtype is None or not isinstance(data, bytes | bytearray | str):
            self.filled = Foreign("numpy.ndarray")
            return
        raw = data.encode("latin1") if isinstance(data, str) else bytes(data)
        flat = np.frombuffer(raw, dtype=dtype)
        self.filled = _tensor(flat.reshape(shape, order="F" if fortran else "C"))


def _tensor(array: Any) -> Tensor:
    return torch.from_numpy(np.array(array.astype(array.dtype.newbyteorder("="), copy=True), order="C"))


def _numpy_type(kind: Any) -> Any:
    """The numpy type of numbers that a pickle describes, ``None`` for any other."""
    if not isinstance(kind, Foreign) or kind.name != "numpy.dtype" or not kind.args:
        return None
    code = kind.args[0]
    if not isinstance(code, str) or code[:1] not in "fiub" or not code[1:].isdigit() or len(code) > 3:
        return None
    order = kind.state[1] if isinstance(kind.state, tuple) and len(kind.state) > 1 else "|"
    return np.dtype(("<" if order not in ("<", ">") else order) + code)


def _strided(
    flat: Any, offset: int = 0, size: tuple[int, ...] = (), stride: tuple[int, ...] = (), *_: Any
) -> Tensor | Foreign:
    if not isinstance(flat, Tensor):
        return Foreign("tensor")
    size, stride = tuple(size), tuple(stride)
    if len(size) != len(stride) or any(value < 0 for value in (offset, *size, *stride)):
        raise ValueError("no such tensor")
    last = offset + sum((count - 1) * step for count, step in zip(size, stride, strict=True))
    if 0 not in size and last >= flat.numel():
        raise ValueError("a tensor outside its storage")
    return torch.as_strided(flat, size, stride, offset) if 0 not in size else flat.new_empty(size)


def _typed(flat: Any, offset: int, size: Any, stride: Any, _grad: Any, _hooks: Any, dtype: Any, *_: Any) -> Any:
    name = dtype.short if isinstance(dtype, Name) else ""
    found = getattr(torch, name, None) if name else None
    return _strided(flat.view(found), offset, size, stride) if isinstance(found, torch.dtype) else Foreign("tensor")


def _subclass(function: Any, _kind: Any, args: Any, _state: Any) -> Any:
    return function.made(tuple(args)) if isinstance(function, Name) else Foreign("tensor")


def _scalar(kind: Any = None, data: Any = b"") -> Any:
    dtype = _numpy_type(kind)
    raw = data.encode("latin1") if isinstance(data, str) else data
    return (
        np.frombuffer(raw, dtype=dtype)[0].item() if dtype is not None and isinstance(raw, bytes) else Foreign("numpy")
    )


def _buffered(data: Any = b"", kind: Any = None, shape: Any = (), order: Any = "C") -> Any:
    array = _Array()
    array.fill((1, shape, kind, order == "F", data))
    return array.filled


def _encoded(text: Any = "", encoding: Any = "latin1") -> Any:
    return text.encode("latin1") if isinstance(text, str) and encoding in ("latin1", "latin-1") else b""


def _mapping(*args: Any) -> dict[Any, Any]:
    """An ordered dict, with the pairs that very old pickles give it at once."""
    return OrderedDict(args[0]) if args and isinstance(args[0], list | dict) else {}


_MAKERS: dict[str, Callable[..., Any]] = {
    "collections.OrderedDict": _mapping,
    "collections.defaultdict": lambda *_: {},
    "builtins.dict": _mapping,
    "builtins.bytearray": lambda data=b"", *_: data,
    "__builtin__.bytearray": lambda data=b"", *_: data,
    "torch._utils._rebuild_tensor": _strided,
    "torch._utils._rebuild_tensor_v2": _strided,
    "torch._utils._rebuild_tensor_v3": _typed,
    "torch._utils._rebuild_parameter": lambda data=None, *_: data,
    "torch._utils._rebuild_parameter_with_state": lambda data=None, *_: data,
    "torch._tensor._rebuild_from_type_v2": _subclass,
    "torch._utils._rebuild_device_tensor_from_numpy": lambda data=None, *_: data,
    "torch.nn.parameter.Parameter": lambda data=None, *_: data,
    "torch.nn.parameter.Buffer": lambda data=None, *_: data,
    "_codecs.encode": _encoded,
}
for _place in ("numpy.core.numeric", "numpy._core.numeric"):
    _MAKERS[f"{_place}._frombuffer"] = _buffered
for _place in ("numpy.core.multiarray", "numpy._core.multiarray"):
    _MAKERS[f"{_place}._reconstruct"] = lambda *_: _Array()
    _MAKERS[f"{_place}.scalar"] = _scalar


def read_archive(path: Path) -> Any:
    """What is in a file of torch's present format, a zip archive that packs nothing."""
    with zipfile.ZipFile(path) as archive, path.open("rb") as file:
        entries = {entry.filename: entry for entry in archive.infolist()}
        main = next((name for name in entries if name == "data.pkl" or name.endswith("/data.pkl")), None)
        if main is None:
            raise ValueError("no data.pkl")
        folder = main.removesuffix("data.pkl")
        order = entries.get(f"{folder}byteorder")
        if order is not None and bytes(_entry(file, order)).strip() != b"little":
            raise ValueError("of a machine with the other order of bytes")

        def storage(key: str, size: int) -> bytearray:
            data = _entry(file, entries[f"{folder}data/{key}"])
            if len(data) < size:
                raise ValueError("a storage is cut short")
            return data

        return Reader(io.BytesIO(bytes(_entry(file, entries[main]))), storage).load()


def _entry(file: BinaryIO, entry: zipfile.ZipInfo) -> bytearray:
    """The bytes of an entry. The checksum is not asked for: torch can be told not to write it."""
    file.seek(entry.header_offset)
    header = file.read(LOCAL_HEADER)
    name, extra = struct.unpack("<HH", header[26:30])
    file.seek(entry.header_offset + LOCAL_HEADER + name + extra)
    data = bytearray(entry.file_size)
    if file.readinto(data) != entry.file_size:  # type: ignore[attr-defined]
        raise EOFError("cut short")
    return data


def read_stream(path: Path) -> Any:
    """What is in a file of torch's old format, or in a plain pickle."""
    with path.open("rb") as file:
        if _plain(file) != MAGIC:
            file.seek(0)
            return _Stream(file).load()
        _plain(file), _plain(file)  # the version, and what machine wrote it
        stream = _Stream(file)
        found = stream.load()
        keys = _plain(file)
        end = _size(file)
        for key in keys:
            data = stream.waiting[str(key)]
            (count,) = struct.unpack("<q", file.read(8))
            # The count is of elements; how large one is, the pickle has said with the storage's size.
            if (
                count < 0
                or file.tell() + len(data) > end
                or (count == 0) != (len(data) == 0)
                or len(data) % (count or 1)
            ):
                raise ValueError("a storage is cut short")
            file.readinto(data)
        if set(map(str, keys)) != set(stream.waiting):
            raise ValueError("storages are missing")
        return found


class _Bounded:
    """A file that gives no more than it has: a claimed length reserves no memory."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._size = file, size

    def read(self, count: int) -> bytes:
        return self._file.read(min(count, self._size)) if count >= 0 else b""

    def readline(self) -> bytes:
        return self._file.readline(self._size)


class _Stream:
    """A pickle whose storages come after it."""

    def __init__(self, file: BinaryIO) -> None:
        self.waiting: dict[str, bytearray] = {}
        self._size = _size(file)
        self._reader = Reader(_Bounded(file, self._size), self._storage)

    def load(self) -> Any:
        return self._reader.load()

    def _storage(self, key: str, size: int) -> bytearray:
        if size > self._size:
            raise ValueError("a storage larger than the file")
        return self.waiting.setdefault(key, bytearray(size))


def _size(file: BinaryIO) -> int:
    place = file.tell()
    size = file.seek(0, 2)
    file.seek(place)
    return size


def _plain(file: BinaryIO) -> Any:
    return _Stream(file).load()
