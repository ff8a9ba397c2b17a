"""What the blocks of a trained network give for a picture, as small pictures by path."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from PySide6.QtGui import QImage


class Thumbnails:
    """Of one network.

    Args:
        network: The name of its diagram: of another no card shows them.
        pictures: By path in the run's network, in which every copy of a repeated block is one: ``layer1.0.conv1``.
    """

    def __init__(self, network: str, pictures: Mapping[str, QImage]) -> None:
        self.network, self._pictures = network, pictures

    def of(self, path: str) -> QImage | None:
        """That of a card; of one that is drawn once for its copies, the last copy's."""
        return self._pictures.get(path) or self._of_copies.get(_uncounted(path))

    @cached_property
    def _of_copies(self) -> dict[str, QImage]:
        return {_uncounted(path): picture for path, picture in self._pictures.items()}


def _uncounted(path: str) -> str:
    return ".".join(part for part in path.split(".") if not part.isdecimal())
