"""Block Studio: draw convolutional networks as block diagrams, see what they cost, train them.

    import blockstudio as bs

    diagram = bs.load("resnet34")
    print(bs.analyze(diagram).parameters)  # 21797672
    model = bs.compile(diagram)  # an ordinary torch.nn.Module

`load`, `save`, `analyze`, `hints`, `refactorings`, `source` and `figure` load neither torch nor Qt; torch is imported
by `compile`, `load_weights`, `from_module` and `train` when they are called.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from blockstudio.version import __version__ as __version__

if TYPE_CHECKING:
    import blockstudio.laboratory as lab  # noqa: F401
    from blockstudio.analysis import Analysis, analyze
    from blockstudio.api import (
        compile,
        figure,
        from_module,
        from_onnx,
        from_pt2,
        hints,
        load,
        load_weights,
        refactorings,
        save,
        source,
        train,
    )
    from blockstudio.errors import StudioError
    from blockstudio.graph.building import Builder
    from blockstudio.graph.diagram import Diagram

_HOME = {
    "Analysis": "blockstudio.analysis",
    "Builder": "blockstudio.graph.building",
    "Diagram": "blockstudio.graph.diagram",
    "StudioError": "blockstudio.errors",
    "analyze": "blockstudio.analysis",
    "compile": "blockstudio.api",
    "figure": "blockstudio.api",
    "from_module": "blockstudio.api",
    "from_onnx": "blockstudio.api",
    "from_pt2": "blockstudio.api",
    "hints": "blockstudio.api",
    "load": "blockstudio.api",
    "load_weights": "blockstudio.api",
    "refactorings": "blockstudio.api",
    "save": "blockstudio.api",
    "source": "blockstudio.api",
    "train": "blockstudio.api",
}

__all__ = [
    "Analysis",
    "Builder",
    "Diagram",
    "StudioError",
    "analyze",
    "compile",
    "figure",
    "from_module",
    "from_onnx",
    "from_pt2",
    "hints",
    "load",
    "load_weights",
    "refactorings",
    "save",
    "source",
    "train",
]


def __getattr__(name: str) -> Any:
    # Looked up on first use, so that `import blockstudio` costs nothing and drawing never imports torch.
    if name == "lab":
        return import_module("blockstudio.laboratory")
    if name not in _HOME:
        raise AttributeError(f"module 'blockstudio' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
