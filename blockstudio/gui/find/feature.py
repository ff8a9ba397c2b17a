"""Finding blocks, selecting those that belong together, following wires, and going from problem to problem."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from blockstudio.analysis import Problem
from blockstudio.graph.definition import Definition, Wire
from blockstudio.graph.operations import selecting
from blockstudio.graph.operations.noting import Noted
from blockstudio.gui.commands.registry import Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.document import DEFINITION
from blockstudio.gui.find.sheet import FindSheet
from blockstudio.gui.kit.text import sentence
from blockstudio.text import say

Together = Callable[[Definition, Iterable[str]], tuple[str, ...]]


def _selected(desk: Desk) -> bool:
    return bool(desk.session.selection)


def _one(desk: Desk) -> bool:
    return len(desk.session.selection) == 1


def _select(together: Together) -> Callable[[Desk], None]:
    return lambda desk: desk.session.select(together(desk.session.definition, desk.session.selection))


def _show(desk: Desk, name: str) -> None:
    desk.session.select([name])
    desk.reveal_wanted.emit(name)


def _onward(desk: Desk) -> list[Wire]:
    return selecting.onward(desk.session.definition, desk.session.selection[0]) if _one(desk) else []


def _back(desk: Desk) -> list[Wire]:
    return selecting.back(desk.session.definition, desk.session.selection[0]) if _one(desk) else []


def _siblings(desk: Desk) -> list[str]:
    """The blocks that hang on the same outputs as the one selected, in the order of their wires."""
    definition = desk.session.definition
    feeds = dict.fromkeys(wire.source for wire in _back(desk))
    return list(dict.fromkeys(wire.target for feed in feeds for wire in selecting.onward(definition, feed)))


def _to_sibling(desk: Desk) -> None:
    row, (name,) = _siblings(desk), desk.session.selection
    _show(desk, row[(row.index(name) + 1) % len(row)])


def _mark(problem: Problem) -> tuple[str, ...]:
    return problem.code, problem.scope, problem.block, problem.path, problem.parameter, problem.port


def _problems(desk: Desk) -> tuple[Problem, ...]:
    """Errors first, as they are listed."""
    found = desk.session.analysis.problems if len(desk.session.diagram.graph) else ()
    return tuple(sorted(found, key=lambda problem: problem.severity != "error"))


def install(desk: Desk) -> FindSheet | None:
    """Put the commands on the desk; without a window there is no sheet."""
    sheet = FindSheet(desk, desk.window) if desk.window is not None else None
    shown: list[tuple[str, ...]] = []
    """The problem gone to last: problems themselves are made anew with every edit."""

    def go_to_problem(step: int) -> Callable[[Desk], None]:
        def go(desk: Desk) -> None:
            problems = _problems(desk)
            at = next((row for row, each in enumerate(problems) if _mark(each) in shown), None)
            chosen = problems[(at + step) % len(problems)] if at is not None else problems[0 if step > 0 else -1]
            shown[:] = [_mark(chosen)]
            desk.show_drawing()
            desk.commands.run("problem.show", chosen)
            desk.session.message.emit(sentence(chosen.message))

        return go

    def show_found(desk: Desk, path: str) -> None:
        desk.show_drawing()
        desk.show_block(path)

    def show_noted(desk: Desk, noted: Noted) -> None:
        desk.show_drawing()
        if noted.scope != desk.session.scope:
            desk.session.go(DEFINITION + noted.scope if noted.scope else "")
        desk.commands.run("annotation.show", noted.mark)

    desk.add_commands(
        Command("find.note", say("Go to what was found in a note"), show_noted, value=True),
        Command("find.block", say("Find a block…"), lambda d: sheet.popup() if sheet is not None else None, "Edit", 340,
                ("Ctrl+F",), keywords="search go to name type shape parameter"),
        Command("find.show", say("Go to a block"), show_found, value=True),
        Command("select.blocks", say("Select blocks"), lambda d, names: d.session.select(names), value=True),
        Command("select.type", say("Select all of this type"), _select(selecting.of_same_type), "Edit", 320,
                ("Ctrl+Shift+A",), enabled=_selected, on_drawing=True, keywords="same kind"),
        Command("select.upstream", say("Select all upstream"), _select(selecting.upstream), "Edit", 321,
                ("Ctrl+Shift+Up",), enabled=_selected, on_drawing=True, keywords="before inputs ancestors"),
        Command("select.downstream", say("Select all downstream"), _select(selecting.downstream), "Edit", 322,
                ("Ctrl+Shift+Down",), enabled=_selected, on_drawing=True, keywords="behind outputs descendants"),
        Command("go.onward", say("Follow the wire onward"), lambda d: _show(d, _onward(d)[0].target), "Edit", 350,
                ("]",), enabled=lambda d: bool(_onward(d)), on_drawing=True, keywords="next block wire"),
        Command("go.back", say("Follow the wire back"), lambda d: _show(d, _back(d)[0].source), "Edit", 351,
                ("[",), enabled=lambda d: bool(_back(d)), on_drawing=True, keywords="previous block wire"),
        Command("go.sibling", say("Next branch"), _to_sibling, "Edit", 352, ("\\",),
                enabled=lambda d: len(_siblings(d)) > 1, on_drawing=True, keywords="wire fan-out beside"),
        Command("problem.next", say("Next problem"), go_to_problem(1), "Edit", 360, ("F8",),
                enabled=lambda d: bool(_problems(d)), keywords="error warning find"),
        Command("problem.previous", say("Previous problem"), go_to_problem(-1), "Edit", 361, ("Shift+F8",),
                enabled=lambda d: bool(_problems(d)), keywords="error warning find"),
    )  # fmt: skip
    return sheet
