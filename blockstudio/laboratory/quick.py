"""A network's part made quick for being measured again and again.

It computes the same but for rounding (some 1e-6 of the largest score) in fewer passes over memory: a batch
normalisation behind a convolution is folded into its weights, sums and activations write over what no one else reads,
and channels lie last, which is how convolutions on a CPU want them.
"""

from __future__ import annotations

import operator
from collections import Counter

import torch
from torch import fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from blockstudio.blocks import CATALOGUE
from blockstudio.graph.definition import Wire
from blockstudio.graph.diagram import Diagram

_FRESH = (nn.Conv2d, nn.Linear, nn.BatchNorm2d, nn.BatchNorm1d)
"""What gives a tensor of its own, that may be written over."""


def quicken(module: nn.Module, drawn: Diagram) -> nn.Module:
    """Make the module of a drawing quick; its own parts are changed in place.

    Args:
        module: In eval mode, as compiled from ``drawn``; its weights are its own.
        drawn: A flat diagram.

    Returns:
        What is to be called from now on.
    """
    blocks = dict(drawn.main.blocks())
    wires: dict[str, list[Wire]] = {name: [] for name in blocks}
    uses = Counter[str]()
    for wire in drawn.main.wires():
        wires[wire.target].append(wire)
        uses[wire.source] += 1
    found = {name: inner for name, inner in module.named_modules() if name in blocks}

    def alone(name: str) -> str | None:
        """What feeds this block and nothing else."""
        before = {wire.source for wire in wires[name]}
        (only,) = before if len(before) == 1 else (None,)
        return only if only is not None and uses[only] == 1 else None

    fresh = {name for name, inner in found.items() if isinstance(inner, _FRESH)}
    fresh |= {name for name, block in blocks.items() if CATALOGUE[block.type].merges == "sum" and len(wires[name]) > 1}
    for name, norm in list(found.items()):
        before = alone(name)
        inner = found.get(before) if before is not None else None
        if isinstance(norm, nn.BatchNorm2d) and isinstance(inner, nn.Conv2d) and norm.running_mean is not None:
            _fold(inner, norm)
            parent, _, own = name.rpartition(".")
            setattr(module.get_submodule(parent), own, nn.Identity())
    for name, inner in found.items():
        if isinstance(inner, nn.ReLU) and alone(name) in fresh:
            inner.inplace = True
    return _summed_in_place(module.to(memory_format=torch.channels_last))


def _summed_in_place(module: nn.Module) -> nn.Module:
    """The same with sums that write over what a convolution gave and nothing else reads: a tensor less to be written
    and read for every residual unit."""
    traced = fx.symbolic_trace(module)
    changed = False
    for node in traced.graph.nodes:
        if node.op == "call_module" and isinstance(traced.get_submodule(str(node.target)), nn.Identity):
            node.replace_all_uses_with(node.args[0])
            traced.graph.erase_node(node)
    for node in traced.graph.nodes:
        if node.op != "call_function" or node.target is not operator.add or len(node.args) != 2:
            continue
        for one, other in (node.args, node.args[::-1]):
            if (
                isinstance(one, fx.Node) and isinstance(other, fx.Node) and one is not other
                and one.op == "call_module" and isinstance(traced.get_submodule(str(one.target)), _FRESH)
                and list(one.users) == [node]
            ):  # fmt: skip
                node.op, node.target, node.args, changed = "call_method", "add_", (one, other), True
                break
    if not changed:
        return module
    traced.recompile()
    return traced


def _fold(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
    assert norm.running_mean is not None and norm.running_var is not None
    convolution.weight, convolution.bias = fuse_conv_bn_weights(
        convolution.weight, convolution.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
    )
