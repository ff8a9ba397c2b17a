"""Exported source alone, in an interpreter that has torch and nothing of the studio."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from blockstudio.compiler import compile, source
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.presets import load_preset

torch.set_num_threads(1)

RUN = """
import importlib.abc, json, runpy, sys
class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in ("blockstudio", "networkx", "msgspec", "PySide6", "torchvision"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Blocked())
import torch
from safetensors.torch import load_file, save_file
torch.set_num_threads(1)
keys = {}
for path in sys.argv[1:]:
    *_, network = [item for item in runpy.run_path(path).values() if isinstance(item, type)]
    weights = load_file(path + ".safetensors")
    x = weights.pop("__x__")
    model = network()
    model.load_state_dict(weights, strict=True)
    with torch.no_grad():
        evaluated = model.eval()(x)
        trained = model.train()(x)
    outputs = list(trained) if isinstance(trained, tuple) else [trained]
    save_file({"eval": evaluated, **{str(i): t for i, t in enumerate(outputs)}}, path + ".out")
    keys[path] = list(model.state_dict())
assert not [name for name in sys.modules if name.startswith("blockstudio")]
print(json.dumps(keys))
"""


def with_helpers() -> Diagram:
    """Auxiliary output, helper classes, an ``OrderedDict``."""
    diagram = Diagram("Helpers")
    diagram.add("Input", "input", shape=[3, 9, 9])
    diagram.add("Conv2d", "stem.conv", out_channels=8, stride=2, padding="same_tf")
    diagram.add("BatchNorm2d", "stem.norm", affine="shift")
    diagram.add("MaxPool2d", "pool", kernel_size=3, stride=2, padding=[0, 1, 0, 1])
    diagram.add("Scale", "scale", factor=0.5)
    diagram.add("Output", "output")
    for one, other in (("input", "stem.conv"), ("stem.conv", "stem.norm"), ("stem.norm", "pool"), ("pool", "scale")):
        diagram.connect(one, other)
    diagram.connect("scale", "output")
    diagram.add("AuxOutput", "aux")
    diagram.connect("stem.norm", "aux")
    return diagram


@pytest.mark.slow
def test_exported_source_needs_only_torch(tmp_path: Path) -> None:
    diagrams = [load_preset("resnet18", size=64), load_preset("cifar_resnet", n=1), with_helpers()]
    wanted: dict[str, tuple[list[str], dict[str, torch.Tensor]]] = {}
    for index, diagram in enumerate(diagrams):
        path = tmp_path / f"model{index}.py"
        path.write_text(source(diagram), encoding="utf-8")
        model = compile(diagram)
        x = torch.randn(2, 3, *((64, 64), (32, 32), (9, 9))[index])
        save_file({**model.state_dict(), "__x__": x}, f"{path}.safetensors")
        with torch.no_grad():
            evaluated, trained = model.eval()(x), model.train()(x)
        outputs = list(trained) if isinstance(trained, tuple) else [trained]
        results = {"eval": evaluated, **{str(i): tensor for i, tensor in enumerate(outputs)}}
        wanted[str(path)] = (list(model.state_dict()), results)
    # -I: no PYTHONPATH and not the current folder.
    done = subprocess.run(
        [sys.executable, "-I", "-c", RUN, *wanted], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {path: keys for path, (keys, _) in wanted.items()}
    for path, (_, tensors) in wanted.items():
        found = load_file(f"{path}.out")
        assert found.keys() == tensors.keys()
        assert all(torch.equal(found[key], tensors[key]) for key in tensors)


def test_source_is_emitted_without_torch() -> None:
    check = (
        "import sys\n"
        "from blockstudio.compiler import source\n"
        "from blockstudio.graph.presets import load_preset\n"
        "assert 'class ResNet34' in source(load_preset('resnet34'))\n"
        "assert 'torch' not in sys.modules and 'PySide6' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
