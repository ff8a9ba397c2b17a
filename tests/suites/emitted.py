"""Emitted source of diagrams with hostile names and texts: plain Python with nothing but torch, and nothing in it that
a network does not need."""

from __future__ import annotations

import ast
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from blockstudio.blocks import Parameter
from blockstudio.compiler import source
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from tests.suites.outcome import Outcome

MODULES = {"torch", "torch.nn", "torch.nn.functional", "collections", "typing", "math", "__future__"}
NODES = (
    ast.Module, ast.Import, ast.ImportFrom, ast.alias, ast.ClassDef, ast.FunctionDef, ast.arguments, ast.arg,
    ast.Return, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.If, ast.For, ast.Raise, ast.Pass,
    ast.Call, ast.keyword, ast.Name, ast.Attribute, ast.Constant, ast.BinOp, ast.UnaryOp, ast.BoolOp,
    ast.Compare, ast.IfExp, ast.Tuple, ast.List, ast.Dict, ast.Subscript, ast.Slice, ast.Starred,
    ast.GeneratorExp, ast.ListComp, ast.comprehension, ast.JoinedStr, ast.FormattedValue, ast.Load, ast.Store,
    ast.operator, ast.unaryop, ast.boolop, ast.cmpop,
)  # fmt: skip
"""What emitted source is made of: no `with`, no `try`, no `exec`, no decorator, no lambda."""
FORBIDDEN = {"eval", "exec", "open", "compile", "__import__", "getattr", "globals", "locals", "input", "breakpoint"}
PIECES = (
    '"""', "'''", '"', "'", "\\", "\n", "\r", "\t", "\x00", "\x1b[31m", "\u2028", "\x85", "\u202e", "\ufeff",
    "ä", "网络", "🧠", "import os", "os.system('true')", "{", "}", "{0}", "%s", "#", "# coding: latin-1", ";",
    "\\N{BEL}", "\\x00", "f'{1}'", "__import__('os')", " ", "x" * 60, "class", "return", "self",
    "super().__init__()", "lambda: 0", "\\u0041", "$", "`",
)  # fmt: skip
NAMES = (
    "class", "None", "self", "torch", "nn", "F", "Net", "print", "__init__", "super", "a.b", "a.0", "_", "i", "x",
    "forward", "training", "weight", "Tensor", "len", "int", "Module", "type", "T_destination", "Größe", "7up", "os",
    "eval", "a b",
)  # fmt: skip
DRIVER = """
import sys, runpy
import torch
for path in sys.argv[1:]:
    found = runpy.run_path(path)
    classes = [value for value in found.values() if isinstance(value, type) and value.__module__ == "<run_path>"]
    net = [cls for cls in classes if issubclass(cls, torch.nn.Module)]
    with torch.no_grad():
        out = net[-1]().eval()(torch.zeros(1, 3, 8, 8))
    assert torch.is_tensor(out), path
assert not [name for name in sys.modules if name.startswith("blockstudio")]
print("done", len(sys.argv) - 1)
"""


def drawn_text(drawn: random.Random) -> str:
    """A text of hostile pieces."""
    return "".join(drawn.choice(PIECES) for _ in range(drawn.randrange(7)))


def diagrams(count: int, seed: int) -> Iterator[Diagram]:
    """Networks whose every name and text is hostile, where it is not refused."""
    drawn = random.Random(seed)
    for _ in range(count):
        diagram = Diagram(drawn_text(drawn) or "net")
        diagram.module("Part", {"mode": Parameter(kind="text", default="a"), "n": 2})
        for scope, kind in (("Part", "Conv2d"), ("", "Part")):
            given = {"out_channels": "n", "kernel_size": 1} if kind == "Conv2d" else {}
            diagram.add("Input", "input", scope=scope, **({} if scope else {"shape": [3, 8, 8]}))
            last = "input"
            for name in ("one", "two"):
                diagram.add(kind, name, scope=scope, **given)
                diagram.connect(last, name, scope=scope)
                last = name
                if drawn.random() < 0.5:
                    last = _renamed(diagram, name, scope, drawn)
            diagram.add("Output", "output", scope=scope)
            diagram.connect(last, "output", scope=scope)
        diagram.main.description = drawn_text(drawn)
        diagram.modules["Part"].description = drawn_text(drawn)
        diagram.about = {"paper": drawn_text(drawn), drawn_text(drawn) or "key": drawn_text(drawn)}
        diagram.add("Identity", "noted", note=drawn_text(drawn))
        instance = next(name for name, block in diagram.main.blocks() if block.type == "Part")
        diagram.set(instance, mode=drawn_text(drawn), n=3)
        with suppress(StudioError):  # Refused: it keeps its name.
            diagram.rename_module("Part", drawn.choice(NAMES))
        yield diagram


def _renamed(diagram: Diagram, name: str, scope: str, drawn: random.Random) -> str:
    new = drawn.choice([*NAMES, drawn_text(drawn)])
    try:
        diagram.rename(name, new, scope=scope)
    except StudioError:
        return name
    return new


def faults_of(text: str) -> list[str]:
    """What stands in emitted source and should not."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, NODES):
            found.append(f"holds {type(node).__name__}")
        elif isinstance(node, ast.Import):
            found += [f"imports {item.name}" for item in node.names if item.name not in MODULES]
        elif isinstance(node, ast.ImportFrom) and node.module not in MODULES:
            found.append(f"imports from {node.module}")
        elif isinstance(node, ast.Attribute) and node.attr.startswith("__") and node.attr != "__init__":
            found.append(f"reads {node.attr}")
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in FORBIDDEN:
            found.append(f"uses {node.id}")
        elif isinstance(node, ast.FunctionDef | ast.ClassDef) and node.decorator_list:
            found.append("has a decorator")
    return found


def alone(count: int, begin: int = 0) -> Outcome:
    """Emit, look at the syntax tree, run all of them in `python -I`."""
    outcome = Outcome("source with hostile names and texts: its syntax tree, and run alone under python -I")
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, diagram in enumerate(diagrams(count, begin)):
            outcome.times += 1
            try:
                text = source(diagram)
                for fault in faults_of(text):
                    outcome.add(f"{diagram.name!r}: {fault}")
            except StudioError as error:
                if error.code != "compile.name":
                    outcome.add(f"{diagram.name!r}: {error}")
                continue
            except SyntaxError as error:
                outcome.add(f"{diagram.name!r}: {error}")
                continue
            path = Path(folder) / f"net{number}.py"
            path.write_text(text, encoding="utf-8")
            paths.append(str(path))
        for start in range(0, len(paths), 400):
            part = paths[start : start + 400]
            command = [sys.executable, "-I", "-W", "error::SyntaxWarning", "-c", DRIVER, *part]
            done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
            if done.stdout.strip() != f"done {len(part)}":
                outcome.add(f"python -I: {done.stderr[-400:]}")
        left = [path.name for path in Path(folder).iterdir() if str(path) not in paths and path.name != "__pycache__"]
        if left:
            outcome.add(f"it wrote {left}")
    return outcome
