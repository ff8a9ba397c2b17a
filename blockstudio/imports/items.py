"""What a module does, call by call, as whoever looks for ways of writing reads it."""

from __future__ import annotations

from typing import Any, TypeAlias

from blockstudio.imports.trace import Call, Frame

Item: TypeAlias = "Call | Frame"


def operands(call: Call) -> tuple[Any, ...]:
    """The two operands of a sum or product, whether given by place or by name; none for a weighted sum."""
    if call.kwargs.get("alpha", 1) != 1:
        return ()
    return (*call.args, *(value for name, value in call.kwargs.items() if name == "other"))


def one(item: Item) -> Call | None:
    """A call, or the one that is all that a module does."""
    if isinstance(item, Call):
        return item
    calls = [one(each) for each in item.items]
    return calls[0] if len(calls) == 1 else None
