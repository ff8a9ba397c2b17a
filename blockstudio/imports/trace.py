"""What a module does, call by call: its submodules as frames within each other, torch's functions as calls in them.

The module runs once, in training mode, on tensors without data (torch's meta device): nothing is computed, and whatever
asks for a value instead of a shape is found out. Shapes have the batch first, `BATCH` images.
"""

from __future__ import annotations

import inspect
import itertools
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedParameter
from torch.overrides import TorchFunctionMode, resolve_name
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map
from torch.utils.flop_counter import flop_registry

from blockstudio.errors import StudioError
from blockstudio.imports.gradients import Gradients
from blockstudio.text import say

BATCH = 2
Hook: TypeAlias = Any


@dataclass(eq=False, slots=True)
class Value:
    """A tensor between two calls."""

    shape: tuple[int, ...]
    """With the batch."""
    weight: str = ""
    """The path of the parameter or buffer that it is; ``""`` for what is computed."""
    dtype: torch.dtype = torch.float32
    constant: Tensor | None = None
    """The numbers themselves, where the network's code holds them: neither a parameter nor a buffer."""


@dataclass(eq=False, slots=True)
class Call:
    """One call of a torch function."""

    name: str
    """Its plain name, without the underscore of what works in place: ``conv2d``, ``add``."""
    args: tuple[Any, ...]
    """As given, tensors as `Value`."""
    kwargs: dict[str, Any]
    outputs: tuple[Value, ...]
    macs: int = 0
    """Multiply-accumulates for the whole batch."""
    place: str = ""
    """The function that makes it: ``torchvision.models.resnet: BasicBlock.forward``."""


@dataclass(eq=False, slots=True)
class Frame:
    """One call of a module."""

    path: str
    module: nn.Module
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...] = ()
    items: list[Call | Frame] = field(default_factory=list)
    result: Any = None
    """What it gives, tensors as `Value`."""
    place: str = ""
    """The function that calls it."""

    def calls(self) -> Iterator[Call]:
        """Every call in it, in order."""
        for item in self.items:
            if isinstance(item, Frame):
                yield from item.calls()
            else:
                yield item


_SAME_NAMES = {
    "__add__": "add", "__radd__": "add", "__iadd__": "add",
    "__mul__": "mul", "__rmul__": "mul", "__imul__": "mul", "multiply": "mul",
    "__sub__": "sub", "__isub__": "sub", "__rsub__": "rsub", "__truediv__": "div", "__itruediv__": "div",
    "concat": "cat", "concatenate": "cat", "__getitem__": "getitem", "__neg__": "neg",
    "__matmul__": "matmul", "__pow__": "pow", "absolute": "abs", "negative": "neg", "divide": "div",
    "true_divide": "div", "__rdiv__": "rdiv", "__rtruediv__": "rdiv", "subtract": "sub",
}  # fmt: skip


_COPIES = frozenset(
    {"contiguous", "clone", "detach", "data", "to", "type", "type_as", "float", "half", "double", "bfloat16"}
)
"""What gives the values that it is given, elsewhere in memory or as other numbers."""
_UNCHANGED = frozenset({"requires_grad_", "detach_", "to", "float", "type", "type_as", "half", "double", "expand_as"})
"""What may give the very tensor that it is given, as it is."""
_DROPS = {
    "dropout": 2, "dropout2d": 2, "feature_dropout": 2, "alpha_dropout": 2, "feature_alpha_dropout": 2,
}  # fmt: skip
"""What drops values by chance, and the place of the argument that says whether it does."""
_KEEP_SHAPE = frozenset({"batch_norm", "layer_norm", "group_norm", "instance_norm"})
"""What gives a new tensor like the one it is given, and takes long to say so without data."""


_MADE = frozenset({"tensor", "as_tensor", "full", "ones", "zeros", "arange", "linspace"})
"""What makes a tensor of numbers. Those of the network's code keep them, on whatever device they are wanted."""


