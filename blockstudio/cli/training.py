"""``train``: a run without a window."""

from __future__ import annotations

import argparse
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from blockstudio.cli.arguments import Parser, json_argument, network_argument, opened, weights_argument, weights_file
from blockstudio.cli.looking import told
from blockstudio.cli.recipe import recipe_of
from blockstudio.errors import StudioError
from blockstudio.text import say

if TYPE_CHECKING:
    from blockstudio.graph.diagram import Diagram


NOT_OF_THE_RUN = ("command", "resume", "settings", "json", "quiet", "nproc")
"""Options that say nothing of network or recipe."""


def train_arguments(parser: Parser) -> None:
    """What ``train`` takes."""
    from blockstudio.runs.recipe import FIELDS

    parser.description = say(
        "Train a network without a window. A run is a directory; Ctrl-C stops it with a checkpoint, "
        "and --resume DIR goes on where it stopped."
    )
    parser.epilog = say("example: blockstudio train resnet34 --data digits --epochs 2")
    network_argument(parser, "?")
    parser.add_argument(
        "--data",
        metavar="NAME_OR_FOLDER",
        help=say("digits, shapes, a torchvision set's name, or a folder (default: digits)"),
    )
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument("--epochs", type=int, metavar="N", help=say("passes over the training images"))
    budget.add_argument("--steps", type=int, metavar="N", help=say("optimiser steps"))
    parser.add_argument("--batch-size", type=int, metavar="N", help=say("images a step"))
    parser.add_argument("--lr", type=float, metavar="RATE", help=say("learning rate"))
    weights_argument(parser, say("trained weights to begin with"))
    parser.add_argument("--partial", action="store_const", const=True, help=say("of --weights take what fits"))
    parser.add_argument(
        "--freeze",
        action="append",
        metavar="PATH",
        help=say("a block that is not trained, with all that is inside it; several with commas or by giving it again"),
    )
    parser.add_argument(
        "--train-only",
        action="append",
        metavar="PATH",
        help=say("freeze everything but this block: the classifier, for example"),
    )
    parser.add_argument("--optimizer", choices=FIELDS["optimizer.name"].choices, help=say("the rule for a step"))
    parser.add_argument(
        "--schedule", choices=FIELDS["schedule.name"].choices, help=say("the learning rate over the run")
    )
    parser.add_argument(
        "--patience",
        type=int,
        metavar="N",
        help=say("end early after N epochs without progress on the validation images"),
    )
    parser.add_argument(
        "--balance",
        choices=FIELDS["balance"].choices,
        help=say("classes of different size: weights in the loss, or a sampler that shows each equally often"),
    )
    parser.add_argument(
        "--tune",
        action="store_true",
        default=None,
        help=say("time a few steps in each way that may be faster on this machine, take the fastest, show the table"),
    )
    parser.add_argument(
        "--find-batch-size", action="store_true", default=None, help=say("take the batch that is learnt from fastest")
    )
    parser.add_argument(
        "--find-lr", action="store_true", default=None, help=say("take the learning rate that a range test finds")
    )
    parser.add_argument("--device", metavar="D", help=say("auto, cpu, cuda or mps (default: auto)"))
    parser.add_argument(
        "--watch",
        action="store_const",
        const=True,
        help=say("measure the blocks while they learn, as often as takes some 1.5 %% of the time"),
    )
    parser.add_argument(
        "--tensorboard",
        action="store_const",
        const=True,
        help=say("write event files for TensorBoard into the run's directory too"),
    )
    parser.add_argument("--watch-steps", type=int, metavar="N", help=say("measure the blocks every N steps"))
    parser.add_argument("--seed", type=int, metavar="N", help=say("seed of all that is random"))
    parser.add_argument(
        "--recipe",
        metavar="RECIPE",
        help=say(
            "paper or try (the preset's own), a file (JSON, TOML) or a name from: blockstudio recipe list; the "
            "options above go over it"
        ),
    )
    parser.add_argument(
        "--run", metavar="DIR", help=say("directory of the run (default: a new one in $BLOCKSTUDIO_RUNS or ./runs)")
    )
    form = parser.add_mutually_exclusive_group()
    json_argument(form, say("the run's events, one JSON object a line"))
    form.add_argument("--quiet", action="store_true", help=say("say nothing but what goes wrong"))
    parser.add_argument(
        "--nproc",
        type=int,
        metavar="N",
        help=say("so many processes share every batch, one for each GPU or some of the cores (default: 1)"),
    )
    parser.add_argument("--resume", metavar="DIR", help=say("go on with a run that was stopped or killed"))


