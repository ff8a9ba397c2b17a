"""A diagram of its own with the same contents."""

from __future__ import annotations

from contextlib import suppress

from blockstudio.errors import StudioError
from blockstudio.graph.contents import Contents
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.edits import MoveBlocks
from blockstudio.graph.operations.ungrouping import ungroup


def copy_diagram(diagram: Contents) -> Diagram:
    """A copy without history. Blocks are immutable and shared, graphs are copied: edits of one never reach the other,
    so that a worker may read the copy while the original is edited."""
    twin = Diagram(diagram.name)
    twin.about = dict(diagram.about)
    twin.main = diagram.main.copy()
    twin.modules = {name: definition.copy() for name, definition in diagram.modules.items()}
    return twin


def unrolled(diagram: Contents) -> Diagram:
    """A copy in which every repeat is the chain of copies that it stands for, on every level; those whose number only
    the instances of a module know stay. Places that no longer hold are left to the layout."""
    twin = copy_diagram(diagram)
    for scope in twin.scopes():
        definition = twin.definition(scope)
        repeated = [name for name, block in definition.blocks() if block.repeat is not None]
        done = False
        for name in repeated:
            with suppress(StudioError):
                twin.edit(name, ungroup(twin, scope, name))
                done = True
        if done:
            twin.edit(scope, [MoveBlocks(scope=scope, to={name: None for name, _ in definition.blocks()})])
    twin.history.clear()
    return twin


def modules_alone(diagram: Contents) -> Diagram:
    """A diagram with nothing but copies of another's modules: to try them in."""
    twin = Diagram(diagram.name)
    twin.modules = {name: definition.copy() for name, definition in diagram.modules.items()}
    return twin
