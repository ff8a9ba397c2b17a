"""Networks of torchvision and of one's own become diagrams that are the same network."""

from __future__ import annotations

import pytest
import torch
from torchvision.models import get_model

import blockstudio as bs
from blockstudio.imports import from_module

torch.set_num_threads(1)

COUNTS = {"resnet18": (20, 1), "densenet121": (142, 6), "googlenet": (40, 3), "squeezenet1_0": (25, 1)}
"""Blocks and definitions at most."""


@pytest.mark.parametrize("name", COUNTS)
def test_a_library_s_network_is_drawn_and_proven(name: str) -> None:
    torch.manual_seed(0)
    network = get_model(name, weights=None, **({"init_weights": False} if name == "googlenet" else {}))
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    diagram, report = from_module(network, input=(3, 64, 64), name=name)
    assert report.proven, report.notes
    assert report.notes == [] and report.foreign == []
    blocks, definitions = COUNTS[name]
    assert report.blocks <= blocks and report.definitions <= definitions
    assert bs.analyze(diagram).parameters_with_auxiliary == sum(p.numel() for p in network.parameters())
    # The original is as it was: weights, buffers, mode.
    assert network.training and before.keys() == network.state_dict().keys()
    assert all(torch.equal(tensor, before[key]) for key, tensor in network.state_dict().items())


def test_a_stage_is_one_block_with_a_count() -> None:
    diagram, _ = from_module(get_model("resnet34", weights=None), prove=False)
    layer = diagram.main.block("layer2")
    assert layer.repeat == 4 and layer.parameters == {"out_channels": 128, "stride": "2 if i == 0 else 1"}
    block = diagram.modules["BasicBlock"]
    assert block.block("downsample.0").bypass == "in_channels == out_channels and stride == 1"
    assert block.block("downsample.0").parameters["stride"] == "stride"
