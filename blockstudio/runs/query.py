"""A filter of runs as a person types it: ``data = fashion-mnist, test > 85, tag:batchnorm, three``."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from blockstudio.errors import StudioError, shown
from blockstudio.runs.columns import Column, column_of, value_text
from blockstudio.runs.rows import Listed
from blockstudio.text import say

Test: TypeAlias = Callable[[Listed], bool]

_TERM = re.compile(r"\s*(?P<key>[^=<>!≠≤≥:,\"]+?)\s*(?P<sign><=|>=|!=|≠|≤|≥|=|<|>|:)\s*(?P<value>.*)", re.DOTALL)
_SPLIT = re.compile(r",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)|\s+and\s+", re.IGNORECASE)
_SIGNS = {"≠": "!=", "≤": "<=", "≥": ">="}


def filtered(rows: Sequence[Listed], text: str) -> list[Listed]:
    """The runs that fit a filter.

    Args:
        rows: Runs.
        text: Terms divided by commas, all of which have to hold: ``KEY SIGN VALUE`` with ``=``, ``!=``, ``<``, ``<=``,
            ``>``, ``>=``; ``tag:NAME``; or a word that stands in name, network, data, tags or note. Shares are
            written in percent.

    Raises:
        StudioError: ``runs.column`` for what runs do not have, ``runs.filter`` for a value that cannot be compared.
    """
    tests = [_test(term, rows) for term in _SPLIT.split(text) if term.strip()]
    return [row for row in rows if all(test(row) for test in tests)]


def _test(term: str, rows: Iterable[Listed]) -> Test:
    found = _TERM.fullmatch(term)
    if found is None:
        word = _plain(term.strip().strip('"'))
        return lambda row: any(word in _plain(text) for text in _texts(row))
    key, sign, value = found["key"], _SIGNS.get(found["sign"], found["sign"]), found["value"].strip().strip('"')
    if not value:
        raise StudioError("runs.filter", say("'{term}' has no value.", term=shown(term.strip())),
                          hint=say("For example: test > 85"))  # fmt: skip
    if key.strip().lower() in ("tag", "tags"):
        wanted = _plain(value)
        is_there: Test = lambda row: wanted in map(_plain, row.label.tags)  # noqa: E731
        return (lambda row: not is_there(row)) if sign == "!=" else is_there
    column = column_of(key, rows)
    sign = "=" if sign == ":" else sign
    number = _number(value)
    if sign not in ("=", "!=") and (number is None or (column.kind == "text" and not _is_counted(column, rows))):
        raise StudioError(
            "runs.filter",
            say(
                "'{value}' cannot be compared with {name} by '{sign}'.",
                value=shown(value),
                name=column.title,
                sign=sign,
            ),
            hint=say("Use = or !=, or a number."),
        )
    return lambda row: _holds(column, column.value(row), sign, value, number)


def _is_counted(column: Column, rows: Iterable[Listed]) -> bool:
    """Whether a column of any values holds numbers."""
    return any(isinstance(column.value(row), int | float) for row in rows)


def _holds(column: Column, value: Any, sign: str, text: str, number: float | None) -> bool:
    if isinstance(value, int | float) and not isinstance(value, bool) and number is not None:
        wanted = number / 100 if column.kind == "share" else number
        if sign in ("=", "!="):
            # A share is as it is shown: to a tenth of a percent.
            same = abs(value - wanted) < 5e-4 if column.kind == "share" else math.isclose(value, wanted, rel_tol=1e-9)
            return same == (sign == "=")
        return {"<": value < wanted, "<=": value <= wanted, ">": value > wanted, ">=": value >= wanted}[sign]
    if sign in ("=", "!="):
        shown = value if isinstance(value, tuple | list) else (value,)
        same = any(_plain(text) in (_plain(value_text(each)), _plain(str(each))) for each in shown)
        return same == (sign == "=")
    return False


def _texts(row: Listed) -> tuple[str, ...]:
    return (row.name, row.run.name, row.network, row.data_title, row.label.note, row.inside, *row.label.tags)


def _number(text: str) -> float | None:
    try:
        number = float(text.removesuffix("%").strip().replace(",", ""))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _plain(text: str) -> str:
    """As it is compared: small letters, and what divides words left out."""
    return re.sub(r"[\s_-]+", "", text.lower())
