"""Blocks that pick channels out, deal them out anew or turn the axes: no value changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from blockstudio.blocks.base import (
    Arguments,
    BlockType,
    Code,
    PaletteEntry,
    Refusal,
    Resolved,
    Shape,
    block_type,
    need_map,
)
from blockstudio.blocks.parameters import Parameter
from blockstudio.blocks.sources import atom
from blockstudio.text import say


@block_type
class ChannelShuffle(BlockType):
    """``(N, C, H, W) -> (N, C, H, W)``; ``torch.nn.ChannelShuffle``: of ``groups`` groups of ``n`` channels, channel
    ``g * n + k`` goes to ``k * groups + g``."""

    name = "ChannelShuffle"
    family = "head"
    help = say(
        "Deals the channels out like cards: one of each group after the other. After grouped "
        "convolutions it lets the groups see each other (ShuffleNet)."
    )
    palette = (PaletteEntry("ChannelShuffle", {}, "shuffle channels groups shufflenet"),)
    calls = ("channel_shuffle(input, groups)",)
    parameters = {
        "groups": Parameter(
            kind="int", default=2, minimum=1, maximum=65536, help=say("Groups of channels; must divide them.")
        ),
    }

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        channels = need_map(inputs, "ChannelShuffle")[0]
        if channels % p["groups"]:
            raise Refusal(
                "shape.groups",
                say("groups={p} does not divide its {channels} channels.", p=p["groups"], channels=channels),
                hint=say("Choose groups that divide the channels."),
            )
        return inputs[0]

    def code(self, a: Arguments) -> Code:
        return Code(f"nn.ChannelShuffle({a.text('groups')})", channels=a.channel())

    def summary(self, p: Resolved) -> str:
        return f"{p['groups']} groups"

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        groups = p["groups"]
        return [(say("channels of a group"), f"{output[0]} / {groups}", str(output[0] // groups))]


class _Part(BlockType):
    """Some of the channels, in place."""

    family = "head"

    def shares_input(self, p: Resolved) -> bool:
        return True


@block_type
class Chunk(_Part):
    """``(N, C, ...) -> (N, ceil(C / parts), ...)``; ``torch.chunk(x, parts, dim=1)[index]``; the last part may be
    smaller."""

    name = "Chunk"
    help = say(
        "One of equal parts of the channels. ShuffleNet sends one half through its layers and the other around them."
    )
    palette = (PaletteEntry("Chunk", {}, "split half channels part shufflenet torch.chunk"),)
    calls = ("chunk(input, chunks, dim=0, index=0)",)
    parameters = {
        "parts": Parameter(kind="int", default=2, minimum=1, maximum=65536, help=say("Into how many parts.")),
        "index": Parameter(kind="int", default=0, minimum=0, maximum=65535, help=say("Which part, the first is 0.")),
    }

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        axis = given["dim"] in (1, -1 - len(output[1:]))
        return {"parts": given["chunks"], "index": given["index"]} if axis else None

    def does_nothing(self, p: Resolved, shape: Shape) -> bool:
        return bool(p["parts"] == 1)

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        channels, parts, index = inputs[0][0], p["parts"], p["index"]
        size = -(-channels // parts)
        count = -(-channels // size)
        if index >= count:
            raise Refusal(
                "shape.chunk",
                say(
                    "{channels} channels in {parts} parts make {count}; there is no part {index}.",
                    channels=channels,
                    parts=parts,
                    count=count,
                    index=index,
                ),
                hint=say("The last is {count}.", count=count - 1),
            )
        return (min(size, channels - index * size), *inputs[0][1:])

    def code(self, a: Arguments) -> Code:
        parts, index = a.text("parts"), a.text("index")
        channels: str | None = None
        if not a.texts:
            count = a.inputs[0][0]
            size = -(-count // a.values["parts"])
            size = min(size, count - a.values["index"] * size)
            whole = count % a.values["parts"] == 0
            channel = a.channel()
            channels = str(size) if channel.isdecimal() else f"{atom(channel)} // {parts}" if whole else None
            return Code(None, f"torch.chunk({{0}}, {parts}, dim=1)[{index}]", channels=channels)
        return Code(f"Chunk({parts}, {index})", channels=channels, helper="Chunk")

    def summary(self, p: Resolved) -> str:
        return f"{p['index'] + 1} of {p['parts']}"

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        channels, size = inputs[0][0], -(-inputs[0][0] // p["parts"])
        text = f"⌈{channels} / {p['parts']}⌉" if output[0] == size else f"{channels} − {p['index']}·{size}"
        return [(say("channels"), text, str(output[0]))]


@block_type
class ChannelSlice(_Part):
    """``(N, C, ...) -> (N, stop - start, ...)``; ``x[:, start:stop]``; a ``stop`` of 0 is the end."""

    name = "ChannelSlice"
    help = say("The channels from start up to, but not including, stop; 0 stands for the end.")
    palette = (PaletteEntry("ChannelSlice", {}, "split slice crop channels select torch.split"),)
    calls = ("split(tensor, split_size_or_sections, dim=0, index=0)", "getitem(input, index)")
    parameters = {
        "start": Parameter(kind="int", default=0, minimum=0, maximum=1_000_000, help=say("The first channel, from 0.")),
        "stop": Parameter(
            kind="int",
            default=0,
            minimum=0,
            maximum=1_000_000,
            help=say("The channel after the last; 0 for all that follow."),
        ),
    }

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        if "split_size_or_sections" in given:
            if given["dim"] not in (1, -len(inputs[0])):
                return None
            sizes, index = given["split_size_or_sections"], given["index"]
            start = sizes * index if isinstance(sizes, int) else sum(sizes[:index])
            return {"start": start, "stop": start + output[0]}
        index = given["index"]
        if (
            not isinstance(index, tuple)
            or len(index) < 2
            or any(item != slice(None) for item in (index[0], *index[2:]))
        ):
            return None
        part = index[1]
        if not isinstance(part, slice) or part.step not in (None, 1):
            return None
        start, stop, _ = part.indices(inputs[0][0])
        return {"start": start, "stop": stop}

    def stricter(self, code: str, p: Resolved, inputs: Sequence[Shape]) -> str:
        return "PyTorch gives what there is of the channels asked for" if code == "shape.slice" else ""

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        channels, start, stop = inputs[0][0], p["start"], p["stop"] or inputs[0][0]
        if not start < stop <= channels:
            raise Refusal(
                "shape.slice",
                say(
                    "there are no channels {start} to {stop} among its {channels}.",
                    start=start,
                    stop=stop,
                    channels=channels,
                ),
                hint=say("Choose start < stop, and stop at most {channels}.", channels=channels),
            )
        return (stop - start, *inputs[0][1:])

    def code(self, a: Arguments) -> Code:
        start, stop = a.text("start"), a.text("stop")
        size = a.values["stop"] - a.values["start"]
        if a.texts or size <= 0:
            rest = a.channel().isdecimal() and not a.texts
            channels = str(a.inputs[0][0] - a.values["start"]) if rest else None
            return Code(f"ChannelSlice({start}, {stop})", channels=channels, helper="ChannelSlice")
        return Code(None, f"{{0}}.narrow(1, {start}, {size})", channels=str(size))

    def summary(self, p: Resolved) -> str:
        return f"{p['start']} to {p['stop'] or 'end'}"

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        return [(say("channels"), f"{p['stop'] or inputs[0][0]} − {p['start']}", str(output[0]))]


_ORDERS = ("HWC", "CWH", "HCW", "WCH", "WHC")


@block_type
class Permute(_Part):
    """``(N, C, H, W) -> (N, ...)`` with its axes in another ``order``; ``x.permute(...)``."""

    name = "Permute"
    moves_pixels = True
    help = say(
        "Puts the axes of a map into another order: HWC has the channels last. What comes first counts as channels."
    )
    palette = (PaletteEntry("Permute", {}, "transpose axes order channels last swap dims"),)
    calls = ("permute(input, *dims)", "transpose(input, dim0, dim1)")
    parameters = {
        "order": Parameter(kind="choice", default="HWC", choices=_ORDERS, help=say("The axes in their new order.")),
    }

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        if len(inputs[0]) != 3:
            return None
        if "dims" in given:
            dims = given["dims"][0] if isinstance(given["dims"][0], list | tuple) else given["dims"]
            axes = [axis % 4 for axis in dims]
        else:
            axes = [0, 1, 2, 3]
            one, two = given["dim0"] % 4, given["dim1"] % 4
            axes[one], axes[two] = axes[two], axes[one]
        order = "".join("NCHW"[axis] for axis in axes)
        return {"order": order[1:]} if order[0] == "N" else None

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        sizes = dict(zip("CHW", need_map(inputs, "Permute"), strict=True))
        first, second, third = (sizes[axis] for axis in p["order"])
        return first, second, third

    def code(self, a: Arguments) -> Code:
        axes = ", ".join(str(1 + "CHW".index(axis)) for axis in a.values["order"])
        first = a.values["order"][0]
        channels = a.channel() if first == "C" else str(a.inputs[0]["CHW".index(first)])
        return Code(None, f"{{0}}.permute(0, {axes})", channels=channels)

    def summary(self, p: Resolved) -> str:
        return str(p["order"])

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        return [
            (label, str(size), str(size))
            for label, size in zip((say("channels"), say("height"), say("width")), output, strict=True)
        ]


@block_type
class Unflatten(_Part):
    """``(N, C) -> (N, C, 1, 1)``: a vector as a map of one pixel."""

    name = "Unflatten"
    help = say("Makes a map of one pixel of a vector, so that it can weigh the channels of another map.")
    palette = (PaletteEntry("Unflatten", {}, "unsqueeze view reshape vector map gate"),)
    calls = ("view(input, *size)", "reshape(input, *shape)", "getitem(input, index)")

    def stricter(self, code: str, p: Resolved, inputs: Sequence[Shape]) -> str:
        return "PyTorch would give a map two more axes" if code == "shape.rank" else ""

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        if len(inputs[0]) != 1:
            raise Refusal(
                "shape.rank", say("Unflatten needs a vector, but its input is a map."), hint=say("Leave it out.")
            )
        return (inputs[0][0], 1, 1)

    def code(self, a: Arguments) -> Code:
        return Code(None, "{0}.unsqueeze(2).unsqueeze(3)", channels=a.channel())

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        return [(say("channels"), str(inputs[0][0]), str(output[0]))]
