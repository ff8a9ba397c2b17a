"""Whether a drawing gives what the program of a ``.pt2`` file gives. PyTorch's own operators work that out, one by one;
the file names them and their arguments, and any other name is refused."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten

from blockstudio.analysis import analyze
from blockstudio.compiler import compile
from blockstudio.graph.diagram import Diagram
from blockstudio.imports.nodes import values_in
from blockstudio.imports.proving import SEED, Report, differing, error_between, keys_note
from blockstudio.imports.pt2_calls import SAME
from blockstudio.imports.pt2_file import TARGET, Named, Reader, Step, operator_of
from blockstudio.imports.trace import BATCH
from blockstudio.text import say, say_many

ALLOWED = frozenset(
    {
        "abs", "alpha_dropout", "cos", "erf", "exp", "expm1", "feature_alpha_dropout", "glu", "log", "log1p",
        "log_sigmoid", "pow", "reciprocal", "rms_norm", "rsqrt", "sign", "sin", "softsign", "sqrt", "square",
        "adaptive_avg_pool2d", "adaptive_max_pool2d", "add", "amax", "avg_pool2d", "batch_norm", "cat", "celu", "chunk",
        "clamp", "constant_pad_nd", "conv1d", "conv2d", "conv_transpose2d", "div", "dropout", "elu", "feature_dropout",
        "flatten", "gelu",
        "group_norm", "hardsigmoid", "hardswish", "hardtanh", "instance_norm", "layer_norm", "leaky_relu", "linear",
        "log_softmax", "max", "max_pool2d", "maximum",
        "mean", "mish", "mul", "neg", "pad", "permute", "pixel_shuffle",
        "pixel_unshuffle", "prelu", "relu", "relu6", "reshape", "rsub", "select", "selu", "sigmoid", "silu",
        "slice", "softmax", "softplus", "split", "split_with_sizes", "squeeze", "stack", "sub", "sum", "tanh",
        "transpose", "unsqueeze", "upsample_bicubic2d", "upsample_bilinear2d", "upsample_nearest2d", "view",
    }
)  # fmt: skip
"""Operators that are worked out: they see nothing but their tensors, and make none larger than the drawing says."""
MAX_VALUES = 1 << 29
"""In one tensor."""


def prove(report: Report, diagram: Diagram, reader: Reader, tensors: Mapping[str, Tensor]) -> None:
    """Compile ``diagram``, load the file's weights and compare its outputs with those of the program."""
    analysis = analyze(diagram)
    macs = sum(call.macs for call in reader.assembly.frame.calls()) // BATCH
    report.macs = analysis.macs == macs
    read = {value.weight for call in reader.assembly.frame.calls() for value in values_in((call.args, call.kwargs))}
    used = {path for path in reader.inputs.weights.values() if path in read or path.endswith("num_batches_tracked")}
    learned = {path for tensor, path in reader.inputs.weights.items() if tensor not in reader.inputs.buffers} & used
    wanted = sum(tensor.numel() for path, tensor in tensors.items() if path in learned)
    report.parameters = analysis.parameters_with_auxiliary == wanted
    if report.foreign:
        return
    if not report.parameters:
        report.notes.append(say("parameters: {drawn:,} in the drawing, {wanted:,} in the file",
                                drawn=analysis.parameters_with_auxiliary, wanted=wanted))  # fmt: skip
        return
    if any(math.prod(value.shape) > MAX_VALUES for value in reader.values.values()):
        report.notes.append(say("outputs: its maps are too large to be worked out here."))
        return
    copy = compile(diagram).eval()
    own = copy.state_dict()
    theirs = {path: tensor for path, tensor in tensors.items() if path in used}
    theirs = {path: theirs[path] for path in theirs if not path.endswith("num_batches_tracked") or path in own}
    idle = len(tensors.keys() - used)
    if idle:
        report.notes.append(say_many("{count} weight of the file is used by nothing.",
                                     "{count:,} weights of the file are used by nothing.", idle))  # fmt: skip
    report.keys = own.keys() == theirs.keys() and all(own[key].shape == theirs[key].shape for key in own)
    if not report.keys:
        missing, extra = sorted(theirs.keys() - own.keys()), sorted(own.keys() - theirs.keys())
        report.notes.append(keys_note(missing, extra))
        return
    kind = next((each.dtype for each in theirs.values() if each.is_floating_point()), torch.float32)
    copy.to(kind)
    copy.load_state_dict(theirs, strict=True)
    count = BATCH if reader.batch == BATCH else reader.batch
    image = torch.randn(count, *reader.feed.shape[1:], generator=torch.Generator().manual_seed(SEED)).to(kind)
    given = _worked_out(reader, theirs | dict(tensors), image)
    if given is None:
        report.notes.append(say("outputs: the program has an operator that is not worked out here."))
        return
    with torch.no_grad():
        found = [leaf for leaf in tree_flatten(copy(image))[0] if isinstance(leaf, Tensor)]
    same = [leaf.shape for leaf in found] == [each.shape for each in given]
    error = max(map(error_between, found, given)) if same else float("inf")
    report.eval_bitwise, report.close = error == 0.0, error <= 1e-5
    if error:
        report.notes.append(differing(say("evaluation mode"), error))


def _worked_out(reader: Reader, tensors: Mapping[str, Tensor], image: Tensor) -> list[Tensor] | None:
    """What the program gives for ``image``; ``None`` where an operator is not among those that are read."""
    known: dict[str, Tensor] = {reader.inputs.feed: image.clone()}
    for name, path in reader.inputs.weights.items():
        if path not in tensors:
            return None
        known[name] = tensors[path]
    with torch.no_grad():
        for step in reader.steps:
            result = _step(step, known, reader)
            if result is None:
                return None
            known.update(zip(step.outputs, result, strict=True))
    return [known[name] for name in reader.wanted]


def _step(step: Step, known: Mapping[str, Tensor], reader: Reader) -> list[Tensor] | None:
    operator = operator_of(step.target)
    name = step.target.removeprefix(TARGET).partition(".")[0]
    if operator is None or not (name in SAME or name.rstrip("_") in ALLOWED):
        return None

    def real(item: Any) -> Any:
        if isinstance(item, Named):
            return known[item.name] if item.name else image_count(known, reader)
        return [real(part) for part in item] if isinstance(item, list) else item

    if name in SAME:
        first = known[next(iter(step.given.values())).name]
        return [first.contiguous() if name in ("contiguous", "clone") else first]
    accepted = {argument.name for argument in operator._schema.arguments}
    given = {key: real(value) for key, value in step.given.items() if key in accepted}
    try:
        result = operator(**given)
    except (RuntimeError, TypeError, ValueError, IndexError):
        return None
    found = list(result) if isinstance(result, list | tuple) else [result]
    return found if len(found) == len(step.outputs) and all(isinstance(item, Tensor) for item in found) else None


def image_count(known: Mapping[str, Tensor], reader: Reader) -> int:
    """What a size that the program leaves open is: the number of images."""
    return int(known[reader.inputs.feed].shape[0])
