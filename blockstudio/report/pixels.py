"""A figure in pixels. Qt draws it, in a process of its own, so that whoever asks needs neither Qt nor a display."""

from __future__ import annotations

import os
import subprocess
import sys

from blockstudio.answers import read_answer
from blockstudio.needs import need


def png_of(svg: str) -> bytes:
    """A figure on white paper as a PNG file, twice as large as it is drawn.

    Args:
        svg: The figure.

    Raises:
        StudioError: ``install.missing`` or ``install.broken`` without Qt.
    """
    need("PySide6", "PNG")
    done = subprocess.run(
        [sys.executable, "-m", "blockstudio.gui.figure.pixels"], input=svg.encode(), capture_output=True,
        env={**os.environ, "PYTHONUTF8": "1"}, check=False,
    )  # fmt: skip
    if done.returncode:
        error = read_answer(done.returncode, "", done.stderr.decode(errors="replace"), "drawing").error
        assert error is not None
        raise error
    return done.stdout
