"""A look through folders, told on a terminal while it takes long."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from blockstudio.runs.folder_tree import Look, looking
from blockstudio.text import render

BEFORE = 1.0
"""Seconds without a word."""
EVERY = 0.2


@contextmanager
def told() -> Iterator[None]:
    """What is read within belongs to one look; how far it has come stands in one line of a terminal."""
    last, width = time.monotonic() + BEFORE - EVERY, 0

    def tell(look: Look) -> None:
        nonlocal last, width
        now = time.monotonic()
        if now - last >= EVERY and sys.stderr.isatty():
            line = render(look.said())
            print(f"\r{line:<{width}}", end="", file=sys.stderr, flush=True)
            last, width = now, len(line)

    try:
        with looking(Look(tell)):
            yield
    finally:
        if width:
            print(f"\r{'':<{width}}\r", end="", file=sys.stderr, flush=True)
