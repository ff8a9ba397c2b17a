"""Parameters of a block in one context. An error in one leaves the others standing."""

from __future__ import annotations

from collections.abc import Mapping

from blockstudio.analysis.issues import Issue
from blockstudio.blocks import Parameter, RawValue, Value
from blockstudio.errors import StudioError
from blockstudio.graph.expressions import parse
from blockstudio.graph.resolve import is_expression, resolve_flag, resolve_repeat, resolve_value


def names_in(raw: object) -> frozenset[str]:
    """The names that a raw value's expressions use; none if it does not parse."""
    if isinstance(raw, str):
        try:
            return parse(raw).names
        except StudioError:
            return frozenset()
    if isinstance(raw, (list, tuple)):
        return frozenset().union(*map(names_in, raw))
    return frozenset()


def parameter_names(declared: Mapping[str, Parameter], given: Mapping[str, RawValue]) -> dict[str, frozenset[str]]:
    """The parameters that hold expressions, each with the names it uses."""
    return {key: names_in(raw) for key, raw in given.items() if key in declared and is_expression(declared[key], raw)}


class Names(dict[str, Value | None]):
    """What names mean in a definition. ``None``: the name has a meaning that a mistake elsewhere hides."""

    def __init__(self, values: Mapping[str, Value | None]) -> None:
        super().__init__(values)
        self.hidden = frozenset([name for name, value in values.items() if value is None])

    def at(self, index: int) -> Names:
        """The same for one copy of a repeated block."""
        names = Names.__new__(Names)
        names.update(self)
        names["i"] = index
        names.hidden = self.hidden
        return names


def resolve_known(
    declared: Mapping[str, Parameter],
    given: Mapping[str, RawValue],
    known: Names,
    uses: Mapping[str, frozenset[str]],
    fixed: Mapping[str, Value | None],
    issues: list[Issue],
) -> dict[str, Value | None]:
    """``fixed`` values with the expressions among them (``uses``) worked out. One that fails adds an issue, one that
    uses a hidden name adds none; both are ``None``."""
    values = dict(fixed)
    hidden = known.hidden
    for key, names in uses.items():
        values[key] = None
        if hidden and names & hidden:
            continue
        try:
            values[key] = resolve_value(declared[key], given[key], known)  # type: ignore[arg-type]
        except StudioError as error:
            issues.append(Issue.of(error, key))
    return values


def known_flag(raw: bool | str, known: Names, issues: list[Issue]) -> bool | None:
    """A bypass; ``None`` if it cannot be known."""
    if isinstance(raw, bool):
        return raw
    if known.hidden and names_in(raw) & known.hidden:
        return None
    try:
        return resolve_flag(raw, known)  # type: ignore[arg-type]
    except StudioError as error:
        issues.append(Issue.of(error, "bypass"))
        return None


def known_repeat(raw: int | str, known: Names, issues: list[Issue]) -> int | None:
    """A repeat; ``None`` if it cannot be known."""
    if isinstance(raw, int):
        return raw
    if known.hidden and names_in(raw) & known.hidden:
        return None
    try:
        return resolve_repeat(raw, known)  # type: ignore[arg-type]
    except StudioError as error:
        issues.append(Issue.of(error, "repeat"))
        return None
