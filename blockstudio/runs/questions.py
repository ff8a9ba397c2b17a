"""What can be asked of a finished run, and with which options: command line, window and `blockstudio.laboratory.asking`
read it here. No torch, no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from blockstudio.errors import StudioError
from blockstudio.graph.diagram import suggestion
from blockstudio.runs.recipe import FIELDS
from blockstudio.text import Text, say

Kind: TypeAlias = Literal["int", "float", "choice", "text", "file", "ints", "texts", "place"]
Group: TypeAlias = Literal["lesion", "paths", "seeing", "batchnorm", "evaluation"]


@dataclass(frozen=True)
class Option:
    """Something that a question may be told.

    Attributes:
        kind: ``ints`` and ``texts`` are one or more, ``place`` a row and a column.
        help: One line.
        default: What holds without it; ``None``: as its help says.
        choices: Of the kinds ``choice`` and ``texts``.
        least: Of numbers.
        most: Of numbers.
    """

    kind: Kind
    title: Text
    help: Text
    default: Any = None
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None


OPTIONS: dict[str, Option] = {
    "images": Option("int", say("Images"), say("how many images of the part (default: 2000)"), least=1),
    "part": Option("choice", say("Part"), say("of the data set (default: test)"), "test",
                   ("test", "validation", "train")),
    "counts": Option("ints", say("At a time"), say("units, or pairs, at a time"), least=1),
    "draws": Option("int", say("Draws"), say("draws for each number (default: 10)"), 10, least=1),
    "seed": Option("int", say("Seed"), say("seed of the draws"), 0),
    "image": Option("ints", say("Image"), say("number of an image of the part (default: 0)"), (0,), least=0),
    "picture": Option("file", say("Picture"), say("a picture of your own in place of the part's images")),
    "class": Option("text", say("Class"), say("class, by name or number (default: the one that the network chooses)")),
    "block": Option("text", say("Block"), say("a block or module, as layer2.0")),
    "units": Option("ints", say("Channels"), say("channels of the block (default: 0; of a field, all)"), (0,), least=0),
    "place": Option("place", say("Place"), say("row and column of its map (default: the middle)"), least=0),
    "patch": Option("int", say("Square"), say("side of the square in pixels (default: a quarter)"), least=1),
    "channel": Option("int", say("Channel"), say("of the normalisation (default: 0)"), 0, least=0),
    "momentum": Option("float", say("Momentum"), say("weight of the newest batch (default: the block's)"), least=0,
                       most=1),
    "batch-size": Option("int", say("Batch size"), say("images in a batch"), least=1),
    "input-size": Option("int", say("Input size"), say("height and width of the images (default: as trained)"),
                         least=1),
    "statistics": Option("choice", say("Statistics"), say("of batch normalisations (default: running)"), "running",
                         ("running", "batch", "exact")),
    "per-class": Option("int", say("Of each class"), say("the first images of each class"), least=1),
    "without": Option("texts", say("Without"), say("units that are taken away")),
    "beside": Option("texts", say("Beside"),
                     say("other runs in the same figure, those of one network together")),
    "initial": Option("texts", say("Initial values"), say("how the weights are drawn (default: as the run's were)"),
                      choices=FIELDS["start.initial"].choices),
    "seeds": Option("ints", say("Seeds"), say("the weights are drawn with each (default: 0 1 2)"), (0, 1, 2), least=0),
}  # fmt: skip
"""By the name that the command line's flag has."""


@dataclass(frozen=True)
class Question:
    """Something to be asked."""

    title: Text
    help: Text
    group: Group
    options: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    """Options without which it cannot be asked."""
    one: tuple[str, ...] = ()
    """Options of which it takes a single value."""


_SEEN = ("image", "picture", "part")
QUESTIONS: dict[str, Question] = {
    "lesion": Question(say("Without each unit"), say("test accuracy with each unit taken away"), "lesion",
                       ("images", "beside")),
    "several": Question(say("Without k units"), say("with k at a time"), "lesion",
                        ("images", "counts", "draws", "seed", "beside")),
    "swap": Question(say("Units in each other's place"), say("with pairs in each other's place"), "lesion",
                     ("images", "counts", "draws", "seed", "beside")),
    "paths": Question(say("Lengths of paths"),
                      say("how many paths there are of each length (any network, trained or not)"), "paths"),
    "gradients": Question(say("Gradient by length"), say("what reaches the input along paths of each length"), "paths",
                          ("images", "draws", "seed")),
    "start": Question(say("The first step"),
                      say("gradient and signal of every block in the first step (any network, trained or not)"),
                      "paths", ("initial", "seeds", "batch-size")),
    "cam": Question(say("Class map"), say("what speaks for a class, over the picture; of a block: Grad-CAM"), "seeing",
                    (*_SEEN, "class", "block")),
    "peaks": Question(say("Peaks"), say("whether the class map's peak lies in the object (sets that know its box)"),
                      "seeing", ("images", "part")),
    "occlusion": Question(say("Occlusion"), say("what is lost where a square covers the picture"), "seeing",
                          (*_SEEN, "class", "patch"), one=("image",)),
    "filters": Question(say("Filters"), say("the first convolution's filters"), "seeing"),
    "features": Question(say("Feature maps"), say("what a block gives for a picture"), "seeing", (*_SEEN, "block"),
                         ("block",), one=("image",)),
    "excited": Question(say("Most exciting images"), say("the images that excite units of a block most"), "seeing",
                        ("block", "units", "images", "part"), ("block",)),
    "field": Question(say("Receptive field"), say("what a unit can see, and what it does see"), "seeing",
                      ("block", "place", "units", "part", "images"), ("block",)),
    "scatter": Question(say("Last features"), say("the last features in two dimensions"), "seeing", ("images", "part")),
    "batchnorm": Question(say("A normalisation"), say("a batch normalisation under the microscope"), "batchnorm",
                          ("block", "channel", "momentum", "batch-size", "images")),
    "drift": Question(say("While it learnt"),
                      say("batches against the moving average as steps went by (of a running run too)"), "batchnorm",
                      ("block",)),
    "inputs": Question(say("Scale of the inputs"), say("the same images as z-scores, from 0 to 1 and from 0 to 255"),
                       "batchnorm", ("images",)),
    "evaluate": Question(say("Measured anew"), say("the run measured anew: size, statistics, units, how sure it is"),
                         "evaluation",
                         ("images", "part", "per-class", "input-size", "statistics", "batch-size", "without")),
}  # fmt: skip
GROUPS: dict[Group, Text] = {
    "lesion": say("Lesion"), "paths": say("Paths"), "seeing": say("Pictures"), "batchnorm": say("BatchNorm"),
    "evaluation": say("Evaluation"),
}  # fmt: skip


