"""The state dict in what a training program saved: found by what is in it, not by what it is called."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from blockstudio.compiler.pickles import Foreign
from blockstudio.errors import StudioError, shown
from blockstudio.text import say

DEPTH = 10
"""Levels that are looked through; no training program nests deeper."""
MOST = 10_000
"""Values that are looked at: an entry may stand in a pickle any number of times."""
WRAPPERS = frozenset({"module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module"})
"""Parts of keys that a wrapper put there: for several devices, compiled, in pieces."""
COUNTERS = frozenset({"n_averaged"})
"""What a model of averaged weights keeps beside them."""
ODD = "torch._utils._rebuild_"
"""How the makers of tensors begin that are read as nothing else: quantised, sparse, without values."""
SIDES = ("_extra_state",)
"""Endings of keys that hold no weights."""

PIECES = say("These are weights in FSDP's pieces. Save them whole: StateDictType.FULL_STATE_DICT.")

Score: TypeAlias = Callable[[Mapping[str, Tensor]], int]
"""How well a state dict fits: the more, the better."""


def state_dict_in(found: object, where: str, part: str = "", score: Score | None = None) -> dict[str, Any]:
    """The one mapping of tensors by name in ``found``, or the one at ``part``, without what stands beside the tensors.

    Raises `StudioError` ``weights.format`` if there is none, ``weights.ambiguous`` if several would do.
    """
    candidates = dict(_candidates(found))
    if part:
        if part not in candidates:
            inside = _under(candidates, part)
            if inside:
                return inside
            raise StudioError(
                "weights.format",
                say("it holds no state dict at '{part}'.", part=shown(part)),
                where=where,
                hint=say("It has: {places}.", places=_places(candidates)) if candidates else "",
            )
        return candidates[part]
    if not candidates:
        raise _none(found, where)
    if len(candidates) > 1 and score is not None:
        scores = {place: score(each) for place, each in candidates.items()}
        best = max(scores.values())
        if best:
            candidates = {place: each for place, each in candidates.items() if scores[place] == best}
    if len(candidates) > 1:
        raise StudioError(
            "weights.ambiguous",
            say("it holds several state dicts: {places}.", places=_places(candidates)),
            where=where,
            hint=say("Write one behind the file's name: {name}", name=f"{where}#{next(iter(candidates))}"),
        )
    return next(iter(candidates.values()))


def in_pieces(key: object) -> bool:
    """Whether a key is of FSDP's, which keeps the weights of many layers as one row of numbers."""
    return isinstance(key, str) and key.rpartition(".")[2].lstrip("_").startswith("flat_param")


