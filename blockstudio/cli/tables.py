"""``summary``, ``compare`` and ``presets``: numbers in rows."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from blockstudio.cli.arguments import NETWORK, Parser, json_argument, network_argument, opened, settings_of
from blockstudio.errors import StudioError
from blockstudio.formats import endings, format_of, listed
from blockstudio.text import render, say, say_many

if TYPE_CHECKING:
    import argparse

    from blockstudio.analysis import Analysis
    from blockstudio.graph.diagram import Diagram
    from blockstudio.report.table import Table


def summary_arguments(parser: Parser) -> None:
    """What ``summary`` takes."""
    parser.description = say(
        "Shapes and costs, block by block. MACs are multiply-accumulates of convolution and linear "
        "layers for one image; a FLOP count in the sense of adds and multiplies is twice that."
    )
    network_argument(parser)
    parser.add_argument("--depth", type=int, metavar="N", help=say("levels of modules to open (default: 1)"))
    parser.add_argument("--flops", action="store_true", help=say("show FLOPs = 2 × MACs"))
    parser.add_argument(
        "--hints", action="store_true", help=say("say what might be better, with the paper that says so")
    )
    form = parser.add_mutually_exclusive_group()
    json_argument(form, say("every figure of every block as JSON"))
    form.add_argument("--paper", action="store_true", help=say("the paper's own table beside the computed one"))
    output_arguments(parser)


def summary(options: argparse.Namespace) -> int:
    """Shapes and costs, block by block, or the paper's table."""
    if options.paper and (options.flops or options.depth is not None):
        raise StudioError("cli.usage", say("--paper has the paper's own rows; leave --depth and --flops out."))
    if options.json and options.output is not None:
        raise StudioError(
            "cli.usage", say("-o writes tables; --json goes to the terminal."), hint=say("Use: --json > FILE")
        )
    if options.depth is not None and options.depth < 1:
        raise StudioError("cli.usage", say("--depth must be at least 1, not {depth}.", depth=options.depth))
    check_output(options)

    from blockstudio.report.summary import as_json, summary_table

    if options.paper:
        write_tables([_paper_table(options)], options.output)
        return 0
    diagram = opened(options)
    from blockstudio.analysis import analyze

    analysis = analyze(diagram)
    if options.json:
        json.dump(as_json(diagram, analysis), sys.stdout, indent=1, ensure_ascii=False)
        print()
    else:
        table = summary_table(diagram, analysis, depth=options.depth or 1, flops=options.flops)
        write_tables([table], options.output)
    if options.hints:
        _tell_hints(diagram, analysis)
    return _report(analysis)


def _tell_hints(diagram: Diagram, analysis: Analysis) -> None:
    """Print design hints to standard error, beside the problems."""
    from blockstudio.analysis.hints import hints

    for hint in hints(diagram, analysis):
        told = say("hint: {path}: {title}. {text} ({paper})", path=hint.path, title=hint.title, text=hint.text,
                   paper=hint.paper.text)  # fmt: skip
        print(render(told), file=sys.stderr)


def _paper_table(options: argparse.Namespace) -> Table:
    """Of a preset as the paper has it, ``--set`` over that; of a file that was made from such a preset as it is."""
    from blockstudio.graph.presets import preset_names
    from blockstudio.report.paper import paper_diagram, paper_of, paper_table

    if options.network in preset_names():
        return paper_table(options.network, paper_diagram(options.network, settings_of(options.settings)))
    diagram = opened(options)
    return paper_table(paper_of(diagram) or diagram.name, diagram)


def output_arguments(parser: argparse.ArgumentParser) -> None:
    """Let a command write its table to a file."""
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help=say("write the table to a {endings} file", endings=listed(endings("table"))),
    )
    parser.add_argument("--force", action="store_true", help=say("replace the file if it is there"))


def check_output(options: argparse.Namespace) -> None:
    """Whether the file can be written, before the work of making it."""
    from blockstudio.graph.files import check_target

    if options.output is None:
        return
    target = Path(options.output)
    if format_of(target.name, "table") is None:
        raise StudioError(
            "table.format",
            say("'{name}' does not end in {endings}.", name=target.name, endings=", ".join(endings("table"))),
            hint=say("For example: -o table.md"),
        )
    check_target(target, options.force)


