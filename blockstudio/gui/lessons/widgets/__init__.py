"""Small figures of lessons that need no network: sliders, and numbers that are exact."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from blockstudio.lessons.checking import WIDGETS

MAKERS: dict[str, Callable[[], QWidget]] = {}


def make_widget(name: str) -> QWidget | None:
    """The widget of this name; ``None`` if there is none."""
    return MAKERS[name]() if name in WIDGETS and name in MAKERS else None
