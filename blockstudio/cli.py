"""The command line: the studio's verbs without a window.

`blockstudio [NAME_OR_FILE]` opens the window; `train`, `summary`, `export`, `weights` and `presets` need none.
Bad input ends in one sentence on standard error and exit code 2.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from blockstudio import __version__
from blockstudio.errors import StudioError

if TYPE_CHECKING:
    from blockstudio.analysis import Analysis
    from blockstudio.graph.diagram import Diagram
    from blockstudio.report.table import Table
    from blockstudio.runs.recipe import Recipe

OPEN_HELP = """\
Draw convolutional networks as block diagrams, see every shape and cost as you draw,
and train them as ordinary PyTorch modules.

  blockstudio                      open the window
  blockstudio resnet34             open a preset
  blockstudio net.blocks.json      open a file
  blockstudio resnet34 --train     open it and start training on the built-in digits;
                                   without a display, train in the terminal

other commands (each has its own --help):
  blockstudio train NAME_OR_FILE --data NAME_OR_FOLDER    train without a window
  blockstudio summary NAME_OR_FILE                        shapes and costs, block by block
  blockstudio compare NAME NAME ...                       networks side by side
  blockstudio export NAME_OR_FILE -o model.py             write PyTorch source, or .onnx, .pt2, .safetensors
  blockstudio weights NAME_OR_FILE FILE                   which trained weights of a file fit
  blockstudio presets                                     list the networks that come along
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise StudioError("cli.usage", f"{message}.", hint=f"See: {self.prog} --help")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 the network has errors or a run failed, 2 bad input,
    130 interrupted."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    verbs = {
        "train": _train,
        "summary": _summary,
        "compare": _compare,
        "export": _export,
        "weights": _weights,
        "presets": _presets,
    }
    try:
        if arguments and arguments[0] in verbs:
            return verbs[arguments[0]](arguments[1:])
        return _open(arguments)
    except StudioError as error:
        print(f"blockstudio: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of a pipe (head, less) went away; nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _network(parser: argparse.ArgumentParser, many: str | None = None) -> None:
    parser.add_argument(
        "network",
        nargs=many,
        metavar="NAME_OR_FILE",
        help="a preset (see: blockstudio presets) or a *.blocks.json file",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        dest="settings",
        help="value of a diagram parameter, e.g. --set n=9; may be given several times",
    )


def _settings(pairs: Sequence[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise StudioError("cli.set", f"'--set {pair}' is not NAME=VALUE.", hint="For example: --set n=9")
        try:
            # Python's and JSON's way to write a truth value are both what people type.
            values[name.strip()] = json.loads(text.lower() if text in ("True", "False") else text)
        except json.JSONDecodeError:
            values[name.strip()] = text
    return values


def _opened(options: argparse.Namespace) -> Diagram:
    from blockstudio.graph.presets import open_diagram

    return open_diagram(options.network, **_settings(options.settings))


# The window


def has_display() -> bool:
    """Whether a window can be shown here."""
    if sys.platform.startswith(("win", "darwin")):
        return True
    if os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _open(arguments: list[str]) -> int:
    parser = _Parser(prog="blockstudio", description=OPEN_HELP, formatter_class=argparse.RawDescriptionHelpFormatter)
    _network(parser, "?")
    parser.add_argument("--train", action="store_true", help="start training at once")
    parser.add_argument("--data", default="digits", metavar="NAME_OR_FOLDER", help="data for --train (default: digits)")
    parser.add_argument("--dark", action="store_true", help="dark colours, whatever the system's are")
    parser.add_argument("--version", action="version", version=f"Block Studio {__version__}")
    options = parser.parse_args(arguments)
    if options.settings and not options.network:
        raise StudioError("cli.set", "--set needs a preset or file to set values of.")
    if has_display():
        from blockstudio.gui.app import main as window

        return window(
            network=options.network,
            values=_settings(options.settings),
            train=options.data if options.train else None,
            dark=options.dark or None,
        )
    if not options.train:
        raise StudioError(
            "cli.display",
            "there is no display here, so the window cannot open.",
            hint="Without one: blockstudio train, summary, export and presets.",
        )
    print("No display here, so the network trains in this terminal and the studio's picture goes to a file.")
    options.network = options.network or "resnet34"
    return _train_without_display(options)


def _train_without_display(options: argparse.Namespace) -> int:
    from blockstudio.runs import create_run
    from blockstudio.runs.terminal import watch

    diagram = _opened(options)
    run = create_run(diagram, _recipe(None, options.data))
    code = watch(run)
    picture = Path("blockstudio.png")
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from blockstudio.gui.shot import studio_picture

    studio_picture(diagram, run, picture)
    print(f"The studio with its curves: {picture.resolve()}")
    return code


# Training


def _train(arguments: list[str]) -> int:
    parser = _Parser(
        prog="blockstudio train",
        description="Train a network without a window. A run is a directory; Ctrl-C stops it with a checkpoint, "
        "and --resume DIR goes on where it stopped.",
        epilog="example: blockstudio train resnet34 --data digits --epochs 2",
    )
    _network(parser, "?")
    parser.add_argument(
        "--data",
        metavar="NAME_OR_FOLDER",
        help="digits, shapes, a torchvision set's name, or a folder (default: digits)",
    )
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument("--epochs", type=int, metavar="N", help="passes over the training images")
    budget.add_argument("--steps", type=int, metavar="N", help="optimiser steps")
    parser.add_argument("--batch-size", type=int, metavar="N", help="images a step")
    parser.add_argument("--lr", type=float, metavar="RATE", help="learning rate")
    parser.add_argument("--device", metavar="D", help="auto, cpu, cuda or mps (default: auto)")
    parser.add_argument("--seed", type=int, metavar="N", help="seed of all that is random")
    parser.add_argument("--recipe", metavar="FILE", help="a recipe file (JSON); the options above go over it")
    parser.add_argument("--run", metavar="DIR", help="directory of the run (default: a new one under ./runs)")
    parser.add_argument("--resume", metavar="DIR", help="go on with a run that was stopped or killed")
    options = parser.parse_args(arguments)

    from blockstudio.runs import Run, create_run
    from blockstudio.runs.terminal import watch

    if options.resume:
        given = [
            name
            for name in ("network", "data", "epochs", "steps", "batch_size", "lr", "device", "seed", "recipe", "run")
            if getattr(options, name) is not None
        ]
        if given or options.settings:
            raise StudioError("cli.resume", "--resume takes the run's own network and recipe; leave the rest out.")
        return watch(Run(Path(options.resume)))
    if not options.network:
        raise StudioError("cli.usage", "train needs a network.", hint="For example: blockstudio train resnet34")
    diagram = _opened(options)
    recipe = _recipe(
        options.recipe,
        options.data,
        **{
            "epochs": options.epochs,
            "steps": options.steps,
            "batch_size": options.batch_size,
            "optimizer.lr": options.lr,
            "device": options.device,
            "seed": options.seed,
        },
    )
    run = create_run(diagram, recipe, Path(options.run) if options.run else None)
    return watch(run)


def _recipe(file: str | None, data: str | None, **fields: Any) -> Recipe:
    """The recipe of a file (or the default one) with the fields of the command line put over it."""
    from blockstudio.runs.recipe import Recipe, load_recipe, with_fields

    recipe = load_recipe(Path(file)) if file else Recipe()
    given = {path: value for path, value in fields.items() if value is not None}
    if data is not None:
        given["data.source"] = data
    return with_fields(recipe, given)


# Numbers, source, lists


def _summary(arguments: list[str]) -> int:
    parser = _Parser(
        prog="blockstudio summary",
        description="Shapes and costs, block by block. MACs are multiply-accumulates of convolution and linear "
        "layers for one image; a FLOP count in the sense of adds and multiplies is twice that.",
    )
    _network(parser)
    parser.add_argument("--depth", type=int, default=1, metavar="N", help="levels of modules to open (default: 1)")
    parser.add_argument("--flops", action="store_true", help="show FLOPs = 2 × MACs")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="every figure of every block as JSON")
    form.add_argument("--paper", action="store_true", help="the paper's own table beside the computed one")
    parser.add_argument("-o", "--output", metavar="FILE", help="write the table to a .md, .csv, .tex or .txt file")
    options = parser.parse_args(arguments)

    from blockstudio.report.paper import paper_table
    from blockstudio.report.summary import as_json, summary_table

    if options.paper:
        _write_table(paper_table(options.network), options.output)
        return 0
    diagram = _opened(options)
    from blockstudio.analysis import analyze

    analysis = analyze(diagram)
    if options.json:
        json.dump(as_json(diagram, analysis), sys.stdout, indent=1, ensure_ascii=False)
        print()
    else:
        _write_table(summary_table(diagram, analysis, depth=options.depth, flops=options.flops), options.output)
    return _report(analysis)


def _write_table(table: Table, output: str | None) -> None:
    from blockstudio.report.table import write_as

    if output is None:
        print(table.text())
        return
    target = Path(output)
    text = write_as(table, target.suffix.lower())
    try:
        target.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise StudioError("table.write", f"cannot be written: {error.strerror}.", where=str(target)) from error
    print(f"{target}: {len(table.rows)} rows")


def _compare(arguments: list[str]) -> int:
    parser = _Parser(
        prog="blockstudio compare",
        description="Networks side by side: parameters, MACs, depth, memory, share of fully connected layers. "
        "Differences are to the first.",
        epilog="example: blockstudio compare resnet50 resnet101 alexnet",
    )
    parser.add_argument("networks", nargs="*", metavar="NAME_OR_FILE", help="presets or *.blocks.json files")
    parser.add_argument("--stages", action="store_true", help="cost by map size as well")
    parser.add_argument("--factorisations", action="store_true", help="what factorising a convolution saves")
    parser.add_argument("-o", "--output", metavar="FILE", help="write the table to a .md, .csv, .tex or .txt file")
    options = parser.parse_args(arguments)
    from blockstudio.graph.presets import open_diagram
    from blockstudio.report.compare import compare_table, factorisation_table, profile, stage_table

    if not options.networks and not options.factorisations:
        raise StudioError(
            "cli.usage", "compare needs networks.", hint="For example: blockstudio compare resnet50 alexnet"
        )
    tables = []
    if options.networks:
        profiles = [profile(open_diagram(name)) for name in options.networks]
        tables.append(compare_table(profiles))
        if options.stages:
            tables.append(stage_table(profiles))
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


def _export(arguments: list[str]) -> int:
    parser = _Parser(
        prog="blockstudio export",
        description="Write the network to a file; the ending names the format. .py: PyTorch source that needs only "
        "torch, with the diagram's paths as state-dict keys. .onnx and .pt2 (torch.export): the network in eval mode "
        "with its weights, for any number of images at once. .safetensors: the weights.",
        epilog="examples: blockstudio export resnet34 -o model.py; blockstudio export --run runs/mine -o model.onnx",
    )
    _network(parser, "?")
    parser.add_argument("-o", "--output", metavar="FILE", default="-", help="the file; - writes source to the terminal")
    parser.add_argument("--weights", metavar="FILE", help="trained weights to put in: .safetensors, .pt or .pth")
    parser.add_argument("--run", metavar="DIR", help="the network of a run with its trained weights")
    parser.add_argument(
        "--checkpoint",
        choices=("best", "last"),
        help="which of the run: of the best validation accuracy (default) or the last",
    )
    parser.add_argument("--force", action="store_true", help="replace the file if it is there")
    options = parser.parse_args(arguments)
    if bool(options.network) == bool(options.run):
        raise StudioError("cli.usage", "export needs NAME_OR_FILE or --run DIR, one of them.")
    if options.run and (options.settings or options.weights):
        raise StudioError(
            "cli.usage", "--run takes the run's own network and weights.", hint="Leave --set and --weights out."
        )
    if options.checkpoint and not options.run:
        raise StudioError("cli.usage", "--checkpoint is one of a run.", hint="Add --run DIR.")
    target = Path(options.output)
    if options.output == "-":
        from blockstudio.compiler import source

        print(source(_of_run(options)[0] if options.run else _opened(options)), end="")
        return 0
    from blockstudio.compiler.exports import listed

    writer = EXPORTS.get(target.suffix.lower())
    if writer is None:
        raise StudioError(
            "export.kind", f"'{target.name}' does not end in {listed(EXPORTS)}.", hint="For example: -o model.py"
        )
    print(f"{target}: {writer(options, target)}")
    return 0


def _export_network(options: argparse.Namespace, target: Path) -> str:
    from blockstudio.compiler.exports import export

    diagram, weights = _of_run(options) if options.run else (_opened(options), options.weights)
    if options.run and target.suffix.lower() == ".py":
        weights = None  # Source is the same whatever was trained.
    return export(diagram, target, weights=weights, force=options.force)


def _of_run(options: argparse.Namespace) -> tuple[Diagram, Path]:
    """The network of a run and the file of its weights, found to be as it was written."""
    from blockstudio.runs import Run

    run = Run(Path(options.run))
    checkpoint = run.checkpoints.latest_good() if options.checkpoint == "last" else run.best()
    if checkpoint is None:
        raise StudioError("run.checkpoint", "has no checkpoint yet.", where=options.run, hint="Train it first.")
    checkpoint.verify()
    return run.diagram(), checkpoint.model


EXPORTS: dict[str, Callable[[argparse.Namespace, Path], str]] = dict.fromkeys(
    (".py", ".onnx", ".pt2", ".safetensors"), _export_network
)
"""What writes a file, by its ending; gives a few words on what was written."""


def _weights(arguments: list[str]) -> int:
    parser = _Parser(
        prog="blockstudio weights",
        description="Say which weights of a file fit a network, which do not and why. Files are read as tensors "
        "only; nothing in them is executed. A classifier for another number of classes is left at its initial "
        "values. Exit code 1 if something else does not fit.",
        epilog="example: blockstudio weights resnet50 resnet50.pth --set num_classes=10 -o start.safetensors",
    )
    _network(parser)
    parser.add_argument("file", metavar="FILE", help="a .safetensors, .pt or .pth file")
    parser.add_argument("-o", "--output", metavar="FILE", help="write the network's weights to a .safetensors file")
    parser.add_argument("--force", action="store_true", help="replace the file if it is there")
    parser.add_argument("--partial", action="store_true", help="write also if not everything fits: the rest is initial")
    parser.add_argument(
        "--names",
        default="auto",
        metavar="FILE",
        help="a map of names (see docs/presets.md), or same: the names as they are (default: what fits best)",
    )
    parser.add_argument("--json", action="store_true", help="the report as JSON")
    options = parser.parse_args(arguments)
    target = Path(options.output) if options.output else None
    if target is not None:
        from blockstudio.compiler.exports import check_target

        if target.suffix.lower() != ".safetensors":
            raise StudioError("export.kind", f"'{target.name}' does not end in .safetensors.")
        check_target(target, options.force)
    from blockstudio.compiler.fitting import fit

    fitted = fit(_opened(options), options.file, names=options.names)
    if options.json:
        json.dump(fitted.as_json(), sys.stdout, indent=1, ensure_ascii=False)
        print()
    else:
        print(*fitted.lines(), sep="\n")
    if not fitted.report.complete and not options.partial:
        return 1
    if target is not None:
        fitted.write(target)
        print(f"{target}: {len(fitted.model.state_dict())} tensors", file=sys.stderr if options.json else sys.stdout)
    return 0 if fitted.report.complete else 1


def _presets(arguments: list[str]) -> int:
    parser = _Parser(prog="blockstudio presets", description="List the networks that come with the studio.")
    parser.add_argument("name", nargs="?", metavar="NAME", help="one preset: its description and parameters")
    parser.add_argument("--json", action="store_true", help="the list as JSON")
    options = parser.parse_args(arguments)
    from blockstudio.report.summary import preset_rows, preset_text, presets_table

    if options.name:
        print(preset_text(options.name))
    elif options.json:
        json.dump(preset_rows(), sys.stdout, indent=1, ensure_ascii=False)
        print()
    else:
        print(presets_table().text())
    return 0
