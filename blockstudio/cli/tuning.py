"""What is measured on this machine before a run begins: ``tune``, and ``train --tune``, ``--find-batch-size`` and
``--find-lr``."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeAlias

from blockstudio.cli.arguments import Parser, json_argument, network_argument, opened
from blockstudio.cli.ending import ended_by_interrupt
from blockstudio.graph.files import write_atomic
from blockstudio.text import from_data, join, render, say, to_data

if TYPE_CHECKING:
    from blockstudio.runs.run import Run

TUNED = "tune.json"
"""What was tried, in the run's directory."""
ENDED = say("Stopped amid the measuring; nothing was chosen.")
WAYS, BATCH, RATE = "ways", "batch_size", "learning_rate"
"""What can be measured: ways of computing, numbers of images a step, learning rates."""

Tell: TypeAlias = Callable[[dict[str, Any]], object]


def tune_arguments(parser: Parser) -> None:
    """What ``tune`` takes."""
    parser.description = say(
        "Measure on this machine, and train nothing: which way of computing is fastest, how many images a step, which "
        "learning rate. What is chosen can be written as a recipe."
    )
    parser.epilog = say("example: blockstudio tune resnet18 --data digits --ways --lr -o fast.toml")
    network_argument(parser)
    parser.add_argument(
        "--recipe", metavar="RECIPE", help=say("paper, try, a file or a name; what is measured goes over it")
    )
    parser.add_argument("--data", metavar="NAME_OR_FOLDER", help=say("the images (default: those of the recipe)"))
    parser.add_argument("--ways", action="store_true", help=say("ways of computing (the default)"))
    parser.add_argument("--batch-size", action="store_true", help=say("images a step"))
    parser.add_argument("--lr", action="store_true", help=say("a range test of the learning rate"))
    parser.add_argument("-o", "--output", metavar="FILE", help=say("write the recipe with what was chosen to FILE"))
    parser.add_argument("--force", action="store_true", help=say("replace the file if it is there"))
    json_argument(parser, say("one JSON object a line, as it is measured"))


def tune(options: argparse.Namespace) -> int:
    """Measure, and say what is best."""
    from blockstudio.cli.recipe import recipe_of
    from blockstudio.graph.files import check_target
    from blockstudio.runs import create_run
    from blockstudio.runs.recipe_files import save_recipe
    from blockstudio.runs.recipes import preset_of

    if options.output:
        check_target(Path(options.output), options.force)
    diagram = opened(options)
    recipe = recipe_of(options.recipe, options.data, preset_of(diagram))
    wanted = [name for name, asked in ((BATCH, options.batch_size), (WAYS, options.ways), (RATE, options.lr)) if asked]
    tell = _as_json if options.json else _as_text(sys.stdout)
    with tempfile.TemporaryDirectory() as folder:
        run = create_run(diagram, recipe, Path(folder) / "run")
        with ended_by_interrupt("" if options.json else ENDED, lambda: shutil.rmtree(folder, ignore_errors=True)):
            measure(run, wanted or [WAYS], tell)
        if options.output:
            save_recipe(run.recipe(), Path(options.output))
    return 0


