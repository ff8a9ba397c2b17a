"""Files of weights, told by what is in them and read as tensors and nothing else: no code in them runs, no size in them
is believed unchecked."""

from __future__ import annotations

import json
import pickle
import re
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors
from safetensors.torch import load_file
from torch import Tensor

from blockstudio.compiler.containers import Score, state_dict_in, unwrapped
from blockstudio.compiler.pickles import Foreign, read_archive, read_stream
from blockstudio.errors import StudioError
from blockstudio.formats import split_part
from blockstudio.text import Text, say

TEXT = frozenset({9, 10, 13, *range(32, 127)})
"""Bytes of plain text."""
GROWS = 4
"""Times that a packed file of arrays may grow: numbers of weights hardly get smaller."""
LARGEST_INDEX = 2**26
"""Bytes of the index of a network in several files, and of the header of a safetensors file."""
ENDINGS = (".pt", ".pth", ".ckpt", ".bin", ".safetensors", ".tar", ".th", ".npz")
"""Of the files in a folder, those that are probably weights."""
MOST = 50_000
"""Tensors of a file; the deepest networks known have a tenth of it."""
DAMAGED = (
    SafetensorError, RuntimeError, ValueError, EOFError, KeyError, IndexError, TypeError, AttributeError,
    AssertionError, MemoryError, OverflowError, OSError, zipfile.BadZipFile, NotImplementedError, struct.error,
    pickle.UnpicklingError,
)  # fmt: skip
"""What is raised for a damaged file depends on where the damage is."""
SIGNS: tuple[tuple[bytes, Text, Text], ...] = (
    (b"\x89HDF\r\n", say("an HDF5 file, as Keras writes it"), say("Convert it to PyTorch's names first.")),
    (b"\x1f\x8b", say("a packed file (gzip)"), say("Unpack it first.")),
    (b"BZh", say("a packed file (bzip2)"), say("Unpack it first.")),
    (b"\xfd7zXZ", say("a packed file (xz)"), say("Unpack it first.")),
    (b"version https://git-lfs", say("a pointer of git LFS, not the file itself"), say("Fetch it with: git lfs pull")),
    (b"GGUF", say("a GGUF file"), say("Use the PyTorch weights that it was made of.")),
    (b"\x04\x00\x00\x00\x01\x00\x00\x00", say("a file of Lua Torch"), say("Convert it to PyTorch first.")),
    (b"\x03\x00\x00\x00\x01\x00\x00\x00", say("a file of Lua Torch"), say("Convert it to PyTorch first.")),
    (b"7z\xbc\xaf", say("a packed file (7z)"), say("Unpack it first.")),
    (b"Rar!", say("a packed file (RAR)"), say("Unpack it first.")),
    (b"\x28\xb5\x2f\xfd", say("a packed file (zstd)"), say("Unpack it first.")),
    (b"MATLAB", say("a MAT file, as MATLAB writes it"), say("Convert it to PyTorch's names first.")),
    (b"\x89PNG", say("a picture"), say("Give the file of weights.")),
    (b"%PDF", say("a PDF"), say("Give the file of weights.")),
    (b"<", say("a page of the web, not a file of weights"), say("Fetch the file itself.")),
    (b"\x93NUMPY", say("one array without a name"), say("Save all by name: numpy.savez(file, **arrays)")),
    (
        b"\x08",
        say("an ONNX file, or another that is no file of weights"),
        say("Draw an ONNX file: blockstudio import FILE"),
    ),
)
"""How files begin that people take for weights: what it is and what to do."""
DISTRIBUTED = say("Make a file of it: python -m torch.distributed.checkpoint.format_utils dcp_to_torch FOLDER FILE")
OTHERS: tuple[tuple[str, Text], ...] = (
    (r"\.(pb|tflite|index|meta|data-\d+-of-\d+)", say("a file of TensorFlow")),
    (r"\.(h5|keras)", say("a file of Keras")),
    (r"\.(caffemodel|prototxt)", say("a file of Caffe")),
    (r"\.(msgpack|orbax)", say("a file of Flax")),
    (r"\.(params|pdiparams|pdmodel)", say("a file of another library")),
    (r"\.(mlmodel|mlpackage)", say("a file of Core ML")),
    (r"\.(cfg|weights)", say("a file of Darknet")),
)
"""What a file that cannot be read is by its ending."""


def read(path: Path, score: Score | None = None) -> dict[str, Tensor]:
    """The tensors of a file by key, on the CPU; where it holds several state dicts, the one that ``score`` is highest
    for, or the one whose place stands behind the name (``checkpoint.pth#ema``).

    The file's ending means nothing. Raises `StudioError` ``weights.file``, ``weights.format`` or ``weights.ambiguous``.
    """
    path, part = split_part(path)
    where = str(path)
    _check_readable(path, where)
    try:
        found = _content(path, where)
    except DAMAGED as reason:
        raise _unknown(path, where) from reason
    return checked(state_dict_in(found, where, part, score), where)


