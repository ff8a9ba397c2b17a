"""What the blocks of a trained network give for a picture, as small pictures by path."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from PySide6.QtGui import QImage

from blockstudio.graph.diagram import Diagram
from blockstudio.gui.document.structure import structure


class Thumbnails:
    """Of one network.

    Args:
        network: As it was trained: no card of a diagram with other blocks or wires shows them, whatever its name.
        pictures: By path in the run's network, in which every copy of a repeated block is one: ``layer1.0.conv1``.
    """

    def __init__(self, network: Diagram, pictures: Mapping[str, QImage]) -> None:
        self._structure, self._pictures = structure(network), pictures

    def fits(self, diagram: Diagram) -> bool:
        """Whether it is this network, drawn for whatever size."""
        return structure(diagram) == self._structure

    def of(self, path: str) -> QImage | None:
        """That of a card; of one that is drawn once for its copies, the last copy's."""
        return self._pictures.get(path) or self._of_copies.get(_uncounted(path))

    @cached_property
    def _of_copies(self) -> dict[str, QImage]:
        return {_uncounted(path): picture for path, picture in self._pictures.items()}


def _uncounted(path: str) -> str:
    return ".".join(part for part in path.split(".") if not part.isdecimal())