class _Quick(TorchFunctionMode):
    """Runs without data, and without what takes long all the same."""

    def __init__(self) -> None:
        super().__init__()
        self._twins: dict[int, tuple[Tensor, Tensor]] = {}
        """Constants of the network's code by id, each with one like it without data."""
        self.always: list[bool] = []
        """For each call that drops values by chance: whether it does."""

    def _twin(self, leaf: Any) -> Any:
        if not isinstance(leaf, Tensor) or leaf.is_meta:
            return leaf
        if id(leaf) not in self._twins:
            self._twins[id(leaf)] = leaf, torch.empty_like(leaf, device="meta")
        return self._twins[id(leaf)][1]

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name, kwargs = getattr(func, "__name__", ""), dict(kwargs or {})
        tensors = [leaf for leaf in tree_flatten((args, kwargs))[0] if isinstance(leaf, Tensor)]
        if name in _MADE and not tensors:
            kwargs.pop("device", None)
        elif len({leaf.is_meta for leaf in tensors}) > 1 and name != "__getitem__":
            args, kwargs = tree_map(self._twin, tuple(args)), tree_map(self._twin, kwargs)
        if name in _DROPS:
            place = _DROPS[name]
            default = name in ("dropout", "dropout2d", "feature_dropout")
            self.always.append(bool(kwargs.get("training", args[place] if len(args) > place else default)))
        if name in _KEEP_SHAPE and args and args[0].is_meta:
            return torch.empty_like(args[0])
        return func(*args, **kwargs)


class _Recorder(_Quick):
    """Writes down torch's functions as they are called, in the frame that is open."""

    def __init__(self, weights: dict[int, str], trained: Iterable[str]) -> None:
        super().__init__()
        self.weights = weights
        self.gradients = Gradients(trained)
        self.values: dict[int, Value] = {}
        self.alive: list[Tensor] = []
        """Every tensor seen: none may be freed, or another would have its id."""
        self.stack: list[Frame] = []
        self.counter = Counter()  # type: ignore[no-untyped-call]

    def value(self, tensor: Tensor) -> Value:
        found = self.values.get(id(tensor))
        if found is None:
            found = self.new(tensor)
        return found

    def new(self, tensor: Tensor) -> Value:
        constant = None if tensor.is_meta else tensor.detach().clone()
        value = Value(tuple(tensor.shape), self.weights.get(id(tensor), ""), tensor.dtype, constant)
        self.values[id(tensor)] = value
        self.alive.append(tensor)
        return value

    def values_in(self, tree: Any) -> tuple[Value, ...]:
        return tuple(self.value(leaf) for leaf in tree_flatten(tree)[0] if isinstance(leaf, Tensor))

    def noted(self, tree: Any) -> Any:
        return tree_map(lambda leaf: self.value(leaf) if isinstance(leaf, Tensor) else leaf, tree)

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if name in ("__get__", "__set__"):
            name = (resolve_name(func) or name).removesuffix(f".{name}").rpartition(".")[2]
        given = (self.noted(tuple(args)), self.noted(kwargs))
        before = self.counter.macs
        result = super().__torch_function__(func, types, args, kwargs)
        tensors = [leaf for leaf in tree_flatten(result)[0] if isinstance(leaf, Tensor)]
        if self.stack and any(tensor.is_meta for tensor in tensors):
            known = {id(leaf) for leaf in tree_flatten((args, kwargs))[0] if isinstance(leaf, Tensor)}
            written = any(id(tensor) in known for tensor in tensors)
            if written and all(id(tensor) in self.weights for tensor in tensors):
                return result  # a count of batches, a running mean
            plain = _SAME_NAMES.get(name, name)
            plain = plain[:-1] if plain.endswith("_") and not plain.endswith("__") else plain
            source = args[0] if args and isinstance(args[0], Tensor) else None
            if plain in _COPIES and source is not None and tensors[0].dtype == source.dtype:
                self.values[id(result)] = self.value(source)
                self.alive.append(result)
                self._follow(plain, given, (self.value(source),))
                return result
            if written and not _changes(func):
                return result
            outputs = tuple(self.new(tensor) for tensor in tensors)
            self._follow(plain, given, outputs)
            macs = self.counter.macs - before
            self.stack[-1].items.append(Call(plain, given[0], given[1], outputs, macs, _place()))
        return result

    def _follow(self, name: str, given: Any, made: Iterable[Value]) -> None:
        frame = self.stack[-1]
        read = ((leaf, leaf.weight) for leaf in tree_flatten(given)[0] if isinstance(leaf, Value))
        self.gradients.see(name, read, made, frame.path or type(frame.module).__name__)


