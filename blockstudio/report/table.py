"""A table as data, written as aligned text, Markdown, CSV or LaTeX."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from blockstudio.errors import StudioError
from blockstudio.formats import FORMATS, endings, listed
from blockstudio.report.columns import cells_of
from blockstudio.text import render, say


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under headings, with notes below, in the language in use when it is made."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: str = ""
    """``r`` for each column that is set flush right; blanks and what is missing are flush left."""
    notes: Sequence[str] = field(default=())

    def __post_init__(self) -> None:
        # A network may be called anything; a line break in its name would tear the table apart.
        object.__setattr__(self, "headings", tuple(map(_told, self.headings)))
        object.__setattr__(self, "rows", [tuple(map(_told, row)) for row in self.rows])
        object.__setattr__(self, "notes", [_clean(render(note)) for note in self.notes])

    def text(self) -> str:
        """Aligned columns, two spaces apart."""
        widths = [max(map(cells_of, column)) for column in zip(self.headings, *self.rows, strict=True)]
        lines = []
        for row in (self.headings, *self.rows):
            cells = [
                " " * (width - cells_of(cell)) + cell if flush else cell + " " * (width - cells_of(cell))
                for cell, width, flush in zip(row, widths, self._flush(), strict=True)
            ]
            lines.append("  ".join(cells).rstrip())
        return "\n".join([*lines, *([""] if self.notes else []), *self.notes])

    def markdown(self) -> str:
        """A table of GitHub's Markdown; indentation is kept by no-break spaces."""
        rule = ["---:" if flush else "---" for flush in self._flush()]
        rows = [[_keep_indent(_markdown(cell), "\N{NO-BREAK SPACE}") for cell in row] for row in self.rows]
        lines = ["| " + " | ".join(row) + " |" for row in (map(_markdown, self.headings), rule, *rows)]
        return "\n".join([*lines, *(line for note in self.notes for line in ("", note.replace("<", "&lt;")))])

    def csv(self) -> str:
        """Comma-separated values with plain numbers (no thousands separators), without the notes."""
        target = io.StringIO()
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(map(_no_formula, self.headings))
        writer.writerows([_no_formula(_plain_number(cell.strip())) for cell in row] for row in self.rows)
        return target.getvalue().rstrip("\n")

    def latex(self) -> str:
        """A ``tabular`` in the style of the ``booktabs`` package."""
        columns = "".join("r" if flush else "l" for flush in self._flush())
        lines = [_protected(" & ".join(map(_latex, row))) + r" \\" for row in (self.headings, *self.rows)]
        body = ["\\toprule", lines[0], "\\midrule", *lines[1:], "\\bottomrule"]
        notes = [f"% {line}" for note in self.notes for line in note.splitlines()]
        return "\n".join([f"\\begin{{tabular}}{{{columns}}}", *body, "\\end{tabular}", *notes])

    def _flush(self) -> list[bool]:
        return [letter == "r" for letter in self.right.ljust(len(self.headings))]


_NUMBER = re.compile(r"[+-]?[\d.,]+(e[+-]?\d+)?( ?[%\w]+)?")


def write_as(table: Table, ending: str) -> str:
    """The table in the form that ``ending`` stands for. Raises `StudioError` ``table.format``."""
    form = FORMATS.get(ending)
    if form is None or form.kind != "table":
        raise StudioError(
            "table.format",
            say("'{ending}' is no form of a table.", ending=ending),
            hint=say("Use {endings}.", endings=listed(endings("table"))),
        )
    return str(form.writer()(table))


def _clean(text: str) -> str:
    """Without signs that cannot be printed; the lines of a note stay."""
    return "".join(letter if letter.isprintable() or letter in "\n\N{NO-BREAK SPACE}" else " " for letter in text)


def _told(text: str) -> str:
    """In the reader's language, on one line."""
    return _clean(render(text)).replace("\n", " ")


def _markdown(cell: str) -> str:
    return cell.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


def _no_formula(cell: str) -> str:
    """A name that a spreadsheet would compute is kept as text by an apostrophe; numbers stay numbers."""
    risky = cell[:1] in ("=", "+", "-", "@") and len(cell) > 1 and not _NUMBER.fullmatch(cell)
    return f"'{cell}" if risky else cell


def _protected(row: str) -> str:
    """What follows a line's end in brackets, or a star, would be an option of that end."""
    return f"{{{row[0]}}}{row[1:]}" if row[:1] in ("[", "*") else row


def _keep_indent(cell: str, blank: str) -> str:
    inner = cell.lstrip(" ")
    return blank * (len(cell) - len(inner)) + inner


def _plain_number(cell: str) -> str:
    digits = cell.replace(",", "").replace("−", "-").removeprefix("+")
    whole = digits.removeprefix("-")
    return digits if whole.isdecimal() and whole.isascii() else cell


def _latex(cell: str) -> str:
    inner = cell.lstrip(" ")
    return "~" * (len(cell) - len(inner)) + "".join(_LATEX.get(letter, letter) for letter in inner)


_LATEX = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": "$<$", ">": "$>$", "|": "$|$",
    "×": r"$\times$", "→": r"$\to$", "−": "$-$", "≠": r"$\neq$", "⌊": r"$\lfloor$",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    **{sign: f"$^{{{digit}}}$" for digit, sign in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
}  # fmt: skip
