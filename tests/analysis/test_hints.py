"""Design hints: those that a lecturer would give, and no others."""

from __future__ import annotations

from collections import Counter

import pytest

import blockstudio as bs
from blockstudio.analysis import analyze, apply_fix
from blockstudio.analysis.hints import KINDS, hints
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.presets import load_preset, preset_names
from tests.analysis.test_refactorings import chain, five_by_five

EXPECTED = {
    # The networks that the later papers improve on: dense heads, pooling before widening, large kernels, no BatchNorm.
    "alexnet": {"dense_head": 1, "large_kernel": 1, "pool_first": 2},
    "alexnet_torchvision": {"dense_head": 1, "large_kernel": 1, "pool_first": 2},
    "vgg16": {"dense_head": 1, "plain_stack": 1, "pool_first": 3},
    "vgg19": {"dense_head": 1, "plain_stack": 1, "pool_first": 3},
    # 5×5 branches, which Inception V2 takes apart; the TF-slim and torchvision GoogLeNets have 3×3 there already.
    "googlenet": {"large_kernel": 1},
    "inception_resnet_v2": {"large_kernel": 1, "batch_of_one": 1},
    "inception_v4": {"batch_of_one": 1},
    "inception_v3": {"large_kernel": 1, "batch_of_one": 1},
    "inception_v3_tfslim": {"large_kernel": 1, "batch_of_one": 1},
    "module_inception": {"large_kernel": 1},
    "module_inception_naive": {"large_kernel": 1},
    # The two figures that "Rethinking the Inception Architecture" draws to warn of them.
    "module_reduction_bottleneck": {"pool_first": 1},
    # "Deep Residual Learning" draws this one to show that it gets worse.
    "plain": {"degradation": 1},
}
"""All other presets have none."""


def kinds(d: Diagram) -> dict[str, int]:
    return dict(Counter(hint.kind for hint in hints(d, analyze(d))))


def test_over_the_presets():
    found = {name: kinds(load_preset(name)) for name in preset_names()}
    assert {name: each for name, each in found.items() if each} == EXPECTED


def test_every_hint_has_two_sentences_a_block_and_a_paper():
    for name in EXPECTED:
        d = load_preset(name)
        for hint in hints(d, analyze(d)):
            assert hint.text.count(". ") == 1 and hint.text.endswith("."), hint.text
            assert hint.block in d.definition(hint.scope) and hint.path
            assert hint.paper.url.startswith("https://arxiv.org/abs/") and "§" in hint.paper.section


def test_the_hint_of_the_picture():
    d = five_by_five()
    found = {hint.block: hint for hint in hints(d, analyze(d))}
    assert {name: hint.kind for name, hint in found.items()} == {"conv2": "large_kernel", "pool1": "bottleneck"}
    assert found["pool1"].text == (
        "pool1 lets 4,096 of 65,536 values through, and only then does conv3 widen to 256 channels. What such a step "
        "drops cannot be learned back: shrink in smaller steps, or widen while shrinking."
    )
    assert found["pool1"].refactorings == ("reduction",)
    assert found["conv2"].text.startswith("2 layers of 3×3 see the same 5×5 with 28 % fewer weights.")


@pytest.mark.parametrize("name", ["alexnet", "vgg16", "googlenet", "module_reduction_bottleneck"])
def test_what_helps_takes_the_hint_away(name):
    """Each refactoring that a hint offers, done where it stands, leaves one hint of the kind less."""
    d = load_preset(name)
    for hint in hints(d, analyze(d)):
        for kind in hint.refactorings:
            names = () if kind == "batch_norm" else (hint.block,)
            offered = {each.kind: each for each in bs.refactorings(d, *names, scope=hint.scope)}
            if kind not in offered:
                continue
            before = kinds(d)[hint.kind]
            apply_fix(d, offered[kind])
            assert kinds(d).get(hint.kind, 0) < before, (hint.kind, kind)
            d.undo()


def test_a_plain_network_gets_worse_with_depth():
    assert kinds(bs.load("cifar_plain", n=3)) == {}
    assert kinds(bs.load("cifar_plain", n=9)) == {"degradation": 1}
    assert kinds(bs.load("cifar_resnet", n=18)) == {}


def test_branches_that_are_the_same():
    d = Diagram("twice")
    d.add("Input", "input", shape=[3, 16, 16])
    for name in ("a", "b"):
        d.add("MaxPool2d", f"pool_{name}", kernel_size=3, stride=1, padding=1)
        d.add("Conv2d", f"conv_{name}", out_channels=8, kernel_size=3, padding=1)
    d.add("Conv2d", "conv_c", out_channels=8, kernel_size=1)
    d.add("Concat", "concat")
    d.add("Output", "output")
    for name in ("a", "b"):
        d.connect("input", f"pool_{name}")
        d.connect(f"pool_{name}", f"concat:{int(name == 'b')}")
        d.connect("input", f"conv_{name}")
        d.connect(f"conv_{name}", f"concat:{2 + int(name == 'b')}")
    d.connect("input", "conv_c")
    d.connect("conv_c", "concat:4")
    d.connect("concat", "output")
    found = hints(d, analyze(d))
    assert [(hint.kind, hint.block) for hint in found] == [("duplicate", "pool_b"), ("duplicate", "conv_b")]


def test_a_batch_of_one_on_single_pixels():
    d = chain(("Conv2d", "conv", {"kernel_size": 8}), ("BatchNorm2d", "bn", {}), shape=(3, 8, 8))
    assert kinds(d) == {"batch_of_one": 1}
    d.bypass("bn")
    assert kinds(d) == {}


def test_kinds_can_be_left_out():
    d = load_preset("vgg16")
    assert {hint.kind for hint in bs.hints(d, without=["pool_first"])} == {"dense_head", "plain_stack"}
    with pytest.raises(StudioError, match="dense_haed") as wrong:
        bs.hints(d, without=["dense_haed"])
    assert "dense_head" in wrong.value.hint
    assert bs.hints(d, without=[*KINDS]) == ()


def test_drawings_that_are_not_finished_have_no_hints():
    for d in (Diagram("empty"), chain(("Conv2d", "conv", {"kernel_size": 5}))):
        d.remove("output") if "output" in d.main else None
        assert hints(d, analyze(d)) == ()
