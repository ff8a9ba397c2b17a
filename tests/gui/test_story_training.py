"""A person opens ResNet-34, trains it on real digits, watches the curves, pauses, resumes and stops."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt

from tests.support.hands import click, press_key, type_into

PATIENCE = 120_000


def test_resnet34_is_trained_paused_resumed_and_stopped(open_window, qtbot) -> None:
    window = open_window("resnet34")
    trainer, bottom = window.features.training.trainer, window.bottom
    # A narrow ResNet-34, so that a machine without a GPU shows something within seconds.
    type_into(window.features.inspector.field("width"), "8")
    click(bottom.tabs, bottom.tabs.tabRect(1).center())
    for path, text in (("data.input_size", "32"), ("steps", "3000"), ("batch_size", "32"), ("optimizer.lr", "0.03")):
        type_into(window.features.training.recipe.fields[path], text)
    assert trainer.recipe.steps == 3000 and trainer.recipe.optimizer.lr == 0.03

    click(window.features.training.bar.train)
    qtbot.waitUntil(lambda: trainer.state == "running" and trainer.data.steps.size >= 3, timeout=PATIENCE)
    try:
        assert bottom.page == "run"
        assert any("Digits" in text for text in window.toasts.texts), "what was fitted to the data is said"
        qtbot.waitUntil(lambda: window.features.training.panel.curves is not None)
        curves = window.features.training.panel.curves
        seen = [each.chart.lines[0].x.size for each in curves.charts]
        qtbot.waitUntil(lambda: [each.chart.lines[0].x.size for each in curves.charts] > seen, timeout=PATIENCE)
        qtbot.waitUntil(lambda: learned(trainer.data.steps["accuracy"]), timeout=PATIENCE)
        assert window.features.training.bar.train.text() == "Pause"

        click(window.features.training.bar.train)
        qtbot.waitUntil(lambda: window.features.training.bar.train.text() == "Resume", timeout=PATIENCE)
        assert trainer.data.status == "paused"
        assert "paused" in window.features.training.panel.figures.title.text()
        paused_at = trainer.data.state.step

        click(window.features.training.bar.train)
        qtbot.waitUntil(
            lambda: trainer.data.status == "running" and trainer.data.state.step > paused_at, timeout=PATIENCE
        )
    finally:
        press_key(window, Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)
        qtbot.waitUntil(lambda: not trainer.data.active, timeout=PATIENCE)
    assert trainer.data.status == "stopped"
    qtbot.waitUntil(lambda: window.features.training.bar.train.text() == "Train", timeout=PATIENCE)
    assert not window.features.training.bar.stop.isVisible()
    qtbot.waitUntil(lambda: [row.state.status for row in trainer.runs] == ["stopped"], timeout=PATIENCE)


def learned(accuracy: np.ndarray) -> bool:
    """The last batches are clearly better than the first."""
    return accuracy.size >= 12 and accuracy[-4:].mean() > accuracy[:4].mean() + 0.2


def test_a_run_that_is_still_being_made_is_stopped(open_window, qtbot) -> None:
    """Both buttons are pressed before the run is there: it has a trainer, which stops at once."""
    window = open_window("cifar_resnet")
    trainer, bar = window.features.training.trainer, window.features.training.bar
    assert trainer.set_fields({"steps": 100_000, "data.input_size": 8})
    click(bar.train)
    assert trainer.starting and trainer.data is None and bar.stop.isEnabled()
    click(bar.stop)
    assert bar.stop.text() == "Stopping after this step…" and not bar.stop.isEnabled()
    qtbot.waitUntil(lambda: trainer.data is not None and trainer.data.status == "stopped", timeout=PATIENCE)
    qtbot.waitUntil(lambda: trainer.asked == "", timeout=PATIENCE)  # its last word may be there before it has gone
    assert trainer.data.state.step < 100_000
    qtbot.waitUntil(lambda: bar.train.text() == "Train", timeout=PATIENCE)
