"""What a block type declares. One subclass is everything the studio knows of a type: palette entry, inspector
form, validation, help, shape rule, cost, receptive field and PyTorch call all derive from it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias, TypeVar

import msgspec

from blockstudio.blocks.helpers import HELPERS
from blockstudio.blocks.parameters import Parameter, RawValue, Value, checked_defaults
from blockstudio.errors import StudioError
from blockstudio.text import say

Shape: TypeAlias = tuple[int, ...]
"""A tensor's shape without the batch dimension: ``(C, H, W)`` or ``(F,)``."""
Resolved: TypeAlias = Mapping[str, Any]
"""Every parameter of a block by name, checked and free of expressions. The values are `Value`; each rule knows
the kind that it declared, so they are not narrowed again where they are read."""

FAMILIES: dict[str, str] = {
    "convolution": "Convolution",
    "pooling": "Pooling",
    "normalisation": "Normalisation",
    "activation": "Activation",
    "merge": "Merge",
    "head": "Input, head and shape",
    "module": "Modules",
}
"""Families in palette order with their headings."""


def shape_text(shape: Shape) -> str:
    """A shape as the screen shows it.

    Args:
        shape: ``(C, H, W)`` or ``(F,)``.

    Returns:
        Text.

    Example:
        >>> shape_text((64, 56, 56))
        '64×56×56'
    """
    return "×".join(map(str, shape))


MAX_VALUES = 10**18
"""In one tensor: the largest image that an Input can have."""


class Refusal(StudioError):
    """A shape rule's refusal: why these inputs and parameters cannot go together.

    ``code`` is stable (``"shape.kernel"``, ``"shape.rank"``, ``"shape.differ"``, ...), so that a fix can be
    offered for it.
    """


class Window(msgspec.Struct, frozen=True, gc=False):
    """How one output pixel looks at input pixels, (height, width) each. A pointwise block has none.

    Output pixel ``i`` of an axis reads the input pixels ``i * stride - before + j * dilation`` for
    ``0 <= j < kernel``, as far as they lie on the map.
    """

    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    before: tuple[int, int] = (0, 0)
    """Padding above and to the left."""
    dilation: tuple[int, int] = (1, 1)
    whole: bool = False
    """Every output pixel sees the whole map (global pooling, flatten)."""
    largest: bool = False
    """The windows differ in size and place; each axis of ``kernel`` is the largest there is."""


class Code(msgspec.Struct, frozen=True):
    """One block in emitted source.

    ``init`` is the constructor expression of its attribute (``nn.Conv2d(64, 128, kernel_size=3)``); ``None`` if
    the block is a plain function in ``forward``. ``forward`` is the call, with ``{self}`` for the attribute and
    ``{0}``, ``{1}``, ... for its inputs; whoever puts anything but names or calls in their place writes brackets
    around it. Names of parameters stand in ``init`` only: ``forward`` does not see them. ``channels`` is
    the source text of its output channels (or features) in terms of the enclosing class's parameters; ``None``
    if only the number is known. ``helper`` names a class of `blockstudio.blocks.helpers` that the source needs.
    ``module`` is, for a functional block, the constructor of a module that does the same, for use in a chain.
    """

    init: str | None
    forward: str = "{self}({0})"
    channels: str | None = None
    helper: str | None = None
    module: str | None = None


