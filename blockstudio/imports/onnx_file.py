"""An ONNX file becomes a diagram. The file is data: it is parsed and its numbers are read; nothing is executed."""

from __future__ import annotations

import ast
import math
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.names import is_block_name
from blockstudio.imports.assembly import Assembly, legal_scopes
from blockstudio.imports.onnx_calls import OPSET, WEIGHTS, Constants, call_of
from blockstudio.imports.onnx_formulas import written_short
from blockstudio.imports.onnx_linear import linear_nodes
from blockstudio.imports.onnx_read import SMALL, feed_of, read, sizes
from blockstudio.imports.proving import Report
from blockstudio.imports.trace import BATCH, Call, Frame, Value
from blockstudio.text import say

MAX_VALUES = 1 << 31
"""In one tensor."""
_FLOATS = (1, 10, 11, 16)
"""Kinds of numbers of weights, as ONNX counts them."""
SETTINGS = frozenset(
    {"resize", "upsample", "clip", "pad", "slice", "reshape", "squeeze", "unsqueeze", "split", "expand"}
)
"""Operators, in small letters, whose further inputs are no weights."""
SCOPES, CLASSES = "pkg.torch.onnx.name_scopes", "pkg.torch.onnx.class_hierarchy"


def from_onnx(
    path: str | os.PathLike[str], *, shape: Sequence[int] | None = None, prove: bool
) -> tuple[Diagram, Report]:
    """See `blockstudio.imports.from_onnx`."""
    from blockstudio.imports.modules import drawn
    from blockstudio.imports.onnx_proof import prove as run_proof

    file, known = read(Path(path), shape)
    reader = Reader(known, Path(path).name)
    frame = reader.frame()
    diagram, report = drawn(frame, len(frame.outputs), Path(path).stem, {"imported": Path(path).name}, reader.image)
    if prove:
        fixed = dict(frame.module.named_buffers())
        run_proof(report, diagram, file, reader.tensors(), reader.image, turned=bool(reader.turned), fixed=fixed)
    return diagram, report


