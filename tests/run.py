"""The whole suite in two halves: everything below the window with Qt out of reach, then the window.

python tests/run.py [-n WORKERS] [further pytest options]
python tests/run.py --quick [further pytest options]

``--quick`` is the inner loop: the rules of the house, texts, declarations, edits and expressions, in one process and
without torch, Qt or child processes. Properties are drawn with a tenth of their examples.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
QUICK = (
    "tests/text",
    "tests/architecture/test_circles.py",
    "tests/architecture/test_inner_loop.py",
    "tests/architecture/test_layers.py",
    "tests/architecture/test_rooms.py",
    "tests/blocks/test_declarations.py",
    "tests/blocks/test_parameters.py",
    "tests/blocks/test_refusals.py",
    "tests/graph/test_edits.py",
    "tests/graph/test_expressions.py",
    "tests/graph/test_history.py",
)
"""Files and folders of the inner loop."""
NOT_QUICK = (
    "tests/architecture/test_layers.py::test_heavy_libraries_stay_out",
    "tests/blocks/test_declarations.py::test_declarations_need_neither_torch_nor_qt",
    "tests/graph/test_edits.py::test_an_edit_costs_the_same_in_a_graph_of_thousands",
    "tests/graph/test_edits.py::test_every_attribute_of_a_module_is_reserved",
)
"""Tests in them that start processes, import torch or take a second."""


def quick(options: list[str]) -> int:
    """Run the inner loop."""
    left_out = [f"--deselect={name}" for name in NOT_QUICK]
    # One process: a second worker costs more than it saves. Plugins that this needs nothing of cost start-up.
    spare = ["-p", "no:pytest-qt", "-p", "no:xdist", "--block-qt", "--hypothesis-profile=quick"]
    return subprocess.run([sys.executable, "-m", "pytest", *spare, *QUICK, *left_out, *options], cwd=ROOT).returncode


def main(options: list[str]) -> int:
    """Run both halves, also if the first fails, or the inner loop; the exit code of the first that failed."""
    if "--quick" in options:
        return quick([option for option in options if option != "--quick"])
    # One worker more than cores: some wait for children, timers and disks.
    workers = (
        []
        if any(option.startswith("-n") for option in options)
        else ["-n", str(min((os.cpu_count() or 1) + 1, 4)), "--dist=loadgroup"]
    )
    halves = [
        ["tests", "--ignore=tests/gui", "--block-qt", "-p", "no:pytest-qt"],
        ["tests/gui"],
    ]
    # One thread a worker: the workers share the cores already.
    environment = {"QT_QPA_PLATFORM": "offscreen", "OMP_NUM_THREADS": "1", **os.environ}
    codes = [
        subprocess.run(
            [sys.executable, "-m", "pytest", *half, *workers, *options], cwd=ROOT, env=environment
        ).returncode
        for half in halves
    ]
    return next((code for code in codes if code), 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
