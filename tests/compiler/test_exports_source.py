"""The exported file of every preset: alone with torch, formatted, no longer than a person would write it."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from blockstudio.compiler import source
from blockstudio.compiler.printer import WIDTH
from blockstudio.graph.presets import load_preset, preset_names
from tests.support.alone import alone_equals_compiled
from tests.support.export_cases import small

QUICK = ["cifar_resnet", "nin_cifar10", "module_inception", "googlenet", "resnet18"]


@pytest.mark.slow
def test_exported_files_run_alone(tmp_path: Path) -> None:
    alone_equals_compiled({name: small(name) for name in QUICK}, tmp_path)


@pytest.mark.slow
def test_every_exported_file_runs_alone(tmp_path: Path) -> None:
    alone_equals_compiled({name: small(name) for name in preset_names() if name not in QUICK}, tmp_path)


def test_a_formatter_finds_nothing_to_do(tmp_path: Path) -> None:
    for name in preset_names():
        (tmp_path / f"{name}.py").write_text(source(load_preset(name)), encoding="utf-8")
    # E741: the papers call a parameter l.
    for command in (
        ["format", "--check", "--diff"],
        ["check", "--select", "E,F,I,B,UP,SIM,RET,PIE", "--ignore", "E741"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", "--line-length", str(WIDTH), str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def lines_of_code(text: str, keep: Callable[[ast.stmt], bool]) -> int:
    """Lines of the classes and functions kept, without docstrings, comments and blank lines."""
    counted: set[int] = set()
    for definition in filter(keep, ast.parse(text).body):
        counted |= set(range(definition.lineno, (definition.end_lineno or 0) + 1))
        for node in ast.walk(definition):
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
                counted -= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    lines = text.splitlines()
    return sum(bool(code) and not code.startswith("#") for code in (lines[number - 1].strip() for number in counted))


@pytest.mark.parametrize(
    ("preset", "original", "unused"),
    [
        ("googlenet_torchvision", "googlenet", ()),
        ("inception_v3", "inception", ()),
        ("resnet50", "resnet", ("BasicBlock", "conv3x3", "conv1x1")),
    ],
)
def test_exported_source_is_as_short_as_a_person_s(preset: str, original: str, unused: tuple[str, ...]) -> None:
    def is_module(node: ast.stmt) -> bool:
        return (
            isinstance(node, ast.ClassDef) and node.name not in unused and "nn.Module" in map(ast.unparse, node.bases)
        )

    theirs = lines_of_code(inspect.getsource(importlib.import_module(f"torchvision.models.{original}")), is_module)
    ours = lines_of_code(
        source(load_preset(preset)), lambda node: isinstance(node, ast.ClassDef | ast.FunctionDef | ast.Assign)
    )
    assert theirs > 100
    assert ours <= 1.5 * theirs
