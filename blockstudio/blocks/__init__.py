"""What each block type is: one declaration a type, a file a family."""

from blockstudio.blocks.base import (
    AUX_OUTPUT,
    CATALOGUE,
    ENDS,
    FAMILIES,
    INPUT,
    OUTPUT,
    PORTS,
    Arguments,
    BlockType,
    Code,
    Merging,
    PaletteEntry,
    Refusal,
    Resolved,
    Shape,
    Weight,
    Window,
    numel,
    palette_entries,
    shape_text,
)
from blockstudio.blocks.helpers import HELPERS
from blockstudio.blocks.parameters import Kind, Parameter, RawValue, Scalar, Value, infer_parameter

# In this order the types stand in the catalogue and the palette.
from blockstudio.blocks import convolution  # isort: skip
from blockstudio.blocks import pooling  # isort: skip
from blockstudio.blocks import normalisation  # isort: skip
from blockstudio.blocks import activation  # isort: skip
from blockstudio.blocks import merge  # isort: skip
from blockstudio.blocks import shortcut  # isort: skip
from blockstudio.blocks import head  # isort: skip

__all__ = [
    "AUX_OUTPUT",
    "CATALOGUE",
    "ENDS",
    "FAMILIES",
    "HELPERS",
    "INPUT",
    "OUTPUT",
    "PORTS",
    "Arguments",
    "BlockType",
    "Code",
    "Kind",
    "Merging",
    "PaletteEntry",
    "Parameter",
    "RawValue",
    "Refusal",
    "Resolved",
    "Scalar",
    "Shape",
    "Value",
    "Weight",
    "Window",
    "activation",
    "convolution",
    "head",
    "infer_parameter",
    "merge",
    "normalisation",
    "numel",
    "palette_entries",
    "pooling",
    "shape_text",
    "shortcut",
]
