"""Programs in a process of their own, with Qt but without a screen."""

from __future__ import annotations

import os
import subprocess
import sys


def printed_by(program: str, *arguments: object) -> str:
    """What a Python program prints; it has to end well."""
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
