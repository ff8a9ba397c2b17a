"""*Convert to*: looked at, done by keys, undone as one step; in the inspector, the menu and among the commands."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QImage, QPainter
from PySide6.QtWidgets import QMenu

from blockstudio.graph.format import dumps
from blockstudio.gui.canvas.hand.menu import menu_at
from blockstudio.gui.canvas.paint.preview import figure_groups, wrapped
from blockstudio.gui.document.document import Document
from blockstudio.gui.kit.theme import theme
from blockstudio.gui.refactor.hints import HintBox, HintsButton
from blockstudio.gui.refactor.section import ConvertSection
from tests.analysis.test_refactorings import five_by_five
from tests.support.canvas_driver import click

pytestmark = pytest.mark.gui


def section(window) -> ConvertSection:
    return window.features.inspector.page.findChild(ConvertSection)


def test_it_is_looked_at_before_it_is_done(open_window, qtbot):
    window = open_window()
    window.documents.add(Document(five_by_five()))
    session, scene = window.session, window.canvas.scene
    before = dumps(session.diagram)
    session.select(["conv2"])
    qtbot.waitUntil(lambda: bool(section(window).options))
    options = {option.found.kind: option for option in section(window).options}
    assert list(options) == ["stack_3x3", "asymmetric", "separable", "bottleneck", "residual"]
    option = options["stack_3x3"]
    option.setFocus()
    preview = scene.preview
    assert preview is not None and preview.added == ("conv2a", "relu2a", "conv2b")
    assert [(figure.before, figure.after) for figure in preview.figures] == [
        ("258,378", "229,770"), ("119.2 M", "89.9 M"), ("4", "5"),
    ]  # fmt: skip
    drawing = preview.stage.drawing
    rects = [drawing.rect(name) for name in drawing.names]
    assert not [1 for one in rects for other in rects if one is not other and one.intersects(other)]
    assert not [1 for old in preview.olds for rect in rects if rect.intersects(old.rect)]
    assert not window.canvas.grab().isNull() and window.canvas.fault == ""
    assert dumps(session.diagram) == before and not session.dirty
    for room, most in ((2000, 1), (500, 4), (100, 20)):  # the bar that says what changes has all of it
        image = QImage(10, 10, QImage.Format.Format_RGB32)
        with QPainter(image) as painter:
            lines = wrapped(painter, figure_groups(preview, theme()), room)
        assert len(lines) <= most and all(wide <= room or len(groups) == 1 for wide, groups in lines)
        assert sum(len(groups) for _, groups in lines) == 6
    qtbot.keyClick(option, Qt.Key.Key_Escape)
    assert scene.preview is None and dumps(session.diagram) == before
    option.setFocus()
    window.canvas.setFocus()
    option.setFocus()
    qtbot.keyClick(option, Qt.Key.Key_Return)
    assert scene.preview is None
    assert session.selection == ("conv2a", "relu2a", "conv2b")
    assert (session.analysis.parameters, session.analysis.macs) == (229_770, 89_852_416)
    placed = [window.canvas.block_rect(name) for name, _ in session.definition.blocks()]
    assert not [1 for one in placed for other in placed if one is not other and one.intersects(other)]
    session.undo()
    assert dumps(session.diagram) == before


def test_several_kernels_are_looked_at_and_converted_as_one_step(open_window, qtbot):
    window = open_window()
    window.documents.add(Document(five_by_five()))
    session, scene = window.session, window.canvas.scene
    before = dumps(session.diagram)
    session.select(["conv1", "conv2", "bn1"])
    qtbot.waitUntil(lambda: bool(section(window).options))
    option = next(each for each in section(window).options if each.found.kind == "stack_3x3")
    assert "two 3×3, 2 blocks" in option.accessibleName()
    option.setFocus()
    preview = scene.preview
    assert [[old.content.name for old in swap.olds] for swap in preview.swaps] == [["conv1"], ["conv2"]]
    assert all(len(swap.came) == 3 for swap in preview.swaps)
    assert not window.canvas.grab().isNull() and window.canvas.fault == ""
    qtbot.keyClick(option, Qt.Key.Key_Return)
    assert session.selection == ("conv1a", "relu1a", "conv1b", "conv2a", "relu2a", "conv2b")
    placed = [window.canvas.block_rect(name) for name, _ in session.definition.blocks()]
    assert not [1 for one in placed for other in placed if one is not other and one.intersects(other)]
    session.undo()
    assert dumps(session.diagram) == before


def test_it_stands_in_the_menu_and_among_the_commands(open_window):
    window = open_window("alexnet")
    session = window.session
    session.select(["conv2"])
    menu = menu_at(window.canvas, window.canvas.camera.to_view(window.canvas.block_rect("conv2").center()), window)
    (more,) = [each for each in menu.findChildren(QMenu) if each.title() == "Convert to"]
    more.aboutToShow.emit()
    texts = [action.text() for action in more.actions()]
    assert "two 3×3   −50 %" in texts and "1×5, then 5×1   −72 %" in texts
    before = dumps(session.diagram)
    chosen: QAction = more.actions()[texts.index("two 3×3   −50 %")]
    chosen.trigger()
    assert session.selection == ("conv2a", "relu2a", "conv2b")
    session.undo()
    assert dumps(session.diagram) == before
    menu.deleteLater()
    listed = {id for id, _ in window.commands.listed()}
    assert {"refactor.stack_3x3", "refactor.batch_norm", "refactor.residual", "refactor.global_pool"} <= listed
    session.select(["fc7"])
    assert window.commands.run("refactor.global_pool")
    assert session.analysis.parameters == 2_591_080
    session.select([])
    assert window.commands.run("refactor.batch_norm")
    assert len(session.definition.of_type("BatchNorm2d")) == 5


def test_what_cannot_be_converted_says_so(open_window):
    window, refused = open_window("alexnet"), []
    window.session.refused.connect(refused.append)
    window.session.select(["relu1"])
    assert not window.commands.run("refactor.stack_3x3")
    assert refused == ["relu1 cannot be converted so: see Convert to in the inspector."]


def test_hints_are_quiet_explained_and_can_be_switched_off(open_window, qtbot):
    window = open_window()
    window.documents.add(Document(five_by_five()))
    session, commands = window.session, window.commands
    qtbot.waitUntil(lambda: bool(session.hinted))
    assert session.hinted == {"": {"conv2", "pool1"}}
    assert window.features.panels.button.text() == "no problems"
    content = window.canvas.scene.root.facts.content
    assert (content("pool1").severity, content("conv1").severity) == ("hint", "")
    (button,) = window.findChildren(HintsButton)
    assert button.text() == "2 hints"
    button.click()
    assert window.desk.page == "hints"
    page = window.desk.pages["hints"].widget
    assert [box.hint.kind for box in page.findChildren(HintBox)] == ["large_kernel", "bottleneck"]
    session.select(["pool1"])
    (box,) = window.features.inspector.page.findChildren(HintBox)
    before = dumps(session.diagram)
    assert commands.run("hint.fix", (box.hint, "reduction"))
    assert session.selection == ("pool1_concat",)
    qtbot.waitUntil(lambda: session.hinted == {"": {"conv2"}})
    session.undo()
    assert dumps(session.diagram) == before
    qtbot.waitUntil(lambda: session.hinted == {"": {"conv2", "pool1"}})
    commands.run("hint.off", "bottleneck")
    assert session.hinted == {"": {"conv2"}} and button.text() == "1 hint"
    other = open_window()  # the window remembers it
    other.documents.add(Document(five_by_five()))
    qtbot.waitUntil(lambda: other.session.hinted == {"": {"conv2"}})
    commands.run("hint.on", "bottleneck")
    assert session.hinted == {"": {"conv2", "pool1"}}


def test_a_hint_opens_beside_its_card_with_links_that_do_what_they_say(open_window, qtbot, monkeypatch) -> None:
    window = open_window()
    window.documents.add(Document(five_by_five()))
    session, canvas = window.session, window.canvas
    qtbot.waitUntil(lambda: bool(session.hinted))
    opened = []
    monkeypatch.setattr("blockstudio.gui.refactor.feature.QDesktopServices.openUrl", lambda url: opened.append(url))
    assert not canvas.scene.notebook.notes
    session.select(["pool1"])
    (note,) = canvas.scene.notebook.notes
    assert note.severity == "hint" and note.paragraphs[0].bold
    assert [link.text for link in note.links][1:] == [
        "Rethinking the Inception Architecture, § 2", "Don’t show this kind",
    ]  # fmt: skip
    assert not note.rect.intersects(canvas.block_rect("pool1"))

    def press(index: int) -> None:
        click(canvas, canvas.camera.to_view(canvas.scene.notebook.notes[0].links[index].rect.center()))

    before = dumps(session.diagram)
    press(1)
    assert [url.toString() for url in opened] == ["https://arxiv.org/abs/1512.00567"]
    press(0)
    assert session.selection == ("pool1_concat",)
    session.undo()
    assert dumps(session.diagram) == before
    qtbot.waitUntil(lambda: "pool1" in session.hinted.get("", ()))
    session.select(["pool1"])
    press(2)
    assert session.hinted == {"": {"conv2"}} and not canvas.scene.notebook.notes
