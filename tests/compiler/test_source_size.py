"""What it takes to write the source of a network of very many blocks: the calls are counted."""

import ast
import re
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

import blockstudio as bs
from blockstudio.compiler import emit
from blockstudio.compiler.influence import Influence
from blockstudio.compiler.leaves import Leaves
from blockstudio.graph.definition import Block, Wire


def chain(length: int, kind: str, **parameters: object) -> bs.Diagram:
    diagram = bs.Diagram("Chain")
    body = [Block(type=kind, parameters=dict(parameters))] * length  # type: ignore[arg-type]
    blocks = [Block(type="Input", parameters={"shape": [3, 8, 8]}), *body, Block(type="Output")]
    names = ["input", *(f"b{index}" for index in range(length)), "output"]
    for name, block in zip(names, blocks, strict=True):
        diagram.main.insert(name, block)
    for one, other in pairwise(names):
        diagram.main.join(Wire(one, "out", other, "in"))
    return diagram


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [("Identity", {}), ("BatchNorm2d", {}), ("Conv2d", {"out_channels": 3, "kernel_size": 3, "padding": "same"})],
)
def test_blocks_alike_are_worked_out_once(
    kind: str, parameters: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: Counter[str] = Counter()
    worked_out = Leaves._unit

    def counted(leaves: Leaves, *given: Any) -> object:
        calls["unit"] += 1
        return worked_out(leaves, *given)

    monkeypatch.setattr(Leaves, "_unit", counted)
    facts = Influence._block

    def counted_facts(influence: Influence, *given: Any) -> object:
        calls["facts"] += 1
        return facts(influence, *given)

    monkeypatch.setattr(Influence, "_block", counted_facts)
    text = bs.source(chain(200, kind, **parameters))
    assert text.count(f"nn.{kind}(") == 200
    assert calls["unit"] <= 4
    assert calls["facts"] <= 4


def test_blocks_of_equal_but_differently_written_values_keep_their_own_text() -> None:
    diagram = bs.Diagram("Alike")
    diagram.add("Input", "input", shape=(3, 8, 8))
    before = "input"
    for index, rate in enumerate((1, 1.0, 0.5, 0, 0.0, 0.5)):
        diagram.add("LeakyReLU", f"b{index}", negative_slope=rate)
        diagram.connect(before, f"b{index}")
        before = f"b{index}"
    diagram.add("Output", "output")
    diagram.connect(before, "output")
    apart = [_calls(chain(1, "LeakyReLU", negative_slope=rate)) for rate in (1, 1.0, 0.5, 0, 0.0, 0.5)]
    assert _calls(diagram) == [call for calls in apart for call in calls]


def _calls(diagram: bs.Diagram) -> list[str]:
    return re.findall(r"nn\.LeakyReLU\([^)]*\)", bs.source(diagram))


@pytest.mark.parametrize(
    "text",
    [
        'class A(nn.Module):\n    """torch and F, \\"Tensor\\" it\'s."""\n    x = 1\n',
        "# it's torch\nx = nn.Linear(F=1)\ny = a.F + a.torch\n",
        "x: Tensor = torch.cat([F.relu(y)])\n",
        "x = {'torch': \"F\", 'a\\'F': OrderedDict([])}\nclass R(NamedTuple):\n    a: int\n",
        "Tensors = torchy + F1 + xF\n",
    ],
)
def test_what_is_imported_is_what_names_in_the_code_use(text: str) -> None:
    wanted = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    lines = "\n".join(emit._imports(text))
    for name, line in {
        "OrderedDict": "import OrderedDict",
        "NamedTuple": "import NamedTuple",
        "torch": "import torch\n",
        "F": "functional as F",
        "Tensor": "import Tensor",
    }.items():
        assert (line in lines) == (name in wanted), name
