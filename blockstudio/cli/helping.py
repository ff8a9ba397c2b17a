"""Help and mistakes of arguments in the reader's language: what argparse says of its own is English."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from typing import Any

from blockstudio.report.columns import cells_of, wrapped
from blockstudio.text import Text, render, say

MISTAKES = (
    (r"the following arguments are required: (?P<names>.+)", say("these arguments are missing: {names}")),
    (r"argument (?P<name>.+?): expected one argument", say("{name} needs a value")),
    (r"argument (?P<name>.+?): expected at least one argument", say("{name} needs at least one value")),
    (r"argument (?P<name>.+?): expected (?P<count>\d+) arguments", say("{name} needs {count} values")),
    (r"argument (?P<name>.+?): invalid choice: (?P<found>.+?) \(choose from (?P<choices>.+)\)",
     say("{name} is one of {choices}, found {found}")),
    (r"argument (?P<name>.+?): invalid int value: (?P<found>.+)", say("{name} is a whole number, found {found}")),
    (r"argument (?P<name>.+?): invalid float value: (?P<found>.+)", say("{name} is a number, found {found}")),
    (r"argument (?P<name>.+?): not allowed with argument (?P<other>.+)", say("{name} does not go with {other}")),
    (r"one of the arguments (?P<names>.+) is required", say("one of {names} is missing")),
    (r"ambiguous option: (?P<name>\S+) could match (?P<names>.+)", say("{name} may be any of {names}")),
    (r"argument (?P<name>.+?): ignored explicit argument (?P<found>.+)", say("{name} takes no value, found {found}")),
)  # fmt: skip
"""What argparse says, and the same as a sentence that can be said in other languages."""


def mistake(message: str) -> Text | str:
    """What argparse found wrong; words of its own that are not known stay as they are."""
    for pattern, sentence in MISTAKES:
        found = re.fullmatch(pattern, message)
        if found is not None:
            return Text(sentence.template, found.groupdict())
    return message


class Formatter(argparse.HelpFormatter):
    """Help of a command."""

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[argparse._MutuallyExclusiveGroup],
        prefix: str | None = None,
    ) -> None:
        """The first line, in the reader's language."""
        super().add_usage(usage, actions, groups, render(say("usage: ")) if prefix is None else prefix)

    def _format_usage(self, *given: Any) -> str:
        prefix = given[-1] or ""
        self._width -= cells_of(prefix) - len(prefix)
        try:
            return super()._format_usage(*given)
        finally:
            self._width += cells_of(prefix) - len(prefix)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrapped(" ".join(text.split()), width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(indent + line for line in wrapped(" ".join(text.split()), width - len(indent)))


class AsWritten(Formatter, argparse.RawDescriptionHelpFormatter):
    """Help whose description stands in lines."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return argparse.RawDescriptionHelpFormatter._fill_text(self, text, width, indent)
