"""What no block type says becomes foreign blocks, which hold what is known of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Protocol

from torch import Tensor, nn

from blockstudio.blocks import Shape, shape_text
from blockstudio.blocks.foreign import Foreign, ForeignMerge, weights_text
from blockstudio.errors import StudioError
from blockstudio.imports.nodes import ModuleLevel, Node, snake, values_in
from blockstudio.imports.reading import Held, canonical
from blockstudio.imports.trace import BATCH, Call, Frame, Value
from blockstudio.text import say

SEVERAL = 3
"""So many strange calls in one module make the module one foreign block."""


class Around(Protocol):
    """What is known where foreign blocks are made."""

    root: Frame
    needed: set[Value]
    used: dict[str, str]
    weights: dict[str, Tensor]

    def free_name(self, level: ModuleLevel, wanted: str, weights: str) -> str: ...

    def relative(self, level: ModuleLevel, path: str) -> str: ...


class Whole(Exception):
    """A module that has to be one foreign block."""

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self.frame = frame


class Strange:
    """Makes foreign blocks."""

    def __init__(self, around: Around) -> None:
        self._around = around
        self._met: Counter[Frame] = Counter()
        self._uses = Counter(around.root.outputs)
        for call in around.root.calls():
            self._uses.update(values_in((call.args, call.kwargs)))
        self._chains: dict[Node, Shape] = {}
        """Foreign blocks of calls, with the shape of their first input."""
        self._derived: dict[Value, dict[str, Shape]] = {}
        """What was worked out of weights and constants alone, with the weights."""

    def from_weights(self, known: dict[Value, Held], call: Call, tensors: Sequence[Value]) -> bool:
        """Whether a call sees nothing of the image. What it gives belongs to the block that reads it."""
        for value in tensors:
            if value in known or not (value.weight or value.constant is not None or value in self._derived):
                return False
        weights = self._weights(tensors)
        self._derived.update((value, weights) for value in call.outputs)
        return True

    def call(self, level: ModuleLevel, known: dict[Value, Held], frame: Frame, call: Call) -> None:
        """A foreign block for a call, or `Whole` where its module had better be one."""
        self._met[frame] += 1
        inner = [item for item in frame.items if isinstance(item, Frame)]
        leaves = all(map(_is_simple, inner))
        if frame is not self._around.root and leaves and (not inner or self._met[frame] >= SEVERAL):
            raise Whole(frame)
        tensors = values_in((call.args, call.kwargs))
        inputs = [value for value in dict.fromkeys(tensors) if value in known]
        if not inputs:
            raise StudioError(
                "import.unknown",
                say("{call} works on something that comes from nowhere that is known.", call=call.name),
                where=frame.path or "forward",
            )
        weights = self._weights(tensors)
        self._around.used.update(dict.fromkeys(weights, Foreign.name))
        source = known[inputs[0]].source[0]
        if len(inputs) == len(call.outputs) == 1 == self._uses[inputs[0]] and source in self._chains:
            self._go_on(source, known, inputs[0], call, weights)
            return
        name = self._around.free_name(level, snake(call.name.rpartition(".")[2]).strip("_") or "call", "")
        what = call.name if "." in call.name else f"torch.{call.name}"
        self._add(level, known, name, what, inputs, call.outputs, weights, call.macs, call.place)
        if len(call.outputs) == 1:
            self._chains[level.nodes[-1]] = known[inputs[0]].shape

    def _go_on(self, node: Node, known: dict[Value, Held], value: Value, call: Call, weights: dict[str, Shape]) -> None:
        """Another call behind one that it alone reads: the same foreign block."""
        shape = per_image(call.outputs[0].shape)
        values = node.values
        values["what"] = f"{values['what'][:1800]} → {call.name}"
        values["shape"] = "" if shape == self._chains[node] else shape_text(shape)
        values["weights"] = ", ".join(filter(None, [values["weights"], weights_text(list(weights.items()))]))
        values["macs"] += call.macs // BATCH
        known[call.outputs[0]] = Held(known[value].source, shape)

    def frame(self, level: ModuleLevel, known: dict[Value, Held], frame: Frame) -> None:
        """A foreign block for a module."""
        made = {value for call in frame.calls() for value in call.outputs}
        read = [value for call in frame.calls() for value in values_in((call.args, call.kwargs))]
        inputs = [value for value in dict.fromkeys(read) if value not in made and value in known]
        weights: dict[str, Shape] = {name: tuple(each.shape) for name, each in frame.module.named_parameters()}
        paths = [f"{frame.path}.{name}" for name in weights]
        again = next((path for path in paths if path in self._around.used), None)
        if again is not None:
            raise self.shared(again)
        self._around.used.update(dict.fromkeys(paths, Foreign.name))
        name = self._around.free_name(level, self._around.relative(level, frame.path), frame.path if weights else "")
        kind = type(frame.module)
        home = "torch.nn" if kind.__module__.startswith("torch.nn.modules.") else kind.__module__
        macs = sum(call.macs for call in frame.calls())
        self._add(
            level, known, name, f"{home}.{kind.__qualname__}", inputs, frame.outputs, weights, macs, frame.place
        )  # fmt: skip

    def shared(self, path: str) -> Exception:
        """What to raise where the weights at a path are used a second time: the innermost module that has all uses
        becomes one block, but for the network itself."""
        around = list(_readers(self._around.root, path, ()))
        common = [frames[0] for frames in zip(*around, strict=False) if len(set(frames)) == 1]
        if len(common) > 1 and common[-1] is not self._around.root:
            return Whole(common[-1])
        return StudioError(
            "import.shared",
            say("its weights are used twice, which a diagram cannot say."),
            where=path,
        )

    def _weights(self, tensors: Sequence[Value]) -> dict[str, Shape]:
        found: dict[str, Shape] = {}
        for value in tensors:
            tensor = self._around.weights.get(value.weight)
            if isinstance(tensor, nn.Parameter) and value.weight not in self._around.used:
                found[value.weight] = tuple(tensor.shape)
            for path, shape in self._derived.get(value, {}).items():
                if path not in self._around.used:
                    found[path] = shape
        return found

    def _add(
        self, level: ModuleLevel, known: dict[Value, Held], name: str, what: str, inputs: Sequence[Value],
        outputs: Sequence[Value], weights: dict[str, Shape], macs: int, place: str,
    ) -> None:  # fmt: skip
        """A foreign block for each output that is needed; the first one has the weights and the costs."""
        sources = [known[value].source for value in inputs]
        needed = [value for value in dict.fromkeys(outputs) if value in self._around.needed and value not in known]
        for index, value in enumerate(needed):
            last = any(known[item].last for item in inputs) and len(value.shape) == 4
            shape = canonical(value.shape, last) if last else per_image(value.shape)
            values = {
                "what": what,
                "shape": "" if shape == known[inputs[0]].shape else shape_text(shape),
                "weights": "" if index else weights_text(list(weights.items())),
                "macs": 0 if index else macs // BATCH,
                "place": place,
            }
            own = name if not index else self._around.free_name(level, f"{name}_{index + 1}", "")
            kind = Foreign if len(sources) == 1 else ForeignMerge
            node = Node(own, kind.name, values, list(sources))
            level.nodes.append(node)
            known[value] = Held((node, "out"), shape, last)


def _readers(frame: Frame, path: str, around: tuple[Frame, ...]) -> Iterator[tuple[Frame, ...]]:
    """For each call that reads weights at a path, the modules that it is in, outermost first."""
    around = (*around, frame)
    for item in frame.items:
        if isinstance(item, Frame):
            yield from _readers(item, path, around)
        elif any(f"{value.weight}.".startswith(f"{path}.") for value in values_in((item.args, item.kwargs))):
            yield around


def _is_simple(frame: Frame) -> bool:
    """Whether a module has no modules in it but torch's own."""
    inner = [item for item in frame.items if isinstance(item, Frame)]
    own = type(frame.module).__module__.startswith("torch.nn.")
    return not inner or (own and all(map(_is_simple, inner)))


def per_image(shape: Sequence[int]) -> Shape:
    """A shape without the batch, wherever that is in it."""
    if not shape:
        return (1,)
    if shape[0] == BATCH:
        return tuple(shape[1:]) or (1,)
    if shape[0] % BATCH == 0:
        return (shape[0] // BATCH, *shape[1:])  # windows of several images side by side
    return tuple(shape)
