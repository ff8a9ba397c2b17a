"""Batch normalisation over one value a channel is refused before a run exists."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.runs import Recipe, with_fields
from blockstudio.runs.adapt import adapt


def network(pool_first: bool) -> Diagram:
    """A normalisation behind or before the pooling to a 1×1 map."""
    diagram = Diagram("narrow")
    middle = [("BatchNorm2d", "bn"), ("GlobalAvgPool", "pool")]
    chain = [diagram.add("Input", "input", shape=[1, 8, 8]), diagram.add("Conv2d", "conv", out_channels=10)]
    chain += [diagram.add(kind, name) for kind, name in (reversed(middle) if pool_first else middle)]
    chain += [diagram.add("Flatten", "flatten"), diagram.add("Output", "output")]
    for source, target in pairwise(chain):
        diagram.connect(source, target)
    return diagram


def test_one_value_a_channel_is_refused_with_block_and_remedy() -> None:
    with pytest.raises(StudioError) as caught:
        adapt(network(pool_first=True), with_fields(Recipe(), {"batch_size": 1}))
    assert (caught.value.code, caught.value.where) == ("run.narrow", "bn")
    assert "batch_size to 2" in caught.value.hint


@pytest.mark.parametrize(
    ("pool_first", "fields"),
    [(True, {"batch_size": 2}), (False, {"batch_size": 1}), (True, {"batch_size": 1, "start": {"freeze": ["bn"]}})],
)
def test_what_has_more_values_or_is_frozen_trains(pool_first: bool, fields: dict[str, Any]) -> None:
    _, recipe, _ = adapt(network(pool_first), with_fields(Recipe(), fields))
    assert recipe.batch_size == fields["batch_size"]
