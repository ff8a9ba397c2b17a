"""Other people's networks as diagrams: torch modules, libraries' networks by name, files.

`from_module` runs the caller's own module; from a file nothing is ever executed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from blockstudio.errors import StudioError
from blockstudio.formats import PROGRAM
from blockstudio.text import say

if TYPE_CHECKING:
    from torch import nn

    from blockstudio.graph.diagram import Diagram
    from blockstudio.imports.proving import Report

__all__ = ["from_file", "from_module", "from_onnx", "from_pt2"]


def from_module(
    module: nn.Module, input: Sequence[int] = (3, 224, 224), *, name: str = "", prove: bool = True
) -> tuple[Diagram, Report]:
    """The diagram of ``module`` for images of shape ``input`` ``(C, H, W)``, and what was proven of it.

    Raises `StudioError` ``import.*`` where a diagram cannot say what the module does.
    """
    from blockstudio.imports.modules import from_module as work

    return work(module, tuple(input), name=name, prove=prove)


def from_onnx(
    path: str | os.PathLike[str], *, input: Sequence[int] | None = None, prove: bool = True
) -> tuple[Diagram, Report]:
    """The diagram of an ONNX file, and what was proven of it. Files that torch wrote give their modules back.
    ``input`` ``(C, H, W)`` is the size of its images where the file leaves it open.

    The file is parsed and its numbers are read; nothing in it is executed. Raises `StudioError` ``import.*``.
    """
    from blockstudio.imports.onnx_file import from_onnx as work

    return work(path, shape=input, prove=prove)


def from_pt2(path: str | os.PathLike[str], *, prove: bool = True) -> tuple[Diagram, Report]:
    """The diagram of a ``.pt2`` file that ``torch.export.save`` wrote, with its modules, and what was proven of it.

    The archive is read as data: its program as JSON, its weights as bare numbers. Nothing in it is executed or
    unpickled; a file whose weights are pickled is refused. Raises `StudioError` ``import.*``.
    """
    from blockstudio.imports.pt2 import from_pt2 as work

    return work(path, prove=prove)


def from_file(
    path: str | os.PathLike[str], *, input: Sequence[int] | None = None, prove: bool = True
) -> tuple[Diagram, Report]:
    """The diagram of a file: a ZIP archive is read as ``.pt2``, anything else as ONNX, whatever its name ends in.
    ``input`` as for `from_onnx`.

    Raises `StudioError` ``import.*``.
    """
    try:
        with open(path, "rb") as stream:
            packed = stream.read(4) == b"PK\x03\x04"
    except OSError as reason:
        raise StudioError(
            "import.file", say("it cannot be read: {reason}.", reason=reason.strerror), where=str(path)
        ) from reason
    if not packed and not os.fspath(path).endswith(PROGRAM):
        return from_onnx(path, input=input, prove=prove)
    if input is not None:
        raise StudioError(
            "import.inputs", say("a .pt2 file says the size of its images itself."), where=str(path),
            hint=say("Leave the size out."),
        )  # fmt: skip
    return from_pt2(path, prove=prove)
