"""Python text from syntax trees, laid out as a code formatter would: one line where it fits, else brackets opened."""

from __future__ import annotations

import ast

WIDTH = 100
"""Emitted lines are at most this long, as far as they can be broken."""

_TERNARY, _OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _UNARY, _POWER, _ATOM = range(10)
_SIGNS: dict[type[ast.AST], tuple[str, int]] = {
    ast.Add: ("+", _SUM), ast.Sub: ("-", _SUM), ast.Mult: ("*", _PRODUCT), ast.Div: ("/", _PRODUCT),
    ast.FloorDiv: ("//", _PRODUCT), ast.Mod: ("%", _PRODUCT), ast.Pow: ("**", _POWER), ast.Eq: ("==", _COMPARE),
    ast.NotEq: ("!=", _COMPARE), ast.Lt: ("<", _COMPARE), ast.LtE: ("<=", _COMPARE), ast.Gt: (">", _COMPARE),
    ast.GtE: (">=", _COMPARE),
}  # fmt: skip


def text_of(tree: ast.AST, outer: int = _TERNARY) -> str:
    """``tree`` on one line, bracketed where it stands in something that binds tighter than it does."""
    if isinstance(tree, ast.Name):
        return tree.id
    text, level = _text(tree)
    return f"({text})" if level < outer else text


def atom(tree: ast.AST) -> str:
    """``tree`` on one line, bracketed unless it is a single name, number or call."""
    return text_of(tree, _ATOM)


def _text(tree: ast.AST) -> tuple[str, int]:
    match tree:
        case ast.Constant(value=value):
            return constant(value), _ATOM
        case ast.Name(id=name):
            return name, _ATOM
        case ast.Attribute(value=value, attr=attr):
            return f"{text_of(value, _ATOM)}.{attr}", _ATOM
        case ast.Subscript(value=value, slice=index):
            return f"{text_of(value, _ATOM)}[{_index(index)}]", _ATOM
        case ast.Slice(lower=lower, upper=upper, step=step):
            ends = [text_of(end, _SUM) if end is not None else "" for end in (lower, upper)]
            return ":".join([*ends, *([text_of(step, _SUM)] if step is not None else [])]), _ATOM
        case ast.Call(func=func, args=args, keywords=keywords):
            inside = [text_of(item) for item in args] + [_keyword(item) for item in keywords]
            return f"{text_of(func, _ATOM)}({', '.join(inside)})", _ATOM
        case ast.Starred(value=value):
            return "*" + text_of(value, _ATOM), _ATOM
        case ast.Tuple(elts=elts):
            inside = [text_of(item) for item in elts]
            return "(" + ", ".join(inside) + (",)" if len(elts) == 1 else ")"), _ATOM
        case ast.List(elts=elts):
            return "[" + ", ".join(map(text_of, elts)) + "]", _ATOM
        case ast.Dict(keys=keys, values=values):
            pairs = (f"{text_of(k)}: {text_of(v)}" for k, v in zip(keys, values, strict=True) if k is not None)
            return "{" + ", ".join(pairs) + "}", _ATOM
        case ast.GeneratorExp(elt=elt, generators=[loop]):
            return f"({text_of(elt)} {_loop(loop)})", _ATOM
        case ast.BinOp(left=left, op=op, right=right):
            return _binary(left, op, right)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return f"not {text_of(operand, _NOT)}", _NOT
        case ast.UnaryOp(op=op, operand=operand):
            return ("-" if isinstance(op, ast.USub) else "+") + text_of(operand, _UNARY), _UNARY
        case ast.BoolOp(op=op, values=values):
            word, level = ("or", _OR) if isinstance(op, ast.Or) else ("and", _AND)
            # `a or (b and c)`: the brackets are not needed, but nobody has to remember that.
            return f" {word} ".join(text_of(item, max(level + 1, _NOT)) for item in values), level
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            rest = (f" {_SIGNS[type(op)][0]} {text_of(item, _SUM)}" for op, item in zip(ops, comparators, strict=True))
            return text_of(left, _SUM) + "".join(rest), _COMPARE
        case ast.IfExp(test=test, body=body, orelse=other):
            return f"{text_of(body, _OR)} if {text_of(test, _OR)} else {text_of(other)}", _TERNARY
    raise TypeError(f"no text for {type(tree).__name__}")


def _index(index: ast.expr) -> str:
    """What stands between the brackets: slices of several axes can have none of their own around them."""
    if isinstance(index, ast.Tuple) and any(isinstance(item, ast.Slice) for item in index.elts):
        return ", ".join(map(text_of, index.elts)) + ("," if len(index.elts) == 1 else "")
    return text_of(index)


def _binary(left: ast.expr, op: ast.operator, right: ast.expr) -> tuple[str, int]:
    sign, level = _SIGNS[type(op)]
    if isinstance(op, ast.Pow):
        simple = all(isinstance(side, ast.Name | ast.Constant) for side in (left, right))
        gap = "" if simple else " "
        return f"{text_of(left, _ATOM)}{gap}**{gap}{text_of(right, _UNARY)}", level
    return f"{text_of(left, level)} {sign} {text_of(right, level + 1)}", level


