"""A run that ended at chance is shown in green nowhere, and is told with what to try."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget

from blockstudio.gui.kit.theme import theme
from tests.support.hands import click
from tests.support.made_runs import made_run


def greens(widget: QWidget) -> int:
    """Pixels of the colour of what went well."""
    image, good = widget.grab().toImage(), theme().good.rgb()
    return sum(image.pixel(x, y) == good for x in range(image.width()) for y in range(image.height()))


@pytest.mark.parametrize(("accuracy", "learnt"), [(0.11, False), (0.83, True)])
def test_a_run_that_learnt_nothing_is_not_green(
    open_window, qtbot, own_folder: Path, accuracy: float, learnt: bool
) -> None:
    made_run(own_folder / "runs" / "three-20260131-142501", test=accuracy)
    window = open_window("cifar_resnet")
    window.desk.show_page("run")
    panel = window.features.training.panel
    qtbot.waitUntil(lambda: panel.list.count() == 1)
    click(panel.list.viewport(), panel.list.visualItemRect(panel.list.item(0)).center())
    qtbot.waitUntil(lambda: panel.figures.figures.figure("test accuracy") == f"{100 * accuracy:.1f} %")
    assert panel.figures.figures.figure("validation accuracy") == "90.0 %"
    assert ("Try more epochs" in panel.figures.trouble.text()) is panel.figures.trouble.isVisible() is not learnt
    assert (greens(panel.figures.figures) > 0) is learnt
    assert (greens(panel.list) > 0) is learnt
    window.desk.show_screen("runs")
    page = window.features.runs.page
    qtbot.waitUntil(lambda: page.store.complete and len(page.model.rows) == 1)
    assert (greens(page.view.viewport()) > 0) is learnt