def checked(found: Mapping[Any, object], where: str) -> dict[str, Tensor]:
    """A state dict whose values are plain dense tensors, without the prefix of a wrapped model.

    Raises `StudioError` ``weights.format``.
    """
    if len(found) > MOST:
        raise _too_many(len(found), where)
    weights: dict[str, Tensor] = {}
    for key, value in found.items():
        if isinstance(value, Foreign) and isinstance(key, str):
            raise _odd(key, value.name.rpartition("_rebuild_")[2], where)
        if not isinstance(key, str) or not isinstance(value, Tensor):
            raise StudioError(
                "weights.format",
                say("it is no state dict: {key} is not a tensor by name.", key=repr(str(key)[:60])),
                where=where,
            )
        if value.layout != torch.strided or value.is_quantized or value.is_complex() or value.is_meta:
            kind = (
                "qtensor"
                if value.is_quantized
                else "meta"
                if value.is_meta
                else "complex"
                if value.is_complex()
                else ""
            )
            raise _odd(key, kind or "sparse", where)
        weights[key] = value
    return unwrapped(weights)


def _unknown(path: Path, where: str) -> StudioError:
    """What is said of a file that is no file of weights, or no whole one."""
    for pattern, what in OTHERS:
        if re.search(f"{pattern}$", path.name.lower()):
            return _other(what, say("Convert it to PyTorch's names first."), where)
    with path.open("rb") as file:
        head = file.read(512)
    if head and all(byte in TEXT for byte in head):
        return _other(say("a text"), say("Give the file of weights that it belongs to."), where)
    return StudioError(
        "weights.format",
        say("it is damaged, or not a file of weights."),
        where=where,
        hint=say("Fetch or save it again."),
    )


def _odd(key: str, kind: str, where: str) -> StudioError:
    """That a tensor is none of plain numbers, and what to do. ``kind``: torch's word, or the maker's name."""
    if kind.startswith("qtensor"):
        what, hint = say("is quantised"), say("Save the network before it is quantised, or value.dequantize().")
    elif kind.startswith("meta"):
        what, hint = say("has no values (it is on the meta device)"), say("Save the network with its weights.")
    elif kind == "complex":
        what, hint = say("is complex"), say("Convolutions and linear layers here take real numbers.")
    elif kind.startswith(("sparse", "nested")):
        what, hint = say("is sparse or nested"), say("Save value.to_dense().")
    else:
        what, hint = say("is of a kind that is not read"), say("Save plain tensors.")
    text = say("{key} {what}, not a plain tensor of real numbers.", key=repr(key[:60]), what=what)
    return StudioError("weights.format", text, where=where, hint=hint)


def _content(path: Path, where: str) -> object:
    with path.open("rb") as file:
        head = file.read(4096)
    if path.suffix == ".distcp" or path.name == ".metadata":
        raise _other(say("a part of a distributed checkpoint"), DISTRIBUTED, where)
    for sign, what, hint in SIGNS:
        if head.startswith(sign) or (sign == b"<" and head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(sign)):
            raise _other(what, hint, where)
    if not head:
        raise _other(say("empty"), say("Fetch or save it again."), where)
    if head[257:262] == b"ustar":
        raise _other(say("a tar archive"), say("Unpack it, and give the file of weights in it."), where)
    if head.startswith(b"PK"):
        return _archive(path, where)
    if (len(head) > 8 and head[8:9] == b"{") or path.suffix.lower() == ".safetensors":
        return _safetensors(path, where)
    if head.lstrip().startswith(b"{"):
        return _shards(path, where)
    return read_stream(path)


def _archive(path: Path, where: str) -> object:
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if any(name.endswith("constants.pkl") or "/code/" in name for name in names):
        raise _other(
            say("a TorchScript program, which is code and never executed"),
            say("Where it may run: torch.save(torch.jit.load(file).state_dict(), path)."),
            where,
        )
    if any(name.endswith(("archive_format", "models/model.json")) for name in names):
        raise _other(
            say("a torch.export program"),
            say("Save its weights: torch.save(torch.export.load(file).state_dict, path)."),
            where,
        )
    # torch never packs what it saves, so an archive that would grow is a bomb.
    packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in entries)
    arrays = bool(names) and all(name.endswith(".npy") for name in names)
    size = sum(entry.file_size for entry in entries)
    if packed and arrays and size > GROWS * path.stat().st_size + GROWS * LARGEST_INDEX:
        raise _other(
            say("a packed file of arrays"),
            say("Save it unpacked: numpy.savez in the place of savez_compressed."),
            where,
        )
    if any(name.endswith(".weights.h5") for name in names):
        raise _other(say("a file of Keras"), say("Convert it to PyTorch's names first."), where)
    if packed and not arrays and any(name.endswith("/data.pkl") for name in names):
        raise _other(
            say("a file of torch that was packed again"),
            say("Load it with torch where it is trusted, and save it again."),
            where,
        )
    if not any(name == "data.pkl" or name.endswith(("/data.pkl", ".npy")) for name in names):
        raise _other(
            say("a zip archive, but none that torch wrote"),
            say("Unpack it, and give the file of weights in it."),
            where,
        )
    if not arrays and size > path.stat().st_size:
        raise ValueError("it would grow when unpacked")
    if arrays:
        with np.load(path, allow_pickle=False) as arrays:
            return {key: torch.from_numpy(np.array(arrays[key])) for key in arrays.files}
    return read_archive(path)


