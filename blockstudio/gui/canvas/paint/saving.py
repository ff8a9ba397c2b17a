"""A painter's state, kept and given back whatever happens in between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtGui import QPainter


@contextmanager
def saved(painter: QPainter) -> Iterator[None]:
    """What is set on the painter inside holds only there."""
    painter.save()
    try:
        yield
    finally:
        painter.restore()
