"""The arithmetic of parameters: Python's own results on the grammar, clear and quick errors on all else."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockstudio.errors import StudioError
from blockstudio.graph import expressions
from blockstudio.graph.expressions import FUNCTIONS, MAX_INTEGER, Work, is_name, parse
from tests.support.properties import examples

SCOPE = {"n": 3, "width": 64, "half": 0.5, "first": True, "word": "v1.5", "zero": 0, "minus": -7, "pair": (1, 2)}


def value(text: str, **more: object) -> object:
    return parse(text).evaluate(SCOPE | more)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4 * width", 256),
        ("2 if n == 0 else 1", 1),
        ("width // 2 ** n", 8),
        ("-n + +n", 0),
        ("width / 3", 64 / 3),
        ("int(width * half)", 32),
        ("round(width / 3)", 21),
        ("round(2.675, 2)", 2.67),
        ("min(n, 2, width)", 2),
        ("max(n, half)", 3),
        ("abs(minus) % 4", 3),
        ("minus % 4", 1),
        ("minus // 4", -2),
        ("1 < n <= 3 < width", True),
        ("1 < n > 7", False),
        ("not first", False),
        ("first and n == 3", True),
        ("zero or 'text'", "text"),
        ("word == 'v1.5' and not zero", True),
        ("word == \"v1\"", False),
        ("'a' < 'b'", True),
        ("1e3", 1000.0),
        ("0x10 + 1_000", 1016),
        ("2 ** -1", 0.5),
        ("(-2.0) ** 3", -8.0),
        ("10 ** -20", 1e-20),
        ("0 ** 0", 1),
        ("True", True),
        ("  n  ", 3),
        ("n if first else nowhere", 3),
        ("first or nowhere", True),
    ],
)  # fmt: skip
def test_values(text, expected):
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("9**9**9", "expression.bound", "beyond 1,000,000,000,000"),
        ("2 ** 65", "expression.bound", "beyond"),
        ("10 ** 13", "expression.bound", "beyond"),
        ("(0.5) ** -64", "expression.bound", "beyond"),
        ("width ** 60", "expression.bound", "beyond"),
        ("10**12 + 1", "expression.bound", "beyond"),
        ("1e308 * 10", "expression.bound", "not a finite number"),
        ("1e999", "expression.bound", "not a finite number"),
        ("99999999999999", "expression.bound", "beyond"),
        ("n / zero", "expression.bound", "divides by zero"),
        ("n % zero", "expression.bound", "divides by zero"),
        ("0 ** -1", "expression.bound", "divides by zero"),
        ("minus ** half", "expression.bound", "root of a negative number"),
        ("round(1, -10**9)", "expression.bound", "15 digits"),
        ("__import__('os')", "expression.syntax", "calls something other than min, max, abs, round, int"),
        ("eval('1')", "expression.syntax", "calls something other"),
        ("n()", "expression.syntax", "calls something other"),
        ("min", "expression.name", "min, which is not a parameter here"),
        ("min(n)", "expression.syntax", "wrong number of values"),
        ("abs(1, 2)", "expression.syntax", "wrong number of values"),
        ("int()", "expression.syntax", "wrong number of values"),
        ("max(*n, 2)", "expression.syntax", "Starred"),
        ("round(1, ndigits=2)", "expression.syntax", "calls something other"),
        ("n.real", "expression.syntax", "uses Attribute, which expressions do not have"),
        ("().__class__", "expression.syntax", "Attribute"),
        ("pair[0]", "expression.syntax", "Subscript"),
        ("[n, n]", "expression.syntax", "List"),
        ("lambda: 1", "expression.syntax", "Lambda"),
        ("[x for x in word]", "expression.syntax", "ListComp"),
        ("(n := 3)", "expression.syntax", "NamedExpr"),
        ("f'{n}'", "expression.syntax", "JoinedStr"),
        ("b'x'", "expression.syntax", "neither number nor text"),
        ("None", "expression.syntax", "None, which is neither number nor text"),
        ("1j", "expression.syntax", "neither number nor text"),
        ("...", "expression.syntax", "neither number nor text"),
        ("n is 3", "expression.syntax", "Is"),
        ("n in word", "expression.syntax", "In"),
        ("n & 1", "expression.syntax", "BitAnd"),
        ("n << 9", "expression.syntax", "LShift"),
        ("~n", "expression.syntax", "Invert"),
        ("n @ n", "expression.syntax", "MatMult"),
        ("n; n", "expression.syntax", "is not an expression"),
        ("n = 3", "expression.syntax", "is not an expression"),
        ("", "expression.syntax", "is not an expression"),
        ("3 +", "expression.syntax", "is not an expression"),
        ("n # comment", "expression.syntax", "holds '#'"),
        ("(n\n)", "expression.syntax", "holds '\\n'"),
        ("n \\\n + 1", "expression.syntax", "holds '\\\\'"),
        ("n\x00", "expression.syntax", "holds '\\x00'"),
        ("__name__", "expression.syntax", "uses the name __name__"),
        ("(" * 150 + "n" + ")" * 40, "expression.syntax", "is not an expression"),
        ("n" * 201, "expression.syntax", "longer than 200 characters"),
        ("1" + "+1" * 80, "expression.syntax", "too many parts"),
        ("nowhere + 1", "expression.name", "Parameters here: first, half, minus, n, pair"),
        ("pair * 2", "expression.type", "pair, which is not a single number"),
        ("word + 1", "expression.type", "do not go together"),
        ("-word", "expression.type", "do not go together"),
        ("word < 3", "expression.type", "do not go together"),
        ("min(word, 3)", "expression.type", "do not go together"),
        ("word * 100", "expression.type", "do not go together"),
    ],
)
def test_refusals(text, code, words):
    with pytest.raises(StudioError) as caught:
        value(text)
    assert caught.value.code == code, str(caught.value)
    assert words in str(caught.value)


def test_names_are_collected():
    assert parse("min(a, b) if c else int(d)").names == {"a", "b", "c", "d"}


@pytest.mark.parametrize(
    ("text", "legal"),
    [("width", True), ("n_1", True), ("_x", True), ("1n", False), ("a-b", False), ("", False), ("for", False),
     ("int", False), ("größe", False), ("a.b", False)],
)  # fmt: skip
def test_parameter_names(text, legal):
    assert is_name(text) is legal


NUMBERS = st.one_of(st.integers(-1000, 1000), st.floats(-1e6, 1e6).map(lambda x: round(x, 3)), st.booleans()).map(repr)
ATOMS = st.one_of(NUMBERS, st.sampled_from(["n", "width", "half", "first", "zero", "minus", "word", "'v1.5'"]))


def bigger(inner):
    pair = st.tuples(inner, inner)
    return st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//", "%", "**"]), inner).map(
            lambda t: f"({' '.join(t)})"
        ),
        st.tuples(inner, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), inner).map(lambda t: f"({' '.join(t)})"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} < {t[1]} <= {t[2]})"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
        pair.map(lambda t: f"({t[0]} and {t[1]})"),
        pair.map(lambda t: f"({t[0]} or {t[1]})"),
        pair.map(lambda t: f"min({t[0]}, {t[1]})"),
        pair.map(lambda t: f"max({t[0]}, {t[1]})"),
        inner.map(lambda t: f"(not {t})"),
        inner.map(lambda t: f"(-{t})"),
        inner.map(lambda t: f"abs({t})"),
        inner.map(lambda t: f"int({t})"),
        inner.map(lambda t: f"round({t})"),
    )


EXPRESSIONS = st.recursive(ATOMS, bigger, max_leaves=8)


class Bound(Exception):
    pass


def bounded(result):
    if isinstance(result, int) and abs(result) > MAX_INTEGER:
        raise Bound
    if isinstance(result, float) and not math.isfinite(result):
        raise Bound
    return result


def power(a, b):
    if isinstance(a, str) or isinstance(b, str):
        raise TypeError
    if abs(b) > 64 or (a < 0 and b != int(b)):
        raise Bound
    result = a**b
    if abs(result) > 1e13:
        raise Bound
    return bounded(result)


def no_text(result):
    if isinstance(result, str):
        raise TypeError
    return result


class Guard(ast.NodeTransformer):
    """Puts each step of a computation into a call that checks it."""

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if isinstance(node.op, ast.Pow):
            return self.call("power", node.left, node.right)
        node.left, node.right = self.call("no_text", node.left), self.call("no_text", node.right)
        return self.call("bounded", node)

    def visit_UnaryOp(self, node):
        self.generic_visit(node)
        return self.call("bounded", node)

    def visit_Call(self, node):
        self.generic_visit(node)
        node.args = [self.call("no_text", item) for item in node.args]
        return self.call("bounded", node)

    def call(self, name, *arguments):
        return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def pythons_own(text: str) -> object:
    """What Python makes of it, each step checked against the bounds."""
    tree = ast.fix_missing_locations(Guard().visit(ast.parse(text, mode="eval")))
    names = FUNCTIONS | SCOPE | {"power": power, "bounded": bounded, "no_text": no_text, "__builtins__": {}}
    return eval(compile(tree, "<own>", "eval"), names)  # noqa: S307


@examples(400)
@given(EXPRESSIONS)
def test_results_and_refusals_are_pythons_own(text):
    try:
        own = pythons_own(text)
    except (Bound, ZeroDivisionError):
        own = "expression.bound"
    except (TypeError, ValueError, OverflowError):
        own = "expression.type"
    try:
        found = parse(text).evaluate(SCOPE)
    except StudioError as error:
        if error.code != "expression.syntax":
            assert error.code == own
        return
    assert type(found) is type(own)
    assert found == own


GRAMMAR = st.lists(
    st.sampled_from(
        ["n", "width", "1", "9", "99999", "1e9", "**", "*", "+", "-", "//", "%", "(", ")", ",", "min", "round", "int",
         "if", "else", "and", "not", "<", "==", "'x'", ".", "[", "]", ":", "lambda", "__class__", "{", "}", "=", " "]
    ),
    max_size=25,
).map("".join)  # fmt: skip


@examples(500)
@given(st.one_of(st.text(max_size=60), GRAMMAR, EXPRESSIONS))
def test_any_text_gives_a_bounded_value_or_a_clear_error(text):
    try:
        found = value(text)
    except StudioError as error:
        assert error.code.startswith("expression.")
        assert len(str(error)) < 600
        return
    if isinstance(found, str):
        assert len(found) <= 200
    elif isinstance(found, float):
        assert math.isfinite(found)
    else:
        assert abs(found) <= MAX_INTEGER


def test_towers_of_powers_do_not_run_away():
    for text in ("9**9**9**9", "(10**12)**64", "2**2**2**2**2**2", "-9**99", "(((9**9)**9)**9)", "1.0000001**10**9"):
        with pytest.raises(StudioError) as caught:
            value(text)
        assert caught.value.code == "expression.bound"


@examples(300)
@given(EXPRESSIONS)
def test_what_is_accepted_can_stand_in_source_as_written(text):
    """Emitted source holds an expression within a line of a call."""
    expression = parse(text) if len(text) <= 200 and accepted(text) else None
    if expression is None:
        return
    line = ast.parse(f"f({expression.text}, 1)\n")
    assert len(line.body) == 1
    assert len(line.body[0].value.args) == 2


def accepted(text: str) -> bool:
    try:
        parse(text)
    except StudioError:
        return False
    return True


PARTS = ("width", "n", "_x", "__x", "if", "min", "0", "4", "007", "1_000", "10" * 12, "0x1", "1if", "a.b")
SIGNS = ("*", "+", "-", "//", "%", "**", "/", " ")


@pytest.mark.parametrize("sign", SIGNS)
def test_what_is_read_without_pythons_parser_is_what_that_reads(sign: str) -> None:
    """Names, numbers and their pairs have a way of their own, which must not be another grammar."""

    def outcome(read: Callable[[expressions._Reader, str], Work | None], text: str) -> object:
        reader = expressions._Reader(text)
        try:
            work = read(reader, text)
            if work is None:
                return None
            values = []
            for scope in ({"width": 7, "n": 3, "_x": 0}, {"width": 2.5, "n": "v1"}, {}):
                try:
                    values.append(repr(work(scope)))
                except StudioError as error:
                    values.append(str(error))
            return reader.names, values
        except (SyntaxError, StudioError) as error:
            return str(error) if isinstance(error, StudioError) else "no expression"

    seen = 0
    for one, other, space in product(PARTS, PARTS, ("", " ", "  ")):
        for text in (one, f"{one}{space}{sign}{space}{other}"):
            short = outcome(expressions._Reader.short, text)
            if short is not None:
                assert short == outcome(lambda reader, text: reader.read(expressions._tree(text)), text)
                seen += 1
    assert seen
