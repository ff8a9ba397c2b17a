"""The rooms of the canvas: what is drawn knows nothing of how it is painted or handled; the widget puts it together."""

from __future__ import annotations

import ast
from pathlib import Path

import networkx as nx

import blockstudio
from tests.support.source import tree

PACKAGE = Path(blockstudio.__file__).parent
CANVAS = PACKAGE / "gui" / "canvas"
PREFIX = "blockstudio.gui.canvas"
MAY_KNOW = {
    "scene": {"scene"}, "paint": {"scene", "paint"}, "hand": {"scene", "hand"}, "search": {"scene", "search"},
    "spoken": {"scene", "spoken"},
}  # fmt: skip
FILES = sorted(CANVAS.rglob("*.py"))


def module(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> set[str]:
    """Modules of the canvas that a file imports, under ``if TYPE_CHECKING`` and in functions too."""
    found: set[str] = set()
    known = {module(each) for each in FILES}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            found.update(name if name in known else str(node.module) for name in whole)
    return {name for name in found if name.startswith(PREFIX)}


def test_a_room_knows_only_those_below() -> None:
    for path in (path for path in FILES if path.parent.name in MAY_KNOW):
        rooms = {name.removeprefix(PREFIX).strip(".").partition(".")[0] for name in imports(path)}
        assert rooms <= MAY_KNOW[path.parent.name], path.name


def test_nothing_goes_round_in_a_circle() -> None:
    graph = nx.DiGraph((module(path), name) for path in FILES for name in imports(path))
    assert [circle for circle in nx.strongly_connected_components(graph) if len(circle) > 1] == []


def test_there_are_no_other_rooms() -> None:
    folders = {path.parent.name for path in FILES}
    assert folders == {"canvas", *MAY_KNOW}
    assert {path.name for path in CANVAS.glob("*.py")} == {
        "__init__.py", "annotation_commands.py", "canvas.py", "commands.py", "feature.py", "layout_commands.py",
        "tools.py",
    }  # fmt: skip
