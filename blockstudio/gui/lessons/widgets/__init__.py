"""Small figures of lessons that need no network: sliders, and numbers that are exact."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from blockstudio.gui.lessons.widgets.batchnorm import BatchNorm
from blockstudio.gui.lessons.widgets.logistic import Logistic
from blockstudio.gui.lessons.widgets.scaling import Scaling
from blockstudio.gui.lessons.widgets.smoothing import Smoothing

MAKERS: dict[str, Callable[[], QWidget]] = {
    "scaling": Scaling, "batchnorm": BatchNorm, "logistic": Logistic, "smoothing": Smoothing,
}  # fmt: skip
"""By the name that a lesson gives; those of `blockstudio.lessons.checking.WIDGETS`."""


def make_widget(name: str) -> QWidget | None:
    """The widget of this name; ``None`` if there is none."""
    return MAKERS[name]() if name in MAKERS else None
