"""What is wrong with one block in one context, before it is known where in the diagram it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from blockstudio.errors import StudioError

Severity: TypeAlias = Literal["error", "warning"]

_EXPECTED = re.compile(r"expected (.+), found (.+)\.$")


@dataclass(frozen=True, slots=True)
class Issue:
    """A finding of a rule. It does not name its block, so that equal blocks share one."""

    code: str
    message: str
    severity: Severity = "error"
    parameter: str = ""
    """The field of the block on which it stands: a parameter, ``repeat`` or ``bypass``."""
    port: str = ""
    """The input or output on which it stands."""
    hint: str = ""
    expected: str = ""
    found: str = ""
    data: tuple[Any, ...] = field(default=(), compare=False)
    """What a fix may want to know."""

    @classmethod
    def of(cls, error: StudioError, parameter: str = "") -> Issue:
        """The finding that ``error`` tells of."""
        told = _EXPECTED.search(error.message)
        expected, found = told.groups() if told else ("", "")
        return cls(error.code, error.message, parameter=parameter, hint=error.hint, expected=expected, found=found)
