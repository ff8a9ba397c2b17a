"""JSON text to checked values, with the place of whatever is wrong: line and column, or the path of a field."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from blockstudio.blocks import RawValue
from blockstudio.errors import StudioError, shown
from blockstudio.text import say

_Raw: Any = int | float | bool | str | list[int | str]
T = TypeVar("T")

CONVERSION_ERRORS = (msgspec.ValidationError, ValueError, OverflowError)
"""What `msgspec.convert` raises for data that does not fit."""

_WORDS = {
    "str": "text", "int": "a whole number", "float": "a number", "bool": "true/false", "null": "null",
    "array": "a list", "object": "an object {...}",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file: ``net.blocks.json: blocks.conv1.parameters``."""

    file: str
    path: tuple[str | int, ...] = ()

    def __truediv__(self, part: str | int) -> Place:
        return Place(self.file, (*self.path, part))

    def __str__(self) -> str:
        path = ""
        for part in self.path:
            if isinstance(part, int):
                path += f"[{part}]"
            else:
                path += f".{shown(part)}" if path else shown(part)
        return f"{self.file}: {path}" if self.file and path else self.file or path

    def convert(self, value: object, kind: type[T]) -> T:
        """``value`` as a ``kind``. Raises `StudioError` ``file.field`` at the field that does not fit."""
        try:
            return msgspec.convert(value, kind)
        except CONVERSION_ERRORS as reason:
            message, _, path = str(reason).partition(" - at `$")
            where = str(self) + (path.rstrip("`") if self.path else path.rstrip("`").replace(".", ": ", 1))
            if not self.file and not self.path:
                where = path.rstrip("`").lstrip(".")
            raise StudioError("file.field", _sentence(message), where=where) from None

    def raw(self, value: object) -> RawValue:
        """``value`` as a parameter's value; raises like `convert`."""
        found: RawValue = self.convert(value, _Raw)
        return found

    @contextmanager
    def standing(self, fields: Container[str] = ()) -> Iterator[None]:
        """Errors raised inside stand at this place or, if they stand at one of the ``fields``, at that field."""
        try:
            yield
        except StudioError as error:
            head, *rest = error.where.split(".")
            if head in fields:
                place = self / head
                for part in rest:
                    place = place / part
                raise error.at(str(place)) from None
            message = (
                say("{where}: {message}", where=error.where, message=error.message) if error.where else error.message
            )
            raise StudioError(error.code, message, where=str(self), hint=error.hint) from None


def _sentence(message: str) -> str:
    """msgspec's words in ours: ``Expected `int`, got `str``` becomes ``expected a whole number, found text``."""

    def words(match: re.Match[str]) -> str:
        return " or ".join(_WORDS.get(kind.strip(), kind.strip()) for kind in match[1].split("|"))

    if message.startswith("Expected"):
        message = re.sub(r"`([a-z |]+)`", words, message).replace(", got ", ", found ")
    text = message.replace("Object ", "").replace("contains unknown", "unknown").replace("`", "'")
    text = re.sub(r"'([^']{60,})'", lambda match: f"'{shown(match[1])}'", text)
    return text[:1].lower() + text[1:] + "."


def _encodable(text: str) -> bool:
    """Whether the text has no half characters (surrogates)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class _Trouble:
    """Stands in parsed data where the text holds what JSON, or we, do not allow."""

    def __init__(self, message: str) -> None:
        self.message = message


def parse_json(text: str | bytes, place: Place) -> object:
    """Parse strict JSON: no NaN, no key twice. Raises `StudioError` ``file.syntax`` with line and column, or
    ``file.value`` with the path of the field."""
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8-sig")
        except UnicodeDecodeError as reason:
            line = reason.object[: reason.start].count(b"\n") + 1
            raise _syntax("it is not UTF-8 text", line, None, place) from None
    # Half a character can be spelled in JSON but not be written again.
    troubled = "\\ud" in text or "\\uD" in text or not _encodable(text)

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal troubled
        found = dict(items)
        if len(found) != len(items):
            troubled = True
            seen: set[str] = set()
            for key, _ in items:
                if key in seen:
                    found[key] = _Trouble(say("it stands there twice"))
                seen.add(key)
        return found

    def constant(name: str) -> _Trouble:
        nonlocal troubled
        troubled = True
        return _Trouble(say("{name} is not a number", name=name))

    try:
        data = json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
    except json.JSONDecodeError as reason:
        raise _syntax(reason.msg, reason.lineno, reason.colno, place) from None
    except RecursionError:
        raise StudioError("file.syntax", say("it is nested too deeply."), where=place.file) from None
    except ValueError:
        raise StudioError("file.syntax", say("it holds a number with too many digits."), where=place.file) from None
    if troubled:
        _find_trouble(data, place)
    return data


def _syntax(message: str, line: int, column: int | None, place: Place) -> StudioError:
    at = f"line {line}" + (f", column {column}" if column is not None else "")
    return StudioError(
        "file.syntax",
        say("{lower}{message}.", lower=message[:1].lower(), message=message[1:]),
        where=f"{place.file}: {at}" if place.file else at,
    )


def _find_trouble(data: object, place: Place) -> None:
    waiting: list[tuple[object, Place]] = [(data, place)]
    while waiting:
        value, here = waiting.pop()
        if isinstance(value, _Trouble):
            raise StudioError("file.value", say("{message}.", message=value.message), where=str(here))
        if isinstance(value, str) and not _encodable(value):
            raise StudioError("file.value", say("it holds half a character."), where=str(here))
        if isinstance(value, dict):
            waiting += [(key, here) for key in value if not _encodable(key)]
            waiting += [(item, here / key) for key, item in value.items()]
        elif isinstance(value, list):
            waiting += [(item, here / index) for index, item in enumerate(value)]
