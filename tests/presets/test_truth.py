"""Every preset against the reference tables of the published networks, to the last digit."""

from __future__ import annotations

from typing import Any

import pytest

from blockstudio.analysis import Analysis, analyze
from blockstudio.graph.presets import load_preset
from tests.support.layer_tables import diagram_layers, difference, reference_layers, reference_models, squeeze

RESNET = {
    "conv1": "conv1", "maxpool": "maxpool", "conv2_x": "layer1", "conv3_x": "layer2", "conv4_x": "layer3",
    "conv5_x": "layer4", "GAP": "avgpool",
}  # fmt: skip
RESNET_SLIM = {
    "pool1": "maxpool", "block1": "layer1", "block2": "layer2", "block3": "layer3", "block4": "layer4",
    "GAP": "avgpool",
}  # fmt: skip
CIFAR = {"conv1": "conv1", "stage1": "layer1", "stage2": "layer2", "stage3": "layer3", "GAP": "avgpool"}
NIN = {"pool3 (GAP)": "pool3", "pool4 (GAP)": "pool4"}
GOOGLENET = {"pool5 (GAP)": "pool5", "classifier": "fc"}
GOOGLENET_TORCHVISION = {
    "pool1": "maxpool1", "conv2": "conv3", "pool2": "maxpool2", "pool3": "maxpool3", "pool4": "maxpool4",
    "pool5 (GAP)": "avgpool", "classifier": "fc",
    **{f"inception_{row}": f"inception{row}" for row in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")},
}  # fmt: skip
ALEXNET = {
    "pool1": "features.2", "pool2": "features.5", "conv5": "features.10", "pool5": "features.12",
    "fc8": "classifier.6",
}  # fmt: skip
INCEPTION_V3 = {"MaxPool_3a_3x3": "maxpool1", "MaxPool_5a_3x3": "maxpool2", "GAP": "avgpool"}
INCEPTION_V2 = {
    "conv a": "conv1", "conv b": "conv2", "conv c (padded)": "conv3", "conv d": "conv4", "conv e": "conv5",
    "conv f": "conv6", "reduction_1": "reduction1", "reduction_2": "reduction2", "pool 8x8": "avgpool",
    **{f"fig{figure}_{k + 1}": f"figure{figure}.{k}" for figure in (5, 6, 7) for k in range(5)},
}  # fmt: skip
STEM = {
    "Conv2d_1a_3x3": "conv2d_1a", "Conv2d_2a_3x3": "conv2d_2a", "Conv2d_2b_3x3": "conv2d_2b",
    "MaxPool_3a_3x3": "maxpool_3a", "Conv2d_3b_1x1": "conv2d_3b", "Conv2d_4a_3x3": "conv2d_4a",
    "Conv2d_4b_3x3": "conv2d_4b", "MaxPool_5a_3x3": "maxpool_5a",
    "Mixed_3a": "mixed_3a", "Mixed_4a": "mixed_4a", "Mixed_5a": "mixed_5a", "GAP": "avgpool",
}  # fmt: skip
INCEPTION_V4 = {
    **STEM,
    **{f"Mixed_5{letter}": f"inception_a.{k}" for k, letter in enumerate("bcde")}, "Mixed_6a": "reduction_a",
    **{f"Mixed_6{letter}": f"inception_b.{k}" for k, letter in enumerate("bcdefgh")}, "Mixed_7a": "reduction_b",
    **{f"Mixed_7{letter}": f"inception_c.{k}" for k, letter in enumerate("bcd")},
}  # fmt: skip
INCEPTION_RESNET = {
    **STEM, "5x IR-A": "inception_resnet_a", "Reduction-A": "reduction_a", "10x IR-B": "inception_resnet_b",
    "Reduction-B": "reduction_b", "5x IR-C": "inception_resnet_c",
}  # fmt: skip
INCEPTION_RESNET_V2 = {
    **STEM, "Mixed_5b": "mixed_5b", "10x Block35": "repeat", "Mixed_6a": "mixed_6a", "20x Block17": "repeat_1",
    "Mixed_7a": "mixed_7a", "10x Block8": "block8", "Conv2d_7b_1x1": "conv2d_7b",
}  # fmt: skip

VARIANTS: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "nin_imagenet": ("nin_imagenet", {}, NIN),
    "nin_cifar10": ("nin_cifar10", {}, NIN),
    "alexnet_caffe": ("alexnet", {}, {}),
    "alexnet_ungrouped": ("alexnet", {"groups": 1}, {}),
    "alexnet_torchvision": ("alexnet_torchvision", {}, ALEXNET),
    "googlenet_paper": ("googlenet", {}, GOOGLENET),
    "googlenet_torchvision": ("googlenet_torchvision", {}, GOOGLENET_TORCHVISION),
    "googlenet_tfslim": ("googlenet_tfslim", {}, {}),
    "bn_inception_caffe": ("bn_inception", {"bias": True}, {"GAP": "avgpool"}),
    "bn_inception_paper": ("bn_inception", {}, {"GAP": "avgpool"}),
    "inception_v2_tfslim": ("inception_v2_tfslim", {}, {"conv1": "conv1.pointwise", "GAP": "avgpool"}),
    "inception_v3_tfslim": ("inception_v3_tfslim", {}, INCEPTION_V3),
    "inception_v3_torchvision": ("inception_v3", {}, INCEPTION_V3),
    "inception_v2_rethinking": ("inception_v2", {}, INCEPTION_V2),
    "inception_v2_rethinking_5b": ("inception_v2", {"n": 5}, INCEPTION_V2),
    "inception_v4": ("inception_v4", {}, INCEPTION_V4),
    "inception_resnet_v2_tfslim": ("inception_resnet_v2", {}, INCEPTION_RESNET_V2),
    "inception_resnet_v2_paper": ("inception_resnet_v2_paper", {}, INCEPTION_RESNET),
    "inception_resnet_v1": ("inception_resnet_v1", {}, INCEPTION_RESNET),
    "resnet18": ("resnet18", {}, RESNET),
    "resnet18_optA": ("resnet18", {"shortcut": "A"}, RESNET),
    "plain18_imagenet": ("plain", {"depth": "18"}, RESNET),
    "resnet34": ("resnet34", {}, RESNET),
    "resnet34_optA": ("resnet34", {"shortcut": "A"}, RESNET),
    "resnet34_optC": ("resnet34", {"shortcut": "C"}, RESNET),
    "plain34_imagenet": ("plain", {}, RESNET),
    "resnet50_v1": ("resnet50", {"version": "v1"}, RESNET),
    "resnet50_v1.5": ("resnet50", {}, RESNET),
    "resnet101_v1": ("resnet101", {"version": "v1"}, RESNET),
    "resnet101_v1.5": ("resnet101", {}, RESNET),
    "resnet152_v1": ("resnet152", {"version": "v1"}, RESNET),
    "resnet152_v1.5": ("resnet152", {}, RESNET),
    "resnet50_tfslim": ("resnet50_tfslim", {}, RESNET_SLIM),
    "resnet50_v2_preact": ("preact_resnet50", {}, RESNET),
    "resnet50_v2_fb": ("preact_resnet50", {"layout": "fb"}, RESNET),
    "cifar_resnet20": ("cifar_resnet", {"n": 3}, CIFAR),
    "cifar_resnet32": ("cifar_resnet", {"n": 5}, CIFAR),
    "cifar_resnet44": ("cifar_resnet", {"n": 7}, CIFAR),
    "cifar_resnet56": ("cifar_resnet", {"n": 9}, CIFAR),
    "cifar_resnet110": ("cifar_resnet", {"n": 18}, CIFAR),
    "cifar_resnet1202": ("cifar_resnet", {"n": 200}, CIFAR),
    "cifar_plain20": ("cifar_plain", {"n": 3}, CIFAR),
    "cifar_plain56": ("cifar_plain", {"n": 9}, CIFAR),
    "cifar_preact_resnet110": ("cifar_preact", {}, CIFAR),
    "cifar_preact_resnet164": ("cifar_preact", {"bottleneck": True}, CIFAR),
    "cifar_preact_resnet1001": ("cifar_preact", {"bottleneck": True, "n": 111}, CIFAR),
    "wrn28_10": ("wide_resnet", {}, {"GAP": "avgpool"}),
}
"""Reference id: preset, diagram parameters, the blocks that stages are called where the names differ."""


