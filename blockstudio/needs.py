"""Libraries that only some of the program needs, and what is said where one is missing.

`pip install blockstudio` brings them all. Where a platform has none of them (no PyTorch on an old Mac, no Qt on a
server), everything else works; whoever needs it says so in one sentence.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from blockstudio.errors import StudioError
from blockstudio.text import say


@dataclass(frozen=True, slots=True)
class Library:
    """One library: its modules' first name, what people call it, what pip calls it."""

    module: str
    title: str
    install: str
    broken: str = ""
    """What to do where it is installed and cannot be loaded, if that is known."""


LIBRARIES: dict[str, Library] = {
    library.module: library
    for library in (
        Library("torch", "PyTorch", "torch torchvision", "See https://pytorch.org/get-started/locally/."),
        Library("torchvision", "torchvision", "torch torchvision"),
        Library("safetensors", "safetensors", "safetensors"),
        Library("PySide6", "Qt", '"PySide6-Essentials>=6.8.3,!=6.12.0"',
                "On Debian and Ubuntu: apt-get install libegl1 libgl1 libxkbcommon-x11-0 libdbus-1-3 libfontconfig1."),
        Library("PIL", "Pillow", "pillow"),
        Library("onnx", "onnx", "onnx onnxscript"),
        Library("onnxscript", "onnxscript", "onnx onnxscript"),
        Library("shtab", "shtab", "shtab"),
        Library("ray", "Ray", "ray"),
        Library("submitit", "submitit", "submitit"),
    )
}  # fmt: skip
"""By the first name of their modules."""


def installed(module: str) -> bool:
    """Whether a library is there, without loading it."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def need(module: str, what: str) -> None:
    """Raises `StudioError` ``install.missing`` unless the library is there; ``what`` needs it."""
    if not installed(module):
        raise _missing(LIBRARIES[module], what)


def explained(error: ImportError, what: str) -> StudioError | None:
    """What an import that failed means to a person: ``install.missing`` or ``install.broken``; ``None`` if it is none
    of these libraries."""
    library = LIBRARIES.get((error.name or "").split(".")[0]) or _importing(error)
    if library is None:
        return None
    if isinstance(error, ModuleNotFoundError) and not installed(library.module):
        return _missing(library, what)
    text = say("{what} needs {title}, which cannot be loaded: {error}.", what=what, title=library.title, error=error)
    hint = library.broken or say("Install it again: python -m pip install {name}", name=library.install)
    return StudioError("install.broken", text, hint=hint)


@contextmanager
def explaining(what: str) -> Iterator[None]:
    """Within, a library that is missing is a `StudioError` that says what to install."""
    try:
        yield
    except ImportError as error:
        found = explained(error, what)
        if found is None:
            raise
        raise found from error


def _importing(error: ImportError) -> Library | None:
    """The library in whose own code an import failed that does not say what it is of, or is of a part of it."""
    trace, found = error.__traceback__, None
    while trace is not None:
        found = LIBRARIES.get(str(trace.tb_frame.f_globals.get("__name__")).split(".")[0]) or found
        trace = trace.tb_next
    return found


def _missing(library: Library, what: str) -> StudioError:
    return StudioError(
        "install.missing",
        say("{what} needs {title}, which is not installed.", what=what, title=library.title),
        hint=say("Install: python -m pip install {name}", name=library.install),
    )
