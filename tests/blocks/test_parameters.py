"""Typed parameters: what is legal, its canonical form, and what is said of the rest."""

from __future__ import annotations

import math

import pytest

from blockstudio.blocks import Parameter, infer_parameter
from blockstudio.blocks.parameters import Kind
from blockstudio.errors import StudioError


@pytest.mark.parametrize(
    ("kind", "value", "canonical"),
    [
        ("int", 3, 3),
        ("int", 3.0, 3),
        ("float", 3, 3.0),
        ("float", -0.5, -0.5),
        ("bool", True, True),
        ("text", "7 × 7", "7 × 7"),
        ("pair", 3, (3, 3)),
        ("pair", [1, 7], (1, 7)),
        ("pair", (1, 7), (1, 7)),
        ("padding", 2, (2, 2, 2, 2)),
        ("padding", [0, 3], (0, 0, 3, 3)),
        ("padding", [0, 1, 2, 3], (0, 1, 2, 3)),
        ("padding", "same", "same"),
        ("padding", "same_tf", "same_tf"),
        ("shape", [3, 32, 32], (3, 32, 32)),
        ("shape", [784], (784,)),
    ],
)
def test_a_legal_value_becomes_canonical(kind: Kind, value: object, canonical: object) -> None:
    found = Parameter(kind=kind, default=0).check(value)
    assert found == canonical and type(found) is type(canonical)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("int", True),
        ("int", 2.5),
        ("int", "3"),
        ("int", None),
        ("int", [3]),
        ("float", False),
        ("float", math.nan),
        ("float", math.inf),
        ("float", "1"),
        ("bool", 1),
        ("bool", "true"),
        ("text", 3),
        ("choice", "c"),
        ("choice", 1),
        ("pair", [1, 2, 3]),
        ("pair", [1, 2.5]),
        ("pair", [True, 1]),
        ("pair", []),
        ("pair", "same"),
        ("padding", [1, 2, 3]),
        ("padding", "valid"),
        ("padding", [1, "2"]),
        ("shape", [3, 32]),
        ("shape", [1, 2, 3, 4]),
        ("shape", "3"),
    ],
)
def test_another_value_is_refused(kind: Kind, value: object) -> None:
    with pytest.raises(StudioError, match=r"expected .*, found ") as caught:
        Parameter(kind=kind, default=0, choices=("a", "b") if kind == "choice" else ()).check(value)
    assert caught.value.code == "parameter.value"


@pytest.mark.parametrize(
    ("parameter", "value", "message"),
    [
        (
            Parameter(kind="int", default=1, minimum=1),
            0,
            "expected a whole number of at least 1, found 0.",
        ),
        (
            Parameter(kind="pair", default=1, minimum=1, maximum=9),
            [3, 10],
            "expected a whole number or a pair [height, width] from 1 to 9, found [3, 10].",
        ),
        (Parameter(kind="float", default=0.5, maximum=1), 1.5, "expected a number of at most 1, found 1.5."),
        (
            Parameter(kind="choice", default="a", choices=("a", "b")),
            "c",
            "expected one of a, b, found 'c'.",
        ),
        (
            Parameter(kind="padding", default=0, numbers_only=True),
            "same",
            "expected a whole number, [vertical, horizontal] or [top, bottom, left, right], found 'same'.",
        ),
        (
            Parameter(kind="text", default=""),
            list(range(100)),
            "expected text, found [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16....",
        ),
    ],
)
def test_a_refusal_says_what_was_expected(parameter: Parameter, value: object, message: str) -> None:
    with pytest.raises(StudioError) as caught:
        parameter.check(value)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("default", "kind"),
    [(3, "int"), (0.5, "float"), (True, "bool"), ("relu", "text"), ([3, 1], "pair")],
)
def test_a_bare_default_declares_its_kind(default: object, kind: Kind) -> None:
    parameter = infer_parameter(default)  # type: ignore[arg-type]
    assert parameter.kind == kind
    parameter.check(default)


def test_words_are_values_not_expressions() -> None:
    assert Parameter(kind="padding", default=0).words == ("same", "same_tf")
    assert Parameter(kind="padding", default=0, numbers_only=True).words == ()
    assert Parameter(kind="choice", default="a", choices=("a", "b")).words == ("a", "b")


def test_an_error_can_be_placed() -> None:
    error = StudioError("parameter.value", "expected a number.", hint="Try 3.").at("conv1.stride")
    assert str(error) == "conv1.stride: expected a number. Try 3."
    assert (error.code, error.where) == ("parameter.value", "conv1.stride")
