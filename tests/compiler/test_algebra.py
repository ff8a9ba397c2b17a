"""Expressions simplified, negated and put into each other mean what they meant."""

from __future__ import annotations

import ast

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from blockstudio.compiler import algebra
from blockstudio.compiler.algebra import tree_of
from blockstudio.compiler.printer import text_of
from blockstudio.errors import StudioError

LEAVES = st.one_of(
    st.sampled_from(["a", "b", "n"]).map(algebra.name),
    st.integers(-3, 9).map(algebra.literal),
    st.booleans().map(algebra.literal),
)


def numbers(inner: st.SearchStrategy[ast.expr]) -> st.SearchStrategy[ast.expr]:
    operators = st.sampled_from([ast.Add(), ast.Sub(), ast.Mult(), ast.FloorDiv(), ast.Mod(), ast.Div()])
    comparisons = st.sampled_from([ast.Eq(), ast.NotEq(), ast.Lt(), ast.LtE(), ast.Gt(), ast.GtE()])
    return st.one_of(
        st.builds(ast.BinOp, inner, operators, inner),
        st.builds(ast.UnaryOp, st.sampled_from([ast.Not(), ast.USub()]), inner),
        st.builds(ast.BoolOp, st.sampled_from([ast.And(), ast.Or()]), st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda a, op, b: ast.Compare(a, [op], [b]), inner, comparisons, inner),
        st.builds(ast.IfExp, inner, inner, inner),
        st.builds(lambda a, b: ast.Call(algebra.name("max"), [a, b], []), inner, inner),
    )


TREES = st.recursive(LEAVES, numbers, max_leaves=14)
SCOPES = st.fixed_dictionaries({"a": st.integers(-4, 8), "b": st.integers(1, 5), "n": st.integers(0, 3)})


def value(tree: ast.expr, scope: dict[str, int]) -> object:
    try:
        return algebra.evaluate(tree, scope)
    except StudioError:
        assume(False)


@given(TREES, SCOPES)
def test_folding_keeps_the_value(tree: ast.expr, scope: dict[str, int]) -> None:
    wanted = value(tree, scope)
    found = algebra.evaluate(algebra.fold(tree), scope)
    assert found == pytest.approx(wanted) if isinstance(wanted, float) else found == wanted


@given(TREES, SCOPES)
def test_conditions_keep_their_truth_and_their_opposites_do_not(tree: ast.expr, scope: dict[str, int]) -> None:
    wanted = bool(value(tree, scope))
    assert bool(algebra.evaluate(algebra.condition(tree), scope)) is wanted
    assert bool(algebra.evaluate(algebra.negate(tree), scope)) is not wanted
    assert bool(algebra.evaluate(algebra.negate(algebra.negate(tree)), scope)) is wanted


@given(TREES, TREES, SCOPES)
def test_both_either_and_choose(one: ast.expr, other: ast.expr, scope: dict[str, int]) -> None:
    first, second = value(one, scope), value(other, scope)
    assert bool(algebra.evaluate(algebra.both(one, other), scope)) is (bool(first) and bool(second))
    assert bool(algebra.evaluate(algebra.either(one, other), scope)) is (bool(first) or bool(second))
    assert algebra.evaluate(algebra.choose(one, one, other), scope) == (first if first else second)


@given(TREES, TREES, SCOPES)
def test_substitution_is_evaluation_in_two_steps(tree: ast.expr, inner: ast.expr, scope: dict[str, int]) -> None:
    middle = value(inner, scope)
    wanted = value(tree, {**scope, "n": middle})
    assert algebra.evaluate(algebra.substitute(tree, {"n": inner}), scope) == wanted


@given(TREES, SCOPES)
def test_whole_numbers_stay_whole(tree: ast.expr, scope: dict[str, int]) -> None:
    wanted = value(tree, scope)
    assume(not isinstance(wanted, bool) and float(wanted).is_integer())
    found = algebra.evaluate(algebra.whole(tree, set()), scope)
    assert found == wanted and isinstance(found, int)


@given(TREES, SCOPES)
def test_nothing_falls_below_its_least(tree: ast.expr, scope: dict[str, int]) -> None:
    low = algebra.least(tree, {"a": -4, "b": 1, "n": 0})
    if low is not None:
        assert value(tree, scope) >= low


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("64 + 128 + 32 + 32", "256"),
        ("4 * (2 * width)", "8 * width"),
        ("a + 32 + a + b + 16", "2 * a + b + 48"),
        ("a + 32 - 32", "a"),
        ("2 if 0 == 0 else 1", "2"),
        ("a if c else a", "a"),
        ("width * 1", "width"),
        ("max(3, 4) * a", "4 * a"),
        ("1 // 0", "1 // 0"),
    ],
)
def test_folded_text(text: str, expected: str) -> None:
    assert text_of(algebra.fold(tree_of(text))) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("stride == 1 and in_channels == planes", "stride != 1 or in_channels != planes"),
        ("not bn", "bn"),
        ("not bn or plain", "bn and not plain"),
        ("a < b", "a >= b"),
        ("a < b < c", "not a < b < c"),
        ("plain or (a == 'A' and b)", 'not plain and (a != "A" or not b)'),
        ("bn", "not bn"),
        ("True", "False"),
    ],
)
def test_opposites_are_written_positively(text: str, expected: str) -> None:
    assert text_of(algebra.negate(tree_of(text))) == expected


def test_an_equality_in_a_condition_is_seen() -> None:
    test = tree_of("in_channels == planes and stride == 1")
    assert algebra.implies_equal(test, algebra.name("planes"), algebra.name("in_channels"))
    assert not algebra.implies_equal(tree_of("a == b or c"), algebra.name("a"), algebra.name("b"))
