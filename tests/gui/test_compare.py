"""Networks compared in the window: the course's questions at a glance, live figures, and the way out."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from blockstudio.graph.presets import load_preset
from blockstudio.gui.compare.networks import find_preset
from blockstudio.gui.compare.page import ComparePage
from blockstudio.gui.compare.table import CROSS, MARK, NAME, CompareView
from blockstudio.gui.document.document import Document
from blockstudio.gui.kit.theme import DARK, set_theme
from blockstudio.gui.shell.window import StudioWindow
from tests.support.hands import click, press_key

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def compare(window: StudioWindow, qtbot, *names: str) -> ComparePage:
    """Open the page by its key, and add networks by typing their names."""
    press_key(window, Qt.Key.Key_C, CONTROL | SHIFT)
    page = window.features.compare.page
    assert page is not None and window.focusWidget() is page.add_line
    for name in names:
        QTest.keyClicks(page.add_line, name)
        QTest.keyClick(page.add_line, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: page.add_line.text() == "")
    qtbot.waitUntil(lambda: not page.comparison.busy)
    return page


def shown(page: ComparePage) -> list[list[str]]:
    """The texts of the table, row by row."""
    model = page.view.table
    return [[model.index(row, column).data() for column in range(NAME, CROSS)] for row in range(model.rowCount())]


def click_cell(view: CompareView, row: int, column: int) -> None:
    click(view.viewport(), view.visualRect(view.table.index(row, column)).center())


def test_the_course_s_questions_are_answered(open_window, qtbot) -> None:
    page = compare(open_window("resnet50"), qtbot, "resnet101", "alexnet", "vgg16")
    assert shown(page) == [
        ["ResNet-50", "25,557,032", "", "4,089,184,256", "", "50", "114.2 MB", "8.02 %"],
        ["ResNet-101", "44,549,160", "+18,992,128", "7,801,405,440", "+3,712,221,184", "101", "169.0 MB", "4.60 %"],
        ["AlexNet", "60,965,224", "+35,408,192", "724,406,816", "−3,364,777,440", "8", "12.5 MB", "96.17 %"],
        ["VGG-16", "138,357,544", "+112,800,512", "15,470,264,320", "+11,381,080,064", "16", "73.4 MB", "89.36 %"],
    ]
    changes = {(row[0], row[2]): row[4] for row in page.savings}
    assert changes[("5×5", "two 3×3")] == "−28 %"
    assert changes[("7×7", "three 3×3")] == "−45 %"
    assert changes[("3×3", "two 2×2")] == "−11 %"
    assert changes[("3×3", "1×3 and 3×1")] == "−33 %"
    assert changes[("7×7", "1×7 and 7×1")] == "−71 %"
    assert page.savings[-1][:4] == ("basic block on 256", "1,179,648", "bottleneck on 256", "69,632")


def test_another_row_becomes_the_one_that_differences_are_to(open_window, qtbot) -> None:
    page = compare(open_window("resnet50"), qtbot, "resnet101", "alexnet")
    click_cell(page.view, 1, MARK)
    assert [row[2] for row in shown(page)] == ["−18,992,128", "", "+16,416,064"]
    assert "Differences are to ResNet-101" in page.hint.text()
    page.view.setFocus()
    page.view.selectRow(2)
    press_key(page.view, Qt.Key.Key_Space)
    assert [row[2] for row in shown(page)] == ["−35,408,192", "−16,416,064", ""]


def test_a_click_on_a_heading_sorts(open_window, qtbot) -> None:
    page = compare(open_window("resnet50"), qtbot, "alexnet", "vgg16")
    header = page.view.horizontalHeader()
    at = QPoint(header.sectionViewportPosition(NAME + 3) + 30, header.height() // 2)
    orders = []
    for _ in range(3):
        click(header.viewport(), at)
        orders.append([row[0] for row in shown(page)])
        table = page.table()
        assert table is not None and [row[0] for row in table.rows] == orders[-1]
        assert page.bars.segments()[0].profile.name == orders[-1][0]
    rising = ["AlexNet", "ResNet-50", "VGG-16"]
    assert sorted(orders[:2]) == sorted([rising, rising[::-1]])
    assert orders[2] == ["ResNet-50", "AlexNet", "VGG-16"], "as they were added"


def test_edits_of_an_open_diagram_are_followed(open_window, qtbot) -> None:
    window = open_window("resnet50")
    page = compare(window, qtbot, "resnet101")
    window.session.diagram.set("", num_classes=10)
    qtbot.waitUntil(lambda: shown(page)[0][:2] == ["ResNet-50 (edited)", "23,528,522"])
    press_key(page, Qt.Key.Key_Z, CONTROL)
    qtbot.waitUntil(lambda: shown(page)[0][:2] == ["ResNet-50", "25,557,032"])


def test_edits_made_while_nobody_looks_are_there_when_somebody_does(open_window, qtbot) -> None:
    window = open_window("resnet50")
    page = compare(window, qtbot)
    press_key(page.add_line, Qt.Key.Key_Escape)
    assert window.features.compare.page is None and window.focusWidget() is window.canvas
    window.session.diagram.set("", num_classes=10)
    assert not page.comparison.busy, "nothing is computed for nobody"
    assert compare(window, qtbot) is page
    assert shown(page)[0][1] == "23,528,522"


def test_open_diagrams_are_in_and_go_with_their_tabs(open_window, qtbot) -> None:
    window = open_window("resnet18")
    window.documents.open_now("vgg16")
    page = compare(window, qtbot)
    assert [row[0] for row in shown(page)] == ["ResNet-18", "VGG-16"]
    window.documents.close(window.documents.list[0])
    qtbot.waitUntil(lambda: [row[0] for row in shown(page)] == ["VGG-16"])
    window.documents.new()
    press_key(window, Qt.Key.Key_C, CONTROL | SHIFT)
    assert [row[0] for row in shown(page)] == ["VGG-16"], "an empty diagram is nothing to compare"


def test_rows_are_taken_out_and_come_back(open_window, qtbot) -> None:
    window = open_window("resnet18")
    page = compare(window, qtbot, "vgg16", "alexnet")
    click_cell(page.view, 1, CROSS)
    assert [row[0] for row in shown(page)] == ["ResNet-18", "AlexNet"]
    window.session.select(["conv1"])
    page.view.setFocus()
    page.view.selectRow(0)
    press_key(page.view, Qt.Key.Key_Delete)
    assert [row[0] for row in shown(page)] == ["AlexNet"] and page.view.table.is_reference(0)
    assert "conv1" in window.session.definition.graph, "the key meant the row"
    click(page.back.itemAt(0).widget())
    qtbot.waitUntil(lambda: {row[0] for row in shown(page)} == {"AlexNet", "ResNet-18"})


def test_delete_on_the_page_takes_nothing_from_the_drawing_behind_it(open_window, qtbot) -> None:
    window = open_window("resnet18")
    window.session.select(["conv1"])
    page = compare(window, qtbot)
    page.setFocus()
    for key, modifier in ((Qt.Key.Key_Delete, Qt.KeyboardModifier.NoModifier), (Qt.Key.Key_X, CONTROL)):
        press_key(page, key, modifier)
    assert "conv1" in window.session.definition.graph


def test_copying_on_the_page_copies_what_stands_there(open_window, qtbot) -> None:
    window = open_window("resnet18")
    window.session.select(["conv1"])
    page = compare(window, qtbot)
    page.view.setFocus()
    page.view.setCurrentIndex(page.view.table.index(0, NAME + 1))
    press_key(page.view, Qt.Key.Key_C, CONTROL)
    assert QGuiApplication.clipboard().text() == "11,689,512"
    press_key(page.view, Qt.Key.Key_Escape)
    assert window.features.compare.page is None


def test_an_unknown_name_is_told_beside_the_field(open_window, qtbot) -> None:
    page = compare(open_window("resnet18"), qtbot)
    QTest.keyClicks(page.add_line, "alexnex")
    QTest.keyClick(page.add_line, Qt.Key.Key_Return)
    assert page.trouble.isVisible() and "no preset" in page.trouble.text() and "alexnet" in page.trouble.text()
    QTest.keyClick(page.add_line, Qt.Key.Key_Backspace)
    assert not page.trouble.isVisible()
    page.add_line.clear()
    QTest.keyClicks(page.add_line, "q")
    QTest.keyClick(page.add_line, Qt.Key.Key_Return)
    QApplication.processEvents()
    assert "Known: " in page.trouble.text() and page.horizontalScrollBar().maximum() == 0


@pytest.mark.parametrize(
    ("text", "name"),
    [("resnet101", "resnet101"), ("ResNet-101", "resnet101"), ("inception v3", "inception_v3"), ("vgg", "vgg16"),
     ("preact", "preact_resnet50"), ("tfslim", "googlenet_tfslim")],
)  # fmt: skip
def test_presets_are_found_by_what_people_type(text: str, name: str) -> None:
    assert find_preset(text) == name


def test_the_list_offers_names_while_typing(open_window, qtbot) -> None:
    page = compare(open_window("resnet18"), qtbot)
    QTest.keyClicks(page.add_line, "next")
    popup = page.add_line.completer().popup()
    qtbot.waitUntil(popup.isVisible)
    assert popup.model().index(0, 0).data() == "resnext50"
    press_key(popup, Qt.Key.Key_Down)
    press_key(popup, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(shown(page)) == 2 and not page.comparison.busy and not page.add_line.text())
    assert shown(page)[1][0] == "ResNeXt-50 (32×4d)"


def test_with_nothing_open_the_page_says_what_to_do(open_window, qtbot) -> None:
    page = compare(open_window(), qtbot)
    assert shown(page) == [] and page.table() is None and "Add networks above" in page.hint.text()
    click(page.example)
    qtbot.waitUntil(lambda: not page.comparison.busy)
    assert [row[0] for row in shown(page)] == ["ResNet-50", "ResNet-101", "AlexNet"]
    assert not page.example.isVisible()


def test_a_network_with_errors_says_so(open_window, qtbot) -> None:
    window = open_window("resnet34")
    window.session.diagram.set("conv1", groups=7)
    page = compare(window, qtbot)
    tip = page.view.table.index(0, NAME + 1).data(Qt.ItemDataRole.ToolTipRole)
    assert "has errors" in tip
    table = page.table()
    assert table is not None and "has errors" in table.notes[0]


# Bars


def test_bars_have_one_scale_until_shares_are_asked_for(open_window, qtbot) -> None:
    page = compare(open_window("resnet50"), qtbot, "vgg16")
    widths = bar_widths(page)
    assert widths["ResNet-50"] / widths["VGG-16"] == pytest.approx(4_089_184_256 / 15_470_264_320)
    click(page.cost_buttons["parameters"])
    widths = bar_widths(page)
    assert widths["ResNet-50"] / widths["VGG-16"] == pytest.approx(25_557_032 / 138_357_544)
    click(page.shares)
    widths = bar_widths(page)
    assert widths["ResNet-50"] == pytest.approx(widths["VGG-16"])


def bar_widths(page: ComparePage) -> dict[str, float]:
    found: dict[str, float] = {}
    for segment in page.bars.segments():
        name = segment.profile.name
        found[name] = found.get(name, 0.0) + segment.rect.width()
    return found


def test_a_piece_under_the_pointer_tells_its_figures(open_window, qtbot) -> None:
    page = compare(open_window("resnet50"), qtbot)
    piece = next(each for each in page.bars.segments() if each.stage.size == "14×14")
    found = page.bars.segment_at(QPointF(piece.rect.center()))
    assert found == piece
    text = page.bars.tip(piece)
    assert text.startswith("ResNet-50, 14×14 (1/16 of the image's sides)\n") and "35.8% of its MACs" in text
    assert "14×14 35.8%" in page.bars.accessibleDescription()
    click(page.cost_buttons["parameters"])
    assert "29.3% of its parameters" in page.bars.tip(page.bars.segments()[3])


@pytest.mark.parametrize("size", [(1100, 700), (1440, 900)])
@pytest.mark.parametrize("dark", [False, True])
def test_nothing_is_cut_off_and_bars_are_painted(open_window, qtbot, size: tuple[int, int], dark: bool) -> None:
    window = open_window("resnet50")
    if dark:
        set_theme(DARK)
    window.resize(*size)
    page = compare(window, qtbot, "inception_resnet_v2", "alexnet")
    QApplication.processEvents()
    assert page.horizontalScrollBar().maximum() == 0
    assert page.view.horizontalScrollBar().maximum() == 0
    model, metrics = page.view.table, page.view.fontMetrics()
    for row in range(model.rowCount()):
        for column in range(NAME, CROSS):
            text = model.index(row, column).data()
            assert metrics.horizontalAdvance(text) <= page.view.columnWidth(column), text
    image = page.bars.grab().toImage()
    ratio = image.devicePixelRatio()
    piece = max(page.bars.segments(), key=lambda each: each.rect.width())
    inside, beside = piece.rect.topLeft() + QPointF(2, 2), QPointF(piece.rect.left() + 2, piece.rect.top() - 3)
    assert image.pixelColor((inside * ratio).toPoint()) != image.pixelColor((beside * ratio).toPoint())
    assert max(each.rect.right() for each in page.bars.segments()) <= page.bars.width()


# Out of it


def test_the_table_is_copied_and_saved(open_window, qtbot, tmp_path) -> None:
    window = open_window("resnet50")
    page = compare(window, qtbot, "resnet101")
    page.copy.menu().aboutToShow.emit()
    actions = {action.text(): action for action in page.copy.menu().actions()}
    actions["Copy as Markdown"].trigger()
    text = QGuiApplication.clipboard().text()
    assert text.splitlines()[0].startswith("| network | parameters | difference |") and "+18,992,128" in text
    actions["Copy as CSV"].trigger()
    assert "ResNet-101,44549160,18992128" in QGuiApplication.clipboard().text()
    actions["Save in a file…"].trigger()
    dialog = page.copy.dialog
    assert dialog is not None and dialog.isVisible()
    dialog.fileSelected.emit(str(tmp_path / "t.tex"))
    dialog.close()
    assert (tmp_path / "t.tex").read_text().startswith("\\begin{tabular}{lrrrrrrr}")
    page.copy.save(tmp_path / "t.doc")
    assert "no form of a table" in window.toasts.texts[0]
    page.copy.save(tmp_path / "nowhere" / "t.md")
    assert "cannot be written" in window.toasts.texts[0]
    page.copy_stages.copy(".csv")
    assert QGuiApplication.clipboard().text().startswith("of the image,ResNet-50,MACs,share,ResNet-101,")


def test_a_double_click_opens_the_network(open_window, qtbot) -> None:
    window = open_window("resnet18")
    page = compare(window, qtbot, "alexnet")
    view = page.view
    at = view.visualRect(view.table.index(1, NAME)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    QTest.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    qtbot.waitUntil(lambda: window.session.diagram.name == "AlexNet")
    assert window.features.compare.page is None


def test_a_click_on_a_tab_leads_back(open_window, qtbot) -> None:
    window = open_window("resnet18")
    compare(window, qtbot)
    click(window.top.tabs, window.top.tabs.tabRect(0).center())
    assert window.features.compare.page is None


def test_closing_while_figures_are_computed_is_quiet(open_window, qtbot) -> None:
    window = open_window("resnet18")
    press_key(window, Qt.Key.Key_C, CONTROL | SHIFT)
    window.features.compare.comparison.add_preset("inception_resnet_v2")
    window.close()
    assert not window.features.compare.comparison.busy


def test_the_keyboard_walks_over_the_page_from_top_to_bottom(open_window, qtbot) -> None:
    window = open_window("resnet50")
    page = compare(window, qtbot, "alexnet")
    walked = []
    for _ in range(8):
        press_key(window.focusWidget(), Qt.Key.Key_Tab)
        widget = window.focusWidget()
        assert widget is not None and (widget.accessibleName() or widget.text())
        walked.append(widget)
    expected = [page.copy, page.view, page.cost_buttons["macs"], page.shares, page.copy_stages]
    assert [widget for widget in walked if widget in expected] == expected


def test_two_tabs_with_one_network_are_two_rows(open_window, qtbot) -> None:
    window = open_window("resnet18")
    page = compare(window, qtbot)
    window.documents.add(Document(load_preset("resnet18")))
    qtbot.waitUntil(lambda: len(shown(page)) == 2)


@pytest.mark.parametrize("page", ["view.compare", "file.presets"])
def test_keys_of_the_drawing_do_nothing_while_another_page_is_in_view(open_window, qtbot, page: str) -> None:
    window = open_window("resnet18")
    window.session.select(["conv1"])
    window.session.copy()
    blocks = {name: block for name, block in window.session.definition.blocks()}
    window.commands.run(page)
    qtbot.waitUntil(lambda: window.pages.currentWidget() is not window.whole)
    aim = (
        window.features.browser.page.tree if window.features.browser.page is not None else window.features.compare.page
    )
    aim.setFocus()
    press_key(aim, Qt.Key.Key_Delete)
    for key in (Qt.Key.Key_X, Qt.Key.Key_V, Qt.Key.Key_D, Qt.Key.Key_B, Qt.Key.Key_L):
        press_key(aim, key, CONTROL)
    assert dict(window.session.definition.blocks()) == blocks
    assert not window.session.dirty
    window.desk.show_drawing()
    assert window.commands.run("edit.delete")
    assert "conv1" not in window.session.definition.graph


def test_the_figures_of_large_networks_are_whole_in_a_small_window(open_window, qtbot) -> None:
    window = open_window("resnet18")
    window.resize(1100, 700)
    page = compare(window, qtbot, "vgg16", "vgg19")
    view = page.view
    for column in range(NAME + 1, CROSS):
        assert view.columnWidth(column) >= view.sizeHintForColumn(column), view.table.headerData(
            column, Qt.Orientation.Horizontal
        )
    assert view.horizontalScrollBar().maximum() == 0
