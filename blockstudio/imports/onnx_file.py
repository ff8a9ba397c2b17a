"""An ONNX file becomes a diagram. The file is data: it is parsed and its numbers are read; nothing is executed."""

from __future__ import annotations

import ast
import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.names import is_block_name
from blockstudio.imports.onnx_calls import WEIGHTS, Constants, call_of
from blockstudio.imports.proving import Report
from blockstudio.imports.trace import BATCH, Call, Frame, Value
from blockstudio.text import say

MAX_BYTES = 4 << 30
MAX_NODES = 50_000
SCOPES, CLASSES = "pkg.torch.onnx.name_scopes", "pkg.torch.onnx.class_hierarchy"


def from_onnx(path: str | os.PathLike[str], *, prove: bool) -> tuple[Diagram, Report]:
    """See `blockstudio.imports.from_onnx`."""
    from blockstudio.imports.modules import drawn
    from blockstudio.imports.onnx_proof import prove as run_proof

    file = read(Path(path))
    reader = Reader(file.graph, Path(path).name)
    frame = reader.frame()
    diagram, report = drawn(frame, len(frame.outputs), Path(path).stem, {"imported": Path(path).name}, reader.image)
    if prove:
        run_proof(report, diagram, file, reader.tensors(), reader.image)
    return diagram, report


def read(path: Path) -> Any:
    """The file as ``onnx`` parses it, shapes worked out. Raises `StudioError` ``import.file`` or ``import.missing``."""
    try:
        import onnx
    except ImportError:
        raise StudioError(
            "import.missing", say("{library} is not installed.", library="onnx"),
            hint=say("Install it: python -m pip install {library}", library="onnx"),
        ) from None  # fmt: skip
    if not path.is_file():
        raise StudioError("import.file", say("there is no such file."), where=str(path))
    if path.stat().st_size > MAX_BYTES:
        raise StudioError("import.file", say("it is larger than 4 GiB."), where=path.name)
    try:
        file = onnx.load(str(path))
        file = onnx.shape_inference.infer_shapes(file)
    except Exception as reason:
        raise StudioError("import.file", say("it is no ONNX file, or a damaged one."), where=path.name) from reason
    if len(file.graph.node) > MAX_NODES:
        raise StudioError("import.file", say("it has more than {most:,} operators.", most=MAX_NODES), where=path.name)
    return file


class Reader:
    """The graph of a file as frames of calls."""

    def __init__(self, graph: Any, name: str) -> None:
        self.graph = graph
        self.name = name
        self.numbers = {tensor.name: tensor for tensor in graph.initializer}
        self.constants: Constants = {}
        self.values: dict[str, Value] = {}
        self.root = _module("Network", "onnx")
        self.paths: dict[str, str] = {}
        """Where a tensor of the file is in the drawing."""
        self.shapes = {item.name: _shape(item) for item in (*graph.value_info, *graph.output)}
        feeds = [item for item in graph.input if item.name not in self.numbers]
        if len(feeds) != 1:
            raise StudioError("import.inputs", say("it has {count} inputs, not one.", count=len(feeds)), where=name)
        shape = _shape(feeds[0])
        if shape is None or len(shape) not in (2, 4) or any(size < 1 for size in shape[1:]):
            raise StudioError("import.inputs", say("the shape of its input is not known."), where=name)
        self.image = shape[1:]
        self.feed = self.values[feeds[0].name] = Value((BATCH, *self.image))

    def frame(self) -> Frame:
        """The root frame."""
        frame = Frame("", self.root, (self.feed,))
        open_frames = [frame]
        for index, node in enumerate(self.graph.node):
            if node.op_type.lower() in ("identity", "cast") and node.input:
                self.values[node.output[0]] = self._value(node.input[0])
                continue
            if node.op_type == "Constant":
                self._constant(node)
                continue
            scopes = _scopes(node)
            self._place(node, scopes, index)
            call = self._call(node)
            while len(open_frames) > 1 and open_frames[-1].path not in [path for path, _ in scopes]:
                open_frames.pop()
            for path, kind in scopes:
                if path and path not in [item.path for item in open_frames]:
                    inner = Frame(path, self._part(path, kind), ())
                    open_frames[-1].items.append(inner)
                    open_frames.append(inner)
            open_frames[-1].items.append(call)
        frame.outputs = tuple(self._value(item.name) for item in self.graph.output)
        _bound(frame, set(frame.outputs))
        frame.inputs = (self.feed,)
        return frame

    def tensors(self) -> dict[str, torch.Tensor]:
        """The weights by their path in the drawing."""
        from onnx import numpy_helper

        found = {path: numpy_helper.to_array(self.numbers[name]) for name, path in self.paths.items()}
        return {path: torch.from_numpy(np.array(array)) for path, array in found.items()}

    # Tensors

    def _value(self, name: str) -> Value:
        if name not in self.values:
            if name not in self.numbers:
                raise StudioError(
                    "import.value", say("'{name}' comes from nowhere that is known.", name=name), where=self.name
                )
            tensor = self.numbers[name]
            value = self.values[name] = Value(tuple(tensor.dims), self.paths.get(name, ""))
            if math.prod(tensor.dims) <= 16 and name not in self.paths:
                self._known(value, tensor)
        return self.values[name]

    def _known(self, value: Value, tensor: Any) -> None:
        from onnx import numpy_helper

        self.constants[value] = numpy_helper.to_array(tensor).flatten().tolist()

    def _constant(self, node: Any) -> None:
        for item in node.attribute:
            if item.name == "value" and math.prod(item.t.dims) <= 16:
                value = self.values[node.output[0]] = Value(tuple(item.t.dims))
                self._known(value, item.t)

    def _place(self, node: Any, scopes: Sequence[tuple[str, str]], index: int) -> None:
        """Give the weights of an operator their path: that of the file if it has one, else one made up."""
        roles = WEIGHTS.get(node.op_type.lower(), ())
        pairs = [(n, role) for n, role in zip(node.input, roles, strict=False) if role and n in self.numbers]
        if not pairs:
            return
        stems = {name.removesuffix(f".{role}") if name.endswith(f".{role}") else "" for name, role in pairs}
        stem = stems.pop() if len(stems) == 1 else ""
        inside = scopes[-1][0] if scopes else ""
        if not stem or not is_block_name(stem):
            stem = inside or f"{node.op_type.lower()}_{index}"
        for name, role in pairs:
            path = f"{stem}.{role}"
            self.paths[name] = path
            part, size = self._part(stem, ""), tuple(self.numbers[name].dims)
            empty = torch.empty(size, device="meta")
            if role.startswith("running"):
                part.register_buffer(role, empty)
            else:
                part.register_parameter(role, nn.Parameter(empty, requires_grad=False))

    def _part(self, path: str, kind: str) -> nn.Module:
        """The module at ``path``, made where it is not there; the last one of class ``kind``."""
        part = self.root
        names = path.split(".")
        for index, name in enumerate(names):
            if name not in part._modules:
                wanted = kind if index == len(names) - 1 and kind else "torch.nn.modules.container.Sequential"
                part.add_module(name, _module(wanted.rpartition(".")[2], wanted.rpartition(".")[0]))
            inner = part._modules[name]
            assert inner is not None
            part = inner
        return part

    def _call(self, node: Any) -> Call:
        import onnx

        inputs = [self._value(name) if name else None for name in node.input]
        given = {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}
        given = {key: value.decode() if isinstance(value, bytes) else value for key, value in given.items()}
        outputs = []
        for name in node.output:
            shape = self.shapes.get(name)
            outputs.append(Value((BATCH, *shape[1:]) if shape else ()))
            self.values[name] = outputs[-1]
        call = call_of(node.op_type, inputs, given, tuple(outputs), self.constants)
        if call is None or not outputs[0].shape or any(size < 1 for size in outputs[0].shape):
            raise StudioError(
                "import.unknown", say("there is no block for {call}.", call=node.op_type), where=node.name or self.name
            )
        return call


