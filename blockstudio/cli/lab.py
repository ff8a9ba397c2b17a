"""``lab``: questions to a trained network."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blockstudio.cli.arguments import Parser, answer, json_argument, settings_of
from blockstudio.errors import StudioError
from blockstudio.formats import OUTLINES
from blockstudio.graph.diagram import suggestion
from blockstudio.text import render, say

if TYPE_CHECKING:
    from blockstudio.laboratory.lesion import Lesions
    from blockstudio.laboratory.questions import Answer, Progress
    from blockstudio.laboratory.subject import Part, Subject

IMAGES = 2000
GRADIENT_IMAGES = 64

OPTIONS: dict[str, dict[str, Any]] = {
    "images": {"type": int, "metavar": "N", "help": say("how many images of the part (default: 2000)")},
    "part": {"choices": ("test", "validation", "train"), "help": say("of the data set (default: test)")},
    "counts": {"type": int, "nargs": "+", "metavar": "K", "help": say("units, or pairs, at a time")},
    "draws": {"type": int, "metavar": "N", "help": say("draws for each number (default: 10)")},
    "seed": {"type": int, "metavar": "N", "help": say("seed of the draws")},
    "set": {"action": "append", "metavar": "NAME=VALUE", "help": say("of a preset: value of a diagram parameter")},
    "image": {"type": int, "nargs": "+", "metavar": "N", "help": say("number of an image of the part (default: 0)")},
    "picture": {"metavar": "FILE", "help": say("a picture of your own in place of the part's images")},
    "class": {"metavar": "NAME", "help": say("class, by name or number (default: the one that the network chooses)")},
    "block": {"metavar": "PATH", "help": say("a block or module, as layer2.0")},
    "units": {"type": int, "nargs": "+", "metavar": "N", "help": say("channels of the block (default: 0)")},
    "place": {"type": int, "nargs": 2, "metavar": ("ROW", "COLUMN"), "help": say("of its map (default: the middle)")},
    "patch": {"type": int, "metavar": "PIXELS", "help": say("side of the square (default: a quarter)")},
    "channel": {"type": int, "metavar": "N", "help": say("of the normalisation (default: 0)")},
    "momentum": {"type": float, "metavar": "M", "help": say("weight of the newest batch (default: the block's)")},
    "batch-size": {"type": int, "metavar": "N", "help": say("images in a batch")},
    "input-size": {"type": int, "metavar": "N", "help": say("height and width of the images (default: as trained)")},
    "statistics": {"choices": ("running", "batch", "exact"), "help": say("of batch normalisations (default: running)")},
    "per-class": {"type": int, "metavar": "N", "help": say("the first images of each class")},
    "without": {"nargs": "+", "metavar": "UNIT", "help": say("units that are taken away")},
}
"""Each by its flag. A question takes those that `QUESTIONS` names; others are refused."""
SEEN = ("image", "picture", "part")
QUESTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "lesion": (say("test accuracy with each unit taken away"), ("images",)),
    "several": (say("with k at a time"), ("images", "counts", "draws", "seed")),
    "swap": (say("with pairs in each other's place"), ("images", "counts", "draws", "seed")),
    "paths": (say("how many paths there are of each length (any network, trained or not)"), ("set",)),
    "gradients": (say("what reaches the input along paths of each length"), ("images", "draws", "seed")),
    "cam": (say("what speaks for a class, over the picture; of a block: Grad-CAM"), (*SEEN, "class", "block")),
    "occlusion": (say("what is lost where a square covers the picture"), (*SEEN, "class", "patch")),
    "filters": (say("the first convolution's filters"), ()),
    "features": (say("what a block gives for a picture"), (*SEEN, "block")),
    "excited": (say("the images that excite units of a block most"), ("block", "units", "images", "part")),
    "field": (say("what a unit can see, and what it does see"), ("block", "place", "part", "images")),
    "scatter": (say("the last features in two dimensions"), ("images", "part")),
    "batchnorm": (say("a batch normalisation under the microscope"),
                  ("block", "channel", "momentum", "batch-size", "images")),
    "evaluate": (say("the run measured anew: size, statistics, units, how sure it is"),
                 ("images", "part", "per-class", "input-size", "statistics", "batch-size", "without")),
}  # fmt: skip
"""What can be asked, with the options that it takes."""
NEEDS_BLOCK = ("features", "excited", "field")


def lab_arguments(parser: Parser) -> None:
    """What ``lab`` takes."""
    lines = "; ".join(f"{name}: {render(text)}" for name, (text, _) in QUESTIONS.items())
    parser.description = say(
        "Ask a trained network. {questions}. Nothing is trained again. Data and figure are written beside the run.",
        questions=lines,
    )
    parser.epilog = say("example: blockstudio lab lesion runs/mine")
    parser.add_argument("question", choices=tuple(QUESTIONS), help=say("what is asked"))
    parser.add_argument("run", metavar="RUN", help=say("the directory of a run; for paths a preset or file will do"))
    for flag, facts in OPTIONS.items():
        parser.add_argument(f"--{flag}", dest=_name(flag), **facts)
    parser.add_argument("--checkpoint", choices=("best", "last"), default="best",
                        help=say("of the best validation accuracy (default) or the last"))  # fmt: skip
    parser.add_argument(
        "-o", "--output", metavar="DIR", help=say("folder for data and figure (default: lab, in the run)")
    )
    json_argument(parser, say("what came out, as JSON"))


def lab(options: argparse.Namespace) -> int:
    """Ask one question."""
    _check(options)
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
        write_atomic(folder / f"{found.question}{OUTLINES}", found.figure.svg().encode())
    if options.json:
        answer(question=found.question, answer=str(found.sentence), **found.data)
        return 0
    print(found.table.text())
    print(f"\n{render(found.sentence)}")
    if folder is not None:
        print(render(say("Data and figure: {folder}", folder=folder)))
    return 0


def _name(flag: str) -> str:
    return "asked_" + flag.replace("-", "_")


def _check(options: argparse.Namespace) -> None:
    """Only what the question takes, and numbers that can be."""
    taken = QUESTIONS[options.question][1]
    for flag in OPTIONS:
        value = getattr(options, _name(flag))
        if value is None:
            continue
        if flag not in taken:
            names = ", ".join(f"--{name}" for name in taken)
            raise StudioError(
                "cli.usage", say("{question} does not take --{flag}.", question=options.question, flag=flag),
                hint=say("It takes {names}.", names=names) if names else say("It takes none of these."),
            )  # fmt: skip
        if flag in ("images", "draws", "per-class", "batch-size", "input-size", "patch") and value < 1:
            raise StudioError("cli.usage", say("--{name} takes a number from 1.", name=flag))
        if flag == "momentum" and not 0 <= value <= 1:
            raise StudioError("cli.usage", say("--{name} takes a number from 0 to 1.", name=flag))
    if options.question in NEEDS_BLOCK and options.asked_block is None:
        raise StudioError("cli.usage", say("{question} needs --block.", question=options.question),
                          hint=say("For instance --block layer2.0."))  # fmt: skip


def _paths(options: argparse.Namespace) -> tuple[Answer, Path | None]:
    from blockstudio.analysis.trunk import trunk
    from blockstudio.graph.presets import open_diagram
    from blockstudio.laboratory.questions import paths
    from blockstudio.runs.run import RECIPE, Run

    place, settings = Path(options.run), options.asked_set or []
    if (place / RECIPE).is_file():
        if settings:
            raise StudioError("cli.usage", say("a run has its own settings; leave --set out."))
        return paths(trunk(Run(place).diagram())), _folder(options, place)
    diagram = open_diagram(options.run, **settings_of(settings))
    return paths(trunk(diagram)), Path(options.output) if options.output else None


def _asked(options: argparse.Namespace) -> tuple[Answer, Path]:
    from blockstudio.laboratory.subject import Subject
    from blockstudio.runs.run import Run

    run = Run(Path(options.run))
    subject = Subject.of_run(run, options.checkpoint)
    return _ASK[options.question](subject, options), _folder(options, run.directory)


def _ensemble(subject: Subject, options: argparse.Namespace) -> Answer:
    from blockstudio.laboratory import questions
    from blockstudio.laboratory.lesion import Lesions

    draws, seed = options.asked_draws or 10, options.asked_seed or 0
    if options.question == "gradients":
        batches = subject.images("test", options.asked_images or GRADIENT_IMAGES)
        return questions.gradients(subject, batches, draws, seed, _progress(options))
    lesions = Lesions(subject, subject.images("test", options.asked_images or IMAGES))
    if options.question == "lesion":
        return questions.lesion(lesions, _progress(options))
    counts = options.asked_counts or _counts(lesions, options.question)
    ask = questions.several if options.question == "several" else questions.swap
    return ask(lesions, counts, draws, seed, _progress(options))


def _seeing(subject: Subject, options: argparse.Namespace) -> Answer:
    from blockstudio.laboratory import questions

    part: Part = options.asked_part or "test"
    block, told = options.asked_block, _progress(options)
    images = options.asked_image or [0]
    picture = Path(options.asked_picture) if options.asked_picture else None
    if options.question == "cam":
        return questions.cam(subject, images, part, _label(subject, options), block, picture, told)
    if options.question == "occlusion":
        return questions.occlusion(subject, images[0], part, _label(subject, options), options.asked_patch, picture,
                                   told)  # fmt: skip
    if options.question == "filters":
        return questions.filters(subject)
    if options.question == "features":
        return questions.features(subject, block, images[0], part, picture)
    count = options.asked_images
    if options.question == "excited":
        return questions.excited(subject, block, options.asked_units or [0], part, count or IMAGES, progress=told)
    if options.question == "field":
        place = tuple(options.asked_place) if options.asked_place else None
        return questions.field(subject, block, place, part, count or 32)
    return questions.scatter(subject, part, count or IMAGES)


def _measuring(subject: Subject, options: argparse.Namespace) -> Answer:
    from blockstudio.laboratory import questions
    from blockstudio.laboratory.evaluation import Setting

    if options.question == "batchnorm":
        return questions.batchnorm(
            subject, options.asked_block, options.asked_channel or 0, options.asked_momentum,
            options.asked_batch_size or 64, images=options.asked_images or IMAGES, progress=_progress(options),
        )  # fmt: skip
    setting = Setting(
        part=options.asked_part or "test", images=options.asked_images, per_class=options.asked_per_class,
        input_size=options.asked_input_size, statistics=options.asked_statistics or "running",
        batch_size=options.asked_batch_size or 250, without=tuple(options.asked_without or ()),
    )  # fmt: skip
    return questions.evaluate(subject, setting, _progress(options))


_ASK: dict[str, Callable[[Subject, argparse.Namespace], Answer]] = {
    **dict.fromkeys(("lesion", "several", "swap", "gradients"), _ensemble),
    **dict.fromkeys(("cam", "occlusion", "filters", "features", "excited", "field", "scatter"), _seeing),
    **dict.fromkeys(("batchnorm", "evaluate"), _measuring),
}


def _label(subject: Subject, options: argparse.Namespace) -> int | None:
    """The class that is asked about, by name or number."""
    wanted = options.asked_class
    if wanted is None:
        return None
    classes = subject.splits.classes
    if wanted in classes:
        return classes.index(wanted)
    if wanted.isdecimal() and int(wanted) < len(classes):
        return int(wanted)
    text = say("there is no class {name}.", name=wanted)
    raise StudioError("lab.label", text, where=options.run, hint=suggestion(wanted, list(classes)))


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
