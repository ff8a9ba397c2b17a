"""Scores computed in half the bits, and which of them do not suffice to tell a class.

bfloat16 has the range of float32 and 8 bits in place of 24. Where a processor multiplies it, a convolution takes about
half the time; what comes out is off by about a hundredth. That leaves the class of most images as it is: of those whose
two best classes lie nearer to each other than the rounding, the scores are to be computed in float32.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn

MULTIPLIED = ("avx512_bf16", "amx_bf16")
"""By torch's names, what a processor has that multiplies bfloat16; others imitate it, which takes longer."""

MARGIN = 1.5
"""Times the largest difference that was seen, between the two best scores. It was seen of some 600 scores, which are
about three standard deviations; the difference of two scores is within this by 3.4 of its own."""

_CONVOLUTION: Any = getattr(torch.ops.mkldnn, "_convolution_pointwise", None)
"""What `torch.compile` makes of a convolution on a CPU; ``None`` in a torch without it."""

LARGEST = 0.05
"""Of the span of an image's scores: a network that is further off is computed in float32."""


def pays() -> bool:
    """Whether the processor multiplies bfloat16."""
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()  # Not in every version of torch.
    return any(capabilities.get(name, False) for name in MULTIPLIED)


def suits(modules: Iterable[nn.Module]) -> bool:
    """Whether these gain by it: convolutions by groups take longer in bfloat16 on a CPU, not shorter."""
    inner = [each for module in modules for each in module.modules()]
    return any(isinstance(each, nn.Conv2d) for each in inner) and not any(
        isinstance(each, nn.Conv2d) and each.groups > 1 for each in inner
    )


def halved(module: nn.Module) -> fx.GraphModule:
    """A copy of a module made quick (`blockstudio.laboratory.quick`) that computes in bfloat16. What is added to a
    convolution's results and the rectifier behind it are computed with it, before they go to memory, where torch has
    oneDNN's way to do so."""
    traced = fx.symbolic_trace(copy.deepcopy(module).bfloat16())
    if _CONVOLUTION is None:
        return traced
    for node in list(traced.graph.nodes):
        convolution = _called(traced, node)
        if not isinstance(convolution, nn.Conv2d) or convolution.padding_mode != "zeros":
            continue
        if isinstance(convolution.padding, str):
            continue
        last, added = node, list[fx.Node]()
        user = _only_user(node)
        if user is not None and user.op == "call_method" and user.target == "add_" and user.args[0] is node:
            added = [other for other in user.args[1:] if isinstance(other, fx.Node)]
            last = user if added else node
            user = _only_user(user) if added else None
        rectified = user is not None and isinstance(_called(traced, user), nn.ReLU)
        last = user if rectified and user is not None else last
        if last is node:
            continue
        name = f"{node.name}_fused"
        traced.add_submodule(name, _Fused(convolution, rectified))
        with traced.graph.inserting_before(last):
            last.replace_all_uses_with(traced.graph.call_module(name, (node.args[0], *added)))
    traced.graph.eliminate_dead_code()
    traced.recompile()
    return traced


class _Fused(nn.Module):
    """A convolution with what is added to its results, and a rectifier behind that."""

    def __init__(self, convolution: nn.Conv2d, rectified: bool) -> None:
        super().__init__()
        self.convolution, self._after = convolution, "relu" if rectified else None
        self._how = (convolution.padding, convolution.stride, convolution.dilation, convolution.groups)

    def forward(self, values: Tensor, added: Tensor | None = None) -> Tensor:
        given = (self.convolution.weight, self.convolution.bias, *self._how)
        found: Tensor = (
            _CONVOLUTION(values, *given, self._after, [], "") if added is None
            else _CONVOLUTION.binary(values, added, *given, "add", 1.0, self._after, [], "")
        )  # fmt: skip
        return found


def _called(traced: fx.GraphModule, node: fx.Node) -> nn.Module | None:
    return traced.get_submodule(str(node.target)) if node.op == "call_module" else None


def _only_user(node: fx.Node) -> fx.Node | None:
    users = list(node.users)
    return users[0] if len(users) == 1 else None


@dataclass(frozen=True)
class Rounding:
    """How far scores in bfloat16 are off.

    Args:
        error: The largest difference of a score, as a share of the span of its image's scores.
    """

    error: float

    @classmethod
    def between(cls, exact: Tensor, rounded: Tensor) -> Rounding:
        """Of the same images' scores ``(N, classes)`` in float32 and in bfloat16. What is added to all classes alike
        counts for nothing."""
        off = rounded - exact
        off = (off - off.mean(1, keepdim=True)).abs().amax(1)
        return cls(float((off / _span(exact).clamp(min=1e-30)).max()))

    def unclear(self, scores: Tensor) -> Tensor:
        """Which images ``(N,)`` could be of another class, by their scores ``(N, classes)`` in bfloat16."""
        best = scores.topk(2, dim=1).values
        # What is no number is not clear.
        return ~(best[:, 0] - best[:, 1] > MARGIN * self.error * _span(scores))


def _span(scores: Tensor) -> Tensor:
    return scores.amax(1) - scores.amin(1)
