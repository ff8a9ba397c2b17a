"""From a diagram to PyTorch: source text, the module that is this text, weights.

`source` needs no torch. `compile` and `load_weights` import it when they are called.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from blockstudio.graph.diagram import Diagram

if TYPE_CHECKING:
    from torch import Tensor, nn

    from blockstudio.compiler.weights import Head, Names, WeightsReport

__all__ = ["WeightsReport", "compile", "load_weights", "source"]


def source(diagram: Diagram) -> str:
    """The network as Python source that needs nothing but torch; see `compile`.

    Switches of the diagram (parameters that are true or false or one of some words) are decided in the text;
    its other parameters are arguments of the network's class, with their values as defaults, as far as the class is
    right for every value that their declaration allows. Its docstring names those that are numbers in the text.
    Raises `StudioError` ``compile.problems`` while the diagram has errors, ``compile.name`` for a block whose
    name no item of a container can have (``keys``).
    """
    from blockstudio.compiler.emit import source as emit

    return emit(diagram)


def compile(diagram: Diagram) -> nn.Module:
    """The network as a ``torch.nn.Module``: exactly the text of `source`, executed.

    Takes ``(N, C, H, W)`` with the shape of the diagram's Input and gives logits ``(N, num_classes)``; in
    training mode a network with auxiliary outputs gives a named tuple ``(logits, ...)`` with one entry for each,
    in document order. The keys of its state dict are the diagram's block paths (``layer1.0.conv1.weight``).
    Raises `StudioError` as `source` does.
    """
    from blockstudio.compiler.load import build

    return build(diagram)


def load_weights(
    model: nn.Module,
    file_or_state_dict: str | os.PathLike[str] | Mapping[str, Tensor],
    *,
    strict: bool = True,
    names: Names = "auto",
    head: Head = "load",
) -> WeightsReport:
    """Load a file of weights (safetensors, or what `torch.save` writes) or a state dict into ``model``.

    No file is executed: pickles are read for tensors only. With ``strict``, every key must be there, none left
    over, and all shapes equal; otherwise what fits is loaded and the report says what did not.

    ``names`` says how the weights' keys become the model's: ``"same"``, a mapping of prefixes or the file of a map
    (see docs/presets.md); ``"auto"`` also tries the maps that come with the studio. ``head="skip"`` leaves a
    classifier for another number of classes at its initial values (transfer learning), and the report says so.
    Raises `StudioError` ``weights.*``; the model is then unchanged.
    """
    from blockstudio.compiler.weights import load_weights as load_into

    return load_into(model, file_or_state_dict, strict=strict, names=names, head=head)


def __getattr__(name: str) -> Any:
    if name == "WeightsReport":
        from blockstudio.compiler.weights import WeightsReport

        return WeightsReport
    raise AttributeError(f"module 'blockstudio.compiler' has no attribute {name!r}")
