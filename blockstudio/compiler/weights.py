"""Weights into a compiled module: from files that are only ever read as tensors, or from a state dict."""

from __future__ import annotations

import os
import pickle
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from blockstudio.errors import StudioError

SHOWN = 5
"""Keys of each sort that an error names."""


@dataclass(frozen=True, slots=True)
class WeightsReport:
    """What became of each key."""

    matched: tuple[str, ...]
    missing: tuple[str, ...] = ()
    """Of the model, but not in the weights."""
    unexpected: tuple[str, ...] = ()
    """In the weights, but not of the model."""
    mismatched: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...] = ()
    """Key, shape in the model, shape in the weights."""

    @property
    def complete(self) -> bool:
        """Whether everything fitted."""
        return not (self.missing or self.unexpected or self.mismatched)

    def text(self) -> str:
        """``2 missing: fc.weight, fc.bias; 1 of another shape: ...``"""
        shapes = [f"{key} (expected {_shape(want)}, found {_shape(found)})" for key, want, found in self.mismatched]
        groups = (("missing", self.missing), ("unexpected", self.unexpected), ("of another shape", shapes))
        return "; ".join(f"{len(keys)} {what}: {_listed(keys)}" for what, keys in groups if keys)


def load_weights(
    model: nn.Module, file_or_state_dict: str | os.PathLike[str] | Mapping[str, Tensor], *, strict: bool = True
) -> WeightsReport:
    """See `blockstudio.compiler.load_weights`."""
    if isinstance(file_or_state_dict, Mapping):
        where, weights = "state dict", _tensors(file_or_state_dict, "state dict")
    else:
        where = os.fspath(file_or_state_dict)
        weights = read(Path(where))
    own = model.state_dict()
    missing = tuple(key for key in own if key not in weights and not _is_counter(key, own))
    unexpected = tuple(key for key in weights if key not in own)
    mismatched = tuple(
        (key, tuple(own[key].shape), tuple(weights[key].shape))
        for key in own
        if key in weights and own[key].shape != weights[key].shape
    )
    wrong = {key for key, _, _ in mismatched}
    matched = tuple(key for key in own if key in weights and key not in wrong)
    report = WeightsReport(matched, missing, unexpected, mismatched)
    if strict and not report.complete:
        raise StudioError(
            "weights.mismatch",
            f"these weights do not fit the network: {report.text()}.",
            where=where,
            hint="Check that they are of the same network with the same parameters.",
        )
    if not matched:
        raise StudioError("weights.nothing", "not one key is of this network.", where=where)
    model.load_state_dict({key: weights[key] for key in matched}, strict=False)
    return report


def read(path: Path) -> dict[str, Tensor]:
    """The tensors of a file by key. Raises `StudioError` ``weights.file`` or ``weights.format``."""
    where = str(path)
    suffix = path.suffix.lower()
    if suffix not in (".safetensors", ".pt", ".pth"):
        raise StudioError(
            "weights.format",
            f"'{suffix or path.name}' is not a format of weights.",
            where=where,
            hint="Use .safetensors, .pt or .pth.",
        )
    try:
        if suffix == ".safetensors":
            return load_file(path)
        found = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as reason:
        raise StudioError(
            "weights.file", f"the file cannot be read: {reason.strerror or reason}.", where=where
        ) from reason
    except pickle.UnpicklingError as reason:
        raise StudioError(
            "weights.format",
            "it is damaged, or holds more than tensors, which is never executed.",
            where=where,
            hint="Save the state dict alone: torch.save(model.state_dict(), path).",
        ) from reason
    # What torch and safetensors raise for a damaged file depends on where the damage is.
    except (
        SafetensorError, RuntimeError, ValueError, EOFError, KeyError, IndexError, TypeError, AttributeError,
        AssertionError, MemoryError, OverflowError, zipfile.BadZipFile,
    ) as reason:  # fmt: skip
        raise StudioError(
            "weights.format", "it is damaged, or not a file of weights.", where=where, hint="Fetch or save it again."
        ) from reason
    if isinstance(found, Mapping):
        for key in ("state_dict", "model"):
            if isinstance(found.get(key), Mapping):
                found = found[key]
                break
    if not isinstance(found, Mapping):
        raise StudioError("weights.format", "it holds no state dict.", where=where)
    return _tensors(found, where)


def _tensors(found: Mapping[Any, object], where: str) -> dict[str, Tensor]:
    weights: dict[str, Tensor] = {}
    for key, value in found.items():
        if not isinstance(key, str) or not isinstance(value, Tensor):
            raise StudioError(
                "weights.format", f"it is no state dict: {str(key)[:60]!r} is not a tensor by name.", where=where
            )
        weights[key] = value
    # Saved by a model that was wrapped for several devices, or compiled.
    for prefix in ("module.", "_orig_mod."):
        if weights and all(key.startswith(prefix) for key in weights):
            weights = {key.removeprefix(prefix): value for key, value in weights.items()}
    return weights


def _is_counter(key: str, own: Mapping[str, Tensor]) -> bool:
    """Batch normalisation's count of batches, which old files do not have and nothing but its momentum needs."""
    return key.endswith(".num_batches_tracked") and own[key].ndim == 0


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "scalar"


def _listed(keys: tuple[str, ...] | list[str]) -> str:
    more = f" and {len(keys) - SHOWN} more" if len(keys) > SHOWN else ""
    return ", ".join(keys[:SHOWN]) + more
