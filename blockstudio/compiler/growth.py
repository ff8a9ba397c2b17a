"""How channels grow along a chain of copies each of which adds as many, or multiplies them by as much."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from blockstudio.compiler import algebra
from blockstudio.compiler.algebra import Tree

BEFORE = ast.Name("__before", ast.Load())
"""What goes into a copy. No expression of a document has such a name."""


@dataclass(frozen=True, slots=True)
class Growth:
    """What one copy does to the channels; the same for every copy."""

    by: Tree | None
    """``None``: it leaves them."""
    factor: bool = False
    """They are multiplied, not added to."""

    @classmethod
    def of(cls, tree: Tree) -> Growth | None:
        """That of copies which give ``tree`` for `BEFORE`; ``None`` where it is neither sum nor product, or not the
        same for all."""
        if algebra.same(tree, BEFORE):
            return cls(None)
        added = algebra.fold(ast.BinOp(tree, ast.Sub(), BEFORE))
        if not algebra.names_in(added) & {BEFORE.id, "i"}:
            return cls(added)
        match tree:
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                if algebra.same(right, BEFORE):
                    left, right = right, left
                if algebra.same(left, BEFORE) and not algebra.names_in(right) & {BEFORE.id, "i"}:
                    return cls(right, factor=True)
        return None

    def names(self, *trees: Tree | None) -> bool:
        """Whether a parameter is in the rule or in ``trees``."""
        return any(algebra.names_in(tree) for tree in (self.by, *trees) if tree is not None)

    def after(self, tree: Tree, copies: Tree | None) -> Tree:
        """What ``tree`` has become after so many copies."""
        if self.by is None or copies is None:
            return tree
        if self.factor:
            return algebra.fold(ast.BinOp(tree, ast.Mult(), ast.BinOp(self.by, ast.Pow(), copies)))
        return algebra.fold(ast.BinOp(tree, ast.Add(), ast.BinOp(self.by, ast.Mult(), copies)))
