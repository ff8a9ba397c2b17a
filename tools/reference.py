"""Build the reference of the Python interface from its docstrings, as HTML pages: python tools/reference.py [folder]

The folder is ``build/reference`` by default. The pages are made by pdoc, which comes with the test extra.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pdoc
import pdoc.doc
import pdoc.render

ROOT = Path(__file__).resolve().parent.parent
MODULES = (
    "blockstudio",
    "blockstudio.analysis",
    "blockstudio.blocks",
    "blockstudio.runs",
    "blockstudio.text",
)
"""What scripts, authors of block types and readers of runs import. ``__all__`` of each says what is public."""


_own = pdoc.doc.Class.own_members.func


def _members(cls: pdoc.doc.Class) -> list[pdoc.doc.Doc]:
    """What a class of the program has from another one of it, too: the reader need not know where a method stands."""
    others = [
        member
        for (module, _), members in cls.inherited_members.items()
        if module.split(".")[0] == "blockstudio"
        for member in members
    ]
    return [*_own(cls), *others]


def build(folder: Path) -> list[Path]:
    """Write the pages.

    Args:
        folder: Where they go; made where it is missing.

    Returns:
        The files.
    """
    pdoc.doc.Class.own_members = property(_members)
    pdoc.render.configure(docformat="google", show_source=False)
    pdoc.pdoc(*MODULES, output_directory=folder)
    return sorted(folder.rglob("*.html"))


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "reference"
    print(f"{len(build(target))} pages in {target}")