def check_asked(name: str, values: Mapping[str, Any]) -> None:
    """Whether a question can be asked with these options.

    Args:
        name: Of the question.
        values: By option; ``None`` is as if it were not there.

    Raises:
        StudioError: ``lab.question`` for one that there is not, ``lab.option`` for an option that the question does not
            take, that is out of its limits, or missing.
    """
    question = QUESTIONS.get(name)
    if question is None:
        raise StudioError("lab.question", say("there is no question {name}.", name=name),
                          hint=suggestion(name, list(QUESTIONS)))  # fmt: skip
    for option, value in values.items():
        if value is None:
            continue
        if option not in question.options:
            names = ", ".join(f"--{known}" for known in question.options)
            raise StudioError(
                "lab.option", say("{question} does not take --{option}.", question=name, option=option),
                hint=say("It takes {names}.", names=names) if names else say("It takes no options."),
            )  # fmt: skip
        declared = OPTIONS[option]
        if not _fits(declared.kind, value):
            raise _not(declared, repr(value))
        many = isinstance(value, list | tuple)
        if many and len(value) > 1 and option in question.one:
            raise StudioError("lab.option", say("{question} takes one --{option}.", question=name, option=option))
        strange = [each for each in (value if many else (value,)) if each not in declared.choices]
        if declared.choices and strange:
            raise StudioError(
                "lab.option", say("--{option} does not take {value}.", option=option, value=strange[0]),
                hint=say("It takes {names}.", names=", ".join(declared.choices)),
            )  # fmt: skip
        least, most = declared.least, declared.most
        for number in value if many else (value,):
            if not isinstance(number, int | float):
                continue
            if most is not None and least is not None and not least <= number <= most:
                text = say("{title} (--{option}) takes a number from {least:g} to {most:g}.", title=declared.title,
                           option=option, least=least, most=most)  # fmt: skip
                raise StudioError("lab.option", text)
            if least is not None and not number >= least:
                text = say("{title} (--{option}) takes a number from {least:g}.", title=declared.title, option=option,
                           least=least)  # fmt: skip
                raise StudioError("lab.option", text)
    for option in question.needs:
        if values.get(option) is None:
            raise StudioError("lab.option", say("{question} needs --{option}.", question=name, option=option),
                              hint=OPTIONS[option].help)  # fmt: skip


def read_option(name: str, text: str) -> Any:
    """What somebody wrote into the field of an option.

    Args:
        name: Of the option.
        text: Numbers and names of several are apart by blanks or commas.

    Returns:
        The value; ``None`` for an empty field.

    Raises:
        StudioError: ``lab.option`` for what is no such value.
    """
    option, words = OPTIONS[name], text.replace(",", " ").split()
    if not words:
        return None
    try:
        if option.kind in ("ints", "place"):
            numbers = [int(word) for word in words]
            if option.kind == "place" and len(numbers) != 2:
                raise ValueError
            return numbers
        if option.kind in ("int", "float"):
            (word,) = words
            return int(word) if option.kind == "int" else float(word)
    except ValueError:
        raise _not(option, f"'{text.strip()}'") from None
    return words if option.kind == "texts" else text.strip()


_WANTED: dict[Kind, Text] = {
    "int": say("a whole number"), "float": say("a number"), "ints": say("whole numbers"),
    "place": say("a row and a column"), "choice": say("a word"), "text": say("a text"), "file": say("a file's name"),
    "texts": say("texts"),
}  # fmt: skip


def _fits(kind: Kind, value: object) -> bool:
    """Whether a value is of a kind: one that a program gives need not be."""
    if kind in ("ints", "texts", "place"):
        single: Kind = "text" if kind == "texts" else "int"
        return isinstance(value, list | tuple) and all(_fits(single, each) for each in value) and (
            kind != "place" or len(value) == 2
        )  # fmt: skip
    if kind in ("int", "float"):
        return isinstance(value, int | float if kind == "float" else int) and not isinstance(value, bool)
    return isinstance(value, str) and "\0" not in value


def _not(option: Option, found: str) -> StudioError:
    return StudioError("lab.option", say("{title} takes {what}, not {found}.", title=option.title,
                                         what=_WANTED[option.kind], found=found))  # fmt: skip
