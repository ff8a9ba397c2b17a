"""One command, one implementation: whatever offers an act holds a command's id and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QKeyEvent, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu, QWidget

from blockstudio.graph.format import dumps
from blockstudio.graph.library import Kept
from blockstudio.gui.canvas.hand import keys, menu
from blockstudio.gui.commands.command_line import CommandLine
from blockstudio.gui.commands.registry import COMMAND, Commands
from blockstudio.gui.panels.palette_list import Entry
from blockstudio.gui.shell.window import StudioWindow
from blockstudio.layout.flow import flow_wanted
from tests.support.hands import press_key

K, M = Qt.Key, Qt.KeyboardModifier


@pytest.fixture
def ran(monkeypatch) -> list[str]:
    """Ids of the commands that would have been run; none is."""
    found: list[str] = []
    monkeypatch.setattr(Commands, "run", lambda self, id, value=None: found.append(id) or True)
    return found


def menus(window: StudioWindow) -> Iterator[QMenu]:
    """Every menu of the window, filled as it is when it opens, with its submenus."""
    for found in window.findChildren(QMenu):
        found.aboutToShow.emit()
    for found in window.findChildren(QMenu):
        if type(found) is QMenu and found.actions():
            yield found


def acts(menu: QMenu) -> list[QAction]:
    """The entries of a menu that do something."""
    return [action for action in menu.actions() if not action.isSeparator() and action.menu() is None]


def checked(window: StudioWindow, actions: list[QAction], ran: list[str], *, own_page: bool = False) -> None:
    """Each of the actions is a command, and triggering it runs that and nothing else. With ``own_page`` one that is
    none may change what its own page shows, as a button may."""
    for action in actions:
        id = action.property(COMMAND)
        if own_page and id is None:
            before = state(window)
            action.setEnabled(True)
            action.trigger()
            assert state(window) == before, f"{action.text()} does more than change its page"
            continue
        assert id in window.commands.declared, f"{action.text()} is no command"
        ran.clear()
        action.setEnabled(True)
        action.trigger()
        assert ran == [id], action.text()


def everything(open_window) -> StudioWindow:
    """A window in which every screen and page has been looked at."""
    window = open_window("googlenet")
    for screen in (*window.desk.screens, ""):
        window.desk.show_screen(screen) if screen else window.desk.show_drawing()
        QApplication.processEvents()
    for page in window.desk.pages:
        window.desk.show_page(page)
        QApplication.processEvents()
    return window


def test_menus_hold_commands(open_window, ran: list[str]) -> None:
    window = everything(open_window)
    found = list(menus(window))
    assert sum(len(acts(each)) for each in found) > 100
    for each in found:
        checked(window, acts(each), ran, own_page=True)


def test_context_menus_hold_commands(open_window, ran: list[str]) -> None:
    window = open_window("googlenet")
    canvas, session = window.canvas, window.session
    canvas.toggle_frame("inception_3a")
    rects = [canvas.block_rect(name) for name in ("inception_3a", "conv1")]
    points = [canvas.camera.to_view(rect.center()) for rect in rects] + [QPointF(3, 3)]
    seen = set()
    for selection in ((), ("conv1",), ("conv1", "inception_3a")):
        for at in points:
            session.select(selection)
            context = menu.menu_at(canvas, at, canvas)
            found = acts(context)
            assert found
            seen |= {action.property(COMMAND) for action in found}
            checked(window, found, ran)
            context.deleteLater()
    palette = window.features.panels.palette.list
    own = Entry("mine", "mine", {}, kept=Kept("mine", window.desk.shelf.folder / "mine.blocks.json"))
    of_own = ["module.insert", "module.rename_kept", "module.remove_kept", "module.folder"]
    for entry, ids in ((Entry("ReLU", "ReLU", {}), ["edit.add"]), (own, of_own)):
        palette.menu_wanted.emit(entry, QPoint(9, 9))
        context = QApplication.activePopupWidget()
        assert isinstance(context, QMenu) and [action.property(COMMAND) for action in acts(context)] == ids
        if entry is not own:
            checked(window, acts(context), ran)
        context.close()
    session.go("")
    wire = session.definition.wires()[0]
    canvas.scene.select_wires([wire])
    for id in (*menu.ON_NOTHING, *menu.ON_BLOCKS, *menu.ON_MODULES):
        assert not id or id in window.commands.declared
    assert {"edit.paste", "edit.select_all", "edit.bypass", "edit.delete", "view.enter", "view.frame"} <= seen


def test_shortcuts_are_those_of_commands(open_window) -> None:
    window = everything(open_window)
    assert not window.findChildren(QShortcut)
    for widget in (window, *window.findChildren(QWidget)):
        for action in widget.actions():
            if not action.shortcut().isEmpty():
                assert action.property(COMMAND) in window.commands.declared, action.text()


def test_keys_of_the_drawing_are_commands(open_window, ran: list[str]) -> None:
    window = open_window("resnet18")
    canvas = window.canvas
    ways = (M.NoModifier, M.ShiftModifier, M.AltModifier, M.ControlModifier)
    for key in [key for key in K if key not in (K.Key_unknown, K.Key_Space)]:
        for modifiers in ways:
            event = QKeyEvent(QEvent.Type.KeyPress, key, modifiers)
            ids = keys.commands_of(event)
            assert all(id in window.commands.declared for id in ids), key
            if keys.takes(event):
                assert ids, f"{key} is kept from the window's shortcuts and does nothing"
    before = state(window)
    for key in (*keys.KEYS, *keys.ARROWS):
        ran.clear()
        QTest.keyClick(canvas, key)
        assert ran and ran[0] in keys.commands_of(QKeyEvent(QEvent.Type.KeyPress, key, M.NoModifier))
    assert state(window) == before


def state(window: StudioWindow) -> tuple[object, ...]:
    """What only commands may change."""
    documents = [(dumps(each.diagram), each.start) for each in window.documents.list]
    return (
        documents, window.session.selection, window.session.path, window.session.metric, window.desk.screen,
        window.desk.dialog, window.features.training.trainer.data, QApplication.clipboard().text(),
        window.colours.chosen, window.isVisible(),
    )  # fmt: skip


@pytest.mark.parametrize(
    "selected",
    [
        pytest.param((), marks=pytest.mark.slow),
        pytest.param(("conv1",), marks=pytest.mark.slow),
        ("inception_3a",),
        pytest.param(("conv1", "pool1"), marks=pytest.mark.slow),
    ],
)
def test_buttons_are_commands_or_change_only_their_own_page(open_window, ran: list[str], selected) -> None:
    window = everything(open_window)
    window.session.diagram.disconnect("conv1", "pool1")
    window.session.select(selected)
    window.desk.show_page("problems")
    QApplication.processEvents()
    found = [each for each in window.findChildren(QAbstractButton) if not each.property("popup")]
    commands = 0
    for button in found:
        if getattr(button, "menu", lambda: None)() is not None:
            continue  # its menu's entries are looked at by another test
        id, before = button.property(COMMAND), state(window)
        ran.clear()
        button.setEnabled(True)
        button.click()
        if id:
            commands += 1
            assert id in window.commands.declared and ran and ran[0] == id, button.text()
        assert state(window) == before, f"{button.text() or button.toolTip()} does more than its command"
    assert commands > 15


# The right implementation behind them


def test_select_all_in_a_module_open_in_place_takes_what_can_be_deleted(open_window) -> None:
    window = open_window("googlenet")
    canvas, session = window.canvas, window.session
    canvas.toggle_frame("inception_3a")
    session.go("inception_3a")
    assert canvas.scene.stage is not canvas.scene.root
    everything = set(session.definition.graph)

    press_key(canvas, K.Key_A, M.ControlModifier)

    hidden = {name for name in everything if session.definition.block(name).type in ("Input", "Output")}
    assert len(session.selection) == 8 and set(session.selection) == everything - hidden
    press_key(canvas, K.Key_Delete)
    assert set(session.definition.graph) == hidden and not window.toasts.texts
    press_key(canvas, K.Key_Z, M.ControlModifier)
    assert set(session.definition.graph) == everything


@pytest.mark.parametrize("way", ["key", "menu", "context menu"])
def test_bypass_is_one_act_with_one_label(open_window, way: str) -> None:
    window = open_window("resnet18")
    session, canvas = window.session, window.canvas
    session.select(["bn1"])

    def act() -> None:
        if way == "key":
            press_key(canvas, K.Key_B, M.ControlModifier)
        elif way == "menu":
            window.commands.actions["edit.bypass"].trigger()
        else:
            context = menu.menu_at(canvas, canvas.camera.to_view(canvas.block_rect("bn1").center()), canvas)
            next(each for each in acts(context) if each.property(COMMAND) == "edit.bypass").trigger()

    act()
    assert session.definition.block("bn1").bypass is True and session.diagram.history.undo_label == "Bypass bn1"
    assert window.commands.actions["edit.bypass"].text() == "Switch on"
    act()
    assert not session.definition.block("bn1").bypass and session.diagram.history.undo_label == "Switch bn1 on"


def test_delete_takes_wires_and_blocks_by_key_and_menu_alike(open_window) -> None:
    window = open_window("resnet18")
    session, canvas = window.session, window.canvas
    wire = session.definition.wire_into("bn1", "in")
    assert wire is not None
    canvas.scene.select_wires([next(each for each in session.definition.wires() if each.target == "bn1")])
    assert window.commands.run("edit.delete") and session.diagram.history.undo_label == "Delete wire"
    assert session.definition.wire_into("bn1", "in") is None
    session.undo()
    session.select(["bn1"])
    press_key(canvas, K.Key_Delete)
    assert "bn1" not in session.definition.graph and session.diagram.history.undo_label == "Delete bn1"


@pytest.mark.parametrize(
    ("key", "modifiers", "label"),
    [
        (K.Key_D, M.ControlModifier, "Duplicate"),
        (K.Key_X, M.ControlModifier, "Delete conv1"),
        (K.Key_Delete, M.NoModifier, "Delete conv1"),
        (K.Key_Backspace, M.NoModifier, "Delete conv1"),
        (K.Key_Right, M.NoModifier, "Move conv1"),
        (K.Key_B, M.ControlModifier, "Bypass conv1"),
    ],
)
def test_keys_in_the_real_window(open_window, key, modifiers, label: str) -> None:
    window = open_window("resnet18")
    before = dumps(window.session.diagram)
    window.session.select(["conv1"])
    press_key(window.canvas, key, modifiers)
    assert window.session.diagram.history.undo_label == label
    press_key(window.canvas, K.Key_Z, M.ControlModifier)
    assert dumps(window.session.diagram) == before


def test_tab_looks_for_a_block_whatever_is_selected_and_shift_tab_walks(open_window) -> None:
    window = open_window("resnet18")
    for selected in ([], ["bn1"], ["conv1", "bn1"]):
        window.session.select(selected)
        press_key(window.canvas, K.Key_Tab)
        assert window.canvas.finder.line.hasFocus()
        press_key(window.canvas.finder.line, K.Key_Escape)
        assert window.canvas.hasFocus()
    window.session.select(["bn1"])
    press_key(window.canvas, K.Key_Backtab, M.ShiftModifier)
    assert window.session.selection == ("conv1",) and window.canvas.hasFocus()


def test_a_move_by_the_command_palette_is_one_step(open_window) -> None:
    window = open_window("resnet18")
    window.session.select(["conv1"])
    before = window.canvas.block_rect("conv1").center()
    assert window.commands.run("move.right") and not window.canvas.gesture
    assert window.canvas.block_rect("conv1").center() - before == QPoint(8, 0)
    assert window.session.diagram.history.undo_label == "Move conv1"


def test_the_palette_finds_values_of_commands(open_window) -> None:
    """*Direction* is no single act: each value of it is one, also the one that is none."""
    window = open_window("resnet18")

    def pick(words: str, wanted: str) -> None:
        window.commands.run("help.commands")
        palette = next(each for each in window.findChildren(CommandLine) if each.isVisible())
        palette.line.clear()
        QTest.keyClicks(palette.line, words)
        assert palette.list.item(0).text() == wanted
        press_key(palette.line, Qt.Key.Key_Return)
        assert not palette.isVisible()

    pick("direction left", "Direction: Left to right")
    assert flow_wanted(window.session.diagram) is True
    pick("direction reads", "Direction: As reads better")
    assert flow_wanted(window.session.diagram) is None
