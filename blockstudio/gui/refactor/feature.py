"""Refactorings on the desk: in the inspector, the context menu and among the commands."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from blockstudio.analysis.refactorings import Refactoring
from blockstudio.gui.commands.registry import Choice, Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.parts import change_text
from blockstudio.gui.kit.text import tr
from blockstudio.gui.refactor.finder import find
from blockstudio.gui.refactor.section import ConvertSection, wants_relu
from blockstudio.text import render, say

KINDS = {
    "stack_3x3": (say("Convert to a stack of 3×3"), "5x5 7x7 factorise two three small kernels"),
    "stack_2x2": (say("Convert 3×3 to two 2×2"), "factorise small kernels"),
    "asymmetric": (say("Convert to 1×n, then n×1"), "factorise asymmetric 1x7 7x1"),
    "separable": (say("Convert to depthwise separable"), "mobilenet xception depthwise pointwise"),
    "bottleneck": (say("Insert a 1×1 bottleneck"), "reduce 1x1 inception"),
    "residual": (say("Make residual"), "shortcut skip add x + f(x) resnet"),
    "reduction": (say("Convert to the parallel reduction of Inception"), "pooling widening grid"),
    "global_pool": (say("Convert the dense head to global average pooling"), "gap nin fully connected"),
    "narrow": (say("Convert basic blocks to bottlenecks"), "resnet 1x1 3x3 1x1"),
}
"""Commands, by what they do to the selection."""


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
                    keywords=f"convert {words}", on_drawing=True)
            for kind, (text, words) in KINDS.items()
        ),
    )  # fmt: skip
    desk.add_section("block", lambda name: ConvertSection(desk, name), 40)
