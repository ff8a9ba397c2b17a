"""``experiment``: many runs that ask one question."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from blockstudio.cli.arguments import Parser, answer, json_argument
from blockstudio.cli.tables import check_output, output_arguments, write_tables
from blockstudio.errors import StudioError
from blockstudio.text import join, render, say

if TYPE_CHECKING:
    from blockstudio.experiments import ExperimentPlan, Outcome, Place, Queue, Trial

VERBS = ("run", "status", "table", "check", "page", "pause", "resume", "stop", "retry", "list")


def experiment_arguments(parser: Parser) -> None:
    """What ``experiment`` takes."""
    parser.description = say(
        "Run an experiment: a file with networks, a grid over parameters and recipe fields, seeds and a measure. "
        "run trains what is not trained yet, several trials at a time, and ends with the table; it can be stopped, or "
        "killed, and run again. status lists the trials, table compares the variants, pause, resume, stop (with "
        "checkpoints) and retry (what has failed) are told to a queue that is at work, list shows the experiments that "
        "come along. check says whether the orderings that an experiment expects came out, seed by seed; page writes "
        "its page of Markdown with the figure. --small and --full choose its size, --all takes every one "
        "that comes along."
    )
    parser.epilog = say("example: blockstudio experiment run plain_against_residual --at-once 2")
    parser.add_argument("verb", choices=VERBS, help=say("what to do"))
    parser.add_argument(
        "file", nargs="?", metavar="FILE_OR_NAME", help=say("an *.experiment.json file, or one that comes along")
    )
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--small", dest="size", action="store_const", const="small", default="small",
                       help=say("minutes on a laptop, with data that come along (default)"))  # fmt: skip
    sizes.add_argument("--full", dest="size", action="store_const", const="full",
                       help=say("at the scale of the paper, where the data are here"))  # fmt: skip
    parser.add_argument("--all", action="store_true",
                        help=say("of run, check and page: all that come along, one after the other"))  # fmt: skip
    parser.add_argument(
        "--runs",
        metavar="DIR",
        help=say("where its runs are (default: a folder of its name among the runs)"),
    )
    parser.add_argument("--at-once", type=int, metavar="N", help=say("trials at a time (default: one a core)"))
    parser.add_argument(
        "--engine", choices=("local", "ray", "slurm"),
        help=say("where trials train, in place of the file's engine: here, on Ray, on Slurm; the runs' folder "
                 "must be seen from there"),
    )  # fmt: skip
    parser.add_argument("--address", metavar="HOST:PORT", help=say("of the Ray cluster"))
    parser.add_argument("--cpus", type=float, metavar="N", help=say("processors a trial, on an engine"))
    parser.add_argument("--gpus", type=float, metavar="N", help=say("cards a trial, on an engine"))
    parser.add_argument("--retry", action="store_true", help=say("start trials that failed once more"))
    output_arguments(parser)
    json_argument(parser, say("what was found, as JSON"))


def experiment(options: argparse.Namespace) -> int:
    """Run an experiment, or say how it stands."""
    from blockstudio.cli.course import check, chosen, list_all, page
    from blockstudio.experiments import experiment_path, home_of, load_experiment, trials_of
    from blockstudio.experiments.search import proposed
    from blockstudio.experiments.starting import tell_queue

    if options.verb == "list":
        return list_all(options)
    if options.all and options.verb not in ("run", "check", "page"):
        raise StudioError("cli.usage", say("--all is of run, check and page."))
    if options.all and options.runs:
        raise StudioError("cli.usage", say("--runs is of one experiment; BLOCKSTUDIO_RUNS moves all."))
    names = chosen(options)
    if options.at_once is not None and options.at_once < 1:
        raise StudioError("cli.usage", say("--at-once takes a number from 1."))
    if options.verb == "check":
        return check(options)
    if options.verb == "page":
        return page(options)
    check_output(options)
    if options.all:
        return _run_all(names, options)
    file = experiment_path(options.file)
    plan = load_experiment(file, options.size)
    home = Path(options.runs) if options.runs else home_of(file, plan, options.size)
    plan = proposed(plan, home)
    trials = trials_of(plan, home)
    if options.verb in ("pause", "resume", "stop", "retry"):
        tell_queue(home, options.verb)
        return 0
    if options.verb == "run":
        return _run(plan, trials, home, options)
    if options.verb == "status":
        return _status(trials, options)
    return _table(plan, trials, options)


def _run_all(names: list[str], options: argparse.Namespace) -> int:
    """One after the other, what takes least first. What is done is not done again, so the same command goes on."""
    from blockstudio.experiments import experiment_path, home_of, load_experiment, trials_of
    from blockstudio.experiments.absent import absent_data

    found = [(name, experiment_path(name)) for name in names]
    plans = [
        (name, file, load_experiment(file, options.size))
        for name, file in found
        if options.size == "small" or load_experiment(file).experiment.full
    ]
    code = 0
    for name, file, plan in sorted(plans, key=lambda each: each[2].experiment.minutes or 0):
        absent = absent_data(plan)
        if absent:
            text = say("{name} is left out: {reason}", name=name, reason=absent[0].message)
            print(render(text), file=sys.stderr)
            continue
        print(f"\n{name}", file=sys.stderr, flush=True)
        options.file = name
        home = home_of(file, plan, options.size)
        ended = _run(plan, trials_of(plan, home), home, options)
        if ended == 130:
            print(render(say("Go on with all: {command}", command="blockstudio experiment run --all")), file=sys.stderr)
            return ended
        code = code or ended
    return code


def _run(plan: ExperimentPlan, trials: list[Trial], home: Path, options: argparse.Namespace) -> int:
    from blockstudio.experiments import Queue
    from blockstudio.experiments.absent import absent_data
    from blockstudio.experiments.engines import engine_of
    from blockstudio.experiments.search import Searcher
    from blockstudio.experiments.trials import ENDED
    from blockstudio.needs import need

    if plan.experiment.trained:
        need("torch", "training")
        need("PIL", "training")
        absent = absent_data(plan)
        if absent:
            raise absent[0].at(str(options.file))
    told: dict[str, str] = {}

    def tell(queue: Queue) -> None:
        for trial in queue.trials:
            outcome = queue.outcome(trial)
            if told.get(trial.name, "queued") != outcome.status:
                told[trial.name] = outcome.status
                ended = sum(queue.outcome(each).status in ENDED for each in queue.trials)
                line = join([f"[{ended}/{len(queue.trials)}]", trial.name + ":", _words(outcome)])
                print(render(line), file=sys.stderr, flush=True)

    search = plan.experiment.search
    searcher = Searcher(plan, home) if search is not None and search.adaptive else None
    grow = searcher.grow if searcher is not None else None
    place = _place(plan.experiment.engine, options)
    engine = engine_of(place.name, home, address=place.address, cpus=place.cpus, gpus=place.gpus)
    with Queue(trials, home, at_once=options.at_once, again=options.retry, grow=grow, engine=engine) as queue:
        with _interrupted(queue.stop):
            done = queue.work(tell)
        engine.close()
        trials = queue.trials
        refused = [queue.outcome(trial) for trial in trials]
    plan = searcher.plan if searcher is not None else plan
    code = _table(plan, trials, options)
    if not done:
        command = f"blockstudio experiment run {options.file}"
        print(render(say("Go on with: {command}", command=command)), file=sys.stderr)
        return 130
    return code or int(any(outcome.status == "failed" for outcome in refused))


def _place(place: Place, options: argparse.Namespace) -> Place:
    """The file's engine with what the arguments say otherwise; another engine begins with its own settings."""
    from msgspec.structs import replace

    from blockstudio.experiments.place import check_place

    if options.engine and options.engine != place.name:
        place = type(place)(options.engine)
    given = {name: getattr(options, name) for name in ("address", "cpus", "gpus")}
    place = replace(place, **{name: value for name, value in given.items() if value is not None})
    problems = check_place(place)
    if problems:
        raise problems[0].at(f"--{problems[0].where}")
    return place


