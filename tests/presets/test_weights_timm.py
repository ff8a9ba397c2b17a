"""timm's state dicts load into the presets, by name or by the map beside the preset."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from blockstudio.compiler import load_weights
from tests.support.foreign_weights import images, ours, shaken, weight_map

timm = pytest.importorskip("timm")


def theirs(name: str) -> nn.Module:
    torch.manual_seed(0)
    model = shaken(timm.create_model(name, pretrained=False))
    assert isinstance(model, nn.Module)
    return model


def assert_close(found: Tensor, expected: Tensor) -> None:
    """Within 1e-5 of the largest logit."""
    assert expected.std() > 0
    assert (found - expected).abs().max() <= 1e-5 * expected.abs().max()


@pytest.mark.parametrize(
    ("preset", "name", "size", "values"),
    [
        ("se_resnet50", "seresnet50", 64, {}),
        pytest.param("inception_resnet_v2", "inception_resnet_v2", 96, {"aux": False}, marks=pytest.mark.slow),
    ],
)
def test_names_agree(preset: str, name: str, size: int, values: dict[str, bool]) -> None:
    original = theirs(name).double().eval()
    model = ours(preset, original.state_dict(), size=size, **values).double().eval()
    assert set(model.state_dict()) == set(original.state_dict())
    # Loading into the single-precision model rounded the weights: load again in double precision.
    model.load_state_dict(original.state_dict())
    x = images(size).double()
    with torch.no_grad():
        assert_close(model(x), original(x))


@pytest.mark.parametrize(
    ("preset", "size"), [("preact_resnet50", 64), pytest.param("inception_v4", 96, marks=pytest.mark.slow)]
)
def test_the_map_leads_from_their_names_to_ours(preset: str, size: int) -> None:
    mapping = weight_map(preset, "timm")
    assert mapping.preset == preset
    original = theirs(mapping.model).double().eval()
    # Their own names: loading finds the map by itself.
    model = ours(preset, original.state_dict(), size=size, **mapping.parameters).double().eval()
    # Loading into the single-precision model rounded the weights: load again in double precision.
    report = load_weights(model, original.state_dict(), names=mapping)
    assert report.complete and report.map == "timm"
    x = images(size).double()
    with torch.no_grad():
        assert_close(model(x), original(x))
