"""Refactorings on the desk: in the inspector, the context menu and among the commands."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from blockstudio.analysis.hints import Hint
from blockstudio.analysis.refactorings import Bench, Refactoring, first_place, proposals
from blockstudio.graph.edits import Edit, MoveBlocks
from blockstudio.gui.commands.registry import Choice, Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.hint_finder import HintFinder
from blockstudio.gui.kit.parts import change_text
from blockstudio.gui.kit.text import tr
from blockstudio.gui.refactor.finder import Finder, find
from blockstudio.gui.refactor.hints import HintsButton, HintSection, HintsPage
from blockstudio.gui.refactor.kinds import COMMANDS
from blockstudio.gui.refactor.section import ConvertSection, wants_relu
from blockstudio.text import render, say


def _selected(desk: Desk) -> bool:
    return bool(desk.session.selection)


def offers(desk: Desk, names: tuple[str, ...] | None = None) -> tuple[Refactoring, ...]:
    """What the selection can be converted to, or without names the whole diagram."""
    session = desk.session
    chosen = session.selection if names is None else names
    return find(session.diagram, session.scope, session.path, chosen, wants_relu())


def convert(desk: Desk, found: Refactoring | None = None) -> bool:
    """Do it as one step, and select what came."""
    if found is None:
        return False
    desk.preview_wanted.emit(None)
    session = desk.session
    if not desk.commands.run("problem.fix", found):
        return False
    if found.scope == session.scope and found.added:
        session.select(found.added)
    saved = found.whole_after.parameters - found.whole.parameters
    told = f"{saved:+,}".replace("-", "−") if saved else "±0"
    session.message.emit(tr("{what}: {change} parameters", what=render(found.label), change=told))
    return True


def _convert_kind(kind: str, desk: Desk) -> bool:
    found = next((each for each in offers(desk) if each.kind == kind), None)
    if found is None:
        names = ", ".join(desk.session.selection[:3])
        desk.session.refused.emit(tr("{names} cannot be converted so: see Convert to in the inspector.", names=names))
        return False
    return convert(desk, found)


def _batch_norm(desk: Desk) -> bool:
    """After every convolution of the diagram, or of the selection."""
    session = desk.session
    found = next((each for each in offers(desk, session.selection) if each.kind == "batch_norm"), None)
    if found is None:
        session.refused.emit(tr("Every convolution is normalised already."))
        return False
    return convert(desk, found)


def _choices(desk: Desk) -> Iterable[Choice]:
    for found in offers(desk):
        yield Choice(f"{render(found.title)}   {change_text(found.change)}", found, tip=render(found.note))


def _fix_hint(desk: Desk, wanted: tuple[Hint, str]) -> bool:
    """Do what helps against a hint, where its block stands."""
    hint, kind = wanted
    session = desk.session
    path, level = first_place(session.analyzer, hint.scope)
    names = () if kind == "batch_norm" else (hint.block,)
    found = (each for each in proposals(session.diagram, hint.scope, level, names, wants_relu()) if each.kind == kind)
    tried = next(iter(Bench(session.diagram).all_measured(found, path)), None)
    if tried is None:
        session.refused.emit(tr("{block} cannot be converted so: see Convert to in the inspector.", block=hint.block))
        return False
    return convert(desk, tried)


def _show_hint(desk: Desk, hint: Hint) -> None:
    desk.show_block(hint.path)


def _open_paper(_: Desk, hint: Hint) -> None:
    QDesktopServices.openUrl(QUrl(hint.paper.url))


def _install_hints(desk: Desk) -> None:
    session = desk.session
    finder = HintFinder(desk)
    desk.add_commands(
        Command("view.hints", say("Hints"), lambda d: d.show_page("hints"), "View", 331,
                keywords="design advice lecturer paper"),
        Command("hint.show", say("Show the block of a hint"), _show_hint, value=True),
        Command("hint.fix", say("Do what helps"), _fix_hint, value=True),
        Command("hint.paper", say("Read the paper of a hint"), _open_paper, value=True),
        Command("hint.off", say("Don’t show a kind of hints"), lambda d, kind: finder.switch(kind, False), value=True),
        Command("hint.on", say("Show a kind of hints again"), lambda d, kind: finder.switch(kind, True), value=True),
    )  # fmt: skip

    def tell() -> None:
        session.mark_hinted(finder.hints)
        count = len(finder.hints)
        desk.title_page("hints", tr("Hints {count}", count=count) if count else tr("Hints"))

    def follow(edits: tuple[Edit, ...]) -> None:
        if not all(isinstance(edit, MoveBlocks) for edit in edits):
            finder.follow(session.diagram)

    session.edited.connect(follow)
    session.opened.connect(lambda: finder.follow(session.diagram, fresh=True))
    desk.add_page("hints", tr("Hints"), HintsPage(desk, finder), 310)
    desk.add_item("status", HintsButton(desk, finder), 110)
    desk.add_section("block", lambda name: HintSection(desk, finder, name), 30)
    desk.on_close(finder.stop)
    finder.found.connect(tell)


def install(desk: Desk) -> None:
    """Put them on the desk."""
    desk.add_commands(
        Command("refactor.convert", say("Convert"), convert, value=True),
        Command("refactor.to", say("Convert to"), convert, choices=_choices, lazy=True, enabled=_selected,
                on_drawing=True),
        Command("refactor.batch_norm", say("Add BatchNorm after every convolution"), _batch_norm,
                keywords="normalise bn bias", on_drawing=True),
        *(
            Command(f"refactor.{kind}", text, partial(_convert_kind, kind), enabled=_selected,
                    keywords=words, on_drawing=True)
            for kind, (text, words) in COMMANDS.items()
        ),
    )  # fmt: skip
    _install_hints(desk)
    finder = Finder(desk.session, desk)
    desk.on_close(finder.stop)
    desk.add_section("block", lambda name: ConvertSection(desk, finder, name), 40)
    desk.add_section("blocks", lambda _: ConvertSection(desk, finder), 40)
