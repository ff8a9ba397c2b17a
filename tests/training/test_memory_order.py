"""Channels last in memory: by itself where that is faster, or as the recipe says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import blockstudio as bs  # noqa: E402
from blockstudio.runs import Run  # noqa: E402
from blockstudio.training.prepare import _last_pays, prepare  # noqa: E402


def convolutions_last(model: torch.nn.Module) -> set[bool]:
    return {
        bool(module.weight.is_contiguous(memory_format=torch.channels_last))
        for module in model.modules()
        if isinstance(module, torch.nn.Conv2d) and module.kernel_size != (1, 1) and module.in_channels > 1
    }


@pytest.mark.parametrize(("said", "taken"), [(None, True), (False, False), (True, True)])
def test_a_recipe_says_it_or_the_network_does(make_run: Callable[..., Run], said: bool | None, taken: bool) -> None:
    fields: dict[str, Any] = {"channels_last": said, "steps": 2}
    prepared = prepare(make_run(diagram=bs.load("cifar_resnet", n=1), **fields))
    assert prepared.recipe.channels_last is taken
    assert convolutions_last(prepared.model) == {taken}


def test_it_pays_where_maps_outweigh_weights() -> None:
    cpu, vgg = torch.device("cpu"), bs.load("vgg19")
    report = bs.analyze(vgg)
    # VGG-19 has ten times as many weights as values in the maps of an image.
    maps = sum(
        size[0] * size[1] * size[2]
        for block in report.blocks.values() if block.macs and len(size := block.output_shape or ()) == 3
    )  # fmt: skip
    enough = -(-report.parameters // (2 * maps))
    assert enough > 1
    assert _last_pays(vgg, enough, cpu) and not _last_pays(vgg, enough - 1, cpu)
    assert not _last_pays(vgg, 10 * enough, torch.device("cuda"))
    dense = bs.Diagram("dense")
    dense.add("Input", "input", shape=[64])
    dense.add("Linear", "linear", out_features=10)
    dense.add("Output", "output")
    for one, other in (("input", "linear"), ("linear", "output")):
        dense.connect(one, other)
    assert not _last_pays(dense, 1024, cpu)
