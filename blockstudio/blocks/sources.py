"""Small pieces of emitted source: brackets where they are needed, sums and products of channel counts."""

from __future__ import annotations

import ast
from collections.abc import Sequence


def atom(text: str) -> str:
    """``text``, in brackets unless it is a name, a number, a call or the like."""
    node = ast.parse(text, mode="eval").body
    return text if isinstance(node, ast.Name | ast.Constant | ast.Call | ast.Tuple) else f"({text})"


def plus(texts: Sequence[str]) -> str:
    """Their sum; numbers are added up: ``in_channels + 96``."""
    total = sum(int(text) for text in texts if text.isdecimal())
    named = [_term(text) for text in texts if not text.isdecimal()]
    return " + ".join([*named, str(total)] if total or not named else named)


def times(*texts: str) -> str:
    """Their product as written, without factors of 1: ``512 * 7 * 7``."""
    kept = [text for text in texts if text != "1"]
    return " * ".join(map(_factor, kept)) if len(kept) > 1 else (kept or ["1"])[0]


def joined(joins: str, parts: Sequence[str]) -> str:
    """``parts`` joined from the left by the text for two: with ``{0} + {1}``, ``a + b + c``."""
    before, rest = joins.split("{0}")
    between, after = rest.split("{1}")
    return before * (len(parts) - 1) + parts[0] + "".join(f"{between}{part}{after}" for part in parts[1:])


def items(text: str) -> list[str]:
    """The parts of a tuple display, ``["k", "1"]`` for ``(k, 1)``; a single value is one part."""
    node = ast.parse(text, mode="eval").body
    if not isinstance(node, ast.Tuple):
        return [text]
    return [ast.unparse(element) for element in node.elts]


def _term(text: str) -> str:
    node = ast.parse(text, mode="eval").body
    loose = isinstance(node, ast.IfExp | ast.BoolOp | ast.Compare) or (
        isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    )
    return f"({text})" if loose else text


def _factor(text: str) -> str:
    node = ast.parse(text, mode="eval").body
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return text
    return atom(text)
