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


def test_what_was_seen_whole_is_so_in_a_smaller_view_and_as_before_when_that_grows_again() -> None:
    view, bounds = QRectF(0, 0, 800, 600), QRectF(-300, -200, 600, 400)
    camera = Camera(lambda: view, lambda: bounds, lambda: bounds, lambda _: None)
    camera.fit()
    before = camera.scale, camera.x, camera.y

    def resize(width: float) -> None:
        size = view.size()
        view.setWidth(width)
        camera.resized(size)

    resize(300)  # too small to be read whole
    assert camera.scale == before[0]
    resize(480)
    assert view.contains(camera.rect_to_view(bounds)) and camera.scale < before[0]
    resize(440)
    assert view.contains(camera.rect_to_view(bounds))
    resize(800)
    assert (camera.scale, camera.x, camera.y) == before

    resize(480)
    camera.pan(10, 0)
    seen = camera.scale, camera.x, camera.y
    resize(800)
    assert (camera.scale, camera.x, camera.y) == seen, "the user has moved it since"
    camera.zoom_to(2.0)
    seen = camera.scale, camera.x, camera.y
    resize(700)
    assert (camera.scale, camera.x, camera.y) == seen, "it was not seen whole"
