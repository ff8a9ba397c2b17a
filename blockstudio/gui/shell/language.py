"""The language of the window: the system's, or one that was chosen. It holds at once: the window is built anew."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from blockstudio.gui.commands.registry import Choice
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.text import tr
from blockstudio.gui.work.settings import settings
from blockstudio.text import ENGLISH, SYSTEM, language, languages, system_language, use_language

SETTING = "view/language"
TRANSLATOR = "Qt's own texts"


def chosen() -> str:
    """The code of a language, or ``"system"``."""
    return str(settings().value(SETTING, SYSTEM))


def begin(application: QCoreApplication) -> None:
    """Speak the chosen language; Qt's own texts (file dialogs) with it, where Qt has them."""
    use_language(chosen())
    for before in application.findChildren(QTranslator, TRANSLATOR):
        application.removeTranslator(before)
        before.deleteLater()
    translator = QTranslator(application)
    translator.setObjectName(TRANSLATOR)
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    if translator.load(QLocale(language()), "qtbase", "_", folder):
        application.installTranslator(translator)


def choices(_: Desk) -> Iterable[Choice]:
    """The languages there are, each in its own words."""
    now = chosen()
    system = tr("As the system: {language}", language=_own_name(system_language()))
    yield Choice(system, SYSTEM, now == SYSTEM)
    for code in languages():
        yield Choice(_own_name(code), code, now == code, separator=code == languages()[0])


def choose(desk: Desk, code: str) -> None:
    """Remember a language, and speak it."""
    if code != chosen():
        settings().setValue(SETTING, code)
        before, application = language(), QCoreApplication.instance()
        assert application is not None
        begin(application)
        if language() != before:
            desk.retold.emit()


def _own_name(code: str) -> str:
    # Qt calls it American English, which it is not.
    return "English" if code == ENGLISH else QLocale(code).nativeLanguageName() or code