def _module(name: str, home: str) -> nn.Module:
    """An empty module that is called as the file says. Nothing but its name comes from the file."""
    kind = type(name if name.isidentifier() else "Part", (nn.Module,), {"__module__": home})
    made: nn.Module = _KINDS.setdefault((name, home), kind)()
    return made


_KINDS: dict[tuple[str, str], type[nn.Module]] = {}


def _shape(item: Any) -> tuple[int, ...] | None:
    kind = item.type.tensor_type
    return tuple(side.dim_value for side in kind.shape.dim) if kind.HasField("shape") else None


def _scopes(node: Any) -> list[tuple[str, str]]:
    """The modules that an operator was in, outermost first, with their classes; none in files that do not say."""
    notes = {item.key: item.value for item in node.metadata_props}
    paths, kinds = (_texts(notes.get(key, "")) for key in (SCOPES, CLASSES))
    found = [(path, kind) for path, kind in zip(paths[:-1], kinds, strict=False) if path and is_block_name(path)]
    return [item for index, item in enumerate(found) if item[0] not in [path for path, _ in found[:index]]]


def _texts(text: str) -> list[str]:
    """A list of texts as the exporter writes it."""
    if len(text) > 10_000:
        return []
    try:
        found = ast.literal_eval(text) if text else []
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return []
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []


def _bound(frame: Frame, wanted: set[Value]) -> None:
    """Work out what goes into each frame and what comes out and is used outside."""

    def read(item: Call | Frame) -> set[Value]:
        calls = item.calls() if isinstance(item, Frame) else iter([item])
        return {value for call in calls for value in _tensors(call)}

    def made(item: Call | Frame) -> set[Value]:
        calls = item.calls() if isinstance(item, Frame) else iter([item])
        return {value for call in calls for value in call.outputs}

    for item in frame.items:
        if isinstance(item, Frame):
            others = set(wanted).union(*(read(other) for other in frame.items if other is not item))
            own = made(item)
            order = [value for call in item.calls() for value in (*_tensors(call), *call.outputs)]
            item.inputs = tuple(dict.fromkeys(v for v in order if v not in own and not v.weight and v in read(item)))
            item.outputs = tuple(dict.fromkeys(v for v in order if v in own and v in others))
            _bound(item, set(item.outputs))


def _tensors(call: Call) -> Iterator[Value]:
    for item in call.args:
        for value in item if isinstance(item, list | tuple) else [item]:
            if isinstance(value, Value):
                yield value