def unwrapped(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """``weights`` without the first parts that wrappers put before all keys, and without their counters."""
    found = {key: value for key, value in weights.items() if key not in COUNTERS or len(weights) == 1}
    while found and all(_first(key) in WRAPPERS for key in found):
        found = {key.partition(".")[2]: value for key, value in found.items()}
    return found


def without_wrappers(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """``weights`` without the parts of keys that wrappers put anywhere; as they are if two keys became one."""
    found = {".".join(part for part in key.split(".") if part not in WRAPPERS): key for key in weights}
    return {new: weights[key] for new, key in found.items()} if len(found) == len(weights) else dict(weights)


def _first(key: str) -> str:
    first, dot, _ = key.partition(".")
    return first if dot else ""


def _candidates(found: object) -> Iterator[tuple[str, dict[str, Any]]]:
    """Places and state dicts, those further out first; what is in an optimiser is none."""
    seen: set[int] = set()
    level: list[tuple[str, object]] = [("", found)]
    for _ in range(DEPTH):
        inner: list[tuple[str, object]] = []
        for place, value in level:
            if id(value) in seen or len(seen) > MOST:
                continue
            seen.add(id(value))
            entries = _entries(value)
            if "param_groups" in entries and "state" in entries:
                continue
            weights = _weights(entries)
            if weights is not None:
                yield place, weights
            inner += [
                (f"{place}.{key}" if place else str(key), each)
                for key, each in entries.items()
                if (isinstance(key, str) or not isinstance(value, Mapping))
                and isinstance(each, Mapping | Foreign | list | tuple)
            ]
        level = inner


def _entries(value: object) -> Mapping[Any, Any]:
    if isinstance(value, Mapping):
        return value
    if isinstance(value, Foreign):
        if value.is_module:  # Its tensors have no names but by its code.
            return {}
        if value.state is None and not value.entries and value.args:
            return dict(enumerate(value.args[:100]))  # A named tuple, or what else is made of its parts.
        state = value.state[0] if isinstance(value.state, tuple) and value.state else value.state
        return {**(state if isinstance(state, Mapping) else {}), **value.entries}
    if isinstance(value, list | tuple) and len(value) <= 100:
        return dict(enumerate(value))
    return {}


def _weights(entries: Mapping[Any, Any]) -> dict[str, Any] | None:
    """The weights among the entries of a mapping; ``None`` if it is no state dict.

    Numbers and words beside them are left out, where their names are not those of weights.
    """
    found: dict[str, Any] = {}
    real = mixed = False
    for key, value in entries.items():
        if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
            value = torch.from_numpy(np.array(value))
        if isinstance(value, Foreign) and value.name.startswith(ODD) and isinstance(key, str) and "." in key:
            found[key], real = value, True  # It is told by its name.
            continue
        if isinstance(value, Tensor):
            real = real or (isinstance(key, str) and (value.ndim > 1 or "." in key))
        elif not isinstance(key, str) or "." not in key or key.endswith(SIDES):
            mixed = True
            continue
        elif isinstance(value, int | float):
            value = torch.tensor(value)
        found[key] = value
    if mixed and any("." in str(key) for key in found):
        # Beside a learning rate a short vector is no weight either: the state of the random numbers, a history.
        found = {key: value for key, value in found.items() if "." in str(key) or getattr(value, "ndim", 2) > 1}
    return found if real else None


def _under(candidates: Mapping[str, dict[str, Any]], prefix: str) -> dict[str, Any]:
    """The weights whose keys begin with ``prefix``, in the one state dict that has such."""
    found = []
    for weights in candidates.values():
        for each in (weights, without_wrappers(weights)):
            inside = {key[len(prefix) + 1 :]: value for key, value in each.items() if key.startswith(f"{prefix}.")}
            if inside:
                found.append(inside)
                break
    return found[0] if len(found) == 1 else {}


def _none(found: object, where: str) -> StudioError:
    whole = _module(found)
    if whole is not None:
        return StudioError(
            "weights.format",
            say("it is a whole pickled model ({name}), which is code and never executed.", name=shown(whole.name)),
            where=where,
            hint=say("Where its code is at hand, save the state dict alone: torch.save(model.state_dict(), path)."),
        )
    inside = [_entries(value) for value in (found, *_entries(found).values())]
    if any(in_pieces(key) for entries in inside for key in entries):
        return StudioError(
            "weights.format", say("it holds no tensors by the names of layers."), where=where, hint=PIECES
        )
    if any("param_groups" in entries for entries in inside):
        return StudioError(
            "weights.format",
            say("it holds the state of an optimiser, but no network's weights."),
            where=where,
            hint=say("Give the file that was saved beside it, or save the state dict: "
                     "torch.save(model.state_dict(), path)."),
        )  # fmt: skip
    return StudioError(
        "weights.format",
        say("it holds no state dict: no tensors by name. Whatever else is in it is never executed."),
        where=where,
        hint=say("Save the state dict alone: torch.save(model.state_dict(), path)."),
    )


def _module(found: object) -> Foreign | None:
    values = [found, *_entries(found).values()]
    return next((value for value in values if isinstance(value, Foreign) and value.is_module), None)


def _places(candidates: Mapping[str, Any]) -> str:
    return ", ".join(f"'{shown(place)}' ({len(each)})" for place, each in list(candidates.items())[:8])
