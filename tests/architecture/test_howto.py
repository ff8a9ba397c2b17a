"""The pages for contributors are done as they stand: their code goes into a copy of the tree, and what they promise
is there."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.support import scratch
from tests.support.packages import install
from tests.support.pages import DOCS, ROOT, Code, code

BLOCK_TYPES = code(DOCS / "block-types.md")
DATA_SETS = code(DOCS / "add-a-data-set.md")

SQUARE = """
import blockstudio as bs
from blockstudio.blocks import CATALOGUE
print("package:", CATALOGUE["Square"].package)
d = bs.Diagram("net")
d.add("Input", "input", shape=[3, 8, 8])
d.add("Square", "square")
d.add("Output", "output")
d.connect("input", "square")
d.connect("square", "output")
assert bs.analyze(d).problems == (), bs.analyze(d).problems
assert bs.analyze(d).blocks["square"].output_shape == (3, 8, 8)
"""
COMPILED = """
import torch
x = torch.randn(2, 3, 8, 8)
assert torch.equal(bs.compile(d)(x), x ** 2)
assert "blockstudio" not in bs.source(d)
"""


def put(tree: Path, block: Code) -> None:
    """Write a block into the file that the line before it names."""
    name = re.fullmatch(r"`(blockstudio/[\w/]+\.py)`", block.before)
    assert name, f"no file stands before: {block.text[:60]}"
    file = tree / name[1]
    assert not file.exists()
    file.write_text(block.text, encoding="utf-8")


@pytest.mark.slow
def test_a_block_type_in_the_studio_is_one_file(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    tree = scratch.tree(tmp_path, "blockstudio/blocks")
    put(tree, BLOCK_TYPES[0])
    assert "package: \n" in scratch.python(tree, "-c", SQUARE + COMPILED)
    for name in ("tests", "pyproject.toml"):
        scratch.link(ROOT / name, tree / name)
    held = scratch.python(
        tree, "-m", "pytest", "-p", "no:pytest-qt", "tests/blocks/test_declarations.py", "-k", "Square"
    )
    assert re.search(r"^[2-9] passed", held, flags=re.MULTILINE), held


def test_a_block_type_of_a_package_is_the_same_class(tmp_path: Path) -> None:
    declared = code(DOCS / "block-types.md", "toml")[0].text
    group, name, module = re.fullmatch(r'\[project\.entry-points\."([\w.]+)"\]\n(\w+) = "(\w+)"\n', declared).groups()  # type: ignore[union-attr]
    assert (group, name) == ("blockstudio.blocks", "extras")
    _, decorator, rest = BLOCK_TYPES[0].text.partition("@block_type")
    imports = "from __future__ import annotations\nfrom collections.abc import Sequence\n" + BLOCK_TYPES[1].text
    place = install(tmp_path / "packages", imports + decorator + rest, "my-blocks", module)
    assert "package: my-blocks" in scratch.python(ROOT, "-c", SQUARE, also=place)


@pytest.mark.slow
def test_a_data_set_is_a_row(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    tree = scratch.tree(tmp_path, "blockstudio/runs", "blockstudio/training/data")
    usps, reader, noughts = DATA_SETS
    put(tree, reader)
    scratch.edit(tree / "blockstudio/runs/known_sets.py", "}  # fmt: skip\n", usps.text + noughts.text)
    images = np.random.default_rng(0).integers(0, 255, (20, 8, 8), np.uint8)
    np.savez(tree / "blockstudio/training/data/noughts.npz", images=images, labels=np.arange(20, dtype=np.uint8) % 2)
    check = """
import blockstudio.runs.known_sets as sets
from blockstudio.runs.structure import Data
from blockstudio.training.data.load import load_data
from blockstudio.cli import main
found = load_data(Data(source="noughts"), (1, 8, 8))
assert found.classes == ("x", "o"), found.classes
assert len(found.train) + len(found.validation) + len(found.test) == 20
assert {"usps", "noughts"} <= set(sets.DATASETS)
print("code", main(["train", "cifar_resnet", "--data", "usps"]))
"""
    said = scratch.python(tree, "-c", check)
    assert "code 2" in said and "USPS is not here" in said and "data.download = true" in said, said
