"""How a level that was just opened is shown."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF

from blockstudio.gui.canvas.scene.camera import LEAST, READABLE, Camera


def started(view: QRectF, bounds: QRectF, first: QRectF) -> Camera:
    camera = Camera(lambda: view, lambda: bounds, lambda: first, lambda _: None)
    camera.start()
    return camera


@pytest.mark.parametrize("width", [700.0, 740.0, 800.0, 880.0])
def test_what_is_a_little_wider_than_the_view_is_shown_in_its_whole_width(width: float) -> None:
    view, bounds = QRectF(0, 0, 632, 700), QRectF(-100, 0, width, 1400)
    camera = started(view, bounds, QRectF(0, 0, 132, 40))
    seen = camera.rect_to_view(bounds)
    assert seen.left() >= 0 and seen.right() <= view.width() and 0 <= seen.top() < 60
    assert LEAST <= camera.scale <= READABLE


def test_what_is_much_wider_can_still_be_read() -> None:
    view, bounds, first = QRectF(0, 0, 632, 700), QRectF(0, 0, 3000, 500), QRectF(0, 0, 132, 40)
    camera = started(view, bounds, first)
    assert camera.scale == READABLE and view.contains(camera.rect_to_view(first))
