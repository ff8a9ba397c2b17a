"""Where the gradient does not go the way of the values: what is computed without it, cut off, or has one of its own."""

from __future__ import annotations

import sys
from collections.abc import Hashable, Iterable, Sequence

import torch
from torch import nn

from blockstudio.text import Text, say, say_many

NAMED = 3
"""So many places or weights are named in a note."""
_CUTS = frozenset({"detach", "data"})
_TORCH_S_OWN = ("torch.utils.checkpoint", "torch.nn.utils")
"""What works without gradients and gives the right ones all the same."""


class Gradients:
    """Follows what depends on a network's weights."""

    def __init__(self, weights: Iterable[str]) -> None:
        self._weights = frozenset(weights)
        self._seen: set[Hashable] = set()
        """What was computed with weights."""
        self.stops: dict[str, None] = {}
        """Modules in which the gradient is not that of the values."""

    def see(self, name: str, given: Iterable[tuple[Hashable, str]], made: Iterable[Hashable], where: str) -> None:
        """A call ``name`` in the module ``where``: tensors that it was ``given``, each with its path where it is a
        weight, and what it ``made``."""
        if any(value in self._seen or path in self._weights for value, path in given):
            self._seen.update(made)
            if name in _CUTS or not (torch.is_grad_enabled() or _is_torch_s_own()):
                self.stops[where] = None


def _is_torch_s_own() -> bool:
    frame = sys._getframe(1)
    while frame.f_back is not None:
        if str(frame.f_globals.get("__name__", "")).startswith(_TORCH_S_OWN):
            return True
        frame = frame.f_back
    return False


def gradient_notes(module: nn.Module, stops: Iterable[str]) -> list[Text]:
    """What training the drawing does otherwise than training the network."""
    notes: list[Text] = []
    places = list(stops)
    if places:
        notes.append(
            say(
                "training: at {places} the network cuts the gradient off or puts another in its place (no_grad, "
                "detach, a function of its own); the drawing trains through it",
                places=_some(places),
            )
        )
    frozen = [path for path, weight in module.named_parameters() if not weight.requires_grad]
    if frozen and len(frozen) < len(list(module.parameters())):
        notes.append(
            say_many(
                "training: {count} weight is frozen in the network ({paths}), in the drawing none; start.freeze of a "
                "recipe freezes blocks",
                "training: {count} weights are frozen in the network ({paths}), in the drawing none; start.freeze of a "
                "recipe freezes blocks",
                len(frozen),
                paths=_some(frozen),
            )
        )
    return notes


def _some(names: Sequence[str]) -> str:
    return ", ".join([*names[:NAMED], *(["…"] if len(names) > NAMED else [])])
