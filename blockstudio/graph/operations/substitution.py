"""What the names in a block's expressions stand for: finding them, and putting something else in their place."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from typing import TypeAlias

import msgspec

from blockstudio.blocks import Parameter, RawValue
from blockstudio.errors import StudioError
from blockstudio.graph.contents import Contents
from blockstudio.graph.definition import Block
from blockstudio.graph.expressions import MAX_LENGTH, parse
from blockstudio.graph.resolve import is_expression
from blockstudio.text import say

Meaning: TypeAlias = RawValue | ast.expr
"""What a name stands for: a raw value, or the tree of an expression."""

INDEX = "i"
"""The place in a repeat; it means something on the repeated block alone."""


def meaning(parameter: Parameter, raw: RawValue) -> Meaning:
    """A raw value as it is, an expression as its tree."""
    return parse(str(raw)).tree if isinstance(raw, str) and is_expression(parameter, raw) else raw


def expressions(diagram: Contents, block: Block) -> Iterator[tuple[str, bool]]:
    """The texts of a block's expressions, and whether the index of its repeat is known to each."""
    declared, indexed = diagram.declared(block.type), block.repeat is not None
    for key, raw in block.parameters.items():
        if key in declared and is_expression(declared[key], raw):
            yield from ((item, indexed) for item in (raw if isinstance(raw, list) else [raw]) if isinstance(item, str))
    if isinstance(block.bypass, str):
        yield block.bypass, indexed
    if isinstance(block.repeat, str):
        yield block.repeat, False


def names_used(diagram: Contents, block: Block) -> dict[str, None]:
    """The names that a block's expressions take from the definition around it, in the order they come up."""
    found: dict[str, None] = {}
    for text, indexed in expressions(diagram, block):
        names = parse(text).names
        found |= dict.fromkeys(sorted(names - {INDEX} if indexed else names))
    return found


def free_parameter_name(wanted: str, taken: Collection[str]) -> str:
    """A name for a declared parameter that is not taken: ``width``, ``width_2``... What a module infers cannot be
    declared in it: for ``in_channels`` it is ``channels``."""
    stem = wanted.removeprefix("in_") if wanted.startswith("in_channels") else wanted
    name, index = stem, 1
    while name in taken:
        index += 1
        name = f"{stem}_{index}"
    return name


def substituted(diagram: Contents, block: Block, meanings: Mapping[str, Meaning], path: str) -> Block:
    """A block with ``meanings`` put in the place of the names that its expressions use. Raises `StudioError`
    ``expression.*`` at ``path``."""
    declared = diagram.declared(block.type)
    parameters: dict[str, RawValue] = {}
    # The index of a block's own repeat is nobody else's.
    inner = {key: value for key, value in meanings.items() if key != INDEX} if block.repeat is not None else meanings
    try:
        for key, raw in block.parameters.items():
            parameter = declared.get(key)  # none of a type that is not installed
            if parameter is not None and is_expression(parameter, raw):
                parameters[key] = _word(parameter, replaced(raw, inner))
            else:
                parameters[key] = raw
        repeat = replaced(block.repeat, meanings) if isinstance(block.repeat, str) else block.repeat
        bypass = replaced(block.bypass, inner) if isinstance(block.bypass, str) else block.bypass
    except StudioError as error:
        raise error.at(path) from None
    return msgspec.structs.replace(
        block, parameters=parameters, repeat=repeat, bypass=bypass if isinstance(bypass, str) else bool(bypass)
    )


def replaced(raw: RawValue, meanings: Mapping[str, Meaning], fold: bool = False) -> RawValue:
    """A raw value with ``meanings`` for the names of its expressions. ``fold``: parts without names are worked out.
    Raises `StudioError` ``expression.type`` for a list amid arithmetic, ``expression.length``."""
    if isinstance(raw, list):
        return [replaced(item, meanings, fold) if isinstance(item, str) else item for item in raw]  # type: ignore[misc]
    if not isinstance(raw, str):
        return raw
    expression = parse(raw)
    used = {name: meanings[name] for name in expression.names if name in meanings}
    if not used:
        return raw
    if isinstance(expression.tree, ast.Name):
        whole = used[expression.tree.id]
        if not isinstance(whole, ast.expr):
            return repr(whole) if isinstance(whole, str) else whole
    tree = _Substitution(used).visit(ast.parse(expression.text, mode="eval").body)
    if fold:
        tree = _Folding().visit(tree)
    text = ast.unparse(ast.fix_missing_locations(tree))
    if len(text) > MAX_LENGTH:
        raise StudioError(
            "expression.length",
            say("'{raw}' becomes longer than {limit} characters.", raw=raw, limit=MAX_LENGTH),
        )
    parsed = parse(text)
    if parsed.names:
        return text
    value = parsed.evaluate({})
    return repr(value) if isinstance(value, str) else value


def _word(parameter: Parameter, raw: RawValue) -> RawValue:
    """``same`` for ``'same'``, where that is one of the parameter's words."""
    bare = raw[1:-1] if isinstance(raw, str) and raw[:1] == "'" else ""
    return bare if bare in parameter.words else raw


class _Substitution(ast.NodeTransformer):
    def __init__(self, meanings: Mapping[str, Meaning]) -> None:
        self._meanings = meanings

    def visit_Name(self, node: ast.Name) -> ast.expr:
        found = self._meanings.get(node.id)
        if found is None:
            return node
        if isinstance(found, ast.expr):
            return found
        if isinstance(found, list):
            raise StudioError("expression.type", say("{name} is not a single number.", name=node.id))
        return ast.parse(repr(found), mode="eval").body

    def visit_Call(self, node: ast.Call) -> ast.expr:
        node.args = [self.visit(item) for item in node.args]  # the function's name is no parameter's
        return node


class _Folding(ast.NodeTransformer):
    """Works out what holds no name."""

    def visit(self, node: ast.AST) -> ast.AST:
        node = super().generic_visit(node)
        if isinstance(node, ast.IfExp) and isinstance(node.test, ast.Constant):
            return node.body if node.test.value else node.orelse
        if isinstance(node, ast.BinOp | ast.UnaryOp | ast.Compare | ast.BoolOp | ast.Call | ast.IfExp):
            parsed = parse(ast.unparse(node))
            if not parsed.names:
                try:
                    return ast.parse(repr(parsed.evaluate({})), mode="eval").body
                except StudioError:  # in a branch that is not taken
                    return node
        return node
