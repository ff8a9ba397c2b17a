"""Where the code says something: the calls of `say`, `tr` and their plural forms, with the templates in them.

The code is read as a syntax tree, so that a call inside an f-string is one like any other.
"""

from __future__ import annotations

import ast
import gc
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

TEMPLATES_OF = {"say": 1, "tr": 1, "phrase": 1, "say_many": 2, "tr_many": 2}
"""The functions that say something, and how many of their arguments are templates."""


@dataclass(frozen=True)
class Call:
    """One call. Without templates it passes on what was said elsewhere."""

    line: int
    function: str
    templates: tuple[tuple[str, ...], ...]
    """Each a sentence, or one with its plural. Several where a condition chooses."""
    glued: bool
    """Whether its words are put together before it, so that nobody can translate them."""


@cache
def tree(source: str) -> ast.Module:
    """The syntax tree of a module's source, read once for all who look at it."""
    # Trees are millions of objects that stay to the end: looking through them for garbage takes longer than reading.
    collects = gc.isenabled()
    gc.disable()
    try:
        found = ast.parse(source)
    finally:
        if collects:
            gc.enable()
    gc.freeze()
    return found


@cache
def search_words(source: str) -> tuple[str, ...]:
    """What is given as ``keywords=`` of a command: words by which a person may look for it."""
    found = []
    for node in _nodes(tree(source)) if "keywords=" in source else ():
        if isinstance(node, ast.keyword) and node.arg == "keywords":
            found += _literals(node.value)
    return tuple(dict.fromkeys(found))


@cache
def calls(source: str) -> tuple[Call, ...]:
    """Every call in a module's source, by line."""
    found = []
    for node in _nodes(tree(source)) if _MAY_SPEAK.search(source) else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TEMPLATES_OF:
            count = TEMPLATES_OF[node.func.id]
            words = [_literals(argument) for argument in node.args[:count]]
            alike = len({len(each) for each in words}) == 1
            templates = tuple(zip(*words, strict=True)) if alike else ()
            glued = any(_glued(argument) for argument in node.args[:count]) or not alike
            found.append(Call(node.lineno, node.func.id, templates, glued))
    return tuple(sorted(found, key=lambda call: call.line))


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node below a tree: `ast.walk` for those who are in a hurry."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for value in vars(node).values():
            if isinstance(value, list):
                waiting += [each for each in value if isinstance(each, ast.AST)]
            elif isinstance(value, ast.expr | ast.keyword | ast.arguments):
                waiting.append(value)


_MAY_SPEAK = re.compile(r"\b(say|tr|phrase)(_many)?\(")
"""Quicker than reading a tree in which nothing is said."""


def _literals(node: ast.expr) -> list[str]:
    match node:
        case ast.Constant(value=str() as words):
            return [words]
        case ast.IfExp(body=first, orelse=second):
            return [*_literals(first), *_literals(second)]
        case ast.BoolOp(values=values):
            return [words for value in values for words in _literals(value)]
    return []


def _glued(node: ast.expr) -> bool:
    match node:
        case ast.JoinedStr():
            return True
        case ast.BinOp(left=left, right=right):
            return any(isinstance(each, ast.Constant | ast.JoinedStr | ast.BinOp) for each in (left, right))
        case ast.IfExp(body=first, orelse=second):
            return _glued(first) or _glued(second)
    return False
