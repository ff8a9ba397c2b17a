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
import re
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

from blockstudio.blocks.parameters import Scalar
from blockstudio.errors import StudioError, shown
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
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
}
_SCALARS = (int, float, str, bool)
_WARNED = re.compile(r"[0-9.][A-Za-z]")
"""Where Python may warn of a number that runs into a word, ``1if``, which it reads all the same."""
_NUMBER = re.compile(r"0|[1-9][0-9]*")
_PAIR = re.compile(r"([0-9A-Za-z_]+) ?(\*|\+|-|//|%) ?([0-9A-Za-z_]+)")
_SIGNS = {"*": ast.Mult, "+": ast.Add, "-": ast.Sub, "//": ast.FloorDiv, "%": ast.Mod}

Work: TypeAlias = Callable[[Mapping[str, object]], Scalar]
"""Computes a part of an expression in a scope."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression: its text, the parameter names it uses and how to compute it."""

    text: str
    names: frozenset[str]
    evaluate: Work = field(repr=False, compare=False)
    """Its value where names mean a scope. Raises `StudioError` ``expression.*``."""

    @property
    def tree(self) -> ast.expr:
        """Its syntax, as Python has it."""
        return _tree(self.text)


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
    stripped = text.strip()
    # Emitted source holds the text as written, within a line: nothing may end or continue that.
    if not stripped.isprintable() or "#" in stripped or "\\" in stripped:
        odd = next(letter for letter in stripped if letter in "#\\" or not letter.isprintable())
        raise _error("syntax", text, say("holds {odd!r}, which expressions do not have", odd=odd))
    reader = _Reader(text)
    work = reader.short(stripped)
    if work is None:
        try:
            tree = _tree(stripped)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as reason:
            raise _error("syntax", text, say("is not an expression")) from reason
        work = reader.read(tree)
    return Expression(stripped, frozenset(reader.names), work)


def _tree(text: str) -> ast.expr:
    if _WARNED.search(text):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text, mode="eval").body
    return ast.parse(text, mode="eval").body


def compute(tree: ast.expr, scope: Mapping[str, object]) -> Scalar:
    """The value of a tree, however large; what the grammar does not have may stand where it is not asked for.
    Raises `StudioError` ``expression.*``."""
    return _Reader("", sys.maxsize, late=True).read(tree)(scope)


def is_name(text: str) -> bool:
    """Whether ``text`` may name a parameter."""
    return text.isidentifier() and text.isascii() and not keyword.iskeyword(text) and text not in FUNCTIONS


