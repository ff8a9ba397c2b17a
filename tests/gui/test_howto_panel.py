"""The page on panels is done as it stands, in a copy of the tree: the tab is there, and its test passes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support import scratch
from tests.support.pages import DOCS, code

LOOK = """
import os, sys
from pathlib import Path
from blockstudio.gui.work import settings
settings.use_folder(Path("own"))
from blockstudio.gui.app.application import application
app = application(dark=False)
from blockstudio.gui.shell.window import StudioWindow
window = StudioWindow(Path("own"), remember=False)
window.documents.open_now("resnet34", None)
tabs = window.bottom.tabs
print("tabs:", *(tabs.tabText(index) for index in range(tabs.count())), sep="|")
window.desk.commands.run("view.depth")
print("now:", tabs.tabText(tabs.currentIndex()))
sys.stdout.flush()
os._exit(0)
"""


@pytest.mark.slow
def test_the_page_puts_a_tab_there(tmp_path: Path) -> None:
    tree = scratch.tree(tmp_path / "tree", "blockstudio/gui")
    (tree / "blockstudio/gui/depth").mkdir()
    (tree / "tests/gui").mkdir(parents=True)
    (tree / "own").mkdir()
    for block in code(DOCS / "add-a-panel.md"):
        name = re.fullmatch(r"`((?:blockstudio|tests)/[\w/]+\.py)`", block.before)
        assert name, f"no file stands before: {block.text[:60]}"
        (tree / name[1]).write_text(block.text, encoding="utf-8")
    said = scratch.python(tree, "-c", LOOK)
    assert "|Depth" in said and "now: Depth" in said, said
    done = scratch.python(tree, "-m", "pytest", "-p", "no:randomly", "-p", "no:xdist", "tests/gui/test_depth.py")
    assert "1 passed" in done
