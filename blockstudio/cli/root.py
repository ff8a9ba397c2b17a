"""The one root of the command line: every command with what it takes, one row each. Help, mistakes in writing and the
shells' completion are made from it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from blockstudio.cli import (
    attach,
    completion,
    data,
    evaluate,
    experiment,
    exporting,
    importing,
    lab,
    lesson,
    loading,
    recipe,
    runs,
    tables,
    training,
    tuning,
    window,
)
from blockstudio.cli.arguments import Parser
from blockstudio.cli.helping import AsWritten
from blockstudio.errors import StudioError
from blockstudio.graph.names import suggestion
from blockstudio.graph.presets import preset_names
from blockstudio.text import say

OPEN = "open"
"""The command that goes without saying: ``blockstudio resnet34``."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command."""

    name: str
    help: str
    arguments: Callable[[Parser], None]
    act: Callable[[argparse.Namespace], int]
    what: str = ""
    """What is said to need a library that is missing; the command itself where it is empty."""


COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        Command(OPEN, say("open the window"), window.open_window_arguments, window.open_window, say("the window")),
        Command("train", say("train without a window"), training.train_arguments, training.train),
        Command("tune", say("which way of computing and rate are best here"), tuning.tune_arguments, tuning.tune),
        Command("recipe", say("recipes with a name: shown, compared, kept"), recipe.recipe_arguments, recipe.recipe),
        Command("data", say("what is in a data set"), data.data_arguments, data.data),
        Command("evaluate", say("what a trained network says of images"), evaluate.evaluate_arguments,
                evaluate.evaluate),
        Command("runs", say("a table of runs"), runs.runs_arguments, runs.runs),
        Command("attach", say("follow a run of another machine"), attach.attach_arguments, attach.attach),
        Command("experiment", say("many runs that ask one question"), experiment.experiment_arguments,
                experiment.experiment),
        Command("lab", say("questions to a trained network"), lab.lab_arguments, lab.lab),
        Command("lesson", say("lessons with computed answers"), lesson.lesson_arguments, lesson.lesson),
        Command("summary", say("shapes and costs, block by block"), tables.summary_arguments, tables.summary),
        Command("compare", say("networks side by side"), tables.compare_arguments, tables.compare),
        Command("export", say("write a network or a figure to a file"), exporting.export_arguments, exporting.export),
        Command("weights", say("which trained weights of a file fit"), loading.weights_arguments, loading.weights),
        Command("import", say("draw a network of a library or a file"), importing.import_arguments,
                importing.import_network),
        Command("presets", say("list the networks that come along"), tables.presets_arguments, tables.presets),
        Command("completion", say("complete commands in a shell"), completion.arguments, lambda options:
                completion.write(options, root_parser()[0])),
    )
}  # fmt: skip
"""By name."""


def root_parser() -> tuple[Parser, dict[str, Parser]]:
    """The parser of everything, and that of each command."""
    root = Parser(prog="blockstudio", description=window.OPEN_HELP,
                  formatter_class=AsWritten)  # fmt: skip
    commands = root.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    found: dict[str, Parser] = {}
    for command in COMMANDS.values():
        if command.name == OPEN:
            parser = commands.add_parser(command.name, help=command.help, prog="blockstudio",
                                         formatter_class=AsWritten)  # fmt: skip
        else:
            parser = commands.add_parser(command.name, help=command.help)
        command.arguments(parser)
        found[command.name] = parser
    return root, found


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """What was written, with ``command`` as the name of the command. Raises `StudioError` ``cli.*`` with the nearest
    command, preset or option for what is not known."""
    words = list(arguments)
    if not words or words[0] not in COMMANDS:
        if words:
            _check_word(words[0])
        words.insert(0, OPEN)
    root, commands = root_parser()
    options, unknown = root.parse_known_args(words)
    if unknown:
        parser = commands[options.command]
        known = list(parser._option_string_actions)
        near = suggestion(unknown[0].partition("=")[0], known) if unknown[0].startswith("--") else ""
        raise StudioError(
            "cli.usage",
            say("unrecognized arguments: {unknown}.", unknown=" ".join(unknown)),
            hint=near or say("See: {prog} --help", prog=parser.prog),
        )
    return options


def _check_word(word: str) -> None:
    """Whether the first word can be a network, if it is no command: ``trian`` is neither."""
    if word.startswith("-") or any(mark in word for mark in "/\\.~") or Path(word).is_file():
        return
    names = preset_names()
    if word not in names:
        raise StudioError(
            "cli.unknown",
            say("there is no command, no preset and no file '{word}'.", word=word[:80]),
            hint=suggestion(word, [*COMMANDS, *names]),
        )
