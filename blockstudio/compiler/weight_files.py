"""Files of weights, read as tensors and nothing else: no code in them runs, no size in them is believed unchecked."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from blockstudio.errors import StudioError

SUFFIXES = (".safetensors", ".pt", ".pth")
NESTED = ("state_dict", "model_state_dict", "model")
"""Where training programs keep the state dict inside a checkpoint."""
WRAPPERS = ("module.", "_orig_mod.")
"""Prefixes of a model that was wrapped for several devices, or compiled."""
DAMAGED = (
    SafetensorError, RuntimeError, ValueError, EOFError, KeyError, IndexError, TypeError, AttributeError,
    AssertionError, MemoryError, OverflowError, OSError, zipfile.BadZipFile, NotImplementedError,
)  # fmt: skip
"""What torch and safetensors raise for a damaged file depends on where the damage is."""


def read(path: Path) -> dict[str, Tensor]:
    """The tensors of a file by key, on the CPU. Raises `StudioError` ``weights.file`` or ``weights.format``."""
    where = str(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise StudioError(
            "weights.format",
            f"'{suffix or path.name}' is not a format of weights.",
            where=where,
            hint="Use .safetensors, .pt or .pth.",
        )
    _check_readable(path, where)
    try:
        if suffix == ".safetensors":
            return checked(load_file(path), where)
        if _is_bomb(path):
            raise _damaged(where)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as reason:
        raise StudioError(
            "weights.format",
            "it is damaged, or holds more than tensors, which is never executed.",
            where=where,
            hint="Save the state dict alone: torch.save(model.state_dict(), path).",
        ) from reason
    except DAMAGED as reason:
        raise _damaged(where) from reason
    return checked(_state_dict(found, where), where)


def checked(found: Mapping[Any, object], where: str) -> dict[str, Tensor]:
    """A state dict whose values are plain dense tensors, without the prefix of a wrapped model.

    Raises `StudioError` ``weights.format``.
    """
    weights: dict[str, Tensor] = {}
    for key, value in found.items():
        if not isinstance(key, str) or not isinstance(value, Tensor):
            raise StudioError(
                "weights.format", f"it is no state dict: {str(key)[:60]!r} is not a tensor by name.", where=where
            )
        if value.layout != torch.strided or value.is_quantized or value.is_complex() or value.is_meta:
            raise StudioError("weights.format", f"{key[:60]!r} is not a plain tensor of real numbers.", where=where)
        weights[key] = value
    for prefix in WRAPPERS:
        if weights and all(key.startswith(prefix) for key in weights):
            weights = {key.removeprefix(prefix): value for key, value in weights.items()}
    return weights


def _check_readable(path: Path, where: str) -> None:
    """A plain file that opens: a pipe would block, a folder has no bytes."""
    try:
        if path.exists() and not path.is_file():
            raise StudioError("weights.file", "it is not a file.", where=where)
        with path.open("rb"):
            pass
    except FileNotFoundError as reason:
        raise StudioError(
            "weights.file",
            "the file is not found: there is no such file.",
            where=where,
            hint="Check its name and folder.",
        ) from reason
    except (OSError, ValueError) as reason:
        text = (getattr(reason, "strerror", None) or str(reason)).lower()
        raise StudioError("weights.file", f"the file cannot be read: {text}.", where=where) from reason


def _is_bomb(path: Path) -> bool:
    """Whether an archive would unpack to more than it holds. torch never compresses what it saves."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in entries)
    return packed or sum(entry.file_size for entry in entries) > path.stat().st_size


def _state_dict(found: object, where: str) -> Mapping[Any, object]:
    if isinstance(found, Mapping):
        inner = next((found[key] for key in NESTED if isinstance(found.get(key), Mapping)), found)
        if inner:
            return inner
    raise StudioError("weights.format", "it holds no state dict.", where=where)


def _damaged(where: str) -> StudioError:
    return StudioError(
        "weights.format", "it is damaged, or not a file of weights.", where=where, hint="Fetch or save it again."
    )
