"""Charts as files: nothing written over the edge, and no two marks of an axis read alike."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from blockstudio.report.chart import HEIGHT, LINE_HEIGHT, WIDTH, Chart, Curve, GuideLine

LONG = "Does the training loss of a plain network rise with its depth, and that of a residual one not?"


def texts(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def height(svg: str) -> int:
    found = re.search(r'viewBox="0 0 \d+ (\d+)"', svg)
    assert found is not None
    return int(found[1])


def test_a_long_title_takes_a_second_line_and_the_plot_keeps_its_size() -> None:
    curve = [Curve("one", [(0, 1), (1, 2)])]
    short, long = (Chart(title, "x", "y", curve).svg() for title in ("Short", LONG))
    assert height(short) == HEIGHT and height(long) == HEIGHT + LINE_HEIGHT
    assert " ".join(texts(long)[:2]) == LONG
    chinese = Chart("普通网络的训练损失随深度上升而残差网络不会吗" * 3, "x", "y", curve).svg()
    assert (
        height(chinese) == HEIGHT + LINE_HEIGHT
        and "".join(texts(chinese)[:2]) == "普通网络的训练损失随深度上升而残差网络不会吗" * 3
    )


def test_many_names_of_curves_stand_in_rows() -> None:
    curves = [Curve(f"network {number} with a long name", [(0, number), (1, 2)]) for number in range(5)]
    svg = Chart("Title", "x", "y", curves).svg()
    places = [float(x) for x in re.findall(r'<text x="([\d.]+)" y="35"', svg)]
    assert len(places) == 5 and max(places) < WIDTH - 150
    assert height(svg) > HEIGHT


@pytest.mark.parametrize("high", [2.5e8, 3e5, 1.2e6, 0.7, 4e-6, 130.0])
def test_the_marks_of_an_axis_differ(high: float) -> None:
    svg = Chart("Title", "x", "y", [Curve("one", [(0, 0.0), (1, high)])]).svg()
    marks = re.findall(r'<text x="56" [^>]*>([^<]*)</text>', svg)
    assert len(marks) == len(set(marks)) > 2


def test_labels_are_turned_only_where_they_have_no_room() -> None:
    curve = [Curve("one", [(0, 1), (1, 2), (2, 3)])]
    assert "rotate(20)" not in Chart("Title", "x", "y", curve, labels=["1", "3", "9"]).svg()
    assert "rotate(20)" in Chart("Title", "x", "y", curve, labels=["one that is very long " * 2] * 3).svg()


def test_what_xml_does_not_have_leaves_a_chart_that_can_be_read() -> None:
    """Names come from files: a chart is XML whatever stands in them."""
    hostile = "a\x00\x07\x1b[31m\x0b\ufffe\uffff<b>&\"' 网络"
    chart = Chart(hostile, hostile, hostile, [Curve(hostile, [(0, 1), (1, 2)])], labels=[hostile, "b"])
    found = [each.text or "" for each in ElementTree.fromstring(chart.svg()).iter() if each.tag.endswith("text")]
    assert sum("<b>&\"' 网络" in text and "\ufffd" in text for text in found) >= 4


def test_names_of_guide_lines_that_are_close_stand_below_each_other() -> None:
    guides = [GuideLine("one", 0.989), GuideLine("other", 0.994), GuideLine("chance", 0.1)]
    text = Chart("Accuracy", "k", "accuracy", [Curve("a", [(0, 0.5), (1, 0.4)])], guides, percent=True).svg()
    at = {name: float(y) for y, name in re.findall(r'y="([\d.]+)" text-anchor="end">(one|other|chance)<', text)}
    assert at["one"] - at["other"] >= 11 and at["chance"] > at["one"]
