"""Blocks of a package that is not installed, in the window: drawn, explained, kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from blockstudio.graph.format import dumps
from tests.support.hands import press_key
from tests.support.packages import FILE, PACKAGE, install, python

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(open_window, tmp_path: Path):
    path = tmp_path / "foreign.blocks.json"
    path.write_text(FILE, encoding="utf-8")
    return open_window(path)


def test_its_card_is_drawn_and_the_inspector_says_what_to_install(window) -> None:
    drawing = window.canvas.scene.root.drawing
    assert not drawing.is_module("power") and drawing.is_module("wide")
    facts = window.canvas.scene.root.facts
    assert facts.content("power").line == "Power p, True" and facts.severity("power") == "error"
    assert facts.content("gate").line == "Gate" and facts.content("conv").line == "3×3, 4"
    window.session.select(["power"])
    page = window.features.inspector.page
    text = page.fields["missing"].text()
    assert f"pip install {PACKAGE}" in text and "exponent: p" in text and "signed: True" in text
    assert not window.grab().isNull()


def test_it_is_moved_undone_and_saved_as_it_was(window) -> None:
    session = window.session
    file = session.file
    session.select(["power"])
    session.delete_selection()
    session.undo()
    session.diagram.move("power", 50, 60)
    session.undo()
    press_key(window.canvas, Qt.Key.Key_S, CONTROL)
    assert file.read_text(encoding="utf-8") == FILE


@pytest.mark.slow
def test_a_package_that_fails_is_a_note_in_the_window(tmp_path: Path) -> None:
    script = (
        "from blockstudio.gui.app.application import application, tell_packages\n"
        "from blockstudio.gui.shell.window import StudioWindow\n"
        "from blockstudio.gui.work import settings\n"
        "from pathlib import Path\n"
        f"settings.use_folder(Path({str(tmp_path / 'own')!r}))\n"
        "app = application()\n"
        "window = StudioWindow()\n"
        "tell_packages(window)\n"
        "print(*window.toasts.texts, sep='|')\n"
        "window.stop()\n"
    )
    done = python("-c", script, path=install(tmp_path / "site", "import no_such_module_anywhere"))
    assert done.returncode == 0, done.stderr
    (note,) = done.stdout.strip().split("|")
    assert note.startswith(f"the block types of the package {PACKAGE} cannot be loaded (ModuleNotFoundError")


def test_it_goes_over_the_clipboard_with_its_package(window) -> None:
    session = window.session
    session.select(["power", "gate"])
    press_key(window.canvas, Qt.Key.Key_C, CONTROL)
    press_key(window.canvas, Qt.Key.Key_V, CONTROL)
    (pasted,) = [name for name, block in session.definition.blocks() if block.type == "Power" and name != "power"]
    assert session.definition.block(pasted).parameters == {"exponent": "p", "signed": True}
    press_key(window.canvas, Qt.Key.Key_N, CONTROL)
    press_key(window.canvas, Qt.Key.Key_V, CONTROL)
    assert f'"Gate": {{"package": "{PACKAGE}", "inputs": ["value", "gate"]}}' in dumps(window.session.diagram)
