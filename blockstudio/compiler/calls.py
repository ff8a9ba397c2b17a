"""Constructor calls: what they mean in numbers, and chains of copies."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from blockstudio.blocks import Parameter, Value
from blockstudio.compiler import algebra
from blockstudio.compiler.algebra import Tree
from blockstudio.compiler.net import Node
from blockstudio.compiler.printer import text_of
from blockstudio.graph.expressions import FUNCTIONS

A = TypeVar("A")
IDENTITY = algebra.tree_of("nn.Identity()")


def source_value(parameter: Parameter, value: Value) -> Value:
    """A resolved value as source writes it: ``3`` for ``(3, 3)``, ``1`` for ``(1, 1, 1, 1)``."""
    if not isinstance(value, tuple) or parameter.kind == "shape":
        return value
    if parameter.kind == "padding" and len(value) == 4 and value[0] == value[1] and value[2] == value[3]:
        value = (value[0], value[2])
    return value[0] if len(value) == 2 and value[0] == value[1] else value


def concrete(tree: Tree, scope: Mapping[str, Value]) -> object:
    """A call with every argument worked out: (callee, arguments, keywords). Raises `StudioError` ``expression.*``."""
    if isinstance(tree, ast.Call) and not (isinstance(tree.func, ast.Name) and tree.func.id in FUNCTIONS):
        arguments = [concrete(item, scope) for item in tree.args]
        keywords = sorted((item.arg or "", concrete(item.value, scope)) for item in tree.keywords)
        return ("call", text_of(tree.func), *arguments, *keywords)
    return algebra.evaluate(tree, scope)


def agree(found: object, wanted: object) -> bool:
    """Whether a value does the work of the one that is wanted. A whole number has to be one in Python too."""
    if isinstance(wanted, tuple) or isinstance(found, tuple):
        one, two = _pair(found), _pair(wanted)
        if not isinstance(one, tuple) or not isinstance(two, tuple):
            return not isinstance(one, tuple) and not isinstance(two, tuple) and agree(one, two)
        return len(one) == len(two) and all(map(agree, one, two))
    if isinstance(wanted, bool) or isinstance(found, bool) or isinstance(wanted, str) or wanted is None:
        return type(found) is type(wanted) and found == wanted
    if isinstance(wanted, float):
        return isinstance(found, int | float) and found == wanted
    return type(found) is int and found == wanted


def _pair(value: object) -> object:
    """``3`` for ``(3, 3)``: PyTorch takes either."""
    if isinstance(value, tuple) and len(value) == 2 and value[0] == value[1] and isinstance(value[0], int):
        return value[0]
    return value


def sequence(calls: Sequence[Tree]) -> Tree:
    return ast.Call(algebra.tree_of("nn.Sequential"), list(calls), [])


def repeated(
    call: Tree,
    node: Node,
    minimum: int,
    make: Callable[[Sequence[tuple[A, Tree]]], Tree] | None = None,
    arguments: Sequence[tuple[A, Tree]] = (),
) -> Tree:
    """``call``, or the ``nn.Sequential`` of its copies if ``node`` is repeated, at least ``minimum`` times. ``make``
    builds the call again from ``arguments`` with something put in."""
    if node.repeat is None:
        return call

    def copy(index: int | None) -> Tree:
        """Copy ``index``; ``None``: any but the first, if they are all alike."""
        if make is not None:
            return make([(key, _at(tree, index)) for key, tree in arguments])
        return _at(call, index)

    varies = "i" in algebra.names_in(call) or node.by_copy
    count = node.repeat
    chain = algebra.tree_of("nn.Sequential")
    if not varies:
        if isinstance(count, ast.Constant) and count.value == 1:
            return ast.Call(chain, [call], [])
        return ast.Call(chain, [_copies(call, "_", count)], [])
    rest = copy(None)
    if minimum >= 1 and not node.by_copy and "i" not in algebra.names_in(rest):
        # The first copy by itself, then the others: how one would write it by hand.
        others = algebra.fold(ast.BinOp(count, ast.Sub(), algebra.literal(1)))
        if isinstance(others, ast.Constant):
            tail = [] if others.value == 0 else [rest] if others.value == 1 else [_copies(rest, "_", others)]
        else:
            tail = [_copies(rest, "_", others)]
        return ast.Call(chain, [copy(0), *tail], [])
    if node.by_copy:
        call = ast.IfExp(algebra.negate(node.bypass), call, IDENTITY)
    return ast.Call(chain, [_copies(call, "i", count)], [])


def _copies(call: Tree, index: str, count: Tree) -> Tree:
    every = ast.Call(algebra.name("range"), [count], [])
    return ast.Starred(ast.GeneratorExp(call, [ast.comprehension(algebra.name(index), every, [], 0)]), ast.Load())


def _at(tree: Tree, index: int | None) -> Tree:
    if index is not None:
        return algebra.fold(algebra.substitute(tree, {"i": algebra.literal(index)}))

    def visit(node: Tree) -> Tree:
        match node:
            case ast.Compare(left=ast.Name(id="i"), ops=[op], comparators=[ast.Constant(value=0)]):
                if isinstance(op, ast.Eq | ast.LtE):
                    return ast.Constant(False)
                if isinstance(op, ast.NotEq | ast.Gt):
                    return ast.Constant(True)
        return node

    changed = algebra.rewrite(tree, visit)
    return tree if algebra.same(changed, tree) else algebra.fold(changed)
