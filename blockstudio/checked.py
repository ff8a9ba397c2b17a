"""Functions for scripts that refuse an argument of the wrong type in a sentence, before anything else happens."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from itertools import takewhile
from typing import ParamSpec, TypeAlias, TypeVar

from blockstudio.errors import StudioError, file_errors, quoted
from blockstudio.text import say

VAR_POSITIONAL = inspect.Parameter.VAR_POSITIONAL
P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C")
Test: TypeAlias = Callable[[object], bool]


def _text(value: object) -> bool:
    if not isinstance(value, str):
        return False
    return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)


def _path(value: object) -> bool:
    """A file's name: no system takes a zero byte in one."""
    return _text(value) and "\0" not in str(value)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _called(name: str) -> Test:
    """By name, so that nobody has to import what the argument may be."""
    return lambda value: any(cls.__name__ == name for cls in type(value).__mro__)


def _texts(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes) and all(map(_text, value))


_KINDS: dict[str, tuple[Test, str]] = {
    "str": (_text, "text"),
    "bool": (lambda value: isinstance(value, bool), "true or false"),
    "int": (lambda value: _number(value) and isinstance(value, int), "a whole number"),
    "float": (_number, "a number"),
    "None": (lambda value: value is None, "None"),
    "Diagram": (_called("Diagram"), "a Diagram"),
    "Run": (_called("Run"), "a Run"),
    "nn.Module": (_called("Module"), "a torch.nn.Module"),
    "os.PathLike[str]": (lambda value: isinstance(value, os.PathLike) and _path(os.fspath(value)), "a path"),
    "Sequence[int]": (
        lambda value: (
            isinstance(value, list | tuple) and all(isinstance(item, int) and _number(item) for item in value)
        ),
        "a list of whole numbers",
    ),
    "Sequence[str]": (_texts, "a list of texts"),
    "Iterable[Edit]": (lambda value: isinstance(value, Iterable) and not isinstance(value, str | bytes), "edits"),
    "Head": (_text, "a word"),
    "WeightMap": (_called("WeightMap"), "a map of weights"),
    "Parameter": (_called("Parameter"), "a Parameter"),
    "RawValue": (lambda value: isinstance(value, bool | int | float | str | list | tuple), "a value"),
}
_ALIASES = {"Names": "str | os.PathLike[str] | Mapping[str, str] | WeightMap"}
_MAPPING = (lambda value: isinstance(value, Mapping) and all(map(_text, value)), "a mapping from names")
_PAIR = (
    lambda value: isinstance(value, tuple | list) and len(value) == 2 and all(map(_number, value)), "a pair of numbers",
)  # fmt: skip


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Arguments are compared with their annotations, as far as those are plain. Raises `StudioError`
    ``argument.type`` that names argument, what is expected and what was found; ``file.system`` for a file that the
    system refuses."""
    signature = inspect.signature(function)
    tests: dict[str, list[tuple[Test, str]]] = {}
    for name, parameter in signature.parameters.items():
        found = _tests(parameter.annotation)
        if found and parameter.kind is not parameter.VAR_KEYWORD:
            tests[name] = found
    order = list(takewhile(lambda name: signature.parameters[name].kind is not VAR_POSITIONAL, signature.parameters))
    others = [name for name, parameter in signature.parameters.items() if parameter.kind is VAR_POSITIONAL]

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        for name, value in (*zip((*order, *others * len(args)), args, strict=False), *kwargs.items()):
            wanted = tests.get(name)
            if wanted is not None and not any(test(value) for test, _ in wanted):
                raise _refused(name, value, [words for _, words in wanted if words != "None"])
        try:
            with file_errors():
                return function(*args, **kwargs)
        except TypeError as error:
            try:
                signature.bind(*args, **kwargs)
            except TypeError as reason:
                raise StudioError(
                    "argument.call", say("{function}: {reason}.", function=function.__name__, reason=str(reason))
                ) from None
            raise error

    return call


def checked_methods(cls: type[C]) -> type[C]:
    """`checked` for every method of a class that a script may call."""
    for name, member in list(vars(cls).items()):
        if inspect.isfunction(member) and not name.startswith("_"):
            setattr(cls, name, checked(member))
    return cls


def _tests(annotation: object) -> list[tuple[Test, str]]:
    """The tests for an annotation as it is written; none if any part of it is not a plain one."""
    if not isinstance(annotation, str):
        return []
    found: list[tuple[Test, str]] = []
    parts = _ALIASES.get(annotation, annotation).split(" | ")
    if {*parts} - {"None"} in ({"int", "str"}, {"bool", "str"}):
        return []  # a value or an expression: an edit refuses it, and names the block
    for part in parts:
        if part.startswith("Mapping[str,"):
            found.append(_MAPPING)
        elif part.startswith("tuple[float,"):
            found.append(_PAIR)
        elif part == "str" and "os.PathLike[str]" in parts:
            found.append((_path, "text"))
        elif part in _KINDS:
            found.append(_KINDS[part])
        elif "]" not in part or "[" in part:
            return []
    return found


def _refused(name: str, value: object, wanted: list[str]) -> StudioError:
    found = quoted(value) if isinstance(value, str | int | float | None) else type(value).__name__
    return StudioError(
        "argument.type",
        say(
            "{name}: expected {wanted}, found {found}.",
            name=name,
            wanted=" or ".join(dict.fromkeys(wanted)),
            found=found,
        ),
    )
