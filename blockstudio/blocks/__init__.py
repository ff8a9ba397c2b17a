"""What each block type is: one declaration a type, a file a family."""

from importlib import import_module
from pkgutil import iter_modules

from blockstudio.blocks.absent import Absent, Origin, absent_type, origin_of
from blockstudio.blocks.base import (
    AUX_OUTPUT,
    CATALOGUE,
    ENDS,
    FAMILIES,
    INPUT,
    MAX_VALUES,
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
    block_type,
    need_map,
    numel,
    palette_entries,
    shape_text,
)
from blockstudio.blocks.helpers import HELPERS
from blockstudio.blocks.packages import absence, load_packages, package_problems
from blockstudio.blocks.parameters import Kind, Parameter, RawValue, Scalar, Value, infer_parameter

# Every file of this folder may declare types. The catalogue is in palette order: by family, as declared within each.
for _file in iter_modules(__path__):
    import_module(f"{__name__}.{_file.name}")
_types = sorted(CATALOGUE.values(), key=lambda kind: list(FAMILIES).index(kind.family))
CATALOGUE.clear()
CATALOGUE.update((kind.name, kind) for kind in _types)
load_packages()

__all__ = [
    "AUX_OUTPUT",
    "CATALOGUE",
    "ENDS",
    "FAMILIES",
    "HELPERS",
    "INPUT",
    "MAX_VALUES",
    "OUTPUT",
    "PORTS",
    "Absent",
    "Arguments",
    "BlockType",
    "Code",
    "Kind",
    "Merging",
    "Origin",
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
    "absence",
    "absent_type",
    "block_type",
    "infer_parameter",
    "need_map",
    "numel",
    "origin_of",
    "package_problems",
    "palette_entries",
    "shape_text",
]
