"""A painter that raises: one sentence in its place, the window usable, the next selection painted as ever."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from blockstudio.graph.edits import SetParameter
from blockstudio.gui.canvas import Canvas
from blockstudio.gui.canvas.paint import cards
from blockstudio.gui.canvas.paint.far import FarLayer
from blockstudio.gui.canvas.paint.minimap import Minimap
from blockstudio.gui.canvas.paint.painting import StagePainter
from blockstudio.gui.canvas.scene.card_texts import CardTexts
from tests.support.canvas_driver import click, key, leave, middle
from tests.support.canvas_samples import grid

WHERE = [(StagePainter, "paint"), (StagePainter, "_selection"), (cards, "draw_card"), (CardTexts, "content")]


def image(canvas: Canvas) -> bytes:
    """What is seen: the pixels."""
    found = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    return bytes(found.constBits())


@pytest.mark.parametrize(("owner", "name"), WHERE, ids=lambda each: getattr(each, "__name__", each))
def test_what_cannot_be_painted_is_said_once_and_the_next_frame_is_tried(
    show, simple, monkeypatch, qtlog, caplog, owner: object, name: str
) -> None:
    canvas = show(simple)
    canvas.fit()
    canvas.session.select(["conv2d"])
    sound = image(canvas)

    def broken(*_: object, **__: object) -> None:
        raise OverflowError("integer division result too large for a float")

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, broken)
        canvas.painter.sprites.clear()
        first, second = image(canvas), image(canvas)
        assert canvas.fault == "OverflowError: integer division result too large for a float"
        assert first == second != sound
        assert sum("painted" in record.message for record in caplog.records) == 1, "the traceback is logged once"
        # The mouse and the keys still work.
        click(canvas, middle(canvas, "relu"))
        assert canvas.session.selection == ("relu",)
        assert image(canvas) == first and canvas.accessibleDescription()
        key(canvas, Qt.Key.Key_F)
    click(canvas, middle(canvas, "conv2d"))
    assert canvas.session.selection == ("conv2d",)
    leave(canvas)
    assert image(canvas) == sound and not canvas.fault
    assert not [record for record in qtlog.records if "paint" in record.message.lower()], "painters that were not ended"


def test_pixels_that_were_not_finished_are_not_kept(show, simple, monkeypatch) -> None:
    canvas = show(simple)
    whole, drawn = image(canvas), cards.draw_card
    canvas.painter.sprites.clear()

    def half(*arguments: object) -> None:
        drawn(*arguments)
        raise ValueError("half")

    with monkeypatch.context() as patched:
        patched.setattr(cards, "draw_card", half)
        assert image(canvas) != whole
    assert image(canvas) == whole


@pytest.mark.parametrize("owner", [FarLayer, Minimap])
def test_layers_kept_as_pixels_fail_alike(show, monkeypatch, owner: type) -> None:
    canvas = show(grid(1200))
    canvas.fit() if owner is FarLayer else canvas.zoom_to(1.0)
    sound = image(canvas)
    with monkeypatch.context() as patched:
        patched.setattr(owner, "paint", lambda *_, **__: 1 // 0)
        image(canvas)
        assert "ZeroDivisionError" in canvas.fault
    assert image(canvas) == sound and not canvas.fault


def test_an_undo_that_mends_it_is_enough(show, simple, monkeypatch) -> None:
    """The fault lies in the document: taken back, the drawing is there again."""
    canvas = show(simple)
    content = CardTexts.content

    def picky(facts: CardTexts, name: str):
        if facts.definition.block(name).parameters.get("out_channels") == 7:
            raise OverflowError("too many")
        return content(facts, name)

    monkeypatch.setattr(CardTexts, "content", picky)
    sound = image(canvas)
    assert canvas.session.do("Set", SetParameter(name="conv2d", key="out_channels", value=7))
    assert image(canvas) != sound and canvas.fault == "OverflowError: too many"
    canvas.session.undo()
    assert image(canvas) == sound and not canvas.fault
