"""Expressions of lessons: arithmetic over what the analysis says of diagrams. Closed grammar, bounded, no `eval`."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from blockstudio.errors import StudioError
from blockstudio.text import Text, say

Found: TypeAlias = int | float | str | bool | tuple[Any, ...]
"""What an expression gives: a number, a word, a truth, or several."""

MAX_LENGTH, MAX_PARTS = 400, 200
MAX_BITS, MAX_POWER, MAX_MANY = 400, 300, 5_000
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow,
}  # fmt: skip
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b,
}  # fmt: skip
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_,
}  # fmt: skip


def _between(n: int, low: int, high: int) -> int:
    return sum(_comb(n, k) for k in range(max(0, low), min(n, high) + 1))


def _comb(n: int, k: int) -> int:
    if not 0 <= n <= MAX_POWER or not 0 <= k <= MAX_POWER:
        raise ValueError
    return math.comb(n, k)


ARITHMETIC: dict[str, Callable[..., Any]] = {
    "abs": abs, "round": round, "int": int, "min": min, "max": max, "sum": sum, "len": len, "sorted":
    lambda values: tuple(sorted(values)), "prod": lambda values: math.prod(values), "sqrt": math.sqrt, "log": math.log,
    "log10": math.log10, "exp": math.exp, "comb": _comb, "between": _between, "index": lambda values, one:
    values.index(one),
}  # fmt: skip
"""``between(n, low, high)``: how many of the 2ⁿ choices among n things take low to high of them."""


def reckon(text: str, functions: Mapping[str, Callable[..., Any]], names: Mapping[str, Any]) -> Found:
    """The value of an expression.

    Args:
        text: The expression.
        functions: What it may call beside `ARITHMETIC`.
        names: What names mean.

    Returns:
        A number, a word, a truth, or a tuple of them.

    Raises:
        StudioError: ``lesson.expression`` with what the grammar does not have or what has no value; what the functions
            raise.
    """
    found = _Worker(text, functions, names).value(_parsed(text))
    return tuple(found) if isinstance(found, list) else found


@lru_cache(maxsize=2048)
def _parsed(text: str) -> ast.expr:
    if len(text) > MAX_LENGTH:
        raise _wrong(text[:40] + "…", say("is longer than {most} characters", most=MAX_LENGTH))
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _wrong(text, say("is no expression")) from None
    if sum(1 for _ in ast.walk(tree)) > MAX_PARTS:
        raise _wrong(text, say("has too many parts"))
    return tree


def _wrong(text: str, why: Text, hint: str = "") -> StudioError:
    return StudioError("lesson.expression", say("'{text}' {why}.", text=text, why=why), hint=hint)


class _Worker:
    def __init__(self, text: str, functions: Mapping[str, Callable[..., Any]], names: Mapping[str, Any]) -> None:
        self.text, self.functions, self.names = text, {**ARITHMETIC, **functions}, names

    def value(self, node: ast.expr) -> Any:
        try:
            return self._bounded(self._value(node))
        except StudioError:
            raise
        except ZeroDivisionError:
            raise _wrong(self.text, say("divides by zero")) from None
        except (TypeError, ValueError, IndexError, OverflowError, AttributeError):
            raise _wrong(self.text, say("mixes values that do not go together")) from None

    def _value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=int() | float() | str() as value):
                return value
            case ast.Name(id=id):
                return self._name(id)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                return tuple(self.value(part) for part in parts)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return self._binary(op, self.value(left), self.value(right))
            case ast.UnaryOp(op=unary, operand=operand) if type(unary) in _UNARY:
                return _UNARY[type(unary)](self.value(operand))
            case ast.BoolOp(op=op_, values=parts):
                stop = isinstance(op_, ast.Or)
                found: Any = not stop
                for part in parts:
                    found = self.value(part)
                    if bool(found) == stop:
                        break
                return found
            case ast.Compare(left=left, ops=ops, comparators=others) if all(type(each) in _COMPARE for each in ops):
                values = [self.value(left), *map(self.value, others)]
                pairs = zip(ops, values, values[1:], strict=False)
                return all(_COMPARE[type(each)](one, other) for each, one, other in pairs)
            case ast.IfExp(test=test, body=body, orelse=other):
                return self.value(body) if self.value(test) else self.value(other)
            case ast.Subscript(value=value, slice=place):
                return self.value(value)[self.value(place)]
            case ast.Call(func=ast.Name(id=name), args=args, keywords=words):
                return self._call(name, args, words)
        raise _wrong(self.text, say("uses {name}, which expressions do not have", name=type(node).__name__))

    def _name(self, name: str) -> Any:
        if name in ("True", "False"):
            return name == "True"
        if name not in self.names:
            known = ", ".join(sorted(self.names)) or "–"
            raise _wrong(self.text, say("uses {name}, which means nothing here", name=name),
                         say("Names here: {known}.", known=known))  # fmt: skip
        return self.names[name]

    def _binary(self, op: ast.operator, left: Any, right: Any) -> Any:
        if isinstance(left, str | tuple) or isinstance(right, str | tuple):
            raise TypeError
        if isinstance(op, ast.Pow) and (abs(right) > MAX_POWER or abs(left) > 1e6):
            raise _wrong(self.text, say("gives too large a number"))
        return _BINARY[type(op)](left, right)

    def _call(self, name: str, args: list[ast.expr], words: list[ast.keyword]) -> Any:
        if name not in self.functions or any(isinstance(each, ast.Starred) for each in args):
            raise _wrong(self.text, say("calls {name}, which there is not", name=name),
                         say("Functions: {names}.", names=", ".join(sorted(self.functions))))  # fmt: skip
        given = [self.value(each) for each in args]
        return self.functions[name](*given, **{each.arg or "": self.value(each.value) for each in words})

    def _bounded(self, value: Any) -> Any:
        if isinstance(value, int) and value.bit_length() > MAX_BITS:
            raise _wrong(self.text, say("gives too large a number"))
        if isinstance(value, complex) or (isinstance(value, float) and not math.isfinite(value)):
            raise _wrong(self.text, say("gives no finite number"))
        if isinstance(value, tuple | list | str) and len(value) > MAX_MANY:
            raise _wrong(self.text, say("gives too many values"))
        return value
