"""Errors on their way from one process to another, alone or several at once.

With ``--json`` a command answers with one JSON object on standard output, and where it fails with one on standard
error: ``{"code": …, "message": …, "where": …, "hint": …}``, the fields of the `StudioError`. Whoever started it reads
both with `read_answer`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blockstudio.errors import StudioError
from blockstudio.text import Text, from_data, join, say, to_data

JSON = "--json"
"""The option with which a command answers a program."""
FIELDS = ("code", "message", "where", "hint")
_LONGEST = 300
"""Characters of a line of a broken command that are shown."""


class StudioErrors(StudioError):
    """More than one error. `problems` holds them; the message lists them one a line."""

    problems: tuple[StudioError, ...] = ()


def collected(problems: Sequence[StudioError]) -> StudioError:
    """One error for all of ``problems`` (which must not be empty); a single one is returned as it is."""
    flat = list(each(problems))
    if len(flat) == 1:
        return flat[0]
    lines = join([Text("  {problem}", {"problem": problem.text}) for problem in flat], "\n")
    error = StudioErrors("several", say("{count} things are wrong:\n{lines}", count=len(flat), lines=lines))
    error.problems = tuple(flat)
    return error


def each(problems: Iterable[StudioError]) -> Iterable[StudioError]:
    """Single errors, with collected ones taken apart."""
    for problem in problems:
        if isinstance(problem, StudioErrors):
            yield from problem.problems
        else:
            yield problem


def as_dict(error: StudioError) -> dict[str, object]:
    """The parts of an error, for JSON; ``problems`` lists the single errors where there are several."""
    fields: dict[str, object] = {name: str(getattr(error, name)) for name in FIELDS}
    if isinstance(error, StudioErrors):
        fields["problems"] = [as_dict(problem) for problem in error.problems]
    return fields


def from_dict(fields: Mapping[str, Any]) -> StudioError:
    """The error that `as_dict` took apart."""
    problems = fields.get("problems")
    if problems:
        return collected([from_dict(problem) for problem in problems])
    texts = fields.get("texts", {})
    code, message, where, hint = (
        from_data(texts[name]) if name in texts else str(fields.get(name, "")) for name in FIELDS
    )
    return StudioError(code, message, where=where, hint=hint)


def error_line(error: StudioError) -> str:
    """The error as one line of JSON. Its sentences are English there; ``texts`` holds what they were made of, so that
    the reader can have them in another language."""
    return json.dumps(_with_texts(as_dict(error), error), ensure_ascii=False)


def _with_texts(fields: dict[str, object], error: StudioError) -> dict[str, object]:
    if isinstance(error, StudioErrors):
        several = [_with_texts(as_dict(problem), problem) for problem in error.problems]
        return {**fields, "problems": several}
    texts = {name: to_data(value) for name in FIELDS if isinstance(value := getattr(error, name), Text)}
    return {**fields, "texts": texts} if texts else fields


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended."""

    code: int
    """Its exit code; negative if the system ended it."""
    out: str
    """What it wrote to standard output."""
    error: StudioError | None = None
    """Why it failed; ``None`` if it did what it was asked for."""

    @property
    def value(self) -> Any:
        """What it answered, read from JSON."""
        return json.loads(self.out)


def read_answer(code: int, out: str, err: str, what: str = "the command") -> Answer:
    """The answer of a command that was started with `JSON`. A command that ended without a word (killed, broken, not
    a command of this program) has an error as well: ``child.killed`` or ``child.broken``."""
    if code == 0 or (code > 0 and _object(out) is not None):  # exit code 1: answered, and something is wrong with it
        return Answer(code, out)
    lines = [line for line in err.splitlines() if line.strip()]
    for line in reversed(lines):  # libraries warn on standard error too
        fields = _object(line)
        if fields is not None and {"code", "message"} <= fields.keys():
            return Answer(code, out, from_dict(fields))
    if code < 0:
        error = StudioError("child.killed", say("{what} was ended by the system; memory may be short.", what=what))
    elif lines:
        last = lines[-1].strip()[:_LONGEST]
        text = say("{what} ended with exit code {code}: {last}", what=what, code=code, last=last)
        error = StudioError("child.broken", text)
    else:
        text = say("{what} ended with exit code {code} without saying why.", what=what, code=code)
        error = StudioError("child.broken", text)
    return Answer(code, out, error)


def _object(text: str) -> dict[str, Any] | None:
    text = text.strip()
    if not text.startswith("{"):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
