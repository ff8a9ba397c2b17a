"""No module imports, by however many steps, one that imports it: not for types and not inside functions either."""

from __future__ import annotations

import ast
from pathlib import Path

import networkx as nx

import blockstudio
from tests.support.source import tree

PACKAGE = Path(blockstudio.__file__).parent


def imports(path: Path, modules: set[str]) -> set[str]:
    """The modules of the package that a file imports anywhere."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            found.update(name if name in modules else node.module for name in names)
    return found & modules


def test_there_is_no_circle_of_imports() -> None:
    paths = {
        ".".join(("blockstudio", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
        for path in PACKAGE.rglob("*.py")
    }
    graph = nx.DiGraph()
    for name, path in paths.items():
        graph.add_edges_from((name, other) for other in imports(path, set(paths)) - {name})
    circles = [sorted(circle) for circle in nx.strongly_connected_components(graph) if len(circle) > 1]
    assert circles == []
