"""Lines of PyTorch as blocks: read as syntax, never executed.

``nn.Conv2d(64, 128, 3, padding=1)``, an ``nn.Sequential(...)`` with what is nested in it, ``self.conv1 = ...`` lines, a
class's ``__init__``: what makes layers becomes a chain of blocks in the order of the text, under the attributes' names.
Whatever else stands there is named in the answer.
"""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass, field

from blockstudio.blocks import RawValue
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.free_names import legal
from blockstudio.graph.operations.base import first_input
from blockstudio.graph.operations.fragments import NAME
from blockstudio.graph.operations.torch_calls import CALLS, Unread, block_of
from blockstudio.graph.operations.torch_values import Names, value_of
from blockstudio.text import Text, say

PITCH = 76.0
"""Pixels from block to block of the chain."""
MOST_LETTERS = 400_000
MOST = 20_000
"""Blocks of one text."""
_CHAINS = ("Sequential", "ModuleList")
_LOOKS = re.compile(rf"\b(?:{'|'.join((*_CHAINS, 'ModuleDict', *CALLS))})\s*\(")


@dataclass
class Reading:
    """What was read."""

    diagram: Diagram
    """A fragment: the blocks, wired one behind the other."""
    unread: list[Text] = field(default_factory=list)
    """What was not understood, each with its line."""

    @property
    def count(self) -> int:
        """Of blocks."""
        return len(self.diagram.main)


def looks_like_torch(text: str) -> bool:
    """Whether a text makes layers of PyTorch, as far as a glance tells."""
    return len(text) <= MOST_LETTERS and _LOOKS.search(text) is not None


def read_torch(text: str) -> Reading:
    """Read lines of PyTorch. Raises `StudioError` ``torch_text.syntax`` for what is no Python, ``torch_text.size``."""
    if len(text) > MOST_LETTERS:
        raise StudioError("torch_text.size", say("the pasted text is too long to be read as PyTorch."))
    reader = _Reader()
    reader.body(_parsed(text), "")
    return reader.reading


def _parsed(text: str) -> list[ast.stmt]:
    """The statements. Lines copied out of a class begin anywhere; a block opened above them is not there."""
    dedented = textwrap.dedent(text.expandtabs(4)).rstrip()
    error = SyntaxError("")
    flat = "\n".join(line.strip() for line in dedented.splitlines())
    for candidate in (dedented, flat, f"({flat})"):
        try:
            return ast.parse(candidate).body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as reason:
            if isinstance(reason, SyntaxError) and not error.msg:
                error = reason
    where = say("line {line}", line=error.lineno or 1)
    raise StudioError(
        "torch_text.syntax",
        say("the pasted text reads like PyTorch, but is no complete Python ({where}).", where=where),
        hint=say("Copy whole statements, with all their brackets."),
    )


