"""Transfer learning: begin with the weights of another run, keep some of them as they are, train the rest."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

import blockstudio as bs
from blockstudio.answers import StudioErrors
from blockstudio.cli import main
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import loads
from blockstudio.graph.presets import preset_folder
from blockstudio.runs import Recipe, Run, create_run, start_run, with_fields
from blockstudio.runs.frozen import all_but, trainable
from blockstudio.runs.recipe_files import save_recipe
from blockstudio.training import train, train_run

MakeRun = Callable[..., Run]

BODY = ["conv1", "bn1", "stage"]


def network(classes: int = 10, width: int = 8, channels: int = 3, name: str = "net") -> Diagram:
    """A stem, a chain of two modules with normalisation and dropout in them, and a classifier."""
    inner = {
        "input": {"type": "Input"},
        "conv": {"type": "Conv2d", "parameters": {"out_channels": "in_channels", "kernel_size": 3, "padding": 1}},
        "bn": {"type": "BatchNorm2d"},
        "drop": {"type": "Dropout", "parameters": {"p": 0.2}},
        "relu": {"type": "ReLU"},
        "output": {"type": "Output"},
    }
    first = {"out_channels": width, "kernel_size": 3, "padding": 1, "stride": 2}
    blocks = {
        "input": {"type": "Input", "parameters": {"shape": ["in_channels", 8, 8]}},
        "conv1": {"type": "Conv2d", "parameters": first},
        "bn1": {"type": "BatchNorm2d"},
        "relu1": {"type": "ReLU"},
        "stage": {"type": "Stage", "repeat": 2},
        "flatten": {"type": "Flatten"},
        "fc": {"type": "Linear", "parameters": {"out_features": "num_classes"}},
        "output": {"type": "Output"},
    }

    def chain(names: list[str]) -> list[str]:
        return [f"{a} -> {b}" for a, b in pairwise(names)]

    module = {"blocks": inner, "wires": chain(list(inner))}
    return loads(
        json.dumps(
            {
                "format": "blockstudio", "version": 2, "name": name,
                "parameters": {"num_classes": classes, "in_channels": channels},
                "blocks": blocks, "wires": chain(list(blocks)), "modules": {"Stage": module},
            }
        )
    )  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of a network for six kinds of shapes."""
    torch.set_num_threads(1)
    fields = {"threads": 1, "epochs": 2, "batch_size": 32, "lr": 0.01, "input_size": 8}
    shapes = {"source": "shapes", "shapes": {"classes": 6, "images": 300, "size": 16}, "input_size": 8}
    recipe = with_fields(Recipe(), {**fields, "data": shapes})
    run = create_run(network(6), with_fields(recipe, {"data.channels": "fit"}), tmp_path_factory.mktemp("a") / "run")
    train_run(run)
    best = run.best()
    assert best is not None
    return best.model


@pytest.fixture
def transfer(make_run: MakeRun, trained: Path) -> Callable[..., Run]:
    def make(name: str = "run", **fields: Any) -> Run:
        start = {"weights": str(trained), "freeze": BODY, **fields.pop("start", {})}
        return make_run(name, network(6), start=start, **fields)

    return make


def final(run: Run) -> dict[str, torch.Tensor]:
    return load_file(run.checkpoints.all()[-1].model)


def notes(run: Run) -> list[str]:
    return [event["text"] for event in run.follow() if event["type"] == "note"]


def test_only_the_classifier_learns_and_the_rest_stays_to_the_last_bit(
    transfer: Callable[..., Run], trained: Path
) -> None:
    run = transfer(epochs=4, lr=0.02)
    train_run(run)
    before, after = load_file(trained), final(run)
    kept = [key for key in after if not key.startswith("fc.")]
    assert any("running_var" in key for key in kept) and any("num_batches_tracked" in key for key in kept)
    for key in kept:
        assert torch.equal(before[key], after[key]), key
    assert after["fc.weight"].shape[0] == 10 and before["fc.weight"].shape[0] == 6
    epochs = run.history().epochs
    assert epochs[-1]["validation_accuracy"] > max(0.5, epochs[0]["validation_accuracy"])
    started = run.history().started
    assert started is not None
    assert started["trainable"] == after["fc.weight"].numel() + 10 < started["parameters"]
    said = "\n".join(notes(run))
    assert "fc keeps its initial values: 10 classes here, 6 in the file" in said
    assert f"Frozen: conv1, bn1, stage. {started['trainable']:,} of {started['parameters']:,} parameters" in said


