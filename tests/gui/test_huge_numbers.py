"""A network whose counts pass every machine number leaves the window usable."""

from __future__ import annotations

import pytest

from blockstudio.analysis.costs import COSTS
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import save
from tests.support.hands import click, type_into


def chain(count: int) -> Diagram:
    """``count`` depthwise convolutions, each with 1024 times the channels of the one before it."""
    diagram = Diagram("huge")
    diagram.add("Input", "input", shape=[3, 32, 32])
    before = "input"
    for index in range(count):
        diagram.add("DepthwiseConv2d", f"conv{index}", depth_multiplier=1024, kernel_size=3, padding=1)
        diagram.connect(before, f"conv{index}")
        before = f"conv{index}"
    return diagram


@pytest.mark.parametrize("count", [6, 110, pytest.param(1500, marks=pytest.mark.slow)])
def test_numbers_without_end_leave_the_window_usable(open_window, qtbot, tmp_path, count: int) -> None:
    file = tmp_path / "huge.blocks.json"
    save(chain(count), file)
    window = open_window(file)
    session, canvas, inspector = window.session, window.canvas, window.features.inspector

    def shows(key: str) -> None:
        qtbot.waitUntil(lambda: inspector.field(key).isVisible())

    last = f"conv{count - 1}"
    for metric in COSTS:
        session.metric = metric
        assert not canvas.grab().isNull() and not canvas.fault
    session.select([last])
    canvas.reveal(last)
    assert not canvas.grab().isNull() and not canvas.fault
    shows("depth_multiplier")
    window.desk.show_page("table")
    qtbot.waitUntil(lambda: not window.features.tables.page.busy)
    window.grab()
    session.select(["input"])
    shows("shape")
    session.select(["conv0", last])
    shows("depth_multiplier")
    session.select(["conv0"])
    type_into(inspector.field("depth_multiplier"), "2")
    assert session.diagram.main.block("conv0").parameters["depth_multiplier"] == 2
    session.select([])
    shows("name")
    window.documents.open_now("resnet18")
    session.select(["conv1"])
    shows("out_channels")
    assert not canvas.grab().isNull() and not canvas.fault
    click(window.top.tabs, window.top.tabs.tabRect(0).center())
    assert session.diagram.name == "huge" and not canvas.grab().isNull() and not canvas.fault