def _too_many(count: int, where: str) -> StudioError:
    text = say("it holds {count:,} tensors; {most:,} at most are read.", count=count, most=MOST)
    return StudioError("weights.format", text, where=where)


def _safetensors(path: Path, where: str) -> dict[str, Tensor]:
    with path.open("rb") as file:
        head = file.read(8)
        length = struct.unpack("<Q", head)[0] if len(head) == 8 else 0
        # A look before the library parses it all.
        count = file.read(min(length, LARGEST_INDEX)).count(b'"data_offsets"')
    if count > MOST:
        raise _too_many(count, where)
    try:
        return dict(load_file(path))
    except SafetensorError:
        # Notes that are not text by name are no reason to refuse the weights.
        whole = path.read_bytes()
        (length,) = struct.unpack("<Q", whole[:8])
        if length > min(len(whole), LARGEST_INDEX):
            raise
        header = json.loads(whole[8 : 8 + length])
        if "__metadata__" not in header:
            raise
        del header["__metadata__"]
        text = json.dumps(header).encode()
        return dict(load_safetensors(struct.pack("<Q", len(text)) + text + whole[8 + length :]))


def _shards(path: Path, where: str) -> dict[str, Tensor]:
    """The tensors of a network in several files, by its index."""
    if path.stat().st_size > LARGEST_INDEX:
        raise ValueError("too long for an index")
    index = json.loads(path.read_bytes())
    places = index.get("weight_map")
    if not isinstance(places, dict) or not places:
        raise _other(
            say("a JSON file without a map of weights"), say("Give the file of weights that it belongs to."), where
        )
    weights: dict[str, Tensor] = {}
    for name in dict.fromkeys(places.values()):
        if not isinstance(name, str) or Path(name).name != name or name in ("", ".", ".."):
            raise StudioError(
                "weights.format", say("{name} is not a file beside its index.", name=repr(str(name)[:60])), where=where
            )
        part = read(path.with_name(name))
        wanted = [key for key, place in places.items() if place == name]
        missing = next((key for key in wanted if key not in part), None)
        if missing is not None:
            raise StudioError(
                "weights.format", say("{key} is not in {name}.", key=repr(missing[:60]), name=name), where=where
            )
        weights |= {key: part[key] for key in wanted}
    return weights


def _check_readable(path: Path, where: str) -> None:
    """A plain file that opens: a pipe would block, a folder has no bytes."""
    try:
        if path.is_dir():
            raise _folder(path, where)
        if path.exists() and not path.is_file():
            raise StudioError("weights.file", say("it is not a file."), where=where)
        with path.open("rb"):
            pass
    except FileNotFoundError as reason:
        raise StudioError(
            "weights.file",
            say("the file is not found: there is no such file."),
            where=where,
            hint=say("Check its name and folder."),
        ) from reason
    except (OSError, ValueError) as reason:
        text = (getattr(reason, "strerror", None) or str(reason)).lower()
        raise StudioError(
            "weights.file", say("the file cannot be read: {reason}.", reason=text), where=where
        ) from reason


def _folder(path: Path, where: str) -> StudioError:
    """That it is a folder, with the file in it that was meant, if one can tell."""
    try:
        names = sorted(each.name for each in path.iterdir())
    except OSError:
        names = []
    whole = [name for name in names if name.endswith(".index.json")]
    whole += [name for name in ("model.safetensors", "pytorch_model.bin") if name in names]
    files = [name for name in names if name.lower().endswith(ENDINGS)]
    whole += files if len(files) == 1 else []
    hint = say("Name the file in it: {file}.", file=str(path / whole[0])) if whole else say("Name a file in it.")
    if "saved_model.pb" in names:
        hint = say("It is a model of TensorFlow. Convert it to PyTorch's names first.")
    states = sorted(path.glob("*/mp_rank_*_model_states.pt")) if "latest" in names else []
    if states:
        hint = say("Name the file in it: {file}.", file=str(states[-1]))
    if "zero_to_fp32.py" in names:
        hint = say("It is a checkpoint of DeepSpeed. Make a file of it: python zero_to_fp32.py . FILE")
    if any(name.endswith(".distcp") for name in names):
        hint = say("It is a distributed checkpoint. {what}", what=DISTRIBUTED)
    return StudioError("weights.file", say("it is not a file but a folder."), where=where, hint=hint)


def _other(what: Text, hint: Text, where: str) -> StudioError:
    return StudioError("weights.format", say("it is {what}.", what=what), where=where, hint=hint)