def test_the_optimiser_holds_nothing_of_what_is_frozen(transfer: Callable[..., Run]) -> None:
    run = transfer(steps=3)
    train_run(run)
    (groups,) = [run.checkpoints.all()[-1].state()["optimizer"]["groups"]]
    assert [len(group["params"]) for group in groups] == [1, 1]
    assert groups[0]["weight_decay"] == 0.01 and groups[1]["weight_decay"] == 0.0


def test_dropout_and_normalisation_that_are_frozen_do_not_train(make_run: MakeRun) -> None:
    from blockstudio.training.prepare import prepare

    model = prepare(make_run("run", network(), start={"freeze": ["conv1", "stage.0"]}, steps=1)).model
    modes = {name: module.training for name, module in model.named_modules()}
    assert [name for name, mode in modes.items() if not mode] == [
        "conv1", "stage.0", "stage.0.conv", "stage.0.bn", "stage.0.drop", "stage.0.relu",
    ]  # fmt: skip
    learning = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert learning == {
        "bn1.weight", "bn1.bias", "stage.1.conv.weight", "stage.1.conv.bias", "stage.1.bn.weight", "stage.1.bn.bias",
        "fc.weight", "fc.bias",
    }  # fmt: skip


def test_modes_are_the_same_after_measuring(make_run: MakeRun) -> None:
    """Two epochs with validation between them: statistics of frozen normalisation would move in the second."""
    run = make_run("run", network(), start={"freeze": ["conv1", "bn1"]}, epochs=2)
    train_run(run)
    after = final(run)
    assert torch.equal(after["bn1.running_mean"], torch.zeros(8)) and after["bn1.num_batches_tracked"] == 0
    assert after["stage.0.bn.num_batches_tracked"] == run.history().epochs[-1]["step"]