def _status(trials: list[Trial], options: argparse.Namespace) -> int:
    standing = [(trial, trial.outcome()) for trial in trials]
    if options.json:
        answer(trials=[
            {"name": trial.name, "seed": trial.seed, **trial.variant.values(), "directory": str(trial.directory),
             "status": outcome.status, "value": outcome.value, "step": outcome.step, "steps": outcome.steps,
             "message": outcome.message}
            for trial, outcome in standing
        ])  # fmt: skip
        return 0
    for trial, outcome in standing:
        print(f"{trial.name}: {render(_words(outcome))}")
    return 0


def _table(plan: ExperimentPlan, trials: list[Trial], options: argparse.Namespace) -> int:
    from blockstudio.experiments import answer_of, front, rows_of, table_of

    rows = rows_of(plan, trials)
    if options.json:
        best = {id(row) for row in front(plan, rows)}
        answer(
            question=plan.experiment.question,
            measure=plan.experiment.measure.title,
            answer=str(answer_of(plan, rows)),
            variants=[
                {
                    "name": row.name,
                    **row.variant.values(),
                    "values": {str(seed): value for seed, value in row.values().items()},
                    "ended": len(row.ended()),
                    "parameters": row.parameters,
                    "macs": row.macs,
                    "p": row.p,
                    "supported": row.supported,
                    "pareto": id(row) in best,
                }
                for row in rows
            ],
        )  # fmt: skip
        return 0
    if plan.experiment.question and options.output is None:
        print(render(plan.experiment.question) + "\n")
    write_tables([table_of(plan, rows)], options.output)
    return 0


def _words(outcome: Outcome) -> str:
    at = say("step {step:,}", step=outcome.step) if outcome.step else ""
    match outcome.status:
        case "queued":
            return say("waits")
        case "running":
            return join([say("trains"), at], ", ")
        case "paused":
            return join([say("paused"), at], ", ")
        case "stopped":
            return join([say("stopped"), at], ", ")
        case "finished":
            never = say("finished, never got there")
            return never if outcome.value is None else say("finished, {value}", value=f"{outcome.value:.5g}")
        case "diverged":
            return join([say("diverged"), at], ", ")
        case "asked":
            return say("trained; the laboratory is asked about it")
        case "lost":
            return say("its trainer is gone; it goes on from its last checkpoint")
    return say("failed: {message}", message=outcome.message)


@contextmanager
def _interrupted(stop: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C has those that train stop with a checkpoint; a second one ends at once and leaves them at work."""
    before = signal.getsignal(signal.SIGINT)

    def first(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        print(render(say("Stopping with checkpoints; Ctrl-C again leaves the trainers at work.")), file=sys.stderr)
        stop()

    signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
