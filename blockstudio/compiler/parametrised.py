"""Weights that a checkpoint keeps in parts, as torch's own helpers compute them: weight normalisation, spectral
normalisation, pruning, in the form of hooks and of parametrizations."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

Worker = Callable[..., Tensor | None]


def _normed(scale: Tensor, direction: Tensor) -> Tensor | None:
    """``g · v / |v|``, the length taken over all axes but those along which ``g`` runs."""
    if scale.ndim not in (0, direction.ndim) or not direction.is_floating_point():
        return None
    axes = [axis for axis in range(direction.ndim) if scale.ndim == 0 or scale.shape[axis] == 1]
    if scale.ndim and any(scale.shape[axis] not in (1, direction.shape[axis]) for axis in range(direction.ndim)):
        return None
    length: Tensor = torch.linalg.vector_norm(direction, dim=axes, keepdim=True)
    return scale * direction / length


def _masked(whole: Tensor, mask: Tensor) -> Tensor | None:
    return whole * mask.to(whole.dtype) if whole.shape == mask.shape else None


def _spectral(whole: Tensor, left: Tensor, right: Tensor) -> Tensor | None:
    """Divided by its largest singular value, with the vectors that training has kept."""
    if whole.ndim < 2 or left.ndim != 1 or right.ndim != 1 or not whole.is_floating_point():
        return None
    axis = 0 if whole.shape[0] == len(left) else 1
    matrix = whole.movedim(axis, 0).reshape(whole.shape[axis], -1)
    if matrix.shape != (len(left), len(right)):
        return None
    return whole / torch.dot(left, torch.mv(matrix, right))


_FORMS: tuple[tuple[tuple[str, ...], Worker], ...] = (
    (("{0}_g", "{0}_v"), _normed),
    (("parametrizations.{0}.original0", "parametrizations.{0}.original1"), _normed),
    (("{0}_orig", "{0}_mask"), _masked),
    (("{0}_orig", "{0}_u", "{0}_v"), _spectral),
    (("parametrizations.{0}.original", "parametrizations.{0}.0._u", "parametrizations.{0}.0._v"), _spectral),
)
"""Under which keys the parts of ``{0}``, a weight or a bias, stand, and how it is worked out."""


def worked_out(weights: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """``weights`` with those that are in parts worked out, and the names of these."""
    found = dict(weights)
    made: list[str] = []
    for parts, work in _FORMS:
        for name in ("weight", "bias"):
            ends = [part.format(name) for part in parts]
            for first in [key for key in found if key == ends[0] or key.endswith(f".{ends[0]}")]:
                stem = first.removesuffix(ends[0])
                keys = [f"{stem}{end}" for end in ends]
                if f"{stem}{name}" in found or any(key not in found for key in keys):
                    continue
                value = work(*(found[key] for key in keys))
                if value is None:
                    continue
                # It takes the place that its first part had among the keys.
                found = {f"{stem}{name}" if key == first else key: value if key == first else each
                         for key, each in found.items() if key == first or key not in keys}  # fmt: skip
                made.append(f"{stem}{name}")
    return found, tuple(made)