class _Reader:
    """Turns the tree of an expression into what computes it, and refuses what the grammar does not have."""

    def __init__(self, text: str, most: int = MAX_NODES - 1, late: bool = False) -> None:
        self.text = text
        self._late = late
        self.names: set[str] = set()
        self._left = most

    def short(self, text: str) -> Work | None:
        """What computes one name, or two names or numbers with a sign between them, such as ``4 * width``: most
        expressions are no more, and Python's own parser takes several times as long. ``None`` for all others."""
        if is_name(text) and not text.startswith("__"):
            self.names.add(text)
            return _name(text, self.text)
        found = _PAIR.fullmatch(text)
        if found is None:
            return None
        pair = found[1], found[3]
        names = [part for part in pair if is_name(part) and not part.startswith("__")]
        if len(names) + sum(_NUMBER.fullmatch(part) is not None for part in pair) < 2:
            return None
        self.names.update(names)
        parts = [
            _name(part, self.text) if part in names else _constant(_bounded(int(part), self.text)) for part in pair
        ]
        return _binary(parts[0], _BINARY[_SIGNS[found[2]]], parts[1], False, self.text)

    def read(self, node: ast.expr) -> Work:
        """What computes ``node``. Raises `StudioError` ``expression.syntax`` or ``expression.bound``."""
        # Tests of the class, commonest first: a `match` on attributes takes several times as long.
        if isinstance(node, ast.Name):
            self._count(2)
            if node.id.startswith("__"):
                raise _error("syntax", self.text, say("uses the name {id}", id=node.id))
            self.names.add(node.id)
            return _name(node.id, self.text)
        if isinstance(node, ast.Constant):
            self._count(1)
            value = node.value
            if not isinstance(value, _SCALARS):
                why = say("holds {value!r}, which is neither number nor text", value=value)
                raise _error("syntax", self.text, why)
            return _constant(_bounded(value, self.text))
        if isinstance(node, ast.BinOp):
            self._count(2)
            act = self._known(_BINARY, node.op)
            power = isinstance(node.op, ast.Pow)
            return _binary(self.read(node.left), act, self.read(node.right), power, self.text)
        if isinstance(node, ast.Compare):
            self._count(1 + len(node.ops))
            tests = [self._known(_COMPARE, test) for test in node.ops]
            return _compare([self.read(node.left), *map(self.read, node.comparators)], tests, self.text)
        if isinstance(node, ast.IfExp):
            self._count(1)
            return _choice(self.read(node.test), self.read(node.body), self.read(node.orelse))
        if isinstance(node, ast.BoolOp):
            self._count(2)
            return _either([self.read(value) for value in node.values], isinstance(node.op, ast.Or))
        if isinstance(node, ast.UnaryOp):
            self._count(2)
            act = self._known(_UNARY, node.op)
            return _unary(self.read(node.operand), act, isinstance(node.op, ast.Not), self.text)
        if isinstance(node, ast.Call):
            self._count(3)
            return self._call(node)
        error = self._foreign(node)
        if not self._late:
            raise error
        return _refusing(error)

    def _call(self, node: ast.Call) -> Work:
        if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS or node.keywords:
            why = say("calls something other than {functions}", functions=", ".join(FUNCTIONS))
            raise _error("syntax", self.text, why)
        name = node.func.id
        least, most = _ARGUMENTS[name]
        starred = next((argument for argument in node.args if isinstance(argument, ast.Starred)), None)
        if starred is not None:
            raise self._foreign(starred)
        if not least <= len(node.args) <= most:
            raise _error("syntax", self.text, say("calls {id} with the wrong number of values", id=name))
        return _call(name, list(map(self.read, node.args)), self.text)

    def _known(self, acts: Mapping[type[Any], Callable[..., Any]], act: ast.AST) -> Callable[..., Any]:
        found = acts.get(type(act))
        if found is None:
            raise self._foreign(act)
        return found

    def _foreign(self, node: ast.AST) -> StudioError:
        why = say("uses {name}, which expressions do not have", name=type(node).__name__)
        return _error("syntax", self.text, why)

    def _count(self, nodes: int) -> None:
        self._left -= nodes
        if self._left < 0:
            raise _error("syntax", self.text, say("has too many parts"))


def _constant(value: Scalar) -> Work:
    return lambda scope: value


def _name(name: str, text: str) -> Work:
    def work(scope: Mapping[str, object]) -> Scalar:
        found = scope.get(name)
        if isinstance(found, _SCALARS):
            return found
        if name in scope:
            raise _error("type", text, say("uses {id}, which is not a single number", id=name))
        known = ", ".join(sorted(scope)) or say("none")
        raise StudioError(
            "expression.name",
            say("'{text}' uses {id}, which is not a parameter here.", text=text, id=name),
            hint=say("Parameters here: {known}.", known=known),
        )

    return work


def _refusing(error: StudioError) -> Work:
    def work(scope: Mapping[str, object]) -> Scalar:
        raise error

    return work


def _choice(test: Work, body: Work, otherwise: Work) -> Work:
    return lambda scope: body(scope) if test(scope) else otherwise(scope)


