"""The recipes beside the presets: sound, for a preset that is there, and the papers' say what papers say."""

from __future__ import annotations

from typing import Any

import pytest

import blockstudio as bs
from blockstudio.errors import StudioError
from blockstudio.graph.presets import preset_names
from blockstudio.runs.adapt import adapt
from blockstudio.runs.recipe import Recipe, check, field_path, get_field, with_fields
from blockstudio.runs.recipes import KINDS, built_in, check_data, find, of_preset, put_over

NETWORKS = [name for name in preset_names() if not name.startswith("module_")]

PAPERS: dict[str, dict[str, Any]] = {
    "nin_cifar10": {"optimizer.name": "sgd", "lr": 0.1, "momentum": 0.9, "weight_decay": 1e-4, "batch_size": 128,
                    "steps": 120_000, "milestones": (100_000 / 120_000,), "schedule.gamma": 0.1,
                    "start.initial": "gaussian", "start.deviation": 0.05, "flip": True},
    "nin_imagenet": {"optimizer.name": "sgd", "lr": 0.01, "momentum": 0.9, "weight_decay": 5e-4, "batch_size": 64,
                     "steps": 450_000, "milestones": (200 / 450, 400 / 450), "bias_lr": 2.0,
                     "spare_norm_and_bias": True, "crop_least": (224 / 256) ** 2, "crop_most": (224 / 256) ** 2},
    "googlenet": {"optimizer.name": "sgd", "lr": 0.01, "momentum": 0.9, "weight_decay": 2e-4, "batch_size": 32,
                  "schedule.name": "exponential", "schedule.gamma": 0.96, "schedule.every": 8.0,
                  "start.initial": "xavier", "bias_lr": 2.0, "crop_least": 0.08, "crop_aspect": 4 / 3,
                  "auxiliary": 1.0},
    "bn_inception": {"optimizer.name": "sgd", "lr": 0.045, "batch_size": 32, "schedule.gamma": 0.96,
                     "schedule.every": 8 / 6, "weight_decay": 4e-5},
    "inception_v3": {"optimizer.name": "rmsprop", "optimizer.alpha": 0.9, "optimizer.eps": 1.0, "lr": 0.045,
                     "schedule.gamma": 0.94, "schedule.every": 2.0, "epochs": 100, "batch_size": 32 * 50,
                     "accumulate": 50, "clip_gradient": 2.0, "label_smoothing": 0.1, "weight_decay": 4e-5},
    "inception_v4": {"optimizer.name": "rmsprop", "optimizer.alpha": 0.9, "optimizer.eps": 1.0, "lr": 0.045,
                     "schedule.gamma": 0.94, "schedule.every": 2.0, "batch_size": 32 * 20, "accumulate": 20},
    "resnet50": {"optimizer.name": "sgd", "lr": 0.1, "momentum": 0.9, "weight_decay": 1e-4, "batch_size": 256,
                 "steps": 600_000, "schedule.gamma": 0.1, "start.initial": "he", "flip": True,
                 "crop_least": (224 / 480) ** 2, "crop_most": (224 / 256) ** 2},
    "wide_resnet50_2": {"epochs": 90, "milestones": (30 / 90, 60 / 90), "weight_decay": 1e-4, "crop_least": 0.08,
                        "color_jitter": 0.4, "lighting": 0.1, "spare_norm_and_bias": False},
    "preact_resnet50": {"epochs": 90, "milestones": (30 / 90, 60 / 90), "schedule.warmup": 0.0},
    "cifar_resnet": {"optimizer.name": "sgd", "lr": 0.1, "momentum": 0.9, "weight_decay": 1e-4, "batch_size": 128,
                     "steps": 64_000, "milestones": (32 / 64, 48 / 64), "pad_crop": 4, "flip": True,
                     "start.initial": "he", "data.source": "cifar10"},
    "cifar_preact": {"steps": 64_000, "schedule.warmup": 400 / 64_000, "schedule.warmup_rate": 0.01 / 0.1},
    "wide_resnet": {"nesterov": True, "lr": 0.1, "schedule.gamma": 0.2, "epochs": 200, "batch_size": 128,
                    "milestones": (60 / 200, 120 / 200, 160 / 200), "weight_decay": 5e-4},
}  # fmt: skip
"""What the papers say, worked out by hand from their sections on training."""


def test_every_network_has_both_and_no_recipe_is_of_nothing() -> None:
    named = [(kind, preset) for (entry, file) in built_in() for kind in [entry.kind] for preset in file.about.presets]
    assert sorted(named) == sorted((kind, name) for kind in KINDS for name in NETWORKS)
    names = [entry.name for entry, _ in built_in()]
    assert len(set(names)) == len(names)
    for entry, file in built_in():
        assert check(file.recipe) == [] and file.about.name and file.about.source, entry.name
        assert entry.kind == "try" or file.about.notes, entry.name


@pytest.mark.parametrize("preset", PAPERS)
def test_a_papers_recipe_says_what_the_paper_says(preset: str) -> None:
    file = find(f"{preset}:paper").load()
    for path, value in PAPERS[preset].items():
        wanted = with_fields(Recipe(), {path: value})
        name = field_path(path)
        assert get_field(file.recipe, name) == pytest.approx(get_field(wanted, name)), (preset, path)


def fits(preset: str, kind: str) -> None:
    file = find(kind, preset).load()
    recipe = put_over(Recipe(), file)
    if kind == "paper":
        recipe = with_fields(recipe, {"data.source": "digits"})
    fitted, chosen, _ = adapt(bs.load(preset), recipe)
    assert chosen.batch_size and bs.analyze(fitted).output_shape == (10,)


def test_recipes_apply_to_a_network_of_theirs() -> None:
    for entry, file in built_in():
        if file.about.presets:
            fits(file.about.presets[-1], entry.kind)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_recipes_apply_to_all_of_their_networks(kind: str) -> None:
    for preset in NETWORKS:
        fits(preset, kind)


def test_a_recipe_leaves_the_images_that_are_chosen_unless_it_names_some() -> None:
    mine = with_fields(Recipe(), {"data.source": "shapes", "device": "cpu", "seed": 7, "lr": 0.5, "epochs": 3})
    resnet = put_over(mine, find("resnet50:paper").load())
    assert (resnet.data.source, resnet.device, resnet.seed, resnet.data.resize) == ("shapes", "cpu", 7, "crop")
    assert (resnet.optimizer.lr, resnet.steps, resnet.epochs) == (0.1, 600_000, None)
    assert put_over(mine, find("cifar_resnet:paper").load()).data.source == "cifar10"
    paper = find("resnet50:paper").load()
    check_data(paper, resnet)
    with pytest.raises(StudioError, match="ImageNet") as caught:
        check_data(paper, put_over(Recipe(), paper))
    assert caught.value.code == "recipe.data" and "--data" in caught.value.hint


def test_what_has_no_recipe_is_told() -> None:
    assert of_preset("module_inception", "paper") is None
    for text, preset, code in (("paper", "", "recipe.unknown"), ("paper", "module_inception", "recipe.unknown"),
                               ("resnet5O:paper", "", "preset.unknown"), ("resnett", "", "recipe.unknown"),
                               ("try", "nothing", "preset.unknown")):  # fmt: skip
        with pytest.raises(StudioError) as caught:
            find(text, preset)
        assert caught.value.code == code and caught.value.hint, text
