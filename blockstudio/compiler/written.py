"""What a network's file holds, for the rows of `blockstudio.formats`: source and weights."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from blockstudio.compiler.about import metadata
from blockstudio.errors import StudioError
from blockstudio.formats import Written
from blockstudio.graph.diagram import Diagram
from blockstudio.text import say

if TYPE_CHECKING:
    from torch import Tensor, nn

Weights: TypeAlias = "str | os.PathLike[str] | Mapping[str, Tensor]"


def write_source(diagram: Diagram, weights: Weights | None) -> Written:
    """The source that `compile` executes."""
    from blockstudio.compiler.emit import source

    if weights is not None:
        raise StudioError(
            "export.weights",
            say("PyTorch source holds no weights."),
            hint=say("Export them to a .safetensors file beside it."),
        )
    text = source(diagram)
    return Written(text.encode(), f"{len(text.splitlines())} lines of PyTorch")


def write_safetensors(diagram: Diagram, weights: Weights | None) -> Written:
    """The weights alone."""
    model, origin = network_with(diagram, weights)
    return Written(safetensors_bytes(diagram, model), f"{len(model.state_dict())} tensors", origin)


def network_with(diagram: Diagram, weights: Weights | None) -> tuple[nn.Module, str]:
    """The network in eval mode, and where its weights are from."""
    from blockstudio.compiler.load import build
    from blockstudio.compiler.weights import load_weights

    model = build(diagram).eval()
    if weights is None:
        return model, "initial weights"
    load_weights(model, weights)
    return model, "given weights" if isinstance(weights, Mapping) else f"weights of {os.fspath(weights)}"


def safetensors_bytes(diagram: Diagram, model: nn.Module) -> bytes:
    """The state dict of ``model`` as a safetensors file that says which network it is of."""
    from safetensors.torch import save

    tensors = {key: value.detach().cpu().contiguous().clone() for key, value in model.state_dict().items()}
    return save(tensors, metadata={"format": "pt", **metadata(diagram)})
