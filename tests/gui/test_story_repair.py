"""A person wires a wrong Add, reads what is the matter, takes the offered way out, and takes it all back."""

from __future__ import annotations

from PySide6.QtCore import Qt

from blockstudio.graph.format import dumps
from tests.support.hands import click, click_block, drag_from_palette, press_key, type_into, wire


def test_a_wrong_add_is_explained_fixed_and_undone(open_window, qtbot) -> None:
    window = open_window()
    session = window.session
    names = {
        "image": drag_from_palette(window, "Input", (300, 60)),
        "narrow": drag_from_palette(window, "Conv2d", (180, 170)),
        "wide": drag_from_palette(window, "Conv2d", (420, 170)),
        "add": drag_from_palette(window, "Add", (300, 300)),
        "output": drag_from_palette(window, "Output", (300, 400)),
    }
    click_block(window, names["image"])
    type_into(window.features.inspector.field("shape"), "3×56×56")
    click_block(window, names["wide"])
    type_into(window.features.inspector.field("out_channels"), "128")
    type_into(window.features.inspector.field("stride"), "2")
    wire(window, names["image"], names["narrow"])
    wire(window, names["image"], names["wide"])
    wire(window, names["narrow"], names["add"], "0")
    before = dumps(session.diagram)
    wire(window, names["wide"], names["add"], "1")
    wire(window, names["add"], names["output"])
    broken = dumps(session.diagram)

    assert "1 problem" in window.features.panels.button.text()
    click(window.features.panels.button)
    (row,) = window.features.panels.problems.rows
    assert row.text.text().startswith("Its inputs differ: 64×56×56 and 128×28×28")
    session.select([])
    click(row.go)
    assert session.selection == (names["add"],)

    qtbot.waitUntil(lambda: bool(row.fixes) and row.fixes[0].isVisible())
    fix = next(button for button in row.fixes if "1×1" in button.text())
    click(fix)
    assert session.analysis.problems == ()
    assert window.features.panels.button.text() == "no problems"
    assert len(session.level.shapes[(names["add"], "out")]) == 3

    window.canvas.setFocus()
    press_key(window.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert dumps(session.diagram) == broken
    assert "1 problem" in window.features.panels.button.text()
    press_key(window.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    press_key(window.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert dumps(session.diagram) == before
