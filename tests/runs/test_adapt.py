"""Fitting a diagram to data: size, channels, classes, open choices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import blockstudio as bs
from blockstudio.answers import StudioErrors
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import dumps
from blockstudio.graph.presets import load_preset
from blockstudio.runs.adapt import adapt, image_shape, input_shape
from blockstudio.runs.recipe import Recipe, with_fields


def recipe(**fields: Any) -> Recipe:
    return with_fields(Recipe(), fields)


def small(shape: list[int], classes: int = 10) -> Diagram:
    diagram = Diagram("small")
    diagram.add("Input", "input", shape=shape)
    if len(shape) == 3:
        diagram.add("Flatten", "flatten")
        diagram.connect("input", "flatten")
    diagram.add("Linear", "fc", out_features=classes)
    diagram.connect("flatten" if len(shape) == 3 else "input", "fc")
    diagram.add("Output", "output")
    diagram.connect("fc", "output")
    return diagram


def test_a_network_for_large_images_is_trained_small_on_small_ones() -> None:
    drawn = bs.load("resnet34")
    before = dumps(drawn)
    fitted, chosen, notes = adapt(drawn, recipe(data="digits"))
    assert dumps(drawn) == before
    assert input_shape(fitted) == (1, 32, 32)
    assert fitted.parameters["num_classes"].default == 10
    assert chosen.data.input_size == 32
    assert len(notes) == 1
    for words in ("1×32×32", "3×224×224", "num_classes = 10", "1×8×8"):
        assert words in notes[0]
    assert bs.analyze(fitted).output_shape == (10,)


def test_the_first_small_size_that_the_network_can_take_is_chosen() -> None:
    # Its auxiliary heads pool 5×5 windows of a map that 32×32 images leave too small.
    fitted, chosen, _ = adapt(bs.load("googlenet"), recipe(data="digits"))
    assert input_shape(fitted) == (1, 64, 64)
    assert chosen.data.input_size == 64


def test_the_recipes_size_wins() -> None:
    fitted, chosen, _ = adapt(bs.load("resnet18"), recipe(data="digits", input_size=48))
    assert input_shape(fitted) == (1, 48, 48)
    assert chosen.data.input_size == 48


def test_a_size_the_network_cannot_take_is_an_error_that_names_the_block() -> None:
    with pytest.raises(StudioError) as caught:
        adapt(bs.load("googlenet"), recipe(data="digits", input_size=32))
    assert "aux" in str(caught.value)


def test_a_drawing_that_fits_is_left_as_it_is() -> None:
    drawn = small([1, 8, 8])
    fitted, _, notes = adapt(drawn, recipe(data="digits"))
    assert dumps(fitted) == dumps(drawn)
    assert notes == []


def test_an_input_without_a_size_parameter_is_set_itself() -> None:
    fitted, _, _ = adapt(small([3, 224, 224]), recipe(data="shapes"))
    assert input_shape(fitted) == (3, 32, 32)


def test_a_diagram_as_large_as_the_folders_images_keeps_its_size(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
    fitted, chosen, _ = adapt(bs.load("resnet18"), recipe(data=str(tmp_path)))
    assert input_shape(fitted) == (3, 224, 224)
    assert fitted.parameters["num_classes"].default == 2
    assert chosen.batch_size == 32


@pytest.mark.parametrize(
    ("photos", "preset", "fields", "size"),
    [
        ([(140, 100), (90, 130), (160, 110)], "resnet18", {}, 128),
        ([(60, 80), (200, 64), (64, 64)], "resnet18", {}, 64),
        ([(640, 480), (100, 90), (480, 640)], "resnet18", {}, 224),
        # Weights are for the size drawn; and a network for small images is not drawn larger.
        ([(140, 100)] * 3, "resnet18", {"start.weights": "torchvision:resnet18"}, 224),
        ([(140, 100)] * 3, "cifar_resnet", {}, 32),
        ([(140, 100)] * 3, "resnet18", {"data.input_size": 96}, 96),
    ],
)
def test_a_folder_of_small_photos_is_not_blown_up(
    photos: list[tuple[int, int]], preset: str, fields: dict[str, Any], size: int, tmp_path: Path
) -> None:
    for index, sides in enumerate(photos * 2):
        path = tmp_path / "set" / "ab"[index % 2] / f"{index}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", sides).save(path)
    (tmp_path / "set" / "a" / "damaged.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    given = with_fields(Recipe(), {"data": str(tmp_path / "set"), **fields})
    fitted, chosen, _ = adapt(bs.load(preset), given)
    assert input_shape(fitted) == (3, size, size) and chosen.data.input_size == size


@pytest.mark.parametrize(("name", "rate"), [("sgd", 0.05), ("adamw", 1e-3)])
def test_open_choices_are_made(name: str, rate: float) -> None:
    _, chosen, _ = adapt(small([1, 8, 8]), recipe(optimizer=name, schedule="exponential"))
    assert chosen.schedule.gamma == 0.95
    assert (chosen.epochs, chosen.batch_size, chosen.optimizer.lr) == (10, 64, rate)


def test_given_choices_stand() -> None:
    _, chosen, _ = adapt(small([1, 8, 8]), recipe(steps=7, batch_size=5, lr=0.3))
    assert (chosen.epochs, chosen.steps, chosen.batch_size, chosen.optimizer.lr) == (None, 7, 5, 0.3)


def test_wrong_classes_say_what_to_set() -> None:
    with pytest.raises(StudioError) as caught:
        adapt(small([1, 8, 8], classes=7), recipe())
    assert caught.value.code == "run.classes"
    assert "out_features" in caught.value.hint
    assert "7" in caught.value.message and "10" in caught.value.message


def test_an_auxiliary_output_must_tell_the_classes_apart_too() -> None:
    diagram = small([1, 8, 8])
    diagram.add("Linear", "aux_fc", out_features=3)
    diagram.add("AuxOutput", "aux")
    diagram.connect("flatten", "aux_fc")
    diagram.connect("aux_fc", "aux")
    with pytest.raises(StudioError) as caught:
        adapt(diagram, recipe())
    assert (caught.value.code, caught.value.where) == ("run.classes", "aux")


def test_a_softmax_before_the_loss_is_noted() -> None:
    diagram = small([1, 8, 8])
    diagram.disconnect("fc", "output")
    diagram.add("Softmax", "softmax")
    diagram.connect("fc", "softmax")
    diagram.connect("softmax", "output")
    _, _, notes = adapt(diagram, recipe())
    assert len(notes) == 1 and "softmax" in notes[0]


def test_everything_wrong_is_told_at_once() -> None:
    with pytest.raises(StudioErrors) as caught:
        adapt(Diagram("empty"), Recipe(epochs=-1, data=with_fields(Recipe(), {"data": "digitz"}).data))
    assert [problem.code for problem in caught.value.problems] == [
        "recipe.value",
        "data.unknown",
        "run.diagram",
        "run.diagram",
    ]
    assert "digits" in caught.value.problems[1].hint


def test_errors_of_the_drawing_name_their_blocks() -> None:
    diagram = small([1, 8, 8])
    diagram.add("Conv2d", "lost", out_channels=4)
    diagram.disconnect("flatten", "fc")
    diagram.connect("input", "fc")
    with pytest.raises(StudioError) as caught:
        adapt(diagram, recipe())
    assert "fc" in str(caught.value)


def test_a_flat_input_holds_square_images() -> None:
    assert image_shape((64,), 1) == (1, 8, 8)
    assert image_shape((3072,), 3) == (3, 32, 32)
    assert image_shape((784,), 3) == (1, 28, 28)
    with pytest.raises(StudioError) as caught:
        image_shape((65,), 1)
    assert caught.value.code == "run.input"
    fitted, chosen, _ = adapt(small([64]), recipe())
    assert input_shape(fitted) == (64,)
    assert chosen.data.input_size is None


@pytest.mark.parametrize(
    ("preset", "optimizer", "rate"),
    [
        ("vgg16", "adamw", 6e-5), ("alexnet", "adam", 4e-4), ("nin_cifar10", "rmsprop", 6e-4), ("vgg19", "sgd", 0.01),
        ("resnet18", "adamw", 1e-3), ("bn_inception", "sgd", 0.05),
    ],
)  # fmt: skip
def test_without_normalisation_the_rate_is_lower(preset: str, optimizer: str, rate: float) -> None:
    wanted = with_fields(Recipe(), {"data": "fashion_sample", "optimizer.name": optimizer, "data.input_size": 64})
    _, chosen, notes = adapt(load_preset(preset), wanted)
    assert chosen.optimizer.lr == rate
    assert any("the learning rate is" in note for note in notes) is (rate not in (1e-3, 0.05))
    _, chosen, _ = adapt(load_preset(preset), with_fields(wanted, {"optimizer.lr": 0.002}))
    assert chosen.optimizer.lr == 0.002
