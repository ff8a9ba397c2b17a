"""Recipes as files with a name: JSON and TOML say the same, kept, compared, given on; the command ``recipe``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockstudio.cli import main
from blockstudio.errors import StudioError
from blockstudio.runs.recipe import Recipe, with_fields
from blockstudio.runs.recipe_files import (
    About,
    dumps_recipe,
    dumps_toml,
    load_recipe_file,
    loads_recipe_file,
    save_recipe,
)
from blockstudio.runs.recipes import compared, find, save, saved
from tests.support.properties import examples

MINE = with_fields(
    Recipe(),
    {"lr": 0.1, "schedule.milestones": [0.3, 0.6], "start.freeze": ["conv1", "layer1.0"], "data.source": "shapes",
     "data.shapes.classes": 4, "epochs": 3, "flip": True},
)  # fmt: skip


@examples(16)
@given(st.text(max_size=30), st.lists(st.text(min_size=1, max_size=20), max_size=3))
def test_both_forms_say_the_same(name: str, notes: list[str]) -> None:
    about = About(name=name, notes=tuple(notes))
    for text, where in ((dumps_recipe(MINE, about), "a.json"), (dumps_toml(MINE, about), "a.toml")):
        file = loads_recipe_file(text, where)
        assert (file.recipe, file.about) == (MINE, about), where
    assert loads_recipe_file(dumps_toml(Recipe()), "a.toml").recipe == Recipe()


def test_a_recipe_is_kept_under_a_name_found_again_and_compared(tmp_path: Path) -> None:
    path = save("my warm-up", MINE, folder=tmp_path)
    assert path.name == "my warm-up.toml" and [named.name for named in saved(tmp_path)] == ["my warm-up"]
    assert find("my warm-up", folder=tmp_path).load().recipe == MINE
    save("my warm-up", Recipe(), folder=tmp_path, ending=".json")
    assert find("my warm-up", folder=tmp_path).load().recipe == Recipe() and len(saved(tmp_path)) == 1
    differ = {row.path: (row.first, row.second) for row in compared(Recipe(), MINE) if not row.same}
    assert differ["optimizer.lr"] == ("chosen", "0.1") and differ["augmentation.flip"] == ("off", "on")
    assert differ["start.freeze"] == ("none", "conv1, layer1.0") and "optimizer.name" not in differ


@pytest.mark.parametrize(
    "name",
    ["", " ", "a/b", "..", ".hidden", "paper", "a" * 81, "con:", "end ", "tab\tinside", "CON", "com1.old"],
)
def test_what_cannot_be_a_files_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(StudioError) as caught:
        save(name, MINE, folder=tmp_path)
    assert caught.value.code == "recipe.name" and not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["[about]\nname = 3", "[about]\nnotes = 'x'", "about = 1"])
def test_a_file_that_says_nonsense_of_itself_is_refused(text: str) -> None:
    with pytest.raises(StudioError) as caught:
        loads_recipe_file(text, "a.toml")
    assert caught.value.code == "recipe.file" and "about" in caught.value.where


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("BLOCKSTUDIO_RECIPES", str(tmp_path / "mine"))

    def said(*words: str) -> str:
        assert main(["recipe", *words]) == 0
        return capsys.readouterr().out

    save_recipe(MINE, tmp_path / "one.toml")
    assert "0.1" in said("show", "resnet50:paper") and "resnet50" in said("list")
    assert "flip" in said("diff", str(tmp_path / "one.toml"), "resnet50:try")
    said("save", str(tmp_path / "one.toml"), "--name", "mine")
    assert "mine" in said("list") and json.loads(said("show", "mine", "--json"))["recipe"]["epochs"] == 3
    assert "alike" in said("diff", "mine", str(tmp_path / "one.toml"))
    said("save", "mine", "-o", str(tmp_path / "out.json"))
    assert load_recipe_file(tmp_path / "out.json").recipe == MINE
    for words in (["diff", "mine"], ["show", "nothing"], ["save", "mine", "-o", "x.txt"]):
        assert main(["recipe", *words]) == 2 or capsys.readouterr().err


def test_training_takes_a_recipe_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from blockstudio.cli.recipe import recipe_of

    monkeypatch.setenv("BLOCKSTUDIO_RECIPES", str(tmp_path))
    save("mine", MINE)
    assert recipe_of("mine", None).optimizer.lr == 0.1
    assert recipe_of("mine", "digits", epochs=9).epochs == 9
    assert recipe_of("paper", "photos", "resnet18").steps == 600_000
    with pytest.raises(StudioError, match="ImageNet"):
        recipe_of("paper", None, "resnet18")
    assert recipe_of("try", None, "resnet18").data.source == "digits"
