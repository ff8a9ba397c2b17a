"""The functions behind ``import blockstudio as bs``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from blockstudio.blocks import RawValue
from blockstudio.graph.diagram import Diagram

if TYPE_CHECKING:
    from torch import Tensor, nn

    from blockstudio.compiler import WeightsReport
    from blockstudio.compiler.weights import Head, Names
    from blockstudio.runs import Run


def load(name_or_path: str | os.PathLike[str], **parameters: RawValue) -> Diagram:
    """A preset by name (``"resnet34"``) or a ``*.blocks.json`` file, with diagram parameters set:
    ``load("cifar_resnet", n=9)``.

    Raises `StudioError`: ``preset.unknown``, ``file.*`` and ``format.*`` naming the place in the file,
    ``parameter.*`` for a parameter the diagram has not or a value it does not take.
    """
    from blockstudio.graph.presets import open_diagram

    return open_diagram(os.fspath(name_or_path), **parameters)


def save(diagram: Diagram, path: str | os.PathLike[str]) -> None:
    """Write ``diagram`` to ``path`` as JSON. The old file stays whole until the new one is complete on disk.

    Raises `StudioError` ``file.*`` where it cannot be written.
    """
    from blockstudio.graph.format import save as write

    write(diagram, os.fspath(path))


def source(diagram: Diagram) -> str:
    """The network as PyTorch source that needs only torch; see `compile`.

    Raises `StudioError` ``compile.problems`` while the diagram has errors.
    """
    from blockstudio.compiler import source as emit

    return emit(diagram)


def compile(diagram: Diagram) -> nn.Module:
    """The network as a ``torch.nn.Module``: exactly the text of `source`, executed.

    Takes ``(N, C, H, W)`` with the shape of the diagram's Input, gives logits ``(N, num_classes)``; in training
    mode a network with auxiliary outputs gives a named tuple ``(logits, ...)`` with one entry for each.
    State-dict keys are the diagram's block paths. Raises `StudioError` ``compile.problems`` while the
    diagram has errors.
    """
    from blockstudio.compiler import compile as build

    return build(diagram)


def load_weights(
    model: nn.Module,
    file_or_state_dict: str | os.PathLike[str] | Mapping[str, Tensor],
    *,
    strict: bool = True,
    names: Names = "auto",
    head: Head = "load",
) -> WeightsReport:
    """Load ``.safetensors``, ``.pt`` or ``.pth`` (weights only: no pickle is executed) or a state dict into ``model``.

    Returns which keys matched. ``names`` translates the keys of other libraries (``"auto"``: by the maps beside the
    presets where that fits better), ``head="skip"`` leaves a classifier for another number of classes as it is,
    ``strict=False`` loads what fits. Raises `StudioError` ``weights.*`` that names what is missing, left over or of
    another shape; the model is then unchanged.
    """
    from blockstudio.compiler import load_weights as load_into

    return load_into(model, file_or_state_dict, strict=strict, names=names, head=head)


def train(diagram: Diagram, data: str = "digits", run: str | os.PathLike[str] | None = None, **recipe: Any) -> Run:
    """Train in this process and return the run when it has ended.

    ``data`` is ``"digits"``, ``"shapes"``, a torchvision set's name or a folder; ``run`` the run's directory (a new
    one under ``./runs`` by default); everything else are fields of the recipe (``epochs=2``,
    ``batch_size=64``, ``device="cpu"``). Raises `StudioError` with everything that is wrong with data or
    recipe before the first step.
    """
    from blockstudio.training import train as run_training

    return run_training(diagram, data=data, run=run, **recipe)
