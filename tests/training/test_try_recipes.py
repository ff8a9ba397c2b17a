"""Recipes to try now show learning; all of them: ``python benchmarks/try_recipes.py``."""

from __future__ import annotations

from pathlib import Path

import pytest

import blockstudio as bs
from blockstudio.runs import Recipe, create_run, with_fields
from blockstudio.runs.recipes import find, put_over
from blockstudio.training import train_run


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["cifar_resnet", "resnet18", "googlenet", "nin_cifar10"])
def test_a_recipe_to_try_now_shows_learning(preset: str, tmp_path: Path) -> None:
    recipe = with_fields(put_over(Recipe(), find("try", preset).load()), {"device": "cpu"})
    run = create_run(bs.load(preset), recipe, tmp_path / "run")
    train_run(run)
    result = run.results()
    assert result is not None and result["test_accuracy"] >= 3 * result["chance"]
