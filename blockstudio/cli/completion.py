"""``completion``: commands, options, presets and files completed by the shell."""

from __future__ import annotations

import argparse

from blockstudio.cli.arguments import NETWORK, Parser
from blockstudio.text import say

SHELLS = ("bash", "zsh")
_PREAMBLE = {
    "bash": "_blockstudio_networks() {{ compgen -W '{names}' -- \"$1\"; compgen -f -X '!*.json' -- \"$1\"; "
    "compgen -d -- \"$1\"; }}",
    "zsh": "_blockstudio_networks() {{ compadd -- {names}; _files -g '*.json(-.)' }}",
}  # fmt: skip
"""What completes a network: a preset or a file."""


def arguments(parser: Parser) -> None:
    """What ``completion`` takes."""
    parser.description = say(
        "Print a script with which a shell completes commands, options, presets and files. "
        "bash: blockstudio completion bash > ~/.local/share/bash-completion/completions/blockstudio; "
        "zsh: blockstudio completion zsh > DIR/_blockstudio, with DIR in $fpath."
    )
    parser.add_argument("shell", choices=SHELLS, help=say("the shell"))


def write(options: argparse.Namespace, root: Parser) -> int:
    """Print the script."""
    import shtab

    from blockstudio.graph.presets import preset_names

    function = {"bash": "_blockstudio_networks", "zsh": "_blockstudio_networks"}
    for action in _actions(root):
        if action.metavar == NETWORK:
            action.complete = function  # type: ignore[attr-defined]
        elif action.metavar in ("FILE", "RECIPE", "DIR"):
            action.complete = shtab.DIRECTORY if action.metavar == "DIR" else shtab.FILE  # type: ignore[attr-defined]
    preamble = _PREAMBLE[options.shell].format(names=" ".join(preset_names()))
    print(shtab.complete(root, options.shell, preamble=preamble))
    return 0


def _actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    found: list[argparse.Action] = []
    for action in parser._actions:
        found.append(action)
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                found += _actions(inner)
    return found
