"""The cost panel: sorted by any column, areas that locate, the difference to the last save."""

from __future__ import annotations

from PySide6.QtCore import QPoint

from tests.support.hands import click


def test_sorting_areas_and_difference(open_window, qtbot) -> None:
    window = open_window("googlenet")
    window.commands.run("view.table")
    page = window.features.tables.page
    qtbot.waitUntil(lambda: not page.busy and bool(page.view.table.lines))

    def column(index: int) -> list[str]:
        return [line.cells[index].text for line in page.view.table.lines]

    drawn = column(0)
    header = page.view.horizontalHeader()

    def click_head(index: int) -> None:
        click(header.viewport(), QPoint(header.sectionViewportPosition(index) + 8, header.height() // 2))

    click_head(4)
    macs = [int(text.replace(",", "") or 0) for text in column(4)]
    assert macs == sorted(macs, reverse=True) and column(0)[0] == "conv2"
    click_head(4)
    assert column(4)[-1] == f"{max(macs):,}"
    click_head(4)
    assert column(0) == drawn
    for index, (_, choice) in enumerate(zip(range(5), page.columns(), strict=True)):
        window.commands.run("table.sort", choice.value)
        assert page.sorted is not None and page.sorted[0] == index

    assert page.areas.isVisible() and window.session.selection == (), "sorting selects nothing"
    place = next(row for row, piece in enumerate(page.areas.pieces) if piece.path == "inception_3b")
    click(page.areas, page.areas.tiles()[place].center())
    assert window.session.selection == ("inception_3b",)
    assert page.view.table.lines[page.view.currentIndex().row()].blocks == ("inception_3b",)

    window.session.diagram.set("fc", out_features=10)
    qtbot.waitUntil(lambda: not page.busy and "since saved" in page.title.text())
    assert page.title.text().startswith("−1.0 M parameters since saved")
