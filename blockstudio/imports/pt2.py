"""A ``.pt2`` file of ``torch.export`` becomes a diagram."""

from __future__ import annotations

import os
from pathlib import Path

from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.imports.modules import drawn
from blockstudio.imports.proving import Report
from blockstudio.imports.pt2_archive import Archive
from blockstudio.imports.pt2_file import Reader
from blockstudio.imports.pt2_proof import prove as check
from blockstudio.text import say


def from_pt2(path: str | os.PathLike[str], *, prove: bool) -> tuple[Diagram, Report]:
    """See `blockstudio.imports.from_pt2`."""
    archive = Archive(Path(path))
    try:
        reader = Reader(archive.program(), archive.name, archive.tensors)
        frame = reader.frame()
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as reason:
        raise StudioError(
            "import.file", say("what it says of the network makes no sense."), where=archive.name
        ) from reason
    diagram, report = drawn(
        frame, len(frame.outputs), Path(path).stem, {"imported": archive.name}, reader.feed.shape[1:]
    )
    if prove:
        check(report, diagram, reader, archive.tensors())
    return diagram, report
