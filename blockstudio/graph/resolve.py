"""From raw parameters to values: evaluate the expressions of a block in the scope of its definition."""

from __future__ import annotations

from collections.abc import Mapping

from blockstudio.blocks import Parameter, RawValue, Value
from blockstudio.errors import StudioError
from blockstudio.graph.expressions import parse
from blockstudio.text import say

Scope = Mapping[str, Value]
"""What names mean inside a definition: its parameters, ``in_channels``, and ``i`` for a repeated block."""


def resolve_value(parameter: Parameter, raw: RawValue, scope: Scope) -> Value:
    """The value of one parameter. Raises `StudioError` ``expression.*`` or ``parameter.*``."""
    if isinstance(raw, str):
        if parameter.kind != "text" and raw not in parameter.words:
            # A bare name passes a pair or padding on, which arithmetic could not hold.
            return parameter.check(scope[raw] if raw in scope else parse(raw).evaluate(scope))
    elif isinstance(raw, (list, tuple)) and any(isinstance(item, str) for item in raw):
        return parameter.check([parse(item).evaluate(scope) if isinstance(item, str) else item for item in raw])
    return parameter.check(raw)


def resolve(declared: Mapping[str, Parameter], given: Mapping[str, RawValue], scope: Scope) -> dict[str, Value]:
    """Every declared parameter's value, given ones over defaults. An error stands at the parameter's name."""
    values: dict[str, Value] = {}
    for name, parameter in declared.items():
        try:
            values[name] = resolve_value(parameter, given.get(name, parameter.default), scope)
        except StudioError as error:
            raise error.at(name) from None
    return values


def resolve_flag(raw: bool | str, scope: Scope) -> bool:
    """A bypass: literal or expression."""
    return bool(parse(raw).evaluate(scope)) if isinstance(raw, str) else raw


def resolve_repeat(raw: int | str | None, scope: Scope) -> int | None:
    """A repeat: ``None``, literal or expression with a result from 0 to 10,000."""
    if raw is None or isinstance(raw, int):
        return raw
    value = parse(raw).evaluate(scope)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10_000:
        raise StudioError(
            "parameter.limit",
            say("repeat '{raw}' is {value!r}; expected 0 to 10,000.", raw=raw, value=value),
            where="repeat",
        )
    return value


def is_expression(parameter: Parameter, raw: RawValue) -> bool:
    """Whether a raw value is or holds an expression."""
    if isinstance(raw, str):
        return parameter.kind != "text" and raw not in parameter.words
    return isinstance(raw, (list, tuple)) and any(isinstance(item, str) for item in raw)
