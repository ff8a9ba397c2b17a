"""What a recipe holds of the variation of training images."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from blockstudio.runs.conduct import Group


class Augmentation(Group, frozen=True):
    """How training images are varied, anew in every epoch."""

    pad_crop: Annotated[
        int, Meta(ge=0, le=256, title="Pad and crop", description="Pad by so many pixels, cut at a random place.")
    ] = 0
    crop_least: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            title="Random crop",
            description="Smallest share of the image's area that is cut out at a random place and scaled to the input: "
            "0.08 in Inception's. 0: none.",
        ),
    ] = 0.0
    crop_most: Annotated[
        float, Meta(ge=0.01, le=1, title="Largest crop", description="Largest share of the area that is cut out.")
    ] = 1.0
    crop_aspect: Annotated[
        float,
        Meta(
            ge=1,
            le=10,
            title="Aspect of crops",
            description="Crops are up to so much wider than high, or higher than wide. 1: as the image.",
        ),
    ] = 4 / 3
    flip: Annotated[bool, Meta(title="Flip", description="Mirror left and right half of the time.")] = False
    color_jitter: Annotated[
        float,
        Meta(ge=0, le=1, title="Colour jitter", description="Vary brightness, contrast and saturation by this share."),
    ] = 0.0
    lighting: Annotated[
        float,
        Meta(
            ge=0,
            le=10,
            title="Lighting",
            description="Deviation of a shift along the principal colours of ImageNet, as AlexNet's: 0.1.",
        ),
    ] = 0.0
    cutout: Annotated[
        int, Meta(ge=0, le=512, title="Cutout", description="Side of a square that is wiped out at a random place.")
    ] = 0
    mixup: Annotated[
        float,
        Meta(ge=0, le=10, title="Mixup", description="Blend pairs of images and labels: α of the Beta distribution."),
    ] = 0.0
