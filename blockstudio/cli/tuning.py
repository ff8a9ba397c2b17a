"""What ``train --tune``, ``--find-batch-size`` and ``--find-lr`` show and choose before a run begins."""

from __future__ import annotations

import argparse
import math
import sys
from typing import TYPE_CHECKING

from blockstudio.graph.files import write_atomic
from blockstudio.text import join, render, say

if TYPE_CHECKING:
    from blockstudio.runs.run import Run
    from blockstudio.training.tune import Trial

TUNED = "tune.json"
"""What was tried, in the run's directory."""


def choose(run: Run, options: argparse.Namespace) -> None:
    """Measure on ``run``, which has not begun, and write what was chosen into its recipe. Tables go to the terminal,
    to standard error where standard output has JSON."""
    from blockstudio.needs import need

    need("torch", "training")
    import msgspec

    from blockstudio.runs.recipe import save_recipe, with_fields
    from blockstudio.runs.run import RECIPE
    from blockstudio.training import tune

    out = sys.stderr if options.json else sys.stdout

    def tell(trial: Trial) -> None:
        if not options.quiet:
            print(render(_line(trial)), file=out, flush=True)

    found: dict[str, object] = {}
    path = run.directory / RECIPE
    if options.find_batch_size:
        size, trials = tune.find_batch_size(run, tell)
        save_recipe(with_fields(run.recipe(), {"batch_size": size}), path)
        found["batch_size"] = {"chosen": size, "trials": tune.as_data(trials)}
    if options.tune:
        recipe, trials = tune.tune(run, tell)
        save_recipe(recipe, path)
        found["ways"] = tune.as_data(trials)
        kept = [trial.name for trial in trials[1:] if trial.kept]
        best = max(trial.images_per_second for trial in trials if trial.kept)
        text = say(
            "Chosen: {ways}; {factor:.2f} times the images a second.",
            ways=join(kept, ", ") if kept else say("the recipe as it is"),
            factor=best / trials[0].images_per_second,
        )
        if not options.quiet:
            print(render(text), file=out, flush=True)
    if options.find_lr:
        curve, rate = tune.rate_range(run)
        save_recipe(with_fields(run.recipe(), {"optimizer.lr": rate}), path)
        found["learning_rate"] = {"chosen": rate, "curve": curve}
        if not options.quiet:
            for place in range(0, len(curve), max(1, len(curve) // 20)):
                print(f"  {curve[place][0]:.2e}  {curve[place][1]:.3f}", file=out)
            print(render(say("Learning rate chosen: {rate:.2e}.", rate=rate)), file=out, flush=True)
    write_atomic(run.directory / TUNED, msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")


def _line(trial: Trial) -> str:
    if math.isnan(trial.milliseconds):
        return f"  {trial.name:<28} {trial.why}"
    mark = "✓" if trial.kept else " "
    figures = f"{trial.milliseconds:9.2f} ms {trial.images_per_second:10,.0f} images/s  loss {trial.loss:.3f}"
    return f"{mark} {trial.name:<28} {figures}  {trial.why}"
