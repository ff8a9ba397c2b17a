"""The base of all edits."""

from __future__ import annotations

import msgspec

from blockstudio.graph.contents import Contents


class EditBase(msgspec.Struct, frozen=True, kw_only=True, tag=True, forbid_unknown_fields=True):
    """`apply` changes the diagram and returns the inverse, or raises `StudioError` and changes nothing."""

    def apply(self, diagram: Contents) -> EditBase:
        raise NotImplementedError
