"""Sentences that a person can see are texts: errors, refusals, problems and fixes hold no bare words."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import blockstudio
from tests.support.source import tree

PACKAGE = Path(blockstudio.__file__).parent
SAID = {"StudioError": ((1,), ("message", "hint")), "Refusal": ((1,), ("hint",)), "Issue": ((1,), ("hint",)),
        "Fix": ((0,), ("label",))}  # fmt: skip
"""Which arguments are sentences, by place and by name."""
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "text.py")


def bare(path: Path) -> list[str]:
    """Arguments that are words in quotes and no `say`."""
    found: list[str] = []
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in SAID:
            continue
        places, names = SAID[node.func.id]
        said = [node.args[place] for place in places if place < len(node.args)]
        said += [keyword.value for keyword in node.keywords if keyword.arg in names]
        found += [f"{path.name}:{each.lineno}: {ast.unparse(each)}" for each in said if is_bare(each)]
    return found


def is_bare(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=str() as words):
            return bool(re.search("[A-Za-z]{2}", words))
        case ast.JoinedStr(values=parts):
            return any(isinstance(part, ast.Constant) and re.search("[A-Za-z]{2}", part.value) for part in parts)
        case ast.BinOp(left=left, right=right):
            return is_bare(left) or is_bare(right)
        case ast.IfExp(body=body, orelse=other):
            return is_bare(body) or is_bare(other)
    return False


@pytest.mark.xdist_group("catalogues")  # the code is read once
def test_no_error_is_told_in_bare_words() -> None:
    assert [each for path in FILES for each in bare(path)] == []


def test_bare_words_are_found() -> None:
    for text, wanted in (
        ('StudioError("a", "no such block")', True), ('StudioError("a", f"no {x}")', True),
        ('StudioError("a", say("no such block"), hint="Add it.")', True), ('Fix("Add " + name, ())', True),
        ('StudioError("a", say("x") if b else "no block")', True), ('StudioError("a", message, where="conv1")', False),
        ('Refusal("shape.rank", say("no map"), hint=say("Flatten."))', False), ('Fix(label, ())', False),
    ):  # fmt: skip
        call = ast.parse(text).body[0]
        assert isinstance(call, ast.Expr) and isinstance(call.value, ast.Call)
        places, names = SAID[ast.unparse(call.value.func)]
        said = [call.value.args[place] for place in places]
        said += [keyword.value for keyword in call.value.keywords if keyword.arg in names]
        assert any(map(is_bare, said)) is wanted, text
