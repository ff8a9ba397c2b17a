"""Where a network begins and ends, and what changes a tensor's form but not its values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from blockstudio.blocks.base import (
    AUX_OUTPUT,
    INPUT,
    OUTPUT,
    Arguments,
    BlockType,
    Code,
    PaletteEntry,
    Refusal,
    Resolved,
    Shape,
    Weight,
    Window,
    block_type,
    numel,
    shape_text,
)
from blockstudio.blocks.parameters import Parameter
from blockstudio.blocks.sources import times
from blockstudio.text import say

_THROUGH = "{0}"


@block_type
class Input(BlockType):
    """``() -> (N, *shape)``: what the network is fed. In a module it is an input port, and takes the shape of
    what is wired to the instance; in source it is the argument of ``forward``, handed over as ``{0}``."""

    name = INPUT
    family = "head"
    help = say("Where images come in. In the main diagram it gives their shape; in a module it is an input port.")
    inputs = ()
    palette = (PaletteEntry("Input", {}, "image source start data port"),)
    parameters = {
        "shape": Parameter(
            kind="shape", default=[3, 224, 224], minimum=1, maximum=1_000_000,
            help=say("Shape of one image, [channels, height, width], or of one vector, [features]."),
        ),
    }  # fmt: skip

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        if inputs:
            return inputs[0]
        shape: Shape = p["shape"]
        return shape

    def code(self, a: Arguments) -> Code:
        return Code(None, _THROUGH, channels=a.channels[0] if a.channels else None)

    def summary(self, p: Resolved) -> str:
        return shape_text(p["shape"])

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        return [(say("values"), "·".join(map(str, output)), f"{numel(output):,}")]


class _Passing(BlockType):
    """Hands its input on: no copy, no cost."""

    family = "head"

    def shares_input(self, p: Resolved) -> bool:
        return True


@block_type
class Output(_Passing):
    """``(N, ...) -> (N, ...)``: what the network gives. In a module it is an output port."""

    name = OUTPUT
    help = say("What the network answers: the scores of the classes. In a module it is an output port.")
    outputs = ()
    palette = (PaletteEntry("Output", {}, "logits result end port"),)

    def code(self, a: Arguments) -> Code:
        return Code(None, _THROUGH, channels=a.channel())


@block_type
class AuxOutput(_Passing):
    """``(N, ...) -> (N, ...)``: a further output that takes part in training only."""

    name = AUX_OUTPUT
    help = say(
        "A second classifier on the way, as in GoogLeNet. Its loss is added with this weight "
        "while training; in use it is left out, with everything that only it needs."
    )
    outputs = ()
    palette = (PaletteEntry("AuxOutput", {}, "auxiliary classifier head loss googlenet deep supervision"),)
    parameters = {
        "weight": Parameter(
            kind="float", default=0.3, minimum=0.0, maximum=100.0, help=say("Weight of its loss in the sum.")
        ),
    }

    def code(self, a: Arguments) -> Code:
        return Code(None, _THROUGH, channels=a.channel())

    def summary(self, p: Resolved) -> str:
        return f"loss ×{p['weight']:g}"


@block_type
class Linear(BlockType):
    """``(N, F) -> (N, out_features)``; ``torch.nn.Linear``.

    A map is refused (`Refusal` ``shape.linear``): PyTorch would act on its columns, which nobody means here.
    """

    name = "Linear"
    dense = True
    calls = ("linear(input, weight, bias=None)",)
    family = "head"
    help = say(
        "Fully connected: each output is a weighted sum of all inputs. It takes a vector, so flatten maps first."
    )
    weighted = True
    palette = (PaletteEntry("Linear", {"out_features": 1000}, "fully connected dense fc classifier"),)
    parameters = {
        "out_features": Parameter(
            kind="int",
            default=10,
            minimum=1,
            maximum=10_000_000,
            help=say("Numbers that come out: one for each class."),
        ),
        "bias": Parameter(kind="bool", default=True, help=say("Add a learnable bias to each output.")),
    }

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        weight = given["weight"]
        if not isinstance(weight, Weight) or len(inputs[0]) != 1:
            return None
        return {"out_features": weight.size[0], "bias": given["bias"] is not None}

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        if len(inputs[0]) != 1:
            raise Refusal(
                "shape.linear",
                say("Linear needs a vector, but its input is a map of {inputs}.", inputs=shape_text(inputs[0])),
                hint=say("Insert Flatten or GlobalAvgPool before it."),
            )
        return (p["out_features"],)

    def stricter(self, code: str, p: Resolved, inputs: Sequence[Shape]) -> str:
        return "PyTorch would act on the columns of a map, which nobody means" if code == "shape.linear" else ""

    def count(self, p: Resolved, inputs: Sequence[Shape]) -> int:
        count: int = (inputs[0][0] + (1 if p["bias"] else 0)) * p["out_features"]
        return count

    def macs(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        return inputs[0][0] * output[0]

    def keeps_input(self, p: Resolved, inputs: Sequence[Shape]) -> bool:
        return True

    def code(self, a: Arguments) -> Code:
        out = a.text("out_features")
        return Code(f"nn.Linear({a.channel()}, {out}{a.keywords(bias=True)})", channels=out)

    def summary(self, p: Resolved) -> str:
        return str(p["out_features"])

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        product = f"{inputs[0][0]}·{output[0]}"
        bias = f" + {output[0]}" if p["bias"] else ""
        return [
            (say("weights"), product + bias, f"{self.count(p, inputs):,}"),
            (say("MACs"), product, f"{self.macs(p, inputs, output):,}"),
        ]


@block_type
class Flatten(_Passing):
    """``(N, C, H, W) -> (N, C * H * W)``; ``torch.flatten(x, 1)``."""

    name = "Flatten"
    transparent = True
    calls = (
        "flatten(input, start_dim=0, end_dim=-1)",
        "view(input, *size)",
        "reshape(input, *shape)",
        "squeeze(input, *dims)",
    )
    help = say("Lays a map out as one vector, channel after channel, for a Linear layer.")
    palette = (PaletteEntry("Flatten", {}, "reshape view vector"),)

    def does_nothing(self, p: Resolved, shape: Shape) -> bool:
        return len(shape) == 1

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        return (numel(inputs[0]),)

    def window(self, p: Resolved, inputs: Sequence[Shape]) -> Window | None:
        return Window(whole=True) if len(inputs[0]) == 3 else None

    def code(self, a: Arguments) -> Code:
        features = times(a.channel(), *map(str, a.inputs[0][1:]))
        return Code(None, "torch.flatten({0}, 1)", channels=features, module="nn.Flatten()")

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        return [(say("features"), "·".join(map(str, inputs[0])), f"{output[0]:,}")]


@block_type
class Dropout(BlockType):
    """``(N, ...) -> (N, ...)``; ``torch.nn.Dropout``."""

    name = "Dropout"
    drops = True
    calls = ("dropout(input, p=0.5, training=True, inplace=False)",)
    elementwise = True
    family = "head"
    transparent = True
    may_share_input = True  # when it is not training, whatever its p
    help = say("While training, sets each value to 0 with probability p and scales the rest up. Against overfitting.")
    palette = (PaletteEntry("Dropout", {}, "regularisation regularization overfitting"),)
    parameters = {
        "p": Parameter(kind="float", default=0.5, minimum=0.0, maximum=1.0, help=say("Probability of being dropped.")),
        "inplace": Parameter(
            kind="bool", default=False, help=say("Write over the input. Turn it off where others read the input too.")
        ),
    }

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        return {"p": given["p"] if given["training"] else 0.0, "inplace": given["inplace"]}

    def does_nothing(self, p: Resolved, shape: Shape) -> bool:
        return bool(p["p"] == 0.0)

    def extra(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        return numel(output) if 0.0 < p["p"] < 1.0 else 0  # what each value was multiplied by

    def overwrites(self, p: Resolved) -> bool:
        return bool(p["inplace"])

    def shares_input(self, p: Resolved) -> bool:
        return bool(p["inplace"] or p["p"] == 0.0)

    def code(self, a: Arguments) -> Code:
        return Code(f"nn.Dropout({a.text('p')}{a.keywords(inplace=False)})", channels=a.channel())

    def summary(self, p: Resolved) -> str:
        return f"p {p['p']:g}"


@block_type
class Identity(_Passing):
    """``(N, ...) -> (N, ...)``; ``torch.nn.Identity``."""

    name = "Identity"
    transparent = True
    help = say("Passes its input on unchanged: a place to hang a wire, a name or a measurement on.")
    palette = (PaletteEntry("Identity", {}, "nothing pass through noop skip"),)

    def code(self, a: Arguments) -> Code:
        return Code("nn.Identity()", channels=a.channel())
