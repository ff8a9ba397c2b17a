"""Parameters of a block in one context. An error in one leaves the others standing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from blockstudio.analysis.issues import Issue
from blockstudio.blocks import Parameter, RawValue, Value
from blockstudio.errors import StudioError
from blockstudio.graph.expressions import parse
from blockstudio.graph.resolve import is_expression, resolve_flag, resolve_repeat, resolve_value

Known: TypeAlias = Mapping[str, Value | None]
"""What names mean in a definition. ``None``: the name has a meaning that a mistake elsewhere hides."""


def names_in(raw: object) -> frozenset[str]:
    """The names that a raw value's expressions use; none if it does not parse."""
    if isinstance(raw, str):
        try:
            return parse(raw).names
        except StudioError:
            return frozenset()
    if isinstance(raw, list | tuple):
        return frozenset().union(*map(names_in, raw))
    return frozenset()


def parameter_names(declared: Mapping[str, Parameter], given: Mapping[str, RawValue]) -> dict[str, frozenset[str]]:
    """The parameters that hold expressions, each with the names it uses."""
    return {key: names_in(raw) for key, raw in given.items() if key in declared and is_expression(declared[key], raw)}


def resolve_known(
    declared: Mapping[str, Parameter],
    given: Mapping[str, RawValue],
    known: Known,
    uses: Mapping[str, frozenset[str]],
    fixed: Mapping[str, Value | None],
    issues: list[Issue],
) -> dict[str, Value | None]:
    """``fixed`` values with the expressions among them (``uses``) worked out. One that fails adds an issue, one that
    uses a hidden name adds none; both are ``None``."""
    values = dict(fixed)
    for key, names in uses.items():
        values[key] = None
        if any(known.get(name, 0) is None for name in names):
            continue
        try:
            values[key] = resolve_value(declared[key], given[key], known)  # type: ignore[arg-type]
        except StudioError as error:
            issues.append(Issue.of(error, key))
    return values


def resolve_literals(
    declared: Mapping[str, Parameter], given: Mapping[str, RawValue], uses: Mapping[str, object], issues: list[Issue]
) -> dict[str, Value | None]:
    """Every declared parameter in order: literals and defaults checked, expressions (``uses``) ``None``."""
    values: dict[str, Value | None] = {}
    for key, parameter in declared.items():
        values[key] = None
        if key not in uses:
            try:
                values[key] = parameter.check(given.get(key, parameter.default))
            except StudioError as error:
                issues.append(Issue.of(error, key))
    return values


def known_flag(raw: bool | str, known: Known, issues: list[Issue]) -> bool | None:
    """A bypass; ``None`` if it cannot be known."""
    if isinstance(raw, bool):
        return raw
    if any(known.get(name, 0) is None for name in names_in(raw)):
        return None
    try:
        return resolve_flag(raw, known)  # type: ignore[arg-type]
    except StudioError as error:
        issues.append(Issue.of(error, "bypass"))
        return None


def known_repeat(raw: int | str, known: Known, issues: list[Issue]) -> int | None:
    """A repeat; ``None`` if it cannot be known."""
    if isinstance(raw, int):
        return raw
    if any(known.get(name, 0) is None for name in names_in(raw)):
        return None
    try:
        return resolve_repeat(raw, known)  # type: ignore[arg-type]
    except StudioError as error:
        issues.append(Issue.of(error, "repeat"))
        return None
