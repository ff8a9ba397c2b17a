"""Networks without normalisation learn: initial weights that keep the signal, batches and epochs for few images."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from PIL import Image

from blockstudio.compiler import compile
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.presets import load_preset, open_diagram
from blockstudio.runs import Recipe, create_run, with_fields
from blockstudio.runs.adapt import adapt, needs_initial
from blockstudio.runs.beginning import Start
from blockstudio.runs.frozen import residual_ends
from blockstudio.training.data.digits import load_digits
from blockstudio.training.data.fashion_sample import load_fashion_sample
from blockstudio.training.data.images import ImageSet
from blockstudio.training.initial import HEAD_BIAS, begin_with, he
from blockstudio.training.prepare import build_network
from blockstudio.training.trainer import train_run


def deep(size: int = 8, channels: int = 1, layers: int = 8, classes: int = 3) -> Diagram:
    """Convolutions one behind the other, a ReLU behind each, the last one too, as NIN has it."""
    diagram = Diagram("deep")
    diagram.declare("num_classes", classes)
    chain = [diagram.add("Input", "input", shape=[channels, size, size])]
    for index in range(layers):
        chain.append(diagram.add("Conv2d", f"conv{index}", out_channels=16, kernel_size=3, padding=1))
        chain.append(diagram.add("ReLU", f"relu{index}"))
    chain.append(diagram.add("Conv2d", "head", out_channels="num_classes", kernel_size=1))
    chain.append(diagram.add("ReLU", "relu"))
    chain += [diagram.add("GlobalAvgPool", "pool"), diagram.add("Flatten", "flatten"), diagram.add("Output", "output")]
    for source, target in pairwise(chain):
        diagram.connect(source, target)
    return diagram


def folder(root: Path, images: ImageSet, classes: Sequence[int], count: int) -> Path:
    for label in classes:
        for index in torch.nonzero(images.labels == label).flatten()[:count].tolist():
            path = root / f"class{label}" / f"{index}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(images.images[index, 0].numpy()).save(path)
    return root


@pytest.mark.parametrize(("initial", "learns"), [("auto", True), ("torch", False)])
def test_a_deep_network_learns_three_classes_of_a_folder(tmp_path: Path, initial: str, learns: bool) -> None:
    root = folder(tmp_path / "photos", load_digits().train, (0, 1, 4), 100)
    recipe = with_fields(
        Recipe(), {"data": str(root), "epochs": 6, "threads": 1, "start": {"initial": initial}, "data.input_size": 8}
    )
    run = create_run(deep(channels=3, layers=12), recipe, tmp_path / "run")
    assert run.recipe().batch_size == 16
    assert run.recipe().start.initial == ("he" if learns else "torch")
    train_run(run)
    assert run.state().at_chance is not learns


@pytest.mark.slow
def test_nin_learns_three_classes_of_a_folder(tmp_path: Path) -> None:
    root = folder(tmp_path / "photos", load_fashion_sample().train, (1, 7, 8), 100)
    recipe = with_fields(Recipe(), {"data": str(root), "epochs": 6, "data.input_size": 16})
    run = create_run(load_preset("nin_cifar10"), recipe, tmp_path / "run")
    train_run(run)
    results = run.results()
    assert results is not None and results["test_accuracy"] > 0.6
    assert not run.state().at_chance


def test_he_keeps_the_signal_and_begins_nearly_even() -> None:
    torch.manual_seed(0)
    model = compile(deep(layers=12))
    images = torch.randn(64, 1, 8, 8)
    faded = model(images).detach().std(0).max()
    he(model, ("head",))
    found = model(images).detach()
    assert float(found.std(0).max()) > 100 * float(faded)
    assert bool((found > 0).all()) and abs(float(found.mean()) - HEAD_BIAS) < 0.3


@pytest.mark.parametrize(
    ("preset", "wanted"),
    [("nin_cifar10", True), ("vgg16", True), ("googlenet", True), ("cifar_resnet", False), ("bn_inception", False)],
)
def test_networks_without_normalisation_are_known(preset: str, wanted: bool) -> None:
    assert needs_initial(load_preset(preset)) is wanted


def test_few_images_get_more_epochs_and_smaller_batches(tmp_path: Path) -> None:
    root = folder(tmp_path / "photos", load_digits().train, (0, 1, 4), 30)
    _, recipe, _ = adapt(load_preset("cifar_resnet"), with_fields(Recipe(), {"data": str(root)}))
    assert (recipe.batch_size, recipe.epochs) == (16, 60)
    _, recipe, _ = adapt(load_preset("cifar_resnet"), Recipe())
    assert (recipe.batch_size, recipe.epochs) == (64, 10)


LEARNING = {
    "nin_cifar10": {"data.input_size": 12, "steps": 150},
    "cifar_resnet": {"data.input_size": 16, "epochs": 8},
    "resnet18": {"data.input_size": 32, "epochs": 4},
    "vgg16": {"data.input_size": 32, "steps": 100},
    "googlenet": {"data.input_size": 64, "steps": 90},
    "alexnet": {"data.input_size": 96, "steps": 90},
}


@pytest.mark.slow
@pytest.mark.parametrize("preset", LEARNING)
def test_the_recipe_chosen_for_a_preset_learns_three_classes_of_a_folder(tmp_path: Path, preset: str) -> None:
    """300 photos of T-shirts, dresses and bags; rate, batch and initial values as chosen."""
    root = folder(tmp_path / "photos", load_fashion_sample().train, (0, 3, 8), 100)
    run = create_run(
        load_preset(preset), with_fields(Recipe(), {"data": str(root), **LEARNING[preset]}), tmp_path / "r"
    )
    train_run(run)
    results = run.results()
    assert results is not None and results["test_accuracy"] > 0.5 and not run.state().at_chance


def test_xavier_and_gaussian_have_the_deviations_they_say() -> None:
    drawn = {}
    for name in ("xavier", "gaussian"):
        torch.manual_seed(0)
        model = compile(deep(layers=4))
        begin_with(model, deep(layers=4), Start(initial=name, deviation=0.03))  # type: ignore[arg-type]
        drawn[name] = model.get_submodule("conv2").weight
        assert float(model.get_submodule("conv2").bias.detach().abs().max()) == 0.0
    assert float(drawn["xavier"].std()) == pytest.approx((1 / (16 * 9)) ** 0.5, rel=0.05)
    assert float(drawn["xavier"].abs().max()) <= (3 / (16 * 9)) ** 0.5
    assert float(drawn["gaussian"].std()) == pytest.approx(0.03, rel=0.05)


def test_zero_gamma_makes_every_residual_block_its_shortcut() -> None:
    for preset, ends in (("resnet18", {"bn2"}), ("resnet50", {"bn3"}), ("cifar_resnet", {"bn2"}), ("vgg16", set())):
        found = residual_ends(load_preset(preset))
        assert {path.rpartition(".")[2] for path in found} == ends
    diagram = load_preset("resnet18")
    assert len(residual_ends(diagram)) == 8
    model = compile(diagram)
    begin_with(model, diagram, Start(zero_gamma=True))
    block = model.get_submodule("layer1.0").eval()
    x = torch.rand(2, 64, 8, 8)
    assert torch.equal(block(x), x)


def test_where_branches_are_summed_the_initial_values_stay() -> None:
    residual, plain = (open_diagram("cifar_resnet", bn=False, plain=plain) for plain in (False, True))
    assert not needs_initial(residual) and needs_initial(plain)


def test_a_short_run_without_normalisation_has_no_dropout() -> None:
    for preset, fields, wanted in (
        ("vgg16", {"steps": 90}, 0.0),
        ("vgg16", {"steps": 5000}, 1.0),
        ("vgg16", {"steps": 90, "dropout": 0.5}, 0.5),
        ("nin_cifar10", {"epochs": 2}, 0.0),
        ("cifar_resnet", {"steps": 90}, 1.0),
    ):
        diagram, recipe, notes = adapt(load_preset(preset), with_fields(Recipe(), fields))
        assert recipe.dropout == wanted, (preset, fields)
        assert any("dropout" in note for note in notes) is (wanted == 0.0)
    diagram = deep()
    diagram.disconnect("pool", "flatten")
    diagram.connect("pool", diagram.add("Dropout", "drop", p=0.5))
    diagram.connect("drop", "flatten")
    model = build_network(diagram, with_fields(Recipe(), {"dropout": 0.5}), torch.device("cpu"))
    assert [module.p for module in model.modules() if isinstance(module, torch.nn.Dropout)] == [0.25]
