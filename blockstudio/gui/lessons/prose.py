"""Text of a lesson: Markdown in the window's colours, as high as it needs to be. Names of blocks are links to them."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt, QUrl, Signal
from PySide6.QtGui import (
    QDesktopServices,
    QFont,
    QFontDatabase,
    QMouseEvent,
    QResizeEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextBrowser

from blockstudio.gui.kit.parts import shown
from blockstudio.gui.kit.theme import font, notifier, theme

PX, LINE = 13, 21
CODE_PX = 12
BLOCK = "block:"
"""What a link to a block begins with."""


class _Document(QTextDocument):
    def loadResource(self, type: int, name: QUrl | str) -> object:
        """Pictures and style sheets that a text names are not looked at."""
        return None


class Prose(QTextBrowser):
    """See the module's text."""

    block_wanted = Signal(str)
    """A name of a block was clicked: its path."""

    def __init__(self, px: int = PX, *, bold: bool = False, quiet: bool = False) -> None:
        super().__init__()
        self._px, self._bold, self._quiet = px, bold, quiet
        self._text = ""
        self._blocks: Mapping[str, str] = {}
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setProperty("role", "prose")
        self.setDocument(_Document(self))
        self.anchorClicked.connect(self._go)
        notifier.changed.connect(self._dress)

    def show_text(self, text: str, blocks: Mapping[str, str] | None = None) -> None:
        """Show Markdown; ``blocks``: what the names of blocks in it are shown as, by path."""
        self._text, self._blocks = text, blocks or {}
        shown(self, bool(text.strip()))
        self._dress()

    def text(self) -> str:
        """The words alone."""
        return self.document().toPlainText()

    def _go(self, url: QUrl) -> None:
        text = url.toString()
        if text.startswith(BLOCK):
            self.block_wanted.emit(text.removeprefix(BLOCK))
        elif url.scheme() in ("http", "https"):
            QDesktopServices.openUrl(url)

    def _dress(self) -> None:
        document = self.document()
        document.setDocumentMargin(0)
        document.setDefaultFont(font(self._px, bold=self._bold))
        document.setIndentWidth(18)
        kind = QTextDocument.MarkdownFeature
        document.setMarkdown(self._text, kind.MarkdownDialectGitHub | kind.MarkdownNoHTML)
        colours = theme()
        whole = QTextCursor(document)
        whole.select(QTextCursor.SelectionType.Document)
        base = QTextCharFormat()
        base.setForeground(colours.secondary if self._quiet else colours.text)
        whole.mergeCharFormat(base)
        link = QTextCharFormat()
        link.setForeground(colours.link)
        block = document.begin()
        while block.isValid():
            self._dress_block(QTextCursor(block))
            spans, links = [], []
            iterator = block.begin()
            while not iterator.atEnd():
                fragment = iterator.fragment()
                form = fragment.charFormat()
                if fragment.isValid() and form.isAnchor():
                    links.append((fragment.position(), fragment.length()))
                if fragment.isValid() and (form.fontFixedPitch() or form.fontWeight() > QFont.Weight.Medium):
                    spans.append((fragment.position(), fragment.length(), form.fontFixedPitch()))
                iterator += 1
            for position, length in links:
                self._span(position, length).mergeCharFormat(link)
            for position, length, code in reversed(spans):
                self._dress_span(position, length, code, _is_code(block.blockFormat()))
            block = block.next()
        self._fit()

    def _dress_block(self, cursor: QTextCursor) -> None:
        space = cursor.block().blockFormat()
        fenced = _is_code(space)
        space.setLineHeight(18 if fenced else LINE + self._px - PX, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        space.setTopMargin(0)
        space.setBottomMargin(0 if fenced else 2 if cursor.block().textList() is not None else 7)
        if fenced:
            space.setBackground(theme().field)
            space.setLeftMargin(0)
            space.setNonBreakableLines(False)  # there is no scrolling sideways in a text
        cursor.setBlockFormat(space)

    def _span(self, position: int, length: int) -> QTextCursor:
        cursor = QTextCursor(self.document())
        cursor.setPosition(position)
        cursor.setPosition(position + length, QTextCursor.MoveMode.KeepAnchor)
        return cursor

    def _dress_span(self, position: int, length: int, code: bool, fenced: bool) -> None:
        cursor = self._span(position, length)
        form = QTextCharFormat()
        if not code:
            form.setFontWeight(QFont.Weight.DemiBold)
            cursor.mergeCharFormat(form)
            return
        name = cursor.selectedText()
        colours = theme()
        if fenced:
            mono = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
            mono.setPixelSize(CODE_PX)
            form.setFont(mono)
            cursor.mergeCharFormat(form)
            return
        form.setFont(font(self._px, bold=self._bold))
        form.setFontFixedPitch(False)
        form.setBackground(colours.field)
        form.setForeground(colours.text)
        if name in self._blocks:
            form.setForeground(colours.link)
            form.setBackground(colours.selected)
            form.setAnchor(True)
            form.setAnchorHref(BLOCK + name)
            form.setFontUnderline(False)
            name = self._blocks[name]
        cursor.insertText(f"\u2009{name}\u2009", form)

    def _fit(self) -> None:
        self.document().setTextWidth(max(60, self.viewport().width()))
        self.setFixedHeight(max(1, round(self.document().size().height()) + 1))

    def sizeHint(self) -> QSize:
        return QSize(320, self.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(60, self.minimumHeight())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if not self.anchorAt(event.position().toPoint()):
            event.ignore()  # a choice is clicked on its text


def _is_code(form: QTextBlockFormat) -> bool:
    fence, language = QTextFormat.Property.BlockCodeFence, QTextFormat.Property.BlockCodeLanguage
    return form.hasProperty(fence) or form.hasProperty(language)
