"""What the program of a ``.pt2`` file says. It is read as data: nothing in it is executed or unpickled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from blockstudio.blocks.constants import MOST
from blockstudio.errors import StudioError
from blockstudio.imports.assembly import Assembly, legal_scopes
from blockstudio.imports.nodes import STATISTICS
from blockstudio.imports.pt2_archive import DTYPES
from blockstudio.imports.pt2_calls import SAME, call_of
from blockstudio.imports.trace import BATCH, Call, Counter, Frame, Value
from blockstudio.text import say

MAX_NODES = 50_000
MAX_AXES = 16
TARGET = "torch.ops.aten."
COSTLY = frozenset(
    {
        "addmm", "baddbmm", "bmm", "conv1d", "conv2d", "conv3d", "conv_transpose2d", "convolution", "linear", "matmul",
        "mm", "scaled_dot_product_attention",
    }
)  # fmt: skip
"""Operators with multiply-accumulates."""


@dataclass(slots=True)
class Step:
    """An operator of the program, for whoever wants to work it out."""

    target: str
    given: dict[str, Any]
    outputs: list[str]
    """Names of the tensors that come out."""
    several: bool
    """They come as a list."""


@dataclass(frozen=True, slots=True)
class Named:
    """A tensor of the program by name."""

    name: str


@dataclass(slots=True)
class Inputs:
    """What goes into the program."""

    feed: str = ""
    weights: dict[str, str] = field(default_factory=dict)
    """By the tensor's name: its key in the state dict, or among the constants."""
    buffers: set[str] = field(default_factory=set)


