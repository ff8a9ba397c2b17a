"""The one translation call behind every string the user sees."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication


def tr(text: str, *values: object) -> str:
    """``text`` in the user's language, with ``{0}``, ``{1}``, ... filled in after the translation.

    Translators see whole sentences with their gaps, so that they may order them as their language needs.
    """
    translated = QCoreApplication.translate("BlockStudio", text)
    return translated.format(*values) if values else translated
