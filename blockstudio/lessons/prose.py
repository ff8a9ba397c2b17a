"""A lesson's Markdown as HTML: what prose of a lesson needs, and all else stays text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import groupby

_ITEM = re.compile(r"\s*(?:([-*+])|\d{1,3}[.)])\s+")
_DEEPER = re.compile(r"#{4,6}\s+")
_RULE = re.compile(r"\|[\s:|-]+\|?\s*")
_WEB = re.compile(r"https?://[^\s\"'<>]+")


def to_html(markdown: str) -> str:
    """Paragraphs, lists, tables, deeper headings, fenced code, and within a line bold, italics, code and links to the
    web. Pictures are their words."""
    parts: list[str] = []
    for index, piece in enumerate(re.split(r"^```[^\n]*\n(.*?)^```\s*$", markdown, flags=re.MULTILINE | re.DOTALL)):
        if index % 2:
            parts.append(f"<pre>{html.escape(piece.rstrip())}</pre>")
            continue
        for paragraph in re.split(r"\n\s*\n", piece.strip()):
            parts += _paragraph(paragraph.split("\n"))
    return "\n".join(parts)


def _paragraph(lines: list[str]) -> Iterator[str]:
    """Lines without an empty one between, by what they are: items, rows, a heading, text."""
    last = ""
    kinds: list[tuple[str, str]] = []
    for line in lines:
        item = _ITEM.match(line)
        if item is not None:
            last = "ul" if item[1] else "ol"
        elif line.lstrip().startswith("|"):
            last = "table"
        elif _DEEPER.match(line):
            last = "h4"
        elif last in ("ul", "ol") and line.startswith("  "):
            kinds[-1] = last, f"{kinds[-1][1]} {line.strip()}"  # the item goes on
            continue
        elif line.strip():
            last = "p"
        else:
            continue
        kinds.append((last, line.strip()))
    for kind, group in groupby(kinds, lambda each: each[0]):
        found = [line for _, line in group]
        match kind:
            case "ul" | "ol":
                items = "".join(f"<li>{inline(_ITEM.sub('', line, count=1))}</li>" for line in found)
                yield f"<{kind}>{items}</{kind}>"
            case "table":
                yield "<table>" + "".join(map(_row, (line for line in found if not _RULE.fullmatch(line)))) + "</table>"
            case "h4":
                yield from (f"<h4>{inline(_DEEPER.sub('', line, count=1))}</h4>" for line in found)
            case _:
                yield f"<p>{inline(' '.join(found))}</p>"


def _row(line: str) -> str:
    return "<tr>" + "".join(f"<td>{inline(cell.strip())}</td>" for cell in line.strip("|").split("|")) + "</tr>"


def inline(text: str) -> str:
    """Bold, italics, code and links of a line."""
    parts = re.split(r"`([^`]+)`", text)
    for index, part in enumerate(parts):
        safe = html.escape(part, quote=False)
        if index % 2:
            parts[index] = f"<code>{safe}</code>"
        else:
            safe = re.sub(r"\*\*([^*]+)\*\*", r"<b>\1</b>", safe)
            safe = re.sub(r"\*([^*\s][^*]*)\*", r"<i>\1</i>", safe)
            parts[index] = re.sub(r"!?\[([^\]]*)\]\(([^)\s]*)\)", _link, safe)
    return "".join(parts)


def _link(found: re.Match[str]) -> str:
    web = not found[0].startswith("!") and _WEB.fullmatch(found[2])
    return f'<a href="{found[2]}">{found[1]}</a>' if web else found[1]
