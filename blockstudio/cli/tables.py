"""``summary``, ``compare`` and ``presets``: numbers in rows."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from blockstudio.cli.arguments import Parser, network_argument, opened, settings_of
from blockstudio.errors import StudioError

if TYPE_CHECKING:
    import argparse

    from blockstudio.analysis import Analysis
    from blockstudio.report.table import Table


def summary(arguments: list[str]) -> int:
    """Shapes and costs, block by block, or the paper's table."""
    parser = Parser(
        prog="blockstudio summary",
        description="Shapes and costs, block by block. MACs are multiply-accumulates of convolution and linear "
        "layers for one image; a FLOP count in the sense of adds and multiplies is twice that.",
    )
    network_argument(parser)
    parser.add_argument("--depth", type=int, default=1, metavar="N", help="levels of modules to open (default: 1)")
    parser.add_argument("--flops", action="store_true", help="show FLOPs = 2 × MACs")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="every figure of every block as JSON")
    form.add_argument("--paper", action="store_true", help="the paper's own table beside the computed one")
    parser.add_argument("-o", "--output", metavar="FILE", help="write the table to a .md, .csv, .tex or .txt file")
    options = parser.parse_args(arguments)

    from blockstudio.report.summary import as_json, summary_table

    if options.paper:
        _write_table(_paper_table(options), options.output)
        return 0
    diagram = opened(options)
    from blockstudio.analysis import analyze

    analysis = analyze(diagram)
    if options.json:
        json.dump(as_json(diagram, analysis), sys.stdout, indent=1, ensure_ascii=False)
        print()
    else:
        _write_table(summary_table(diagram, analysis, depth=options.depth, flops=options.flops), options.output)
    return _report(analysis)


def _paper_table(options: argparse.Namespace) -> Table:
    """Of a preset as the paper has it, ``--set`` over that; of a file that was made from such a preset as it is."""
    from blockstudio.graph.presets import preset_names
    from blockstudio.report.paper import paper_diagram, paper_of, paper_table

    if options.network in preset_names():
        return paper_table(options.network, paper_diagram(options.network, settings_of(options.settings)))
    diagram = opened(options)
    return paper_table(paper_of(diagram) or diagram.name, diagram)


def _write_table(table: Table, output: str | None) -> None:
    from blockstudio.graph.files import write_atomic
    from blockstudio.report.table import write_as

    if output is None:
        print(table.text())
        return
    target = Path(output)
    write_atomic(target, (write_as(table, target.suffix.lower()) + "\n").encode())
    print(f"{target}: {len(table.rows)} rows")


def compare(arguments: list[str]) -> int:
    """Networks side by side."""
    parser = Parser(
        prog="blockstudio compare",
        description="Networks side by side: parameters, MACs, depth, memory, share of fully connected layers. "
        "Differences are to the first.",
        epilog="example: blockstudio compare resnet50 resnet101 alexnet",
    )
    parser.add_argument("networks", nargs="*", metavar="NAME_OR_FILE", help="presets or *.blocks.json files")
    parser.add_argument("--stages", action="store_true", help="MACs by map size as well, side by side")
    parser.add_argument("--by", choices=("macs", "parameters"), default="macs", help="the cost that --stages shows")
    parser.add_argument("--factorisations", action="store_true", help="what factorising a convolution saves")
    parser.add_argument("-o", "--output", metavar="FILE", help="write the table to a .md, .csv, .tex or .txt file")
    options = parser.parse_args(arguments)
    from blockstudio.graph.presets import open_diagram
    from blockstudio.report.compare import compare_table, stage_table
    from blockstudio.report.factorise import factorisation_table
    from blockstudio.report.profile import profile

    if not options.networks and not options.factorisations:
        raise StudioError(
            "cli.usage", "compare needs networks.", hint="For example: blockstudio compare resnet50 alexnet"
        )
    tables = []
    if options.networks:
        profiles = [profile(open_diagram(name)) for name in options.networks]
        tables.append(compare_table(profiles))
        if options.stages:
            tables.append(stage_table(profiles, options.by))
    if options.factorisations:
        tables.append(factorisation_table())
    if options.output and len(tables) > 1:
        raise StudioError("cli.usage", "-o takes one table.", hint="Leave --stages or --factorisations out.")
    for index, table in enumerate(tables):
        if index:
            print()
        _write_table(table, options.output)
    return 0


def _report(analysis: Analysis) -> int:
    """Print problems to standard error; 1 if one of them is an error."""
    for problem in analysis.problems:
        print(f"{problem.severity}: {problem.text}", file=sys.stderr)
    return int(any(problem.severity == "error" for problem in analysis.problems))


def presets(arguments: list[str]) -> int:
    """The networks that come along."""
    parser = Parser(prog="blockstudio presets", description="List the networks that come with the studio.")
    parser.add_argument("name", nargs="?", metavar="NAME", help="one preset: its description and parameters")
    parser.add_argument("--family", metavar="FAMILY", help="only one family by year: ResNet, Inception, VGG ...")
    parser.add_argument("--json", action="store_true", help="the list as JSON")
    options = parser.parse_args(arguments)
    from blockstudio.report.summary import preset_rows, preset_text, presets_table

    if options.name:
        print(preset_text(options.name))
    elif options.json:
        json.dump(preset_rows(options.family), sys.stdout, indent=1, ensure_ascii=False)
        print()
    else:
        print(presets_table(options.family).text())
    return 0
