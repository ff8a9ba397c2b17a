"""`tools/translations.py` and `tools/calls.py` as modules, loaded once, so that the code is gone through once."""

from __future__ import annotations

import importlib
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

TOOLS = Path(__file__).parents[2] / "tools"


@cache
def tool(name: str) -> ModuleType:
    """The module of a tool."""
    sys.path.insert(0, str(TOOLS))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(TOOLS))
