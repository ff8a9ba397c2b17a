"""Files of weights, told by what is in them and read as tensors and nothing else: no code in them runs, no size in them
is believed unchecked."""

from __future__ import annotations

import json
import pickle
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
from blockstudio.compiler.pickles import read_archive, read_stream
from blockstudio.errors import StudioError
from blockstudio.formats import split_part
from blockstudio.text import say

LARGEST_INDEX = 2**26
"""Bytes of the index of a network in several files, and of the header of a safetensors file."""
MOST = 50_000
"""Tensors of a file; the deepest networks known have a tenth of it."""
DAMAGED = (
    SafetensorError, RuntimeError, ValueError, EOFError, KeyError, IndexError, TypeError, AttributeError,
    AssertionError, MemoryError, OverflowError, OSError, zipfile.BadZipFile, NotImplementedError, struct.error,
    pickle.UnpicklingError,
)  # fmt: skip
"""What is raised for a damaged file depends on where the damage is."""
SIGNS: tuple[tuple[bytes, str, str], ...] = (
    (b"\x89HDF\r\n", "an HDF5 file, as Keras writes it", "Convert it to PyTorch's names first."),
    (b"\x1f\x8b", "a packed file (gzip)", "Unpack it first."),
    (b"BZh", "a packed file (bzip2)", "Unpack it first."),
    (b"\xfd7zXZ", "a packed file (xz)", "Unpack it first."),
    (b"version https://git-lfs", "a pointer of git LFS, not the file itself", "Fetch it with: git lfs pull"),
    (b"GGUF", "a GGUF file", "Use the PyTorch weights that it was made of."),
    (b"\x04\x00\x00\x00\x01\x00\x00\x00", "a file of Lua Torch", "Convert it to PyTorch first."),
    (b"\x03\x00\x00\x00\x01\x00\x00\x00", "a file of Lua Torch", "Convert it to PyTorch first."),
    (b"<", "a page of the web, not a file of weights", "Fetch the file itself."),
    (b"\x93NUMPY", "one array without a name", "Save all by name: numpy.savez(file, **arrays)"),
    (b"\x08", "an ONNX file, or another that is no file of weights", "Draw an ONNX file: blockstudio import FILE"),
)
"""How files begin that people take for weights: what it is and what to do."""


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
        raise StudioError(
            "weights.format",
            say("it is damaged, or not a file of weights."),
            where=where,
            hint=say("Fetch or save it again."),
        ) from reason
    return checked(state_dict_in(found, where, part, score), where)


def checked(found: Mapping[Any, object], where: str) -> dict[str, Tensor]:
    """A state dict whose values are plain dense tensors, without the prefix of a wrapped model.

    Raises `StudioError` ``weights.format``.
    """
    if len(found) > MOST:
        raise _too_many(len(found), where)
    weights: dict[str, Tensor] = {}
    for key, value in found.items():
        if not isinstance(key, str) or not isinstance(value, Tensor):
            raise StudioError(
                "weights.format",
                say("it is no state dict: {key} is not a tensor by name.", key=repr(str(key)[:60])),
                where=where,
            )
        if value.layout != torch.strided or value.is_quantized or value.is_complex() or value.is_meta:
            raise StudioError(
                "weights.format", say("{key} is not a plain tensor of real numbers.", key=repr(key[:60])), where=where
            )
        weights[key] = value
    return unwrapped(weights)


def _content(path: Path, where: str) -> object:
    with path.open("rb") as file:
        head = file.read(4096)
    for sign, what, hint in SIGNS:
        if head.startswith(sign):
            raise _other(what, hint, where)
    if not head:
        raise _other("empty", "Fetch or save it again.", where)
    if head[257:262] == b"ustar":
        raise _other("a tar archive", "Unpack it, and give the file of weights in it.", where)
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
            "a TorchScript program, which is code and never executed",
            "Where it may run: torch.save(torch.jit.load(file).state_dict(), path).",
            where,
        )
    if any(name.endswith(("archive_format", "models/model.json")) for name in names):
        raise _other(
            "a torch.export program",
            "Save its weights: torch.save(torch.export.load(file).state_dict, path).",
            where,
        )
    # torch never packs what it saves, so an archive that would grow is a bomb.
    packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in entries)
    if packed and names and all(name.endswith(".npy") for name in names):
        raise _other(
            "a packed file of arrays", "Save it unpacked: numpy.savez in the place of savez_compressed.", where
        )
    if not any(name == "data.pkl" or name.endswith(("/data.pkl", ".npy")) for name in names):
        raise _other(
            "a zip archive, but none that torch wrote", "Unpack it, and give the file of weights in it.", where
        )
    if packed or sum(entry.file_size for entry in entries) > path.stat().st_size:
        raise ValueError("it would grow when unpacked")
    if names and all(name.endswith(".npy") for name in names):
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
        raise _other("a JSON file without a map of weights", "Give the file of weights that it belongs to.", where)
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
    hint = say("Name the file in it: {file}.", file=str(path / whole[0])) if whole else say("Name a file in it.")
    if any(name.endswith(".distcp") for name in names):
        hint = say(
            "It is a distributed checkpoint. Make a file of it: python -m torch.distributed.checkpoint.format_utils "
            "dcp_to_torch FOLDER FILE"
        )
    return StudioError("weights.file", say("it is not a file but a folder."), where=where, hint=hint)


def _other(what: str, hint: str, where: str) -> StudioError:
    return StudioError("weights.format", say("it is {what}.", what=what), where=where, hint=hint)
