"""A diagram of its own with the same contents."""

from __future__ import annotations

from blockstudio.graph.contents import Contents
from blockstudio.graph.diagram import Diagram


def copy_diagram(diagram: Contents) -> Diagram:
    """A copy without history. Blocks are immutable and shared, graphs are copied: edits of one never reach the other,
    so that a worker may read the copy while the original is edited."""
    twin = Diagram(diagram.name)
    twin.about = dict(diagram.about)
    twin.main = diagram.main.copy()
    twin.modules = {name: definition.copy() for name, definition in diagram.modules.items()}
    return twin


def modules_alone(diagram: Contents) -> Diagram:
    """A diagram with nothing but copies of another's modules: to try them in."""
    twin = Diagram(diagram.name)
    twin.modules = {name: definition.copy() for name, definition in diagram.modules.items()}
    return twin
