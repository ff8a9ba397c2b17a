"""The command line: the studio's verbs without a window.

`blockstudio [NAME_OR_FILE]` opens the window; the commands of `blockstudio.cli.root` need none.
Bad input ends in one sentence on standard error and exit code 2; with ``--json`` in a JSON object there.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from blockstudio.answers import JSON, error_line
from blockstudio.blocks import package_problems
from blockstudio.cli.root import COMMANDS, parsed
from blockstudio.errors import StudioError, file_errors
from blockstudio.needs import explaining
from blockstudio.text import LANGUAGE, SYSTEM, use_language

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 the network has errors or a run failed, 2 bad input,
    130 interrupted."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    use_language(os.environ.get(LANGUAGE) or SYSTEM)
    for problem in package_problems() if JSON not in arguments else ():
        print(f"blockstudio: {_shown(str(problem))}", file=sys.stderr)
    try:
        with file_errors():
            options = parsed(arguments)
            command = COMMANDS[options.command]
            with explaining(command.what or f"blockstudio {command.name}"):
                return command.act(options)
    except StudioError as error:
        print(error_line(error) if JSON in arguments else f"blockstudio: {_shown(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of a pipe (head, less) went away; nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _shown(text: str) -> str:
    """Without what would tell a terminal to do something: a file's name may hold anything."""
    return "".join(each if each.isprintable() or each == "\n" else ascii(each)[1:-1] for each in text)
