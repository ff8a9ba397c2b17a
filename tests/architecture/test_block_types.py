"""One declaration a block type: nobody else asks for a type by name."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import blockstudio
from blockstudio.blocks import CATALOGUE, ENDS
from tests.support.source import tree

PACKAGE = Path(blockstudio.__file__).parent
AT_HOME = ("blocks", "analysis/fixes", "analysis/refactorings", "analysis/hints")
"""Where types are declared, and where fixes, refactorings and hints are made of them."""
NAMED_TOO = {"gui/kit/glyphs.py", "graph/operations/torch_calls.py"}
"""Drawings of types, of which a new one needs none, and the names of `torch.nn`, which are read from text."""


def named(module: ast.Module) -> list[str]:
    """Texts in a file that are the name of a block type."""
    return [node.value for node in ast.walk(module) if isinstance(node, ast.Constant) and node.value in CATALOGUE]


@pytest.mark.xdist_group("catalogues")  # the code is read once
def test_no_block_type_is_named_outside_its_declaration() -> None:
    found: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE).as_posix()
        if place not in NAMED_TOO and not place.startswith(tuple(f"{home}/" for home in AT_HOME)):
            names = named(tree(path))
            if names:
                found[place] = names
    assert found == {}, "ask for a trait of BlockType, or use the constants INPUT, OUTPUT and AUX_OUTPUT"


def test_a_name_is_seen_wherever_it_stands() -> None:
    assert named(ast.parse("WEIGHTED = ('Conv2d', 'ReLU')\nmatch x:\n    case 'Add':\n        pass")) == [
        "Conv2d",
        "ReLU",
        "Add",
    ]
    assert named(ast.parse("def f():\n    '''An Add and a Conv2d.'''\n    return {'adds': 1}")) == []


def test_a_built_in_type_takes_one_file() -> None:
    # Every file of the folder is read; what is common to all types names none of those that declare some.
    folder = PACKAGE / "blocks"
    declaring = {path.stem for path in folder.glob("*.py") if "\n@block_type\n" in path.read_text(encoding="utf-8")}
    assert len(declaring) >= 7
    for common in ("__init__", "base", "parameters", "absent", "packages"):
        found = tree(folder / f"{common}.py")
        modules = {node.module for node in ast.walk(found) if isinstance(node, ast.ImportFrom) and node.module}
        assert not {module.rsplit(".")[-1] for module in modules} & declaring, common
        assert not [name for name in named(ast.parse(ast.unparse(found))) if name not in ENDS], common
