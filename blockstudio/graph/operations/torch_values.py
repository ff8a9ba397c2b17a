"""Numbers and words in somebody's source, worked out without running it."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable

from blockstudio.text import Text, say

Literal = int | float | str | bool | None | tuple["Literal", ...]
Names = dict[str, "Literal"]
"""What names were given above."""
_BY: dict[type[ast.operator], Callable[[int | float, int | float], int | float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv, ast.Mod: operator.mod,
}  # fmt: skip
LARGEST = 10**12


class Unread(Exception):
    """Something is not understood; ``text`` says what."""

    def __init__(self, text: Text) -> None:
        super().__init__(str(text))
        self.text = text


def value_of(node: ast.expr, names: Names) -> Literal:
    """What an expression of numbers, words, tuples and known names stands for. Raises `Unread`."""
    match node:
        case ast.Constant(value=bool() | int() | float() | str() | None as value):
            return value
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return tuple(value_of(item, names) for item in items)
        case ast.Name() | ast.Attribute(value=ast.Name(id="self")):
            name = ast.unparse(node)
            if name in names:
                return names[name]
            raise Unread(say("{name} has no value in the text", name=name))
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_number(value_of(inner, names), node)
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return not value_of(inner, names)
        case ast.Call(func=ast.Name(id="int"), args=[inner]):
            return int(_number(value_of(inner, names), node))
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _BY:
            one, other = _number(value_of(left, names), node), _number(value_of(right, names), node)
            try:
                found = _BY[type(sign)](one, other)
            except ArithmeticError:
                found = LARGEST + 1
            if abs(found) > LARGEST:
                raise Unread(say("{source} is no number that a layer can have", source=ast.unparse(node)[:60]))
            return found
    raise Unread(say("{source} is not read", source=ast.unparse(node)[:60]))


def _number(value: Literal, node: ast.expr) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unread(say("{source} is no number", source=ast.unparse(node)[:60]))
    return value
