"""Emitted source becomes a module by being executed."""

from __future__ import annotations

import linecache
import weakref
from collections import Counter
from types import ModuleType

from torch import nn

from blockstudio.compiler.emit import source_and_class
from blockstudio.graph.diagram import Diagram

_users: Counter[str] = Counter()
"""Networks alive by the name under which their source is shown."""


def build(diagram: Diagram) -> nn.Module:
    """See `blockstudio.compiler.compile`."""
    text, class_name = source_and_class(diagram)
    network = execute(text, diagram.name)[class_name]
    assert isinstance(network, type) and issubclass(network, nn.Module)
    return network()


def execute(text: str, name: str) -> dict[str, object]:
    """Run emitted source and return what it defines. Tracebacks show its lines as long as its classes live."""
    shown = "".join(char for char in name if char.isprintable()) or "untitled"
    label = f"<Block Studio: {shown}>"
    lines = text.splitlines(keepends=True)
    count = 1
    while _users[label] and linecache.getlines(label) != lines:
        count += 1
        label = f"<Block Studio: {shown} ({count})>"
    module = ModuleType(label)
    module.__file__ = label
    # The text is the compiler's own: names in it are checked identifiers, texts of people stand in docstrings.
    exec(compile(text, label, "exec"), module.__dict__)  # noqa: S102
    linecache.cache[label] = (len(text), None, lines, label)
    _users[label] += 1
    network = next(item for item in reversed(module.__dict__.values()) if isinstance(item, type))
    weakref.finalize(network, _forget, label)
    return module.__dict__


def _forget(label: str) -> None:
    _users[label] -= 1
    if not _users[label]:
        del _users[label]
        linecache.cache.pop(label, None)
