"""The package's own source, for tests that hold rules about it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a file, read once for all rules."""
    return ast.parse(path.read_text(encoding="utf-8"))
