"""Operators of a file as frames within each other: the modules that the file tells of come back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import torch
from torch import Tensor, nn

from blockstudio.graph.names import is_block_name
from blockstudio.imports.nodes import values_in
from blockstudio.imports.trace import Call, Frame, Value

Scopes: TypeAlias = "Sequence[tuple[str, str]]"
"""The modules that an operator was in, outermost first: path and class."""
MAX_DEPTH = 64
"""Modules within modules."""


class Assembly:
    """The network of a file. Nothing comes from the file but names, shapes and numbers."""

    def __init__(self, kind: str, feed: Value) -> None:
        self.root = _module(kind)
        self.frame = Frame("", self.root, (feed,))
        self._open = [self.frame]
        self._taken: set[str] = set()

    def add(self, call: Call, scopes: Scopes) -> None:
        """An operator, in the modules that it is in."""
        inside = {path for path, _ in scopes}
        while len(self._open) > 1 and self._open[-1].path not in inside:
            self._open.pop()
        there = {item.path for item in self._open}
        for path, _ in scopes:
            if path not in there:
                inner = Frame(path, self.part(path), ())
                self._open[-1].items.append(inner)
                self._open.append(inner)
        self._open[-1].items.append(call)

    def part(self, path: str, kind: str = "") -> nn.Module:
        """The module at ``path``, made where it is not there; the last one of class ``kind``."""
        part = self.root
        names = path.split(".")
        for index, name in enumerate(names):
            if name not in part._modules:
                last = index == len(names) - 1 and kind
                part.add_module(name, _module(kind if last else "torch.nn.modules.container.Sequential"))
            inner = part._modules[name]
            assert inner is not None
            part = inner
        return part

    def weight(self, path: str, size: Sequence[int], *, buffer: bool = False, numbers: Tensor | None = None) -> bool:
        """Enter a weight at ``path``, without data unless its ``numbers`` are known. False if it cannot be there."""
        stem, _, name = path.rpartition(".")
        if path in self._taken or not is_block_name(path) or path.count(".") > MAX_DEPTH:
            return False
        part = self.part(stem) if stem else self.root
        if name in part._modules or hasattr(part, name):
            return False
        empty: Tensor = torch.empty(tuple(size), device="meta") if numbers is None else numbers
        if buffer:
            part.register_buffer(name, empty)
        else:
            part.register_parameter(name, nn.Parameter(empty, requires_grad=False))
        self._taken.add(path)
        return True

    def finish(self, outputs: Sequence[Value]) -> Frame:
        """The whole, which gives ``outputs``."""
        feed = self.frame.inputs
        self.frame.outputs = tuple(outputs)
        _bound(self.frame, set(outputs))
        self.frame.inputs = feed
        return self.frame


def legal_scopes(found: Scopes) -> list[tuple[str, str]]:
    """Of what a file says of modules, what can be one: each path once, with names of blocks, within the one before."""
    kept: list[tuple[str, str]] = []
    for path, kind in found[:MAX_DEPTH]:
        inside = not kept or path.startswith(f"{kept[-1][0]}.")
        if path and inside and is_block_name(path):
            kept.append((path, kind))
    return kept


def _module(kind: str) -> nn.Module:
    """An empty module that is called as the file says. Nothing but its name comes from the file."""
    home, _, name = kind[:300].rpartition(".")
    made = _KINDS.get((name, home))
    if made is None:
        if len(_KINDS) > 10_000:
            _KINDS.clear()
        made = _KINDS[name, home] = type(name if name.isidentifier() else "Part", (nn.Module,), {"__module__": home})
    return made()


_KINDS: dict[tuple[str, str], type[nn.Module]] = {}


def _bound(frame: Frame, wanted: set[Value]) -> None:
    """Work out what goes into each frame and what comes out and is used outside."""
    known: dict[Call | Frame, tuple[list[Value], set[Value], set[Value]]] = {}
    readers: dict[Value, set[int]] = {}
    for place, item in enumerate(frame.items):
        calls = list(item.calls()) if isinstance(item, Frame) else [item]
        read = [value for call in calls for value in values_in((call.args, call.kwargs))]
        made = {value for call in calls for value in call.outputs}
        order = [value for call in calls for value in (*values_in((call.args, call.kwargs)), *call.outputs)]
        known[item] = (order, set(read), made)
        for value in read:
            readers.setdefault(value, set()).add(place)
    for place, item in enumerate(frame.items):
        if isinstance(item, Frame):
            order, read_here, own = known[item]
            once = list(dict.fromkeys(order))
            item.inputs = tuple(v for v in once if v not in own and not v.weight and v in read_here)
            item.outputs = tuple(v for v in once if v in own and (v in wanted or readers.get(v, set()) - {place}))
            _bound(item, set(item.outputs))
