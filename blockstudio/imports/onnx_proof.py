"""Whether a drawing gives what the ONNX file gives."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten

from blockstudio.analysis import analyze
from blockstudio.blocks import numel
from blockstudio.compiler import compile
from blockstudio.graph.diagram import Diagram
from blockstudio.imports.onnx_read import feed_of
from blockstudio.imports.proving import SEED, Report, differing, error_between, keys_note
from blockstudio.text import say

TOLERANCE = 1e-5
"""Of the largest output."""
MAX_BATCH = 64
MAX_VALUES = 1 << 29
"""In one tensor."""


def prove(
    report: Report,
    diagram: Diagram,
    file: Any,
    weights: Mapping[str, Tensor],
    shape: tuple[int, ...],
    *,
    turned: bool = False,
    fixed: Collection[str] = (),
) -> None:
    """Compile ``diagram``, load the file's weights into it and compare the outputs with those of onnxruntime, or of
    onnx's own evaluator where that is not installed. ``turned``: the file takes images with their channels last.
    ``fixed``: which of the weights are not learned."""
    if report.foreign:
        registered = sum(tensor.numel() for key, tensor in weights.items() if key not in fixed)
        report.parameters = analyze(diagram).parameters == registered
        return
    from onnx.helper import tensor_dtype_to_np_dtype

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
    feed = feed_of(file.graph, report.network)
    kind = tensor_dtype_to_np_dtype(feed.type.tensor_type.elem_type)
    batch = feed.type.tensor_type.shape.dim[0].dim_value
    draw = torch.Generator().manual_seed(SEED)
    if np.issubdtype(kind, np.floating):
        image = torch.randn(batch if 0 < batch <= MAX_BATCH else 1, *shape, generator=draw)
        image = torch.from_numpy(image.numpy().astype(kind).astype(np.float32))
    else:
        image = torch.randint(0, 256 if kind != np.int8 else 128, (max(1, batch), *shape), generator=draw).float()
    given = image.permute(0, 2, 3, 1) if turned else image
    try:
        outputs = _run(file, {feed.name: given.contiguous().numpy().astype(kind)})
    except Exception as reason:  # noqa: BLE001 - whatever the runtime has for a file that it does not take
        line = next(iter(str(reason).strip().splitlines()), type(reason).__name__)
        report.notes.append(say("outputs: onnxruntime does not run the file: {reason}", reason=line[:200]))
        return
    with torch.no_grad():
        leaves = tree_flatten(copy(image))[0]
    if [tuple(leaf.shape) for leaf in leaves] != [each.shape for each in outputs]:
        report.close = False
        report.notes.append(say("outputs: those of the drawing are of other shapes."))
        return
    error = max(
        error_between(torch.from_numpy(np.asarray(each, np.float32)), leaf)
        for each, leaf in zip(outputs, leaves, strict=True)
    )
    report.close = error <= TOLERANCE
    if not report.close and kind == np.float16:
        report.notes.append(
            say("outputs differ by {error:.3g} of the largest; the file computes with 16 bits", error=error)
        )
    elif not report.close:
        report.notes.append(differing(say("evaluation mode"), error))


def _run(file: Any, feed: dict[str, Any]) -> list[Any]:
    try:
        import onnxruntime
    except ImportError:
        from onnx.reference import ReferenceEvaluator

        return list(ReferenceEvaluator(file).run(None, feed))
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 4
    session = onnxruntime.InferenceSession(file.SerializeToString(), settings, providers=["CPUExecutionProvider"])
    return list(session.run(None, feed))
