"""What is painted at which zoom, how much of it, and pictures."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QWidget

from blockstudio.graph.diagram import Diagram, Wire
from blockstudio.graph.edits import SetParameter
from blockstudio.gui.canvas.paint.far import FarLayer
from blockstudio.gui.canvas.paint.sprites import Sprites
from blockstudio.gui.canvas.scene import routes
from blockstudio.gui.canvas.scene.card_texts import CardTexts
from blockstudio.gui.canvas.scene.metrics import elided, lone_name, text_width
from blockstudio.gui.kit.theme import DARK, LIGHT, set_theme
from tests.support.canvas_samples import grid


def test_from_far_no_block_is_painted_one_by_one(show) -> None:
    canvas = show(grid(2500), 1600, 1000)
    canvas.fit()
    canvas.grab()

    assert canvas.camera.scale < 0.2
    painted = canvas.painter.painted
    assert (painted.cards, painted.outlines, painted.names, painted.curves, painted.pills) == (0, 0, 0, 0, 0)
    assert sum(map(len, canvas.scene.drawing.far_rectangles())) == 2500


@pytest.mark.parametrize(("zoom", "kind"), [(0.4, "outlines"), (0.5, "outlines"), (0.65, "cards"), (3.0, "cards")])
def test_from_near_only_what_is_in_view_is_painted(show, zoom, kind) -> None:
    canvas = show(grid(2500), 1600, 1000)
    canvas.zoom_to(zoom)
    canvas.camera.centre_on(QPointF(3000, 2000))
    canvas.grab()
    while canvas.painter.waits:
        canvas.grab()

    painted = canvas.painter.painted
    in_view = (1600 / zoom / 200 + 2) * (1000 / zoom / 112 + 2)
    assert 0 < getattr(painted, kind) <= in_view
    assert painted.cards == 0 or painted.outlines == 0
    assert painted.pills <= in_view and painted.curves <= 2 * in_view


def test_a_card_is_painted_once_and_then_laid_down(show, simple) -> None:
    canvas = show(simple)
    canvas.zoom_to(1.0)
    canvas.grab()
    made = canvas.painter.sprites.made

    for _ in range(4):
        canvas.camera.pan(3, 5)
        canvas.grab()
    assert canvas.painter.sprites.made == made

    canvas.session.do("Set", SetParameter(name="conv2d", key="out_channels", value=32))
    canvas.grab()
    assert made < canvas.painter.sprites.made <= made + 5, "the block, the shapes behind it and the Output"


def test_while_the_zoom_changes_cards_are_scaled_and_made_crisp_when_it_rests(show, simple, qtbot, monkeypatch) -> None:
    from tests.support.canvas_driver import turn_wheel

    monkeypatch.setattr("blockstudio.gui.canvas.paint.sprites.SPENT", 60.0)
    canvas = show(simple)
    canvas.zoom_to(1.0)
    turn_wheel(canvas, (300, 300), 0.05)
    canvas.grab()
    made = canvas.painter.sprites.made

    for _ in range(6):
        turn_wheel(canvas, (300, 300), 0.05)
        canvas.grab()
    assert canvas.painter.sprites.moving and canvas.painter.sprites.made == made

    qtbot.waitUntil(lambda: not canvas.painter.sprites.moving)
    canvas.grab()
    assert canvas.painter.sprites.made > made


def test_a_frame_that_is_late_paints_one_card_more_and_the_next_ones_the_rest(show, simple, monkeypatch) -> None:
    from tests.support.canvas_driver import turn_wheel

    monkeypatch.setattr("blockstudio.gui.canvas.paint.sprites.SPENT", 0.0)
    canvas = show(simple)
    canvas.zoom_to(1.0)
    canvas.grab()
    turn_wheel(canvas, (300, 300), 0.3)
    made = canvas.painter.sprites.made
    canvas.grab()
    assert canvas.painter.sprites.made == made + 1
    assert canvas.painter.painted.cards == len(canvas.scene.drawing), "the others as they are at the zoom before"
    canvas.grab()
    assert canvas.painter.sprites.made == made + 2


def test_kept_cards_never_take_more_than_their_share_of_memory(qapp, monkeypatch) -> None:
    monkeypatch.setattr("blockstudio.gui.canvas.paint.sprites.MOST_BYTES", 200_000)
    sprites, image = Sprites(), QImage(400, 300, QImage.Format.Format_RGB32)
    painter = QPainter(image)

    for index in range(50):
        sprites.draw(painter, QRectF(0, 0, 152, 48), index, 1.0, lambda own: own.fillRect(0, 0, 9, 9, LIGHT.accent))
    painter.end()

    assert sprites.made == 50
    assert sprites._bytes <= 200_000 and len(sprites._kept) < 10


def test_few_blocks_have_names_even_from_far(show, simple) -> None:
    canvas = show(simple)
    canvas.zoom_to(0.25)
    canvas.camera.centre_on(canvas.scene.drawing.bounds.center())
    canvas.grab()

    assert (canvas.painter.painted.outlines, canvas.painter.painted.names) == (4, 4)


def test_the_minimap_shows_while_not_all_is_in_view_and_is_drawn_once(show) -> None:
    canvas = show(grid(400), 1000, 800)
    canvas.fit()
    made = canvas.painter.minimap.made
    canvas.grab()
    assert canvas.painter.minimap.made == made

    canvas.zoom_to(1.0)
    for _ in range(3):
        canvas.camera.pan(10, 10)
        canvas.grab()
    assert canvas.painter.minimap.made == 1


def test_dragging_on_the_minimap_moves_the_view(show) -> None:
    from tests.support.canvas_driver import drag

    canvas = show(grid(400), 1000, 800)
    canvas.zoom_to(1.0)
    canvas.grab()
    rect = canvas.painter.minimap.rect(canvas.size())
    bounds = canvas.scene.drawing.bounds

    drag(canvas, rect.center(), rect.center() + QPointF(0, 30))

    seen = canvas.camera.to_scene(QPointF(500, 400))
    assert seen.y() > bounds.center().y() + bounds.height() * 0.15
    assert abs(seen.x() - bounds.center().x()) < bounds.width() * 0.05


def colours(image: QImage) -> set[str]:
    return {image.pixelColor(x, y).name() for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}


@pytest.mark.parametrize("dark", [False, True])
def test_a_picture_has_the_size_asked_for_and_holds_the_whole_level(show, simple, dark) -> None:
    canvas = show(simple, 300, 200)
    canvas.camera.pan(9999, 0)
    look = DARK if dark else LIGHT

    image = canvas.picture(QSize(640, 900), dark=dark)

    assert (image.width(), image.height()) == (640, 900)
    edge = {image.pixelColor(x, y).name() for x in range(640) for y in (0, 899)}
    assert edge <= {look.canvas.name(), look.dots.name()}, "nothing is cut off"
    seen = colours(image)
    assert look.card.name() in seen
    assert look.family("convolution").name() in seen and look.family("activation").name() in seen


def test_a_picture_without_a_size_is_twice_as_large_as_on_screen(show, simple) -> None:
    image = show(simple).picture()

    bounds = show(simple).scene.bounds()
    assert 2 * bounds.height() + 64 <= image.height() <= 2 * bounds.height() + 64 + 20, "with ports and edges"


def test_a_picture_of_nothing_is_an_empty_sheet(show) -> None:
    assert len(colours(show().picture(QSize(90, 90), dark=False))) <= 2


def test_the_window_repaints_in_the_other_theme(show, simple) -> None:
    canvas = show(simple)
    canvas.zoom_to(1.0)
    image = QImage(canvas.size(), QImage.Format.Format_RGB32)

    set_theme(DARK)
    canvas.render(image, QPoint())

    assert {DARK.canvas.name(), DARK.card.name()} < colours(image)
    assert LIGHT.card.name() not in colours(image)


def test_selection_is_outlined_in_the_accent(show, simple) -> None:
    canvas = show(simple)
    canvas.zoom_to(1.0)
    image = QImage(canvas.size(), QImage.Format.Format_RGB32)
    canvas.render(image, QPoint())
    edge = canvas.camera.to_view(canvas.block_rect("relu").topLeft() + QPointF(40, 0)).toPoint()
    accent = LIGHT.accent.name()
    assert accent not in {image.pixelColor(edge + QPoint(0, dy)).name() for dy in (-1, 0, 1)}

    canvas.session.select(["relu"])
    canvas.render(image, QPoint())

    assert accent in {image.pixelColor(edge + QPoint(0, dy)).name() for dy in (-1, 0, 1)}


def test_the_cost_bar_follows_the_metric(show, simple) -> None:
    simple.add("Conv2d", "small", out_channels=16, at=(300, 112))
    simple.connect("input", "small")
    simple.add("Output", "second", at=(300, 224))
    simple.connect("small", "second")
    canvas = show(simple)
    facts: CardTexts = canvas.scene.stage.facts
    assert facts.content("conv2d").part == 1.0
    assert facts.content("relu").part == -1.0
    share = facts.content("small").part

    canvas.session.metric = "parameters"

    small = canvas.scene.stage.facts.content("small").part
    assert small == pytest.approx((16 * 27 + 16) / (64 * 27 + 64))
    assert small != share


# Lines and texts


def test_a_wire_that_skips_blocks_runs_beside_them() -> None:
    boxes = np.array([[-76.0, 100 * row, 76.0, 100 * row + 48] for row in range(5)])
    curve = routes.curves(*(np.array([value]) for value in (0.0, 48.0, 0.0, 400.0)))[0]

    lane = routes.find_lane(curve, boxes[1:4], np.zeros((0, 3)))

    assert lane is not None and abs(lane) >= 76 + routes.CLEAR - 1e-9
    path = routes.path(curve, lane)
    for part in np.linspace(0, 1, 200):
        point = path.pointAtPercent(float(part))
        inside = (boxes[1:4, 0] < point.x()) & (boxes[1:4, 2] > point.x())
        inside &= (boxes[1:4, 1] < point.y()) & (boxes[1:4, 3] > point.y())
        assert not inside.any()


def test_a_second_skip_takes_another_lane() -> None:
    boxes = np.array([[-76.0, 100 * row, 76.0, 100 * row + 48] for row in range(1, 4)])
    curve = routes.curves(*(np.array([value]) for value in (0.0, 48.0, 0.0, 400.0)))[0]
    first = routes.find_lane(curve, boxes, np.zeros((0, 3)))

    second = routes.find_lane(curve, boxes, np.array([[first, 48.0, 400.0]]))

    assert second is not None and second != first


@pytest.mark.parametrize("free", [0.0, 300.0])
def test_a_wire_with_nothing_in_its_way_has_no_lane(free) -> None:
    boxes = np.array([[free + 100, 100.0, free + 250, 148.0]])
    curve = routes.curves(*(np.array([value]) for value in (0.0, 48.0, 0.0, 400.0)))[0]

    assert routes.find_lane(curve, boxes, np.zeros((0, 3))) is None


def test_wires_begin_and_end_upright() -> None:
    curve = routes.curves(np.array([0.0, 5.0]), np.array([0.0, 9.0]), np.array([90.0, -7.0]), np.array([120.0, -200.0]))

    assert (curve[:, 0] == curve[:, 2]).all() and (curve[:, 4] == curve[:, 6]).all()
    assert (curve[:, 3] > curve[:, 1]).all() and (curve[:, 5] < curve[:, 7]).all()


def test_pills_cover_no_card(show) -> None:
    diagram = Diagram("close")
    diagram.add("Input", "input", shape=[4, 8, 8], at=(0, 0))
    diagram.add("ReLU", "beside", at=(110, 90))
    diagram.add("ReLU", "relu", at=(220, 180))
    diagram.connect("input", "relu")
    canvas = show(diagram)
    wire = Wire("input", "out", "relu", "in")

    place = canvas.scene.drawing.pill_place(wire, 50.0, shared=False)

    assert not canvas.block_rect("beside").contains(place)


@pytest.mark.parametrize("text", ["LocalResponseNorm size 5", "MaxPool2d 3×3 /2 ceil", "a_very_long_name_of_a_block"])
def test_a_text_too_long_is_cut_to_fit(qapp, text) -> None:
    room = text_width(text, 11) * 0.8

    cut = elided(text, 11, False, room)

    assert cut.endswith("…") and text_width(cut, 11) <= room
    assert text.startswith(cut.rstrip("…").rstrip())
    assert elided(text, 11, False, room * 2) == text


def test_names_that_stand_alone_keep_their_ends(qapp) -> None:
    room = text_width("inception_4", 13, True)

    text, size = lone_name("inception_4e_reduction", room, 25, 13)

    assert size == 13 and text.endswith("ion") and "…" in text
    assert lone_name("fc", room, 25, 13) == ("fc", 25)


def test_the_canvas_has_no_children_that_paint(show, simple) -> None:
    assert show(simple).findChildren(QWidget) == []


def test_every_colour_of_the_themes_can_be_read_on_its_ground() -> None:
    def luminance(colour: QColor) -> float:
        parts = [
            value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in colour.getRgbF()[:3]
        ]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    for look in (LIGHT, DARK):
        for ground in (look.panel, look.card, look.canvas):
            for ink, least in ((look.text, 7), (look.secondary, 4.5), (look.problem, 3.9), (look.accent, 3.9)):
                low, high = sorted((luminance(ink), luminance(ground)))
                assert (high + 0.05) / (low + 0.05) >= least, (look.name, ink.name(), ground.name())


def test_a_level_is_shown_whole_or_from_its_top_and_follows_the_size_until_it_is_moved(show, simple) -> None:
    canvas = show(simple, 800, 700)
    assert canvas.rect().contains(canvas.camera.rect_to_view(canvas.scene.bounds()).toAlignedRect())

    canvas.resize(400, 300)
    assert canvas.camera.scale == 0.85
    top = canvas.camera.rect_to_view(canvas.block_rect("input"))
    assert top.center().x() == pytest.approx(200) and top.top() == pytest.approx(40)

    canvas.camera.pan(1, 1)
    moved = (canvas.camera.scale, canvas.camera.x, canvas.camera.y)
    canvas.resize(900, 900)
    assert (canvas.camera.scale, canvas.camera.x, canvas.camera.y) == moved


def test_a_block_revealed_before_the_window_has_its_size_is_in_view_after(show, simple) -> None:
    canvas = show(simple, 300, 200)

    canvas.reveal("output")
    canvas.resize(420, 320)

    assert canvas.rect().contains(canvas.camera.rect_to_view(canvas.block_rect("output")).toAlignedRect())


def test_revealing_moves_the_view_no_further_than_needed(show, simple) -> None:
    canvas = show(simple, 800, 300)
    canvas.zoom_to(1.0)
    canvas.camera.centre_on(canvas.block_rect("conv2d").center())
    before = canvas.camera.y

    canvas.reveal("conv2d")
    assert canvas.camera.y == before
    canvas.reveal("output")

    seen = canvas.camera.rect_to_view(canvas.block_rect("output"))
    assert canvas.rect().contains(seen.toAlignedRect())


def test_thousands_of_blocks_from_far_are_painted_once_and_then_moved(show) -> None:
    canvas = show(grid(1600), 1000, 800)
    canvas.fit()
    for _ in range(6):
        canvas.camera.pan(5, 3)
        canvas.grab()
    assert canvas.painter.far.made == 1

    canvas.camera.pan(400, 0)
    canvas.grab()
    assert canvas.painter.far.made == 2, "beyond what was painted"


def test_thousands_of_blocks_are_scaled_while_the_zoom_changes_and_painted_when_it_rests(show, qtbot) -> None:
    from tests.support.canvas_driver import turn_wheel

    canvas = show(grid(1600), 1000, 800)
    canvas.fit()
    canvas.grab()
    canvas.grab()
    assert canvas.painter.far.made == 1

    for _ in range(3):
        turn_wheel(canvas, (500, 400), 0.2)
        canvas.grab()
    assert canvas.painter.far.made == 1
    qtbot.waitUntil(lambda: not canvas.painter.sprites.moving)
    canvas.grab()

    assert canvas.painter.far.made == 2
    kept = canvas.grab().toImage()
    canvas.painter.far = FarLayer()
    assert close(kept, canvas.grab().toImage()), "the same as painted anew"


def test_a_crowd_seen_from_near_is_kept_as_pixels_painted_tile_by_tile(show, qtbot) -> None:
    from tests.support.canvas_driver import turn_wheel

    canvas = show(grid(2500), 1200, 800)
    canvas.zoom_to(0.62)
    canvas.camera.centre_on(QPointF(3000, 2000))
    sprites, far, new = canvas.painter.sprites, canvas.painter.far, []

    def frame() -> QImage:
        before = sprites.made
        image = canvas.grab().toImage()
        new.append(sprites.made - before)
        return image

    frame()
    while canvas.painter.waits:
        frame()
    new.clear()
    for step in (0.05,) * 12 + (-0.05,) * 12:
        turn_wheel(canvas, (600, 400), step)
        frame()
    assert max(new) <= 20, "no frame paints all that is in view"
    while far.waits:
        frame()
    assert far.made > 0 and max(new) <= 20
    turn_wheel(canvas, (600, 400), -2)
    frame()
    assert canvas.painter.painted.cards <= 60, "further out than the pixels reach: boxes around them"
    qtbot.waitUntil(lambda: not sprites.moving)
    frame()
    while canvas.painter.waits:
        frame()

    kept, made = frame(), far.made
    canvas.camera.pan(7, 5)
    frame()
    assert far.made == made, "what is kept is laid down elsewhere"
    canvas.camera.pan(-7, -5)
    canvas.painter.far = FarLayer()
    assert close(kept, frame()), "the same as painted anew"


def close(one: QImage, other: QImage) -> bool:
    """Whether two pictures differ by no more than what half a pixel's shift makes."""
    a, b = (
        np.array(image.convertToFormat(QImage.Format.Format_RGB32).constBits(), dtype=np.uint8)
        for image in (one, other)
    )
    return float(np.abs(a.astype(int) - b.astype(int)).mean()) < 6.0


def test_what_changes_from_frame_to_frame_is_not_kept(show) -> None:
    canvas = show(grid(1600), 1000, 800)
    canvas.fit()
    canvas.grab()
    made = canvas.painter.far.made

    for _ in range(4):
        canvas.scene.shift(["r7"], 4.0, 0.0)
        canvas.grab()
    assert canvas.painter.far.made == made

    canvas.session.select(["r7"])
    image = QImage(canvas.size(), QImage.Format.Format_RGB32)
    for _ in range(2):
        canvas.render(image, QPoint())
    place = canvas.camera.rect_to_view(canvas.block_rect("r7")).toAlignedRect().adjusted(-3, -3, 3, 3)
    assert LIGHT.accent.name() in {
        image.pixelColor(x, y).name()
        for x in range(place.left(), place.right())
        for y in range(place.top(), place.bottom())
    }
