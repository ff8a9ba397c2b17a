"""Whether the recipes that show learning in two minutes do: each preset trained with its own.

    python benchmarks/try_recipes.py [--threads 2] [PRESET ...]

For each one line: first and last loss, test accuracy against chance, seconds by the clock and of the processor. Ends
with 1 if one has learnt too little (its test accuracy is below twice chance) or taken longer than two minutes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import blockstudio as bs
from blockstudio.graph.presets import preset_names
from blockstudio.runs import Recipe, create_run, with_fields
from blockstudio.runs.recipes import find, of_preset, put_over
from blockstudio.training import train_run

LONGEST = 120.0
"""Seconds on two idle cores."""


def tried(preset: str, folder: Path, threads: int) -> tuple[bool, str]:
    recipe = with_fields(put_over(Recipe(), find("try", preset).load()), {"threads": threads})
    losses: list[float] = []
    run = create_run(bs.load(preset), recipe, folder / preset)
    began, processor = time.perf_counter(), time.process_time()
    train_run(run, on_event=lambda event: losses.append(event["loss"]) if event["type"] == "step" else None)
    seconds, spent = time.perf_counter() - began, time.process_time() - processor
    result = run.results()
    assert result is not None
    learnt = result["test_accuracy"] >= 2 * result["chance"]
    line = (
        f"{preset:26} loss {losses[0]:6.3f} to {losses[-1]:6.3f}, test {100 * result['test_accuracy']:5.1f} % "
        f"(chance {100 * result['chance']:4.1f} %), {seconds:5.0f} s, of the processor {spent:5.0f} s"
    )
    good = learnt and seconds <= LONGEST
    return good, line + ("" if good else "  <-- too little" if not learnt else "  <-- too long")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("presets", nargs="*")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    names = options.presets or [name for name in preset_names() if of_preset(name, "try")]
    every = True
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            good, line = tried(name, Path(folder), options.threads)
            print(line, flush=True)
            every &= good
    return 0 if every else 1


if __name__ == "__main__":
    sys.exit(main())
