"""The source of an imported network reads like the original's and runs where there is nothing but torch."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

import blockstudio as bs
from blockstudio.imports.library import library_network
from tests.support.alone import alone_equals_compiled

torch.set_num_threads(1)
LINES = {"torchvision:resnet18": 70, "torchvision:squeezenet1_1": 75, "torchvision:mobilenet_v2": 110}
"""The lines of its source, at most. torchvision's own files have some 200 to 900, for all their variants."""
MORE = ("torchvision:densenet121", "torchvision:efficientnet_b0", "torchvision:shufflenet_v2_x1_0", "timm:resnet50d",
        "timm:convnext_atto", "timm:ghostnet_100")  # fmt: skip


def drawn(source: str) -> bs.Diagram:
    return bs.from_module(library_network(source), (3, 64, 64), name=source.partition(":")[2], prove=False)[0]


@pytest.mark.parametrize("source", LINES)
def test_it_has_the_original_s_classes_and_names(source: str) -> None:
    network, text = library_network(source), bs.source(drawn(source))
    assert len(text.splitlines()) <= LINES[source]
    own = {type(module).__name__ for module in network.modules() if "torch.nn" not in type(module).__module__}
    written = re.findall(r"^class (\w+)", text, re.MULTILINE)
    assert {re.sub(r"_\d+$", "", name) for name in written[:-1]} <= own
    assert written[-1] == source.partition(":")[2].capitalize()
    assert all(f"self.{name} = " in text for name, _ in network.named_children())
    assert "blockstudio" not in text and "getattr" not in text


def test_it_runs_alone(tmp_path: Path) -> None:
    alone_equals_compiled({source.partition(":")[2]: drawn(source) for source in LINES}, tmp_path)


@pytest.mark.slow
def test_more_of_them_run_alone(tmp_path: Path) -> None:
    alone_equals_compiled({source.partition(":")[2]: drawn(source) for source in MORE}, tmp_path)
