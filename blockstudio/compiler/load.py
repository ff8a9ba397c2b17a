"""Emitted source becomes a module by being executed."""

from __future__ import annotations

import linecache
import re
import weakref
from collections import Counter
from types import ModuleType

from torch import nn

from blockstudio.analysis import analyze
from blockstudio.analysis.tally import places
from blockstudio.analysis.units import BYTES_PER_SCALAR
from blockstudio.compiler.emit import source_and_class
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.text import say

MAX_MODULES = 1_000_000
_NO_ROOM = re.compile("alloc|overflow")
"""What PyTorch says of tensors that are too large for it or for the machine."""
_users: Counter[str] = Counter()
"""Networks alive by the name under which their source is shown."""


def build(diagram: Diagram) -> nn.Module:
    """See `blockstudio.compiler.compile`."""
    text, class_name = source_and_class(diagram)
    network = execute(text, diagram.name)[class_name]
    assert isinstance(network, type) and issubclass(network, nn.Module)
    analysis = analyze(diagram)
    if places(analysis.main) > MAX_MODULES:
        raise StudioError(
            "compile.size",
            say("it would have more than {limit:,} modules.", limit=MAX_MODULES),
            where=diagram.name,
            hint=say("Repeat less within what is repeated."),
        )
    try:
        return network()
    except (RuntimeError, MemoryError) as error:
        if isinstance(error, RuntimeError) and not _NO_ROOM.search(str(error)):
            raise
        needed = analysis.parameters_with_auxiliary * BYTES_PER_SCALAR
        raise StudioError(
            "compile.memory",
            say("there is no room in memory for its weights: {size:,} bytes.", size=needed),
            where=diagram.name,
            hint=say("Use fewer channels."),
        ) from None


def execute(text: str, name: str) -> dict[str, object]:
    """Run emitted source and return what it defines. Tracebacks show its lines as long as its classes live."""
    shown = "".join(char for char in name if char.isprintable()) or "untitled"
    label = say("<Block Studio: {shown}>", shown=shown)
    lines = text.splitlines(keepends=True)
    count = 1
    while _users[label] and linecache.getlines(label) != lines:
        count += 1
        label = say("<Block Studio: {shown} ({count})>", shown=shown, count=count)
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
