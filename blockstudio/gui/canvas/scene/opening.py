"""Modules opened in place: which instances there are on a level and below."""

from __future__ import annotations

from collections.abc import Iterator

from blockstudio.graph.diagram import Diagram
from blockstudio.gui.canvas.scene.staging import join

MOST = 3_000
"""Modules open at a time: more could not be read, and what is inside what can grow beyond all bounds."""


def walk(
    diagram: Diagram, path: str, scope: str, depth: int | None = None, only: frozenset[str] | None = None
) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """Of every instance on a level and below (down to ``depth`` levels): its path, its path without copies, its
    module, those around it. ``only``: the instances of the level itself that count."""
    waiting: list[tuple[str, str, str, tuple[str, ...]]] = [(path, scope, "", ())]
    while waiting:
        here, inside, short, around = waiting.pop()
        if depth is not None and len(around) >= depth:
            continue
        for name, block in diagram.definition(inside).blocks():
            if block.type not in diagram.modules or (not around and only is not None and name not in only):
                continue
            where, brief = join(here, name), join(short, name)
            yield where, brief, block.type, around
            copy = join(where, "0") if block.repeat is not None else where
            waiting.append((copy, block.type, brief, (*around, where)))


def instances(diagram: Diagram, path: str, scope: str, most: int = MOST) -> set[str]:
    """Paths of all instances on a level and below, up to ``most``: those further out first."""
    found: list[tuple[int, str]] = []
    for where, _, _, around in walk(diagram, path, scope):
        found.append((len(around), where))
        if len(found) > 4 * most:
            break
    found.sort(key=lambda each: each[0])
    return {where for _, where in found[:most]}
