"""A torch module becomes a diagram."""

from __future__ import annotations

from torch import nn

from blockstudio.graph.diagram import Diagram
from blockstudio.imports.drawing import draw
from blockstudio.imports.folding import Folder
from blockstudio.imports.levels import Builder
from blockstudio.imports.proving import Report, count
from blockstudio.imports.proving import prove as run_proof
from blockstudio.imports.trace import trace


def from_module(module: nn.Module, shape: tuple[int, ...], *, name: str, prove: bool) -> tuple[Diagram, Report]:
    """See `blockstudio.imports.from_module`."""
    seen = trace(module, shape)
    builder = Builder(seen.frame, seen.outputs)
    folder = Folder(builder.build())
    main = folder.fold()
    title = name or type(module).__name__
    source = f"{type(module).__module__}.{type(module).__qualname__}"
    diagram = draw(folder.templates, main, title, {"imported": source}, shape)
    report = Report(title)
    report.blocks, report.definitions = count(diagram)
    if prove:
        run_proof(report, diagram, module, shape, seen.macs)
    return diagram, report
