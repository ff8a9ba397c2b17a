"""A recipe field's value as a form writes it."""

from __future__ import annotations

from blockstudio.gui.kit import value_text as values


def field_value_text(value: object) -> str:
    """``None`` is empty: chosen for the data and network."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return values.ON if value else values.OFF
    if isinstance(value, tuple):
        return ", ".join(item if isinstance(item, str) else f"{item:g}" for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
