"""The one translation call behind every string the user sees."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QDateTime, QLocale
from PySide6.QtGui import Qt

from blockstudio.text import Text, language, render, say_many


def tr(text: str, *values: object, **named: object) -> str:
    """``text`` in the user's language, with ``{0}``, ``{1}``, ... or ``{name}`` filled in after the translation.

    Translators see whole sentences with their gaps, so that they may order them as their language needs. A text
    made by `blockstudio.text.say` comes with its own values.
    """
    if isinstance(text, Text):
        return render(text)
    return render(Text(text, {**{str(index): value for index, value in enumerate(values)}, **named}))


def plain(text: str) -> str:
    """A text of the user's for a tip, to be shown as it was written: Qt takes what looks like markup for markup."""
    return f"<span style='white-space: pre-wrap'>{escape(text)}</span>" if Qt.mightBeRichText(text) else text


def phrase(text: str, *values: object, **named: object) -> Text:
    """`tr` for what is kept, such as the label of an undo step: whoever shows it says `tr` of it, in the language that
    is in use then."""
    return Text(text, {**{str(index): value for index, value in enumerate(values)}, **named})


def tr_many(one: str, many: str, count: int, /, **named: object) -> str:
    """`tr` where a count decides the wording: ``tr_many("{count} block", "{count:,} blocks", n)``. Languages have more
    forms than two; translators give them."""
    return render(say_many(one, many, count, **named))


def moment(seconds: float) -> str:
    """A time of the clock, in seconds since 1970, as people say it: ``27 Nov 16:30``, ``11月27日 16:30``."""
    when = QDateTime.fromSecsSinceEpoch(int(seconds))
    # Translators: how a day and a time are written, in Qt's letters: d day, M or MMM month, HH:mm time
    return QLocale(language()).toString(when, tr("d MMM HH:mm"))


def sentence(text: str) -> str:
    """A message in the user's language, with a capital at its beginning, unless it begins with a file or a block's
    path, which are as they are written."""
    shown = render(text)
    first = shown.split(" ", 1)[0].rstrip(".:,;")
    return shown if any(mark in first for mark in "./\\_") else shown[:1].upper() + shown[1:]
