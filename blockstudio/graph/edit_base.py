"""The base of all edits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from blockstudio.graph.diagram import Diagram
    from blockstudio.graph.edits import Edit


class EditBase(msgspec.Struct, frozen=True, kw_only=True, tag=True, forbid_unknown_fields=True):
    """`apply` changes the diagram and returns the inverse, or raises `StudioError` and changes nothing."""

    def apply(self, diagram: Diagram) -> Edit:
        raise NotImplementedError
