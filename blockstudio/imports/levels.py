"""From frames to levels: one level a module that stays a module, with the blocks in it and how they are wired."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import replace

from torch import nn

from blockstudio.blocks import AUX_OUTPUT, INPUT, OUTPUT, BlockType, Weight
from blockstudio.blocks.constants import MOST
from blockstudio.errors import StudioError
from blockstudio.graph.names import is_block_name
from blockstudio.imports import stacks
from blockstudio.imports.nodes import STATISTICS, ModuleLevel, Node, snake, values_in
from blockstudio.imports.patterns import simplified
from blockstudio.imports.reading import Held, Reading, canonical, read, read_frame, stands_for_class, takes_weights
from blockstudio.imports.strange import Strange, Whole
from blockstudio.imports.trace import Call, Frame, Value, short
from blockstudio.text import say


class Builder:
    """Builds the levels of a traced network."""

    def __init__(self, root: Frame, outputs: int) -> None:
        self.root = root
        self.outputs = outputs
        """How many tensors it gives in evaluation mode; further ones are auxiliary."""
        self.weights = dict(root.module.named_parameters()) | dict(root.module.named_buffers())
        self.saved = root.module.state_dict().keys()
        self.needed = _needed(root)
        self.used: dict[str, str] = {}
        """Where weights are, and the block that has them."""
        self.strange = Strange(self)
        self.turns = any(call.name == "permute" for call in root.calls())
        """Whether channels come last anywhere."""

    def build(self) -> ModuleLevel:
        level, _ = self._level(self.root, {}, [*self.root.inputs])
        return level

    # Levels

    def _level(
        self, frame: Frame, around: Mapping[Value, Held], inputs: list[Value]
    ) -> tuple[ModuleLevel, dict[Value, tuple[str, Held]]]:
        """The level of a frame, and for each value that it gives its port."""
        level = ModuleLevel(frame.path, frame.module)
        known: dict[Value, Held] = {}
        for name, value in zip(_port_names(frame, len(inputs)), inputs, strict=True):
            outside = around.get(value, Held(None, ()))
            node = Node(self.free_name(level, name, ""), INPUT)
            level.nodes.append(node)
            shape = outside.shape if outside.stack > 1 else canonical(value.shape, outside.last)
            level.inputs[node.name] = shape
            known[value] = Held((node, "out"), shape, outside.last, stack=outside.stack)
        self._fill(level, known, frame)
        given: dict[Value, tuple[str, Held]] = {}
        main = frame is self.root
        results = [value for value in dict.fromkeys(frame.outputs) if value in self.needed]
        for index, value in enumerate(results):
            held = known.get(value)
            if held is None:
                raise StudioError(
                    "import.value", say("what it gives comes from nowhere that is known."), where=frame.path
                )
            extra = main and index >= self.outputs
            wanted = "output" if index == 0 else f"aux{index}" if extra else f"output{index + 1}"
            node = Node(self.free_name(level, wanted, ""), AUX_OUTPUT if extra else OUTPUT, sources=[held.source])
            level.nodes.append(node)
            level.outputs[node.name] = held.shape
            given[value] = (node.name, held)
        return level, given

    def _fill(self, level: ModuleLevel, known: dict[Value, Held], frame: Frame) -> None:
        items = simplified(frame)
        for item in reversed(items):  # Calls that others were put for may pass on values of their own.
            if isinstance(item, Call) and any(value in self.needed for value in item.outputs):
                self.needed.update(values_in((item.args, item.kwargs)))
        for item in items:
            if isinstance(item, Call):
                if any(value in self.needed for value in item.outputs):
                    self._call(level, known, frame, item)
            elif any(value in self.needed for value in item.outputs):
                self._frame(level, known, item)

    def _frame(self, level: ModuleLevel, known: dict[Value, Held], frame: Frame) -> None:
        if all(value in known for value in frame.outputs):
            return  # it hands on what it was given
        before = len(level.nodes), level.taken.copy(), dict(known), dict(self.used)
        try:
            self._drawn_frame(level, known, frame)
        except Whole as whole:
            if whole.frame is not frame:
                raise
            del level.nodes[before[0] :]
            level.taken, self.used = before[1], before[3]
            known.clear()
            known.update(before[2])
            self.strange.frame(level, known, frame)

    def _drawn_frame(self, level: ModuleLevel, known: dict[Value, Held], frame: Frame) -> None:
        if getattr(frame.module, "momentum", 0) is None and hasattr(frame.module, "num_batches_tracked"):
            raise Whole(frame)  # Its mean is that of all batches so far, each time with another share of the newest.
        if stands_for_class(frame):
            found = read_frame(frame, known.get, self._weight)
            if found is not None:
                self._block(level, known, frame, found, frame.outputs)
                return
        if _is_inline(frame, self.needed):
            self._fill(level, known, frame)
            return
        if len(frame.items) <= FEW and frame.module._parameters:
            items = simplified(frame)
            found = read(items[0], known.get, self._weight) if len(items) == 1 and isinstance(items[0], Call) else None
            if found is not None and found.path == frame.path:  # Its weights are those of one block.
                self._block(level, known, frame, found, items[0].outputs)
                return
        inputs = [value for value in dict.fromkeys(frame.inputs) if value in self.needed and value in known]
        inputs = self._joined(level, known, frame, inputs)
        inner, given = self._level(frame, known, inputs)
        node = Node(self.free_name(level, self.relative(level, frame.path), frame.path), "", level=inner)
        node.sources = [known[value].source for value in inputs]
        level.nodes.append(node)
        for value, (port, held) in given.items():
            known[value] = Held((node, port), held.shape, held.last, stack=held.stack)

    def _joined(self, level: ModuleLevel, known: dict[Value, Held], frame: Frame, inputs: list[Value]) -> list[Value]:
        """A module that begins by joining all that it is given gets it joined."""
        first = frame.items[0] if frame.items else None
        if not isinstance(first, Call) or first.name != "cat" or len(inputs) < 2:
            return inputs
        joined = first.args[0] if first.args else None
        if not isinstance(joined, list | tuple) or list(joined) != inputs:
            return inputs
        if any(set(inputs) & set(values_in((call.args, call.kwargs))) for call in frame.calls() if call is not first):
            return inputs
        self._call(level, known, frame, first)
        return [first.outputs[0]]

    # Blocks

    def _call(self, level: ModuleLevel, known: dict[Value, Held], frame: Frame, call: Call) -> None:
        if call.outputs[0] in known:
            return
        tensors = values_in((call.args, call.kwargs))
        if tensors and all(value.weight for value in tensors) and call.name in _VIEWS:
            call.outputs[0].weight = tensors[0].weight
            return
        if self.strange.from_weights(known, call, tensors):
            return
        if call.name == "permute" and tensors[0] in known and self._turned(known, call, tensors[0]):
            return
        if call.name in ("view", "reshape", "unsqueeze", "squeeze") and self._as_row(known, call, tensors[0]):
            return
        if call.name == "add" and len(call.args) == 2 and type(call.args[1]) is int and not call.args[1]:
            known[call.outputs[0]] = known[tensors[0]]  # Python's sum begins with nothing
            return
        if call.name == "expand_as" and tensors[0] in known:
            known[call.outputs[0]] = known[tensors[0]]  # a product stretches its inputs itself
            return
        if call.name == "cat" and len(tensors) == 1:
            known[call.outputs[0]] = known[tensors[0]]
            return
        if self._stacked(level, known, frame, call):
            return
        if call.name in _SPLITS and self._split(level, known, frame, call):
            return
        held = known.get(tensors[0]) if tensors else None
        if call.name in _VIEWS and held is not None and held.last and held.shape[1:] == (1, 1):
            known[tensors[0]] = replace(held, last=False)  # Of a single pixel the channels come first and last.
        found = read(call, known.get, self._weight)
        if found is None:
            self.strange.call(level, known, frame, call)
        else:
            self._block(level, known, frame, found, call.outputs)

    def _split(self, level: ModuleLevel, known: dict[Value, Held], frame: Frame, call: Call) -> bool:
        """Several outputs of one call: a block for each that is needed."""
        for index, value in enumerate(call.outputs):
            if value in self.needed:
                part = Call(call.name, call.args, {**call.kwargs, "index": index}, (value,))
                found = read(part, known.get, self._weight)
                if found is None:
                    return False
                self._block(level, known, frame, found, part.outputs)
        return True

    def _stacked(self, level: ModuleLevel, known: dict[Value, Held], frame: Frame, call: Call) -> bool:
        """A call that makes, works on or ends a stack of maps, as blocks of one map with all their channels."""
        step = stacks.step(call, known)
        if step is None:
            return False
        if step.call is None:
            known[call.outputs[0]] = step.held
            return True
        found = read(step.call, step.known.get, self._weight)
        if found is None or (step.alike and not found.kind.elementwise):
            return False
        self._block(level, known, frame, found, step.call.outputs)
        known[call.outputs[0]] = replace(known[step.call.outputs[0]], stack=step.held.stack)
        return True

    def _as_row(self, known: dict[Value, Held], call: Call, value: Value) -> bool:
        """A vector held as a sequence, or a sequence held as a vector again."""
        held = known.get(value)
        if held is None or len(held.shape) not in (1, 3) or held.shape[1:] not in ((), (1, 1)) or held.last:
            return False
        shape = call.outputs[0].shape[1:]
        if not held.row and len(held.shape) == 1 and shape == (1, *held.shape):
            known[call.outputs[0]] = Held(held.source, held.shape, row=True)
            return True
        if held.row:
            known[value] = Held(held.source, held.shape)
            if shape == held.shape:
                known[call.outputs[0]] = known[value]
                return True
        return False

    def _turned(self, known: dict[Value, Held], call: Call, value: Value) -> bool:
        """Channels moved to the end or back: the diagram always has them first."""
        axes = call.args[1:] if len(call.args) > 2 else call.args[1] if len(call.args) == 2 else call.kwargs.get("dims")
        held = known[value]
        wanted = (0, 3, 1, 2) if held.last else (0, 2, 3, 1)
        if axes is None or len(held.shape) != 3 or tuple(axis % 4 for axis in axes) != wanted:
            return False
        known[call.outputs[0]] = Held(held.source, held.shape, not held.last)
        return True

    def _block(
        self, level: ModuleLevel, known: dict[Value, Held], frame: Frame, found: Reading, outputs: tuple[Value, ...]
    ) -> None:
        kind = found.kind
        joined = [item.source for item in found.inputs]
        sources = _shortened(level, kind.name, joined) if kind.merges == "channels" else self._ordered(kind, joined)
        if _does_nothing(found):
            known[outputs[0]] = found.inputs[0]
            return
        if found.path:
            if found.path in self.used:
                raise self.strange.shared(found.path)
            self.used[found.path] = kind.name
            name = self.free_name(level, self.relative(level, found.path), found.path)
        else:
            wanted = snake(kind.name)
            if frame.path != level.path and not kind.is_parameter:
                own = self.relative(level, frame.path)
                # Beside weights of the module's own: what it does before or after them.
                wanted = f"{own}_{wanted}" if any(True for _ in frame.module.parameters()) else own
            name = self.free_name(level, wanted, "")
        node = Node(name, kind.name, found.values, sources, joined=joined)
        level.nodes.append(node)
        shape = outputs[0].shape
        shape = shape[-1:] if found.row else canonical(shape, found.last)
        known[outputs[0]] = Held((node, "out"), shape, found.last, found.row)

    def _ordered(self, kind: BlockType, sources: list[tuple[Node, str]]) -> list[tuple[Node, str]]:
        """The operands of a sum, the way through the module first: what is left where the sum is switched off. Where
        channels come last the first one decides how the sum lies in memory: then they stay as they are."""
        shortcut_first = len(sources) == 2 and sources[0][0].type == INPUT and sources[1][0].type != INPUT
        return sources[::-1] if kind.merges == "sum" and shortcut_first and not self.turns else sources

    def _weight(self, value: Value) -> Weight:
        constant = value.constant
        tensor = self.weights[value.weight].detach() if constant is None else constant
        first = tensor.flatten()[0] if tensor.numel() and not tensor.is_meta else None
        same = first is not None and bool((tensor == first).all())
        number = float(first) if same and first is not None else None
        few = first is not None and tensor.numel() <= MOST
        return Weight(
            value.shape, number, tuple(tensor.shape), value.weight in self.saved,
            constant is None and isinstance(self.weights[value.weight], nn.Parameter),
            tuple(short(float(each), tensor.dtype) for each in tensor.flatten().tolist()) if few else (),
        )  # fmt: skip

    # Names

    def relative(self, level: ModuleLevel, path: str) -> str:
        return path.removeprefix(f"{level.path}.") if level.path else path

    def free_name(self, level: ModuleLevel, wanted: str, weights: str) -> str:
        """A free name. One with weights is taken as it is."""
        if weights:
            if not is_block_name(wanted) or level.taken.clashes(wanted):
                raise StudioError("import.name", say("a block cannot have this name."), where=weights)
            level.taken.add(wanted)
            return wanted
        if not is_block_name(wanted):
            wanted = re.sub(r"\W", "_", wanted)
            wanted = next(name for name in (wanted, f"{wanted}_", f"block_{wanted}") if is_block_name(name))
        name, count = wanted, level.taken.counts.get(wanted, 1)
        while name in level.inside or level.taken.clashes(name):
            count += 1
            name = f"{wanted.replace('.', '_')}_{count}" if count > 2 or "." not in wanted else wanted.replace(".", "_")
            name = name if is_block_name(name) else f"block_{name}"
        level.taken.add(name)
        level.taken.counts[wanted] = count
        return name


FEW = 8
"""Calls of a module, at most, that may be one block together."""
_VIEWS = frozenset({"view", "reshape", "unsqueeze", "getitem", "flatten", "squeeze", "to", "permute", "expand"})
_SPLITS = frozenset({"chunk", "split", "tensor_split", "unbind"})


def _needed(root: Frame) -> set[Value]:
    """What the outputs come from."""
    found = set(root.outputs)
    for call in reversed(list(root.calls())):
        if any(value in found for value in call.outputs):
            found.update(values_in((call.args, call.kwargs)))
    return found


def _is_inline(frame: Frame, needed: set[Value]) -> bool:
    """Whether a module is no more than the blocks in it: torch's own, one without weights or with a single block, or
    one whose weights are a block's."""
    module = frame.module
    if type(module).__module__.startswith("torch.nn."):
        return True
    own = {name for name, tensor in module._parameters.items() if tensor is not None}
    if "weight" in own or "bias" in own:
        return any(takes_weights(call) for call in frame.calls())  # else they are blocks themselves
    if module._buffers.keys() - STATISTICS:
        return False  # its fixed numbers are blocks of its own
    if next(module.parameters(), None) is None:
        return True
    if own:
        return False
    return sum(any(value in needed for value in call.outputs) for call in frame.calls()) <= 1


def _does_nothing(found: Reading) -> bool:
    """A block that leaves its input as it is: flattening a vector, dropping nothing, padding by nothing."""
    kind: BlockType = found.kind
    if len(found.inputs) != 1 or found.path:
        return False
    return kind.does_nothing(found.values, found.inputs[0].shape)


def _shortened(level: ModuleLevel, kind: str, sources: list[tuple[Node, str]]) -> list[tuple[Node, str]]:
    """The inputs of a join, those that another one has joined before taken from there."""
    best: Node | None = None
    for node in level.nodes:
        if node.type == kind and 1 < len(node.joined) < len(sources) and sources[: len(node.joined)] == node.joined:
            best = node if best is None or len(node.joined) > len(best.joined) else best
    return sources if best is None else [(best, "out"), *sources[len(best.joined) :]]


def _port_names(frame: Frame, count: int) -> list[str]:
    if count == 1:
        return ["input"]
    try:
        names = list(inspect.signature(frame.module.forward).parameters)
    except (TypeError, ValueError):
        names = []
    usable = [name for name in names if is_block_name(name)]
    return usable[:count] if len(usable) >= count else [f"input{index + 1}" for index in range(count)]
