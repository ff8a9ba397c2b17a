"""What the kinds of refactorings are called where they are offered."""

from __future__ import annotations

from blockstudio.text import say

COMMANDS = {
    "stack_3x3": (say("Convert to a stack of 3×3"), "convert 5x5 7x7 factorise two three small kernels"),
    "stack_2x2": (say("Convert 3×3 to two 2×2"), "convert factorise small kernels"),
    "asymmetric": (say("Convert to 1×n, then n×1"), "convert factorise asymmetric 1x7 7x1"),
    "separable": (say("Convert to depthwise separable"), "convert mobilenet xception depthwise pointwise"),
    "bottleneck": (say("Insert a 1×1 bottleneck"), "convert reduce 1x1 inception"),
    "residual": (say("Make residual"), "convert shortcut skip add x + f(x) resnet"),
    "reduction": (say("Convert to the parallel reduction of Inception"), "convert pooling widening grid"),
    "global_pool": (say("Convert the dense head to global average pooling"), "convert gap nin fully connected"),
    "narrow": (say("Convert basic blocks to bottlenecks"), "convert resnet 1x1 3x3 1x1"),
}
"""Commands, by what they do to the selection, with what they are found by."""
