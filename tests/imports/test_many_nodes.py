"""Networks of thousands of nodes come in without a look at every name for each."""

from __future__ import annotations

from pathlib import Path

import pytest

from blockstudio.imports import from_onnx
from blockstudio.imports.nodes import Taken

onnx = pytest.importorskip("onnx")


def test_each_node_asks_for_a_name_a_few_times_however_many_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count, helper = 300, onnx.helper
    nodes = [
        helper.make_node("Relu" if each % 2 else "Sigmoid", [f"t{each}"], [f"t{each + 1}"]) for each in range(count)
    ]
    ends = [helper.make_tensor_value_info(f"t{each}", onnx.TensorProto.FLOAT, [1, 2, 4, 4]) for each in (0, count)]
    graph = helper.make_graph(nodes, "long", ends[:1], ends[1:])
    file = tmp_path / "long.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), file)
    asked, clashes = list[str](), Taken.clashes
    monkeypatch.setattr(Taken, "clashes", lambda taken, name: asked.append(name) or clashes(taken, name))
    diagram, _ = from_onnx(file)
    assert len(diagram.main) == count + 2 and len(asked) <= 3 * count
    names = [name for name, block in diagram.main.blocks() if block.type == "ReLU"]
    assert names[:2] == ["re_lu", "re_lu_2"] and names[-1] == f"re_lu_{count // 2}"


def test_a_name_is_taken_with_the_paths_that_it_lies_in() -> None:
    taken = Taken()
    taken.add("a.b.c")
    twin = taken.copy()
    twin.add("d")
    assert [name for name in ("a", "a.b", "a.b.c", "a.b.c.d", "a.d", "ab", "d") if taken.clashes(name)] == [
        "a", "a.b", "a.b.c", "a.b.c.d",
    ]  # fmt: skip
    assert twin.clashes("d") and twin.clashes("d.e")
