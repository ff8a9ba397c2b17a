"""The options of ``export`` for figures."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from blockstudio.cli.arguments import opened
from blockstudio.errors import StudioError
from blockstudio.formats import Written, endings, format_of, listed, rows
from blockstudio.text import say

if TYPE_CHECKING:
    from blockstudio.graph.diagram import Diagram

ALL = 1_000_000
"""More levels than modules can lie in one another."""
_UNITS = {"mm": 1.0, "cm": 10.0, "in": 25.4, "pt": 25.4 / 72}


def figure_arguments(parser: argparse.ArgumentParser) -> None:
    """Let ``export`` take what a figure shows and how."""
    from blockstudio.analysis.costs import COSTS

    group = parser.add_argument_group(f"figures ({', '.join(endings('figure'))})")
    group.add_argument(
        "--inside", metavar="PATH", help=say("the inside of a module: a path (layer2.0) or a module's name")
    )
    group.add_argument("--blocks", nargs="+", metavar="NAME", help=say("only these blocks, with the wires among them"))
    group.add_argument(
        "--expand",
        nargs="+",
        metavar="LEVELS",
        help=say(
            "modules open in place: a number of levels, 'all', or their paths or names; of a ×4 chain the first copy"
        ),
    )
    group.add_argument("--flat", action="store_true", help=say("no modules at all: every copy of every block"))
    group.add_argument("--columns", type=int, metavar="N", help=say("cut a tall figure into N columns side by side"))
    group.add_argument(
        "--bars", metavar="COST", help=say("bars on the cards: {costs} (default: none)", costs=listed(tuple(COSTS)))
    )
    group.add_argument(
        "--heat",
        metavar="COST",
        help=say("cards painted by a cost, with a legend: {costs}", costs=listed(tuple(COSTS))),
    )
    group.add_argument("--dark", action="store_true", help=say("dark colours (default: light, on white)"))
    group.add_argument("--width", metavar="LENGTH", help=say("width on paper: 84mm, 8.4cm, 3.3in or 240pt"))
    group.add_argument(
        "--scale", type=float, metavar="X", help=say("of a PNG: X pixels for one on screen (default: 2)")
    )


def given(options: argparse.Namespace) -> list[str]:
    """The options for figures that were used."""
    names = ("inside", "blocks", "expand", "flat", "columns", "bars", "heat", "dark", "width", "scale")
    return [f"--{name}" for name in names if getattr(options, name) not in (None, False)]


def export_figure(options: argparse.Namespace, target: Path) -> Written:
    """Write a figure; gives a few words on it."""
    if options.weights or options.checkpoint:
        raise StudioError(
            "export.weights", say("a figure shows no weights."), hint=say("Leave --weights and --checkpoint out.")
        )
    form = format_of(target, "figure")
    if options.scale is not None and form is not None and not form.pixels:
        dotted = listed(tuple(row.ending for row in rows("figure") if row.pixels))
        raise StudioError(
            "figure.scale",
            say("--scale is for {dotted} files.", dotted=dotted),
            hint=say("For the size on paper: --width 84mm"),
        )
    from blockstudio.gui.figure.figure import Figure, write_figure

    wanted = Figure(
        inside=options.inside or "",
        blocks=tuple(options.blocks or ()),
        expand=_levels(options.expand),
        flat=options.flat,
        columns=1 if options.columns is None else options.columns,
        bars=options.bars or "",
        heat=options.heat or "",
        dark=options.dark,
        width=_millimetres(options.width),
        scale=options.scale,
    )
    return Written(b"", write_figure(_diagram(options), target, wanted, force=options.force))


def _diagram(options: argparse.Namespace) -> Diagram:
    if not options.run:
        return opened(options)
    from blockstudio.runs import Run

    return Run(Path(options.run)).diagram()


def _levels(words: list[str] | None) -> int | tuple[str, ...]:
    if words is None:
        return 0
    if len(words) == 1 and words[0] == "all":
        return ALL
    if len(words) == 1 and words[0].isdecimal():
        # Python refuses to read numbers of thousands of digits.
        return min(int(words[0][:4000]), ALL)
    return tuple(words)


def _millimetres(text: str | None) -> float | None:
    if text is None:
        return None
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(mm|cm|in|pt)\s*", text)
    if found is None:
        raise StudioError(
            "figure.width", say("'--width {text}' is not a length.", text=text), hint=say("For example: --width 84mm")
        )
    return float(found.group(1)) * _UNITS[found.group(2)]
