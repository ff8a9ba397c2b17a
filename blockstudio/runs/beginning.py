"""What a recipe holds of a run's beginning: the weights it starts from, and which of them stay."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from blockstudio.runs.conduct import Group


class Start(Group, frozen=True):
    """What the network begins with, and which of it stays as it began.

    Frozen is a matter of the run, not of the diagram: what is frozen changes neither the network nor its source nor
    a single number it computes, and two runs of one diagram may differ in nothing else. As a field of the recipe,
    a path (`start.freeze`) names it to whoever tries several values.
    """

    weights: Annotated[
        str,
        Meta(
            max_length=4096,
            title="Weights",
            description="A file of weights to begin with, or published ones by name: torchvision:resnet18. "
            "Empty: random initial values.",
        ),
    ] = ""
    fetch: Annotated[
        bool, Meta(title="Fetch", description="Download weights given by name if they are not on this computer.")
    ] = False
    partial: Annotated[
        bool,
        Meta(
            title="What fits",
            description="Take what fits from a file of which not everything does; the rest is initial.",
        ),
    ] = False
    initial: Annotated[
        Literal["auto", "torch", "he", "xavier", "gaussian"],
        Meta(
            title="Initial values",
            description="he draws weights after He et al. (2015), so that deep networks without normalisation learn; "
            "xavier after Glorot and Bengio (2010), as Caffe's networks begin; gaussian with start.deviation; "
            "torch leaves each layer its own. auto: he for networks without normalisation.",
        ),
    ] = "auto"
    deviation: Annotated[
        float, Meta(ge=0, le=10, title="Initial deviation", description="Of the weights that gaussian draws.")
    ] = 0.01
    zero_gamma: Annotated[
        bool,
        Meta(
            title="Zero-γ",
            description="The last normalisation of each residual branch begins with scale 0: every block begins as its "
            "shortcut.",
        ),
    ] = False
    freeze: Annotated[
        tuple[str, ...],
        Meta(
            max_length=10_000,
            title="Frozen",
            description="Paths of blocks that are not trained, each with all that is inside: conv1, layer1.0.",
        ),
    ] = ()