def _either(parts: list[Work], stop_at: bool) -> Work:
    def work(scope: Mapping[str, object]) -> Scalar:
        result: Scalar = not stop_at
        for part in parts:
            result = part(scope)
            if bool(result) == stop_at:
                break
        return result

    return work


def _binary(left: Work, act: Callable[..., Any], right: Work, power: bool, text: str) -> Work:
    def work(scope: Mapping[str, object]) -> Scalar:
        a, b = left(scope), right(scope)
        try:
            if isinstance(a, str) or isinstance(b, str):
                raise _mixed(text)
            if power:
                _check_power(a, b, text)
            value = act(a, b)
        except ZeroDivisionError as reason:
            raise _error("bound", text, say("divides by zero")) from reason
        except (TypeError, ValueError, OverflowError) as reason:
            raise _mixed(text) from reason
        return value if type(value) is int and -MAX_INTEGER <= value <= MAX_INTEGER else _bounded(value, text)

    return work


def _compare(parts: list[Work], tests: list[Callable[..., Any]], text: str) -> Work:
    (left, right), test = parts[:2], tests[0]

    def single(scope: Mapping[str, object]) -> Scalar:
        one, other = left(scope), right(scope)
        try:
            return bool(test(one, other))
        except TypeError as reason:
            raise _mixed(text) from reason

    if len(tests) == 1:
        return single

    def work(scope: Mapping[str, object]) -> Scalar:
        value = parts[0](scope)
        for test, part in zip(tests, parts[1:], strict=True):
            other = part(scope)
            try:
                if not test(value, other):
                    return False
            except TypeError as reason:
                raise _mixed(text) from reason
            value = other
        return True

    return work


def _unary(operand: Work, act: Callable[..., Any], negates: bool, text: str) -> Work:
    def work(scope: Mapping[str, object]) -> Scalar:
        value = operand(scope)
        if negates:
            return not value
        if isinstance(value, str):
            raise _mixed(text)
        return _bounded(act(value), text)

    return work


def _call(name: str, parts: list[Work], text: str) -> Work:
    function = FUNCTIONS[name]

    def work(scope: Mapping[str, object]) -> Scalar:
        numbers = [part(scope) for part in parts]
        if any(isinstance(number, str) for number in numbers):
            raise _mixed(text)
        if name == "round" and len(numbers) == 2 and abs(numbers[1]) > MAX_DIGITS:  # type: ignore[arg-type]
            # round(1, -10**9) would compute a power of ten with as many digits.
            raise _error("bound", text, say("rounds to more than {max_digits} digits", max_digits=MAX_DIGITS))
        try:
            return _bounded(function(*numbers), text)
        except (TypeError, ValueError, OverflowError) as reason:
            raise _mixed(text) from reason

    return work


def _mixed(text: str) -> StudioError:
    return _error("type", text, say("mixes values that do not go together"))


def _error(kind: str, text: str, why: str) -> StudioError:
    return StudioError(
        f"expression.{kind}",
        say("'{text}' {why}.", text=shown(text, MAX_LENGTH), why=why),
        hint=say("Write arithmetic over the parameters."),
    )


def _bounded(value: Scalar, text: str) -> Scalar:
    if type(value) is int and -MAX_INTEGER <= value <= MAX_INTEGER:
        return value
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _error("bound", text, say("is not a finite number"))
    elif not -MAX_INTEGER <= value <= MAX_INTEGER:
        raise _error("bound", text, say("gives a number beyond {max_integer:,}", max_integer=MAX_INTEGER))
    return value


def _check_power(a: float, b: float, text: str) -> None:
    """Bound the result before computing it: 9**9**9 has 370 million digits."""
    if abs(b) > MAX_EXPONENT or (a and b * math.log10(abs(a)) > 13):
        raise _error("bound", text, say("gives a number beyond {max_integer:,}", max_integer=MAX_INTEGER))
    if a < 0 and not float(b).is_integer():
        raise _error("bound", text, say("takes a root of a negative number"))
