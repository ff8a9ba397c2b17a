"""The sheet of shortcuts, and keys of one's own that stay."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from blockstudio.gui.shortcuts.sheet import ShortcutSheet
from tests.support.hands import press_key

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def test_f1_shows_every_command_with_its_keys_and_they_can_be_changed(open_window) -> None:
    window = open_window("nin_cifar10")
    window.canvas.setFocus()
    press_key(window.canvas, Qt.Key.Key_F1)
    sheet = window.desk.dialog
    assert isinstance(sheet, ShortcutSheet) and sheet.isVisible()
    listed = {item.data(0, Qt.ItemDataRole.UserRole) for item in sheet.items()} - {None}
    assert listed == {id for id, _ in window.commands.listed()}
    assert sheet.item("find.block").text(1) == "Ctrl+F"
    QTest.keyClicks(sheet.line, "duplicate")
    assert not sheet.item("edit.duplicate").isHidden() and sheet.item("find.block").isHidden()
    sheet.line.clear()

    sheet.tree.setCurrentItem(sheet.item("select.type"))
    press_key(sheet.tree, Qt.Key.Key_Return)
    press_key(sheet.tree, Qt.Key.Key_D, CONTROL)
    assert sheet.item("select.type").text(1) == "Ctrl+D" and sheet.item("edit.duplicate").text(1) == ""
    assert "Ctrl+D" in sheet.hint.text() and "Duplicate" in sheet.hint.text()
    sheet.wait_for(sheet.item("view.fit"))
    press_key(sheet.tree, Qt.Key.Key_Escape)
    assert sheet.item("view.fit").text(1) == "Ctrl+0" and sheet.isVisible(), "Escape leaves the keys, not the sheet"
    sheet.accept()

    window.activateWindow()
    window.session.select([next(iter(window.session.definition.graph))])
    before = len(window.session.definition.graph)
    window.canvas.setFocus()
    press_key(window.canvas, Qt.Key.Key_D, CONTROL)
    assert len(window.session.definition.graph) == before, "it selects, and duplicates no longer"

    other = open_window()
    assert other.commands.shortcut_text("select.type") == "Ctrl+D", "kept"
    other.features.shortcuts.reset("edit.duplicate")
    assert other.commands.shortcut_text("edit.duplicate") == "", "taken by another still"
    other.features.shortcuts.reset_all()
    assert other.commands.shortcut_text("edit.duplicate") == "Ctrl+D"
    assert open_window().commands.shortcut_text("select.type") == "Ctrl+Shift+A"


def test_no_two_commands_have_one_key(open_window) -> None:
    window = open_window()
    seen: dict[str, list[str]] = {}
    for id, action in window.commands.actions.items():
        for key in action.shortcuts():
            seen.setdefault(key.toString(), []).append(id)
    assert {key: ids for key, ids in seen.items() if len(ids) > 1} == {}


def test_words_find_their_commands_and_no_match_is_one_line(open_window) -> None:
    window = open_window("nin_cifar10")
    line = window.command_line
    for word in ("wire", "connect", "group", "expand", "shortcut", "find"):
        line.popup()
        QTest.keyClicks(line.line, word)
        assert line.list.count(), word
        press_key(line.line, Qt.Key.Key_Escape)
    line.popup()
    QTest.keyClicks(line.line, "xyzzy")
    assert not line.list.isVisible() and line.none.isVisible() and "xyzzy" in line.none.text()
