"""*Import…*: a network by name and from a file, drawn by a process of its own; errors in place; cancelling."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from blockstudio.gui.importing.dialog import ImportDialog
from blockstudio.gui.shell.window import StudioWindow
from tests.support.hands import click

PATIENCE = 120_000


def _ask(window: StudioWindow, source: str) -> ImportDialog:
    window.desk.commands.run("file.import")
    dialog = window.features.importing.dialog
    assert dialog is not None and dialog.isVisible()
    dialog.source.clear()
    QTest.keyClicks(dialog.source, source)
    return dialog


@pytest.mark.slow  # two processes that load torch and torchvision
def test_a_network_by_name_is_opened_and_a_wrong_name_is_said_in_place(open_window, qtbot) -> None:
    window = open_window()
    dialog = _ask(window, "torchvision:squeezenet1_9")
    QTest.keyClicks(dialog.image, "3 64 64")
    QTest.keyClick(dialog.source, Qt.Key.Key_Return)
    assert dialog.busy and dialog.bar.isVisible() and not dialog.ok.isEnabled()
    qtbot.waitUntil(lambda: not dialog.busy, timeout=PATIENCE)
    assert dialog.isVisible() and "Did you mean squeezenet1_" in dialog.said.text()
    assert dialog.said.property("role") == "problem"
    dialog.source.setText("torchvision:squeezenet1_1")
    with qtbot.waitSignal(dialog.drawn, timeout=PATIENCE):
        click(dialog.ok)
    assert not dialog.isVisible()
    document = window.documents.current
    assert document.diagram.name == "squeezenet1_1" and document.dirty and document.file is None
    assert "1 definition." in window.toasts.texts[0] and "Equal to the original" in window.toasts.texts[0]


def test_a_file_that_is_dropped_stands_in_the_dialog_and_can_be_given_up(open_window, tmp_path: Path, qtbot) -> None:
    window = open_window()
    file = tmp_path / "net.pt2"
    file.write_bytes(b"no archive")
    next(opener for opener in window.desk.openers if opener.accepts(file)).open(file)
    dialog = window.features.importing.dialog
    assert dialog is not None and not dialog.image.isEnabled()
    click(dialog.ok)
    assert dialog.busy
    click(dialog.cancel)
    assert not dialog.busy and not dialog.isVisible()
    assert len(window.documents.list) == 1
