"""Whether a drawing gives what the ONNX file gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from blockstudio.analysis import analyze
from blockstudio.blocks import numel
from blockstudio.compiler import compile
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.imports.proving import SEED, Report, differing, keys_note
from blockstudio.text import say

TOLERANCE = 1e-5
"""Of the largest output."""
MAX_VALUES = 1 << 29
"""In one tensor."""


def prove(report: Report, diagram: Diagram, file: Any, weights: Mapping[str, Tensor], shape: tuple[int, ...]) -> None:
    """Compile ``diagram``, load the file's weights into it and compare the outputs with those of onnxruntime, or of
    onnx's own evaluator where that is not installed."""
    if report.foreign:
        registered = sum(tensor.numel() for key, tensor in weights.items() if ".running_" not in f".{key}")
        report.parameters = analyze(diagram).parameters == registered
        return
    analysis = analyze(diagram)
    shapes = [block.output_shape for block in analysis.blocks.values() if block.output_shape]
    largest = max(map(numel, shapes), default=0)
    if analysis.parameters > sum(tensor.numel() for tensor in weights.values()) or largest > MAX_VALUES:
        report.notes.append(say("outputs: it is too large to be worked out here, or its weights are not in the file."))
        return
    copy = compile(diagram).eval()
    own = {key: tensor for key, tensor in copy.state_dict().items() if not key.endswith("num_batches_tracked")}
    report.parameters = analyze(diagram).parameters == sum(p.numel() for p in copy.parameters())
    report.keys = own.keys() == weights.keys() and all(own[key].shape == weights[key].shape for key in own)
    if not report.keys:
        missing, extra = sorted(weights.keys() - own.keys()), sorted(own.keys() - weights.keys())
        report.notes.append(keys_note(missing, extra))
        return
    copy.load_state_dict(dict(weights), strict=False)
    image = torch.randn(1, *shape, generator=torch.Generator().manual_seed(SEED))
    wanted = torch.from_numpy(_run(file, image))
    with torch.no_grad():
        found = copy(image)
    error = float((found - wanted).abs().max()) / max(float(wanted.abs().max()), 1e-30)
    report.close = found.shape == wanted.shape and error <= TOLERANCE
    if not report.close:
        report.notes.append(differing(say("evaluation mode"), error))


def _run(file: Any, image: Tensor) -> Any:
    name = next(item.name for item in file.graph.input if item.name not in {t.name for t in file.graph.initializer})
    feed = {name: image.numpy()}
    try:
        import onnxruntime
    except ImportError:
        from onnx.reference import ReferenceEvaluator

        outputs: Any = ReferenceEvaluator(file).run(None, feed)
        return outputs[0]
    try:
        session = onnxruntime.InferenceSession(file.SerializeToString(), providers=["CPUExecutionProvider"])
        return session.run(None, feed)[0]
    except Exception as reason:
        raise StudioError("import.forward", say("onnxruntime does not run the file.")) from reason
