"""``attach``: look at a run of another machine."""

from __future__ import annotations

import argparse
import sys
import threading
from pathlib import Path

from blockstudio.cli.arguments import Parser, json_argument
from blockstudio.errors import StudioError
from blockstudio.text import render, say


def attach_arguments(parser: Parser) -> None:
    """What ``attach`` takes."""
    parser.description = say(
        "Follow a run of another machine over OpenSSH, until it ends. Here it is a directory like that of any run: a "
        "window shows it, pauses and stops it. The other machine needs this program, and ssh has to work without a "
        "password."
    )
    parser.epilog = say("example: blockstudio attach gpu1:runs/resnet-34 --fetch")
    parser.add_argument("place", metavar="HOST:DIR", help=say("the run, as scp would write it"))
    parser.add_argument("--run", metavar="DIR", help=say("directory here (default: among the runs)"))
    parser.add_argument("--fetch", action="store_true", help=say("bring its last checkpoint when it has ended"))
    parser.add_argument(
        "--program", metavar="COMMAND", default="blockstudio", help=say("how this program is called there")
    )
    parser.add_argument("--ssh", metavar="OPTION", action="append", default=[], help=say("an option for ssh"))
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    form = parser.add_mutually_exclusive_group()
    json_argument(form, say("the run's events, one JSON object a line"))
    form.add_argument("--quiet", action="store_true", help=say("say nothing but what goes wrong"))


def attach(options: argparse.Namespace) -> int:
    """Follow a run, or speak for one."""
    from blockstudio import folders
    from blockstudio.runs.remote.mirror import Mirror, is_there, place_of
    from blockstudio.runs.run import Run
    from blockstudio.runs.terminal import watch

    if options.serve:
        from blockstudio.runs.remote.serve import serve

        serve(Run(Path(options.place).expanduser()), sys.stdin.buffer, sys.stdout.buffer)
        return 0
    place = place_of(options.place, options.program)
    folder = Path(options.run) if options.run else (folders.runs() or Path("runs")) / place.name
    mirror = Mirror(place, folder, lambda text: None if options.quiet else print(render(text), file=sys.stderr))
    if options.quiet:
        mirror.follow(ssh=options.ssh, fetch=options.fetch)
        return 0
    problems: list[StudioError] = []
    ended = threading.Event()

    def follow() -> None:
        try:
            mirror.follow(ssh=options.ssh, fetch=options.fetch)
        except StudioError as error:
            problems.append(error)
        finally:
            ended.set()

    following = threading.Thread(target=follow)
    following.start()
    while not is_there(folder) and not ended.wait(0.1):
        pass
    code = watch(Run(folder), json=options.json, start=False) if is_there(folder) else 0
    following.join()
    if problems:
        raise problems[0]
    return code
