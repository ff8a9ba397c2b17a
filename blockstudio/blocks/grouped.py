"""Channels as groups laid over each other: several maps, one behind the other, of which each position is summed or made
shares. What networks write as a stack of maps with an axis of its own, the diagram has as one map of all channels."""

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
    numel,
)
from blockstudio.blocks.parameters import Parameter
from blockstudio.text import say

GROUPS = Parameter(
    kind="int", default=2, minimum=1, maximum=65536, help=say("How many groups the channels are; must divide them.")
)


class _Grouped(BlockType):
    family = "merge"
    seldom = True
    parameters = {"groups": GROUPS}

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        return {"groups": given["groups"]}

    def does_nothing(self, p: Resolved, shape: Shape) -> bool:
        return False

    def size(self, p: Resolved, inputs: Sequence[Shape]) -> int:
        """Channels of one group."""
        channels, groups = inputs[0][0], p["groups"]
        if channels % groups:
            raise Refusal(
                "shape.groups",
                say("{groups} groups do not divide its {channels} channels.", groups=groups, channels=channels),
                hint=say("Choose groups that divide the channels."),
            )
        return int(channels // groups)

    def summary(self, p: Resolved) -> str:
        return f"{p['groups']} groups"


@block_type
class GroupSum(_Grouped):
    """``(N, G * C, ...) -> (N, C, ...)``: channel ``c`` of each of ``groups`` groups, summed;
    ``x.unflatten(1, (G, -1)).sum(1)``."""

    name = "GroupSum"
    help = say(
        "Lays groups of channels over each other and adds them: the sum of several maps that were joined. Selective "
        "kernels add their weighted branches so."
    )
    palette = (PaletteEntry("GroupSum", {}, "sum stack branches selective kernel split attention fold"),)
    calls = ("group_sum(input, groups)",)

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        return (self.size(p, inputs), *inputs[0][1:])

    def code(self, a: Arguments) -> Code:
        channels = None if a.texts else str(a.inputs[0][0] // a.values["groups"])
        return Code(f"GroupSum({a.text('groups')})", channels=channels, helper="GroupSum")

    helpers = {
        "GroupSum": '''\
class GroupSum(nn.Module):
    """Sum of the groups of channels: (N, groups * C, ...) to (N, C, ...)."""

    def __init__(self, groups):
        super().__init__()
        self.groups = groups

    def forward(self, x):
        return x.unflatten(1, (self.groups, -1)).sum(1)
'''
    }

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        additions = p["groups"] - 1
        return [(say("additions"), f"{additions} · {numel(output):,}", f"{additions * numel(output):,}")]


@block_type
class GroupSoftmax(_Grouped):
    """``(N, G * C, ...) -> (N, G * C, ...)``: softmax over the ``groups`` groups, at each channel and place of one."""

    name = "GroupSoftmax"
    help = say(
        "Makes shares of the groups: what a channel has in all groups together is 1. Selective kernels weigh their "
        "branches so, channel by channel."
    )
    palette = (PaletteEntry("GroupSoftmax", {}, "softmax branches attention selective kernel shares"),)
    calls = ("group_softmax(input, groups)",)

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        self.size(p, inputs)
        return inputs[0]

    def keeps_output(self, p: Resolved) -> bool:
        return True

    def code(self, a: Arguments) -> Code:
        return Code(f"GroupSoftmax({a.text('groups')})", channels=a.channel(), helper="GroupSoftmax")

    helpers = {
        "GroupSoftmax": '''\
class GroupSoftmax(nn.Module):
    """Softmax over the groups of channels, (N, groups * C, ...)."""

    def __init__(self, groups):
        super().__init__()
        self.groups = groups

    def forward(self, x):
        return x.unflatten(1, (self.groups, -1)).softmax(1).flatten(1, 2)
'''
    }

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        return [(say("each value"), f"exp(x) / Σ exp(x), Σ over {p['groups']:,} groups", "0 to 1")]