def _changes(func: Callable[..., Any]) -> bool:
    """Whether a call that gives a tensor it was given has written over it: all do but a few."""
    return getattr(func, "__name__", "") not in _UNCHANGED


def _place() -> str:
    """The innermost function on the way here that is not torch's own."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        home = str(frame.f_globals.get("__name__", ""))
        if home != __name__ and home.partition(".")[0] != "torch":
            return f"{home}: {frame.f_code.co_qualname}"
        frame = frame.f_back
    return ""


class Counter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Multiply-accumulates of what runs."""

    macs = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        count = flop_registry.get(func._overloadpacket)
        if count is not None:
            self.macs += count(*args, **(kwargs or {}), out_val=result) // 2
        return result


@contextmanager
def without_data(module: nn.Module) -> Iterator[dict[int, str]]:
    """The module with parameters and buffers without data, which come back as they were; gives their paths by id."""
    before: list[tuple[dict[str, Any], str, Any]] = []
    twins: dict[int, Tensor] = {}
    paths: dict[int, str] = {}
    try:
        for path, part in module.named_modules(remove_duplicate=False):
            for table in (part._parameters, part._buffers):
                for name, tensor in table.items():
                    if tensor is None or id(tensor) in paths:
                        continue
                    if id(tensor) not in twins:
                        # A count of batches keeps its number, which averages over all batches ask for.
                        counts = not tensor.is_meta and name == "num_batches_tracked"
                        empty = tensor.clone() if counts else torch.empty_like(tensor, device="meta")
                        twins[id(tensor)] = nn.Parameter(empty, False) if isinstance(tensor, nn.Parameter) else empty
                        paths[id(twins[id(tensor)])] = f"{path}.{name}".removeprefix(".")
                    before.append((table, name, tensor))
                    table[name] = twins[id(tensor)]
        yield paths
    finally:
        for table, name, tensor in reversed(before):
            table[name] = tensor


