"""Maps from the names that other libraries give to a network's weights to those of a preset.

A map is data beside the presets, `presets/weights/<preset>.<source>.json`; docs/presets.md explains its fields.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec
from torch import Tensor

from blockstudio.errors import StudioError
from blockstudio.graph.files import read_bounded
from blockstudio.graph.presets import preset_folder
from blockstudio.text import say

LARGEST = 2**20
"""Bytes of a map."""

Value = TypeVar("Value")


class WeightMap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the names of one library lead to those of one preset."""

    preset: str
    source: str
    """The library: ``timm``."""
    model: str
    """The network's name there."""
    parameters: dict[str, bool | int | float | str] = {}
    """Diagram parameters under which the two networks are the same."""
    names: dict[str, str]
    """Their prefix of a key: ours. Prefixes are whole parts, the longest wins."""
    flatten: tuple[str, ...] = ()
    """Keys (ours) that drop their trailing 1×1: a convolution there, a linear layer here."""

    def renamed(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The weights under our names. Raises `StudioError` ``weights.map`` if two keys get the same one."""
        found = rename(weights, self.names)
        for key in self.flatten:
            tensor = found.get(key)
            if tensor is not None and tensor.ndim > 2 and set(tensor.shape[2:]) == {1}:
                found[key] = tensor.flatten(1)
        return found


def rename(weights: Mapping[str, Value], names: Mapping[str, str]) -> dict[str, Value]:
    """``weights`` with the longest prefix of each key that is in ``names`` replaced: whole parts between dots.

    Raises `StudioError` ``weights.map`` if two keys get the same name.
    """
    result: dict[str, Value] = {}
    for key, value in weights.items():
        new = _renamed(key, names)
        if new in result:
            raise StudioError("weights.map", say("two keys of the weights become '{new}'.", new=new), where="names")
        result[new] = value
    return result


def _renamed(key: str, names: Mapping[str, str]) -> str:
    parts = key.split(".")
    for length in range(len(parts), 0, -1):
        prefix = names.get(".".join(parts[:length]))
        if prefix is not None:
            return ".".join([prefix, *parts[length:]])
    return key


def load_map(path: str | os.PathLike[str]) -> WeightMap:
    """A map from its file. Raises `StudioError` ``file.*`` or ``weights.map`` naming the field."""
    data = read_bounded(path, LARGEST)
    try:
        return msgspec.json.decode(data, type=WeightMap)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as reason:
        raise StudioError(
            "weights.map", say("it is no map of weights: {reason}.", reason=reason), where=str(path)
        ) from reason


def weight_maps(preset: str | None = None) -> list[WeightMap]:
    """The maps that come with the studio, all or those of one preset."""
    files: list[Path] = sorted((preset_folder() / "weights").glob(f"{preset or '*'}.*.json"))
    return [load_map(file) for file in files]
