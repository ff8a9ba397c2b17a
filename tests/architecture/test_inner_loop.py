"""The inner loop is what it is said to be: it names what there is, and nothing in it is slow to start."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.run import NOT_QUICK, QUICK, ROOT
from tests.support.source import tree

SLOW_TO_START = {"torch", "torchvision", "onnx", "PySide6", "subprocess", "pytestqt"}


def _files() -> list[Path]:
    named = [ROOT / name for name in QUICK]
    return [file for path in named for file in (sorted(path.rglob("test_*.py")) if path.is_dir() else [path])]


def test_it_names_what_there_is() -> None:
    assert [name for name in QUICK if not (ROOT / name).exists()] == []
    for node in NOT_QUICK:
        file, _, test = node.partition("::")
        assert file in QUICK
        functions = {item.name for item in tree(ROOT / file).body if isinstance(item, ast.FunctionDef)}
        assert test in functions, node


def test_what_is_slow_to_start_is_left_out() -> None:
    for file in _files():
        for item in tree(file).body:
            node = f"{file.relative_to(ROOT).as_posix()}::{getattr(item, 'name', '')}"
            if not isinstance(item, ast.FunctionDef) or not item.name.startswith("test_") or node in NOT_QUICK:
                continue
            names = {child.value.id for child in ast.walk(item) if _names_a_module(child)}
            names |= {child.args[0].value for child in ast.walk(item) if _skips_without(child)}
            assert not names & SLOW_TO_START, f"{node} uses {names & SLOW_TO_START}: name it in NOT_QUICK"


def _names_a_module(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)


def _skips_without(node: ast.AST) -> bool:
    named = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "importorskip"
    return named and bool(node.args) and isinstance(node.args[0], ast.Constant)


def test_it_is_the_command_that_contributors_are_told() -> None:
    assert ".venv/bin/python tests/run.py --quick`" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
