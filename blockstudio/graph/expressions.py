"""Arithmetic over parameters: a closed grammar with bounded results.

The grammar is a subset of Python's expressions, so that emitted source can hold an expression as written:
numbers, quoted strings, names, ``+ - * / // % **``, comparisons (chained too), ``and or not``,
``a if c else b`` and calls of ``min max abs round int``. Everything else is refused, and what is left
gives Python's own result or an error, in bounded time.
"""

from __future__ import annotations

import ast
import keyword
import math
import operator
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from blockstudio.blocks.parameters import Scalar
from blockstudio.errors import StudioError
from blockstudio.text import say

MAX_LENGTH = 200
MAX_NODES = 120
MAX_INTEGER = 10**12
MAX_EXPONENT = 64
MAX_DIGITS = 15
FUNCTIONS: dict[str, Callable[..., Scalar]] = {"min": min, "max": max, "abs": abs, "round": round, "int": int}

_ARGUMENTS = {"min": (2, 20), "max": (2, 20), "abs": (1, 1), "round": (1, 2), "int": (1, 1)}
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_NODES = (
    ast.Expression, ast.Constant, ast.Name, ast.Load, ast.BinOp, ast.UnaryOp, ast.USub, ast.UAdd, ast.Not,
    ast.BoolOp, ast.And, ast.Or, ast.Compare, ast.IfExp, ast.Call, *_BINARY, *_COMPARE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression: its text, the parameter names it uses and how to compute it."""

    text: str
    names: frozenset[str]
    tree: ast.expr

    def evaluate(self, scope: Mapping[str, object]) -> Scalar:
        """Its value where names mean ``scope``. Raises `StudioError` ``expression.*``."""
        return _evaluate(self.tree, scope, self.text)


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """Parse ``text``. Raises `StudioError` ``expression.syntax`` naming what the grammar does not have, or
    ``expression.bound`` for a number too large."""
    if len(text) > MAX_LENGTH:
        raise _error(
            "syntax",
            say("{text}...", text=text[:40]),
            say("is longer than {max_length} characters", max_length=MAX_LENGTH),
        )
    # Emitted source holds the text as written, within a line: nothing may end or continue that.
    odd = next((letter for letter in text.strip() if letter in "#\\" or not letter.isprintable()), None)
    if odd is not None:
        raise _error("syntax", text, say("holds {odd!r}, which expressions do not have", odd=odd))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python warns of 1if, which it reads all the same
            tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as reason:
        raise _error("syntax", text, say("is not an expression")) from reason
    nodes = list(ast.walk(tree))
    if len(nodes) > MAX_NODES:
        raise _error("syntax", text, say("has too many parts"))
    names: set[str] = set()
    called: set[int] = set()
    for node in nodes:
        if not isinstance(node, _NODES):
            raise _error("syntax", text, say("uses {name}, which expressions do not have", name=type(node).__name__))
        if isinstance(node, ast.Call):
            if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS or node.keywords:
                raise _error(
                    "syntax", text, say("calls something other than {functions}", functions=", ".join(FUNCTIONS))
                )
            least, most = _ARGUMENTS[node.func.id]
            if not least <= len(node.args) <= most:
                raise _error("syntax", text, say("calls {id} with the wrong number of values", id=node.func.id))
            called.add(id(node.func))
        elif isinstance(node, ast.Constant):
            value = node.value
            if not isinstance(value, bool | int | float | str):
                raise _error("syntax", text, say("holds {value!r}, which is neither number nor text", value=value))
            _bounded(value, text)
    for node in nodes:
        if isinstance(node, ast.Name) and id(node) not in called:
            if node.id.startswith("__"):
                raise _error("syntax", text, say("uses the name {id}", id=node.id))
            names.add(node.id)
    return Expression(text.strip(), frozenset(names), tree.body)


def is_name(text: str) -> bool:
    """Whether ``text`` may name a parameter."""
    return text.isidentifier() and text.isascii() and not keyword.iskeyword(text) and text not in FUNCTIONS


def _error(kind: str, text: str, why: str) -> StudioError:
    return StudioError(
        f"expression.{kind}",
        say("'{text}' {why}.", text=text, why=why),
        hint=say("Write arithmetic over the parameters."),
    )


def _bounded(value: Scalar, text: str) -> Scalar:
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _error("bound", text, say("is not a finite number"))
    elif not -MAX_INTEGER <= value <= MAX_INTEGER:
        raise _error("bound", text, say("gives a number beyond {max_integer:,}", max_integer=MAX_INTEGER))
    return value


def _evaluate(node: ast.expr, scope: Mapping[str, object], text: str) -> Scalar:
    # Tests of the class, commonest first: a `match` on attributes takes several times as long.
    if isinstance(node, ast.Name):
        found = scope.get(node.id)
        if isinstance(found, bool | int | float | str):
            return found
        if node.id in scope:
            raise _error("type", text, say("uses {id}, which is not a single number", id=node.id))
        known = ", ".join(sorted(scope)) or say("none")
        raise StudioError(
            "expression.name",
            say("'{text}' uses {id}, which is not a parameter here.", text=text, id=node.id),
            hint=say("Parameters here: {known}.", known=known),
        )
    if isinstance(node, ast.Constant):
        return node.value  # type: ignore[return-value]
    if isinstance(node, ast.IfExp):
        return _evaluate(node.body if _evaluate(node.test, scope, text) else node.orelse, scope, text)
    if isinstance(node, ast.BoolOp):
        stop_at = isinstance(node.op, ast.Or)
        result: Scalar = not stop_at
        for item in node.values:
            result = _evaluate(item, scope, text)
            if bool(result) == stop_at:
                break
        return result
    try:
        return _bounded(_compute(node, scope, text), text)
    except ZeroDivisionError as reason:
        raise _error("bound", text, say("divides by zero")) from reason
    except (TypeError, ValueError, OverflowError) as reason:
        raise _error("type", text, say("mixes values that do not go together")) from reason


def _compute(node: ast.expr, scope: Mapping[str, object], text: str) -> Scalar:
    if isinstance(node, ast.BinOp):
        a, b = _number(_evaluate(node.left, scope, text)), _number(_evaluate(node.right, scope, text))
        if isinstance(node.op, ast.Pow):
            _check_power(a, b, text)
        result: Scalar = _BINARY[type(node.op)](a, b)
        return result
    if isinstance(node, ast.Compare):
        value = _evaluate(node.left, scope, text)
        for comparison, item in zip(node.ops, node.comparators, strict=True):
            other = _evaluate(item, scope, text)
            if not _COMPARE[type(comparison)](value, other):
                return False
            value = other
        return True
    if isinstance(node, ast.UnaryOp):
        operand = _evaluate(node.operand, scope, text)
        if isinstance(node.op, ast.Not):
            return not operand
        number = _number(operand)
        return -number if isinstance(node.op, ast.USub) else +number
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        name = node.func.id
        numbers = [_number(_evaluate(item, scope, text)) for item in node.args]
        if name == "round" and len(numbers) == 2 and abs(numbers[1]) > MAX_DIGITS:
            # round(1, -10**9) would compute a power of ten with as many digits.
            raise _error("bound", text, say("rounds to more than {max_digits} digits", max_digits=MAX_DIGITS))
        return FUNCTIONS[name](*numbers)
    raise _error("syntax", text, say("uses {name}, which expressions do not have", name=type(node).__name__))


def _check_power(a: float, b: float, text: str) -> None:
    """Bound the result before computing it: 9**9**9 has 370 million digits."""
    if abs(b) > MAX_EXPONENT or (a and b * math.log10(abs(a)) > 13):
        raise _error("bound", text, say("gives a number beyond {max_integer:,}", max_integer=MAX_INTEGER))
    if a < 0 and not float(b).is_integer():
        raise _error("bound", text, say("takes a root of a negative number"))


def _number(value: Scalar) -> int | float:
    if isinstance(value, str):
        raise TypeError(value)
    return value
