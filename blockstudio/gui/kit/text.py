"""The one translation call behind every string the user sees."""

from __future__ import annotations

from blockstudio.text import Text, render


def tr(text: str, *values: object, **named: object) -> str:
    """``text`` in the user's language, with ``{0}``, ``{1}``, ... or ``{name}`` filled in after the translation.

    Translators see whole sentences with their gaps, so that they may order them as their language needs. A text
    made by `blockstudio.text.say` comes with its own values.
    """
    if isinstance(text, Text):
        return render(text)
    return render(Text(text, {**{str(index): value for index, value in enumerate(values)}, **named}))


def sentence(text: str) -> str:
    """A message in the user's language, with a capital at its beginning."""
    shown = render(text)
    return shown[:1].upper() + shown[1:]
