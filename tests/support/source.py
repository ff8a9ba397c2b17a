"""The package's own source, for tests that hold rules about it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.support.catalogues import tool


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a file, read once for all rules."""
    found: ast.Module = tool("calls").tree(path.read_text(encoding="utf-8"))
    return found


@dataclass(frozen=True, slots=True)
class Import:
    """One name that a file imports."""

    module: str
    name: str
    """Imported from the module; empty for ``import module``."""
    for_types: bool
    """Under ``if TYPE_CHECKING``."""

    @property
    def dotted(self) -> str:
        return f"{self.module}.{self.name}" if self.name else self.module


@cache
def imports(path: Path) -> tuple[Import, ...]:
    """Everything that a file imports, inside functions too."""
    return tuple(_imports(tree(path).body, False, path))


def _imports(body: list[ast.stmt], for_types: bool, path: Path) -> Iterator[Import]:
    # Statements only: imports stand in no expression, and expressions are most of a tree.
    for node in body:
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, "", for_types) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, f"{path}: relative import"
            yield from (Import(node.module, alias.name, for_types) for alias in node.names)
        here = for_types or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
        yield from _imports(getattr(node, "body", []), here, path)
        for part in ("orelse", "finalbody"):
            yield from _imports(getattr(node, part, []), for_types, path)
        for part in ("handlers", "cases"):
            for inner in getattr(node, part, []):
                yield from _imports(inner.body, for_types, path)
