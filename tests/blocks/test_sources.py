"""Pieces of source text: brackets only where the meaning needs them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockstudio.blocks.sources import atom, items, plus, times

EXPRESSIONS = st.sampled_from(
    [
        "1",
        "3",
        "64",
        "a",
        "a + b",
        "a - b",
        "a * b",
        "a // b",
        "-a",
        "a if a < b else b",
        "a or b",
        "max(a, b)",
        "not a",
    ]
)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["64", "128", "32", "32"], "256"),
        (["a", "64", "b", "32"], "a + b + 96"),
        (["a"], "a"),
        (["a if b else 1", "2 * a"], "(a if b else 1) + 2 * a"),
    ],
)
def test_plus(texts: list[str], expected: str) -> None:
    assert plus(texts) == expected


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["512", "7", "7"], "512 * 7 * 7"),
        (["planes * 4", "1", "1"], "planes * 4"),
        (["a + b", "6", "6"], "(a + b) * 6 * 6"),
        (["1", "1"], "1"),
    ],
)
def test_times(texts: list[str], expected: str) -> None:
    assert times(*texts) == expected


def test_items_of_a_tuple_display_and_of_a_single_value() -> None:
    assert items("(k, 1, a + b, 0)") == ["k", "1", "a + b", "0"]
    assert items("k // 2") == ["k // 2"]


@given(st.lists(EXPRESSIONS, min_size=1, max_size=4), st.integers(1, 9), st.integers(1, 9))
def test_the_meaning_is_kept(texts: list[str], a: int, b: int) -> None:
    def value(text: str) -> int:
        return eval(text, {"a": a, "b": b})  # noqa: S307

    values = [value(text) for text in texts]
    product = 1
    for factor in values:
        product *= factor
    assert value(plus(texts)) == sum(values)
    assert value(times(*texts)) == product
    assert value(f"0 - {atom(texts[0])} ** 1") == -values[0]
