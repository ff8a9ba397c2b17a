"""Whatever people write, emitted source says it in its docstrings and does nothing else with it."""

from __future__ import annotations

import ast
import inspect
from itertools import pairwise

import pytest

from blockstudio.blocks import Parameter
from blockstudio.compiler import compile, source
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import dumps, loads

TEXTS = [
    '"""', 'ends in """', '""""', '"""""', '""" + evil() + """', 'a "quoted" word', 'ends in "', '"', '" "" """ """"',
    "'''", "\\", "ends in \\", '\\"""', '\\\\"', '\\"', "\\N{BEL}\\x00\\u0041\\", "{braces} {0} {{}} %s %(x)d $y",
    "\n\nparagraphs\n\n\nmore\n\n", "   ", "", "\ttab\rreturn\x0bvertical\x0cform\x85next\u2028line\u2029end",
    "null \x00 bell \x07 escape \x1b[31m", "# coding: latin-1", "x" * 190, '"' * 190, "\\" * 189, '" ' * 90,
    "ünïcødé 网络 🧠 \u202eright to left\u202c", "\ufeffmark \u200bzero", "import os\nos.system('true')\n    indented",
    'f"{__import__(chr(111))}" if True else """',
]  # fmt: skip
assert len(TEXTS) == 31


def drawn(name: str = "Net") -> Diagram:
    diagram = Diagram(name)
    diagram.module("Part", {"mode": Parameter(kind="text", default="a"), "n": 2})
    for scope, kind in (("Part", "Conv2d"), ("", "Part")):
        given = {"out_channels": "n", "kernel_size": 1} if kind == "Conv2d" else {}
        diagram.add("Input", "input", scope=scope, **({} if scope else {"shape": [3, 8, 8]}))
        diagram.add(kind, "one", scope=scope, **given)
        diagram.add(kind, "two", scope=scope, **given)
        diagram.add("Output", "output", scope=scope)
        for start, end in pairwise(["input", "one", "two", "output"]):
            diagram.connect(start, end, scope=scope)
    return diagram


def said(text: str) -> list[str]:
    """The words of a text as far as they can be printed."""
    return "".join(char if char.isprintable() else " " for char in text).split()


@pytest.mark.parametrize("index", range(len(TEXTS)))
def test_any_text_in_every_place(index: int) -> None:
    hostile = TEXTS[index]
    diagram = drawn(hostile)
    diagram.main.description = hostile
    diagram.modules["Part"].description = hostile
    diagram.about = {"paper": hostile, hostile or "empty": hostile}
    diagram.add("Identity", "noted", note=hostile)
    diagram.set("one", mode=hostile, n=3)
    text = source(diagram)
    tree = ast.parse(text)
    part = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Part")
    network = tree.body[-1]
    assert isinstance(network, ast.ClassDef)
    for node in (part, network):
        assert (ast.get_docstring(node) or "").split() == said(hostile)
    heading = (ast.get_docstring(tree) or "").split()
    assert heading[: len(said(hostile + "."))] == said(hostile + ".")
    assert len(text.encode()) < 20_000
    model = compile(diagram)
    assert len(list(model.parameters())) == 8
    assert inspect.getsource(type(model).__init__) in text
    assert source(loads(dumps(diagram))) == text


def test_a_switch_that_is_text_and_differs_is_written_as_a_literal() -> None:
    for hostile in TEXTS:
        diagram = drawn()
        diagram.add("ReLU", "last", scope="Part", bypass="mode == 'a'")
        diagram.disconnect("two", "output", scope="Part")
        diagram.connect("two", "last", scope="Part")
        diagram.connect("last", "output", scope="Part")
        diagram.set("one", mode=hostile)
        tree = ast.parse(source(diagram))
        literals = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
        assert hostile in literals
        compile(diagram)


@pytest.mark.parametrize(
    "name",
    [
        "class",
        "None",
        "self",
        "torch",
        "nn",
        "F",
        "Net",
        "print",
        "__init__",
        "__class__",
        "super",
        "a.b.c",
        "a.0",
        "_",
        "i",
    ],
)
def test_names_that_mean_something_to_python(name: str) -> None:
    diagram = drawn()
    for act in (
        lambda: diagram.rename("one", name),
        lambda: diagram.rename("one", name, scope="Part"),
        lambda: diagram.rename_module("Part", name),
    ):
        try:
            act()
        except StudioError as refused:
            assert refused.code == "diagram.name"
    compile(diagram)


@pytest.mark.parametrize("name", TEXTS)
def test_the_text_of_a_network_s_name_is_no_name_of_python(name: str) -> None:
    diagram = drawn(name)
    network = ast.parse(source(diagram)).body[-1]
    assert isinstance(network, ast.ClassDef) and network.name.isidentifier() and network.name.isascii()
    assert compile(diagram)
