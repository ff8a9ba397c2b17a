"""Texts, wires and edges stand out from every ground they can be on, in both appearances."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor

from blockstudio.gui.canvas.paint.style import style_of
from blockstudio.gui.kit import theme as looks
from blockstudio.gui.kit.theme import DARK, FAMILY_COLOURS, HUES, LIGHT, PAPER, Theme, as_text, contrast, mix, set_theme

TEXT, LINE = 4.5, 3.0
APPEARANCES = pytest.mark.parametrize("colours", [LIGHT, DARK, PAPER], ids=lambda colours: colours.name)
TEXTS = ("text", "secondary", "faint", "link", "problem", "warning", "good")
GROUNDS = ("panel", "canvas", "field", "hover", "selected", "card", "pill")


@pytest.fixture(autouse=True)
def as_before():
    yield
    if looks.theme() is not LIGHT:
        set_theme(LIGHT)


def over(ground: QColor, veil: QColor) -> QColor:
    return mix(ground, QColor(veil.red(), veil.green(), veil.blue()), veil.alphaF())


def test_the_ratio_is_that_of_wcag() -> None:
    assert round(contrast(QColor("black"), QColor("white")), 2) == 21
    assert round(contrast(QColor("#777777"), QColor("#ffffff")), 2) == 4.48


@APPEARANCES
def test_every_text_can_be_read(colours: Theme) -> None:
    weak = [
        (text, ground, round(ratio, 2))
        for text in TEXTS
        for ground in GROUNDS
        if (ratio := contrast(getattr(colours, text), getattr(colours, ground))) < TEXT
    ]
    assert not weak
    assert contrast(colours.on_accent, colours.primary) >= TEXT
    frame = over(colours.canvas, style_of(colours).frame.color())
    assert min(contrast(colours.text, frame), contrast(colours.secondary, frame)) >= TEXT
    assert contrast(colours.text, colours.track) >= TEXT, "badges"
    fills = [style_of(colours).heat(step / 10).color() for step in range(11)]
    assert min(contrast(colours.text, fill) for fill in fills) >= TEXT, "cards painted by a measure"
    papers = [colours.note(name) for name in HUES]
    inks = (colours.text, colours.secondary, colours.link)
    assert min(contrast(ink, paper) for ink in inks for paper in papers) >= TEXT, "notes"
    titles = {name: style_of(colours).note_text[name].color() for name in HUES}
    assert min(contrast(ink, colours.note(name)) for name, ink in titles.items()) >= TEXT, "titles of frames"
    set_theme(colours)
    assert min(contrast(as_text(each), colours.panel) for each in colours.series) >= TEXT, "names of curves"


@APPEARANCES
def test_wires_and_edges_stand_out(colours: Theme) -> None:
    style = style_of(colours)
    frame = over(colours.canvas, style.frame.color())
    pens = {
        name: getattr(style, name).color()
        for name in (
            "wire", "wire_far", "wire_off", "wire_active", "wire_problem", "border", "border_far", "border_off",
            "frame_border", "selected", "hovered", "problem", "port", "port_active", "port_open", "chevron",
        )
    }  # fmt: skip
    pens["warning sign"] = colours.warning_fill
    weak = [(name, round(contrast(pen, ground), 2)) for name, pen in pens.items() for ground in (colours.canvas, frame)
            if contrast(pen, ground) < LINE]  # fmt: skip
    assert not weak
    edges = [(colours.edge(name), ground) for name in HUES for ground in (colours.canvas, colours.card)]
    assert min(contrast(edge, ground) for edge, ground in edges) >= LINE, "edges of notes and frames"
    stripes = {family: round(contrast(colours.family(family), colours.card), 2) for family in FAMILY_COLOURS}
    assert min(stripes.values()) >= LINE, stripes
    assert contrast(colours.accent, colours.panel) >= LINE, "focus"
