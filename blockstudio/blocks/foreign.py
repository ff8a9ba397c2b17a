"""Foreign blocks: what a network has and no block type says. They hold what is known of it, so that the rest is drawn,
analysed and counted around them; there is no source for them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from blockstudio.blocks.base import (
    Arguments,
    BlockType,
    Code,
    PaletteEntry,
    Refusal,
    Resolved,
    Shape,
    block_type,
    numel,
    shape_text,
)
from blockstudio.blocks.parameters import Parameter
from blockstudio.errors import StudioError
from blockstudio.text import say

MAX_TEXT = 1900
"""Signs in a list of weights."""
_AXES = 8


class _Foreign(BlockType):
    family = "module"
    foreign = True
    parameters: ClassVar = {
        "what": Parameter(kind="text", default="", help=say("What it is in the original: a class or a function.")),
        "shape": Parameter(
            kind="text", default="", help=say("Shape of what comes out, as 197×768; empty for that of its input.")
        ),
        "weights": Parameter(
            kind="text", default="", help=say("Its learnable weights with their shapes: weight 768×768, bias 768.")
        ),
        "macs": Parameter(
            kind="int", default=0, minimum=0, maximum=10**15, help=say("Multiply-accumulates for one image.")
        ),
        "place": Parameter(kind="text", default="", help=say("Where the original does it.")),
    }

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        found = sizes(p["shape"]) if p["shape"] else inputs[0] if inputs else None
        if found is None:
            raise Refusal(
                "shape.foreign",
                say("'{text}' is no shape.", text=p["shape"][:40]),
                hint=say("Write it as 197×768 or 64×56×56."),
            )
        return found

    def stricter(self, code: str, p: Resolved, inputs: Sequence[Shape]) -> str:
        return "there is nothing of PyTorch's to compare with"

    def count(self, p: Resolved, inputs: Sequence[Shape]) -> int:
        return sum(numel(shape) for _, shape in weights(p["weights"]))

    def macs(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        return int(p["macs"])

    def keeps_input(self, p: Resolved, inputs: Sequence[Shape]) -> bool:
        return True

    def code(self, a: Arguments) -> Code:
        raise no_source(a.values)

    def summary(self, p: Resolved) -> str:
        return str(p["what"].rpartition(".")[2][:20])

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        rows: list[tuple[str, str, str]] = [(say("values"), "·".join(map(str, output)), f"{numel(output):,}")]
        listed = weights(p["weights"])
        if listed:
            text = " + ".join("·".join(map(str, shape)) for _, shape in listed)
            rows.append((say("weights"), text, f"{self.count(p, inputs):,}"))
        return rows


@block_type
class Foreign(_Foreign):
    """``(N, ...) -> (N, ...)``: something of one input that no block type says."""

    name = "Foreign"
    help = say(
        "Stands for a part of somebody's network that no block type says: counted and drawn, not compiled. Its shape, "
        "weights and costs are as they are written here."
    )
    palette = (PaletteEntry("Foreign", {}, "unknown placeholder other attention transformer import"),)


@block_type
class ForeignMerge(_Foreign):
    """``(N, ...), (N, ...), ... -> (N, ...)``: something of several inputs that no block type says."""

    name = "ForeignMerge"
    inputs = ()
    variadic = True
    help = say(
        "Stands for a part of somebody's network that takes several inputs and that no block type says: counted and "
        "drawn, not compiled."
    )
    palette = (PaletteEntry("ForeignMerge", {}, "unknown placeholder several inputs attention transformer import"),)


def no_source(p: Resolved) -> StudioError:
    """The error of somebody who needs the source of a foreign block with parameters ``p``."""
    return StudioError(
        "compile.foreign",
        say("it stands for {what}, for which there is no block type and no source.", what=p["what"] or "?"),
        hint=say("Replace it with blocks that do the same, or switch it off."),
    )


def sizes(text: str) -> Shape | None:
    """The shape that ``197×768`` says; ``None`` if it says none."""
    parts = re.split(r"[×x]", text.replace(" ", ""))
    legal = len(parts) <= _AXES and all(re.fullmatch(r"[1-9][0-9]{0,9}", part, re.ASCII) for part in parts)
    return tuple(int(part) for part in parts) if legal else None


def weights(text: str) -> list[tuple[str, Shape]]:
    """The weights that a list names; what is no weight in it is passed over."""
    found = []
    for part in text.split(","):
        name, _, shape = part.strip().rpartition(" ")
        size = sizes(shape) if name else None
        if size is not None:
            found.append((name, size))
    return found


def weights_text(listed: Sequence[tuple[str, Shape]]) -> str:
    """A list of weights, which `weights` reads again. Where there are too many, the rest is one number."""
    text = ""
    for index, (name, shape) in enumerate(listed):
        part = f"{name} {shape_text(shape or (1,))}"
        if len(text) + len(part) > MAX_TEXT:
            rest = sum(numel(shape) for _, shape in listed[index:])
            return f"{text}, others {rest}"
        text = f"{text}, {part}" if text else part
    return text