class Reader:
    """The graph of a file as frames of calls."""

    def __init__(self, file: Any, name: str) -> None:
        self.graph = graph = file.graph
        self.opset = max((item.version for item in file.opset_import if item.domain in ("", "ai.onnx")), default=1)
        self.name = name
        self.nodes = written_short(graph)
        self.numbers = {tensor.name: tensor for tensor in graph.initializer}
        for tensor in self.numbers.values():
            if any(size < 0 for size in tensor.dims) or math.prod(tensor.dims) > MAX_VALUES:
                raise StudioError("import.file", say("it has a tensor of an impossible size."), where=name)
        self.nodes = self._named_again(self.nodes)
        self.constants: Constants = {}
        self.values: dict[str, Value] = {}
        self._sources: dict[str, str] = {}
        self.weights: dict[str, tuple[str, bool]] = {}
        """Where a tensor of the file is in the drawing, and whether its two sides change places there."""
        self.sizes: dict[str, tuple[int, ...]] = {}
        """Shapes of those in the drawing."""
        self.shapes = {item.name: _shape(item) for item in graph.output}
        self.shapes |= {item.name: shape for item in graph.value_info if (shape := _shape(item))}
        feed = feed_of(graph, name)
        shape = _shape(feed)
        if shape is None or len(shape) not in (2, 4):
            text = (
                say("the shape of its input is not known.")
                if shape is None
                else say("an input of {shape} is no image and no vector.", shape=sizes(feed))
            )
            raise StudioError("import.inputs", text, where=name)
        if any(size < 1 for size in shape[1:]):
            raise StudioError(
                "import.inputs", say("it leaves the size of its images open: {shape}.", shape=sizes(feed)), where=name,
                hint=say("Say it: --input 3 224 224, or in Python input=(3, 224, 224)."),
            )  # fmt: skip
        self.turned = self._channels_last(feed.name, len(shape))
        """Whether images are given with their channels last, and the first operator turns them."""
        self.image = (shape[-1], *shape[1:-1]) if self.turned else shape[1:]
        self.feed = Value((BATCH, *self.image))
        self.values[self.turned or feed.name] = self.feed
        kinds = [_scopes(node)[0][1] for node in self.nodes if _scopes(node)]
        self.assembly = Assembly(kinds[0] if kinds else "onnx.Network", self.feed)

    def _named_again(self, nodes: list[Any]) -> list[Any]:
        """The operators without those that hand on a tensor of the file under the name of another layer's: an exporter
        stores equal ones once."""
        wanted = {item.name for item in self.graph.output}
        kept = []
        for node in nodes:
            plain = node.op_type.lower() == "identity" and len(node.input) == len(node.output) == 1
            if plain and node.input[0] in self.numbers and node.output[0] not in wanted:
                self.numbers[node.output[0]] = self.numbers[node.input[0]]
            else:
                kept.append(node)
        return kept

    def frame(self) -> Frame:
        """The root frame."""
        lines = linear_nodes(self.nodes, self.numbers, {item.name for item in self.graph.output})
        flat = self._flattened()
        for index, node in enumerate(self.nodes):
            if node.op_type.lower() in ("identity", "cast", "dropout") and node.input and node.output:
                self.values[node.output[0]] = self._value(node.input[0])
                continue
            if node.output and (node.output[0] in flat.values() or node.output[0] == self.turned):
                continue
            if node.output and node.output[0] in flat:
                shape = self.shapes.get(node.output[0])
                before = self._value(self._sources[flat[node.output[0]]])
                if shape and shape[1:] == before.shape[1:]:
                    self.values[node.output[0]] = before
                    continue
            if node.output and node.output[0] in lines.inner:
                continue  # the product of a linear layer, whose sum comes next
            scopes = legal_scopes(_scopes(node)[1:])
            for path, kind in scopes:
                self.assembly.part(path, kind)
            if node.output and node.output[0] in lines.whole:
                self.assembly.add(self._linear(node, lines.whole[node.output[0]], scopes, index), scopes)
                continue
            placed = self._placed(node, scopes, index)
            for place, name in enumerate(node.input):
                if place not in placed and name in self.numbers:
                    kind = node.op_type.lower()
                    placed[place] = self._loose(name, scopes, kind not in SETTINGS, fixed=kind in ("sub", "div"))
            self.assembly.add(self._call(node, placed), scopes)
        return self.assembly.finish([self._value(item.name) for item in self.graph.output])

    def _channels_last(self, feed: str, rank: int) -> str:
        """The output of the operator that puts the channels of the images first, where nothing else reads them."""
        readers = [node for node in self.nodes if feed in node.input]
        if rank != 4 or len(readers) != 1 or readers[0].op_type != "Transpose":
            return ""
        return str(readers[0].output[0]) if _attributes(readers[0]).get("perm") == [0, 3, 1, 2] else ""

    def _flattened(self) -> dict[str, str]:
        """Gathers that pick every value in its order, as torch writes another arrangement in memory, by the flattening
        before them."""
        self._sources = {node.output[0]: node.input[0] for node in self.nodes if node.output and node.input}
        reshaped = {node.output[0] for node in self.nodes if node.op_type == "Reshape" and node.output}
        uses = Counter(name for node in self.nodes for name in node.input)
        found = {}
        for node in self.nodes:
            if node.op_type != "Gather" or len(node.input) != 2 or not node.output:
                continue
            source, index = node.input
            size = math.prod(self.numbers[index].dims) if index in self.numbers else 0
            if source not in reshaped or uses[source] != 1 or not 0 < size <= 1 << 24:
                continue
            if self.shapes.get(source) == (size,):
                picked = self._array(index).flatten()
                if picked.tolist() == list(range(size)):
                    found[node.output[0]] = source
        return found

    def tensors(self) -> dict[str, torch.Tensor]:
        """The weights by their path in the drawing."""
        found = {}
        for path, (name, turned) in self.weights.items():
            tensor = torch.from_numpy(np.array(self._array(name)))
            found[path] = tensor.T.contiguous() if turned else tensor.reshape(self.sizes[path])
        return found

    # Tensors

    def _value(self, name: str) -> Value:
        if name not in self.values:
            if name not in self.numbers:
                message = say("'{name}' comes from nowhere that is known.", name=name[:100])
                raise StudioError("import.value", message, where=self.name)
            return self._loose(name, ())
        return self.values[name]

    def _loose(self, name: str, scopes: Sequence[tuple[str, str]], weight: bool = True, fixed: bool = False) -> Value:
        """A tensor of the file that is no part of a layer. Equal ones may be one in the file, used in many places.
        ``fixed``: it is not learned, as far as an operator says so, which is a mean or a deviation."""
        tensor = self.numbers[name]
        value = Value(tuple(tensor.dims))
        size = math.prod(tensor.dims)
        if size <= SMALL:
            self._known(value, tensor)
        if weight and tensor.data_type in _FLOATS and size > 1:
            inside = f"{scopes[-1][0]}." if scopes else ""
            numbers = torch.from_numpy(np.array(self._array(name))) if fixed and size <= SMALL else None
            made = f"{inside}{'numbers' if fixed else 'weight'}_{len(self.weights)}"
            plain = name.replace(".", "_") if fixed and not inside else name  # no container holds fixed numbers
            for path in (plain, f"{inside}{name.rpartition('.')[2]}", made):
                if path.startswith(inside) and self.assembly.weight(path, tensor.dims, buffer=fixed, numbers=numbers):
                    self.weights[path] = (name, False)
                    self.sizes[path] = tuple(tensor.dims)
                    value.weight = path
                    break
        return value

    def _known(self, value: Value, tensor: Any) -> None:
        self.constants[value] = self._array(tensor.name, tensor).flatten().tolist()

    def _array(self, name: str, tensor: Any = None) -> Any:
        """The numbers of a tensor. Raises `StudioError` ``import.file`` where there are more or fewer than it says."""
        from onnx import numpy_helper

        try:
            return numpy_helper.to_array(self.numbers[name] if tensor is None else tensor)
        except (ValueError, TypeError, OSError, RuntimeError) as reason:
            message = say("the numbers of '{name}' are not as many as it says.", name=name[:100])
            raise StudioError("import.file", message, where=self.name) from reason

    def _placed(self, node: Any, scopes: Sequence[tuple[str, str]], index: int) -> dict[int, Value]:
        """The weights of an operator at their path: that of the file if it has one, else one made up."""
        roles = WEIGHTS.get(node.op_type.lower(), ())
        given = [
            (place, name, role)
            for place, (name, role) in enumerate(zip(node.input, roles, strict=False))
            if role and name in self.numbers
        ]
        turned = node.op_type == "Gemm" and not _attributes(node).get("transB", 0)
        return self._at(given, turned, scopes, f"{node.op_type.lower()}_{index}", node.op_type)

    def _at(
        self,
        given: Sequence[tuple[int, str, str]],
        turned: bool,
        scopes: Sequence[tuple[str, str]],
        other: str,
        node_kind: str = "",
    ) -> dict[int, Value]:
        inside = scopes[-1][0] if scopes else ""
        named = [name.removesuffix(f".{role}") for _, name, role in given if name.endswith(f".{role}")]
        for stem in (*named, inside, other):
            if stem and is_block_name(stem) and not any(f"{stem}.{role}" in self.weights for _, _, role in given):
                break
        placed = {}
        for place, name, role in given:
            path, sizes = f"{stem}.{role}", tuple(self.numbers[name].dims)
            turn = turned and role == "weight"
            sizes = sizes[::-1] if turn else sizes
            if role == "bias" and len(sizes) > 1 and math.prod(sizes) == sizes[-1]:
                sizes = sizes[-1:]  # a row of numbers
            if node_kind == "PRelu" and math.prod(sizes) == max(sizes, default=0):
                sizes = (max(sizes),)  # a slope for each channel, with axes for the map
            if self.assembly.weight(path, sizes, buffer=role.startswith("running")):
                self.weights[path] = (name, turn)
                self.sizes[path] = sizes
                placed[place] = Value(sizes, path)
        return placed

    def _linear(self, node: Any, found: tuple[str, str, str], scopes: Sequence[tuple[str, str]], index: int) -> Call:
        """A product with a matrix, perhaps with a bias after it."""
        source, weight, bias = found
        given = [(1, weight, "weight"), *([(2, bias, "bias")] if bias else [])]
        placed = self._at(given, True, scopes, f"linear_{index}")
        output = self._output(node)[0]
        return Call("linear", (self._value(source), placed.get(1), placed.get(2)), {}, (output,))

    def _output(self, node: Any) -> list[Value]:
        outputs = []
        for name in node.output:
            shape = self.shapes.get(name)
            outputs.append(Value((BATCH, *shape[1:]) if shape else ()))
            self.values[name] = outputs[-1]
        if not outputs or not outputs[0].shape or any(size < 1 for size in outputs[0].shape):
            message = say("the shape of what {call} gives is not known.", call=node.op_type[:100])
            raise StudioError("import.unknown", message, where=node.name[:200] or self.name)
        return outputs

    def _call(self, node: Any, placed: dict[int, Value]) -> Call:
        inputs = [placed.get(place) or (self._value(name) if name else None) for place, name in enumerate(node.input)]
        outputs = tuple(self._output(node))
        given = {**_attributes(node), OPSET: self.opset}
        call = call_of(node.op_type, inputs, given, outputs, self.constants)
        if call is None:
            shown = "".join(sign for sign in node.op_type if sign.isalnum())[:100]
            call = Call(f"onnx.{shown}", tuple(inputs), {}, outputs)
        return call


def _attributes(node: Any) -> dict[str, Any]:
    import onnx

    given = {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}
    return {
        key: value.decode("utf-8", "replace") if isinstance(value, bytes) else value for key, value in given.items()
    }


def _shape(item: Any) -> tuple[int, ...] | None:
    kind = item.type.tensor_type
    return tuple(side.dim_value for side in kind.shape.dim) if kind.HasField("shape") else None


def _scopes(node: Any) -> list[tuple[str, str]]:
    """The modules that an operator was in with their classes, the network first; none in files that do not say."""
    notes = {item.key: item.value for item in node.metadata_props}
    paths, kinds = (_texts(notes.get(key, "")) for key in (SCOPES, CLASSES))
    found = list(zip(paths[:-1], kinds, strict=False))
    return found if found and found[0][0] == "" else []


def _texts(text: str) -> list[str]:
    """A list of texts as the exporter writes it."""
    if len(text) > 10_000:
        return []
    try:
        found = ast.literal_eval(text) if text else []
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return []
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []
