"""Values that no error's text can hold as they are: numbers that Python refuses to write, lists without end, halves of
characters. Whoever gives one is told which value is wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import blockstudio as bs
from blockstudio.blocks import CATALOGUE
from blockstudio.errors import StudioError, quoted, shown
from blockstudio.graph.diagram import Diagram
from blockstudio.runs.recipe import FIELDS, Recipe, with_fields
from blockstudio.runs.recipe_files import dumps_recipe, loads_recipe_file

HUGE = 10**5000


class Unwritable:
    def __repr__(self) -> str:
        raise RuntimeError("nobody writes me")


def deep() -> list[object]:
    found: list[object] = []
    for _ in range(100_000):
        found = [found]
    return found


VALUES = [HUGE, -HUGE, 10**400, [HUGE, 1], (HUGE,), {"a": HUGE}, deep(), Unwritable(), "x" * 100_000, "\ud800", 1e999]


def drawn() -> Diagram:
    diagram = Diagram("x")
    diagram.add("Input", "input", shape=[3, 8, 8])
    diagram.add("Conv2d", "conv", out_channels=4)
    diagram.connect("input", "conv")
    diagram.module("Unit", {"width": 3})
    return diagram


ACTS: list[Callable[[Diagram, object], object]] = [
    lambda d, v: d.add("ReLU", v),  # type: ignore[arg-type]
    lambda d, v: d.add(v),  # type: ignore[arg-type]
    lambda d, v: d.add("ReLU", at=(v, 0)),  # type: ignore[arg-type]
    lambda d, v: d.add("ReLU", repeat=v),  # type: ignore[arg-type]
    lambda d, v: d.add("ReLU", bypass=v),  # type: ignore[arg-type]
    lambda d, v: d.add("ReLU", note=v),  # type: ignore[arg-type]
    lambda d, v: d.add("ReLU", scope=v),  # type: ignore[arg-type]
    lambda d, v: d.connect("input", v),  # type: ignore[arg-type]
    lambda d, v: d.disconnect("input", v),  # type: ignore[arg-type]
    lambda d, v: d.repeat("conv", v),  # type: ignore[arg-type]
    lambda d, v: d.set("conv", out_channels=v),
    lambda d, v: d.rename("conv", v),  # type: ignore[arg-type]
    lambda d, v: d.definition(v),  # type: ignore[arg-type]
    lambda d, v: d.input_ports(v),  # type: ignore[arg-type]
    lambda d, v: d.module("Other", v),  # type: ignore[arg-type]
    lambda d, v: bs.load("cifar_resnet", n=v),  # type: ignore[arg-type]
    lambda d, v: bs.Builder(input=(v, 1, 1)),  # type: ignore[arg-type]
    lambda d, v: bs.Builder().chain(v),  # type: ignore[arg-type]
    lambda d, v: bs.refactorings(d, v),  # type: ignore[arg-type]
    lambda d, v: bs.hints(d, without=[v]),  # type: ignore[list-item]
    lambda d, v: bs.train(d, epochs=v),
    lambda d, v: bs.train(d, v),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_whatever_is_given_is_refused_in_a_sentence(value: object) -> None:
    for act in ACTS:
        with pytest.raises(StudioError) as caught:
            act(drawn(), value)
        assert len(str(caught.value)) < 1_500 and str(caught.value).isprintable()


@pytest.mark.parametrize("value", [10**400, HUGE, -HUGE, [HUGE] * 4, 1e308], ids=range(5))
def test_no_parameter_of_any_type_stumbles_over_a_number(value: object) -> None:
    refused = 0
    for kind in CATALOGUE.values():
        for name in kind.parameters:
            try:
                drawn().add(kind.name, "block", parameters={name: value})  # type: ignore[dict-item]
            except StudioError as error:
                assert name in error.where
                refused += 1
    assert refused > 100


def test_a_recipe_keeps_what_its_file_can_hold() -> None:
    kept = 0
    for path in FIELDS:
        for value in (HUGE, [HUGE], "\ud800", "a\udcff", "1" * 5_000, {"a": HUGE}):
            try:
                recipe = with_fields(Recipe(), {path: value})
            except StudioError as error:
                assert path in str(error)
                continue
            loads_recipe_file(dumps_recipe(recipe))
            kept += 1
    assert kept < len(FIELDS)


def test_how_a_value_is_shown() -> None:
    assert [shown(each) for each in (object(), len, (lambda: 1), [object()])] == [
        "object", "<built-in function len>", "function", "list",
    ]  # fmt: skip
    assert shown(HUGE) == "a number of some 5,000 digits" and shown([HUGE]) == "list"
    assert (shown("a\n"), shown(3), quoted("a\n"), quoted((1, 2))) == ("a\\n", "3", "'a\\n'", "[1, 2]")
    assert len(shown("x" * 100)) == 60


def test_a_parameter_may_not_be_called_as_what_the_builder_asks() -> None:
    for name in ("after", "bypass", "parameters"):
        with pytest.raises(StudioError, match=f"Call it my_{name}"):
            drawn().module("Other", {name: 2})
