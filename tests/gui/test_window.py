"""The window as a whole: what it costs to open, commands, panels, colours, keyboard, what it leaves behind."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSizeF, Qt, QTimer
from PySide6.QtGui import QImage, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QPlainTextEdit, QWidget

from blockstudio.analysis import Fix
from blockstudio.graph.format import dumps
from blockstudio.graph.operations.switching import set_bypass
from blockstudio.graph.presets import load_preset
from blockstudio.gui.app import application as app
from blockstudio.gui.canvas.tools import LayoutTools
from blockstudio.gui.commands.registry import MENUS
from blockstudio.gui.kit.chip import Chip
from blockstudio.gui.kit.theme import DARK, LIGHT, theme
from blockstudio.gui.shell.window import StudioWindow
from blockstudio.gui.work import settings
from tests.support.apart import printed_by
from tests.support.hands import click, press_key

EDITED = """
import sys, pathlib
from blockstudio.gui.work import settings
settings.use_folder(pathlib.Path(sys.argv[1]))
from blockstudio.gui.app.application import application
from blockstudio.gui.shell.window import StudioWindow
app = application(dark=False)
window = StudioWindow()
assert window.documents.open_now("resnet34")
window.show()
app.processEvents()
screens = ("blockstudio.lessons", "blockstudio.experiments", "blockstudio.runs.found_sets")
screens += tuple(f"blockstudio.gui.{each}.page" for each in ("laboratory", "results", "runs", "data", "compare"))
early = [name for name in screens if name in sys.modules]
window.session.select(["conv1"])
window.session.diagram.set("conv1", groups=7)
window.session.go("layer2.0")
window.canvas.fit()
window.desk.show_page("problems")
window.desk.show_page("run")
app.processEvents()
assert window.session.analysis.problems
heavy = {"torch", "torchvision", "sklearn", "rich", "scipy", "pandas", "matplotlib", "pyqtgraph"} & set(sys.modules)
print("loaded:", *sorted(heavy), *early)
"""


def test_opening_and_editing_resnet34_loads_neither_torch_nor_screens_that_nobody_looks_at(own_folder: Path) -> None:
    assert printed_by(EDITED, own_folder).strip() == "loaded:"


def test_figures_of_the_network_stand_in_the_status_bar(open_window) -> None:
    window = open_window("resnet34")
    assert "21,797,672" in window.status.parameters.text()
    assert window.status.macs.accessibleName() == "3.664 G MACs"
    click(window.status.macs)
    assert window.status.macs.accessibleName() == "7.328 G FLOPs"
    assert "34" in window.status.depth_figure.text()
    window.session.diagram.set("", num_classes=10)
    assert "−507,870 since saved" in window.status.parameters.text()
    window.session.undo()
    assert "since saved" not in window.status.parameters.text()


def test_problems_are_counted_and_lead_to_their_block(open_window, qtbot) -> None:
    window = open_window("resnet34")
    module = window.session.diagram.main.block("layer2").type
    window.session.diagram.set("conv2", scope=module, out_channels=33)
    assert "problem" in window.features.panels.button.text()
    click(window.features.panels.button)
    assert window.bottom.page == "problems"
    row = window.features.panels.problems.rows[0]
    click(row.go)
    assert window.session.scope == module and window.session.selection == (row.problem.block,)
    assert "Problems" in window.bottom.tabs.tabText(2) and window.bottom.tabs.tabText(2) != "Problems"


def test_the_breadcrumb_leads_up(open_window) -> None:
    window = open_window("resnet34")
    window.session.go("layer3.2")
    assert [link.text() for link in window.top.crumb.links] == ["ResNet-34"]
    click(window.top.crumb.links[0])
    assert window.session.path == ""
    window.session.select(["layer3"])
    press_key(window.canvas, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert window.session.path == "layer3.0"
    press_key(window.canvas, Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
    assert window.session.path == "" and window.session.selection == ("layer3",)


def test_the_meaning_of_the_bars_is_switched(open_window) -> None:
    window = open_window("resnet34")
    chip = next(each for each in window.top.findChildren(Chip) if each.text().startswith("Colour"))
    menu = chip.menu()
    menu.aboutToShow.emit()
    next(action for action in menu.actions() if action.text() == "memory").trigger()
    assert window.session.metric == "memory" and "memory" in chip.text()


# Commands


def test_commands_are_declared_once_and_stand_in_a_menu_or_the_command_line(open_window) -> None:
    window = open_window()
    declared = window.commands.declared.values()
    assert {command.menu for command in declared} <= {*MENUS, ""}
    keys: dict[str, str] = {}
    for command in declared:
        for key in command.keys:
            text = QKeySequence(key).toString()
            assert keys.setdefault(text, command.id) == command.id, f"{text} means two things"
    menu = window.top.product.menu()
    menu.aboutToShow.emit()
    shown = {action for sub in menu.findChildren(QMenu) for action in sub.actions()}
    listed = [command for command in declared if command.menu and command.choices is None]
    assert all(window.commands.actions[command.id] in shown for command in listed)


def test_a_command_is_found_by_typing(open_window) -> None:
    window = open_window("resnet18")
    press_key(window.canvas, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    line = window.command_line
    assert line.isVisible() and line.line.hasFocus()
    QTest.keyClicks(line.line, "dark")
    press_key(line.line, Qt.Key.Key_Return)
    assert theme() is DARK and not line.isVisible()
    press_key(window.canvas, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    press_key(line.line, Qt.Key.Key_Escape)
    assert not line.isVisible()


def test_what_cannot_be_done_now_is_switched_off(open_window) -> None:
    window = open_window("resnet18")
    actions = window.commands.actions
    assert not actions["edit.undo"].isEnabled() and not actions["edit.copy"].isEnabled()
    window.session.select(["conv1"])
    assert actions["edit.copy"].isEnabled() and not actions["view.enter"].isEnabled()
    window.session.select(["layer1"])
    assert actions["view.enter"].isEnabled()
    window.session.delete_selection()
    assert actions["edit.undo"].isEnabled()


def test_copy_and_paste_by_key_between_documents(open_window) -> None:
    window = open_window("resnet18")
    control = Qt.KeyboardModifier.ControlModifier
    window.session.select(["layer1", "layer2"])
    press_key(window.canvas, Qt.Key.Key_C, control)
    press_key(window.canvas, Qt.Key.Key_N, control)
    assert not len(window.session.definition.graph)
    press_key(window.canvas, Qt.Key.Key_V, control)
    definition = window.session.definition
    assert set(definition.graph) == {"layer1", "layer2"} and definition.wires()[0].target == "layer2"
    assert definition.block("layer1").type in window.session.diagram.modules
    press_key(window.canvas, Qt.Key.Key_V, control)
    assert set(definition.graph) == {"layer1", "layer2", "layer1_2", "layer2_2"}
    assert len(window.session.diagram.modules) == 1, "the same module is not added twice"


def test_nonsense_on_the_clipboard_changes_nothing(open_window) -> None:
    window = open_window("resnet18")
    before = window.session.diagram.history.position
    for text in ("hello", '{"format": "blockstudio"', '{"a": 1}'):
        QApplication.clipboard().setText(text)
        window.commands.run("edit.paste")
        assert window.session.diagram.history.position is before
        assert window.toasts.notes or window.status.message.text().startswith("Nothing to paste"), text
    assert window.toasts.notes, "what looks like a diagram and is none is said"


def test_what_of_pasted_pytorch_is_not_understood_is_named_beside_what_came_of_the_rest(open_window) -> None:
    window = open_window()
    QApplication.clipboard().setText("self.x = nn.Foo(3)\nself.y = nn.ReLU()")
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert list(window.session.definition.graph) == ["y"]
    assert any("Foo" in text for text in window.toasts.texts)
    window.session.undo()
    assert not any("Foo" in text for text in window.toasts.texts), "it goes with its cause"


# Panels and colours


def test_panels_fold_and_are_remembered(open_window) -> None:
    first = open_window()
    for name in ("palette", "bottom"):
        first.commands.run(f"view.{name}")
        assert not first.desk.is_shown(name)
    first.side.setSizes([0, 900, 420])
    first.close()
    second = open_window()
    assert (
        not second.desk.is_shown("palette") and not second.desk.is_shown("bottom") and second.desk.is_shown("inspector")
    )
    second.commands.run("view.palette")
    assert second.features.panels.palette.isVisible()


def test_colours_are_chosen_and_remembered(open_window) -> None:
    window = open_window("resnet18")
    window.commands.run("view.dark")
    assert theme() is DARK and window.commands.actions["view.dark"].isChecked()
    assert settings.settings().value("view/colours") == "dark"
    window.commands.run("view.light")
    assert theme() is LIGHT


# Keyboard and readers of screens


def test_everything_that_takes_the_keyboard_has_a_name(open_window, qtbot) -> None:
    window = open_window("resnet34")
    window.session.select(["conv1"])
    window.features.training.recipe.more.setChecked(True)
    window.desk.show_page("recipe")
    nameless = [
        widget
        for widget in window.findChildren(QWidget)
        if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus and not spoken(widget)
    ]
    assert not nameless


def spoken(widget: QWidget) -> str:
    text = getattr(widget, "text", None)
    parent = widget.parentWidget()
    inside = parent.accessibleName() if parent is not None and widget.focusProxy() is None else ""
    return widget.accessibleName() or (text() if callable(text) else "") or inside


def test_tab_reaches_every_part_of_the_window(open_window) -> None:
    window = open_window("resnet34")
    window.session.select([])
    window.features.panels.palette.search.setFocus()
    reached: set[str] = set()
    for _ in range(200):
        widget = QApplication.focusWidget()
        for part in (
            window.top,
            window.features.panels.palette,
            window.canvas,
            window.features.inspector,
            window.bottom,
            window.status,
        ):
            if widget is part or part.isAncestorOf(widget):
                reached.add(type(part).__name__)
        if widget is window.canvas:
            press_key(widget, Qt.Key.Key_F6, Qt.KeyboardModifier.ControlModifier)
        else:
            press_key(widget, Qt.Key.Key_Tab)
    assert reached >= {"TopBar", "Palette", "Canvas", "Inspector", "BottomPanel", "StatusBar"}


def test_escape_leads_back_to_the_drawing_from_everywhere_around_it(open_window) -> None:
    window = open_window("resnet34")
    window.session.select(["conv1"])
    window.desk.show_page("recipe")
    assert window.features.inspector.page is not None  # it has turned
    QApplication.processEvents()
    around = [
        widget
        for widget in window.findChildren(QWidget)
        if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget is not window.canvas
    ]
    lost = []
    for widget in around:
        widget.setFocus()
        if widget.hasFocus():
            press_key(widget, Qt.Key.Key_Escape)
            if not window.canvas.hasFocus():
                lost.append(spoken(widget))
    assert len(around) > 40 and not lost
    assert window.session.selection == ("conv1",)


def test_a_bar_in_a_free_corner_lays_the_drawing_out(open_window, qtbot) -> None:
    window = open_window("googlenet")
    canvas, drawn = window.canvas, window.canvas.scene
    qtbot.waitUntil(lambda: window.findChild(LayoutTools) is not None)
    tools = window.findChild(LayoutTools)
    qtbot.waitUntil(tools.isVisible)
    before = dumps(window.session.diagram)

    def free() -> bool:
        corner = canvas.mapFrom(tools.parentWidget(), tools.geometry().topLeft())
        area = canvas.camera.rect_to_scene(QRectF(QPointF(corner), QSizeF(tools.size())))
        return not drawn.root.drawing.rows_in(area) and canvas.rect().contains(QRect(corner, tools.size()))

    assert tools.shapes["columns"].isChecked() and free()
    click(tools.shapes["row"])
    assert drawn.root.drawing.right and window.session.diagram.history.undo_label == "Layout"
    qtbot.waitUntil(tools.shapes["row"].isChecked)
    click(tools.shapes["column"])
    assert not drawn.root.drawing.right and len(drawn.root.drawing.turns) == 0
    window.session.undo()
    window.session.undo()
    assert dumps(window.session.diagram) == before
    qtbot.waitUntil(lambda: tools.shapes["columns"].isChecked() and free())
    click(tools.words["view.open_all"])
    assert drawn.root.inside
    qtbot.waitUntil(tools.words["view.close_all"].isEnabled)
    click(tools.words["view.close_all"])
    assert not drawn.root.inside
    # It is not in the way of what a conversion shows, nor of another screen.
    window.session.select(["conv2"])
    refactoring = Fix("Swap", tuple(set_bypass(window.session.diagram, "", ["conv2"], True)))
    window.desk.preview_wanted.emit(refactoring)
    qtbot.waitUntil(lambda: not tools.isVisible())
    window.desk.preview_wanted.emit(None)
    qtbot.waitUntil(tools.isVisible)
    window.desk.show_screen("start")
    qtbot.waitUntil(lambda: not tools.isVisible())


# Mistakes and the end


def test_an_unforeseen_error_is_a_note_not_a_traceback(open_window, monkeypatch, capsys) -> None:
    window = open_window("resnet18")
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    app._catch(window)
    try:
        raise RuntimeError("a defect")
    except RuntimeError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    assert "Something went wrong" in window.toasts.texts[0] and "RuntimeError" in window.toasts.texts[0]
    assert "Traceback" not in capsys.readouterr().err


def test_notes_do_not_pile_up(open_window) -> None:
    window = open_window()
    for index in range(10):
        window.toasts.show_toast(f"note {index % 6}")
    assert len(window.toasts.notes) == 4 and len(set(window.toasts.texts)) == 4


def test_a_closed_window_leaves_no_timer_widget_or_listener(qtbot, own_folder: Path) -> None:
    before = set(QApplication.allWidgets())
    window = StudioWindow()
    window.documents.open_now("resnet34")
    window.desk.show_screen("start")
    window.desk.show_page("run")
    diagram = window.session.diagram
    window.show()
    qtbot.waitUntil(lambda: not window.features.training.trainer.is_reading)
    window.close()
    assert not [timer for timer in window.findChildren(QTimer) if timer.isActive()]
    assert diagram.history.listeners == []
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not set(QApplication.allWidgets()) - before


@pytest.mark.parametrize("dark", [False, True])
def test_a_picture_of_the_studio_is_drawn_without_a_display(tmp_path: Path, dark: bool) -> None:
    from blockstudio.gui.app.shot import studio_picture

    path = studio_picture(load_preset("resnet34"), None, tmp_path / "studio.png", (1200, 800), dark)
    image = QImage(str(path))
    assert (image.width(), image.height()) == (1200, 800)
    corner = image.pixelColor(3, 3)
    assert corner == (DARK if dark else LIGHT).panel
    colours = {image.pixelColor(x, y).name() for x in range(250, 900, 3) for y in range(60, 500, 3)}
    assert len(colours) > 30, "the drawing is on it"


@pytest.mark.parametrize("preset", ["resnet18", "googlenet"])
def test_the_description_is_broken_where_the_panel_ends(qtbot, open_window, preset: str) -> None:
    window = open_window()
    assert window.documents.open_now(preset)
    qtbot.waitUntil(window.features.inspector.verticalScrollBar().isVisible)  # it takes room from the text

    def fits() -> bool:
        description = window.features.inspector.findChild(QPlainTextEdit)
        layout = description.document().begin().layout()
        room = description.viewport().width() - 2 * description.document().documentMargin()
        widths = [layout.lineAt(line).width() for line in range(layout.lineCount())]
        return len(widths) > 2 and max(widths) <= room

    qtbot.waitUntil(fits)
