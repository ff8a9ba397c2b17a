"""A diagram out of the studio: the ending of the file names the form, `blockstudio.formats` says what writes it.

Nothing here imports torch before a network is written that needs it.
"""

from __future__ import annotations

import os
from pathlib import Path

from blockstudio.compiler.written import Weights
from blockstudio.errors import StudioError
from blockstudio.formats import Written, endings, format_of, listed, rows
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.files import check_target, write_atomic
from blockstudio.needs import explaining
from blockstudio.text import say


def export(
    diagram: Diagram, path: str | os.PathLike[str], *, weights: Weights | None = None, force: bool = False
) -> str:
    """Write the network to ``path`` and return a few words on what was written.

    ``.py``: the source that `compile` executes. ``.onnx`` and ``.pt2``: the network in eval mode, ``(N, C, H, W)``
    to ``(N, num_classes)`` for any N, weights included; ONNX needs the packages onnx and onnxscript.
    ``.safetensors``: the weights alone. ``weights`` is a file or a state dict, see `load_weights`; without it they
    have initial values. The file is complete or not there at all.

    Raises `StudioError`: ``export.kind`` for another ending, ``export.exists`` without ``force``, ``export.missing``
    for a package that is not installed, ``export.failed``, ``file.write``, ``compile.*``, ``weights.*``.
    """
    return str(write_network(diagram, path, weights=weights, force=force))


def write_network(
    diagram: Diagram, path: str | os.PathLike[str], *, weights: Weights | None = None, force: bool = False
) -> Written:
    """As `export`; what was written and whose weights are in it, apart."""
    target = Path(path)
    chosen = format_of(target.name, "network")
    if chosen is None:
        raise StudioError(
            "export.kind",
            say("'{name}' does not end in {endings}.", name=target.name, endings=listed(endings("network"))),
            hint=say(
                "The ending names the format: {rows}.",
                rows="; ".join(f"{row.ending} {row.title}" for row in rows("network")),
            ),
        )
    check_target(target, force)
    with explaining(say("export to {ending}", ending=chosen.ending)):
        written: Written = chosen.writer()(diagram, weights)
    write_atomic(target, written.data)
    return written