@dataclass(frozen=True, slots=True)
class Arguments:
    """What `BlockType.code` may ask: the parameters as numbers and as source text, the input shapes, and the
    input channels as source text."""

    values: Resolved
    inputs: tuple[Shape, ...]
    channels: tuple[str, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    """Source text for those parameters that are expressions. One that the document holds as a list is a tuple
    display of the same length, ``(k, 1)``; any other is the text of a single value."""

    def text(self, name: str) -> str:
        """A parameter as source: its expression if it has one, else its literal; ``3`` for ``(3, 3)``."""
        if name in self.texts:
            return self.texts[name]
        value = self.values[name]
        if isinstance(value, tuple) and len(value) == 2 and value[0] == value[1]:
            return repr(value[0])
        return repr(value)

    def channel(self, index: int = 0) -> str:
        """Input ``index``'s channels (or features) as source text."""
        return self.channels[index] if index < len(self.channels) else str(self.inputs[index][0])

    def keywords(self, *names: str, **defaults: Value) -> str:
        """``, stride=2, bias=False``: keyword arguments, ``names`` always, ``defaults`` only where the value is not
        PyTorch's default (given here in canonical form) or is an expression."""
        parts = [f"{name}={self.text(name)}" for name in names]
        parts += [
            f"{name}={self.text(name)}"
            for name, default in defaults.items()
            if name in self.texts or self.values[name] != default
        ]
        return "".join(f", {part}" for part in parts)

    def call(self, callee: str, *names: str, **defaults: Value) -> str:
        """``nn.Dropout(p=0.5)``: a call with the keyword arguments of `keywords` alone."""
        return f"{callee}({self.keywords(*names, **defaults)[2:]})"


class Weight(NamedTuple):
    """A parameter or buffer in a call that somebody's network makes."""

    size: tuple[int, ...]
    """As the call gets it."""
    value: float | None = None
    """The one number that it is filled with, if it is."""
    kept: tuple[int, ...] = ()
    """As the network keeps it, before any reshaping."""
    saved: bool = True
    """Whether it stands in the network's state."""
    learned: bool = True
    """Whether it is a parameter; otherwise a buffer, or a constant of the network's code."""
    numbers: tuple[float, ...] = ()
    """The numbers that it is filled with, if they are few and known."""


@dataclass(frozen=True, slots=True)
class PaletteEntry:
    """A line of the palette: a title, what it sets beyond the type's defaults, further words to find it by."""

    title: str
    parameters: Mapping[str, RawValue] = field(default_factory=dict)
    keywords: str = ""


INPUT, OUTPUT, AUX_OUTPUT = "Input", "Output", "AuxOutput"
"""The types at which a network begins and ends. The document knows them by name: in a module's definition the first
two are its ports."""
PORTS = (INPUT, OUTPUT)
"""Types that are the ports of a module when they stand in its definition."""
ENDS = (INPUT, OUTPUT, AUX_OUTPUT)
"""Types that do no work of their own."""

T = TypeVar("T", bound="BlockType")
Merging: TypeAlias = Literal["", "sum", "product", "channels"]


class BlockType:
    """Base of all block types. Types are stateless; one instance each lives in `CATALOGUE`.

    The traits (`weighted` to `titled`) are all that anybody outside may ask instead of asking for a type by name.

    The rules (`shape` to `formula`) get ``p``, every parameter by name, checked and free of expressions; ``inputs``,
    the shapes ``(C, H, W)`` or ``(F,)`` at the input ports, without the batch; and ``output``, what `shape` gave.
    They count for one image.

    Example:
        >>> kind = CATALOGUE["Conv2d"]
        >>> p = {name: parameter.check(parameter.default) for name, parameter in kind.parameters.items()}
        >>> output = kind.shape(p, [(3, 8, 8)])
        >>> output, kind.count(p, [(3, 8, 8)]), kind.macs(p, [(3, 8, 8)], output)
        ((64, 6, 6), 1792, 62208)
    """

    name: ClassVar[str]
    family: ClassVar[str]
    help: ClassVar[str]
    parameters: ClassVar[Mapping[str, Parameter]] = {}
    inputs: ClassVar[tuple[str, ...]] = ("in",)
    outputs: ClassVar[tuple[str, ...]] = ("out",)
    variadic: ClassVar[bool] = False
    """Takes any number of inputs, at least two, on ports ``"0"``, ``"1"``, ...; ``inputs`` is then empty."""
    weighted: ClassVar[bool] = False
    """Counts as a layer in depth (convolution and linear layers)."""
    dense: ClassVar[bool] = False
    """Every output depends on every input by a weight of its own (fully connected layers)."""
    normalises: ClassVar[bool] = False
    """Normalises each channel with numbers of its own, which belong to the layer before it (batch normalisation)."""
    drops: ClassVar[bool] = False
    """Leaves values out by chance while training."""
    transparent: ClassVar[bool] = False
    """In use, leaves the values it is given as they are."""
    gives_probabilities: ClassVar[bool] = False
    """Its output sums to 1 over the classes; a loss on scores does that itself."""
    may_share_input: ClassVar[bool] = False
    """In use or with other parameters, its output may be the very tensor that came in, whatever `shares_input` says."""
    any_map: ClassVar[bool] = False
    """What comes out has the same height and width whatever map comes in."""
    merges: ClassVar[Merging] = ""
    """How it joins its inputs: by ``+``, by ``*``, one behind the other along the channels, or in a way of its own."""
    joins: ClassVar[str] = ""
    """The text that joins two inputs, ``{0} + {1}``; a third is joined to what that gives. Empty: all of them stand in
    one call."""
    titled: ClassVar[bool] = True
    """Whether a card says the type before its numbers; no, where colour and numbers say it already."""
    palette: ClassVar[tuple[PaletteEntry, ...]] = ()
    """Empty: one entry under the type's own name."""
    helpers: ClassVar[Mapping[str, str]] = {}
    """Source of small modules of its own that `code` names as `Code.helper`, beside those in `HELPERS`."""
    package: str = ""
    """The package that brings it; empty for those of the studio."""
    installed: bool = True
    """Whether its rules are known here: see `blockstudio.blocks.absent`."""
    foreign: ClassVar[bool] = False
    """It stands for something that no type says: it is drawn and counted, but has no source."""
    calls: ClassVar[tuple[str, ...]] = ()
    """Calls that it stands for in somebody's network, as signatures: ``leaky_relu(input, negative_slope=0.01)``. A
    function of torch, or a module's class with the attributes that say what it does."""
    elementwise: ClassVar[bool] = False
    """Each value that comes out depends on the value in its place alone, wherever the channels stand."""
    channels_last: ClassVar[bool] = False
    """In a call it stands for, the channels are the last axis of a map."""

    along_channels: ClassVar[bool] = False
    """In a call it stands for, the channels of a vector are a sequence, ``(N, 1, C)``."""
    moves_pixels: ClassVar[bool] = False
    """A pixel that comes out need not lie where those lie that it comes from: no `window` says where."""
    seldom: ClassVar[bool] = False
    """Stands behind the others of its family in the palette."""
    is_parameter: ClassVar[bool] = False
    """Its attribute is no module but a parameter: its key in a state dict is the block's path itself."""
    is_buffer: ClassVar[bool] = False
    """The parameter is a buffer: it is not learned. No PyTorch container holds one, so its name has no dots."""

    @cached_property
    def canonical(self) -> dict[str, Value | None]:
        """The parameters' defaults in canonical form; ``None`` for one that is not legal."""
        return checked_defaults(self.parameters)

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        """Parameters for one of `calls`, or ``None`` if this is another thing. ``given``: its arguments by name,
        weights as `Weight`; ``output``: the shape that came out, which is compared with `shape` afterwards."""
        return {key: given[key] for key in self.parameters if key in given}

    def does_nothing(self, p: Resolved, shape: Shape) -> bool:
        """Whether it leaves any input of ``shape`` as it is, in training too."""
        return False

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        """Output shape for ``inputs``. Raises `Refusal` where PyTorch would refuse, saying why."""
        return inputs[0]

    def output(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        """`shape`, for inputs that are there. Raises `Refusal` ``shape.size`` too, where more would come out than
        `MAX_VALUES`, so that whatever is counted over a network is a number to write down."""
        shape = self.shape(p, inputs)
        if numel(shape) > MAX_VALUES:
            raise Refusal(
                "shape.size",
                say("what comes out of it would be {count:.3g} values for one image.", count=float(numel(shape))),
                hint=say("Use fewer channels or a smaller map."),
            )
        return shape

    def stricter(self, code: str, p: Resolved, inputs: Sequence[Shape]) -> str:
        """Why `shape` refuses with ``code`` inputs that PyTorch would take; empty where PyTorch refuses them too."""
        return ""

    def count(self, p: Resolved, inputs: Sequence[Shape]) -> int:
        """Learnable scalars."""
        return 0

    def macs(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        """Multiply-accumulates of convolution and linear layers for one image."""
        return 0

    def saved(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        """Scalars (of 4 bytes) that one image adds to the memory of a training step at this block: its output,
        unless that lives in its input's storage (`shares_input`), and what autograd keeps besides the block's
        input and output: indices, masks, statistics, padded copies.

        Every storage of the forward pass is counted once, at the block that makes it, so the sum over a network
        is what it holds at most. Autograd keeps an output only if `keeps_output` of its block or
        `keeps_input` of one that reads it; a sum over those outputs alone, plus `extra`, is what is
        kept exactly.
        """
        extra = self.extra(p, inputs, output)
        return extra if self.shares_input(p) else extra + numel(output)

    def extra(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        """Scalars (of 4 bytes) that autograd keeps for one image besides the block's inputs and output."""
        return 0

    def keeps_input(self, p: Resolved, inputs: Sequence[Shape]) -> bool:
        """Whether autograd keeps the block's inputs for its backward pass."""
        return False

    def keeps_output(self, p: Resolved) -> bool:
        """Whether autograd keeps the block's output for its own backward pass."""
        return False

    def shares_input(self, p: Resolved) -> bool:
        """Whether the output lives in the storage of the input: a view, or written over it."""
        return self.overwrites(p)

    def overwrites(self, p: Resolved) -> bool:
        """Whether the block writes its output over its input (``inplace``): nobody may read the input after."""
        return False

    def window(self, p: Resolved, inputs: Sequence[Shape]) -> Window | None:
        """How an output pixel looks at the input; ``None`` if pixel by pixel."""
        return None

    def code(self, a: Arguments) -> Code:
        """The PyTorch call. Must agree with `shape`, `count` and `macs`: the conformance test holds it so."""
        raise NotImplementedError

    def summary(self, p: Resolved) -> str:
        """The two or three parameters that matter: ``3×3, 64, /2``."""
        return ""

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        """Where the numbers come from: (label, computation with the numbers put in, result), e.g.
        ``("weights", "3·3·96·128 + 128", "110,720")``."""
        return []


def numel(shape: Shape) -> int:
    """Scalars in a tensor.

    Args:
        shape: ``(C, H, W)`` or ``(F,)``, without the batch.

    Returns:
        Their number.

    Example:
        >>> numel((64, 56, 56))
        200704
    """
    return math.prod(shape)


CATALOGUE: dict[str, BlockType] = {}
"""Every block type by name, in palette order within its family."""


def block_type(cls: type[T]) -> type[T]:
    """Class decorator: enter a type into the catalogue.

    Args:
        cls: The declaration.

    Returns:
        The class itself.

    Raises:
        ValueError: If another type or helper has the name, or there is no such family: a mistake of the author.

    Example:
        >>> block_type(type(CATALOGUE["ReLU"]))
        Traceback (most recent call last):
        ValueError: two block types are called ReLU
    """
    if cls.name in CATALOGUE:
        raise ValueError(f"two block types are called {cls.name}")
    if cls.family not in FAMILIES:
        raise ValueError(f"{cls.name} is of the family '{cls.family}'; there are {', '.join(FAMILIES)}")
    for name, text in cls.helpers.items():
        if HELPERS.setdefault(name, text) != text:
            raise ValueError(f"two helper classes are called {name}")
    CATALOGUE[cls.name] = cls()
    return cls


def palette_entries() -> Iterator[tuple[BlockType, PaletteEntry]]:
    """Every line of the palette with its type: families in order, within each the common types before the others."""
    kinds = sorted(CATALOGUE.values(), key=lambda kind: kind.seldom)
    for family in FAMILIES:
        for kind in kinds:
            if kind.family == family:
                for entry in kind.palette or (PaletteEntry(kind.name),):
                    yield kind, entry


def need_map(inputs: Sequence[Shape], what: str) -> tuple[int, int, int]:
    """The first input as a feature map.

    Args:
        inputs: Shapes ``(C, H, W)`` or ``(F,)``.
        what: Name of the block type, for the refusal.

    Returns:
        Channels, height, width.

    Raises:
        Refusal: ``shape.rank`` for a vector.

    Example:
        >>> need_map([(64, 56, 56)], "Conv2d")
        (64, 56, 56)
    """
    shape = inputs[0]
    if len(shape) != 3:
        raise Refusal(
            "shape.rank",
            say(
                "{what} needs a feature map C×H×W, but its input is a vector of {shape}.",
                what=what,
                shape=shape_text(shape),
            ),
            hint=say("Place it before the map is flattened."),
        )
    return shape[0], shape[1], shape[2]
