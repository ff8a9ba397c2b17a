"""No module imports, by however many steps, one that imports it: not for types and not inside functions either."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import pytest

import blockstudio
from tests.support.source import imports

PACKAGE = Path(blockstudio.__file__).parent


def modules_known(path: Path, modules: set[str]) -> set[str]:
    """The modules of the package that a file imports anywhere."""
    found = {each.dotted if each.dotted in modules else each.module for each in imports(path)}
    return found & modules


@pytest.mark.xdist_group("catalogues")  # the code is read once
def test_there_is_no_circle_of_imports() -> None:
    paths = {
        ".".join(("blockstudio", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
        for path in PACKAGE.rglob("*.py")
    }
    graph = nx.DiGraph()
    for name, path in paths.items():
        graph.add_edges_from((name, other) for other in modules_known(path, set(paths)) - {name})
    circles = [sorted(circle) for circle in nx.strongly_connected_components(graph) if len(circle) > 1]
    assert circles == []
