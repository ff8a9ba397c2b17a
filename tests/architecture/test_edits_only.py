"""The diagram changes only through edits: nothing outside ``graph`` writes to a diagram, and what tries finds its
networkx graphs closed."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import networkx as nx
import pytest

import blockstudio
from blockstudio.graph.definition import Block
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import dumps
from tests.support.graph_samples import sample
from tests.support.source import tree

PACKAGE = Path(blockstudio.__file__).parent
MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if path.relative_to(PACKAGE).parts[0] != "graph"]

OF_NETWORKX = {
    "add_node", "add_nodes_from", "add_edge", "add_edges_from", "add_weighted_edges_from", "new_edge_key",
    "remove_node", "remove_nodes_from", "remove_edge", "remove_edges_from", "clear_edges", "set_node_attributes",
    "set_edge_attributes", "relabel_nodes", "contracted_nodes",
}  # fmt: skip
OF_DEFINITIONS = {"insert", "take", "put", "rename", "join", "cut", "_hold"}
"""What edits do to a `Definition`; the names mean other things elsewhere, so that the receiver counts."""
DEFINITION = re.compile(r"(^|[._])(definition|main|module|twin|copied|still)$|\.definition\(.*\)$|\.modules\[.*\]$")
OF_DICTS = {"update", "setdefault", "pop", "popitem", "clear"}
WRITES = OF_NETWORKX | OF_DEFINITIONS | OF_DICTS
ATTRIBUTES = {"main", "modules", "about", "description", "parameters", "graph", "history"}
DIAGRAM = re.compile(r"(^|[._])(diagram|definition|main|fitted|still|twin|copied|d)$|\.definition\(.*\)$")
CONTENTS = re.compile(
    r"(^|[._])(diagram|definition|main|still|twin)(\.graph)?\.(modules|about|parameters|nodes|graph)$"
)

NODES = re.compile(r"graph\.(nodes|edges)(\[.*\])?$")


def violations(module: ast.Module) -> list[str]:
    """The lines of a module that change a diagram behind the back of its edits."""
    found: list[str] = []
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            method = node.func.attr
            if method not in WRITES:
                continue
            receiver = ast.unparse(node.func.value)
            on_definition = method in OF_DEFINITIONS and DEFINITION.search(receiver)
            on_contents = method in OF_DICTS and CONTENTS.search(receiver)
            if method in OF_NETWORKX or on_definition or on_contents:
                found.append(ast.unparse(node))
        for target in _written(node):
            if isinstance(target, ast.Attribute):
                if target.attr in ATTRIBUTES and DIAGRAM.search(ast.unparse(target.value)):
                    found.append(ast.unparse(target))
            elif isinstance(target, ast.Subscript):
                holder = ast.unparse(target.value)
                if CONTENTS.search(holder) or NODES.search(holder):
                    found.append(ast.unparse(target))
    return found


def _written(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.Assign(targets=targets):
            return [each for target in targets for each in (target.elts if isinstance(target, ast.Tuple) else [target])]
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
            return [target]
        case ast.Delete(targets=targets):
            return targets
    return []


@pytest.mark.xdist_group("catalogues")  # the code is read once
def test_nothing_outside_graph_writes_to_a_diagram():
    assert {str(path.relative_to(PACKAGE)): found for path in MODULES if (found := violations(tree(path)))} == {}


@pytest.mark.parametrize(
    "source",
    [
        "found.main.graph.add_node(name, block=block)",
        "graph.nodes[name]['block'] = block",
        "self.session.diagram.definition(scope).graph.nodes[name]['block'] = block",
        "diagram.definition(scope).insert(name, block)",
        "definition.join(wire)",
        "copied.graph = source.graph.copy()",
        "still.modules[scope] = copied",
        "still.main = copied",
        "diagram.about.setdefault('preset', name)",
        "session.definition.parameters['n'] = 3",
        "nx.relabel_nodes(graph, names, copy=False)",
        "del diagram.modules[name]",
    ],
)
def test_the_rule_sees_what_it_forbids(source):
    assert len(violations(ast.parse(source))) == 1


def test_networkx_graphs_are_closed():
    d = sample()
    before = dumps(d)
    graph = d.main.graph
    for write in (
        lambda: graph.add_node("x"),
        lambda: graph.add_edge("input", "conv"),
        lambda: graph.remove_node("conv"),
        lambda: graph.remove_edges_from(list(graph.edges)),
        lambda: graph.clear(),
    ):
        with pytest.raises(nx.NetworkXError):
            write()
    with pytest.raises(TypeError):
        graph.nodes["conv"]["block"] = Block(type="ReLU")
    with pytest.raises(AttributeError):
        d.main.graph = nx.MultiDiGraph()
    assert dumps(d) == before


def test_a_graph_once_looked_at_shows_later_edits_and_its_copy_is_free():
    d = Diagram()
    graph = d.main.graph
    d.add("ReLU", "a")
    d.add("ReLU", "b")
    d.connect("a", "b")
    assert list(graph) == ["a", "b"] and list(graph.edges(keys=True)) == [("a", "b", ("out", "in"))]
    own = graph.copy()
    own.remove_node("a")
    assert "a" in d.main.graph
