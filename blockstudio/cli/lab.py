"""``lab``: questions to a trained network."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blockstudio.cli.arguments import Parser, answer, json_argument, settings_of
from blockstudio.errors import StudioError
from blockstudio.runs.questions import OPTIONS, QUESTIONS, Option, check_asked
from blockstudio.runs.run import LAB, RECIPE
from blockstudio.text import render, say

if TYPE_CHECKING:
    from blockstudio.laboratory.questions import Answer, Progress

OF_ANY = ("paths", "start")
"""Questions to any network, trained or not."""
_TYPES: dict[str, Any] = {"int": int, "ints": int, "place": int, "float": float}
_NUMBERS: dict[str, Any] = {"ints": "+", "texts": "+", "place": 2}


def lab_arguments(parser: Parser) -> None:
    """What ``lab`` takes."""
    lines = "; ".join(f"{name}: {render(question.help)}" for name, question in QUESTIONS.items())
    parser.description = say(
        "Ask a trained network. {questions}. Nothing is trained again. Data and figure are written beside the run.",
        questions=lines,
    )
    parser.epilog = say("example: blockstudio lab lesion runs/mine")
    parser.add_argument("question", choices=tuple(QUESTIONS), help=say("what is asked"))
    parser.add_argument("run", metavar="RUN",
                        help=say("the directory of a run; for paths and start a preset or file will do"))  # fmt: skip
    for name, option in OPTIONS.items():
        parser.add_argument(f"--{name}", dest=_kept(name), **_facts(option))
    parser.add_argument("--set", action="append", metavar="NAME=VALUE", dest="settings",
                        help=say("of a preset or file: value of a diagram parameter"))  # fmt: skip
    parser.add_argument("--data", metavar="NAME",
                        help=say("of a preset or file: the data of its first step (default: digits)"))  # fmt: skip
    parser.add_argument("--checkpoint", choices=("best", "last"), default="best",
                        help=say("of the best validation accuracy (default) or the last"))  # fmt: skip
    parser.add_argument(
        "-o", "--output", metavar="DIR", help=say("folder for data and figure (default: lab, in the run)")
    )
    parser.add_argument("--png", action="store_true", help=say("write the figure as a PNG too"))
    json_argument(parser, say("what came out, as JSON"))


def lab(options: argparse.Namespace) -> int:
    """Ask one question."""
    if options.png and options.question in OF_ANY and not options.output and not (Path(options.run) / RECIPE).is_file():
        raise StudioError("cli.usage", say("--png needs a folder."), hint=say("Name one with -o DIR."))
    ask = _of_log if options.question == "drift" else _of_any if options.question in OF_ANY else _asked
    found, folder = ask(options)
    if folder is not None:
        found.save(folder, png=options.png)
    if options.json:
        answer(question=found.question, answer=str(found.sentence), **found.data)
        return 0
    print(found.table.text())
    print(f"\n{render(found.sentence)}")
    if folder is not None:
        print(render(say("Data and figure: {folder}", folder=folder)))
    return 0


def _kept(name: str) -> str:
    return "asked_" + name.replace("-", "_")


def _facts(option: Option) -> dict[str, Any]:
    facts: dict[str, Any] = {"help": option.help}
    if option.choices:
        facts["choices"] = option.choices
    if option.kind in _TYPES:
        facts["type"] = _TYPES[option.kind]
    if option.kind in _NUMBERS:
        facts["nargs"] = _NUMBERS[option.kind]
    if not option.choices:
        facts["metavar"] = ("ROW", "COLUMN") if option.kind == "place" else option.kind.rstrip("s").upper()
    return facts


def _of_any(options: argparse.Namespace) -> tuple[Answer, Path | None]:
    """What a network can be asked that is not trained."""
    from blockstudio.analysis.trunk import trunk
    from blockstudio.graph.presets import open_diagram
    from blockstudio.laboratory.asking import start_of
    from blockstudio.laboratory.beginning import fitted
    from blockstudio.laboratory.questions import paths
    from blockstudio.runs.run import Run

    place, settings = Path(options.run), options.settings or []
    values = {name: getattr(options, _kept(name)) for name in OPTIONS}
    check_asked(options.question, values)
    given = {name: value for name, value in values.items() if value is not None}
    is_run = (place / RECIPE).is_file()
    if is_run:
        _refuse_settings(options)
    diagram = Run(place).diagram() if is_run else open_diagram(options.run, **settings_of(settings))
    folder = _folder(options, place) if is_run else Path(options.output) if options.output else None
    if options.question == "paths":
        return paths(trunk(diagram)), folder
    diagram, recipe = (diagram, Run(place).recipe()) if is_run else fitted(diagram, options.data or "digits")
    return start_of(diagram, recipe, given, _progress(options)), folder


def _of_log(options: argparse.Namespace) -> tuple[Answer, Path]:
    """What the log of a run says, that need not have come to a checkpoint."""
    from blockstudio.laboratory.questions import drift
    from blockstudio.runs.run import Run

    check_asked(options.question, {name: getattr(options, _kept(name)) for name in OPTIONS})
    _refuse_settings(options)
    run = Run(Path(options.run))
    return drift(run, options.asked_block), _folder(options, run.directory)


def _asked(options: argparse.Namespace) -> tuple[Answer, Path]:
    values = {name: getattr(options, _kept(name)) for name in OPTIONS}
    check_asked(options.question, values)
    _refuse_settings(options)
    from blockstudio.laboratory.asking import Asked
    from blockstudio.laboratory.subject import Subject
    from blockstudio.runs.run import Run

    run = Run(Path(options.run))
    asked = Asked(Subject.of_run(run, options.checkpoint))
    return asked(options.question, values, _progress(options)), _folder(options, run.directory)


def _refuse_settings(options: argparse.Namespace) -> None:
    if options.settings or options.data:
        raise StudioError("cli.usage", say("a run has its own settings and data; leave --set and --data out."))


def _folder(options: argparse.Namespace, run: Path) -> Path:
    return Path(options.output) if options.output else run / LAB


def _progress(options: argparse.Namespace) -> Progress:
    def progress(done: int, of: int) -> None:
        if not options.json and sys.stderr.isatty():
            end = "\n" if done == of else ""
            print(f"\r{done}/{of}", end=end, file=sys.stderr, flush=True)

    return progress
