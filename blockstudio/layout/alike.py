"""The common answers of a drawing, found at once: all that is downstream moves as far, and nothing else does. Where
that is not so for certain, ``None``: the way card by card in `room` finds what is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np

Rect = tuple[float, float, float, float]
Neighbours = Mapping[str, Iterable[str]]
MOST = 600_000
"""Pairs of cards that are compared at once."""


def _reached(rects: Mapping[str, Rect], after: Neighbours, start: str, widest: float) -> set[str]:
    """What hangs on a block by wires down that are no longer than ``widest``."""
    found, waiting = {start}, [start]
    while waiting:
        name = waiting.pop()
        bottom = rects[name][3]
        for reader in after.get(name, ()):
            if reader in rects and reader not in found and 0 <= rects[reader][1] - bottom <= widest:
                found.add(reader)
                waiting.append(reader)
    return found


def pushed_alike(
    rects: Mapping[str, Rect], after: Neighbours, new: Collection[Rect], floors: Mapping[str, float], close: float,
    wide: float, margin: float,
) -> dict[str, Rect] | None:  # fmt: skip
    """All cards, those at or below a target moved down together, as newcomers (``new``) push it to its floor."""
    if len(floors) != 1 or not new:
        return None
    ((target, floor),) = floors.items()
    top = rects[target][1]
    down, lowest = floor - top, max(rect[3] for rect in new)
    if down <= 0 or floor < lowest + close:
        return None
    below = {name for name, rect in rects.items() if rect[1] >= top}
    if _reached(rects, after, target, wide) != below:
        return None
    first = min(rect[1] for rect in new)
    left, right = min(rect[0] for rect in new) - margin, max(rect[2] for rect in new) + margin
    for name, rect in rects.items():
        if name not in below and rect[1] >= first and rect[0] < right and rect[2] > left:
            return None
    return {
        name: (rect[0], rect[1] + down, rect[2], rect[3] + down) if name in below else rect
        for name, rect in rects.items()
    }


def risen_alike(
    rects: Mapping[str, Rect], before: Neighbours, after: Neighbours, wanted: Mapping[str, float], close: float,
    wide: float, margin: float,
) -> dict[str, float] | None:  # fmt: skip
    """How far cards move up where all that hangs on a target moves up with it, as far as it wants."""
    if len(wanted) != 1:
        return None
    ((target, up),) = wanted.items()
    if up <= 0:
        return None
    risen = _reached(rects, after, target, np.inf)
    for name in risen:
        for feed in before.get(name, ()):
            if feed in rects and feed not in risen:
                gap = rects[name][1] - rects[feed][3]
                if 0 <= gap < up + wide:
                    return None
    still = np.array([rect for name, rect in rects.items() if name not in risen]).reshape(-1, 4)
    moved = np.array([rects[name] for name in risen])
    # Only what stands so little above any of them that it would stop it.
    reach = up + close
    still = still[(still[:, 3] <= moved[:, 1].max()) & (still[:, 3] > moved[:, 1].min() - reach)]
    if len(still) * len(moved) > MOST:
        return None
    near = (still[:, 3] <= moved[:, 1, None]) & (still[:, 3] > moved[:, 1, None] - reach)
    near &= (still[:, 0] <= moved[:, 2, None] + margin) & (still[:, 2] >= moved[:, 0, None] - margin)
    return None if near.any() else dict.fromkeys(risen, up)