def test_a_transfer_goes_on_to_the_last_bit_without_the_file(
    transfer: Callable[..., Run], trained: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.safetensors"
    mine.write_bytes(trained.read_bytes())
    start = {"weights": str(mine), "freeze": ["conv1", "stage.0"]}
    fields: dict[str, Any] = {"epochs": 2, "checkpoints": {"steps": 7, "keep": 10}, "start": start}
    whole, stopped = transfer("whole", **fields), transfer("stopped", **fields)
    train_run(whole)

    def stop(event: dict[str, Any]) -> None:
        if event["type"] == "checkpoint" and event["step"] == 7:
            stopped.send("stop")

    train_run(stopped, on_event=stop)
    assert stopped.state().status == "stopped"
    mine.unlink()
    train_run(stopped)
    assert stopped.state().status == "finished"
    for key, value in final(whole).items():
        assert torch.equal(value, final(stopped)[key]), key


def test_with_no_good_checkpoint_it_begins_with_the_weights_again(
    transfer: Callable[..., Run], trained: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.safetensors"
    mine.write_bytes(trained.read_bytes())
    run = transfer(epochs=1, start={"weights": str(mine)})
    train_run(run)
    whole = final(run)
    mine.unlink()
    for checkpoint in run.checkpoints.all():
        checkpoint.model.unlink()  # not written over: what was read above is mapped from it
    log = run.directory / "events.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(line for line in lines if json.loads(line)["type"] in ("note", "started")))
    train_run(Run(run.directory))
    for key, value in whole.items():
        assert torch.equal(value, final(run)[key]), key


def test_damaged_starting_weights_are_told_and_fitted_again(transfer: Callable[..., Run]) -> None:
    run = transfer(steps=2)
    train_run(run)
    (kept,) = run.start.all()
    raw = bytearray(kept.model.read_bytes())
    raw[-3] ^= 4
    kept.model.write_bytes(raw)
    run.checkpoints.discard_after(-1)
    (run.directory / "events.jsonl").unlink()
    again = Run(run.directory)
    train_run(again)
    assert [event["code"] for event in again.follow() if event["type"] == "warning"] == ["checkpoint.damaged"]
    again.start.all()[0].verify()


def test_train_from_python_takes_weights_and_frozen_blocks(trained: Path, tmp_path: Path) -> None:
    run = train(network(6), weights=str(trained), freeze=BODY, steps=2, threads=1, run=tmp_path / "run")
    assert run.recipe().start.freeze == tuple(BODY)
    assert torch.equal(final(run)["conv1.weight"], load_file(trained)["conv1.weight"])


def test_the_path_of_the_weights_holds_in_any_folder(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(trained.parent)
    recipe = with_fields(Recipe(), {"weights": trained.name, "steps": 1})
    assert Path(create_run(network(6), recipe, tmp_path / "run").recipe().start.weights) == trained


# What cannot be


@pytest.mark.parametrize(
    ("freeze", "said"),
    [
        (["conv9"], "Did you mean conv1?"),
        (["stage.7"], "no block 'stage.7'"),
        (["stage.0.convolution"], "Did you mean stage.0.conv?"),
        (["stage.0", "layer1"], "no block 'layer1'"),
        (["conv1", "bn1", "stage", "fc"], "nothing to train"),
        (["conv1", "bn1", "stage.0", "stage.1", "fc"], "nothing to train"),
    ],
)
def test_what_cannot_be_frozen_is_told_before_there_is_a_run(tmp_path: Path, freeze: list[str], said: str) -> None:
    with pytest.raises(StudioError, match=r"start\.freeze") as caught:
        create_run(network(), with_fields(Recipe(), {"freeze": freeze}), tmp_path / "run")
    assert said in str(caught.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("freeze", ["conv1,conv1", "conv1,, ,..", "a-b", [""], 3])
def test_what_is_no_path_is_told(freeze: object) -> None:
    with pytest.raises(StudioError, match=r"start\.freeze: expected paths of blocks"):
        with_fields(Recipe(), {"freeze": freeze})


def test_weights_that_are_not_there_are_told_before_there_is_a_run(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=r"gone\.pth, is not there") as caught:
        create_run(network(), with_fields(Recipe(), {"weights": str(tmp_path / "gone.pth")}), tmp_path / "run")
    assert caught.value.where == "start.weights"
    with pytest.raises(StudioError, match="is not a file"):
        create_run(network(), with_fields(Recipe(), {"weights": str(tmp_path)}), tmp_path / "run")


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    recipe = with_fields(Recipe(), {"weights": "gone.pth", "data": "nowhere"})
    with pytest.raises(StudioErrors) as caught:
        create_run(network(), recipe, tmp_path / "run")
    assert {problem.where for problem in caught.value.problems} >= {"start.weights"}


class Trap:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.mkdir, (str(self.target),)


def bad_file(kind: str, trained: Path, folder: Path) -> Path:
    file = folder / f"{kind}.safetensors"
    weights = load_file(trained)
    match kind:
        case "truncated":
            file.write_bytes(trained.read_bytes()[:-20])
        case "trap":
            file = folder / "trap.pth"
            torch.save({"state_dict": {**weights, "conv1.weight": Trap(folder / "ran")}}, file)
        case "shapes":
            save_file({key: torch.zeros(3, 3) if key == "conv1.weight" else v for key, v in weights.items()}, file)
        case "others":
            save_file({f"{key}.other": value for key, value in weights.items()}, file)
        case "nan":
            save_file({**weights, "conv1.bias": torch.full((8,), float("nan"))}, file)
        case "missing":
            save_file({key: value for key, value in weights.items() if not key.startswith("bn1")}, file)
    return file


@pytest.mark.parametrize(
    ("kind", "code", "said"),
    [
        pytest.param("truncated", "weights.format", "damaged", marks=pytest.mark.slow),
        pytest.param("trap", "weights.format", "not a tensor", marks=pytest.mark.slow),
        ("shapes", "weights.mismatch", "conv1.weight"),
        ("others", "weights.mismatch", "missing"),
        ("nan", "weights.numbers", "not numbers"),
        ("missing", "weights.mismatch", "bn1.weight"),
    ],
)
def test_a_bad_file_ends_the_run_with_one_sentence(
    make_run: MakeRun, trained: Path, tmp_path: Path, kind: str, code: str, said: str
) -> None:
    file = bad_file(kind, trained, tmp_path)
    run = make_run("run", network(6), start={"weights": str(file)}, steps=2)
    if kind in ("truncated", "trap"):
        assert start_run(run).wait() == 1
    else:
        with pytest.raises(StudioError):
            train_run(run)
    last = list(run.follow())[-1]
    assert (last["type"], last["code"]) == ("failed", code)
    text = f"{last['where']}: {last['message']} {last['hint']}"
    assert said in text and file.name in text and "\n" not in text
    assert not (tmp_path / "ran").exists()
    assert run.checkpoints.all() == [] and run.start.all() == []


def test_what_fits_is_taken_when_that_is_asked_for(make_run: MakeRun, trained: Path, tmp_path: Path) -> None:
    file = bad_file("missing", trained, tmp_path)
    run = make_run("run", network(6), start={"weights": str(file), "partial": True, "freeze": ["conv1"]}, steps=2)
    train_run(run)
    assert torch.equal(final(run)["conv1.weight"], load_file(trained)["conv1.weight"])
    assert "4 more have initial values: 4 are not in the file" in "\n".join(notes(run))


# Fitting to the data


def test_weights_keep_the_channels_that_they_are_for(tmp_path: Path, trained: Path) -> None:
    wide = network(6)
    plain = create_run(wide, with_fields(Recipe(), {"steps": 1}), tmp_path / "plain")
    assert plain.diagram().parameters["in_channels"].default == 1
    recipe = with_fields(Recipe(), {"steps": 1, "weights": str(trained)})
    assert create_run(wide, recipe, tmp_path / "started").diagram().parameters["in_channels"].default == 3


def test_weights_keep_the_size_where_they_depend_on_it(tmp_path: Path, trained: Path) -> None:
    def side(name: str, **fields: Any) -> int:
        recipe = with_fields(Recipe(), {"steps": 1, **fields})
        folder = tmp_path / f"{name}{len(fields)}"
        return create_run(bs.load(name), recipe, folder).recipe().data.input_size or 0

    weights = str(trained)  # What is in it is not looked at here.
    assert side("resnet18") == side("resnet18", weights=weights) == 32
    assert side("alexnet") < 227 == side("alexnet", weights=weights)


def test_trainable_parameters_are_counted_as_torch_counts_them() -> None:
    for name, paths in {
        "resnet18": ["conv1", "layer1", "layer2.0", "layer3.1.conv1", "layer3.1"],
        "alexnet_torchvision": ["features", "classifier.1"],
        "googlenet": ["inception_3a", "inception_3b.branch1"],
        "cifar_resnet": ["conv1", "layer1.0.bn1"],
    }.items():
        diagram = bs.load(name)
        analysis = bs.analyze(diagram)
        real = [path for path in paths if path in analysis.blocks or path == "features"]
        assert real
        model = bs.compile(diagram)
        left = sum(
            parameter.numel()
            for key, parameter in model.named_parameters()
            if not any(key.startswith(f"{path}.") for path in real)
        )
        assert trainable(analysis, real) == left, name


def test_all_but_a_block_is_as_few_paths_as_will_do() -> None:
    analysis = bs.analyze(network())
    assert all_but(analysis, ["fc"]) == ("conv1", "bn1", "stage")
    assert all_but(analysis, ["stage.1.bn", "fc"]) == ("conv1", "bn1", "stage.0", "stage.1.conv")
    assert all_but(analysis, ["stage"]) == ("conv1", "bn1", "fc")
    assert all_but(bs.analyze(bs.load("alexnet_torchvision")), ["classifier"]) == tuple(
        f"features.{index}" for index in (0, 3, 6, 8, 10)
    )
    with pytest.raises(StudioError, match="no block 'head'"):
        all_but(analysis, ["head"])


def test_weights_may_be_a_part_of_a_file_or_published_ones_by_name(
    tmp_path: Path, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from blockstudio.compiler import pretrained

    fields: dict[str, Any] = {"epochs": 1, "batch_size": 400, "threads": 1, "input_size": 8, "steps": 1}
    good = load_file(trained)
    torch.save({"model": {"other.weight": torch.ones(2)}, "ema": good}, tmp_path / "both.pt")
    torch.save(good, tmp_path / "net-00000000.pth")
    address = (tmp_path / "net-00000000.pth").as_uri()
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    monkeypatch.setattr(pretrained, "_of_torchvision", lambda model: address if model == "net" else "")
    monkeypatch.setattr(pretrained, "_is_whole", lambda file, name: True)

    def begun(name: str, **more: Any) -> Run:
        recipe = with_fields(Recipe(), {**fields, **more, "epochs": None})
        run = create_run(network(), recipe, tmp_path / name)
        train_run(run)
        return run

    assert begun("part", weights=f"{tmp_path / 'both.pt'}#ema").start.latest_good() is not None
    with pytest.raises(StudioError, match="are not on this computer") as caught:
        begun("absent", weights="torchvision:net")
    assert caught.value.code == "weights.missing"
    first = begun("fetched", weights="torchvision:net", **{"start.fetch": True})
    assert first.recipe().start.weights == "torchvision:net"
    kept = first.start.latest_good()
    assert kept is not None and torch.equal(load_file(kept.model)["conv1.weight"], good["conv1.weight"])
    with pytest.raises(StudioError, match="not there"):
        create_run(network(), with_fields(Recipe(), {"weights": f"{tmp_path / 'none.pt'}#ema"}), tmp_path / "none")


def test_weights_bring_the_normalisation_of_their_images(tmp_path: Path) -> None:
    """From the notes of a file, from the run they are of, else the preset's published ones; kept when it goes on."""
    fields: dict[str, Any] = {"steps": 2, "threads": 1, "batch_size": 8, "data.input_size": 8}
    shapes = {"source": "shapes", "shapes": {"classes": 3, "images": 30, "size": 16}, "mean": [0.1, 0.2, 0.3]}
    shapes |= {"std": [0.4, 0.5, 0.6]}
    first = create_run(network(3), with_fields(Recipe(), {**fields, "data": shapes}), tmp_path / "first")
    train_run(first)
    exported = {}
    for ending in (".safetensors", ".pt"):
        exported[ending] = tmp_path / f"net{ending}"
        assert main(["export", "--run", str(first.directory), "-o", str(exported[ending])]) == 0
    best = first.best()
    assert best is not None
    bare = tmp_path / "bare.safetensors"
    save_file(load_file(exported[".safetensors"]), bare)

    numbers = count()

    def begun(weights: Path, name: str = "net", **more: Any) -> Run:
        data = {"source": "shapes", "shapes": {"classes": 3, "images": 30, "size": 16, "seed": 1}}
        recipe = with_fields(Recipe(), {**fields, "data": data, "weights": str(weights), **more})
        run = create_run(network(3, name=name), recipe, tmp_path / f"run{next(numbers)}")
        train_run(run)
        return run

    for file in (exported[".safetensors"], best.model, exported[".pt"]):
        run = begun(file)
        assert (run.data()["mean"], run.data()["std"]) == ([0.1, 0.2, 0.3], [0.4, 0.5, 0.6])
        assert any("normalised as those of" in note for note in run.history().notes)
    exported[".pt"].unlink()
    save_recipe(with_fields(run.recipe(), {"steps": 4}), run.directory / "recipe.json")
    train_run(run)
    assert run.data()["mean"] == [0.1, 0.2, 0.3] and run.state().step == 4

    assert begun(bare, "ResNet-18").data()["mean"] == [0.485, 0.456, 0.406]
    run = begun(bare)
    assert any("does not say how its images were normalised" in note for note in run.history().notes)
    assert run.data()["mean"] != [0.485, 0.456, 0.406] and not run.data()["normalised_by_weights"]
    assert begun(bare, "ResNet-18", **{"data.mean": "0.9", "data.std": "0.8"}).data()["mean"] == [0.9] * 3


def test_published_normalisations_are_those_of_the_libraries() -> None:
    from blockstudio.compiler.pretrained import images_of
    from blockstudio.training.normalisation import PRESETS

    names = {"ResNet-18": "torchvision:resnet18", "VGG-16": "torchvision:vgg16",
             "Inception V3": "torchvision:inception_v3", "AlexNet (torchvision)": "torchvision:alexnet",
             "Inception V4": "timm:inception_v4",
             "Pre-activation ResNet-50 (v2)": "timm:resnetv2_50", "SE-ResNet-50": "timm:seresnet50"}  # fmt: skip
    for preset, name in names.items():
        assert images_of(name) == tuple(PRESETS[preset]), preset
    assert images_of("torchvision:no_such") is None
    titles = {bs.load(path.name.removesuffix(".blocks.json")).name for path in preset_folder().glob("*.blocks.json")}
    assert set(PRESETS) <= titles
