"""Blocks that join several wires."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from blockstudio.blocks.base import (
    Arguments,
    BlockType,
    Code,
    Merging,
    PaletteEntry,
    Refusal,
    Resolved,
    Shape,
    block_type,
    numel,
    shape_text,
)
from blockstudio.blocks.sources import joined, plus
from blockstudio.text import join, listed, say


class _Merge(BlockType):
    family = "merge"
    inputs = ()
    variadic = True


def _joined(kind: BlockType, a: Arguments) -> str:
    return joined(kind.joins, [f"{{{index}}}" for index in range(len(a.inputs))])


def _some(inputs: Sequence[Shape]) -> Shape:
    if not inputs:
        raise Refusal("shape.inputs", say("nothing is wired into it."), hint=say("Wire at least two outputs into it."))
    return inputs[0]


def listing(shapes: Sequence[Shape]) -> str:
    """``64×56×56 and 128×28×28``; of many, the first few and how many more."""
    texts: list[str] = [_described(shape) for shape in shapes]
    if len(texts) > 6:
        texts = [*texts[:5], say("{count} more", count=len(texts) - 5)]
    return listed(texts)


def _described(shape: Shape) -> str:
    return shape_text(shape) if len(shape) > 1 else say("a vector of {size}", size=shape[0])


@block_type
class Concat(_Merge):
    """``(N, C1, H, W), (N, C2, H, W), ... -> (N, C1 + C2 + ..., H, W)``; ``torch.cat(..., dim=1)``. Vectors too."""

    name = "Concat"
    merges = "channels"
    calls = ("cat(tensors, dim=0)",)
    help = say(
        "Stacks the channels of its inputs, in the order of its ports. The maps must have "
        "the same height and width: the join of Inception modules and DenseNet."
    )
    palette = (PaletteEntry("Concat", {}, "concatenate depthconcat join stack inception densenet torch.cat"),)

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        return {} if given["dim"] in (1, -len(output)) and len(inputs) == len(given["tensors"]) else None

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        first = _some(inputs)
        size = first[1:]
        channels = 0
        for shape in inputs:
            if shape[1:] != size:
                raise _odd_sizes(inputs)
            channels += shape[0]
        return (channels, *size)

    def code(self, a: Arguments) -> Code:
        channels = plus([a.channel(index) for index in range(len(a.inputs))])
        if len(a.inputs) == 1:
            return Code(None, "{0}", channels=channels)
        return Code(None, "torch.cat(({inputs}), dim=1)", channels=channels)

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        label = say("channels") if len(output) == 3 else say("features")
        return [(label, " + ".join(str(shape[0]) for shape in inputs), f"{output[0]:,}")]


def _odd_sizes(inputs: Sequence[Shape]) -> Refusal:
    """Names the inputs whose height and width are not those of most."""
    sizes = [shape[1:] for shape in inputs]
    common = Counter(sizes).most_common(1)[0][0]
    odd: list[str] = [
        say("input {index} is {shape}", index=index, shape=_described(shape))
        for index, shape in enumerate(inputs)
        if shape[1:] != common
    ]
    if len(odd) > 4:
        odd = [*odd[:3], say("{count} more differ", count=len(odd) - 3)]
    usual = say("{shape} maps", shape=shape_text(common)) if common else say("vectors")
    return Refusal(
        "shape.concat",
        say("its inputs differ in height and width: {odd}, the others are {usual}.", odd=join(odd, ", "), usual=usual),
        hint=say("Give every branch the same stride, and the padding that keeps its size."),
    )


@block_type
class Add(_Merge):
    """``(N, ...), (N, ...), ... -> (N, ...)``, all of one shape; ``a + b``."""

    name = "Add"
    merges = "sum"
    joins = "{0} + {1}"
    calls = ("add(input, other, alpha=1)",)
    elementwise = True
    help = say(
        "Adds its inputs value by value: the join of a residual block. All of them must have exactly the same shape."
    )
    palette = (PaletteEntry("Add", {}, "sum plus residual shortcut skip connection resnet"),)

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        return {} if len(inputs) == 2 and given["alpha"] == 1 else None

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        return _equal(inputs)

    def stricter(self, code: str, p: Resolved, inputs: Sequence[Shape]) -> str:
        return "PyTorch would stretch sides of 1; a residual sum never means that" if code == "shape.differ" else ""

    def code(self, a: Arguments) -> Code:
        return Code(None, _joined(self, a), channels=a.channel())

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        return [(say("additions"), f"{len(inputs) - 1} · {numel(output):,}", f"{(len(inputs) - 1) * numel(output):,}")]


@block_type
class Maximum(_Merge):
    """``(N, ...), (N, ...), ... -> (N, ...)``, all of one shape; ``torch.maximum(a, b)``."""

    name = "Maximum"
    joins = "torch.maximum({0}, {1})"
    calls = ("maximum(input, other)",)
    elementwise = True
    help = say(
        "The largest of its inputs, value by value. Over several linear or convolution layers it is Maxout (Goodfellow "
        "et al., 2013). All inputs must have exactly the same shape."
    )
    palette = (PaletteEntry("Maximum", {}, "maxout largest max feature map mfm"),)

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        return {} if len(inputs) == 2 else None

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        return _equal(inputs)

    def stricter(self, code: str, p: Resolved, inputs: Sequence[Shape]) -> str:
        return "PyTorch would stretch sides of 1" if code == "shape.differ" else ""

    def extra(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        return max(0, len(inputs) - 2) * numel(output)  # the maxima on the way

    def keeps_input(self, p: Resolved, inputs: Sequence[Shape]) -> bool:
        return len(inputs) > 1

    def code(self, a: Arguments) -> Code:
        return Code(None, _joined(self, a), channels=a.channel())

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        count = len(inputs) - 1
        return [(say("comparisons"), f"{count} · {numel(output):,}", f"{count * numel(output):,}")]


@block_type
class Minimum(Maximum):
    """``(N, ...), (N, ...), ... -> (N, ...)``, all of one shape; ``torch.minimum(a, b)``."""

    name = "Minimum"
    seldom = True
    joins = "torch.minimum({0}, {1})"
    calls = ("minimum(input, other)",)
    help = say("The smallest of its inputs, value by value. All inputs must have exactly the same shape.")
    palette = (PaletteEntry("Minimum", {}, "least smallest min"),)


def _equal(inputs: Sequence[Shape]) -> Shape:
    """The one shape that all inputs have. Raises `Refusal` ``shape.differ``."""
    first = _some(inputs)
    for shape in inputs:
        if shape != first:
            raise Refusal(
                "shape.differ", say("its inputs differ: {inputs}.", inputs=listing(inputs)), hint=_remedy(inputs)
            )
    return first


def _remedy(inputs: Sequence[Shape]) -> str:
    """The next step for inputs that cannot be added."""
    if len({len(shape) for shape in inputs}) > 1:
        return say("Flatten the maps, or take the vectors from before a Flatten.")
    if len({shape[1:] for shape in inputs}) == 1:
        return say("Give them the same number of channels, with a 1×1 projection or an option-A shortcut.")
    return say("Put a 1×1 projection or an option-A shortcut with a stride on the one that is too large.")


@block_type
class Multiply(_Merge):
    """``(N, C, H, W), (N, C, 1, 1) -> (N, C, H, W)``; ``a * b``. A side of 1 is stretched, as in PyTorch."""

    name = "Multiply"
    merges: ClassVar[Merging] = "product"
    joins = "{0} * {1}"
    calls: ClassVar[tuple[str, ...]] = ("mul(input, other)",)
    elementwise = True
    help = say(
        "Multiplies its inputs value by value: a gate. C×1×1 weighs whole channels of C×H×W, "
        "as in squeeze and excitation; 1×H×W weighs places."
    )
    palette = (PaletteEntry("Multiply", {}, "product gate attention squeeze excitation se scale"),)

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        return {} if len(inputs) == 2 else None

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        first = _some(inputs)
        for shape in inputs:
            if shape != first:
                return _stretched(inputs)
        return first

    def stricter(self, code: str, p: Resolved, inputs: Sequence[Shape]) -> str:
        if code != "shape.broadcast" or len({len(shape) for shape in inputs}) == 1:
            return ""
        return "PyTorch lines sides up from the last: a vector would meet the width of a map, or the batch its height"

    def extra(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        """The products on the way, of three inputs and more."""
        total, product = 0, inputs[0]
        for shape in inputs[1:-1]:
            product = _stretched((product, shape))
            total += numel(product)
        return total

    def keeps_input(self, p: Resolved, inputs: Sequence[Shape]) -> bool:
        return len(inputs) > 1

    def code(self, a: Arguments) -> Code:
        widest = max(range(len(a.inputs)), key=lambda index: a.inputs[index][0])
        return Code(None, _joined(self, a), channels=a.channel(widest))

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        return [(say("each value"), " · ".join(shape_text(shape) for shape in inputs), shape_text(output))]


def _stretched(inputs: Sequence[Shape]) -> Shape:
    """The common shape when sides of 1 are stretched."""
    ranks = {len(shape) for shape in inputs}
    sides = [set(side) - {1} for side in zip(*inputs, strict=False)]
    if len(ranks) > 1 or any(len(side) > 1 for side in sides):
        raise Refusal(
            "shape.broadcast",
            say("its inputs do not fit each other: {inputs}.", inputs=listing(inputs)),
            hint=say("They must be equal, or 1 where they differ: C×1×1 goes with C×H×W."),
        )
    return tuple(side.pop() if side else 1 for side in sides)
