"""What a recipe holds of the run itself: which states it keeps, and what is measured on the way."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct


class Group(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Checkpoints(Group, frozen=True):
    """When the state is written, beside every pause, stop and end."""

    epochs: Annotated[
        int,
        Meta(
            ge=0,
            le=100_000,
            title="Every … epochs",
            description="0: not at the end of epochs. Skipped where saving takes longer than training.",
        ),
    ] = 1
    steps: Annotated[int, Meta(ge=0, le=10**9, title="Every … steps", description="0: not within an epoch.")] = 0
    keep: Annotated[
        int, Meta(ge=1, le=10_000, title="Keep", description="Latest checkpoints kept; the best is kept besides.")
    ] = 2


class Averages(Group, frozen=True):
    """What is averaged over the steps, and measured in place of the latest values."""

    ema: Annotated[
        float,
        Meta(
            ge=0,
            lt=1,
            title="Averaged weights",
            description="Decay of a moving average of the weights (0.999, say), which is measured and kept in their "
            "place. 0: none.",
        ),
    ] = 0.0
    statistics: Annotated[
        Literal["auto", "moving", "exact"],
        Meta(
            title="BatchNorm averages",
            description="exact computes BatchNorm's means and variances anew from training images before each "
            "measurement, moving takes the moving averages. auto: exact while these are young, for the first "
            "5 / momentum steps.",
        ),
    ] = "auto"


class Watching(Group, frozen=True):
    """What is measured of the blocks while they learn."""

    blocks: Annotated[
        bool,
        Meta(
            title="Measure blocks",
            description="Gradients, weights, updates, outputs, time and memory of every block, in some steps.",
        ),
    ] = False
    steps: Annotated[
        int,
        Meta(
            ge=0,
            le=10**9,
            title="Every … steps",
            description="0: as often as takes some 1.5 % of the time.",
        ),
    ] = 0
    tensorboard: Annotated[
        bool, Meta(title="TensorBoard", description="Write event files for TensorBoard into the run's directory too.")
    ] = False
