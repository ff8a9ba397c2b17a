"""Arithmetic on expressions as syntax trees: put values in, simplify, negate, compute.

Trees are `ast` nodes of the closed grammar of `blockstudio.graph.expressions`; none is changed in place.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import TypeAlias

from blockstudio.blocks import Value
from blockstudio.errors import StudioError
from blockstudio.graph.expressions import FUNCTIONS, compute

Tree: TypeAlias = ast.expr
Scope: TypeAlias = Mapping[str, Value]

MAX_PARTS = 60
"""An expression with more parts than this is no longer something to read; a number is put in its place."""


@lru_cache(maxsize=4096)
def tree_of(text: str) -> Tree:
    """The tree of a text that is known to be an expression."""
    return ast.parse(text.strip(), mode="eval").body


def literal(value: Value) -> Tree:
    """``value`` as a tree."""
    if isinstance(value, tuple):
        return ast.Tuple([literal(item) for item in value], ast.Load())
    if isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    return ast.Constant(value)


def name(text: str) -> Tree:
    return ast.Name(text, ast.Load())


def is_literal(tree: Tree) -> bool:
    return (
        isinstance(tree, ast.Constant)
        or (isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub) and isinstance(tree.operand, ast.Constant))
        or (isinstance(tree, ast.Tuple) and all(map(is_literal, tree.elts)))
    )


def names_in(tree: Tree) -> set[str]:
    """The parameters that ``tree`` uses (called functions are none)."""
    found: set[str] = set()

    def visit(node: Tree) -> Tree:
        if isinstance(node, ast.Name):
            found.add(node.id)
        return node

    rewrite(tree, visit)
    return found


def same(one: Tree | None, other: Tree | None) -> bool:
    """Whether two trees are written alike."""
    if one is other or one is None or other is None:
        return one is other
    if type(one) is not type(other):
        return False
    if isinstance(one, ast.Name) and isinstance(other, ast.Name):
        return one.id == other.id
    if isinstance(one, ast.Constant) and isinstance(other, ast.Constant):
        return type(one.value) is type(other.value) and one.value == other.value
    return ast.dump(one) == ast.dump(other)


def parts(tree: Tree) -> int:
    if isinstance(tree, ast.Name | ast.Constant):
        return 1
    return sum(isinstance(node, ast.expr) for node in ast.walk(tree))


def evaluate(tree: Tree, scope: Scope) -> Value:
    """Its value where names mean ``scope``; tuples of expressions too. Raises `StudioError` ``expression.*``."""
    if isinstance(tree, ast.Tuple | ast.List):
        return tuple(evaluate(item, scope) for item in tree.elts)  # type: ignore[misc]
    if isinstance(tree, ast.Name) and isinstance(scope.get(tree.id), tuple):
        return scope[tree.id]
    if isinstance(tree, ast.Subscript):
        row, index = evaluate(tree.value, scope), evaluate(tree.slice, scope)
        if isinstance(row, tuple) and isinstance(index, int) and 0 <= index < len(row):
            return row[index]
    return compute(tree, scope)


def substitute(tree: Tree, meanings: Mapping[str, Tree]) -> Tree:
    """``tree`` with names replaced by what they mean."""

    def visit(node: Tree) -> Tree:
        return meanings.get(node.id, node) if isinstance(node, ast.Name) else node

    return rewrite(tree, visit)


def fold(tree: Tree) -> Tree:
    """``tree`` simplified: constants computed, like terms collected, decided branches cut. The value stays the
    same for all values of its names."""
    return rewrite(tree, _fold_node)


def condition(tree: Tree) -> Tree:
    """`fold` for a tree of which only the truth matters."""
    if isinstance(tree, ast.Constant):
        return ast.Constant(bool(tree.value))
    tree = fold(tree)
    if isinstance(tree, ast.BoolOp):
        stop = isinstance(tree.op, ast.Or)
        left: list[Tree] = []
        for item in map(condition, tree.values):
            if isinstance(item, ast.Constant):
                if bool(item.value) == stop:
                    return ast.Constant(stop)
                continue
            flat = item.values if isinstance(item, ast.BoolOp) and type(item.op) is type(tree.op) else [item]
            left += [part for part in flat if not any(same(part, other) for other in left)]
        if not left:
            return ast.Constant(not stop)
        return left[0] if len(left) == 1 else ast.BoolOp(tree.op, left)
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not):
        return negate(tree.operand)
    if is_literal(tree):
        return ast.Constant(bool(evaluate(tree, {})))
    return tree


_OPPOSITE: dict[type[ast.cmpop], ast.cmpop] = {
    ast.Eq: ast.NotEq(), ast.NotEq: ast.Eq(), ast.Lt: ast.GtE(), ast.GtE: ast.Lt(), ast.Gt: ast.LtE(),
    ast.LtE: ast.Gt(),
}  # fmt: skip


def negate(tree: Tree) -> Tree:
    """The opposite condition, written positively where that is easy: ``stride != 1 or bn`` for
    ``not (stride == 1 and not bn)``."""
    tree = condition(tree)
    match tree:
        case ast.Constant(value=value):
            return ast.Constant(not value)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return operand
        case ast.Compare(left=left, ops=[op], comparators=comparators):
            return ast.Compare(left, [_OPPOSITE[type(op)]], comparators)
        case ast.BoolOp(op=op, values=values):
            return condition(ast.BoolOp(ast.And() if isinstance(op, ast.Or) else ast.Or(), list(map(negate, values))))
    return ast.UnaryOp(ast.Not(), tree)


def both(*trees: Tree) -> Tree:
    """All of the conditions."""
    return condition(ast.BoolOp(ast.And(), list(trees))) if trees else ast.Constant(True)


def either(*trees: Tree) -> Tree:
    """Any of the conditions."""
    return condition(ast.BoolOp(ast.Or(), list(trees))) if trees else ast.Constant(False)


def implies_equal(test: Tree, one: Tree, other: Tree) -> bool:
    """Whether ``test`` says, among other things, that the two are equal."""
    terms = test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]
    for term in terms:
        if isinstance(term, ast.Compare) and len(term.ops) == 1 and isinstance(term.ops[0], ast.Eq):
            sides = (term.left, term.comparators[0])
            if (same(sides[0], one) and same(sides[1], other)) or (same(sides[1], one) and same(sides[0], other)):
                return True
    return False


def choose(test: Tree, yes: Tree, no: Tree) -> Tree:
    """``yes if test else no``, or one of them if that is decided or they are alike."""
    test = condition(test)
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, yes, no = test.operand, no, yes
    if isinstance(test, ast.Constant):
        return yes if test.value else no
    return yes if same(yes, no) else ast.IfExp(test, yes, no)


def total(trees: Iterable[Tree]) -> Tree:
    """Their sum, simplified."""
    found = list(trees)
    tree = found[0]
    for item in found[1:]:
        tree = ast.BinOp(tree, ast.Add(), item)
    return fold(tree)


def least(tree: Tree, minima: Mapping[str, float | None]) -> float | None:
    """A number that ``tree`` does not fall below where each name is at least its minimum; ``None`` if none is known."""
    match tree:
        case ast.Constant(value=int(value) | float(value)):
            return value
        case ast.Name(id=text):
            return minima.get(text)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            low, other = least(left, minima), least(right, minima)
            return None if low is None or other is None else low + other
        case ast.BinOp(left=left, op=ast.Sub(), right=ast.Constant(value=int(value))):
            low = least(left, minima)
            return None if low is None else low - value
        case ast.BinOp(left=left, op=ast.Mult() | ast.FloorDiv() as op, right=right):
            if isinstance(op, ast.Mult) and isinstance(left, ast.Constant):
                left, right = right, left
            low = least(left, minima)
            if (
                low is None
                or not isinstance(right, ast.Constant)
                or not isinstance(right.value, int)
                or right.value < 1
            ):
                return None
            return low * right.value if isinstance(op, ast.Mult) else low // right.value
    return None


def whole(tree: Tree, floats: set[str]) -> Tree:
    """``tree`` where a whole number is needed: wrapped in ``int(...)`` if Python could make it a float.
    ``floats`` are the names that hold floats."""
    if isinstance(tree, ast.Constant) and isinstance(tree.value, float) and tree.value.is_integer():
        return literal(int(tree.value))
    return ast.Call(ast.Name("int", ast.Load()), [tree], []) if _may_be_float(tree, floats) else tree


def _may_be_float(tree: Tree, floats: set[str]) -> bool:
    match tree:
        case ast.Constant(value=value):
            return isinstance(value, float)
        case ast.Name(id=text):
            return text in floats
        case ast.BinOp(left=left, op=op, right=right):
            if isinstance(op, ast.Div):
                return True
            if isinstance(op, ast.Pow) and not (isinstance(right, ast.Constant) and isinstance(right.value, int)):
                return True
            return _may_be_float(left, floats) or _may_be_float(right, floats)
        case ast.UnaryOp(operand=operand):
            return _may_be_float(operand, floats)
        case ast.IfExp(body=body, orelse=other):
            return _may_be_float(body, floats) or _may_be_float(other, floats)
        case ast.BoolOp(values=values):
            return any(_may_be_float(item, floats) for item in values)
        case ast.Call(func=ast.Name(id="int")):
            return False
        case ast.Call(func=ast.Name(id="round"), args=args):
            return len(args) > 1 and _may_be_float(args[0], floats)
        case ast.Call(args=args):
            return any(_may_be_float(item, floats) for item in args)
    return False


def rewrite(tree: Tree, visit: Callable[[Tree], Tree]) -> Tree:
    """A copy with every node passed through ``visit``, inner ones first; called functions are left alone."""
    if isinstance(tree, (ast.Name, ast.Constant)):
        return visit(tree)

    def again(node: Tree) -> Tree:
        return rewrite(node, visit)

    match tree:
        case ast.BinOp(left=left, op=op, right=right):
            tree = ast.BinOp(again(left), op, again(right))
        case ast.UnaryOp(op=op, operand=operand):
            tree = ast.UnaryOp(op, again(operand))
        case ast.BoolOp(op=op, values=values):
            tree = ast.BoolOp(op, list(map(again, values)))
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            tree = ast.Compare(again(left), ops, list(map(again, comparators)))
        case ast.IfExp(test=test, body=body, orelse=other):
            tree = ast.IfExp(again(test), again(body), again(other))
        case ast.Call(func=func, args=args, keywords=keywords):
            tree = ast.Call(func, list(map(again, args)), [ast.keyword(k.arg, again(k.value)) for k in keywords])
        case ast.Tuple(elts=elts):
            tree = ast.Tuple(list(map(again, elts)), ast.Load())
        case ast.List(elts=elts):
            tree = ast.List(list(map(again, elts)), ast.Load())
        case ast.Subscript(value=value, slice=index):
            tree = ast.Subscript(again(value), again(index), ast.Load())
        case ast.Starred(value=value):
            tree = ast.Starred(again(value), ast.Load())
        case ast.GeneratorExp(elt=elt, generators=[loop]):
            tree = ast.GeneratorExp(again(elt), [ast.comprehension(loop.target, again(loop.iter), [], 0)])
    return visit(tree)


def _fold_node(tree: Tree) -> Tree:
    match tree:
        case ast.IfExp(test=test, body=body, orelse=other):
            test = condition(test)
            if isinstance(test, ast.Constant):
                return body if test.value else other
            return body if same(body, other) else ast.IfExp(test, body, other)
        case ast.BoolOp(op=op, values=values):
            # `a and b` is one of its operands, so only leading constants may go.
            stop = isinstance(op, ast.Or)
            left = list(values)
            while len(left) > 1 and is_literal(left[0]):
                if bool(evaluate(left[0], {})) == stop:
                    return left[0]
                del left[0]
            return left[0] if len(left) == 1 else ast.BoolOp(op, left)
        case ast.Compare(left=first, ops=[op], comparators=[second]) if same(first, second):
            return ast.Constant(isinstance(op, ast.Eq | ast.LtE | ast.GtE))
        case ast.Subscript(value=ast.Tuple(elts=elts), slice=ast.Constant(value=int(index))) if index < len(elts):
            return elts[index]
        case ast.Call(func=func) if not isinstance(func, ast.Name) or func.id not in FUNCTIONS:
            return tree
        case ast.BinOp() | ast.UnaryOp() | ast.Compare() | ast.Call():
            if all(is_literal(child) for child in _operands(tree)):
                return _computed(tree)
            if isinstance(tree, ast.BinOp):
                return _collect(tree)
    return tree


def _operands(tree: Tree) -> list[Tree]:
    match tree:
        case ast.BinOp(left=left, right=right):
            return [left, right]
        case ast.UnaryOp(operand=operand):
            return [operand]
        case ast.Compare(left=left, comparators=comparators):
            return [left, *comparators]
        case ast.Call(args=args, keywords=keywords):
            return [*args, *(k.value for k in keywords)]
    return []


def _computed(tree: Tree) -> Tree:
    try:
        return literal(evaluate(tree, {}))
    except StudioError:
        return tree


def _collect(tree: ast.BinOp) -> Tree:
    """Like terms of a sum and constant factors of a product, for whole numbers."""
    if isinstance(tree.op, ast.Mult):
        factor, rest = _product(tree)
        if rest is None or factor == 1:
            return literal(factor) if rest is None else rest
        return ast.BinOp(literal(factor), ast.Mult(), rest)
    if not isinstance(tree.op, ast.Add | ast.Sub):
        return tree
    terms: list[tuple[int, Tree | None]] = []
    for sign, term in _terms(tree, 1):
        factor, rest = _product(term)
        for index, (count, other) in enumerate(terms):
            if same(rest, other):
                terms[index] = (count + sign * factor, other)
                break
        else:
            terms.append((sign * factor, rest))
    terms = [term for term in terms if term[0]]
    terms.sort(key=lambda term: (term[0] < 0, term[1] is None))  # 2*a + 3 - b rather than -b + 3 + 2*a
    if not terms:
        return literal(0)
    result: Tree | None = None
    for count, rest in terms:
        size = abs(count)
        term = literal(size) if rest is None else rest
        if rest is not None and size != 1:
            term = ast.BinOp(literal(size), ast.Mult(), rest)
        if result is None:
            result = term if count > 0 else ast.UnaryOp(ast.USub(), term)
        else:
            result = ast.BinOp(result, ast.Add() if count > 0 else ast.Sub(), term)
    assert result is not None
    return result


def _terms(tree: Tree, sign: int) -> list[tuple[int, Tree]]:
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Add | ast.Sub):
        other = -sign if isinstance(tree.op, ast.Sub) else sign
        return [*_terms(tree.left, sign), *_terms(tree.right, other)]
    return [(sign, tree)]


def _product(tree: Tree) -> tuple[int, Tree | None]:
    """A product as (constant factor, the rest)."""
    if isinstance(tree, ast.Constant) and type(tree.value) is int:
        return tree.value, None
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
        factor, rest = _product(tree.operand)
        return -factor, rest
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Mult):
        (a, one), (b, two) = _product(tree.left), _product(tree.right)
        if one is None or two is None:
            return a * b, one or two
        return a * b, ast.BinOp(one, ast.Mult(), two)
    return 1, tree
