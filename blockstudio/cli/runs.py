"""``runs``: a table of runs, and what is written on them."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blockstudio.cli.arguments import Parser, answer, json_argument
from blockstudio.cli.tables import check_output, output_arguments, write_tables
from blockstudio.errors import StudioError
from blockstudio.text import render, say, say_many

if TYPE_CHECKING:
    from blockstudio.runs.columns import Column
    from blockstudio.runs.rows import Listed


def runs_arguments(parser: Parser) -> None:
    """What ``runs`` takes."""
    parser.description = say(
        "A table of the runs in a folder. A filter is what stands in the window's field: data = digits, test > 85, "
        "tag:batchnorm, lr = 0.1, or a word. With --name, --tag, --untag or --note write on one run instead."
    )
    parser.epilog = say("example: blockstudio runs --filter 'test > 90' --sort test")
    parser.add_argument("folder", nargs="?", metavar="FOLDER",
                        help=say("of runs, or one run (default: $BLOCKSTUDIO_RUNS or ./runs)"))  # fmt: skip
    parser.add_argument("--filter", default="", metavar="TEXT", help=say("the runs to list"))
    parser.add_argument("--sort", metavar="COLUMN", help=say("the highest first; with - before it the lowest"))
    parser.add_argument(
        "--columns", metavar="A,B", help=say("results, recipe fields (lr) and diagram parameters (n), with commas")
    )
    parser.add_argument("--experiments", action="store_true", help=say("list the runs of experiments too"))
    parser.add_argument("--name", metavar="TEXT", help=say("call the run so; empty: as its directory"))
    parser.add_argument("--note", metavar="TEXT", help=say("write a note on the run"))
    parser.add_argument("--tag", action="append", metavar="TAG", help=say("put a tag on the run"))
    parser.add_argument("--untag", action="append", metavar="TAG", help=say("take a tag off the run"))
    json_argument(parser, say("every run with its recipe and results, as JSON"))
    output_arguments(parser)


def runs(options: argparse.Namespace) -> int:
    """List runs, or write on one."""
    from blockstudio import folders
    from blockstudio.report.table import Table
    from blockstudio.runs.columns import USUAL, column_of
    from blockstudio.runs.query import filtered
    from blockstudio.runs.rows import read_rows

    folder = Path(options.folder) if options.folder else folders.runs() or Path("runs")
    if any(value is not None for value in (options.name, options.note, options.tag, options.untag)):
        return _label(folder, options)
    if options.json and options.output is not None:
        raise StudioError(
            "cli.usage", say("-o writes tables; --json goes to the terminal."), hint=say("Use: --json > FILE")
        )
    check_output(options)
    if not folder.is_dir():
        raise StudioError("runs.folder", say("there is no such folder."), where=str(folder))
    os.scandir(folder).close()  # one that may not be looked into is told, and not as one without runs
    every = read_rows(folder)
    listed = [row for row in every if options.experiments or not row.inside]
    rows = filtered(listed, options.filter)
    if options.sort:
        rows = sorted_by(rows, column_of(options.sort.removeprefix("-"), listed), options.sort.startswith("-"))
    if options.json:
        answer(folder=str(folder), runs=[_facts(row) for row in rows], hidden=len(every) - len(listed))
        return 0
    keys = [key for key in options.columns.split(",") if key.strip()] if options.columns else list(USUAL)
    columns = [column_of(key, listed) for key in keys]
    cells = [[column.text(row) for column in columns] for row in rows]
    used = [index for index, _ in enumerate(columns) if options.columns or any(line[index] for line in cells)]
    table = Table(
        [render(columns[index].title) for index in used],
        [[line[index] for index in used] for line in cells],
        right="".join("r" if columns[index].right else " " for index in used),
    )
    if rows:
        write_tables([table], options.output)
    else:
        print(render(say("No runs yet.") if not listed else say("No run fits.")))
    hidden = len(every) - len(listed)
    if hidden and options.output is None:
        note = say_many(
            "{count} run of experiments is not listed (--experiments).",
            "{count:,} runs of experiments are not listed (--experiments).", hidden,
        )  # fmt: skip
        print(f"\n{render(note)}")
    return 0


def sorted_by(rows: list[Listed], column: Column, lowest: bool = False) -> list[Listed]:
    """The runs by a column, the highest first; those without a value come last."""
    known = [row for row in rows if column.value(row) is not None]
    texts = any(not isinstance(column.value(row), int | float) for row in known)
    known.sort(key=lambda row: column.text(row).lower() if texts else column.value(row), reverse=lowest == texts)
    return known + [row for row in rows if column.value(row) is None]


def _facts(row: Listed) -> dict[str, Any]:
    """Everything about a run, for programs."""
    from blockstudio.runs.columns import TARGET

    return {
        "directory": str(row.directory),
        "name": row.name,
        "tags": list(row.label.tags),
        "note": row.label.note,
        "made": row.made,
        "status": row.state.status,
        "message": str(row.state.message or row.trouble),
        "network": row.network,
        "diagram": row.parameters,
        "recipe": row.recipe,
        "experiment": row.inside,
        "step": row.state.step,
        "epoch": row.state.epoch,
        "parameters": row.curves.started.get("parameters"),
        "best": row.best,
        "test": row.test,
        "steps_to": {f"{TARGET:g}": row.curves.steps_to(TARGET)},
        "images_per_second": row.images_per_second,
        "seconds": row.seconds,
    }


def _label(directory: Path, options: argparse.Namespace) -> int:
    import msgspec

    from blockstudio.runs.label import add_tags, read_label, write_label
    from blockstudio.runs.run import Run

    run = Run(directory)
    label = add_tags(read_label(run.directory), options.tag or ())
    kept = tuple(tag for tag in label.tags if tag not in (options.untag or ()))
    label = msgspec.structs.replace(
        label,
        tags=kept,
        name=label.name if options.name is None else options.name,
        note=label.note if options.note is None else options.note,
    )
    label = write_label(run.directory, label)
    if options.json:
        answer(directory=str(run.directory), name=label.name or run.name, tags=list(label.tags), note=label.note)
    else:
        print(", ".join([label.name or run.name, *label.tags]))
        if label.note:
            print(label.note)
    return 0
