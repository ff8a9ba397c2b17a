"""Receptive fields: which input pixels an output pixel can depend on, right across skips and concatenations.

Along one axis a path from an input to a map is affine: output pixel ``i`` reads the input pixels
``stride * i + low ... stride * i + high``. Windows compose: behind a map with (S, L, H), a window of
(s, l, h) sees (S·s, L + S·l, H + S·h). Where paths meet, the union counts: paths with the same stride merge into
the hull of their intervals, others are kept beside each other (small maps can have both). A block that reads the
whole map has stride 0.

An interval is that of a pixel far from the border. Padding is not cut off, so the size can exceed the image, as
is usual in the literature; what has seen the whole map is cut to the image.
"""

from __future__ import annotations

from typing import TypeAlias

from blockstudio.blocks import Shape, Window

Path: TypeAlias = tuple[int, int, int]
"""(stride, low, high) of the paths that have this stride."""
Axis: TypeAlias = tuple[Path, ...]
"""The paths by stride, ascending."""
Field: TypeAlias = tuple[Axis, Axis]
"""Vertical and horizontal."""

FARTHEST = 10**18
"""Pixels from which on fields are not told apart: strides behind maps of one pixel multiply without bound."""
SELF: Axis = ((1, 0, 0),)
PIXEL: Field = (SELF, SELF)
"""A pixel sees itself."""


def window_field(window: Window | None, shape: Shape) -> Field | None:
    """What ``window`` adds over a map of ``shape``; ``None`` if nothing."""
    if window is None:
        return None
    if window.whole:
        if len(shape) != 3:
            return None
        return (((0, 0, shape[1] - 1),), ((0, 0, shape[2] - 1),))
    vertical = ((window.stride[0], -window.before[0], window.dilation[0] * (window.kernel[0] - 1) - window.before[0]),)
    horizontal = (
        (window.stride[1], -window.before[1], window.dilation[1] * (window.kernel[1] - 1) - window.before[1]),
    )
    if vertical == horizontal:
        return None if vertical == SELF else (vertical, vertical)
    return vertical, horizontal


def compose(outer: Field, inner: Field) -> Field:
    """The field behind ``outer`` of what sees ``inner`` of it."""
    vertical = _compose(outer[0], inner[0])
    if outer[0] is outer[1] and inner[0] is inner[1]:
        return vertical, vertical
    return vertical, _compose(outer[1], inner[1])


def unite(one: Field, other: Field) -> Field:
    """The field of what depends on both."""
    if one == other:
        return one
    vertical = _unite(one[0] + other[0])
    if one[0] is one[1] and other[0] is other[1]:
        return vertical, vertical
    return vertical, _unite(one[1] + other[1])


def _compose(outer: Axis, inner: Axis) -> Axis:
    if len(outer) == 1 and len(inner) == 1:
        stride, low, high = outer[0]
        step, before, after = inner[0]
        found = stride * step, low + stride * before, high + stride * after
        return (found if found[1] >= -FARTHEST and max(found) <= FARTHEST else _cut(*found),)
    return _unite(tuple(_cut(S * s, L + S * l, H + S * h) for S, L, H in outer for s, l, h in inner))  # noqa: E741


def _cut(stride: int, low: int, high: int) -> Path:
    return min(stride, FARTHEST), max(-FARTHEST, min(low, FARTHEST)), max(-FARTHEST, min(high, FARTHEST))


def _unite(paths: Axis) -> Axis:
    hulls: dict[int, tuple[int, int]] = {}
    for stride, low, high in paths:
        if stride in hulls:
            before, after = hulls[stride]
            low, high = min(low, before), max(high, after)
        hulls[stride] = (low, high)
    return tuple((stride, low, high) for stride, (low, high) in sorted(hulls.items()))


def extent(axis: Axis, size: int, image: int | None) -> int:
    """Pixels of the image, of ``image`` pixels along this axis, that a pixel of a map of ``size`` can see at most;
    with an unknown image nothing is cut off."""
    first, last = axis[0], axis[-1]
    whole = first[0] == 0 and image is not None
    if first is last and not whole:
        return first[2] - first[1] + 1
    best = 0
    for index in (0, max(size - 1, 0)):
        low = min(s * index + low for s, low, _ in axis)
        high = max(s * index + high for s, _, high in axis)
        if whole and image is not None:
            low, high = max(low, 0), min(high, image - 1)
        best = max(best, high - low + 1)
    return best
