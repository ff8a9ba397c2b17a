"""Where blocks go when the user asks: top to bottom, main chains straight, branches side by side."""

from __future__ import annotations

from collections.abc import Mapping

from blockstudio.blocks import INPUT, OUTPUT
from blockstudio.graph.diagram import Diagram
from blockstudio.layout.picture import CARD, place

__all__ = ["CARD", "arrange", "arrangement", "place"]


def arrange(
    diagram: Diagram, scope: str = "", sizes: Mapping[str, tuple[float, float]] | None = None
) -> dict[str, tuple[float, float]]:
    """Centres (x, y) in pixels for every block of one level: the main graph (``""``) or a module.

    ``sizes``: width and height of the cards, `CARD` for those not in it. The signal flows down; the first block
    stands around (0, 0). The same graph always gives the same picture. Cycles, loose ends and unconnected blocks
    are drawn too. Raises `StudioError` ``diagram.module`` for an unknown scope.
    """
    return place(*arrangement(diagram, scope, sizes))


def arrangement(
    diagram: Diagram, scope: str = "", sizes: Mapping[str, tuple[float, float]] | None = None
) -> tuple[list[str], list[tuple[int, int]], list[tuple[float, float]], list[int], list[int]]:
    """The arguments of `place`, which are plain data: what a worker process needs to lay a level out."""
    definition = diagram.definition(scope)
    names = list(definition.graph)
    index = {name: number for number, name in enumerate(names)}
    edges = sorted({(index[u], index[v]) for u, v in definition.graph.edges() if u != v})
    given = sizes or {}
    inputs = [index[name] for name in definition.of_type(INPUT)]
    outputs = [index[name] for name in definition.of_type(OUTPUT)]
    return names, edges, [given.get(name, CARD) for name in names], inputs, outputs