def train(options: argparse.Namespace) -> int:
    """Train without a window, or go on with a run."""

    from blockstudio.runs import Run, create_run, list_runs
    from blockstudio.runs.forecast import write_forecast
    from blockstudio.runs.launched import in_group, leads
    from blockstudio.runs.terminal import watch

    processes = 1 if options.nproc is None else options.nproc
    if processes < 1:
        raise StudioError("cli.usage", say("--nproc needs a number of processes from 1 on."))
    if options.resume:
        given = [name for name in vars(options) if name not in NOT_OF_THE_RUN and getattr(options, name) is not None]
        if given or options.settings:
            raise StudioError("cli.resume", say("--resume takes the run's own network and recipe; leave the rest out."))
        if in_group():
            return together(options.resume)
        return watch(Run(Path(options.resume)), json=options.json, quiet=options.quiet, processes=processes)
    if not options.network:
        raise StudioError(
            "cli.usage", say("train needs a network."), hint=say("For example: blockstudio train resnet34")
        )
    if in_group():
        if not options.run:
            raise StudioError(
                "cli.usage",
                say("the processes of a launcher have to know the directory of the run."),
                hint=say("Add --run DIR, the same for all."),
            )
        if not leads() or (Path(options.run) / "recipe.json").is_file():
            return together(options.run)
    diagram = opened(options)
    from blockstudio.runs.recipes import preset_of

    recipe = recipe_of(
        options.recipe,
        options.data,
        preset_of(diagram),
        **{
            "epochs": options.epochs,
            "steps": options.steps,
            "batch_size": options.batch_size,
            "optimizer.name": options.optimizer,
            "optimizer.lr": options.lr,
            "schedule.name": options.schedule,
            "start.weights": weights_file(options.weights, options.download),
            "start.partial": options.partial,
            "start.freeze": _frozen(diagram, options.freeze, options.train_only),
            "stopping.patience": options.patience,
            "balance": options.balance,
            "device": options.device,
            "watch.blocks": True if options.watch_steps is not None else options.watch,
            "watch.steps": options.watch_steps,
            "watch.tensorboard": options.tensorboard,
            "seed": options.seed,
        },
    )
    with told():
        run = create_run(diagram, recipe, Path(options.run) if options.run else None)
    if options.tune or options.find_batch_size or options.find_lr:
        from blockstudio.cli.tuning import choose

        choose(run, options)
    with suppress(StudioError):  # it is trained all the same
        write_forecast(run, (earlier for earlier in list_runs(run.directory.parent) if earlier.name != run.name))
    if in_group():
        return together(options.run)
    return watch(run, json=options.json, quiet=options.quiet, processes=processes)


def together(directory: str) -> NoReturn:
    """Train the run in ``directory`` in this process, one of several that a launcher started."""
    from blockstudio.needs import need

    need("torch", "training")
    need("PIL", "training")
    from blockstudio.training.group.member import done, meet

    done(meet(directory))


def _frozen(diagram: Diagram, freeze: list[str] | None, spared: list[str] | None) -> list[str] | None:
    """The paths to freeze; ``None`` leaves them to the recipe file."""
    if spared is None:
        return None if freeze is None else _paths(freeze)
    if freeze is not None:
        raise StudioError("cli.usage", say("--freeze and --train-only say the same thing twice; give one of them."))
    from blockstudio.analysis import analyze
    from blockstudio.runs.frozen import all_but

    return list(all_but(analyze(diagram), _paths(spared)))


def _paths(given: list[str]) -> list[str]:
    found = [path for text in given for path in text.replace(",", " ").split()]
    if not found:
        raise StudioError(
            "cli.usage",
            say("'{text}' names no block.", text=" ".join(given)),
            hint=say("Give paths of blocks, as conv1 or layer1.0."),
        )
    return found
