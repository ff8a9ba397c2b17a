"""The small figures of lessons, proof cards, and the curve of sizes."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QScrollArea, QSlider

from blockstudio.gui.lessons.proof import ProofCard, magnitude
from blockstudio.gui.lessons.widgets import MAKERS, make_widget
from blockstudio.gui.sizes.page import ticks
from blockstudio.lessons.checking import WIDGETS
from blockstudio.lessons.proofs import PROOFS
from tests.support.mouse import click, press_key


def test_sliders_move_exact_numbers(qtbot) -> None:
    assert set(MAKERS) == set(WIDGETS) and make_widget("none") is None
    made = {name: make_widget(name) for name in WIDGETS}
    for widget in made.values():
        qtbot.addWidget(widget)
        widget.show()
        assert not widget.grab().isNull()
    batchnorm, smoothing = made["batchnorm"], made["smoothing"]
    told = " ".join(label.text() for widget in made.values() for label in widget.findChildren(QLabel))
    for answer in ("3.500", "4.667", "1.604", "0.91", "0.5003", "4.511", "12.16"):
        assert answer not in told, "what a lesson asks beside it"
    assert "form" not in told and "1.75, 1.75 and 1.75" in told  # what stays the same is asked
    batchnorm.field.setText("1, 2, 3, 6")
    batchnorm.steps.set_number(20)
    smoothing.smoothing.set_number(0.1)
    smoothing.classes.set_number(10)
    assert [batchnorm.rows[key].text() for key in ("mean", "variance", "unbiased")] == ["3.000", "3.500", "4.667"]
    assert "12.16" in batchnorm.said.text()
    batchnorm.gamma.set_number(2)
    batchnorm.beta.set_number(-1)
    assert batchnorm.rows["out"].text().split() == ["−3.138", "−2.069", "−1.000", "2.207"]
    for text in ("one, two", "", ",", "1e999", "1 " * 40):
        batchnorm.field.setText(text)
        assert batchnorm.field.property("state") == "wrong"
    assert "0.9100" in smoothing.said.text() and "0.5003" in smoothing.said.text() and "4.511" in smoothing.said.text()
    smoothing.classes.setFocus()
    press_key(smoothing.classes, Qt.Key.Key_End)
    assert smoothing.classes.number == 1000 and "1.0148" in smoothing.said.text()
    smoothing.smoothing.set_number(0)
    assert "∞" in smoothing.said.text()
    skew = made["scaling"].said.text()
    made["scaling"].outlier.set_number(10)
    assert made["scaling"].said.text() != skew
    made["logistic"].beta.set_number(6)
    made["logistic"].gamma.set_number(0.1)
    assert "100.0" in made["logistic"].said.text()
    assert (magnitude(0), magnitude(2.4e-7), magnitude(9.03)) == ("0", "2.4·10⁻⁷", "9.03")


@pytest.mark.parametrize("name", WIDGETS)
def test_a_page_scrolled_past_sliders_leaves_them_alone(qtbot, name: str) -> None:
    area = QScrollArea()
    qtbot.addWidget(area)
    widget = make_widget(name)
    area.setWidget(widget)
    area.resize(widget.sizeHint().width() + 40, 60)
    area.show()
    bar = area.verticalScrollBar()
    for dial in widget.findChildren(QSlider):
        area.ensureWidgetVisible(dial)
        value, places = dial.value(), {bar.value()}
        for turn in (120, -120):
            at = dial.mapTo(area, dial.rect().center())
            QTest.wheelEvent(area.windowHandle(), at.toPointF(), QPoint(0, turn))
            QApplication.processEvents()
            places.add(bar.value())
        assert dial.value() == value and len(places) > 1


def test_the_curve_of_sizes_leads_to_blocks(open_window) -> None:
    window = open_window("googlenet")
    window.commands.run("view.sizes")
    page = window.desk.pages["sizes"].widget
    view = page.view
    assert page.isVisible() and max(each.size for each in view.stations) == 802816 and "802,816" in page.said.text()
    names = [each.block for each in view.stations]
    assert "aux1" not in names and names[0] == "input"
    click(view, view.point(names.index("inception_4c")))
    assert window.session.selection == ("inception_4c",)
    press_key(view, Qt.Key.Key_Right)
    assert window.session.selection == ("inception_4d",) and "528×14×14" in page.said.text()
    window.session.enter("inception_4d")
    assert [each.block for each in view.stations][:2] == ["input", "conv1x1"]
    assert ticks(4.5, 5.2) == [50_000, 100_000] and ticks(2.9, 5.1) == [1_000, 10_000, 100_000]
    window.documents.new()
    assert view.stations == () and not view.grab().isNull()
    QTest.mouseMove(view, view.rect().center())


@pytest.mark.slow
@pytest.mark.parametrize("name", PROOFS)
def test_a_proof_is_computed_on_the_spot(qtbot, name: str) -> None:
    pytest.importorskip("torch")
    card = ProofCard(name)
    qtbot.addWidget(card)
    card.show()
    click(card.button)
    qtbot.waitUntil(lambda: bool(card.rows))
    single, double = card.rows
    assert (double["difference"] <= 1e-9 * double["largest"]) is PROOFS[name].holds
    assert single["difference"] < 1e-4 * single["largest"] or not PROOFS[name].holds
    assert card.said.text() == ("Equal but for rounding." if PROOFS[name].holds else "Not equal.")
