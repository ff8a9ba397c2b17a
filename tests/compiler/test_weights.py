"""Weights into a model: what fits, what does not and why, names of others, the classifier left aside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from blockstudio import StudioError, load
from blockstudio.compiler import compile, load_weights
from blockstudio.compiler.weight_maps import load_map, rename, weight_maps
from blockstudio.graph.presets import load_preset, preset_names

torch.set_num_threads(1)


def network(**values: int) -> nn.Module:
    return compile(load("cifar_resnet", **{"n": 1, "width": 4, **values}))


def noise(model: nn.Module) -> dict[str, Tensor]:
    """A state dict of the model's shapes whose values are nobody's initial values."""
    generator = torch.Generator().manual_seed(5)
    return {
        key: torch.rand(value.shape, generator=generator) if value.is_floating_point() else torch.full_like(value, 7)
        for key, value in model.state_dict().items()
    }


def same(model: nn.Module, weights: dict[str, Tensor]) -> bool:
    own = model.state_dict()
    return own.keys() == weights.keys() and all(torch.equal(own[key], weights[key]) for key in own)


def copied(model: nn.Module) -> dict[str, Tensor]:
    return {key: value.clone() for key, value in model.state_dict().items()}


# What fits


@pytest.mark.parametrize("wrapped", ["{}", "state_dict", "model_state_dict", "model"])
@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod."])
@pytest.mark.parametrize("suffix", [".pt", ".pth"])
def test_checkpoints_of_training_programs(tmp_path: Path, suffix: str, prefix: str, wrapped: str) -> None:
    model = network()
    weights = noise(model)
    found: object = {prefix + key: value for key, value in weights.items()}
    if wrapped != "{}":
        found = {"epoch": 3, wrapped: found, "lr": 0.1}
    file = tmp_path / f"weights{suffix}"
    torch.save(found, file)
    report = load_weights(model, file)
    assert report.complete and len(report.matched) == len(weights)
    assert same(model, weights)


def test_safetensors_and_the_old_format_of_torch(tmp_path: Path) -> None:
    for name in ("new.safetensors", "old.pth"):
        model = network()
        weights = noise(model)
        if name.startswith("new"):
            save_file(weights, tmp_path / name)
        else:
            torch.save(weights, tmp_path / name, _use_new_zipfile_serialization=False)
        load_weights(model, str(tmp_path / name))
        assert same(model, weights)


def test_half_precision_is_widened_and_counters_may_be_absent() -> None:
    model = network()
    weights = {key: value.bfloat16() for key, value in noise(model).items() if "num_batches" not in key}
    report = load_weights(model, weights)
    assert report.complete
    own = model.state_dict()
    assert all(
        own[key].dtype == torch.float32 and torch.equal(own[key], value.float()) for key, value in weights.items()
    )


# What does not


def test_every_reason_is_told_and_the_model_untouched() -> None:
    model = network()
    before = copied(model)
    weights = noise(model)
    del weights["layer1.0.bn1.bias"]
    weights["layer9.conv.weight"] = torch.zeros(3)
    weights["conv1.weight"] = torch.zeros(5, 3, 3, 3)
    with pytest.raises(StudioError) as caught:
        load_weights(model, weights)
    assert caught.value.code == "weights.mismatch"
    for words in (
        "1 missing: layer1.0.bn1.bias",
        "1 unexpected: layer9.conv.weight",
        "1 of another shape: conv1.weight (expected 4×3×3×3, found 5×3×3×3)",
    ):
        assert words in caught.value.message
    assert same(model, before)

    report = load_weights(model, weights, strict=False)
    assert not report.complete
    assert report.missing == ("layer1.0.bn1.bias",)
    assert report.unexpected == ("layer9.conv.weight",)
    assert [item.key for item in report.mismatched] == ["conv1.weight"]
    lines = "\n".join(report.lines())
    assert f"{len(report.matched)} of the network's {len(before)} keys" in lines
    assert "  conv1.weight (expected 4×3×3×3, found 5×3×3×3)" in lines
    wrong = {"layer1.0.bn1.bias", "conv1.weight"}
    own = model.state_dict()
    for key in own:
        assert torch.equal(own[key], before[key] if key in wrong else weights[key]), key


def test_many_keys_are_counted_not_recited() -> None:
    with pytest.raises(StudioError, match=r"and \d+ more") as caught:
        load_weights(network(), {"conv1.weight": torch.zeros(4, 3, 3, 3)})
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("weights", "code"),
    [
        ({}, "weights.mismatch"),
        ({"other.weight": torch.zeros(2)}, "weights.mismatch"),
        ({"conv1.weight": [1.0, 2.0]}, "weights.format"),
        ({3: torch.zeros(2)}, "weights.format"),
        ({"conv1.weight": torch.zeros(4, 3, 3, 3).to_sparse()}, "weights.format"),
        ({"conv1.weight": torch.zeros(4, 3, 3, 3, dtype=torch.complex64)}, "weights.format"),
        ({"conv1.weight": torch.zeros(4, 3, 3, 3, device="meta")}, "weights.format"),
    ],
)
def test_what_is_no_state_dict_of_the_network(weights: dict[str, Tensor], code: str) -> None:
    model = network()
    before = copied(model)
    with pytest.raises(StudioError) as caught:
        load_weights(model, weights)
    assert caught.value.code == code
    assert same(model, before)


def test_codes_of_a_quantised_network_are_refused() -> None:
    model = network()
    before = copied(model)
    weights = noise(model)
    weights["fc.weight"] = weights["fc.weight"].mul(100).to(torch.int8)
    with pytest.raises(StudioError, match=r"fc\.weight is of type int8") as caught:
        load_weights(model, weights)
    assert caught.value.code == "weights.type"
    assert same(model, before)


def test_nothing_in_common_is_an_error_even_when_not_strict() -> None:
    with pytest.raises(StudioError) as caught:
        load_weights(network(), {"other.weight": torch.zeros(2)}, strict=False)
    assert caught.value.code == "weights.nothing"


# Transfer learning


def test_a_classifier_for_other_classes_is_left_aside_on_request() -> None:
    weights = noise(network(num_classes=1000))
    model = network(num_classes=7)
    before = copied(model)
    with pytest.raises(StudioError) as caught:
        load_weights(model, weights)
    assert 'head="skip"' in caught.value.hint
    assert same(model, before)

    report = load_weights(model, weights, head="skip")
    assert report.complete
    assert [item.key for item in report.kept] == ["fc.weight", "fc.bias"]
    assert "another number of classes" in "\n".join(report.lines())
    own = model.state_dict()
    for key in own:
        assert torch.equal(own[key], (before if key.startswith("fc.") else weights)[key]), key


def test_auxiliary_classifiers_are_classifiers_too() -> None:
    with torch.device("meta"):
        theirs = compile(load("googlenet_torchvision")).state_dict()
    model = compile(load("googlenet_torchvision", num_classes=3))
    report = load_weights(model, {key: torch.zeros(value.shape) for key, value in theirs.items()}, head="skip")
    assert {item.key for item in report.kept} == {
        f"{layer}.{kind}" for layer in ("fc", "aux1.fc2", "aux2.fc2") for kind in ("weight", "bias")
    }


@pytest.mark.parametrize(
    ("preset", "values"), [("cifar_resnet", {"width": 8}), ("nin_cifar10", {"in_channels": 1})], ids=["width", "input"]
)
def test_other_differences_are_no_classifier(preset: str, values: dict[str, int]) -> None:
    with pytest.raises(StudioError) as caught:
        load_weights(compile(load(preset, **values)), noise(compile(load(preset))), head="skip")
    assert caught.value.code == "weights.mismatch"
    assert "head=" not in caught.value.hint


def test_a_convolution_can_be_the_classifier() -> None:
    report = load_weights(compile(load("nin_cifar10", num_classes=4)), noise(compile(load("nin_cifar10"))), head="skip")
    layers = {item.key.rpartition(".")[0] for item in report.kept}
    assert len(layers) == 1
    assert {item.expected[0] for item in report.kept} == {4}


# Names


def test_the_longest_prefix_of_whole_parts_is_replaced() -> None:
    names = {"stem": "conv", "stem.norm": "bn", "blocks.0": "layer1"}
    keys = {"stem.weight": 1, "stem.norm.bias": 2, "blocks.0.a": 3, "blocks.01.a": 4, "stemmed.weight": 5}
    assert rename(keys, names) == {"conv.weight": 1, "bn.bias": 2, "layer1.a": 3, "blocks.01.a": 4, "stemmed.weight": 5}


def test_two_keys_may_not_become_one() -> None:
    with pytest.raises(StudioError, match=r"'a\.weight'"):
        rename({"a.weight": 1, "b.weight": 2}, {"b": "a"})


def test_names_given_as_mapping_as_file_and_refused(tmp_path: Path) -> None:
    weights = noise(network())
    foreign = {key.replace("layer1.0", "stage.first").replace("fc.", "head."): value for key, value in weights.items()}
    foreign["head.weight"] = foreign["head.weight"][:, :, None, None]
    names = {"stage.first": "layer1.0", "head": "fc"}
    with pytest.raises(StudioError, match=r"stage\.first\.conv1\.weight"):
        load_weights(network(), foreign)

    file = tmp_path / "map.json"
    file.write_text(
        json.dumps(
            {
                "preset": "p",
                "source": "elsewhere",
                "model": "m",
                "parameters": {},
                "names": names,
                "flatten": ["fc.weight"],
            }
        )
    )
    model = network()
    report = load_weights(model, foreign, names=file)
    assert report.map == "elsewhere" and "names of elsewhere" in report.lines()[0]
    assert same(model, weights)

    foreign["head.weight"] = weights["fc.weight"]
    model = network()
    load_weights(model, foreign, names=names)
    assert same(model, weights)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "truncated"),
        ("[]", "object"),
        ('{"preset": "p"}', "source"),
        ('{"preset": "p", "source": "s", "model": "m", "names": {"a": 3}}', "names"),
        ('{"preset": "p", "source": "s", "model": "m", "names": {}, "code": "x"}', "code"),
        ("[" * 100_000, "no map of weights"),
    ],
)
def test_a_map_that_is_none(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "map.json"
    file.write_text(text)
    with pytest.raises(StudioError, match=words) as caught:
        load_map(file)
    assert caught.value.code == "weights.map"
    assert caught.value.where == str(file)


def test_maps_of_the_studio_are_of_presets_and_lead_to_every_key() -> None:
    maps = weight_maps()
    assert {"inception_v4", "preact_resnet50"} <= {each.preset for each in maps}
    for each in maps:
        assert each.preset in preset_names()
        with torch.device("meta"):
            own = compile(load_preset(each.preset, **each.parameters)).state_dict()
        # A map names what it replaces; each of its targets must be a place in the network.
        for target in each.names.values():
            assert any(key.startswith(f"{target}.") for key in own), f"{each.preset}: {target}"
        assert set(each.flatten) <= set(own)


def test_keys_of_the_file_are_printed_without_control_characters_and_not_for_ever() -> None:
    model = nn.Linear(2, 1)
    weights = {**model.state_dict(), "\x1b[2Jgone": torch.zeros(1), "k" * 100_000: torch.zeros(1)}
    report = load_weights(model, weights, strict=False)
    told = [*report.lines(), report.text()]
    assert all(text.isprintable() for text in told) and "\\x1b[2Jgone" in report.text()
    assert max(map(len, told)) < 600 and report.unexpected == tuple(weights)[2:]
