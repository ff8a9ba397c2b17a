"""Text in columns of a terminal, in which a Chinese letter takes two."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from unicodedata import combining, east_asian_width

from blockstudio.text import ENGLISH, language

_PARTS = re.compile(r"\s+|[^\s\u2e80-\uffef]+|[\u2e80-\uffef][，。；：、）”》！？]*")


def cells_of(text: str) -> int:
    """How many columns a line takes: a mark above another letter takes none."""
    return sum(0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` columns. Between Chinese letters one may end anywhere, but a mark that ends a part of
    a sentence stays behind it."""
    return textwrap.wrap(text, width) if language() == ENGLISH else list(_lines(text, width))


def _lines(text: str, width: int) -> Iterator[str]:
    line = ""
    for part in _PARTS.findall(text):
        if line.strip() and cells_of(line + part.rstrip()) > width:
            yield line.rstrip()
            line = ""
        if line or not part.isspace():
            line += " " if part.isspace() else part
    if line.strip():
        yield line.rstrip()
