"""Pooling between the mean and the maximum, with an exponent that is learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from blockstudio.blocks.base import (
    Arguments,
    BlockType,
    Code,
    PaletteEntry,
    Resolved,
    Shape,
    Weight,
    Window,
    block_type,
    need_map,
    numel,
)
from blockstudio.blocks.parameters import Parameter
from blockstudio.text import say


@block_type
class GeM(BlockType):
    """``(N, C, H, W) -> (N, C, 1, 1)``: ``mean(max(x, eps) ** p) ** (1 / p)`` of each channel, with a learned ``p``."""

    name = "GeM"
    family = "pooling"
    seldom = True
    weighted = True
    help = say(
        "Generalised mean: with the exponent 1 the mean of each channel, with a large one nearly its maximum. The "
        "exponent is learned (Radenović et al., 2018); for retrieval of images."
    )
    palette = (PaletteEntry("GeM", {}, "generalised generalized mean pooling power retrieval global"),)
    calls = ("gem(input, p, eps, by)",)
    helpers = {
        "GeM": '''\
class GeM(nn.Module):
    """Generalised mean with a learned exponent."""

    def __init__(self, p=3.0, eps=1e-6, shape=(1,), by="mean"):
        super().__init__()
        self.p = nn.Parameter(torch.full(shape, p))
        self.eps = eps
        self.by = by

    def forward(self, x):
        x = x.clamp(min=self.eps).pow(self.p)
        x = x.mean((2, 3), keepdim=True) if self.by == "mean" else F.avg_pool2d(x, x.shape[2:])
        return x.pow(1.0 / self.p)
'''
    }
    parameters = {
        "p": Parameter(kind="float", default=3.0, minimum=0.01, maximum=100.0, help=say("What it begins as.")),
        "eps": Parameter(kind="float", default=1e-6, minimum=1e-12, maximum=1.0, help=say("The least that counts.")),
        "form": Parameter(
            kind="choice", default="1", choices=("1", "scalar"), help=say("The shape in which the exponent is stored.")
        ),
        "by": Parameter(
            kind="choice", default="mean", choices=("mean", "avg_pool2d"),
            help=say("The function of PyTorch that takes the mean: they differ in the last bit."),
        ),
    }  # fmt: skip

    def from_call(self, given: Mapping[str, Any], inputs: tuple[Shape, ...], output: Shape) -> dict[str, Any] | None:
        weight, eps = given["p"], given["eps"]
        if not isinstance(weight, Weight) or not weight.learned or weight.kept not in ((), (1,)) or len(output) != 3:
            return None
        begins = 3.0 if weight.value is None else float(f"{weight.value:.7g}")
        return {"p": begins, "eps": float(eps), "form": "1" if weight.kept else "scalar", "by": given["by"]}

    def shape(self, p: Resolved, inputs: Sequence[Shape]) -> Shape:
        channels, _, _ = need_map(inputs, "GeM")
        return channels, 1, 1

    def stricter(self, code: str, p: Resolved, inputs: Sequence[Shape]) -> str:
        return "PyTorch would pool a vector as if it were a map" if code == "shape.rank" else ""

    def count(self, p: Resolved, inputs: Sequence[Shape]) -> int:
        return 1

    def window(self, p: Resolved, inputs: Sequence[Shape]) -> Window | None:
        return Window(whole=True)

    def extra(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> int:
        # What was bounded, its power, and the mean of that; the inverse of an exponent that is no scalar, twice.
        return 2 * numel(inputs[0]) + numel(output) + (2 if p["form"] == "1" else 0)

    def keeps_input(self, p: Resolved, inputs: Sequence[Shape]) -> bool:
        return True

    def keeps_output(self, p: Resolved) -> bool:
        return True

    def code(self, a: Arguments) -> Code:
        shape = "" if a.values["form"] == "1" else ", shape=()"
        by = "" if a.values["by"] == "mean" else ', by="avg_pool2d"'
        return Code(f"GeM({a.text('p')}{a.keywords(eps=1e-6)}{shape}{by})", channels=a.channel(), helper="GeM")

    def summary(self, p: Resolved) -> str:
        return f"p from {p['p']:g}"

    def formula(self, p: Resolved, inputs: Sequence[Shape], output: Shape) -> list[tuple[str, str, str]]:
        return [(say("exponent"), "1", "1")]
