"""Two drawings side by side with their differences marked."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from blockstudio.graph.edits import SetParameter
from blockstudio.graph.expand import flatten
from blockstudio.graph.presets import load_preset
from blockstudio.gui.document.document import Document
from blockstudio.gui.kit.theme import LIGHT
from blockstudio.gui.split.marks import colour_of
from blockstudio.gui.split.page import SplitPage


def page_of(window) -> SplitPage:
    found = window.desk.screen_widget("split")
    assert isinstance(found, SplitPage)
    return found


def test_the_difference_to_the_last_save_is_marked_listed_and_stepped_through(open_window, tmp_path) -> None:
    window = open_window()
    window.documents.add(Document(load_preset("resnet34")))
    assert not window.commands.is_possible("split.saved"), "never saved"
    session = window.session
    assert session.save(tmp_path / "net.json")
    session.do("Set", SetParameter(name="conv1", key="out_channels", value=96))
    session.do("Set", SetParameter(scope="BasicBlock", name="conv1", key="bias", value=True))
    session.select(["maxpool"])
    window.canvas.delete()

    assert window.commands.run("split.saved") and window.desk.screen == "split"
    page = page_of(window)
    shown = [page.list.item(row).text() for row in range(page.list.count())]
    assert shown[0].startswith("≠") and shown[1].startswith("−  maxpool") and shown[2].startswith("+  relu → layer1")
    assert shown[3].startswith("≠  BasicBlock · conv1")
    assert page.left.marked.blocks["maxpool"] == "removed" and "maxpool" not in page.right.marked.blocks
    assert page.left.marked.blocks["layer1"] == page.right.marked.blocks["layer1"] == "changed", "something inside"
    assert set(page.right.marked.wires.values()) == {"added"} and set(page.left.marked.wires.values()) == {"removed"}

    for _ in range(3):
        assert window.commands.run("split.next")
    assert page.left.session.scope == page.right.session.scope == "BasicBlock"
    assert page.right.marked.current == "conv1" and page.left.marked.current == "conv1"
    window.commands.run("split.next")
    assert page.list.currentRow() == 0 and page.left.session.scope == ""
    image = page.left.grab().toImage()
    corner = page.left.camera.to_view(page.left.scene.block_rect("conv1").topLeft()) + QPointF(-7, -3)
    assert image.pixelColor(corner.toPoint()) == colour_of("changed", LIGHT)

    QTest.keyClick(page.list, Qt.Key.Key_Escape)
    assert not window.desk.screen
    session.do("Set", SetParameter(name="conv1", key="out_channels", value="width"))
    window.desk.show_screen("split")
    assert page.list.count() == 3, "as the document is now"


def test_both_drawings_pan_and_zoom_together_until_they_are_let_go(open_window) -> None:
    window = open_window()
    big = flatten(load_preset("resnet152"))
    window.documents.add(Document(big))
    other = Document(flatten(load_preset("resnet152")))
    other.diagram.edit("Set", [SetParameter(name="layer3.20.conv2", key="bias", value=True)])
    window.documents.add(other)

    assert window.commands.run("split.document", window.documents.list[-2])
    page = page_of(window)
    assert [change.name for change in page.changes] == ["layer3.20.conv2"]
    left, right = page.left, page.right
    assert left.place_of("layer3.20.conv2") == right.place_of("layer3.20.conv2")

    drag(right, QPoint(100, 100), QPoint(160, 30))
    name = right.nearest(set(right.scene.drawing.names))
    assert (left.place_of(name) - right.place_of(name)).manhattanLength() < 1e-6
    page.linked.click()
    drag(right, QPoint(100, 100), QPoint(160, 30))
    assert (left.place_of(name) - right.place_of(name)).manhattanLength() > 50
    assert left.session.diagram is not big and other.diagram is not right.session.diagram, "copies: nothing is changed"


def drag(widget, start: QPoint, end: QPoint) -> None:
    QTest.mousePress(widget, Qt.MouseButton.LeftButton, pos=start)
    for part in (0.3, 0.7, 1.0):
        QTest.mouseMove(widget, start + (end - start) * part)
    QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=end)
