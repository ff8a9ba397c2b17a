"""What a block type declares. One subclass is everything the studio knows of a type: palette entry, inspector
form, validation, help, shape rule, cost, receptive field and PyTorch call all derive from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

from blockstudio.blocks.parameters import Parameter, RawValue, Value
from blockstudio.errors import StudioError

Shape: TypeAlias = tuple[int, ...]
"""A tensor's shape without the batch dimension: ``(C, H, W)`` or ``(F,)``."""
Resolved: TypeAlias = Mapping[str, Value]
"""Every parameter of a block by name, checked and free of expressions."""

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
    """``64×56×56``: a shape as the screen shows it."""
    return "×".join(map(str, shape))


class Refusal(StudioError):
    """A shape rule's refusal: why these inputs and parameters cannot go together.

    ``code`` is stable (``"shape.kernel"``, ``"shape.rank"``, ``"shape.differ"``, ...), so that a fix can be
    offered for it.
    """


@dataclass(frozen=True, slots=True)
class Window:
    """How one output pixel looks at input pixels, (height, width) each. A pointwise block has none."""

    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    before: tuple[int, int] = (0, 0)
    """Padding above and to the left."""
    dilation: tuple[int, int] = (1, 1)
    whole: bool = False
    """Every output pixel sees the whole map (global pooling, flatten)."""


@dataclass(frozen=True, slots=True)
class Code:
    """One block in emitted source.

    ``init`` is the constructor expression of its attribute (``nn.Conv2d(64, 128, 3)``); ``None`` if the block
    is a plain function in ``forward``. ``forward`` is the call, with ``{self}`` for the attribute, ``{0}``,
    ``{1}``, ... for its inputs and ``{inputs}`` for all of them joined by ``", "``. ``channels`` is
    the source text of its output channels (or features) in terms of the enclosing class's parameters; ``None``
    if only the number is known. ``helper`` names a class of `blockstudio.blocks.helpers` that the source needs.
    """

    init: str | None
    forward: str = "{self}({0})"
    channels: str | None = None
    helper: str | None = None


@dataclass(frozen=True, slots=True)
class Arguments:
    """What `BlockType.code` may ask: the parameters as numbers and as source text, the input shapes, and the
    input channels as source text."""

    values: Resolved
    inputs: tuple[Shape, ...]
    channels: tuple[str, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    """Source text for those parameters that are expressions."""

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
        """``, stride=2, bias=False``: keyword arguments, leaving out those equal to PyTorch's default
        unless they are expressions. ``defaults`` maps names to the defaults in canonical form."""
        parts = [f"{name}={self.text(name)}" for name in names]
        parts += [
            f"{name}={self.text(name)}"
            for name, default in defaults.items()
            if name in self.texts or self.values[name] != default
        ]
        return "".join(f", {part}" for part in parts)


@dataclass(frozen=True, slots=True)
class PaletteEntry:
    """A line of the palette: a title, what it sets beyond the type's defaults, further words to find it by."""

    title: str
    parameters: Mapping[str, RawValue] = field(default_factory=dict)
    keywords: str = ""


class BlockType:
    """Base of all block types. Types are stateless; one instance each lives in `CATALOGUE`."""

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
    palette: ClassVar[tuple[PaletteEntry, ...]] = ()
    """Empty: one entry under the type's own name."""

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        """Output shape for ``inputs``. Raises `Refusal` where PyTorch would refuse, saying why."""
        return inputs[0]

    def count(self, p: Resolved, inputs: Sequence[Shape]) -> int:
        """Learnable scalars."""
        return 0

    def macs(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        """Multiply-accumulates of convolution and linear layers for one image."""
        return 0

    def saved(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        """Scalars that autograd keeps for the backward pass of one image, beyond those that the block's
        neighbours already keep. By default the output."""
        return _numel(output)

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


def _numel(shape: Shape) -> int:
    total = 1
    for size in shape:
        total *= size
    return total


numel = _numel

CATALOGUE: dict[str, BlockType] = {}
"""Every block type by name, in palette order within its family."""


def block_type(cls: type[BlockType]) -> type[BlockType]:
    """Class decorator: enter a type into the catalogue."""
    if cls.name in CATALOGUE:
        raise ValueError(f"two block types are called {cls.name}")
    CATALOGUE[cls.name] = cls()
    return cls


def need_map(inputs: Sequence[Shape], what: str) -> tuple[int, int, int]:
    """The first input as (C, H, W), or a refusal: ``what`` names the block type."""
    shape = inputs[0]
    if len(shape) != 3:
        raise Refusal(
            "shape.rank",
            f"{what} needs a feature map C×H×W, but its input is a vector of {shape_text(shape)}.",
            hint="Place it before the map is flattened.",
        )
    return shape[0], shape[1], shape[2]
