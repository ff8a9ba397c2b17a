"""The parameters of a definition: which there have to be, and what they are called."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from blockstudio.blocks import Parameter
from blockstudio.errors import StudioError
from blockstudio.graph.expand import literal
from blockstudio.graph.names import check_parameter_name
from blockstudio.imports import fitting
from blockstudio.imports.chains import Item
from blockstudio.imports.fitting import Vector
from blockstudio.imports.nodes import ModuleLevel


class Work:
    """The parameters of one definition as its blocks ask for them."""

    def __init__(self, levels: Sequence[ModuleLevel], main: bool) -> None:
        self.levels = levels
        self.declared: dict[str, Parameter] = {}
        self.given: dict[str, Vector] = {}
        self.scope: dict[str, Vector] = {}
        if not main:
            for index, port in enumerate(levels[0].inputs):
                key = "in_channels" if index == 0 else f"in_channels_{port.replace('.', '_')}"
                self.scope[key] = tuple(level.inputs[port][0] for level in levels)

    def text(self, item: Item, key: str, vector: Vector, parameter: Parameter) -> Any:
        """A parameter of a block as a document writes it: the value if it is the same everywhere, an expression, or
        the name of a new parameter."""
        plain = tuple(None if value is None else _plain(value) for value in vector)
        known = [value for value in plain if value is not None]
        if len(known) < len(plain) and fitting.agrees(self.given.get(key, (...,) * len(plain)), plain):
            return key  # of a block that is not always there: as its siblings have it
        if not known:
            return literal(parameter.check(parameter.default))
        if all(value == known[0] and type(value) is type(known[0]) for value in known):
            return known[0]
        return fitting.expression(plain, self.scope) or self._declare(item, key, plain, parameter)

    def condition(self, name: str, off: Sequence[bool], channels: Sequence[str]) -> str:
        """When a block is off; by a parameter of its own where nothing else tells."""
        found = fitting.condition(off, self.scope, channels)
        if found is not None:
            return found
        wanted = self._free(re.sub(r"\W", "_", name.split(".")[0]))
        self._add(wanted, tuple(not value for value in off), Parameter(kind="bool", default=True))
        return f"not {wanted}"

    def _declare(self, item: Item, key: str, vector: Vector, parameter: Parameter) -> str:
        name = self._attribute(vector) or self._free(*self._names(item, key, vector))
        kind = parameter.kind
        values = [value for value in vector if value is not None]
        if kind in ("pair", "padding") and all(isinstance(value, int) for value in values):
            kind = "int"
        declared = msgspec.structs.replace(parameter, kind=kind, numbers_only=parameter.numbers_only and kind != "int")
        self._add(name, vector, declared)
        return name

    def _add(self, name: str, vector: Vector, parameter: Parameter) -> None:
        usual = Counter(_key(value) for value in vector if value is not None).most_common(1)[0][0]
        default = next(value for value in vector if value is not None and _key(value) == usual)
        self.declared[name] = msgspec.structs.replace(parameter, default=default, help="")
        self.given[name] = tuple(default if value is None else value for value in vector)
        self.scope[name] = self.given[name]

    def _attribute(self, vector: Vector) -> str:
        """What the module's own class calls these numbers."""
        modules = [level.module for level in self.levels]
        try:
            names = list(inspect.signature(type(modules[0]).__init__).parameters)
        except (TypeError, ValueError):
            names = []
        names += [name for name in vars(modules[0]) if not name.startswith("_")]
        for name in names:
            if self._is_free(name) and fitting.agrees(tuple(getattr(module, name, None) for module in modules), vector):
                return name
        return ""

    def _names(self, item: Item, key: str, vector: Vector) -> list[str]:
        short = re.sub(r"\W", "_", item.name)
        outs = tuple(next(iter(level.outputs.values()))[0] for level in self.levels)
        if key in ("out_channels", "out_features"):
            return [*(["out_channels"] if fitting.agrees(outs, vector) else []), f"{short}_channels"]
        if key == "repeat":
            return ["depth", f"{short}_depth"]
        return [key, f"{short}_{key}"]

    def _free(self, *wanted: str) -> str:
        """The first of the names that is free, or else a number behind the last."""
        legal = [name if name[0].isalpha() else f"block_{name.strip('_')}" for name in wanted]
        numbered = [f"{legal[-1]}_{count}" for count in range(2, len(self.scope) + 3)]
        return next(name for name in (*legal, *numbered, "value") if self._is_free(name))

    def _is_free(self, name: str) -> bool:
        if name in self.scope:
            return False
        try:
            check_parameter_name(name, in_module=True)
        except StudioError:
            return False
        return True


def _plain(value: Any) -> Any:
    """A value in its shortest form."""
    return literal(value) if isinstance(value, tuple) else value


def _key(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
