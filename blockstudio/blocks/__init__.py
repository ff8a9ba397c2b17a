"""What each block type is: one declaration a type, a file a family."""

from blockstudio.blocks.base import (
    CATALOGUE,
    FAMILIES,
    Arguments,
    BlockType,
    Code,
    PaletteEntry,
    Refusal,
    Resolved,
    Shape,
    Window,
    numel,
    shape_text,
)
from blockstudio.blocks.parameters import Kind, Parameter, RawValue, Scalar, Value, infer_parameter

from blockstudio.blocks import convolution  # isort: skip

__all__ = [
    "CATALOGUE",
    "FAMILIES",
    "Arguments",
    "BlockType",
    "Code",
    "Kind",
    "PaletteEntry",
    "Parameter",
    "RawValue",
    "Refusal",
    "Resolved",
    "Scalar",
    "Shape",
    "Value",
    "Window",
    "convolution",
    "infer_parameter",
    "numel",
    "shape_text",
]