def write_tables(tables: Sequence[Table], output: str | None) -> None:
    """One below the other, to the terminal or into one file."""
    from blockstudio.graph.files import write_atomic
    from blockstudio.report.table import write_as

    if output is None:
        print("\n\n".join(table.text() for table in tables))
        return
    target = Path(output)
    text = "\n\n".join(write_as(table, target.suffix.lower()) for table in tables)
    write_atomic(target, (text + "\n").encode())
    rows = sum(len(table.rows) for table in tables)
    print(render(say_many("{file}: {count} row", "{file}: {count} rows", rows, file=target)))


def compare_arguments(parser: Parser) -> None:
    """What ``compare`` takes."""
    from blockstudio.analysis.costs import by_size

    parser.description = say(
        "Networks side by side: parameters, MACs, depth, memory, share of fully connected layers. "
        "Differences are to the first."
    )
    parser.epilog = say("example: blockstudio compare resnet50 resnet101 alexnet")
    json_argument(parser, say("the figures of each network as JSON"))
    parser.add_argument("networks", nargs="*", metavar=NETWORK, help=say("presets or *.blocks.json files"))
    parser.add_argument("--stages", action="store_true", help=say("MACs by map size as well, side by side"))
    names = [cost.name for cost in by_size()]
    parser.add_argument(
        "--by", choices=names, help=say("the cost that --stages shows (default: {name})", name=names[0])
    )
    parser.add_argument("--factorisations", action="store_true", help=say("what factorising a convolution saves"))
    output_arguments(parser)


def compare(options: argparse.Namespace) -> int:
    """Networks side by side."""
    from blockstudio.analysis.costs import by_size
    from blockstudio.graph.presets import open_diagram
    from blockstudio.report.compare import compare_table, stage_table
    from blockstudio.report.factorise import factorisation_table
    from blockstudio.report.profile import profile

    if not options.networks and not options.factorisations:
        raise StudioError(
            "cli.usage", say("compare needs networks."), hint=say("For example: blockstudio compare resnet50 alexnet")
        )
    shows_stages = options.stages or options.by is not None
    if shows_stages and not options.networks:
        raise StudioError(
            "cli.usage", say("--stages are those of networks."), hint=say("Name one, for example resnet50.")
        )
    if options.json and (options.output is not None or options.factorisations or not options.networks):
        raise StudioError(
            "cli.usage", say("--json is of the networks, in the terminal; leave -o and --factorisations out.")
        )
    check_output(options)
    profiles = [profile(open_diagram(name)) for name in options.networks]
    if options.json:
        rows = [{**asdict(one), "dense_share": one.dense_share} for one in profiles]
        json.dump(rows, sys.stdout, indent=1, ensure_ascii=False)
        print()
        return int(not all(item.sound for item in profiles))
    tables = [compare_table(profiles)] if profiles else []
    if shows_stages:
        # Bars are for who looks at the table; programs have the numbers.
        form = format_of(options.output, "table") if options.output is not None else None
        bars = form is None or form.plain
        tables.append(stage_table(profiles, options.by or by_size()[0].name, bars=bars))
    if options.factorisations:
        tables.append(factorisation_table())
    write_tables(tables, options.output)
    return int(not all(item.sound for item in profiles))


def _report(analysis: Analysis) -> int:
    """Print problems to standard error; 1 if one of them is an error."""
    for problem in analysis.problems:
        print(f"{problem.severity}: {render(problem.text)}", file=sys.stderr)
    return int(any(problem.severity == "error" for problem in analysis.problems))


def presets_arguments(parser: Parser) -> None:
    """What ``presets`` takes."""
    parser.description = say("List the networks that come with the studio.")
    parser.add_argument("name", nargs="?", metavar="NAME", help=say("one preset: its description and parameters"))
    parser.add_argument("--family", metavar="FAMILY", help=say("only one family by year: ResNet, Inception, VGG ..."))
    json_argument(parser, say("the list as JSON"))


def presets(options: argparse.Namespace) -> int:
    """The networks that come along."""
    from blockstudio.report.summary import preset_rows, preset_text, presets_table

    if options.name and (options.json or options.family):
        raise StudioError("cli.usage", say("--json and --family are of the list; leave NAME out."))
    if options.name:
        print(preset_text(options.name))
    elif options.json:
        json.dump(preset_rows(options.family), sys.stdout, indent=1, ensure_ascii=False)
        print()
    else:
        print(presets_table(options.family).text())
    return 0