def choose(run: Run, options: argparse.Namespace) -> None:
    """Measure on ``run``, which has not begun, and write what was chosen into its recipe. Tables go to the terminal,
    to standard error where standard output has JSON."""
    asked = ((BATCH, options.find_batch_size), (WAYS, options.tune), (RATE, options.find_lr))
    tell = _as_text(sys.stderr if options.json else sys.stdout)
    with ended_by_interrupt("" if options.json else ENDED):
        found = measure(run, [name for name, wanted in asked if wanted], _unheard if options.quiet else tell)
    import msgspec

    write_atomic(run.directory / TUNED, msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")


def _unheard(_: dict[str, Any]) -> None:
    """Nothing is to be said."""


def measure(run: Run, wanted: list[str], tell: Tell) -> dict[str, Any]:
    """Measure what is ``wanted``, one after the other, each with what the one before has chosen; the run's recipe takes
    it over.

    ``tell`` hears how many trials there are at most (``{"type": "begun", "about": "ways", "of": …}``), of every trial
    (``{"type": "trial", "about": "ways", "name": …}``, with its name and why it was not kept as texts to be translated,
    ``title`` and ``reason``), of every point of the range test (``"type": "rate"``) and of what is chosen (``"type":
    "chosen", "about": …, "fields": {…}``). Returns all of it.
    """
    from blockstudio.needs import need

    need("torch", "training")
    from blockstudio.runs.recipe import get_field, with_fields
    from blockstudio.runs.recipe_files import save_recipe
    from blockstudio.runs.run import RECIPE
    from blockstudio.training import tune

    path = run.directory / RECIPE
    found: dict[str, Any] = {}

    def chosen(about: str, fields: dict[str, Any], factor: float = 1.0) -> None:
        save_recipe(with_fields(run.recipe(), fields), path)
        tell({"type": "chosen", "about": about, "fields": fields, "factor": factor})

    for about in wanted:

        def plan(of: int, about: str = about) -> None:
            tell({"type": "begun", "about": about, "of": of})

        if about == BATCH:
            size, trials = tune.find_batch_size(run, lambda trial: tell(_trial(BATCH, trial)), plan)
            found[BATCH] = {"chosen": size, "trials": tune.as_data(trials)}
            chosen(BATCH, {"batch_size": size})
        elif about == WAYS:
            recipe, trials = tune.tune(run, lambda trial: tell(_trial(WAYS, trial)), plan)
            found[WAYS] = tune.as_data(trials)
            kept = {field: get_field(recipe, field) for trial in trials if trial.kept for field in trial.fields}
            best = max(trial.images_per_second for trial in trials if trial.kept)
            chosen(WAYS, kept, best / trials[0].images_per_second)
        else:
            curve, rate = tune.rate_range(
                run, tell=lambda at, loss: tell({"type": "rate", "rate": at, "loss": loss}), plan=plan
            )
            found[RATE] = {"chosen": rate, "curve": curve}
            chosen(RATE, {"optimizer.lr": rate})
    return found


def _trial(about: str, trial: Any) -> dict[str, Any]:
    from blockstudio.training.tune import as_data

    texts = {"title": to_data(trial.name), "reason": to_data(trial.why)}
    return {"type": "trial", "about": about, **as_data([trial])[0], **texts}


def _as_json(event: dict[str, Any]) -> None:
    import msgspec

    from blockstudio.text import plain

    print(msgspec.json.encode(event, enc_hook=plain).decode(), flush=True)


def _as_text(out: TextIO) -> Tell:
    points: list[dict[str, Any]] = []

    def tell(event: dict[str, Any]) -> None:
        if event["type"] == "trial":
            print(render(_line(event)), file=out, flush=True)
        elif event["type"] == "rate":
            points.append(event)
            if len(points) % 5 == 1:
                print(f"  {event['rate']:.2e}  {event['loss']:.3f}", file=out, flush=True)
        elif event["type"] == "chosen":
            print(render(_choice(event)), file=out, flush=True)

    return tell


def _choice(event: dict[str, Any]) -> str:
    fields = event["fields"]
    if event["about"] == RATE:
        return say("Learning rate chosen: {rate:.2e}.", rate=fields["optimizer.lr"])
    if event["about"] == BATCH:
        return say("Batch size chosen: {size:,}.", size=fields["batch_size"])
    ways = join([f"{path} = {value}" for path, value in fields.items()], ", ")
    return say(
        "Chosen: {ways}; {factor:.2f} times the images a second.",
        ways=ways if fields else say("the recipe as it is"), factor=event["factor"],
    )  # fmt: skip


def _line(event: dict[str, Any]) -> str:
    name, why = (render(from_data(event[key])) for key in ("title", "reason"))
    if event["milliseconds"] is None:
        return f"  {name:<28} {why}"
    mark = "✓" if event["kept"] else " "
    figures = f"{event['milliseconds']:9.2f} ms {event['images_per_second']:10,.0f} images/s  loss {event['loss']:.3f}"
    return f"{mark} {name:<28} {figures}  {why}"
