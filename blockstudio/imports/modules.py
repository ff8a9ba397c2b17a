"""A torch module becomes a diagram."""

from __future__ import annotations

from torch import nn

from blockstudio.graph.diagram import Diagram
from blockstudio.imports.drawing import draw
from blockstudio.imports.folding import Folder
from blockstudio.imports.gradients import gradient_notes
from blockstudio.imports.levels import Builder
from blockstudio.imports.proving import Report, count, foreign_in
from blockstudio.imports.proving import prove as run_proof
from blockstudio.imports.trace import Frame, trace


def from_module(module: nn.Module, shape: tuple[int, ...], *, name: str, prove: bool) -> tuple[Diagram, Report]:
    """See `blockstudio.imports.from_module`."""
    if type(module).__name__ == "OptimizedModule":  # Its own home takes seconds to import.
        module = module.get_submodule("_orig_mod")  # What torch.compile makes of it may round otherwise.
    seen = trace(module, shape)
    source = f"{type(module).__module__}.{type(module).__qualname__}"
    diagram, report = drawn(seen.frame, seen.outputs, name or type(module).__name__, {"imported": source}, shape)
    report.notes += gradient_notes(module, seen.stops)
    if prove:
        run_proof(report, diagram, module, shape, seen.macs)
    return diagram, report


def drawn(
    frame: Frame, outputs: int, name: str, about: dict[str, str], shape: tuple[int, ...]
) -> tuple[Diagram, Report]:
    """The diagram of a frame that gives so many ``outputs`` in evaluation, and a report with nothing proven yet."""
    folder = Folder(Builder(frame, outputs).build())
    main = folder.fold()
    diagram = draw(folder.templates, main, name, about, shape)
    report = Report(name)
    report.blocks, report.definitions = count(diagram)
    report.foreign = foreign_in(diagram)
    return diagram, report
