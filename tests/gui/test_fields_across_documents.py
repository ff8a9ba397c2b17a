"""What was typed into a field and not yet sent off, when another document comes: it goes where it was meant to go,
never to a block of the same name elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from blockstudio.graph.format import dumps, save
from blockstudio.graph.presets import load_preset


@pytest.mark.parametrize("key", ["name", "out_channels", "repeat", "note"])
def test_a_typed_value_stays_with_its_document(open_window, qtbot, tmp_path: Path, key: str) -> None:
    files = [tmp_path / f"net{index}.blocks.json" for index in range(2)]
    for file in files:
        save(load_preset("resnet18"), file)
    window = open_window(files[1])
    window.documents.open_now(files[0])
    mine = window.documents.current
    theirs = next(document for document in window.documents.list if document is not mine)
    before = dumps(theirs.diagram)
    theirs.selection = ("conv1",)
    window.session.select(["conv1"])
    field = window.features.inspector.field(key)
    qtbot.waitUntil(field.isVisible)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "7")
    window.documents.turn_by(1)
    QApplication.processEvents()
    assert window.documents.current is theirs and dumps(theirs.diagram) == before
    assert dumps(mine.diagram) != before
