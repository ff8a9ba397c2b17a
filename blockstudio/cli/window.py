"""The window, or what stands in for it where there is no display."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from pathlib import Path

from blockstudio.cli.arguments import Parser, network_argument, opened, settings_of
from blockstudio.cli.recipe import recipe_of
from blockstudio.errors import StudioError
from blockstudio.text import render, say
from blockstudio.version import __version__

OPEN_HELP = say(
    """\
Draw convolutional networks as block diagrams, see every shape and cost as you draw,
and train them as ordinary PyTorch modules.

  blockstudio                      open the window
  blockstudio resnet34             open a preset
  blockstudio net.blocks.json      open a file
  blockstudio resnet34 --train     open it and start training on the built-in digits;
                                   without a display, train in the terminal

other commands (each has its own --help):
  blockstudio train NAME_OR_FILE --data NAME_OR_FOLDER    train without a window
  blockstudio experiment run FILE                         many runs that ask one question
  blockstudio lab lesion RUN                              questions to a trained network
  blockstudio summary NAME_OR_FILE                        shapes and costs, block by block
  blockstudio compare NAME NAME ...                       networks side by side
  blockstudio export NAME_OR_FILE -o model.py             write PyTorch source, or .onnx, .pt2, .safetensors
  blockstudio export NAME_OR_FILE -o figure.pdf           draw it for a paper, or .svg, .png
  blockstudio weights NAME_OR_FILE FILE                   which trained weights of a file fit
  blockstudio presets                                     list the networks that come along
"""
)


def has_display() -> bool:
    """Whether a window can be shown here."""
    if sys.platform.startswith(("win", "darwin")):
        return True
    if os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def open_window_arguments(parser: Parser) -> None:
    """What ``open_window`` takes."""
    parser.description = OPEN_HELP
    network_argument(parser, "?")
    parser.add_argument("--train", action="store_true", help=say("start training at once"))
    parser.add_argument(
        "--data", default="digits", metavar="NAME_OR_FOLDER", help=say("data for --train (default: digits)")
    )
    parser.add_argument("--dark", action="store_true", help=say("dark colours, whatever the system's are"))
    parser.add_argument("--version", action="version", version=f"Block Studio {__version__}")


def open_window(options: argparse.Namespace) -> int:
    """Open the window; with ``--train`` and no display, train in the terminal."""
    if options.settings and not options.network:
        raise StudioError("cli.set", say("--set needs a preset or file to set values of."))
    if has_display():
        gc.disable()  # from here on the window looks itself, on its own thread
        from blockstudio.gui.app.application import main as window

        return window(
            network=options.network,
            values=settings_of(options.settings),
            train=options.data if options.train else None,
            dark=options.dark or None,
        )
    if not options.train:
        raise StudioError(
            "cli.display",
            say("there is no display here, so the window cannot open."),
            hint=say("Without one: blockstudio train, summary, export and presets."),
        )
    print(
        render(say("No display here, so the network trains in this terminal and the studio's picture goes to a file."))
    )
    options.network = options.network or "resnet34"
    return _train_without_display(options)


def _train_without_display(options: argparse.Namespace) -> int:
    from blockstudio.runs import create_run
    from blockstudio.runs.terminal import watch

    diagram = opened(options)
    run = create_run(diagram, recipe_of(None, options.data))
    code = watch(run)
    picture = Path("blockstudio.png")
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from blockstudio.gui.app.shot import studio_picture

    studio_picture(diagram, run, picture)
    print(render(say("The studio with its curves: {file}", file=picture.resolve())))
    return code
