"""What names mean where the user stands."""

from __future__ import annotations

from blockstudio.blocks import Value
from blockstudio.gui.document.session import Session


def scope_of(session: Session, block: str | None = None) -> dict[str, Value]:
    """What names mean on the level in view, for an expression of ``block``: the declared parameters with the
    values they have in this instance, ``in_channels``, and ``i`` if the block is repeated."""
    scope = {name: value for name, value in session.level.values.items() if value is not None}
    if block is not None and block in session.definition.graph and session.definition.block(block).repeat is not None:
        scope["i"] = 0
    return scope
