"""Ports of the blocks on a level: which there are, and where on the card they sit."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF

from blockstudio.graph.diagram import Definition, Diagram, port_order
from blockstudio.gui.canvas.scene.metrics import PORT_STEP


@dataclass(frozen=True, slots=True)
class Port:
    """A port of a block where it stands now."""

    block: str
    port: str
    side: str
    """``"in"`` or ``"out"``."""
    point: QPointF


def port_names(diagram: Diagram, definition: Definition, name: str, side: str) -> list[str]:
    """Ports of one side in the order in which they stand: those of a merge that are taken, at least one."""
    block = definition.block(name)
    if side == "out":
        return list(diagram.output_ports(block.type))
    if not diagram.is_variadic(block.type):
        return list(diagram.input_ports(block.type))
    return sorted((key[1] for _, _, key in definition.graph.in_edges(name, keys=True)), key=port_order) or ["0"]


def free_port(definition: Definition, name: str) -> str:
    """The next free input of a merge."""
    taken = [int(key[1]) for _, _, key in definition.graph.in_edges(name, keys=True)]
    return str(max(taken, default=-1) + 1)


def port_offset(index: int, count: int, length: float, right: bool = False) -> float:
    """From the middle of a card's edge, so long, to one of ``count`` ports on it: the upper or lower edge or, where the
    signal goes to the ``right``, the left or right one."""
    if count < 2:
        return 0.0
    step = min(PORT_STEP, max(0.0, length - (12 if right else 32)) / (count - 1))
    return (index - (count - 1) / 2) * step