SEPARABLE = {"inception_v2_tfslim": 1}
"""The reference counts a separable convolution as one layer of depth, the studio its two convolutions."""

DROPOUT_SHIFTED = {"alexnet_torchvision": (("dropout", 0.5, (4096,)), ("dropout", 0.5, (9216,)))}
"""The reference's table has dropout after fc6 and fc7 although its notes, like torchvision, have it before them."""

Variant = tuple[dict[str, Any], Analysis, dict[str, str]]


@pytest.fixture(scope="module")
def variant(request: pytest.FixtureRequest) -> Variant:
    preset, values, stages = VARIANTS[request.param]
    return reference_models()[request.param], analyze(load_preset(preset, **values)), stages


everything = pytest.mark.parametrize("variant", VARIANTS, indirect=True)
tabulated = pytest.mark.parametrize(
    "variant", [name for name in VARIANTS if reference_models()[name]["layers"]], indirect=True
)
"""Networks of a thousand layers have no layer table: the shallower members of their family stand for them."""


@everything
def test_totals(variant: Variant) -> None:
    model, found, _ = variant
    assert found.parameters == model["params"]
    assert found.macs == model["macs"]
    assert found.parameters_with_auxiliary == model["params_with_aux"]
    assert found.macs_with_auxiliary == model["macs_with_aux"]
    assert found.depth == model["depth"] + SEPARABLE.get(model["id"], 0)


@everything
def test_stage_shapes(variant: Variant) -> None:
    model, found, stages = variant
    for stage in model["output_shapes"]:
        name = stage["stage"]
        report = found.blocks[stages.get(name, name)]
        assert squeeze(report.output_shape or ()) == squeeze(stage["shape"]), name


@tabulated
def test_layers(variant: Variant) -> None:
    model, found, _ = variant
    expected = reference_layers(model)
    for wrong, right in [DROPOUT_SHIFTED[model["id"]]] if model["id"] in DROPOUT_SHIFTED else []:
        expected.subtract([wrong])
        expected.update([right])
    assert difference(diagram_layers(found), expected) == ""


def test_every_reference_network_has_its_preset() -> None:
    missing = set(reference_models()) - set(VARIANTS)
    assert missing == set(), f"no preset stands for {sorted(missing)}"
