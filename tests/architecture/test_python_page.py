"""What the page on Python says: its code runs in order as it stands, and gives what stands beside it."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

import blockstudio as bs
from blockstudio.graph.expressions import parse
from tests.support.pages import DOCS, code

PAGE = DOCS / "python.md"
TEXT = PAGE.read_text(encoding="utf-8")


def run(text: str, names: dict[str, Any]) -> None:
    """Execute a block of the page. The value of an expression with a comment must be what the comment begins with."""
    lines = text.splitlines()
    for node in ast.parse(text).body:
        _, mark, comment = lines[node.end_lineno - 1].partition("  # ")
        if isinstance(node, ast.Expr) and mark and not isinstance(node.value, ast.Call):
            value = eval(compile(ast.Expression(node.value), str(PAGE), "eval"), names)  # noqa: S307 - our own page
            wanted = repr(value)[1:-1] if isinstance(node.value, ast.Tuple) else repr(value)
            assert re.match(re.escape(wanted) + r"(:| when |$)", comment), f"{lines[node.lineno - 1]}: found {value!r}"
        else:
            exec(compile(ast.Module([node], []), str(PAGE), "exec"), names)  # noqa: S102 - our own page


def test_the_blocks_run_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in code(PAGE):
        run(block.text, names)
    out = capsys.readouterr().out
    for said in re.findall(r"^ +print\(.*\)  # (.*)$", TEXT, flags=re.MULTILINE):
        assert said in out, said
    assert "class Tiny(nn.Module)" in out


def test_calls_named_on_the_page_take_what_they_are_given() -> None:
    calls = re.findall(r"`(bs\.\w+\([^`]*\))`", TEXT)
    assert {call.split("(")[0].removeprefix("bs.") for call in calls} == set(bs.__all__) - {
        "Analysis", "Diagram", "StudioError"
    }  # fmt: skip
    for call in calls:
        node = ast.parse(call, mode="eval").body
        assert isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        known = inspect.signature(getattr(bs, node.func.attr)).parameters
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values()):
            assert {keyword.arg for keyword in node.keywords} <= set(known), call


def test_modules_ports_and_repeats_as_told() -> None:
    d = bs.Diagram("told")
    d.module("Branch", {"width": 16})
    d.add("Input", "input", scope="Branch")
    d.add("Conv2d", "conv", scope="Branch", out_channels="width", kernel_size=1)
    d.add("Output", "output", scope="Branch")
    d.connect("input", "conv", scope="Branch")
    d.connect("conv", "output", scope="Branch")
    d.add("Input", "a", shape=[3, 8, 8])
    d.add("Branch", "branch1", width=32)
    d.add("Branch", "chain", repeat=4)
    d.add("Concat", "cat")
    d.connect("a", "branch1")
    d.connect("branch1", "chain")
    d.connect("a", "cat:1")
    d.connect("chain", "cat:0")
    report = bs.analyze(d)
    assert report.blocks["branch1"].output_shape == (32, 8, 8)
    assert report.blocks["chain"].copies == 4
    assert report.blocks["cat"].output_shape == (16 + 3, 8, 8)


def test_an_expression_knows_what_the_page_says() -> None:
    told = TEXT.split("A parameter's value may be an expression")[1].split("\n\n")[0]
    for text in re.findall(r"`\"(.*?)\"`", told):
        parse(text)
    for operator in re.search(r"numbers, `([^`]*)`", told)[1].split():  # type: ignore[index]
        parse(f"3 {operator} 2")
    for function in re.search(r"`(min[\w\s]*)`", told)[1].split():  # type: ignore[index]
        parse(f"{function}(3, 2)" if function in ("min", "max") else f"{function}(3)")


def test_declared_numbers_stay_arguments_and_switches_are_decided_in_the_text() -> None:
    option_a, option_b = (bs.source(bs.load("resnet34", shortcut=option)) for option in "AB")
    for text in (option_a, option_b):
        assert "class ResNet34(nn.Module)" in text and "num_classes: int = 1000" in text
        names = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
        assert "width" in names and "shortcut" not in names
    assert "ShortcutA(" in option_a and "ShortcutA(" not in option_b