class Reader:
    """The program as frames of calls. Anything but a program raises what Python raises for the wrong types."""

    def __init__(self, program: Mapping[str, Any], name: str, numbers: Callable[[], Mapping[str, Tensor]]) -> None:
        self.name = name
        self.graph = program["graph_module"]["graph"]
        signature = program["graph_module"]["signature"]
        self.inputs = self._inputs(signature["input_specs"])
        self.wanted = [
            str(spec["user_output"]["arg"]["as_tensor"]["name"])
            for spec in signature["output_specs"]
            if "user_output" in spec and "as_tensor" in spec["user_output"]["arg"]
        ]
        if len(self.graph["nodes"]) > MAX_NODES:
            raise StudioError("import.file", say("it has more than {most:,} operators.", most=MAX_NODES), where=name)
        sizes = self._sizes(self.inputs.feed)
        if len(sizes) not in (2, 4) or any(size < 1 for size in sizes[1:]):
            raise StudioError("import.inputs", say("its input is no image and no vector."), where=name)
        self.batch = sizes[0]
        self.steps: list[Step] = []
        self.values: dict[str, Value] = {}
        self.feed = self.values[self.inputs.feed] = Value((BATCH, *sizes[1:]))
        weights = self.inputs.weights
        kinds = [_scopes(node)[0][1] for node in self.graph["nodes"] if _scopes(node)]
        self.assembly = Assembly(kinds[0] if kinds else "torch.Program", self.feed)
        for node in self.graph["nodes"]:
            for path, kind in legal_scopes(_scopes(node)[1:]):
                self.assembly.part(path, kind)
        fixed = any(
            path.rpartition(".")[2] not in STATISTICS for path in (weights[each] for each in self.inputs.buffers)
        )
        known = numbers() if fixed else {}
        for tensor, path in weights.items():
            shape, buffer = self._sizes(tensor), tensor in self.inputs.buffers
            few = known.get(path) if buffer else None
            few = few if few is not None and tuple(few.shape) == shape and few.numel() <= MOST else None
            self.assembly.weight(path, shape, buffer=buffer, numbers=few)
            self.values[tensor] = Value(shape, path)

    def frame(self) -> Frame:
        """The root frame."""
        for node in self.graph["nodes"]:
            self._node(node)
        return self.assembly.finish([self._value(name) for name in self.wanted])

    def _inputs(self, specs: list[Mapping[str, Any]]) -> Inputs:
        found = Inputs()
        feeds = []
        for spec in specs:
            ((kind, item),) = spec.items()
            if kind == "user_input":
                if "as_tensor" in item["arg"]:
                    feeds.append(str(item["arg"]["as_tensor"]["name"]))
            elif kind in ("parameter", "buffer", "tensor_constant"):
                name = str(item["arg"]["name"])
                found.weights[name] = str(item[f"{kind}_name"])
                if kind != "parameter":
                    found.buffers.add(name)
            else:
                message = say("it takes something that is no tensor ({kind}).", kind=kind[:40])
                raise StudioError("import.inputs", message, where=self.name)
        if len(feeds) != 1:
            told = ", ".join(feeds[:6])[:200]
            message = say("it has {count} inputs ({names}), not one.", count=len(feeds), names=told)
            raise StudioError("import.inputs", message, where=self.name)
        found.feed = feeds[0]
        return found

    def _sizes(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor, as the program was exported."""
        sizes = self.graph["tensor_values"][name]["sizes"]
        if len(sizes) > MAX_AXES:
            raise ValueError(name)
        return tuple(_size(item) for item in sizes)

    def _shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor on the way, for `BATCH` images."""
        sizes = self._sizes(name)
        if sizes and self.batch and sizes[0] % self.batch == 0:
            return (sizes[0] // self.batch * BATCH, *sizes[1:])
        return sizes

    def _value(self, name: str) -> Value:
        if name not in self.values:
            message = say("'{name}' comes from nowhere that is known.", name=name[:100])
            raise StudioError("import.value", message, where=self.name)
        return self.values[name]

    def _node(self, node: Mapping[str, Any]) -> None:
        target = str(node["target"])
        names, several = _outputs(node["outputs"])
        if not names:
            return  # a size, a condition on one
        given = {str(item["name"]): _argument(item["arg"]) for item in node["inputs"]}
        self.steps.append(Step(target, given, names, several))
        values = {key: self._with_values(value) for key, value in given.items()}
        operator = target.removeprefix(TARGET).partition(".")[0] if target.startswith(TARGET) else ""
        first = next(iter(values.values()), None)
        if operator in SAME and isinstance(first, Value):
            self.values[names[0]] = first
            return
        outputs = tuple(Value(self._shape(name)) for name in names)
        self.values.update(zip(names, outputs, strict=True))
        if operator:
            call = call_of(operator, values, outputs)
        else:
            # A control-flow operator (cond, while_loop) or one of somebody's library.
            call = Call(f"foreign.{target[:100]}", tuple(values.values()), {}, outputs)
        call.macs = self._macs(target, values)
        call.place = self.name
        self.assembly.add(call, legal_scopes(_scopes(node)[1:]))

    def _with_values(self, item: Any) -> Any:
        if isinstance(item, Named):
            return self._value(item.name) if item.name else BATCH
        return [self._with_values(part) for part in item] if isinstance(item, list) else item

    def _macs(self, target: str, values: Mapping[str, Any]) -> int:
        """Multiply-accumulates of an operator, for the whole batch."""
        operator = operator_of(target)
        if operator is None or target.removeprefix(TARGET).partition(".")[0] not in COSTLY:
            return 0

        def empty(value: Any) -> Any:
            if isinstance(value, Value):
                return torch.empty(value.shape, device="meta")
            return [empty(item) for item in value] if isinstance(value, list) else value

        accepted = {argument.name for argument in operator._schema.arguments}
        given = {key: empty(value) for key, value in values.items() if key in accepted}
        counter = Counter()  # type: ignore[no-untyped-call]
        with counter, torch.no_grad():
            try:
                operator(**given)
            except (RuntimeError, TypeError, ValueError, IndexError):
                return 0  # what it says of shapes makes no sense; whoever reads it as a block says so
        return int(counter.macs)


def operator_of(target: str) -> Any:
    """PyTorch's own operator of a target, ``torch.ops.aten.relu.default``; ``None`` for any other name."""
    parts = target.removeprefix(TARGET).split(".")
    if not target.startswith(TARGET) or len(parts) != 2 or not all(part.isidentifier() for part in parts):
        return None
    packet = getattr(torch.ops.aten, parts[0], None)
    return getattr(packet, parts[1], None) if isinstance(packet, torch._ops.OpOverloadPacket) else None


def _outputs(listed: list[Mapping[str, Any]]) -> tuple[list[str], bool]:
    names: list[str] = []
    several = False
    for item in listed:
        if "as_tensor" in item:
            names.append(str(item["as_tensor"]["name"]))
        elif "as_tensors" in item:
            several = True
            names += [str(part["name"]) for part in item["as_tensors"]]
    return names, several


def _argument(arg: Mapping[str, Any]) -> Any:
    ((kind, value),) = arg.items()
    match kind:
        case "as_none":
            return None
        case "as_tensor":
            return Named(str(value["name"]))
        case "as_tensors":
            return [Named(str(item["name"])) for item in value]
        case "as_optional_tensors":
            return [Named(str(item["as_tensor"]["name"])) if "as_tensor" in item else None for item in value]
        case "as_int" | "as_float" | "as_bool" | "as_string":
            return value
        case "as_ints" | "as_floats" | "as_bools" | "as_strings":
            return list(value)
        case "as_sym_ints":
            return [item.get("as_int", Named("")) if isinstance(item, dict) else item for item in value]
        case "as_scalar_type":
            return DTYPES.get(value)
    return None  # devices, layouts, memory formats: nothing that a drawing says


def _size(item: Mapping[str, Any]) -> int:
    found = item["as_int"] if "as_int" in item else item["as_expr"]["hint"]["as_int"]
    if type(found) is not int or not 0 <= found <= 1 << 40:
        raise ValueError(found)
    return found


def _scopes(node: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The modules that an operator was in with their classes, the network first; none where it does not say."""
    text = str(node.get("metadata", {}).get("nn_module_stack", ""))
    return list(_stack(text)) if len(text) < 20_000 else []


def _stack(text: str) -> Iterator[tuple[str, str]]:
    for part in text.split(";"):
        key, _, rest = part.partition(",")
        path, _, kind = rest.partition(",")
        if not kind or key.startswith("_empty"):
            return
        yield path.partition("@")[0], kind
