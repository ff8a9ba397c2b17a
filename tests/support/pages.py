"""Code that stands in the pages of the documentation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


@dataclass(frozen=True, slots=True)
class Code:
    """A fenced block of a page."""

    language: str
    text: str
    heading: str
    """The last heading before it."""
    before: str
    """The last line before it that is not empty."""


def code(page: Path, language: str = "python") -> list[Code]:
    """The fenced blocks of one language, in order."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in re.finditer(r"^```(\w*)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL):
        above = text[: match.start()].rstrip()
        headings = re.findall(r"^#+ (.*)$", above, flags=re.MULTILINE)
        found.append(Code(match[1], match[2], headings[-1] if headings else "", above.splitlines()[-1]))
    return [each for each in found if each.language == language]
