"""The palette: search, keys, drags, the diagram's own modules."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from blockstudio.blocks import CATALOGUE
from blockstudio.graph.edits import MoveBlocks, RenameModule, SetTexts
from blockstudio.gui.kit.glyphs import SIZE, draw_type_glyph, has_glyph
from blockstudio.gui.panels.palette import Entry
from blockstudio.gui.panels.palette_list import FOLDED
from blockstudio.gui.shell.window import StudioWindow
from tests.support.hands import click, drag_from_palette, on_window, press_key


def shown(window: StudioWindow) -> list[str]:
    return [item.text() for item in window.features.panels.palette.visible_items()]


def test_every_block_type_can_be_found(open_window) -> None:
    window = open_window()
    items = {item.data(Qt.ItemDataRole.UserRole).type for item in window.features.panels.palette.visible_items()}
    assert items == set(CATALOGUE)


def test_what_most_networks_are_made_of_comes_first(open_window) -> None:
    shown = [item.text() for item in open_window().features.panels.palette.visible_items()]
    for first, after in (("BatchNorm2d", "RMSNorm"), ("Concat", "Divide"), ("Add", "Divide"), ("MaxPool2d", "GeM")):
        assert shown.index(first) < shown.index(after)


def test_search_filters_and_enter_adds_the_best_hit(open_window) -> None:
    window = open_window()
    panel = window.features.panels.palette
    window.canvas.setFocus()
    panel.focus_search()
    QTest.keyClicks(panel.search, "max pool")
    assert shown(window) and all("MaxPool" in title for title in shown(window))
    press_key(panel.search, Qt.Key.Key_Return)
    (block,) = [block for _, block in window.session.definition.blocks()]
    assert block.type == "MaxPool2d" and block.at is not None
    assert window.canvas.hasFocus()


def test_words_of_the_papers_find_blocks(open_window) -> None:
    window = open_window()
    for words, title in (
        ("pointwise", "1×1 Conv"),
        ("1x1", "1×1 Conv"),
        ("lrn", "LocalResponseNorm"),
        ("bn", "BatchNorm2d"),
    ):
        window.features.panels.palette.search.setText(words)
        assert title in shown(window), words


def test_arrows_walk_the_list_and_enter_adds(open_window) -> None:
    window = open_window()
    panel = window.features.panels.palette
    window.commands.run("edit.find")
    QTest.keyClicks(panel.search, "add")
    press_key(panel.search, Qt.Key.Key_Down)
    assert panel.list.hasFocus()
    chosen: list[Entry] = []
    panel.chosen.connect(chosen.append)
    press_key(panel.list, Qt.Key.Key_Return)
    assert chosen[0].type == "Add"


def test_escape_clears_and_then_leaves(open_window) -> None:
    window = open_window()
    window.commands.run("edit.find")
    QTest.keyClicks(window.features.panels.palette.search, "conv")
    press_key(window.features.panels.palette.search, Qt.Key.Key_Escape)
    assert window.features.panels.palette.search.text() == ""
    press_key(window.features.panels.palette.search, Qt.Key.Key_Escape)
    assert window.canvas.hasFocus()


def test_a_block_lands_where_it_is_dropped(open_window) -> None:
    window = open_window()
    name = drag_from_palette(window, "Conv2d", (400, 240))
    rect = window.canvas.block_rect(name)
    middle = window.canvas.camera.to_view(rect.center())
    assert abs(middle.x() - 400) <= 16 and abs(middle.y() - 240) <= 16
    assert window.session.definition.block(name).parameters == {"kernel_size": 3, "padding": 1}
    assert window.session.selection == (name,)


def test_escape_or_a_release_elsewhere_drops_nothing(open_window) -> None:
    window = open_window()
    panel, handle = window.features.panels.palette, window.windowHandle()
    start = on_window(window, panel.list.viewport(), panel.list.visualItemRect(panel.item("Conv2d")).center())
    over = on_window(window, window.canvas, QPoint(300, 200))
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mousePress(handle, left, none, start)
    QTest.mouseMove(handle, over)
    QApplication.processEvents()
    assert window.canvas.gesture is not None
    QTest.keyClick(window.canvas, Qt.Key.Key_Escape)
    assert window.canvas.gesture is None
    QTest.mouseRelease(handle, left, none, over)
    QTest.mousePress(handle, left, none, start)
    QTest.mouseMove(handle, over)
    aside = on_window(window, window.features.inspector, QPoint(40, 200))
    QTest.mouseMove(handle, aside)
    QTest.mouseRelease(handle, left, none, aside)
    QApplication.processEvents()
    assert len(window.session.definition.graph) == 0 and window.canvas.gesture is None


def test_modules_of_the_diagram_are_offered_and_can_be_dragged(open_window) -> None:
    window = open_window("googlenet")
    assert "Inception" in shown(window)
    name = drag_from_palette(window, "Inception", (200, 200))
    assert window.session.definition.block(name).type == "Inception"
    window.session.diagram.module("Extra")
    assert "Extra" in shown(window)
    window.session.undo()
    assert "Extra" not in shown(window)


def test_groups_fold_with_counts_and_the_search_looks_into_them(open_window) -> None:
    window = open_window()
    panel = window.features.panels.palette
    assert shown(window)[:3] == ["Input", "Output", "AuxOutput"]
    heading = next(panel.list.item(row) for row in range(panel.list.count()) if panel.list.item(row).text() == "Merge")
    count = len([line for group in panel.groups() if group.title == "Merge" for line in group.lines])
    panel.list.scrollToItem(heading)
    click(panel.list.viewport(), panel.list.visualItemRect(heading).center())
    assert "Concat" not in shown(window) and heading.data(FOLDED) == count
    panel.search.setText("concat")
    assert shown(window) == ["Concat", "SpatialConcat"]
    panel.search.clear()
    assert "Concat" not in shown(window)
    assert "Concat" not in shown(open_window()), "it stays so in the next window"
    panel.list.setCurrentItem(heading)
    press_key(panel.list, Qt.Key.Key_Right)
    assert "Concat" in shown(window) and heading.data(FOLDED) == 0


def test_what_was_searched_is_gone_after_use_and_in_another_tab(open_window) -> None:
    window = open_window()
    search = window.features.panels.palette.search
    window.commands.run("edit.find")
    QTest.keyClicks(search, "relu")
    press_key(search, Qt.Key.Key_Return)
    assert search.text() == "" and len(window.session.diagram.graph) == 1
    QTest.keyClicks(search, "conv")
    window.documents.new()
    assert search.text() == ""


def test_the_signs_of_a_family_tell_apart_at_a_glance() -> None:
    """At their size on the screen two signs of a family differ in a third of their ink; functions, which are alike, in
    a seventh."""
    families: dict[str, dict[str, np.ndarray]] = {}
    for name, kind in CATALOGUE.items():
        assert has_glyph(name), name
        picture = QImage(SIZE, SIZE, QImage.Format.Format_Grayscale8)
        picture.fill(QColor("white"))
        painter = QPainter(picture)
        draw_type_glyph(painter, QPointF(), name, kind.family, QColor("black"))
        painter.end()
        ink = 255.0 - np.frombuffer(picture.constBits(), np.uint8).reshape(SIZE, SIZE)
        families.setdefault(kind.family, {})[name] = ink
    alike = [
        (one, other, round(share, 2))
        for family, inks in families.items()
        for one, other in combinations(inks, 2)
        if (share := abs(inks[one] - inks[other]).sum() / min(inks[one].sum(), inks[other].sum()))
        < (0.15 if family == "activation" else 0.33)
    ]
    assert alike == []
    signs = [(name, ink.tobytes()) for inks in families.values() for name, ink in inks.items()]
    assert [(one, other) for (one, sign), (other, same) in combinations(signs, 2) if sign == same] == []


def test_the_list_is_filled_anew_only_where_the_modules_are_others(open_window, monkeypatch) -> None:
    window = open_window("nin_cifar10")
    session, palette = window.session, window.features.panels.palette
    filled: list[int] = []
    rebuild = palette.rebuild
    monkeypatch.setattr(palette, "rebuild", lambda: (filled.append(1), rebuild()))
    first, *_ = session.definition.graph
    session.select([first])
    assert session.do("Move", MoveBlocks(to={first: (5.0, 5.0)}))
    assert session.do("Note", SetTexts(about={"paper": "one"}))
    assert not filled
    module = next(iter(session.diagram.modules))
    assert session.do("Rename", RenameModule(name=module, to="Other"))
    assert filled