class _Reader:
    def __init__(self) -> None:
        self.reading = Reading(Diagram(NAME))
        self.names: Names = {}
        self._last = ""

    # Statements

    def body(self, statements: list[ast.stmt], prefix: str) -> None:
        for statement in statements:
            try:
                self._statement(statement, prefix)
            except Unread as reason:
                self.skip(statement, reason.text)
            except RecursionError:
                self.skip(statement, say("nested too deeply"))

    def skip(self, node: ast.AST, why: Text) -> None:
        """Name what is not understood."""
        self.reading.unread.append(say("line {line}: {why}", line=getattr(node, "lineno", 1), why=why))

    def _statement(self, statement: ast.stmt, prefix: str) -> None:
        match statement:
            case ast.ClassDef():
                self.body(statement.body, prefix)
            case ast.FunctionDef(name="__init__"):
                self.body(statement.body, prefix)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                raise Unread(say("{name}() is not read: the blocks are wired in the order of the text", name=name))
            case ast.Expr(value=value):
                self._expression(value, prefix)
            case ast.Assign(targets=[target], value=value) | ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign(target, value, prefix)
            case ast.AugAssign(target=target, op=ast.Add(), value=ast.List(elts=items)):
                self.chain(items, _name(target), counted=False)
            case ast.Return(value=ast.expr() as value) if self._is_layers(value):
                self.layers(value, "")
            case ast.Return() | ast.Import() | ast.ImportFrom() | ast.Pass():
                pass
            case _:
                raise Unread(say("{source} is not read", source=_source(statement)))

    def _expression(self, value: ast.expr, prefix: str) -> None:
        match value:
            case ast.Constant():
                pass  # a docstring
            case ast.Tuple(elts=items) | ast.List(elts=items):
                self.chain(items, "", counted=False)
            case ast.Call(func=ast.Attribute(attr="__init__")):
                pass
            case ast.Call(func=ast.Attribute(value=owner, attr="append"), args=[item]):
                self.layers(item, "" if isinstance(owner, ast.Name) else _name(owner))
            case ast.Call(func=ast.Attribute(value=owner, attr="extend"), args=[ast.List(elts=items)]):
                self.chain(items, "" if isinstance(owner, ast.Name) else _name(owner), counted=False)
            case ast.Call(func=ast.Attribute(attr="add_module"), args=[ast.Constant(value=str() as name), item]):
                self.layers(item, name)
            case _:
                self.layers(value, prefix)

    def _assign(self, target: ast.expr, value: ast.expr, prefix: str) -> None:
        if self._is_layers(value):
            self.layers(value, _name(target))
            return
        if isinstance(value, ast.List | ast.Tuple) and any(self._is_layers(item) for item in value.elts):
            self.chain(value.elts, "", counted=False)
            return
        if isinstance(value, ast.List) and not value.elts:
            return  # what is appended comes later
        if isinstance(value, ast.Dict) and any(self._is_layers(item) for item in value.values):
            self.layers(value, _name(target))
            return
        self.names[_source(target)] = value_of(value, self.names)

    # Layers

    def _is_layers(self, value: ast.expr) -> bool:
        return isinstance(value, ast.Call) and (_class(value) in (*_CHAINS, "ModuleDict", *CALLS))

    def layers(self, value: ast.expr, name: str) -> None:
        """One layer or a chain of them, under a name; empty: under names of their types."""
        match value:
            case ast.Call() if _class(value) in _CHAINS or _class(value) == "ModuleDict":
                self._sequence(value, name)
            case ast.List(elts=items) | ast.Tuple(elts=items):
                self.chain(items, name)
            case ast.Dict():
                self._named(list(zip(value.keys, value.values, strict=True)), name)
            case ast.Call():
                self._block(value, name)
            case ast.Starred(value=inner):
                self.layers(inner, name)
            case _:
                raise Unread(say("{source} makes no layer that is known", source=_source(value)))

    def _sequence(self, call: ast.Call, name: str) -> None:
        items = [item.value if isinstance(item, ast.Starred) else item for item in call.args]
        match items:
            case [ast.List(elts=inner)] | [ast.Tuple(elts=inner)]:
                self.chain(inner, name)
            case [ast.Dict() as table]:
                self._named(list(zip(table.keys, table.values, strict=True)), name)
            case [ast.Call() as inner] if _class(inner) in ("OrderedDict", "dict"):
                self._ordered(inner, name)
            case [ast.Name()] if self.reading.count:
                pass  # the list that was filled above
            case _:
                self.chain(items, name)

    def _ordered(self, call: ast.Call, name: str) -> None:
        pairs: list[tuple[ast.expr | None, ast.expr]] = []
        for item in call.args:
            match item:
                case ast.List(elts=rows) | ast.Tuple(elts=rows):
                    for row in rows:
                        match row:
                            case ast.Tuple(elts=[key, value]) | ast.List(elts=[key, value]):
                                pairs.append((key, value))
                            case _:
                                self.skip(row, say("{source} is no pair of a name and a layer", source=_source(row)))
                case ast.Dict():
                    pairs += zip(item.keys, item.values, strict=True)
                case _:
                    self.skip(item, say("{source} is not read", source=_source(item)))
        pairs += [(ast.Constant(value=each.arg), each.value) for each in call.keywords]
        self._named(pairs, name)

    def _named(self, pairs: list[tuple[ast.expr | None, ast.expr]], name: str) -> None:
        for key, value in pairs:
            text = key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""
            self._try(value, _join(name, text))

    def chain(self, items: list[ast.expr], name: str, counted: bool = True) -> None:
        """Layers one behind the other: under ``name.0``, ``name.1`` as PyTorch counts them."""
        for index, item in enumerate(items):
            self._try(item, _join(name, str(index)) if name and counted else "")

    def _try(self, value: ast.expr, name: str) -> None:
        try:
            self.layers(value, name)
        except Unread as reason:
            self.skip(value, reason.text)

    def _block(self, call: ast.Call, name: str) -> None:
        diagram = self.reading.diagram
        if len(diagram.main) >= MOST:
            raise Unread(say("there are too many layers"))
        kind, parameters, doubts = block_of(_class(call), _source(call), call, self.names)
        for doubt in doubts:
            self.skip(call, doubt)
        free = self._free(kind, name, parameters)
        port = first_input(diagram, kind)
        if self._last and port is not None:
            diagram.connect(self._last, f"{free}:{port}")
        self._last = free

    def _free(self, kind: str, name: str, parameters: dict[str, RawValue]) -> str:
        """Add the block under its attribute's name, or one like it."""
        diagram = self.reading.diagram
        at = (0.0, PITCH * len(diagram.main))
        for wanted in dict.fromkeys((name, legal(name)) if name else ()):
            try:
                return diagram.add(kind, wanted, at=at, parameters=parameters)
            except StudioError as error:
                if not error.code.startswith("diagram."):
                    raise Unread(say("{type}: {why}", type=kind, why=error.message)) from None
        try:
            return diagram.add(kind, at=at, parameters=parameters)
        except StudioError as error:
            raise Unread(say("{type}: {why}", type=kind, why=error.message)) from None


def _class(call: ast.Call) -> str:
    """``Conv2d`` of ``nn.Conv2d(...)`` and of ``torch.nn.Conv2d(...)``."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _name(target: ast.expr) -> str:
    """The attribute that is assigned: ``conv1`` of ``self.conv1``, ``branch.0`` of ``self.branch[0]``."""
    match target:
        case ast.Name(id="self"):
            return ""
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=owner, attr=name):
            return _join(_name(owner), name)
        case ast.Subscript(value=owner, slice=ast.Constant(value=key)):
            return _join(_name(owner), str(key))
    raise Unread(say("{source} is not read", source=_source(target)))


def _join(prefix: str, name: str) -> str:
    return ".".join(part for part in (prefix, name) if part)


def _source(node: ast.AST) -> str:
    """As it is written, in one line that is not too long."""
    try:
        text = " ".join(ast.unparse(node).split())
    except RecursionError:
        return "…"
    return text if len(text) <= 60 else f"{text[:59]}…"
