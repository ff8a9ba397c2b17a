"""Several errors told at once: whoever wrote a recipe wants to see all that is wrong with it, not the first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from blockstudio.errors import StudioError


class StudioErrors(StudioError):
    """More than one error. `problems` holds them; the message lists them one a line."""

    problems: tuple[StudioError, ...] = ()


def collected(problems: Sequence[StudioError]) -> StudioError:
    """One error for all of ``problems`` (which must not be empty); a single one is returned as it is."""
    flat = list(each(problems))
    if len(flat) == 1:
        return flat[0]
    lines = "\n".join(f"  {problem}" for problem in flat)
    error = StudioErrors("several", f"{len(flat)} things are wrong:\n{lines}")
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
    """Fields of a ``failed`` event; ``problems`` lists the single errors where there are several."""
    fields: dict[str, object] = {
        "code": error.code,
        "message": error.message,
        "where": error.where,
        "hint": error.hint,
    }
    if isinstance(error, StudioErrors):
        fields["problems"] = [as_dict(problem) for problem in error.problems]
    return fields
