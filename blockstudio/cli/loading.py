"""``weights``: which weights of a file fit a network."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from blockstudio.cli.arguments import Parser, download_argument, json_argument, network_argument, opened, weights_file
from blockstudio.errors import StudioError
from blockstudio.formats import WEIGHTS
from blockstudio.text import render, say, say_many


def weights_arguments(parser: Parser) -> None:
    """What ``weights`` takes."""
    parser.description = say(
        "Say which weights of a file fit a network, which do not and why. Files are read as tensors "
        "only; nothing in them is executed. A classifier for another number of classes is left at its initial "
        "values. Exit code 1 if something else does not fit."
    )
    parser.epilog = say("example: blockstudio weights resnet50 resnet50.pth --set num_classes=10 -o start.safetensors")
    network_argument(parser)
    parser.add_argument(
        "file",
        metavar="FILE",
        help=say("a file of weights: safetensors, what torch.save writes, or the index of several"),
    )
    download_argument(parser)
    parser.add_argument(
        "-o", "--output", metavar="FILE", help=say("write the network's weights to a {ending} file", ending=WEIGHTS)
    )
    parser.add_argument("--force", action="store_true", help=say("replace the file if it is there"))
    parser.add_argument(
        "--partial", action="store_true", help=say("write also if not everything fits: the rest is initial")
    )
    parser.add_argument(
        "--names",
        default="auto",
        metavar="FILE",
        help=say("a map of names (see docs/presets.md), or same: the names as they are (default: what fits best)"),
    )
    json_argument(parser, say("the report as JSON"))


def weights(options: argparse.Namespace) -> int:
    """Say which weights of a file fit, and write them on request."""
    target = Path(options.output) if options.output else None
    if target is not None:
        from blockstudio.graph.files import check_target

        if target.suffix.lower() != WEIGHTS:
            raise StudioError(
                "export.kind", say("'{name}' does not end in {weights}.", name=target.name, weights=WEIGHTS)
            )
        check_target(target, options.force)
    from blockstudio.compiler.fitting import fit

    fitted = fit(opened(options), weights_file(options.file, options.download) or options.file, names=options.names)
    if options.json:
        json.dump(fitted.as_json(), sys.stdout, indent=1, ensure_ascii=False)
        print()
    else:
        print(*map(render, fitted.lines()), sep="\n")
    if not fitted.report.complete and not options.partial:
        return 1
    if target is not None:
        fitted.write(target)
        count = len(fitted.model.state_dict())
        line = say_many("{file}: {count} tensor", "{file}: {count} tensors", count, file=target)
        print(render(line), file=sys.stderr if options.json else sys.stdout)
    return 0 if fitted.report.complete else 1
