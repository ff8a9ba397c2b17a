"""The proof cards that a lesson can show; `blockstudio.compiler.proofs` computes them."""

from __future__ import annotations

from typing import NamedTuple

from blockstudio.text import Text, say


class Proof(NamedTuple):
    title: Text
    about: Text
    holds: bool = True
    """Whether it comes out equal; one that does not shows what an identity lives on."""


PROOFS: dict[str, Proof] = {
    "dense": Proof(
        say("A 1×1 convolution is a dense layer at every pixel"),
        say("Conv2d 192 → 160, 1×1, and Linear 192 → 160 over the channels of each pixel, with the same random "
            "weights, on two maps of 32×32."),
    ),
    "kernels": Proof(
        say("Two 3×3 convolutions without anything between are one 5×5"),
        say("32 → 64 → 48 channels with random weights, and one 5×5 with the kernel that both make together."),
    ),
    "relu": Proof(
        say("With a ReLU between they are not"),
        say("The same two kernels with a ReLU between, against the same 5×5."),
        holds=False,
    ),
    "fold": Proof(
        say("Batch normalisation in evaluation folds into the convolution before it"),
        say("Conv2d 32 → 64 with BatchNorm2d, and one convolution with scaled weights and a bias."),
    ),
    "shortcut": Proof(
        say("Option A is a projection with fixed weights"),
        say("Every second pixel with channels of zeros, and a 1×1 convolution with stride 2 whose weights are zeros "
            "and ones."),
    ),
    "maps": Proof(
        say("A class's logit is the mean of its activation map, plus the bias"),
        say("Global average pooling of 512 maps of 7×7 and Linear 512 → 10, and the mean of the ten maps that the same "
            "weights make at every place."),
    ),
}  # fmt: skip
"""By name."""
ROUNDING = 1e-9
"""In float64 a difference below this share of the largest value is rounding."""
