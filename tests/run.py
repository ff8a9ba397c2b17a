"""The whole suite in two halves: everything below the window with Qt out of reach, then the window.

python tests/run.py [-n WORKERS] [further pytest options]
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(options: list[str]) -> int:
    """Run both halves, also if the first fails; the exit code of the first that failed."""
    workers = [] if any(option.startswith("-n") for option in options) else ["-n", str(min(os.cpu_count() or 1, 4))]
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
