"""Small networks and runs on real images, one thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from blockstudio.graph.diagram import Diagram
from blockstudio.runs import Recipe, Run, create_run, with_fields
from tests.support.tiny import tiny_network


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Run]:
    """A run of the tiny network: ``make_run("name", epochs=2, ...)``."""

    def make(name: str = "run", diagram: Diagram | None = None, **fields: Any) -> Run:
        recipe = with_fields(Recipe(), {"threads": 1, "batch_size": 64, **fields})
        return create_run(diagram or tiny_network(), recipe, tmp_path / name)

    return make
