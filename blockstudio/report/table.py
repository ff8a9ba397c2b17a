"""A table as data, written as aligned text, Markdown, CSV or LaTeX."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

from blockstudio.errors import StudioError


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under headings, with notes below."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: str = ""
    """``r`` for each column that is set flush right; blanks and what is missing are flush left."""
    notes: Sequence[str] = field(default=())

    def text(self) -> str:
        """Aligned columns, two spaces apart."""
        widths = [max(map(len, column)) for column in zip(self.headings, *self.rows, strict=True)]
        lines = []
        for row in (self.headings, *self.rows):
            cells = [
                cell.rjust(width) if flush else cell.ljust(width)
                for cell, width, flush in zip(row, widths, self._flush(), strict=True)
            ]
            lines.append("  ".join(cells).rstrip())
        return "\n".join([*lines, *([""] if self.notes else []), *self.notes])

    def markdown(self) -> str:
        """A table of GitHub's Markdown; indentation is kept by no-break spaces."""
        rule = ["---:" if flush else "---" for flush in self._flush()]
        rows = [[_keep_indent(cell.replace("|", "\\|"), "\N{NO-BREAK SPACE}") for cell in row] for row in self.rows]
        lines = ["| " + " | ".join(row) + " |" for row in (self.headings, rule, *rows)]
        return "\n".join([*lines, *(line for note in self.notes for line in ("", note))])

    def csv(self) -> str:
        """Comma-separated values with plain numbers (no thousands separators), without the notes."""
        target = io.StringIO()
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(self.headings)
        writer.writerows([_plain_number(cell.strip()) for cell in row] for row in self.rows)
        return target.getvalue().rstrip("\n")

    def latex(self) -> str:
        """A ``tabular`` in the style of the ``booktabs`` package."""
        columns = "".join("r" if flush else "l" for flush in self._flush())
        lines = [" & ".join(map(_latex, row)) + r" \\" for row in (self.headings, *self.rows)]
        body = ["\\toprule", lines[0], "\\midrule", *lines[1:], "\\bottomrule"]
        notes = [f"% {line}" for note in self.notes for line in note.splitlines()]
        return "\n".join([f"\\begin{{tabular}}{{{columns}}}", *body, "\\end{tabular}", *notes])

    def _flush(self) -> list[bool]:
        return [letter == "r" for letter in self.right.ljust(len(self.headings))]


FORMATS = {".md": Table.markdown, ".csv": Table.csv, ".tex": Table.latex, ".txt": Table.text}
"""How a table is written, by the ending of the file."""


def write_as(table: Table, ending: str) -> str:
    """The table in the form that ``ending`` stands for. Raises `StudioError` ``table.format``."""
    if ending not in FORMATS:
        raise StudioError("table.format", f"'{ending}' is no form of a table.", hint="Use " + ", ".join(FORMATS) + ".")
    return FORMATS[ending](table)


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
    "×": r"$\times$", "→": r"$\to$", "−": "$-$", "≠": r"$\neq$", "⌊": r"$\lfloor$",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    **{sign: f"$^{{{digit}}}$" for digit, sign in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
}  # fmt: skip
