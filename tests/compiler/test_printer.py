"""Python text from trees: it means the same however it is broken, and ruff would not change it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockstudio.compiler import source
from blockstudio.compiler.printer import WIDTH, atom, constant, lay_out, text_of
from blockstudio.graph.presets import load_preset

LEAVES = st.one_of(
    st.sampled_from(["planes", "in_channels", "a_rather_long_parameter_name", "stride"]).map(
        lambda name: ast.Name(name, ast.Load())
    ),
    st.one_of(st.integers(0, 4096), st.booleans(), st.sampled_from([0.5, 1e-5]), st.text(max_size=5)).map(
        lambda value: ast.Constant(value)
    ),
)
OPERATORS = [ast.Add(), ast.Sub(), ast.Mult(), ast.Div(), ast.FloorDiv(), ast.Mod(), ast.Pow()]
COMPARISONS = [ast.Eq(), ast.NotEq(), ast.Lt(), ast.LtE(), ast.Gt(), ast.GtE()]


def grown(inner: st.SearchStrategy[ast.expr]) -> st.SearchStrategy[ast.expr]:
    return st.one_of(
        st.builds(ast.BinOp, inner, st.sampled_from(OPERATORS), inner),
        st.builds(ast.UnaryOp, st.sampled_from([ast.Not(), ast.USub()]), inner),
        st.builds(ast.BoolOp, st.sampled_from([ast.And(), ast.Or()]), st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda a, op, b: ast.Compare(a, [op], [b]), inner, st.sampled_from(COMPARISONS), inner),
        st.builds(ast.IfExp, inner, inner, inner),
        st.builds(
            lambda args, words: ast.Call(
                ast.parse("nn.Conv2d", mode="eval").body, args, [ast.keyword(f"k{i}", w) for i, w in enumerate(words)]
            ),
            st.lists(inner, max_size=3),
            st.lists(inner, max_size=3),
        ),
        st.builds(lambda items: ast.Tuple(items, ast.Load()), st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda items: ast.Dict([ast.Constant(str(i)) for i in range(len(items))], items), st.lists(inner)),
    )


TREES = st.recursive(LEAVES, grown, max_leaves=25)


def meaning(text: str) -> str:
    return ast.unparse(ast.parse(text))


@given(TREES)
def test_a_line_means_what_the_tree_means(tree: ast.expr) -> None:
    assert meaning(text_of(tree)) == meaning(ast.unparse(tree))
    assert meaning(f"{atom(tree)} ** y") == meaning(f"({ast.unparse(tree)}) ** y")


@given(TREES, st.sampled_from(["x = ", "self.conv1 = ", "return ", "x += "]), st.sampled_from([8, 40, 80]))
def test_broken_lines_mean_what_the_tree_means(tree: ast.expr, before: str, indent: int) -> None:
    lines = lay_out(tree, indent, before)
    assert meaning("if 1:\n" + "\n".join(lines)) == meaning(f"if 1:\n    {before}{ast.unparse(tree)}")
    if len(lines) == 1:
        whole = " " * indent + before + text_of(tree)
        assert len(whole) <= WIDTH or isinstance(tree, ast.Name | ast.Constant | ast.UnaryOp | ast.Call | ast.Tuple)


@given(st.text())
def test_texts_are_literals_of_themselves(text: str) -> None:
    assert ast.literal_eval(constant(text)) == text


@pytest.mark.parametrize("name", ["resnet50", "googlenet", "inception_v3", "wide_resnet", "googlenet_tfslim"])
def test_ruff_would_not_change_emitted_source(name: str, tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text(source(load_preset(name)), encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff"]
    options = ["--isolated", "--line-length", str(WIDTH), str(path)]
    formatted = subprocess.run([*ruff, "format", "--diff", *options], capture_output=True, text=True, check=False)
    assert formatted.returncode == 0, formatted.stdout + formatted.stderr
    linted = subprocess.run(
        [*ruff, "check", "--select", "E,F,W,I,B,UP,SIM,PIE", *options], capture_output=True, text=True, check=False
    )
    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize("text", ["x[:, 1:3]", "x[:, :, None]", "x[::2]", "x[1:]", "x[:,]", "x[a + 1 : b]", "x[1, 2]"])
def test_slices(text: str) -> None:
    printed = text_of(ast.parse(text, mode="eval").body)
    assert ast.dump(ast.parse(printed)) == ast.dump(ast.parse(text))
