"""Another network of the same blocks that the drawing shows for a while: the one that a run trains, at its sizes."""

from __future__ import annotations

from dataclasses import dataclass

from blockstudio.analysis import Analysis
from blockstudio.graph.diagram import Diagram


@dataclass(frozen=True, eq=False)
class Lens:
    """Where the shapes and costs on the cards come from in place of the document. Blocks, types and wires are the
    document's own."""

    diagram: Diagram
    analysis: Analysis
