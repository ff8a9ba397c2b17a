"""A recipe's fields: limits, text, files, and all errors at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockstudio.answers import StudioErrors
from blockstudio.errors import StudioError
from blockstudio.runs.recipe import (
    FIELDS,
    GROUPS,
    Field,
    Recipe,
    check,
    get_field,
    read_value,
    with_fields,
)
from blockstudio.runs.recipe_files import dumps_recipe, load_recipe, loads_recipe_file, save_recipe
from tests.support.properties import examples


def legal(field: Field) -> st.SearchStrategy[Any]:
    low, high = field.minimum or 0, field.maximum if field.maximum is not None else 1000
    found: st.SearchStrategy[Any]
    match field.kind:
        case "bool":
            found = st.booleans()
        case "choice":
            found = st.sampled_from(field.choices)
        case "text":
            found = st.text(min_size=1, max_size=20)
        case "int":
            found = st.integers(int(low), int(high))
        case "float":
            found = st.floats(low, high, exclude_max=high == 1)
        case "numbers":
            found = st.lists(st.floats(0.01, 0.99), unique=True, max_size=4).map(lambda items: tuple(sorted(items)))
        case "channels":
            found = st.lists(st.floats(low, high), max_size=4).map(tuple)
        case "paths":
            found = st.lists(st.sampled_from(["conv1", "layer1", "layer1.0", "features.3"]), unique=True).map(tuple)
    return st.none() | found if field.optional else found


RECIPES = st.fixed_dictionaries({}, optional={path: legal(field) for path, field in FIELDS.items()}).filter(
    lambda values: (
        not (
            (values.get("epochs") is not None and values.get("steps") is not None)
            or (values.get("optimizer.nesterov") and values.get("optimizer.momentum") == 0)
        )
    )
)


@examples(40)
@given(RECIPES)
def test_a_legal_recipe_survives_its_file(values: dict[str, Any]) -> None:
    recipe = with_fields(Recipe(), values)
    assert check(recipe) == []
    assert loads_recipe_file(dumps_recipe(recipe)).recipe == recipe


def test_every_field_is_declared_with_title_and_help() -> None:
    for field in FIELDS.values():
        assert field.title and field.help.endswith("."), field.path
        assert field.group in GROUPS
        assert get_field(Recipe(), field.path) == field.default
        assert field.kind != "choice" or field.default in field.choices


def test_choices_stand_in_the_declared_order() -> None:
    assert FIELDS["optimizer.name"].choices == ("sgd", "adam", "adamw", "rmsprop")
    assert FIELDS["device"].choices == ("auto", "cpu", "cuda", "mps")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("optimizer.lr", -1),
        ("optimizer.lr", float("nan")),
        ("optimizer.lr", float("inf")),
        ("optimizer.lr", "fast"),
        ("optimizer.momentum", 1),
        ("epochs", 0),
        ("epochs", 1.5),
        ("epochs", True),
        ("batch_size", 10**9),
        ("data.validation", 0.9),
        ("schedule.milestones", [0.5, 0.2]),
        ("schedule.milestones", [1.5]),
        ("schedule.name", "zigzag"),
        ("channels_last", 1),
        ("data.source", ""),
        ("seed", 2**40),
    ],
)
def test_an_illegal_value_is_refused_with_its_field_and_what_was_expected(path: str, value: object) -> None:
    with pytest.raises(StudioError) as caught:
        with_fields(Recipe(), {path: value})
    assert caught.value.code == "recipe.value"
    assert caught.value.where == path
    assert "expected" in caught.value.message


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("optimizer.lr", "0.1", 0.1),
        ("optimizer.lr", "", None),
        ("optimizer.lr", "auto", None),
        ("epochs", "3", 3),
        ("channels_last", "true", True),
        ("schedule.milestones", "0.3, 0.6", (0.3, 0.6)),
        ("schedule.milestones", "", ()),
        ("data.source", "12", "12"),
    ],
)
def test_text_is_read_as_the_fields_type(path: str, text: str, value: object) -> None:
    assert read_value(path, text) == value


def test_fields_may_be_given_short_nested_or_with_underscores() -> None:
    recipe = with_fields(
        Recipe(),
        {"lr": 0.1, "optimizer__weight_decay": 0, "schedule": "step", "augmentation": {"flip": True}, "data": "shapes"},
    )
    assert recipe.optimizer.lr == 0.1
    assert recipe.optimizer.weight_decay == 0
    assert recipe.schedule.name == "step"
    assert recipe.augmentation.flip
    assert recipe.data.source == "shapes"


def test_a_short_name_that_is_not_unique_is_unknown() -> None:
    with pytest.raises(StudioError, match="no such field"):
        with_fields(Recipe(), {"name": "adam"})


def test_epochs_and_steps_take_each_others_place() -> None:
    recipe = with_fields(Recipe(), {"epochs": 3})
    recipe = with_fields(recipe, {"steps": 100})
    assert (recipe.epochs, recipe.steps) == (None, 100)
    assert with_fields(recipe, {"epochs": 2}).steps is None
    with pytest.raises(StudioError, match="either epochs or steps"):
        with_fields(Recipe(), {"epochs": 3, "steps": 100})


def test_everything_wrong_is_told_at_once() -> None:
    with pytest.raises(StudioErrors) as caught:
        with_fields(Recipe(), {"lr": "x", "epochs": 0, "optimizer": {"nam": "adam"}, "schedule": "zigzag"})
    assert [problem.where for problem in caught.value.problems] == [
        "optimizer.nam",
        "optimizer.lr",
        "epochs",
        "schedule.name",
    ]
    assert "optimizer.name" in caught.value.problems[0].hint
    assert str(caught.value).count("\n") == 4


def test_values_that_were_never_checked_are_found_by_check() -> None:
    recipe = msgspec.structs.replace(Recipe(), epochs=-1, steps=5)
    assert {problem.where for problem in check(recipe)} == {"epochs", "steps"}


def test_nesterov_needs_momentum() -> None:
    with pytest.raises(StudioError, match="momentum above 0"):
        with_fields(Recipe(), {"optimizer.name": "sgd", "nesterov": True, "momentum": 0})


def test_a_file_has_every_field_and_reads_back(tmp_path: Path) -> None:
    recipe = with_fields(Recipe(), {"lr": 0.1})
    save_recipe(recipe, tmp_path / "recipe.json")
    raw = json.loads((tmp_path / "recipe.json").read_text())
    assert raw["version"] == 1
    assert raw["optimizer"]["lr"] == 0.1
    assert load_recipe(tmp_path / "recipe.json") == recipe


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ("[]", "not a recipe"),
        ('{"version": 99}', "version 99"),
        ('{"optimizer": 3}', "optimizer"),
        ('{"optimiser": {}}', "optimizer"),
        ('{"epochs": 1e999}', "out of range"),
        ('{"data": {"shapes": {"size": 3}}}', "data.shapes.size"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_bad_file_is_refused_naming_the_place(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(StudioError) as caught:
        load_recipe(path)
    assert words in str(caught.value)
    assert "mine.json" in str(caught.value)


def test_a_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(StudioError) as caught:
        load_recipe(tmp_path / "absent.json")
    assert "absent.json" in str(caught.value)


def test_a_recipe_is_read_from_toml_too(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('epochs = 2\n[optimizer]\nname = "sgd"\nlr = 0.1\n[schedule]\nmilestones = [0.3, 0.6]\n')
    assert load_recipe(file) == with_fields(
        Recipe(), {"epochs": 2, "optimizer": {"name": "sgd", "lr": 0.1}, "schedule.milestones": [0.3, 0.6]}
    )
    for text, code in (
        ("epochs = ", "recipe.file"),
        ("epoch = 2", "recipe.field"),
        ("epochs = 2000-01-01", "recipe.value"),
    ):
        file.write_text(text)
        with pytest.raises(StudioError) as caught:
            load_recipe(file)
        assert caught.value.code == code and "mine.toml" in caught.value.where
    file.write_bytes(b"\xff")
    with pytest.raises(StudioError, match="TOML"):
        load_recipe(file)
