"""``lab``: questions to a trained network."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from blockstudio.cli.arguments import Parser, answer, json_argument, settings_of
from blockstudio.errors import StudioError
from blockstudio.formats import OUTLINES
from blockstudio.text import render, say

if TYPE_CHECKING:
    from blockstudio.laboratory.lesion import Lesions
    from blockstudio.laboratory.questions import Answer, Progress

QUESTIONS = ("lesion", "several", "swap", "paths", "gradients")
IMAGES = 2000


def lab_arguments(parser: Parser) -> None:
    """What ``lab`` takes."""
    parser.description = say(
        "Ask a trained network. lesion: test accuracy with each unit taken away; several: with k at a time; swap: with "
        "pairs in each other's place; paths: how many paths there are of each length (any network, trained or not); "
        "gradients: what reaches the input along paths of each length. Nothing is trained again. Data and figure are "
        "written beside the run."
    )
    parser.epilog = say("example: blockstudio lab lesion runs/mine")
    parser.add_argument("question", choices=QUESTIONS, help=say("what is asked"))
    parser.add_argument("run", metavar="RUN", help=say("the directory of a run; for paths a preset or file will do"))
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", dest="settings",
                        help=say("of a preset or file: value of a diagram parameter"))  # fmt: skip
    parser.add_argument("--images", type=int, default=IMAGES, metavar="N", help=say("test images (default: 2000)"))
    parser.add_argument("--counts", type=int, nargs="+", metavar="K", help=say("units, or pairs, at a time"))
    parser.add_argument("--draws", type=int, default=10, metavar="N", help=say("draws for each number (default: 10)"))
    parser.add_argument("--seed", type=int, default=0, metavar="N", help=say("seed of the draws"))
    parser.add_argument("--checkpoint", choices=("best", "last"), default="best",
                        help=say("of the best validation accuracy (default) or the last"))  # fmt: skip
    parser.add_argument(
        "-o", "--output", metavar="DIR", help=say("folder for data and figure (default: lab, in the run)")
    )
    json_argument(parser, say("what came out, as JSON"))


def lab(options: argparse.Namespace) -> int:
    """Ask one question."""
    for name in ("images", "draws"):
        if getattr(options, name) < 1:
            raise StudioError("cli.usage", say("--{name} takes a number from 1.", name=name))
    found, folder = _paths(options) if options.question == "paths" else _asked(options)
    if folder is not None:
        from blockstudio.graph.files import write_atomic

        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            text = say("cannot be made: {reason}.", reason=error.strerror or error)
            raise StudioError("file.write", text, where=str(folder)) from None
        data = json.dumps(found.data, indent=1, ensure_ascii=False) + "\n"
        write_atomic(folder / f"{found.question}.json", data.encode())
        write_atomic(folder / f"{found.question}{OUTLINES}", found.chart.svg().encode())
    if options.json:
        answer(question=found.question, answer=str(found.sentence), **found.data)
        return 0
    print(found.table.text())
    print(f"\n{render(found.sentence)}")
    if folder is not None:
        print(render(say("Data and figure: {folder}", folder=folder)))
    return 0


def _paths(options: argparse.Namespace) -> tuple[Answer, Path | None]:
    from blockstudio.analysis.trunk import trunk
    from blockstudio.graph.presets import open_diagram
    from blockstudio.laboratory.questions import paths
    from blockstudio.runs.run import RECIPE, Run

    place = Path(options.run)
    if (place / RECIPE).is_file():
        return paths(trunk(Run(place).diagram())), _folder(options, place)
    diagram = open_diagram(options.run, **settings_of(options.settings))
    return paths(trunk(diagram)), Path(options.output) if options.output else None


def _asked(options: argparse.Namespace) -> tuple[Answer, Path]:
    from blockstudio.laboratory import questions
    from blockstudio.laboratory.lesion import Lesions
    from blockstudio.laboratory.subject import Subject
    from blockstudio.runs.run import Run

    if options.settings:
        raise StudioError("cli.usage", say("a run has its own settings; leave --set out."))
    run = Run(Path(options.run))
    subject = Subject.of_run(run, options.checkpoint)
    batches = subject.images("test", options.images)
    folder = _folder(options, run.directory)
    if options.question == "gradients":
        return questions.gradients(subject, batches, options.draws, options.seed, _progress(options)), folder
    lesions = Lesions(subject, batches)
    if options.question == "lesion":
        return questions.lesion(lesions, _progress(options)), folder
    counts = options.counts or _counts(lesions, options.question)
    ask = questions.several if options.question == "several" else questions.swap
    return ask(lesions, counts, options.draws, options.seed, _progress(options)), folder


def _counts(lesions: Lesions, question: str) -> list[int]:
    """Numbers that show the curve: about ten of all there are."""
    most = len(lesions.candidates()) if question == "several" else lesions.most_pairs()
    step = max(1, most // 10)
    return list(range(1, most + 1, step)) or [1]


def _folder(options: argparse.Namespace, run: Path) -> Path:
    return Path(options.output) if options.output else run / "lab"


def _progress(options: argparse.Namespace) -> Progress:
    def told(done: int, of: int) -> None:
        if not options.json and sys.stderr.isatty():
            end = "\n" if done == of else ""
            print(f"\r{done}/{of}", end=end, file=sys.stderr, flush=True)

    return told
