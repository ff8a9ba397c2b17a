"""Typed parameters: of a block type, of a module definition, of a diagram."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from blockstudio.errors import StudioError, quoted
from blockstudio.text import say

Scalar: TypeAlias = int | float | bool | str
Value: TypeAlias = Scalar | tuple[int, ...]
"""A resolved parameter value: no expression left in it."""
RawValue: TypeAlias = Scalar | list["int | str"]
"""A value as the document holds it: expressions are strings."""

Kind: TypeAlias = Literal["int", "float", "bool", "choice", "text", "pair", "padding", "shape"]

PADDING_WORDS = ("same", "same_tf")
"""``same``: PyTorch's (stride 1, total ``dilation*(kernel-1)``, the odd pixel after).
``same_tf``: TensorFlow's (output ``ceil(input/stride)``, the odd pixel after)."""


class Parameter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Declaration of one parameter: its kind, default, limits and help.

    ``int``, ``float``, ``bool``, ``text``: scalars. ``choice``: one of ``choices``.
    ``pair``: ``k`` or ``[height, width]``. ``padding``: ``p``, ``[vertical, horizontal]``,
    ``[top, bottom, left, right]`` or one of `PADDING_WORDS`. ``shape``: ``[C, H, W]`` or ``[F]``.
    Limits hold for each number of a pair, a padding or a shape.
    """

    kind: Kind
    default: RawValue
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    help: str = ""
    numbers_only: bool = False
    """A padding that takes no words, because there is no window to go by."""

    @property
    def words(self) -> tuple[str, ...]:
        """Strings that are values of this parameter, not expressions."""
        if self.kind == "padding":
            return () if self.numbers_only else PADDING_WORDS
        return self.choices

    def check(self, value: object) -> Value:
        """A value in canonical form.

        Args:
            value: What a document or a script gives, no expression.

        Returns:
            Pairs as ``(h, w)``, paddings as ``(top, bottom, left, right)`` or a word, shapes as tuples.

        Raises:
            StudioError: ``parameter.value`` or ``parameter.limit`` with what was expected.

        Example:
            >>> Parameter(kind="pair", default=1).check(3)
            (3, 3)
        """
        low, high = self.minimum, self.maximum
        if type(value) is int and (low is None or value >= low) and (high is None or value <= high):
            # The commonest of all: a plain number within its limits.
            kind = self.kind
            if kind == "int":
                return value
            if kind == "pair":
                return value, value
            if kind == "padding":
                return value, value, value, value
        found = _canonical(self.kind, self.words, value)
        if found is None:
            raise StudioError(
                "parameter.value",
                say("expected {expected}, found {show}.", expected=self.expected(), show=quoted(value)),
            )
        if not isinstance(found, str):
            for number in found if isinstance(found, tuple) else (found,):
                if (low is not None and number < low) or (high is not None and number > high):
                    raise StudioError(
                        "parameter.limit",
                        say("expected {expected}, found {show}.", expected=self.expected(), show=quoted(value)),
                    )
        return found

    def expected(self) -> str:
        """What a legal value is.

        Returns:
            Words: ``a whole number of at least 1``.

        Example:
            >>> str(Parameter(kind="int", default=2, minimum=1).expected())
            'a whole number of at least 1'
        """
        words = {
            "int": say("a whole number"),
            "float": say("a number"),
            "bool": say("true or false"),
            "choice": say("one of {choices}", choices=", ".join(self.choices)),
            "text": say("text"),
            "pair": say("a whole number or a pair [height, width]"),
            "padding": say("a whole number, [vertical, horizontal] or [top, bottom, left, right]")
            if self.numbers_only
            else say("a whole number, [vertical, horizontal], [top, bottom, left, right], 'same' or 'same_tf'"),
            "shape": say("a shape [channels, height, width] or [features]"),
        }[self.kind]
        low, high = self.minimum, self.maximum
        if low is not None and high is not None:
            return say("{words} from {low:,.12g} to {high:,.12g}", words=words, low=low, high=high)
        if low is not None:
            return say("{words} of at least {low:,.12g}", words=words, low=low)
        return say("{words} of at most {high:,.12g}", words=words, high=high) if high is not None else words


def _whole(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, float) and value.is_integer() else None


def _canonical(kind: Kind, words: tuple[str, ...], value: object) -> Value | None:
    match kind:
        case "int":
            return _whole(value)
        case "float":
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= sys.float_info.max:
                return None
            return float(value)
        case "bool":
            return value if isinstance(value, bool) else None
        case "text":
            return value if isinstance(value, str) else None
        case "choice":
            return value if isinstance(value, str) and value in words else None
    if kind == "padding" and isinstance(value, str):
        return value if value in words else None
    parts = value if isinstance(value, (list, tuple)) else (value,)
    whole = tuple(number for item in parts if (number := _whole(item)) is not None)
    if len(whole) != len(parts):
        return None
    match kind, len(whole):
        case "pair", 1:
            return whole * 2
        case "pair", 2:
            return whole
        case "padding", 1:
            return whole * 4
        case "padding", 2:
            return (whole[0], whole[0], whole[1], whole[1])
        case "padding", 4:
            return whole
        case "shape", 1 | 3:
            return whole
    return None


def checked_defaults(declared: Mapping[str, Parameter]) -> dict[str, Value | None]:
    """The declared defaults in canonical form; ``None`` for one that is not legal."""
    values: dict[str, Value | None] = {}
    for key, parameter in declared.items():
        try:
            values[key] = parameter.check(parameter.default)
        except StudioError:
            values[key] = None
    return values


def infer_parameter(default: RawValue) -> Parameter:
    """A declaration for a bare default, the short form that a file may use: ``"n": 3``.

    Args:
        default: The value.

    Returns:
        A declaration of the value's kind, without limits.

    Example:
        >>> infer_parameter(3).kind
        'int'
    """
    kind: Kind
    if isinstance(default, bool):
        kind = "bool"
    elif isinstance(default, int):
        kind = "int"
    elif isinstance(default, float):
        kind = "float"
    elif isinstance(default, str):
        kind = "text"
    else:
        kind = "pair"
    return Parameter(kind=kind, default=default)
