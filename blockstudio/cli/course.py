"""``experiment list``, ``check`` and ``page``, and several experiments one after the other."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from blockstudio.cli.arguments import answer
from blockstudio.errors import StudioError
from blockstudio.formats import CSV, MARKDOWN, OUTLINES
from blockstudio.text import Text, join, render, say, say_many

if TYPE_CHECKING:
    from blockstudio.experiments.definition import ExperimentPlan, Size
    from blockstudio.experiments.results import Row


def in_order() -> list[str]:
    """Names of the experiments that come along, in the order of the course."""
    from blockstudio.experiments import experiment_names, experiment_path, load_experiment

    def place(name: str) -> tuple[int, str]:
        course = load_experiment(experiment_path(name)).experiment.course
        return (course.place if course is not None else 1 << 30), name

    return sorted(experiment_names(), key=place)


def chosen(options: argparse.Namespace) -> list[str]:
    """What a command is about: one experiment, or ``--all``. Raises `StudioError` ``cli.usage``."""
    if options.all and options.file:
        raise StudioError("cli.usage", say("--all takes no file."))
    if options.all:
        return in_order()
    if not options.file:
        raise StudioError(
            "cli.usage", say("experiment {verb} needs a file.", verb=options.verb),
            hint=say("Those that come along: blockstudio experiment list"),
        )  # fmt: skip
    return [options.file]


def standing_of(name: str, size: Size, runs: Path | None = None) -> tuple[ExperimentPlan, list[Row]]:
    """An experiment with what has come of it. ``runs``: its folder."""
    from blockstudio.experiments import experiment_path, home_of, load_experiment, rows_of, trials_of
    from blockstudio.experiments.search import proposed

    file = experiment_path(name)
    plan = load_experiment(file, size)
    home = runs or home_of(file, plan, size)
    plan = proposed(plan, home)
    return plan, rows_of(plan, trials_of(plan, home))


def list_all(options: argparse.Namespace) -> int:
    """Name, question, sizes, times and how far each is."""
    from blockstudio.experiments import experiment_path, load_experiment
    from blockstudio.experiments.absent import absent_data
    from blockstudio.experiments.pages import state_of, time_of, translated

    found = []
    for name in in_order():
        plan, rows = standing_of(name, "small")
        full = load_experiment(experiment_path(name), "full") if plan.experiment.full else None
        found.append((name, plan, rows, full))
    if options.json:
        answer(experiments=[
            {"name": name, "title": plan.experiment.course.title if plan.experiment.course else name,
             "question": plan.experiment.question, "variants": len(plan.variants),
             "trials": len(plan.variants) * len(plan.experiment.seeds), "minutes": plan.experiment.minutes,
             "state": str(state_of(plan, rows)),
             "full": None if full is None else {
                 "trials": len(full.variants) * len(full.experiment.seeds), "minutes": full.experiment.minutes,
                 "absent": [str(error.message) for error in absent_data(full)]}}
            for name, plan, rows, full in found
        ])  # fmt: skip
        return 0
    minutes = 0.0
    for name, plan, rows, full in found:
        course = plan.experiment.course
        minutes += plan.experiment.minutes or 0
        print(f"{name}: {translated(course.title)}" if course is not None else name)
        print(f"  {translated(plan.experiment.question)}")
        print(f"  {render(say('small: {what}', what=_sized(plan)))} · {render(state_of(plan, rows))}")
        if full is not None:
            absent = [render(error.message) for error in absent_data(full)]
            print("  " + " · ".join([render(say("full:  {what}", what=_sized(full))), *absent]))
        print()
    print(render(say("Small ones together: {time} on two idle cores.", time=time_of(minutes))))
    return 0


def _sized(plan: ExperimentPlan) -> Text:
    from blockstudio.experiments.pages import time_of

    if not plan.experiment.trained:
        return say("counted, nothing is trained")
    count = say_many("{count} trial", "{count:,} trials", len(plan.variants) * len(plan.experiment.seeds))
    return join([count, time_of(plan.experiment.minutes)], ", ")


def check(options: argparse.Namespace) -> int:
    """Whether the expected orderings came out, seed by seed. Gives 0 if they did, 1 if not, 3 as long as it is
    open."""
    from blockstudio.experiments.pages import translated
    from blockstudio.experiments.verdicts import came_out, said, verdicts

    found = [
        (name, verdicts(*standing_of(name, options.size, Path(options.runs) if options.runs else None)))
        for name in chosen(options)
    ]
    every = {came_out(each) for _, each in found}
    code = 1 if "no" in every else 3 if "open" in every else 0
    if options.json:
        answer(experiments=[
            {"name": name, "came": came_out(each), "orderings": [
                {"say": verdict.expectation.say, "came": verdict.came, "but": verdict.expectation.but,
                 "seeds": {str(seed): held for seed, held in verdict.seeds.items()}} for verdict in each]}
            for name, each in found
        ])  # fmt: skip
        return code
    marks = {True: "✓", False: "✗", None: "…"}
    for name, each in found:
        print(name)
        for verdict in each:
            seeds = " ".join(f"{seed}{marks[held]}" for seed, held in verdict.seeds.items())
            print(f"  {said(verdict)} {translated(verdict.expectation.say)}")
            print("    " + render(say("seeds: {seeds} ({sentence})", seeds=seeds, sentence=verdict.sentence)))
        if not each:
            print("  " + render(say("expects no ordering.")))
    return code


def page(options: argparse.Namespace) -> int:
    """Write a page of Markdown with its figure and its trials for each; the folder is given with ``-o``."""
    from blockstudio.experiments.pages import page_of, state_of, translated
    from blockstudio.experiments.results import trials_table
    from blockstudio.experiments.trials import ENDED
    from blockstudio.experiments.verdicts import figure_of
    from blockstudio.graph.files import folder_for, write_atomic

    folder = Path(options.output[0] if isinstance(options.output, list) else options.output or ".")
    lines = []
    with folder_for(folder):
        for name in chosen(options):
            plan, rows = standing_of(name, options.size, Path(options.runs) if options.runs else None)
            stem = name if options.all else Path(name).name.split(".")[0]
            ended = any(outcome.status in ENDED for row in rows for outcome in row.outcomes.values())
            figure, data = (f"{stem}{OUTLINES}", f"{stem}{CSV}") if ended else ("", "")
            if ended:
                write_atomic(folder / figure, figure_of(plan, rows).svg().encode())
                write_atomic(folder / data, (trials_table(plan, rows).csv() + "\n").encode())
            text = page_of(stem, plan, rows, figure, data)
            write_atomic(folder / f"{stem}{MARKDOWN}", (text.rstrip() + "\n").encode())
            course = plan.experiment.course
            title = translated(course.title) if course is not None else stem
            lines.append(
                f"| [{title}]({stem}.md) | {translated(plan.experiment.question)} | {render(state_of(plan, rows))} |"
            )
        if options.all:
            heads = [render(each) for each in (say("experiment"), say("question"), say("small scale"))]
            command = "`blockstudio experiment page --all -o docs/experiments`"
            head = [f"# {render(say('The course’s experiments'))}", "",
                    render(say("Made by: {command}", command=command)), "",
                    f"| {' | '.join(heads)} |", "| --- | --- | --- |"]  # fmt: skip
            write_atomic(folder / "README.md", ("\n".join([*head, *lines]) + "\n").encode())
    print(render(say("Written: {folder}", folder=folder)))
    return 0
