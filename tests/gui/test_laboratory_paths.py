"""The chain that is written out, and the facts beside it; no process is needed for what is counted on the diagram."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QScrollArea, QStyle

import blockstudio as bs
from blockstudio.analysis.path_lengths import branch_lengths
from blockstudio.analysis.trunk import trunk
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.laboratory.feature import install
from blockstudio.gui.laboratory.lengths import LengthsView, Measured, Range, finite
from blockstudio.gui.laboratory.page import LaboratoryPage
from blockstudio.gui.laboratory.paths import _around, carried
from blockstudio.gui.laboratory.tree import TreeView, chain_of


def test_a_chain_is_written_out_and_a_path_lit(qtbot: Any) -> None:
    found = trunk(bs.load("cifar_preact", n=18))
    assert [unit.name for unit in chain_of(found.units)] == ["layer3.15", "layer3.16", "layer3.17"]
    tree = TreeView()
    qtbot.addWidget(tree)
    tree.show_units(found.units)
    tree.resize(1000, tree.height())
    tree.show()
    assert tree.said() == "8 paths, of 0 to 3 blocks."
    told: list[int] = []
    tree.chosen.connect(told.append)
    middle = tree.row_at(5).center()
    QTest.mouseMove(tree, QPoint(int(middle.x()), int(middle.y())))
    assert tree.lit == 5 and tree.said() == "Through f₁, f₃, past f₂."
    QTest.keyClick(tree, Qt.Key.Key_Down)
    QTest.keyClick(tree, Qt.Key.Key_Down)
    assert tree.lit == 7 and tree.said() == "Through all of them: f₁, f₂, f₃." and told == [5, 6, 7]
    assert not tree.grab().isNull()
    # Nothing to be written out: it says so. Two blocks in a row are four paths.
    tree.show_units(trunk(bs.load("cifar_plain", n=1)).units)
    assert tree.units == [] and not tree.grab().isNull()
    assert [unit.name for unit in chain_of(trunk(bs.load("cifar_resnet", n=1)).units)] == [
        "layer1.0",
        "layer2.0",
        "layer3.0",
    ]
    tree.show_units(trunk(bs.load("cifar_resnet", n=2)).units)
    assert [unit.name for unit in tree.units] == ["layer1.0", "layer1.1"]


def test_the_facts_are_those_of_the_paper() -> None:
    assert _around(branch_lengths(trunk(bs.load("cifar_preact", n=18)))) == (19, 35)
    assert _around(branch_lengths(trunk(bs.load("cifar_resnet", n=2)))) == (1, 5)
    # Each block halves the gradient; three neighbouring lengths of five carry 95 %.
    logs = [[-0.30103 * length, -0.30103 * length] for length in range(5)]
    factor, first, last = carried({"lengths": [0, 1, 2, 3, 4], "log10_norms": logs,
                                   "contribution": [0.02, 0.3, 0.4, 0.26, 0.02]})  # fmt: skip
    assert (round(factor, 3), first, last) == (0.5, 1, 3)


def test_a_length_is_marked_in_all_three_charts(qtbot: Any) -> None:
    lengths = branch_lengths(trunk(bs.load("cifar_preact", n=18)))
    view = LengthsView()
    qtbot.addWidget(view)
    view.resize(1500, view.height())
    paths = {length: lengths.share(length) for length in lengths.counts}
    # Along the longest paths nothing arrives any more: no dot, but their bars stand.
    logs = finite(range(55), [[-0.5 * length, -0.5 * length - 1] if length < 40 else [float("-inf")] * 2
                              for length in range(55)])  # fmt: skip
    assert max(logs) == 39
    brought = dict.fromkeys(range(55), 1 / 55)
    view.show_lengths(paths, Range(19, 35, "19 to 35: 98.0 %"), Measured(logs, brought, Range(5, 16, "5 to 16: 95 %")))
    view.show()
    told: list[int] = []
    view.pointed.connect(told.append)
    for chart in range(3):
        QTest.mouseMove(view, (view.at(chart, 12) - QPointF(0, 40)).toPoint())
        assert view.marked == 12 and view.texts() == ["1.9 × 10⁻⁵", "3.2 × 10⁻⁷", "1.8 %"]
        assert not view.grab().isNull()
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert told == [12, 13]
    # Only counted yet: one chart, and a sentence in place of the others.
    view.show_lengths(paths, None, None)
    assert view.texts()[1:] == ["", ""] and view.texts()[0] and not view.grab().isNull()
    view.show_lengths({}, None, None)
    assert view.marked == -1 and not view.grab().isNull()


def test_pages_need_no_scrolling_sideways(qtbot: Any, tmp_path: Path) -> None:
    desk = Desk(runs=tmp_path)
    qtbot.addWidget(desk.toasts)
    install(desk)
    page = desk.screen_widget("laboratory")
    assert isinstance(page, LaboratoryPage)
    qtbot.addWidget(page)
    page.paths.show_network(trunk(bs.load("cifar_resnet", n=9)))
    bar = page.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
    margins = 2 * 32 + bar
    for part, width in ((page.paths, 1366), (page.seeing, 1366), (page.seeing, 1440)):
        part.setFixedSize(width - 2 * 32, 800)
        part.grab()  # As it is laid out there.
        (area,) = [found for found in part.findChildren(QScrollArea) if found.parent() is part]
        assert area.widget().minimumSizeHint().width() <= width - margins
        if part is page.seeing:
            assert page.seeing.chain.place(8 if width > 1400 else 7).left() == 2  # The first of the next row.
    desk.close()
