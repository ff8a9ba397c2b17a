"""``import``: other people's networks as diagrams."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from blockstudio.cli.arguments import Parser, json_argument
from blockstudio.errors import StudioError
from blockstudio.text import render, say


def import_arguments(parser: Parser) -> None:
    """What ``import`` takes."""
    parser.description = say(
        "Draw a network of an installed library, of an ONNX file or of a .pt2 file of torch.export: its modules become "
        "definitions, its state dict's keys the paths of the blocks. The drawing is compiled and compared with the "
        "original to the last bit; what could not be proven is said, and the exit code is then 1. What has no block "
        "type becomes foreign blocks. Nothing is downloaded, no file is executed."
    )
    parser.epilog = say("example: blockstudio import torchvision:densenet121 -o densenet.blocks.json")
    parser.add_argument("source", metavar="SOURCE", help=say("torchvision:NAME, timm:NAME, a .onnx or a .pt2 file"))
    parser.add_argument("-o", "--output", metavar="FILE", required=True, help=say("the *.blocks.json file to write"))
    parser.add_argument("--force", action="store_true", help=say("replace the file if it is there"))
    parser.add_argument(
        "--input",
        nargs=3,
        type=int,
        metavar=("C", "H", "W"),
        help=say("shape of an image (default: the network's own)"),
    )
    parser.add_argument("--unproven", action="store_true", help=say("do not compare the drawing with the original"))
    json_argument(parser, say("the report as JSON"))


def import_network(options: argparse.Namespace) -> int:
    """Draw a network and write the diagram. Exit code 1 if it was not proven to be the same network."""
    from blockstudio.graph.files import check_target
    from blockstudio.graph.format import save

    target = Path(options.output)
    if not target.name.endswith(".blocks.json"):
        raise StudioError("import.kind", say("'{name}' does not end in .blocks.json.", name=target.name))
    check_target(target, options.force)
    named = Path(options.source).suffix and ":" not in options.source[2:]  # a file, perhaps on C:
    if named or Path(options.source).is_file():
        from blockstudio.imports import from_file

        diagram, report = from_file(options.source, input=options.input, prove=not options.unproven)
    else:
        from blockstudio.imports import from_module
        from blockstudio.imports.library import input_of, library_network

        network = library_network(options.source)
        shape = tuple(options.input or input_of(network))
        name = options.source.partition(":")[2]
        diagram, report = from_module(network, shape, name=name, prove=not options.unproven)
    save(diagram, target)
    if options.json:
        json.dump(report.as_json(), sys.stdout, indent=1, ensure_ascii=False)
        print()
    else:
        print(*map(render, report.lines()), sep="\n")
    return 0 if options.unproven or report.proven else 1