def constant(value: object) -> str:
    """A literal, strings in double quotes where that needs no escaping."""
    text = repr(value)
    if isinstance(value, str) and text[0] == "'" and '"' not in text:
        return f'"{text[1:-1]}"'
    return text


def _keyword(item: ast.keyword) -> str:
    return f"{item.arg}={text_of(item.value)}" if item.arg else "**" + text_of(item.value, _ATOM)


def _loop(loop: ast.comprehension) -> str:
    return f"for {text_of(loop.target)} in {text_of(loop.iter, _OR)}"


def lay_out(tree: ast.expr, indent: int, before: str = "", after: str = "", *, statement: bool = True) -> list[str]:
    """Lines for ``before tree after``, indented by ``indent`` spaces. A ``statement`` may put its whole value in
    brackets to break it; an argument stands in brackets already."""
    line = " " * indent + before + text_of(tree) + after
    if len(line) <= WIDTH:
        return [line]
    pad = " " * indent
    match tree:
        case ast.Call(func=func, args=args, keywords=keywords) if args or keywords:
            items = [("", item) for item in args] + [(f"{k.arg}=", k.value) for k in keywords]
            return _bracket(f"{pad}{before}{text_of(func, _ATOM)}(", items, ")" + after, indent)
        case ast.Tuple(elts=elts) if len(elts) > 1:
            return _bracket(f"{pad}{before}(", [("", item) for item in elts], ")" + after, indent)
        case ast.List(elts=elts) if elts:
            return _bracket(f"{pad}{before}[", [("", item) for item in elts], "]" + after, indent)
        case ast.Dict(keys=keys, values=values) if keys:
            pairs = [(f"{text_of(key)}: ", value) for key, value in zip(keys, values, strict=True) if key is not None]
            return _bracket(f"{pad}{before}{{", pairs, "}" + after, indent, single=False)
        case ast.Starred(value=value):
            return lay_out(value, indent, before + "*", after, statement=statement)
        case ast.GeneratorExp(elt=elt, generators=[loop]):
            inner = lay_out(elt, indent + 4, statement=False)
            return [f"{pad}{before}(", *inner, f"{pad}    {_loop(loop)}", f"{pad}){after}"]
        case ast.IfExp() | ast.BoolOp() | ast.BinOp() | ast.Compare():
            if statement:
                inner = lay_out(tree, indent + 4, statement=False)
                return [f"{pad}{before}(", *inner, f"{pad}){after}"]
            return _operators(tree, indent, before, after)
    return [line]


def _operators(tree: ast.expr, indent: int, before: str, after: str) -> list[str]:
    """Broken before its operators, within brackets that stand already."""
    if isinstance(tree, ast.IfExp):
        return [
            *_side(tree.body, indent, before),
            *_side(tree.test, indent, "if "),
            *lay_out(tree.orelse, indent, "else ", after, statement=False),
        ]
    if isinstance(tree, ast.BoolOp):
        word, level = ("or ", _OR) if isinstance(tree.op, ast.Or) else ("and ", _AND)
        texts = [text_of(item, max(level + 1, _NOT)) for item in tree.values]
        rest = [f"{' ' * indent}{word}{text}" for text in texts[1:]]
        return [*[" " * indent + before + texts[0], *rest][:-1], (rest[-1] if rest else "") + after]
    if isinstance(tree, ast.BinOp) and not isinstance(tree.op, ast.Pow):
        sign, level = _SIGNS[type(tree.op)]
        terms: list[ast.expr] = [tree.right]
        signs = [sign]
        left = tree.left
        while isinstance(left, ast.BinOp) and _SIGNS[type(left.op)][1] == level:
            terms.append(left.right)
            signs.append(_SIGNS[type(left.op)][0])
            left = left.left
        lines = [" " * indent + before + text_of(left, level)]
        lines += [
            f"{' ' * indent}{mark} {text_of(term, level + 1)}"
            for mark, term in zip(reversed(signs), reversed(terms), strict=True)
        ]
        lines[-1] += after
        return lines
    return [" " * indent + before + text_of(tree) + after]


def _side(tree: ast.expr, indent: int, before: str) -> list[str]:
    """The value or the test of a conditional expression."""
    if isinstance(tree, ast.IfExp):
        return [" " * indent + before + text_of(tree, _OR)]
    return lay_out(tree, indent, before, statement=False)


def _bracket(head: str, items: list[tuple[str, ast.expr]], tail: str, indent: int, *, single: bool = True) -> list[str]:
    """``head``, the items, ``tail``: the items on one line if they fit, else each on its own with a comma."""
    pad = " " * indent
    together = pad + "    " + ", ".join(before + text_of(item) for before, item in items)
    if single and len(together) <= WIDTH:
        return [head, together, pad + tail]
    lone = len(items) == 1 and not items[0][0].endswith(": ") and not isinstance(items[0][1], ast.IfExp)
    body = [
        line
        for before, item in items
        for line in lay_out(item, indent + 4, before, "" if lone else ",", statement=False)
    ]
    return [head, *body, pad + tail]
