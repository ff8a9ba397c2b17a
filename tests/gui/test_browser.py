"""The browser of presets on the start page, by mouse and keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from blockstudio.analysis import analyze
from blockstudio.graph.diagram import MAIN
from blockstudio.graph.format import save
from blockstudio.graph.presets import load_preset, preset_names
from blockstudio.gui.browser.start_page import FIRST, StartPage
from blockstudio.gui.canvas.paint.thumbnail import broken
from blockstudio.gui.canvas.scene.card_texts import CardTexts
from blockstudio.gui.canvas.scene.drawing import Drawing
from blockstudio.gui.canvas.scene.metrics import CARD_HEIGHT, card_width
from blockstudio.gui.canvas.scene.stage import Stage, pills_of
from blockstudio.gui.kit.theme import DARK, LIGHT
from blockstudio.gui.shell.window import StudioWindow
from blockstudio.layout import arrange
from tests.support.hands import click, press_key, type_into

SIZES = [(1440, 900), (1100, 700)]


@pytest.fixture
def window(open_window) -> StudioWindow:
    found = open_window()
    found.desk.show_screen("start")
    QApplication.processEvents()
    return found


@pytest.fixture
def page(window: StudioWindow) -> StartPage:
    assert window.features.browser.page is not None
    return window.features.browser.page


def complete(page: StartPage, qtbot) -> None:
    """Wait until every figure and the drawing are there."""
    qtbot.waitUntil(lambda: not page.is_busy and len(page.facts.figures) == len(preset_names()), timeout=60_000)


def told(page: StartPage, qtbot, preset: str) -> str:
    """All texts beside the tree, once everything of this preset is there."""
    qtbot.waitUntil(lambda: page.detail.preset == preset and not page.detail.busy, timeout=60_000)
    QApplication.processEvents()
    labels = page.detail.findChildren(QLabel) + page.detail.findChildren(QPushButton)
    return "\n".join(label.text() for label in labels if label.isVisible()).replace("\u00a0", " ")


def double_click(widget: QWidget) -> None:
    QTest.mouseDClick(widget, Qt.MouseButton.LeftButton)
    QApplication.processEvents()


# The tree


def test_every_preset_stands_in_the_tree_once(page: StartPage) -> None:
    assert sorted(page.tree.shown) == sorted(preset_names())
    assert all(page.tree.nodes[name].isVisible() for name in preset_names())


@pytest.mark.parametrize("size", SIZES)
def test_nothing_covers_anything_and_nothing_is_cut_off(window: StudioWindow, page: StartPage, size) -> None:
    window.resize(*size)
    QApplication.processEvents()
    spots, family = page.tree.plan.spots, page.tree.family
    assert page.tree.width() <= page.width() - page.detail.width()
    for name, spot in spots.items():
        assert page.tree.rect().contains(spot.rect), name
        for other, its in spots.items():
            mains = (family.main(name), family.main(other))
            if (spot.kind == its.kind == "card" and name != other) or mains[0] != mains[1]:
                assert not spot.rect.intersects(its.rect), (name, other)
        if spot.kind == "chip":
            assert spots[family.main(name)].rect.contains(spot.rect), name
    # No two names that are shown side by side may read the same.
    for edge in page.tree.plan.edges:
        for first, second in zip(edge.points, edge.points[1:], strict=False):
            assert first.x() == second.x() or first.y() == second.y(), "a line that runs aslant"
            for name, spot in spots.items():
                if name not in (edge.parent, edge.child) and spot.kind == "card":
                    low, high = sorted((first.y(), second.y()))
                    left, right = sorted((first.x(), second.x()))
                    outside = right < spot.rect.left() or left > spot.rect.right()
                    outside |= high < spot.rect.top() or low > spot.rect.bottom()
                    assert outside, f"the line from {edge.parent} to {edge.child} runs over {name}"


def test_time_runs_down(page: StartPage) -> None:
    family, spots = page.tree.family, page.tree.plan.spots
    labels = [label for label, _, _ in page.tree.plan.years]
    assert labels == sorted(labels) and labels[0] == "2012" and labels[-1] == "2017"
    for edge in page.tree.plan.edges:
        assert spots[edge.parent].rect.bottom() < spots[edge.child].rect.top()
    bands = {label: (top, bottom) for label, top, bottom in page.tree.plan.years}
    for name in family.mains:
        top, bottom = bands[str(family.kin[name].year)]
        assert top < spots[name].rect.top() and spots[name].rect.bottom() < bottom


def test_the_page_fills_with_the_figures_of_every_network(page: StartPage, qtbot) -> None:
    complete(page, qtbot)
    assert "21.8 M parameters" in page.tree.nodes["resnet34"].accessibleName()
    assert "depth 34" in page.tree.nodes["resnet34"].accessibleName()
    for name in ("googlenet", "module_inception", "wide_resnet"):
        found, figures = analyze(load_preset(name)), page.facts.figures[name]
        assert (figures.parameters, figures.macs, figures.depth) == (found.parameters, found.macs, found.depth)


# What is told of one


def test_a_click_tells_of_a_network(page: StartPage, qtbot) -> None:
    assert page.tree.current == FIRST
    click(page.tree.nodes["inception_v4"], QPoint(40, 10))
    text = told(page, qtbot, "inception_v4")
    for part in (
        "Inception V4", "42,679,816", "12.254 G", "76", "3×299×299", "20.0 % top-1", "ImageNet validation",
        "AAAI 2017", "Szegedy, Sergey Ioffe", "arXiv 1602.07261", "Inception V3, 2015", "Inception-ResNet-v2, 2016",
    ):  # fmt: skip
        assert part in text, part
    picture = page.detail.picture.image
    assert picture is not None and not picture.isNull()
    assert len({picture.pixel(x, y) for x in range(0, picture.width(), 3) for y in range(0, picture.height(), 3)}) > 10


def test_a_module_tells_its_figure_in_the_paper_and_no_accuracy(page: StartPage, qtbot) -> None:
    page.show_preset("module_asymmetric")
    text = told(page, qtbot, "module_asymmetric")
    assert "section 3.2, figure 6" in text and "PUBLISHED ACCURACY" not in text
    assert "PART OF" in text and "Inception V3, 2015" in text


@pytest.mark.slow
def test_there_is_a_drawing_of_every_preset(page: StartPage, qtbot) -> None:
    drawings = set()
    for preset, kin in page.family.kin.items():
        page.show_preset(preset)
        text = told(page, qtbot, preset)
        assert kin.title in text and kin.about["paper"] in text and kin.description in text, preset
        image = page.detail.picture.image
        assert image is not None and not page.detail.problem.isVisible(), preset
        drawings.add(bytes(image.constBits()))
        assert page.detail.page.width() <= page.detail.width(), preset
    # Some variants differ in sizes only, which so small a drawing does not show.
    assert len(drawings) > 30


def test_a_relative_is_a_link_away(page: StartPage, qtbot) -> None:
    page.show_preset("wide_resnet")
    told(page, qtbot, "wide_resnet")
    (parent,) = [b for b in page.detail.findChildren(QPushButton) if b.text().startswith("Pre-activation ResNet-50")]
    page.detail._scroll.ensureWidgetVisible(parent)
    click(parent)
    assert page.tree.current == page.detail.preset == "preact_resnet50"


def test_only_the_last_of_many_passed_by_is_read_and_drawn(page: StartPage, qtbot) -> None:
    complete(page, qtbot)
    arrived: list[str] = []
    show = page.detail._show
    page.detail._show = lambda preset, found: (arrived.append(preset), show(preset, found))  # type: ignore[method-assign]
    names = ["vgg16", "vgg19", "resnet18", "resnet50", "inception_v4", "se_resnet50"]
    for name in names:
        page.show_preset(name)
    told(page, qtbot, names[-1])
    assert arrived == [names[-1]]


# Its parameters


def test_a_parameter_is_set_before_opening(window: StudioWindow, page: StartPage, qtbot) -> None:
    page.show_preset("cifar_resnet")
    told(page, qtbot, "cifar_resnet")
    form = page.detail.form
    assert form is not None and set(form.fields) == set(load_preset("cifar_resnet").parameters)
    page.detail._scroll.ensureWidgetVisible(form.fields["n"])
    type_into(form.fields["n"], "9")
    type_into(form.fields["shortcut"], "B")
    text = told(page, qtbot, "cifar_resnet")
    expected = analyze(load_preset("cifar_resnet", n=9, shortcut="B"))
    assert f"{expected.parameters:,}" in text and page.detail.totals.figure("depth") == "56"
    click(page.detail.open_button)
    qtbot.waitUntil(lambda: window.session.diagram.name == "CIFAR ResNet (6n + 2)")
    assert window.session.analysis.parameters == expected.parameters
    assert window.session.diagram.parameters["shortcut"].default == "B"


def test_a_parameter_that_the_network_does_not_take_is_told_and_not_used(page: StartPage, qtbot) -> None:
    page.show_preset("cifar_resnet")
    told(page, qtbot, "cifar_resnet")
    assert page.detail.form is not None
    field = page.detail.form.fields["n"]
    page.detail._scroll.ensureWidgetVisible(field)
    type_into(field, "0")
    assert page.detail.values == {} and "1" in page.detail.form.errors["n"].text()
    type_into(field, "3")
    assert page.detail.values == {} and not page.detail.form.errors["n"].isVisible()


def test_another_network_starts_with_its_own_parameters(page: StartPage, qtbot) -> None:
    page.show_preset("cifar_resnet")
    told(page, qtbot, "cifar_resnet")
    assert page.detail.form is not None
    type_into(page.detail.form.fields["n"], "9")
    page.show_preset("cifar_plain")
    told(page, qtbot, "cifar_plain")
    assert page.detail.values == {}
    page.show_preset("cifar_resnet")
    told(page, qtbot, "cifar_resnet")
    assert page.detail.form.fields["n"].text() == "3" and page.detail.totals.figure("parameters") == "269,722"


# Opening


def test_a_double_click_opens(window: StudioWindow, page: StartPage, qtbot) -> None:
    double_click(page.tree.nodes["resnet152"])
    qtbot.waitUntil(lambda: window.session.diagram.name == "ResNet-152")
    assert window.features.browser.page is None and window.canvas.isVisible()


def test_a_double_click_on_open_opens_once(window: StudioWindow, page: StartPage, qtbot) -> None:
    page.show_preset("nin_cifar10")
    for _ in range(2):  # with nothing in between, as fast as a hand is slow to stop
        QTest.mouseClick(page.detail.open_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.documents.busy)
    assert [document.diagram.name for document in window.documents.list] == ["NIN (CIFAR-10)"]
    window.desk.show_screen("start")
    click(page.detail.open_button)
    qtbot.waitUntil(lambda: len(window.documents.list) == 2)


def test_enter_opens_with_the_values_that_are_set(window: StudioWindow, page: StartPage, qtbot) -> None:
    page.show_preset("cifar_resnet")
    told(page, qtbot, "cifar_resnet")
    assert page.detail.form is not None
    type_into(page.detail.form.fields["n"], "5")
    page.tree.take_keyboard()
    press_key(QApplication.focusWidget(), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.session.analysis.depth == 32)


# Searching


def test_typing_leaves_what_is_called_so(window: StudioWindow, page: StartPage, qtbot) -> None:
    QTest.keyClicks(page.search, "resnet34")
    assert page.tree.shown[0] == page.tree.current == page.detail.preset == "resnet34"
    assert all("resnet34" in name or "part_of" in page.family.kin[name].about for name in page.tree.shown)
    press_key(page.search, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.session.diagram.name == "ResNet-34")


@pytest.mark.parametrize(
    ("words", "first", "also"),
    [
        ("vgg", "vgg16", "vgg19"),
        ("2017", "se_resnet50", None),
        ("inception-resnet", "inception_resnet_v1", "inception_resnet_v2_paper"),
        ("Krizhevsky", "alexnet", "alexnet_torchvision"),
        ("depthwise", "inception_v2_tfslim", None),
        ("grid reduction", "module_reduction", "module_reduction_expensive"),
    ],
)
def test_names_families_years_and_words_are_found(page: StartPage, words: str, first: str, also: str | None) -> None:
    QTest.keyClicks(page.search, words)
    assert page.tree.shown[0] == first
    assert also is None or also in page.tree.shown
    assert len(page.tree.shown) < len(preset_names())


def test_nothing_found_is_said_and_enter_opens_nothing(window: StudioWindow, page: StartPage) -> None:
    QTest.keyClicks(page.search, "transformer")
    assert page.tree.shown == []
    press_key(page.search, Qt.Key.Key_Return)
    assert window.features.browser.page is page and not window.documents.busy
    press_key(page.search, Qt.Key.Key_Escape)
    assert page.search.text() == "" and sorted(page.tree.shown) == sorted(preset_names())


def test_the_list_has_all_in_the_order_of_years(page: StartPage) -> None:
    click(page.list_button)
    years = [page.family.kin[name].year for name in page.tree.shown if not page.family.kin[name].is_module]
    assert years == sorted(years) and len(page.tree.shown) == len(preset_names())
    click(page.tree_button)
    assert page.tree.rows is None


# The keyboard


def test_arrows_walk_the_tree(page: StartPage) -> None:
    press_key(page.search, Qt.Key.Key_Down)
    way = [page.tree.current]
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Right):
        press_key(QApplication.focusWidget(), key)
        way.append(page.tree.current)
    assert way == [
        "googlenet", "googlenet_tfslim", "googlenet_torchvision", "bn_inception", "inception_v2_tfslim",
        "bn_inception", "plain",
    ]  # fmt: skip
    assert QApplication.focusWidget() is page.tree.nodes["plain"] and page.detail.preset == "plain"


@pytest.mark.slow
def test_the_whole_tree_can_be_walked(page: StartPage) -> None:
    """From the first node every other can be reached with the arrows."""
    page.tree.take_keyboard("alexnet")
    seen, waiting = {"alexnet"}, ["alexnet"]
    while waiting:
        start = waiting.pop()
        for key in (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Left, Qt.Key.Key_Right):
            page.tree.take_keyboard(start)
            press_key(page.tree.nodes[start], key)
            if page.tree.current not in seen:
                seen.add(page.tree.current)
                waiting.append(page.tree.current)
    assert seen == set(preset_names())


def test_up_from_the_top_is_the_search_and_a_letter_begins_one(page: StartPage) -> None:
    page.tree.take_keyboard("alexnet")
    press_key(QApplication.focusWidget(), Qt.Key.Key_Up)
    assert page.search.hasFocus()
    page.tree.take_keyboard("vgg16")
    QTest.keyClicks(QApplication.focusWidget(), "w")
    QTest.keyClicks(QApplication.focusWidget(), "ide")
    assert page.search.text() == "wide" and page.tree.current == "wide_resnet"


def test_tab_meets_the_tree_once_and_reaches_every_part(page: StartPage, qtbot) -> None:
    told(page, qtbot, FIRST)
    page.search.setFocus()
    reached: list[QWidget] = []
    for _ in range(40):
        press_key(QApplication.focusWidget(), Qt.Key.Key_Tab)
        if QApplication.focusWidget() in reached or not page.isAncestorOf(QApplication.focusWidget()):
            break
        reached.append(QApplication.focusWidget())
    assert [name for name, node in page.tree.nodes.items() if node in reached] == [FIRST]
    assert page.tree_button in reached and page.detail.open_button in reached
    assert page.detail.form is not None and page.detail.form.fields["num_classes"] in reached
    assert all(widget.accessibleName() or widget.text() for widget in reached)


@pytest.mark.parametrize("visited", [(), ("resnet50",), ("resnet50", FIRST, "cifar_preact")])
def test_tab_walks_down_the_page_beside_the_tree(page: StartPage, qtbot, visited: tuple[str, ...]) -> None:
    told(page, qtbot, FIRST)
    for preset in visited:
        page.show_preset(preset)
        told(page, qtbot, preset)
        qtbot.waitUntil(lambda: page.detail.form is not None)
    page.detail.open_button.setFocus()
    heights: list[int] = []
    for _ in range(40):
        press_key(QApplication.focusWidget(), Qt.Key.Key_Tab)
        reached = QApplication.focusWidget()
        if not page.detail.page.isAncestorOf(reached):
            break
        heights.append(reached.mapTo(page.detail.page, QPoint(0, 0)).y())
    fields = page.detail.form.fields
    assert len(heights) > len(fields) and heights == sorted(heights)


def test_escape_clears_the_search_then_leaves(window: StudioWindow, page: StartPage) -> None:
    QTest.keyClicks(page.search, "vgg")
    press_key(page.search, Qt.Key.Key_Escape)
    assert page.search.text() == "" and window.features.browser.page is page
    press_key(page.search, Qt.Key.Key_Escape)
    assert window.features.browser.page is None and window.canvas.isVisible()
    window.desk.show_screen("start")
    page.tree.take_keyboard("vgg16")
    press_key(QApplication.focusWidget(), Qt.Key.Key_Escape)
    assert window.features.browser.page is None


# Files


def test_recent_files_and_an_empty_diagram_are_at_hand(open_window, qtbot, tmp_path: Path) -> None:
    file = tmp_path / "mine.blocks.json"
    save(load_preset("resnet18"), file)
    window = open_window(file)
    window.documents.new()
    window.desk.show_screen("start")
    QApplication.processEvents()
    assert window.features.browser.page is not None
    buttons = {
        button.text(): button for button in window.features.browser.page.findChildren(QPushButton) if button.isVisible()
    }
    assert {"mine", "Empty diagram", "Open a file…", "Open"} <= set(buttons)
    assert buttons["mine"].accessibleName() == "Open mine.blocks.json"
    click(buttons["mine"])
    qtbot.waitUntil(lambda: window.documents.current.file == file)
    assert window.features.browser.page is None


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dark", [False, True])
def test_buttons_of_the_head_are_never_squeezed(open_window, tmp_path: Path, size, dark: bool) -> None:
    from blockstudio.gui.kit.theme import set_theme

    set_theme(DARK if dark else LIGHT)
    for index in range(6):
        save(load_preset("module_reduction"), tmp_path / f"a network with a long name {index}.blocks.json")
    window = open_window()
    window.resize(*size)
    for file in sorted(tmp_path.glob("*.json")):
        assert window.documents.open_now(file)
    window.desk.show_screen("start")
    QApplication.processEvents()
    page = window.features.browser.page
    assert page is not None
    assert page.width() <= size[0]
    for button in (page.tree_button, page.list_button, page.detail.open_button):
        assert button.width() >= button.sizeHint().width()
    detail = page.detail.geometry()
    assert detail.right() <= page.width() and page.detail.title.width() > 100


def test_a_picture_of_the_browser_is_drawn_without_a_display(tmp_path: Path) -> None:
    from blockstudio.gui.app.shot import browser_picture

    path = browser_picture(tmp_path / "browser.png", (1200, 800), dark=True, preset="vgg16")
    image = QImage(str(path))
    assert (image.width(), image.height()) == (1200, 800)
    assert len({image.pixel(x, y) for x in range(0, 1200, 9) for y in range(0, 800, 9)}) > 40


def test_a_thumbnail_in_columns_has_room_for_every_pill(styled) -> None:
    diagram = load_preset("googlenet")
    analysis = analyze(diagram)
    sizes = {name: (card_width(name), float(CARD_HEIGHT)) for name, _ in diagram.main.blocks()}
    facts = CardTexts(diagram, analysis, analysis.level(""), "macs")
    stage = Stage(Drawing(diagram, MAIN, arrange(diagram, MAIN, sizes)), facts)
    columns, scale = broken(stage, 300, 200)
    assert len(columns) > 1 and scale > 0
    for rect, text, _ in pills_of(stage, range(len(stage.drawing.wires))):
        holding = [each for each in columns if each.top < rect.center().y() < each.bottom]
        assert all(each.left <= rect.left() and rect.right() <= each.right for each in holding), text
