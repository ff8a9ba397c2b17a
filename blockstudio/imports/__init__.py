"""Other people's networks as diagrams: torch modules, libraries' networks by name, files.

`from_module` runs the caller's own module; from a file nothing is ever executed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

    from blockstudio.graph.diagram import Diagram
    from blockstudio.imports.proving import Report

__all__ = ["from_module", "from_onnx"]


def from_module(
    module: nn.Module, input: Sequence[int] = (3, 224, 224), *, name: str = "", prove: bool = True
) -> tuple[Diagram, Report]:
    """The diagram of ``module`` for images of shape ``input`` ``(C, H, W)``, and what was proven of it.

    Raises `StudioError` ``import.*`` where a diagram cannot say what the module does.
    """
    from blockstudio.imports.modules import from_module as work

    return work(module, tuple(input), name=name, prove=prove)


def from_onnx(path: str | os.PathLike[str], *, prove: bool = True) -> tuple[Diagram, Report]:
    """The diagram of an ONNX file, and what was proven of it. Files that torch wrote give their modules back.

    The file is parsed and its numbers are read; nothing in it is executed. Raises `StudioError` ``import.*``.
    """
    from blockstudio.imports.onnx_file import from_onnx as work

    return work(path, prove=prove)
