"""``export``: a network as a file; the ending names the format."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from blockstudio.cli.arguments import (
    Parser,
    answer,
    json_argument,
    network_argument,
    opened,
    weights_argument,
    weights_file,
)
from blockstudio.cli.figures import export_figure, figure_arguments, given
from blockstudio.errors import StudioError
from blockstudio.formats import Written, described, endings, format_of
from blockstudio.text import render, say

if TYPE_CHECKING:
    from blockstudio.compiler.about import Trained
    from blockstudio.graph.diagram import Diagram


def export_arguments(parser: Parser) -> None:
    """What ``export`` takes."""
    parser.description = say(
        "Write the network to a file; the ending names the format. {networks}. Figures: {figures}.",
        networks=described("network"),
        figures=described("figure"),
    )
    parser.epilog = say(
        "examples: blockstudio export resnet34 -o model.py; blockstudio export --run runs/mine -o model.onnx; "
        "blockstudio export inception_v3 --columns 2 -o figure.pdf"
    )
    network_argument(parser, "?")
    parser.add_argument(
        "-o", "--output", metavar="FILE", default="-", help=say("the file; - writes source to the terminal")
    )
    weights_argument(parser, say("trained weights to put in"))
    parser.add_argument("--run", metavar="DIR", help=say("the network of a run with its trained weights"))
    parser.add_argument(
        "--checkpoint",
        choices=("best", "last"),
        help=say("which of the run: of the best validation accuracy (default) or the last"),
    )
    parser.add_argument(
        "--normalise",
        action="store_true",
        help=say("put the normalisation of the run's images into the program, which then takes pixels from 0 to 1"),
    )
    parser.add_argument(
        "--inference",
        action="store_true",
        help=say("write a folder with the run's network and a short script that classifies images with it"),
    )
    parser.add_argument("--force", action="store_true", help=say("replace the file if it is there"))
    json_argument(parser, say("what was written, as JSON"))
    figure_arguments(parser)


def export(options: argparse.Namespace) -> int:
    """Write the network in the format of the file's ending."""
    if bool(options.network) == bool(options.run):
        raise StudioError("cli.usage", say("export needs NAME_OR_FILE or --run DIR, one of them."))
    if options.run and (options.settings or options.weights):
        raise StudioError(
            "cli.usage",
            say("--run takes the run's own network and weights."),
            hint=say("Leave --set and --weights out."),
        )
    if options.checkpoint and not options.run:
        raise StudioError("cli.usage", say("--checkpoint is one of a run."), hint=say("Add --run DIR."))
    if (options.normalise or options.inference) and not options.run:
        raise StudioError(
            "cli.usage",
            say("--normalise and --inference are for networks of a run."),
            hint=say("Add --run DIR: only a run knows its images."),
        )
    target = Path(options.output)
    if options.inference:
        return _for_inference(options, target)
    form = format_of(target, "network", "figure")
    unfit = [] if form is not None and form.kind == "figure" else given(options)
    if unfit:
        raise StudioError(
            "cli.usage",
            say("{unfit} is for figures.", unfit=unfit[0]),
            hint=say("A figure's file ends in {endings}.", endings=", ".join(endings("figure"))),
        )
    if options.output == "-":
        from blockstudio.compiler import source

        text = source(_of_run(options)[0] if options.run else opened(options))
        if options.json:
            answer(source=text)
        else:
            print(text, end="")
        return 0
    if form is None:
        raise StudioError(
            "export.kind",
            say(
                "'{name}' does not end in {endings}.", name=target.name, endings=", ".join(endings("network", "figure"))
            ),
            hint=say("For example: -o model.py"),
        )
    written = export_figure(options, target) if form.kind == "figure" else _export_network(options, target)
    if options.json:
        answer(file=str(target), written=written.words, weights=written.weights)
    else:
        print(f"{target}: {render(str(written))}")
    return 0


def _export_network(options: argparse.Namespace, target: Path) -> Written:
    from blockstudio.compiler.exports import write_network

    diagram, weights = (
        _of_run(options)
        if options.run
        else (
            opened(options),
            weights_file(options.weights, options.download),
        )
    )
    form = format_of(target)
    if options.run and form is not None and not form.weights:
        weights = None  # Source is the same whatever was trained.
    return write_network(diagram, target, weights=weights, force=options.force)


def _for_inference(options: argparse.Namespace, folder: Path) -> int:
    from blockstudio.compiler.inference import write_inference

    if options.output == "-":
        raise StudioError("cli.usage", say("--inference writes a folder."), hint=say("Name it: -o classifier"))
    diagram, weights = _of_run(options)
    words = write_inference(diagram, weights, folder, force=options.force)
    if options.json:
        answer(file=str(folder), written=words, weights=f"weights of {weights.file}")
    else:
        print(f"{folder}: {render(words)}")
    return 0


def _of_run(options: argparse.Namespace) -> tuple[Diagram, Trained]:
    """The network of a run and the file of its weights, found to be as it was written, with what its images were."""
    from blockstudio.compiler.about import Trained
    from blockstudio.runs import Run

    run = Run(Path(options.run))
    checkpoint = run.checkpoints.latest_good() if options.checkpoint == "last" else run.best()
    if checkpoint is None:
        raise StudioError(
            "run.checkpoint", say("has no checkpoint yet."), where=options.run, hint=say("Train it first.")
        )
    checkpoint.verify()
    recipe = run.recipe().data
    data = {**run.data(), "resize": recipe.resize, "background": recipe.background}
    return run.diagram(), Trained(checkpoint.model, data, normalise=options.normalise)
