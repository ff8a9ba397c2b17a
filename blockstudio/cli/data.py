"""``data``: what is in a data set."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from blockstudio.cli.arguments import Parser, answer, json_argument, opened, settings_of
from blockstudio.cli.looking import told
from blockstudio.cli.recipe import recipe_of
from blockstudio.cli.tables import check_output, output_arguments, write_tables
from blockstudio.errors import StudioError
from blockstudio.text import render, say

if TYPE_CHECKING:
    from blockstudio.report.table import Table
    from blockstudio.training.survey.checking import Checking
    from blockstudio.training.survey.material import Material


def data_arguments(parser: Parser) -> None:
    """What ``data`` takes."""
    parser.description = say(
        "Look at a data set before training on it: images by class and part, mean and deviation, sizes, files that are "
        "broken, odd or there twice. Every image is looked at once."
    )
    parser.epilog = say("example: blockstudio data ~/photos --network resnet34")
    parser.add_argument(
        "source", nargs="?", metavar="NAME_OR_FOLDER", help=say("a set's name or a folder (default: the recipe's)")
    )
    parser.add_argument("--network", metavar="NAME_OR_FILE", help=say("the network that is to take the images"))
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", dest="settings",
                        help=say("value of a diagram parameter, e.g. --set n=9; may be given several times"),
    )  # fmt: skip
    parser.add_argument("--recipe", metavar="FILE", help=say("a recipe file (JSON)"))
    output_arguments(parser)
    json_argument(parser, say("what was found, as JSON"))
    parser.add_argument("--follow", action="store_true",
                      help=say("events as they come, a line of JSON each, and questions on standard input"),
    )  # fmt: skip


def data(options: argparse.Namespace) -> int:
    """Say what is in a data set."""
    from blockstudio.needs import need

    need("torch", "reading images")
    check_output(options)
    diagram = opened(options) if options.network else None
    if options.settings and diagram is None:
        settings_of(options.settings)
        raise StudioError("cli.usage", say("--set is for a network."), hint=say("Name it with --network."))
    recipe = recipe_of(options.recipe, options.source)
    if options.follow:
        from blockstudio.training.survey.serve import serve

        serve(recipe, diagram, sys.stdin, _tell)
        return 0
    from blockstudio.training.survey.checking import Checking
    from blockstudio.training.survey.material import open_material
    from blockstudio.training.survey.samples import Samples
    from blockstudio.training.survey.serve import SEEN, set_facts

    with told():
        material = open_material(recipe, diagram)
    checking = Checking(material)
    for _ in checking.steps():
        pass
    if options.json:
        samples = Samples(material)
        mean, std = samples.normalisation
        files = [odd for kind in checking.found for odd in checking.odd(kind)]
        answer(**set_facts(material), **checking.report(), files=files, mean=mean, std=std,
               seen=samples.seen_statistics(0, SEEN))  # fmt: skip
    else:
        write_tables([_table(material, checking)], options.output)
    return int(bool(checking.counts["broken"]))


def _tell(event: dict[str, Any]) -> None:
    print(json.dumps(event, ensure_ascii=False), flush=True)


def _table(material: Material, checking: Checking) -> Table:
    from blockstudio.report.table import Table

    counts = material.counts()
    rows = [
        [name, f"{train:,}", f"{validation:,}", f"{test:,}", f"{total:,}"]
        for name, train, validation, test, total in zip(
            material.classes, counts.train, counts.validation, counts.test, counts.totals, strict=True
        )
    ]
    sums = [sum(part) for part in (counts.train, counts.validation, counts.test, counts.totals)]
    rows.append([say("all"), *(f"{each:,}" for each in sums)])
    notes = [render(note) for note in material.notes]
    for channel, row in enumerate(checking.statistics()):
        name = say("grey") if len(checking.values) == 1 else (say("red"), say("green"), say("blue"))[channel % 3]
        notes.append(say("{channel}: mean {mean:.3f}, deviation {std:.3f} (of {count:,} training images)", channel=name,
                         mean=row["mean"], std=row["std"], count=checking.images))  # fmt: skip
    sizes = ", ".join(f"{height}×{width} ({count:,})" for (width, height), count in checking.sizes.most_common(8))
    notes.append(say("sizes: {sizes}", sizes=sizes))
    for kind, files in checking.found.items():
        notes += [f"{kind}: {odd.name}: {render(odd.reason)}" for odd in files]
        more = checking.counts[kind] - len(files)
        notes += [say("{kind}: and {more:,} more", kind=kind, more=more)] if more else []
    heads = [say("class"), say("train"), say("validation"), say("test"), say("all")]
    return Table(heads, rows, "lrrrr", notes)
