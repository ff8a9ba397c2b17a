"""The networks that come along: the start page, and *Preset* in the menu."""

from __future__ import annotations

from collections.abc import Iterable

from blockstudio.blocks import RawValue
from blockstudio.graph.presets import preset_names
from blockstudio.gui.browser.start_page import StartPage
from blockstudio.gui.commands.registry import Choice, Command
from blockstudio.gui.document.desk import Desk
from blockstudio.text import say

SCREEN = "start"


class Browser:
    """The start page, made when it is first asked for."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._page: StartPage | None = None
        for signal in (desk.documents.opened, desk.documents.found):
            signal.connect(lambda _: self._page is not None and self._page.search.clear())
        desk.add_screen(SCREEN, self._make, self._focus)
        desk.carry("networks", lambda: "" if self._page is None else self._page.search.text(), self._search)

    def _make(self) -> StartPage:
        self._page = StartPage(self._desk)
        return self._page

    def _focus(self) -> None:
        if self._page is not None:
            self._page.take_keyboard()

    def _search(self, words: str) -> None:
        """Look for what another window, in whose place this one is, looked for."""
        if words:
            self._desk.screen_widget(SCREEN)
            assert self._page is not None
            self._page.search.setText(words)

    @property
    def page(self) -> StartPage | None:
        """The page, if it is in view."""
        return self._page if self._desk.screen == SCREEN else None

    def stop(self) -> None:
        """The window closes."""
        if self._page is not None:
            self._page.stop()


def _presets(_: Desk) -> Iterable[Choice]:
    return (Choice(name, (name, {})) for name in preset_names())


def _open(desk: Desk, wanted: tuple[str, dict[str, RawValue]]) -> None:
    name, values = wanted
    desk.documents.open(name, values)


def install(desk: Desk) -> Browser:
    """Put the start page on the desk."""
    browser = Browser(desk)
    desk.add_commands(
        Command("file.presets", say("Presets…"), lambda d: d.show_screen(SCREEN), "File", 110, ("Ctrl+Shift+O",),
                keywords="networks resnet"),
        Command("file.preset", say("Preset"), _open, "File", 111, choices=_presets),
    )  # fmt: skip
    desk.on_close(browser.stop)
    return browser
