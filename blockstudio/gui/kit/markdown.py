"""Markdown as pieces of text with places: laid out once, painted by anything that can write a line.

Nothing that a text names is fetched or read, and HTML in it stays text.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from PySide6.QtCore import QRectF, QUrl
from PySide6.QtGui import (
    QFont,
    QFontDatabase,
    QFontMetricsF,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextLine,
    QTextListFormat,
)

from blockstudio.gui.kit.theme import font

PX = 12
HEADINGS = {1: 17, 2: 15, 3: 13}
DEEPEST = 24
"""Markers that may stand before a line or words, one in another: of more the text is shown as it is written."""
_DEEP = re.compile(
    rf"(?m)^(?:[ \t]*(?:[>*+-]|\d+[.)])){{{DEEPEST},}}|[\[\]*_~`|!]{{{4 * DEEPEST},}}|(?:\|[^|\n]*){{200,}}"
)
_BULLETS = {QTextBlockFormat.MarkerType.Unchecked: "☐", QTextBlockFormat.MarkerType.Checked: "☑"}


@dataclass(frozen=True, slots=True)
class Run:
    """Words of one look on one line."""

    rect: QRectF
    text: str
    font: QFont
    link: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A text laid out, its upper left corner at (0, 0)."""

    runs: tuple[Run, ...]
    rules: tuple[QRectF, ...]
    """Lines across, and bars beside quotations."""
    grounds: tuple[QRectF, ...]
    """Behind code."""
    height: float
    plain: str
    """The words alone."""


class _Document(QTextDocument):
    def loadResource(self, type: int, name: QUrl | str) -> object:
        """Pictures and style sheets that a text names are not looked at."""
        return None


@lru_cache(maxsize=512)
def laid_out(text: str, width: float) -> Page:
    """A Markdown text in lines of at most ``width`` pixels at 100 %."""
    document = _Document()
    document.setDocumentMargin(0)
    document.setDefaultFont(font(PX))
    if _DEEP.search(text):
        document.setPlainText(text)
    else:
        kind = QTextDocument.MarkdownFeature
        document.setMarkdown(text, kind.MarkdownDialectGitHub | kind.MarkdownNoHTML)
    document.setIndentWidth(16)
    _dress(document)
    document.setTextWidth(width)
    layout = document.documentLayout()
    runs: list[Run] = []
    rules: list[QRectF] = []
    grounds: list[QRectF] = []
    block = document.begin()
    while block.isValid():
        rect = layout.blockBoundingRect(block)
        form = block.blockFormat()
        if form.hasProperty(QTextFormat.Property.BlockTrailingHorizontalRulerWidth):
            rules.append(QRectF(0, rect.center().y(), width, 1))
        if _is_code(form):
            grounds.append(QRectF(0, rect.top() - 1, width, rect.height() + 2))
        if form.hasProperty(QTextFormat.Property.BlockQuoteLevel):
            rules.append(QRectF(2, rect.top(), 2, rect.height()))
        runs += _runs(block, rect)
        block = block.next()
    height = document.size().height()
    return Page(tuple(runs), tuple(rules), tuple(grounds), height, document.toPlainText())


def _dress(document: QTextDocument) -> None:
    """Sizes of headings, the face of code, distances."""
    block = document.begin()
    while block.isValid():
        form, space, cursor = QTextCharFormat(), block.blockFormat(), QTextCursor(block)
        level, fenced = space.headingLevel(), _is_code(space)
        if level or fenced:
            cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
            form.setFont(_mono(PX - 1) if fenced else font(HEADINGS.get(level, PX), bold=True))
            form.setFontFixedPitch(fenced)
            cursor.setCharFormat(form)
        if cursor.currentTable() is None:
            space.setTopMargin(6 if level and block.blockNumber() else 0)
            space.setBottomMargin(1 if fenced else 4)
            if fenced or space.hasProperty(QTextFormat.Property.BlockQuoteLevel):
                space.setLeftMargin(6 if fenced else 10)
                space.setRightMargin(0)
            cursor.setBlockFormat(space)
        block = block.next()


def _is_code(form: QTextBlockFormat) -> bool:
    fence, language = QTextFormat.Property.BlockCodeFence, QTextFormat.Property.BlockCodeLanguage
    return form.hasProperty(fence) or form.hasProperty(language)


def _runs(block: QTextBlock, rect: QRectF) -> Iterator[Run]:
    layout = block.layout()
    if block.textList() is not None and layout.lineCount():
        marker = _BULLETS.get(block.blockFormat().marker(), "")
        style = block.textList().format().style()
        numbered = style in (QTextListFormat.Style.ListDecimal, QTextListFormat.Style.ListLowerAlpha)
        marker = marker or (block.textList().itemText(block) if numbered else "•")
        line = layout.lineAt(0)
        used = font(PX)
        wide = QFontMetricsF(used).horizontalAdvance(marker)
        left = rect.left() + line.x() - wide - 5
        yield Run(QRectF(max(0.0, left), rect.top() + line.y(), wide, line.height()), marker, used)
    lines = [layout.lineAt(index) for index in range(layout.lineCount())]
    starts = [line.textStart() for line in lines]
    text = block.text()
    iterator = block.begin()
    while not iterator.atEnd():
        fragment = iterator.fragment()
        if fragment.isValid():
            start = fragment.position() - block.position()
            form = fragment.charFormat()
            end = start + fragment.length()
            for line in lines[max(0, bisect_right(starts, start) - 1) : bisect_left(starts, end)]:
                run = _piece(text, rect, line, start, end, form)
                if run is not None:
                    yield run
        iterator += 1


def _piece(whole: str, rect: QRectF, line: QTextLine, start: int, end: int, form: QTextCharFormat) -> Run | None:
    first = max(start, line.textStart())
    last = min(end, line.textStart() + line.textLength())
    text = whole[first:last].replace("\ufffc", "")
    if first >= last or not text.strip():
        return None
    x0, x1 = _x(line, first), _x(line, last)
    size = form.intProperty(QTextFormat.Property.FontPixelSize) or PX
    bold = form.fontWeight() > QFont.Weight.Medium
    used = _mono(size) if form.fontFixedPitch() else font(size, bold=bold)
    used.setItalic(form.fontItalic())
    used.setStrikeOut(form.fontStrikeOut())
    place = QRectF(rect.left() + x0, rect.top() + line.y(), x1 - x0, line.height())
    return Run(place, text, used, form.isAnchor())


def _x(line: QTextLine, position: int) -> float:
    # The bindings give the place and the position, the hints one of them.
    found: Any = line.cursorToX(position)
    return float(found[0] if isinstance(found, tuple) else found)


def _mono(px: int) -> QFont:
    made = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    made.setPixelSize(px)
    return made
