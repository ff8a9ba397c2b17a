"""Whoever forgives JSON that cannot be read forgives what is nested too deeply, too: Python says that otherwise."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import blockstudio
from tests.support.source import tree

PACKAGE = Path(blockstudio.__file__).parent
READERS = {"json.loads", "json.load", "msgspec.json.decode"}
FAULTS = {"ValueError", "JSONDecodeError", "DecodeError", "MsgspecError"}
ENOUGH = {"RecursionError", "RuntimeError", "Exception"}
OWN = {"training/survey/serve.py"}
"""What these read was written by this program a moment ago."""


def forgetful(module: ast.Module) -> list[int]:
    """Lines where JSON is read, its faults are caught and a deep nesting is not."""
    found = []
    for node in ast.walk(module):
        if not isinstance(node, ast.Try):
            continue
        inside = [each for part in node.body for each in ast.walk(part)]
        reads = [each.lineno for each in inside if isinstance(each, ast.Call) and ast.unparse(each.func) in READERS]
        caught = {
            name.id if isinstance(name, ast.Name) else name.attr
            for handler in node.handlers if handler.type is not None
            for name in ast.walk(handler.type) if isinstance(name, ast.Name | ast.Attribute)
        }  # fmt: skip
        if reads and caught & FAULTS and not caught & ENOUGH:
            found += reads
    return found


def test_whoever_reads_json_is_not_surprised_by_its_depth() -> None:
    files = [path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).as_posix() not in OWN]
    found = {path.name: lines for path in files if (lines := forgetful(tree(path)))}
    assert len(files) > 500 and not found


@pytest.mark.parametrize(
    ("caught", "lines"),
    [
        ("ValueError", [2]),
        ("(OSError, json.JSONDecodeError)", [2]),
        ("(ValueError, RecursionError)", []),
        ("OSError", []),
    ],
)
def test_the_rule_sees_what_it_forbids(caught: str, lines: list[int]) -> None:
    assert forgetful(ast.parse(f"try:\n    x = json.loads(y)\nexcept {caught}:\n    pass")) == lines