@contextmanager
def mode_of(module: nn.Module, training: bool) -> Iterator[None]:
    """The module in training or evaluation mode; afterwards each part is as it was."""
    before = [(part, part.training) for part in module.modules()]
    try:
        module.train(training)
        yield
    finally:
        for part, was in before:
            part.training = was


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known of a network that has run."""

    frame: Frame
    macs: int
    """Multiply-accumulates for one image in evaluation mode."""
    outputs: int
    """Tensors that it gives in evaluation mode."""
    stops: tuple[str, ...] = ()
    """Modules in which the gradient does not go the way of the values."""


def trace(module: nn.Module, shape: Sequence[int]) -> Trace:
    """Call ``module`` on ``BATCH`` images of ``shape``, in training mode and then in evaluation mode.

    Raises `StudioError` ``import.data`` where the module asks for values, ``import.forward`` where it fails,
    ``import.inputs`` where it wants something else than one image.
    """
    _check_input(module, shape)
    trained = [path for path, _ in module.named_parameters()]
    with ExitStack() as stack, torch.no_grad():
        weights = stack.enter_context(without_data(module))
        recorder = _Recorder(weights, trained)
        stack.enter_context(mode_of(module, True))
        for handle in _hooks(module, recorder):
            stack.callback(handle.remove)
        image = torch.empty(BATCH, *shape, dtype=number_of(module), device="meta")
        outside = Frame("", module, (recorder.value(image),))
        recorder.stack.append(outside)
        with recorder.counter, torch.enable_grad():  # No weight asks for any: what is switched off shows.
            _run(module, image, recorder, recorder.stack)
        recorder.stack.clear()
        counter = Counter()  # type: ignore[no-untyped-call]
        with mode_of(module, False), counter:
            given = _run(module, image, quick := _Quick(), [])
        _mark_always(outside, quick.always)
        frame = outside.items[0]
        assert isinstance(frame, Frame)
        if not frame.outputs:
            raise StudioError(
                "import.outputs",
                say("it gives no tensor, but {what}.", what=repr(given)[:60]),
                where=frame.path or type(module).__name__,
            )
        tensors = [leaf for leaf in tree_flatten(given)[0] if isinstance(leaf, Tensor)]
        return Trace(frame, counter.macs // BATCH, len(tensors), tuple(recorder.gradients.stops))


def short(number: float, kind: torch.dtype) -> float:
    """A number of a tensor as it was written, where that is the same number of its kind."""
    found = float(f"{number:.7g}")
    return found if torch.tensor(found, dtype=kind).item() == number else number


def number_of(module: nn.Module) -> torch.dtype:
    """The kind of numbers that a module computes with."""
    kinds = (each.dtype for each in module.parameters() if each.is_floating_point())
    return next(kinds, torch.float32)


def _check_input(module: nn.Module, shape: Sequence[int]) -> None:
    name = type(module).__name__
    scripted = (path for path, part in module.named_modules() if isinstance(part, torch.jit.ScriptModule))
    script = next(scripted, None)
    if script is not None:
        raise StudioError(
            "import.script", say("it is a TorchScript program, whose modules cannot be followed."),
            where=script or name, hint=say("Give the module that it was made from."),
        )  # fmt: skip
    lazy = next((path for path, each in module.named_parameters() if isinstance(each, UninitializedParameter)), None)
    if lazy is not None:
        raise StudioError(
            "import.lazy",
            say("the size of {weight} is not known before the network has run once.", weight=lazy),
            where=name,
            hint=say("Run it once: model(torch.zeros(2, {sizes})).", sizes=", ".join(map(str, shape))),
        )
    if len(shape) not in (1, 3):
        told = "×".join(map(str, shape))
        raise StudioError(
            "import.inputs",
            say("an input of {shape} is a sequence or no image at all; a network takes C×H×W or features.", shape=told),
            where=name,
            hint=say("Give the shape of one image, without the batch: 3 224 224."),
        )
    try:
        declared = inspect.signature(module.forward).parameters.values()
    except (TypeError, ValueError):
        return
    needed = [each.name for each in declared if each.default is each.empty and each.kind not in _OPEN]
    if len(needed) > 1:
        raise StudioError(
            "import.inputs",
            say("it takes {count} inputs ({names}), not one image.", count=len(needed), names=", ".join(needed)),
            where=name,
            hint=say("Put it into a module that takes one image, or import the part that does."),
        )


def _mark_always(frame: Frame, always: Sequence[bool]) -> None:
    """Give calls that drop values in evaluation too, as ``F.dropout(x)`` does, a name of their own: no block does."""
    drops = [call for call in frame.calls() if call.name in _DROPS]
    if len(drops) == len(always):
        for call in itertools.compress(drops, always):
            call.name = f"{call.name} in evaluation too"


_OPEN = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _run(module: nn.Module, image: Tensor, mode: Any, stack: list[Frame]) -> Any:
    try:
        with mode:
            return module(image)
    except StudioError:
        raise
    except Exception as reason:  # The network's own code may raise anything.
        where = stack[-1].path if stack else ""
        first = next(iter(str(reason).strip().splitlines()), type(reason).__name__)
        if "meta" in first or "data-dependent" in first:
            raise StudioError(
                "import.data",
                say("what it does depends on the values of a tensor: {reason}.", reason=first[:200].rstrip(". ")),
                where=where,
                hint=say("Import the part before it, or the network without that condition."),
            ) from reason
        raise StudioError(
            "import.forward",
            say("the network does not take this input: {reason}.", reason=first[:200].rstrip(". ")),
            where=where,
        ) from reason


def _hooks(module: nn.Module, recorder: _Recorder) -> Iterator[Hook]:
    """Frames open and close with the calls of modules."""

    def opened(path: str) -> Callable[..., None]:
        def hook(part: nn.Module, args: Any, kwargs: Any) -> None:
            if recorder.stack:
                frame = Frame(path, part, recorder.values_in((args, kwargs)), place=_place())
                recorder.stack[-1].items.append(frame)
                recorder.stack.append(frame)

        return hook

    def closed(part: nn.Module, args: Any, kwargs: Any, result: Any) -> None:
        if recorder.stack:
            frame = recorder.stack.pop()
            frame.outputs = recorder.values_in(result)
            frame.result = recorder.noted(result)

    for path, part in module.named_modules():
        yield part.register_forward_pre_hook(opened(path), with_kwargs=True)
        yield part.register_forward_hook(closed, with_kwargs=True)
