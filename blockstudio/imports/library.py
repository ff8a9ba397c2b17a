"""Networks of installed libraries by name: ``torchvision:densenet121``, ``timm:resnet50d``. Untrained; nothing is
downloaded."""

from __future__ import annotations

import sys

from torch import nn

from blockstudio.errors import StudioError, shown
from blockstudio.graph.names import suggestion
from blockstudio.text import say

LIBRARIES = ("torchvision", "timm")


def library_network(source: str) -> nn.Module:
    """The network ``LIBRARY:NAME``, initialised but not trained.

    Raises `StudioError` ``import.source`` for another library, ``import.missing`` for one that is not installed,
    ``import.unknown`` for a name that it has not.
    """
    library, _, name = source.partition(":")
    if library not in LIBRARIES or not name:
        raise StudioError(
            "import.source",
            say("'{source}' is no network of an installed library.", source=shown(source)),
            hint=say("Write torchvision:NAME or timm:NAME."),
        )
    try:
        return _torchvision(name) if library == "torchvision" else _timm(name)
    except ImportError as error:
        if library in sys.modules or (error.name or library).partition(".")[0] != library:
            raise  # What the library itself needs is said by its own name.
        raise StudioError(
            "import.missing",
            say("{library} is not installed.", library=library),
            hint=say("Install it: python -m pip install {library}", library=library),
        ) from None


def _torchvision(name: str) -> nn.Module:
    import torchvision

    names = torchvision.models.list_models(module=torchvision.models)
    _check(name, names, "torchvision")
    # Drawing initial weights of these two takes a minute, and whoever imports wants the drawing.
    more = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    network: nn.Module = torchvision.models.get_model(name, weights=None, **more)
    return network


def _timm(name: str) -> nn.Module:
    import timm

    _check(name, timm.list_models(), "timm")
    network: nn.Module = timm.create_model(name, pretrained=False)
    return network


def input_of(network: nn.Module) -> tuple[int, int, int]:
    """The shape of the images that a library's network is for."""
    settings = getattr(network, "default_cfg", None)
    size = settings.get("input_size") if isinstance(settings, dict) else None
    if size is not None and len(size) == 3:
        return int(size[0]), int(size[1]), int(size[2])
    side = 299 if type(network).__name__ == "Inception3" else 224
    return 3, side, side


def _check(name: str, names: list[str], library: str) -> None:
    if name not in names:
        raise StudioError(
            "import.unknown",
            say("{library} has no network '{name}'.", library=library, name=shown(name)),
            hint=suggestion(name, names),
        )
