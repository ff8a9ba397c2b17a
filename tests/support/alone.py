"""Emitted source, run by itself: where neither the studio nor its libraries but torch can be imported."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import torch

from blockstudio import Diagram
from blockstudio.compiler import compile, source
from tests.support.export_cases import input_shape

DIGEST = """
def digest(network, shape):
    # Of the state dict and of the outputs in both modes, from the same random numbers.
    torch.set_num_threads(1)
    torch.manual_seed(7)
    model = network()
    found = {key: bytes(value.numpy()) for key, value in model.state_dict().items()}
    x = torch.randn(2, *shape)
    with torch.no_grad():
        found["eval"] = bytes(model.eval()(x).numpy())
        trained = model.train()(x)
    for index, value in enumerate(trained if isinstance(trained, tuple) else [trained]):
        found[f"train {index}"] = bytes(value.numpy())
    return {key: hashlib.sha256(value).hexdigest() for key, value in found.items()}
"""
ALONE = (
    """
import hashlib, importlib.abc, json, runpy, sys
class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in ("blockstudio", "networkx", "msgspec", "PySide6", "torchvision", "safetensors"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Blocked())
import torch
"""
    + DIGEST
    + """
for path, shape in json.loads(sys.argv[1]).items():
    *_, network = [item for item in runpy.run_path(path).values() if isinstance(item, type)]
    print(json.dumps([path, digest(network, shape)]))
"""
)
NAMES: dict[str, object] = {"torch": torch, "hashlib": hashlib}
exec(DIGEST, NAMES)  # noqa: S102 - the same lines on both sides
digest: Callable[[Callable[[], torch.nn.Module], tuple[int, ...]], dict[str, str]] = NAMES["digest"]  # type: ignore


def alone_equals_compiled(networks: Mapping[str, Diagram], folder: Path) -> None:
    """Each network's file, run where the studio cannot be imported, gives the same bits as the compiled module."""
    diagrams = {str(folder / f"{name}.py"): diagram for name, diagram in networks.items()}
    shapes = {}
    for path, diagram in diagrams.items():
        Path(path).write_text(source(diagram), encoding="utf-8")
        shapes[path] = input_shape(diagram)
    # -I: no PYTHONPATH and not the current folder.
    done = subprocess.run(
        [sys.executable, "-I", "-c", ALONE, json.dumps(shapes)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = dict(json.loads(line) for line in done.stdout.splitlines())
    assert found.keys() == diagrams.keys()
    for path, diagram in diagrams.items():
        wanted = digest(lambda diagram=diagram: compile(diagram), shapes[path])
        assert list(found[path]) == list(wanted), path
        assert found[path] == wanted, path
