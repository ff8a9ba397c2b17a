"""Where blocks go when the user asks: top to bottom or left to right, main chains straight, branches side by side."""

from __future__ import annotations

from collections.abc import Mapping

from blockstudio.blocks import INPUT, OUTPUT
from blockstudio.graph.diagram import Diagram, port_order
from blockstudio.layout.flow import turned_cards, turned_places
from blockstudio.layout.picture import CARD, place

__all__ = ["CARD", "arrange", "arrangement", "place"]


def arrange(
    diagram: Diagram, scope: str = "", sizes: Mapping[str, tuple[float, float]] | None = None, right: bool = False
) -> dict[str, tuple[float, float]]:
    """Centres (x, y) in pixels for every block of one level: the main graph (``""``) or a module.

    ``sizes``: width and height of the cards, `CARD` for those not in it. The signal flows down, or to the
    ``right``; the first block stands around (0, 0). The same graph always gives the same picture. Cycles, loose ends
    and unconnected blocks are drawn too. Raises `StudioError` ``diagram.module`` for an unknown scope.
    """
    return turned_places(place(*arrangement(diagram, scope, sizes, right)), right)


def arrangement(
    diagram: Diagram, scope: str = "", sizes: Mapping[str, tuple[float, float]] | None = None, right: bool = False
) -> tuple[list[str], list[tuple[int, int]], list[tuple[float, float]], list[int], list[int], list[float]]:
    """The arguments of `place`, which are plain data: what a worker process needs to lay a level out. To the
    ``right`` the cards are turned, and so are the places that it gives."""
    definition = diagram.definition(scope)
    names = list(definition.graph)
    index = {name: number for number, name in enumerate(names)}
    edges: dict[tuple[int, int], float] = {}
    for name in names:
        into = list(definition.wires_into(name))
        if len(into) > 1:
            declared = diagram.input_ports(definition.block(name).type)
            into.sort(key=lambda wire: declared.index(wire[3]) if wire[3] in declared else port_order(wire[3])[0])
        for position, wire in enumerate(into):
            if wire.source != name:
                edges.setdefault((index[wire.source], index[name]), position / max(1, len(into) - 1))
    ordered = sorted(edges)
    given = sizes or {}
    inputs = [index[name] for name in definition.of_type(INPUT)]
    outputs = [index[name] for name in definition.of_type(OUTPUT)]
    cards = turned_cards((given.get(name, CARD) for name in names), right)
    return names, ordered, cards, inputs, outputs, [edges[edge] for edge in ordered]
