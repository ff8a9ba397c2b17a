"""Between what a parameter is and what a field shows: text of a value, value of a text, names that mean something."""

from __future__ import annotations

import re
from collections.abc import Mapping

from blockstudio.blocks import Parameter, RawValue, Value
from blockstudio.errors import StudioError
from blockstudio.graph.edits import check_raw
from blockstudio.graph.resolve import is_expression, resolve_flag, resolve_repeat, resolve_value
from blockstudio.text import say

ON, OFF = "on", "off"
_TRUE = {"on", "true", "yes", "1"}
_FALSE = {"off", "false", "no", "0", ""}
_MANY = ("pair", "padding", "shape")
_SIZES = re.compile(r"\(?\s*\d+(?:\s*[,×xX]\s*|\s+)\d+(?:(?:\s*[,×xX]\s*|\s+)\d+)*\s*\)?")
"""``3 3``, ``192 28 28``, ``192×28×28``, ``3x3``, ``(3, 3)``: whole numbers and nothing but signs between them."""
_STARRED = re.compile(r"\d+(?:\s*\*\s*\d+){2}")
"""``192*28*28`` where a shape is asked for: nobody multiplies the sides of an image."""
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
"""The wide digits and signs of Chinese typing, as the plain ones."""
_TIMES = re.compile(r"(?<=[\d\s])[×x](?=[\d\s])")


def show(parameter: Parameter, raw: RawValue, name: str = "") -> str:
    """A raw value as a field shows it: ``3 × 3``, ``on``, ``4*width``."""
    if isinstance(raw, bool):
        return ON if raw else OFF
    if isinstance(raw, list | tuple):
        if parameter.kind == "padding":
            return ", ".join(map(str, raw))
        return " × ".join(map(str, raw))
    if isinstance(raw, int) and parameter.kind == "pair" and name.endswith("size"):
        return f"{raw} × {raw}"
    return f"{raw:g}" if isinstance(raw, float) else str(raw)


def show_value(value: Value) -> str:
    """A resolved value: ``3×3``, ``on``, ``128``."""
    if isinstance(value, bool):
        return ON if value else OFF
    if isinstance(value, tuple):
        same = len(set(value)) == 1 and len(value) != 3
        return str(value[0]) if same else "×".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def read(parameter: Parameter, text: str) -> RawValue:
    """The raw value that a text means; what is no literal is an expression. Raises `StudioError` if it is
    neither."""
    raw = _literal(parameter, text.strip() if parameter.kind == "text" else text.translate(_WIDE).strip())
    check_raw(parameter, raw, "")
    return raw


def _literal(parameter: Parameter, text: str) -> RawValue:
    if parameter.kind == "text":
        return text
    if not text:
        raise StudioError("parameter.value", say("expected {expected}.", expected=parameter.expected()))
    if text in parameter.words:
        return text
    if parameter.kind == "bool":
        lowered = text.lower()
        return lowered in _TRUE if lowered in _TRUE | _FALSE else text
    if parameter.kind in _MANY:
        if parameter.kind == "shape" and _STARRED.fullmatch(text):
            text = text.replace("*", "×")
        parts = [_number(part) for part in _split(text)]
        if len(parts) > 1:
            return _short(parameter, parts)
        text = str(parts[0]) if parts else ""
    found = _number(text)
    return float(found) if parameter.kind == "float" and isinstance(found, int) else found


def _short(parameter: Parameter, parts: list[int | float | str]) -> RawValue:
    """``3 × 3`` is the same as ``3``, as the document would rather have it."""
    if any(isinstance(part, float) for part in parts):
        raise StudioError("parameter.value", say("expected {expected}.", expected=parameter.expected()))
    if parameter.kind == "pair" and len(parts) == 2 and parts[0] == parts[1]:
        return parts[0]
    return parts  # type: ignore[return-value]


def _number(text: str) -> int | float | str:
    text = text.strip().replace("\u202f", "").replace("\u2212", "-")
    plain = text.replace(",", "") if re.fullmatch(r"-?\d{1,3}(,\d{3})+", text) else text
    try:
        return int(plain)
    except ValueError:
        try:
            return float(plain)
        except ValueError:
            return text


def _split(text: str) -> list[str]:
    """Parts between commas or × that stand outside brackets."""
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    if _SIZES.fullmatch(text):
        return re.findall(r"\d+", text)
    text = _TIMES.sub(",", text)
    parts, depth, current = [], 0, ""
    for char in text:
        if char == "," and depth == 0:
            parts.append(current)
            current = ""
            continue
        depth += (char == "(") - (char == ")")
        current += char
    parts.append(current)
    return [part.strip() for part in parts if part.strip()]


def shown_result(parameter: Parameter, raw: RawValue, scope: Mapping[str, Value]) -> str:
    """``128`` for an expression that gives that, ``""`` for a literal. Raises `StudioError`."""
    value = resolve_value(parameter, raw, scope)
    return show_value(value) if is_expression(parameter, raw) else ""


def unless_default(parameter: Parameter, raw: RawValue) -> RawValue | None:
    """A value as it is written down; ``None`` for the default, which is not. ``1`` is not ``True``."""
    return None if raw == parameter.default and type(raw) is type(parameter.default) else raw


def repeat_result(text: str, scope: Mapping[str, Value]) -> str:
    """``4`` for an expression that gives that, ``""`` for a number or nothing. Raises `StudioError`."""
    raw = read_repeat(text, scope)
    return str(resolve_repeat(raw, scope)) if isinstance(raw, str) else ""


def read_flag(text: str, scope: Mapping[str, Value]) -> bool | str:
    """A bypass from a text: on, off or an expression that can be computed. Raises `StudioError`."""
    lowered = text.strip().lower()
    if lowered in _TRUE | _FALSE:
        return lowered in _TRUE
    resolve_flag(text.strip(), scope)
    return text.strip()


def read_repeat(text: str, scope: Mapping[str, Value]) -> int | str | None:
    """A repeat from a text: nothing, a number or an expression. Raises `StudioError`."""
    text = text.strip().lstrip("×").strip()
    if not text:
        return None
    found = _number(text)
    if isinstance(found, float):
        raise StudioError("parameter.value", say("expected a whole number of at least 0."))
    if isinstance(found, int) and not 0 <= found <= 10_000:
        raise StudioError("parameter.limit", say("expected a number of copies from 0 to 10,000."))
    resolve_repeat(found, scope)
    return found
