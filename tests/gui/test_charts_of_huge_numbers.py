"""Curves of numbers beyond all bounds, as a run that diverges has them: drawn, and written so that it can be read."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage, QPainter

from blockstudio.gui.kit.chart import Chart
from blockstudio.gui.kit.plotting import Line, mark_text, number_text, value_text

INF, NAN = float("inf"), float("nan")
VALUES = (
    [1e308, -1e308, 1e308], [1e308] * 3,
    [INF, 1, 2], [NAN] * 3, [5e-324, 1e308, 0], [1e-320] * 3, [-1e308, 1.79e308, NAN],
)  # fmt: skip


@pytest.mark.parametrize("look", [{}, {"log": True}, {"log_x": True}, {"kind": "share"}], ids=str)
@pytest.mark.parametrize("values", VALUES, ids=str)
def test_a_chart_draws_what_is_a_number(qtbot, values: list[float], look: dict) -> None:
    chart = Chart("loss")
    qtbot.addWidget(chart)
    chart.resize(400, 260)
    y = np.array(values)
    for x in (np.arange(3.0), np.arange(3.0) * 1e307):
        chart.show_lines([Line("a run", QColor("red"), x, y, y)], **look)
        image = QImage(chart.size(), QImage.Format.Format_RGB32)
        with QPainter(image) as painter, np.errstate(all="raise", under="ignore"):
            chart.draw(painter)
            chart.show_cursor(1.0)
            chart.draw(painter)
        finite = np.isfinite(x) & np.isfinite(y)
        assert [line.x.size for line in chart.lines] == [int(finite.sum())][: int(finite.any())]


def test_numbers_that_nobody_reads_are_written_short() -> None:
    for write in (lambda value: value_text(value, "number"), lambda value: mark_text(value, "number"), number_text):
        assert write(1e308) == "1e+308" and write(-1e300) == "-1e+300" and write(123_456.0) == "123,456"
