"""Suites whose cases are ordinary tests: run them by name and count."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.suites.outcome import Outcome

ROOT = Path(__file__).resolve().parents[2]


def tests(what: str, *names: str, repeat: int = 1, window: bool = False) -> Outcome:
    """Run tests so often, the slow ones among them; each passed test counts."""
    outcome = Outcome(what)
    environment = {"QT_QPA_PLATFORM": "offscreen", "OMP_NUM_THREADS": "1", **os.environ}
    more = [] if window else ["--block-qt", "-p", "no:pytest-qt"]
    for _ in range(repeat):
        command = [sys.executable, "-m", "pytest", "-q", "-m", "slow or not slow", "-rfE", *more, *names]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        passed = re.search(r"(\d+) passed", done.stdout)
        outcome.times += int(passed[1]) if passed else done.stdout.count(".") if done.returncode == 0 else 0
        for line in re.findall(r"^(?:FAILED|ERROR) (.+)$", done.stdout, re.MULTILINE):
            outcome.add(line)
        if done.returncode not in (0, 1):
            outcome.add(f"pytest ended with {done.returncode}: {done.stdout[-200:]}{done.stderr[-200:]}")
    return outcome


def disks(count: int) -> Outcome:
    """Disk full, folders that may not be written."""
    return tests(
        "disk full (small tmpfs, RLIMIT_FSIZE), read-only folder, directory as target, permission refused: "
        "document, export, picture, table, journal, checkpoint, log, settings, lessons, modules, recipes, "
        "notes on runs, queue, search, laboratory, what is fetched or imported, export for inference; folders that may "
        "not be entered",
        "tests/training/test_full_disk.py",
        "tests/graph/test_files.py",
        "tests/graph/test_recovery.py",
        "tests/runs/test_checkpoint_files.py",
        "tests/cli/test_cli_exports.py",
        "tests/gui/test_settings_faults.py",
        "tests/runs/test_refused_places.py",
        "tests/runs/test_closed_folders.py",
        "tests/gui/test_refused_in_the_window.py",
        "tests/gui/test_closed_folders_in_the_window.py",
        repeat=count,
        window=True,
    )


def pairs(count: int) -> Outcome:
    """Two at once."""
    return tests(
        "two windows on one document, two trainers on one run, process ids used again, a clock set back",
        "tests/gui/test_two_windows.py",
        "tests/gui/test_incoming.py",
        "tests/runs/test_lock.py",
        "tests/runs/test_events.py",
        repeat=count,
        window=True,
    )


def edits(count: int) -> Outcome:
    """Every edit, drawn."""
    return tests(
        "Hypothesis machine over every edit: undo, redo, files, a mirror that hears edits as bytes",
        "tests/graph/test_edit_machine.py",
        repeat=count,
    )


def files_that_mean_harm(count: int) -> Outcome:
    """ONNX, programs, pickles and images made to do harm."""
    return tests(
        "ONNX, .pt2, .pt and images made to run or read something, in a fork with 3 GB and 20 s",
        "tests/imports/test_hostile_files.py",
        repeat=count,
    )


def leavings(count: int) -> Outcome:
    """Each test is looked after: see `tests/support/leavings.py`."""
    return tests(
        "tests of files, runs and windows: no thread, process, timer, widget or file left, nobody reached for "
        "the network",
        "tests/graph",
        "tests/runs",
        "tests/gui/test_window.py",
        "tests/gui/test_documents.py",
        "tests/gui/test_runs_in_the_window.py",
        repeat=count,
        window=True,
    )
