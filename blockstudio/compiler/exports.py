"""A diagram out of the studio: PyTorch source, ONNX, `torch.export` programs, weights. The ending names the format.

Nothing here imports torch before a network is written that needs it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from blockstudio.compiler.about import metadata
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.files import check_target, write_atomic

if TYPE_CHECKING:
    from torch import Tensor, nn

Weights: TypeAlias = "str | os.PathLike[str] | Mapping[str, Tensor]"


@dataclass(frozen=True, slots=True)
class Format:
    """What one ending means."""

    title: str
    write: Callable[[Diagram, Weights | None], tuple[bytes, str]]
    """Gives the file, and a few words on what is in it. Raises `StudioError`."""


def export(
    diagram: Diagram, path: str | os.PathLike[str], *, weights: Weights | None = None, force: bool = False
) -> str:
    """Write the network to ``path`` and return a few words on what was written.

    ``.py``: the source that `compile` executes. ``.onnx`` and ``.pt2``: the network in eval mode, ``(N, C, H, W)``
    to ``(N, num_classes)`` for any N, weights included; ONNX needs the packages onnx and onnxscript.
    ``.safetensors``: the weights alone. ``weights`` is a file or a state dict, see `load_weights`; without it they
    have initial values. The file is complete or not there at all.

    Raises `StudioError`: ``export.kind`` for another ending, ``export.exists`` without ``force``, ``export.missing``
    for a package that is not installed, ``export.failed``, ``file.write``, ``compile.*``, ``weights.*``.
    """
    target = Path(path)
    chosen = FORMATS.get(target.suffix.lower())
    if chosen is None:
        raise StudioError(
            "export.kind",
            f"'{target.name}' does not end in {listed(FORMATS)}.",
            hint=f"The ending names the format: {', '.join(f'{key} {each.title}' for key, each in FORMATS.items())}.",
        )
    check_target(target, force)
    data, words = chosen.write(diagram, weights)
    write_atomic(target, data)
    return words


def listed(words: Mapping[str, object]) -> str:
    """``.py, .onnx or .pt2``"""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def _source(diagram: Diagram, weights: Weights | None) -> tuple[bytes, str]:
    from blockstudio.compiler.emit import source

    if weights is not None:
        raise StudioError(
            "export.weights", "PyTorch source holds no weights.", hint="Export them to a .safetensors file beside it."
        )
    text = source(diagram)
    return text.encode(), f"{len(text.splitlines())} lines of PyTorch"


def _onnx(diagram: Diagram, weights: Weights | None) -> tuple[bytes, str]:
    from blockstudio.compiler.programs import check_onnx, onnx_bytes, traced

    check_onnx()
    model, origin = _model(diagram, weights)
    return onnx_bytes(diagram, traced(diagram, model)), f"ONNX, {origin}"


def _program(diagram: Diagram, weights: Weights | None) -> tuple[bytes, str]:
    from blockstudio.compiler.programs import program_bytes, traced

    model, origin = _model(diagram, weights)
    return program_bytes(diagram, traced(diagram, model)), f"torch.export program, {origin}"


def _safetensors(diagram: Diagram, weights: Weights | None) -> tuple[bytes, str]:
    model, origin = _model(diagram, weights)
    return safetensors_bytes(diagram, model), f"{len(model.state_dict())} tensors, {origin}"


def safetensors_bytes(diagram: Diagram, model: nn.Module) -> bytes:
    """The state dict of ``model`` as a safetensors file that says which network it is of."""
    from safetensors.torch import save

    tensors = {key: value.detach().cpu().contiguous().clone() for key, value in model.state_dict().items()}
    return save(tensors, metadata={"format": "pt", **metadata(diagram)})


def _model(diagram: Diagram, weights: Weights | None) -> tuple[nn.Module, str]:
    """The network in eval mode, and where its weights are from."""
    from blockstudio.compiler.load import build
    from blockstudio.compiler.weights import load_weights

    model = build(diagram).eval()
    if weights is None:
        return model, "initial weights"
    load_weights(model, weights)
    return model, "given weights" if isinstance(weights, Mapping) else f"weights of {os.fspath(weights)}"


FORMATS: dict[str, Format] = {
    ".py": Format("PyTorch source", _source),
    ".onnx": Format("ONNX", _onnx),
    ".pt2": Format("torch.export program", _program),
    ".safetensors": Format("weights", _safetensors),
}
"""By ending."""
