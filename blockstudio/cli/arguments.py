"""What the commands have in common: the parser, the network and its settings."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from blockstudio.answers import JSON
from blockstudio.cli.helping import Formatter, mistake
from blockstudio.errors import StudioError
from blockstudio.formats import is_published
from blockstudio.text import render, say

if TYPE_CHECKING:
    from blockstudio.graph.diagram import Diagram


NETWORK = "NAME_OR_FILE"
"""How a network is written in help."""


class Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments as every other mistake is told, and helps in the reader's language."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **{"formatter_class": Formatter, **named})

    def format_help(self) -> str:
        self.description, self.epilog = render(self.description or ""), render(self.epilog or "")
        self._positionals.title, self._optionals.title = render(say("arguments")), render(say("options"))
        for action in self._actions:
            if isinstance(action, argparse._HelpAction):
                action.help = say("show this help, and end")
            elif isinstance(action, argparse._VersionAction):
                action.help = say("show the version, and end")
            rows = action._choices_actions if isinstance(action, argparse._SubParsersAction) else []
            for each in (action, *rows):
                each.help = render(each.help) if each.help else each.help
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        raise StudioError(
            "cli.usage", say("{message}.", message=mistake(message)), hint=say("See: {prog} --help", prog=self.prog)
        )


def network_argument(parser: argparse.ArgumentParser, many: str | None = None) -> None:
    """Let a command take a network and ``--set``."""
    parser.add_argument(
        "network",
        nargs=many,
        metavar=NETWORK,
        help=say("a preset (see: blockstudio presets) or a *.blocks.json file"),
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        dest="settings",
        help=say("value of a diagram parameter, e.g. --set n=9; may be given several times"),
    )


def json_argument(parser: argparse._ActionsContainer, what: str) -> None:
    """Let a command answer a program: see `blockstudio.answers`."""
    parser.add_argument(
        JSON, action="store_true", help=say("{what}; what goes wrong is JSON too, on standard error", what=what)
    )


def answer(**fields: object) -> None:
    """Answer with one JSON object."""
    print(json.dumps(fields, ensure_ascii=False))


def settings_of(pairs: Sequence[str]) -> dict[str, Any]:
    """The values of ``--set``. Raises `StudioError` ``cli.set``."""
    values: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise StudioError(
                "cli.set", say("'--set {pair}' is not NAME=VALUE.", pair=pair), hint=say("For example: --set n=9")
            )
        try:
            # Python's and JSON's way to write a truth value are both what people type.
            values[name.strip()] = json.loads(text.lower() if text in ("True", "False") else text)
        except (ValueError, RecursionError):  # no JSON, a number too long to be read, lists in lists without end
            values[name.strip()] = text
    return values


def opened(options: argparse.Namespace) -> Diagram:
    """The network that was asked for, with its settings."""
    from blockstudio.graph.presets import open_diagram

    return open_diagram(options.network, **settings_of(options.settings))


def weights_argument(parser: argparse.ArgumentParser, what: str) -> None:
    """Let a command take weights: a file, or the name of published ones."""
    parser.add_argument(
        "--weights",
        metavar="FILE_OR_NAME",
        help=say("{what}: a file, torchvision:NAME or timm:NAME (from its cache)", what=what),
    )
    download_argument(parser)


def download_argument(parser: argparse.ArgumentParser) -> None:
    """Let a command fetch published weights."""
    # None, not false: what was not given says nothing to a run that goes on.
    parser.add_argument(
        "--download", action="store_const", const=True, help=say("fetch weights given by name if they are not there")
    )


def weights_file(given: str | None, download: bool | None) -> str | None:
    """The file of weights that were given, published ones out of their library's cache, fetched if that is asked for.

    Raises `StudioError` ``weights.*``.
    """
    if given is None:
        return None
    if not is_published(given):
        return given
    from blockstudio.compiler.pretrained import file_of

    told = -1

    def progress(done: int, total: int) -> None:
        nonlocal told
        part = 10 * done // total if total else done // 10**7
        if part != told:
            told = part
            text = f"{given}: {done / 1e6:,.0f} MB" + (f" / {total / 1e6:,.0f} MB" if total else "")
            print(text, file=sys.stderr)

    return str(file_of(given, download=bool(download), progress=progress))
