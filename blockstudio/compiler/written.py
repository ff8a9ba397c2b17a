"""What a network's file holds, for the rows of `blockstudio.formats`: source and weights."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from blockstudio.compiler.about import NOTES, Trained, metadata
from blockstudio.errors import StudioError
from blockstudio.formats import Written
from blockstudio.graph.diagram import Diagram
from blockstudio.text import say, say_many

if TYPE_CHECKING:
    from torch import Tensor, nn

Weights: TypeAlias = "str | os.PathLike[str] | Mapping[str, Tensor] | Trained"


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
    return Written(
        text.encode(), say_many("{count} line of PyTorch", "{count} lines of PyTorch", len(text.splitlines()))
    )


def write_safetensors(diagram: Diagram, weights: Weights | None) -> Written:
    """The weights alone."""
    model, origin = network_with(diagram, plain(weights))
    return Written(safetensors_bytes(diagram, model, weights), _tensors(len(model.state_dict())), origin)


def write_state_dict(diagram: Diagram, weights: Weights | None) -> Written:
    """The weights alone, as `torch.save` writes them."""
    import torch

    model, origin = network_with(diagram, plain(weights))
    buffer = io.BytesIO()
    torch.save({key: value.detach().cpu().clone() for key, value in model.state_dict().items()}, buffer)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_STORED) as archive:
        folder = archive.namelist()[0].partition("/")[0]
        # A date would make two exports of one network differ.
        archive.writestr(zipfile.ZipInfo(f"{folder}/{NOTES}"), json.dumps(metadata(diagram, weights)))
    return Written(buffer.getvalue(), _tensors(len(model.state_dict())), origin)


def _tensors(count: int) -> str:
    return say_many("{count} tensor", "{count} tensors", count)


def plain(weights: Weights | None) -> Weights | None:
    """The weights where no program is written. Raises `StudioError` ``export.normalise`` if they were to be normalised
    in it."""
    if isinstance(weights, Trained) and weights.normalise:
        raise StudioError(
            "export.normalise",
            say("the normalisation is not a part of weights alone."),
            hint=say("Its numbers are in the file's metadata; a program can hold it."),
        )
    return weights


def network_with(diagram: Diagram, weights: Weights | None) -> tuple[nn.Module, str]:
    """The network in eval mode, and where its weights are from."""
    from blockstudio.compiler.load import build
    from blockstudio.compiler.weights import load_weights

    model = build(diagram).eval()
    if weights is None:
        return model, "initial weights"
    given = weights.file if isinstance(weights, Trained) else weights
    load_weights(model, given)
    return model, "given weights" if isinstance(given, Mapping) else f"weights of {os.fspath(given)}"


def safetensors_bytes(diagram: Diagram, model: nn.Module, weights: Weights | None = None) -> bytes:
    """The state dict of ``model`` as a safetensors file that says which network it is of."""
    from safetensors.torch import save

    tensors = {key: value.detach().cpu().contiguous().clone() for key, value in model.state_dict().items()}
    return save(tensors, metadata={"format": "pt", **metadata(diagram, weights)})
