"""Lines of PyTorch as blocks: read as syntax, wired in their order, nothing executed, what is not understood named."""

from __future__ import annotations

import inspect
from itertools import pairwise

import pytest

from blockstudio.blocks import CATALOGUE
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.operations.pasting import paste
from blockstudio.graph.operations.torch_calls import CALLS
from blockstudio.graph.operations.torch_text import looks_like_torch, read_torch

LINES = """self.conv1 = nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3,
                               bias=False)  # cut out of a class
        self.bn1 = torch.nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)"""
CLASS = '''
import torch.nn as nn

class Net(nn.Module):
    """A network."""

    def __init__(self, width):
        super().__init__()
        k = 3
        self.width = 2 * 16
        self.features = nn.Sequential(
            nn.Conv2d(3, self.width, k, padding=k // 2),
            nn.ReLU(),
            nn.Conv2d(32, width, (1, 3)),
        )
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        return self.fc(self.features(x))
'''
CASES = {
    "nn.Conv2d(64, 128, 3, padding=1)": {"conv2d": ("Conv2d", {"out_channels": 128, "padding": 1})},
    LINES: {
        "conv1": ("Conv2d", {"kernel_size": 7, "stride": 2, "padding": 3, "bias": False}),
        "bn1": ("BatchNorm2d", {}),
        "relu": ("ReLU", {}),
        "maxpool": ("MaxPool2d", {"kernel_size": 3, "padding": 1}),
    },
    "nn.Sequential(OrderedDict([('a', nn.Conv2d(1, 20, 5)), ('b', nn.Sequential(nn.ReLU(), nn.Flatten()))]))": {
        "a": ("Conv2d", {"out_channels": 20, "kernel_size": 5}), "b.0": ("ReLU", {}), "b.1": ("Flatten", {}),
    },
    "nn.Conv2d(32, 32, 3, groups=32),\nReLU(),": {"depthwiseconv2d": ("DepthwiseConv2d", {}), "relu": ("ReLU", {})},
    "layers = []\nlayers += [nn.Conv2d(3, 8, 3)]\nlayers.append(nn.ReLU())\nself.body = nn.Sequential(*layers)": {
        "conv2d": ("Conv2d", {"out_channels": 8}), "relu": ("ReLU", {}),
    },
    "nn.MaxPool2d(3)": {"maxpool2d": ("MaxPool2d", {"kernel_size": 3, "stride": 3})},
    "nn.ConstantPad2d((1, 2, 3, 4), 0.5)": {
        "constantpad2d": ("ConstantPad2d", {"padding": [3, 4, 1, 2], "value": 0.5})
    },
    "nn.ZeroPad2d((1, 2, 3, 4))": {"zeropad2d": ("ZeroPad2d", {"padding": [3, 4, 1, 2]})},
    "x = nn.Sequential({'c': nn.Conv2d(3, 8, (3, 1), bias=False)})": {
        "x.c": ("Conv2d", {"out_channels": 8, "kernel_size": [3, 1], "bias": False})
    },
    "nn.GLU(dim=1)\nnn.RMSNorm(8)\nnn.FeatureAlphaDropout(0.2)\nnn.Softsign()\nnn.Upsample(scale_factor=1.5)\n"
    "nn.Upsample(size=(7, 9))": {
        "glu": ("GLU", {}), "rmsnorm": ("RMSNorm", {}), "alphadropout": ("AlphaDropout", {"p": 0.2, "channels": True}),
        "function": ("Function", {"function": "softsign"}), "rescale": ("Rescale", {}),
        "interpolate": ("Interpolate", {"size": [7, 9]}),
    },
}  # fmt: skip


@pytest.mark.parametrize("text", CASES, ids=range(len(CASES)))
def test_layers_become_a_chain(text: str) -> None:
    assert looks_like_torch(text)
    read = read_torch(text)
    found = {name: (block.type, dict(block.parameters)) for name, block in read.diagram.main.blocks()}
    assert found == CASES[text] and not read.unread
    chain = list(found)
    wires = [(wire.source, wire.target) for wire in read.diagram.main.wires()]
    assert wires == list(pairwise(chain))
    target = Diagram("target")
    target.edit("paste", paste(target, "", read.diagram).edits)
    assert list(target.main.graph) == chain


def test_a_class_with_names_that_have_values() -> None:
    read = read_torch(CLASS)
    found = {name: dict(block.parameters) for name, block in read.diagram.main.blocks()}
    assert list(found) == ["features.0", "features.1", "features.2", "fc"]
    assert found["features.0"] == {"out_channels": 32, "padding": 1} and found["features.2"] == {"kernel_size": [1, 3]}
    assert [str(each) for each in read.unread] == [
        "line 14: Conv2d, out_channels: width has no value in the text",
        "line 18: forward() is not read: the blocks are wired in the order of the text",
    ]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("nn.Sequential(nn.ReLU(), nn.LSTM(3, 4))", "nn.LSTM(3, 4)"),
        ("nn.Conv2d(3, 8, 3, padding_mode='reflect')", "padding_mode=reflect"),
        ("nn.Conv2d(3, 8, 3, colour=4)", "no argument colour"),
        ("nn.Conv2d(3, -8, 3)", "out_channels"),
        ("nn.GLU()", "GLU: dim=-1"),
        ("nn.ReLU()\nfor i in range(3):\n    print(i)", "for i in range(3)"),
        ("nn.ReLU()\n__import__('os').system('echo no')", "system"),
        ("nn.Conv2d(3, 9 ** 9 ** 9, 3)", "9 ** 9 ** 9"),
        ("nn.Conv2d(3, open('x').read(), 3)", "open('x').read()"),
    ],
)
def test_what_is_not_understood_is_named_and_nothing_runs(text: str, named: str, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("os.system", lambda *_: pytest.fail("executed"))
    read = read_torch(text)
    assert read.count == 1 and named in " ".join(map(str, read.unread))


def test_what_is_no_python_is_refused() -> None:
    for text in ("nn.Conv2d(3, 4,", "(" * 5000 + "nn.ReLU()"):
        with pytest.raises(StudioError, match="no complete Python"):
            read_torch(text)
    assert not looks_like_torch("just words (and brackets)") and not looks_like_torch('{"format": 3}')


def test_every_constructor_is_of_a_type_that_is_there() -> None:
    torch = pytest.importorskip("torch")
    for name, (kind, signature) in CALLS.items():
        assert kind in CATALOGUE
        real = list(inspect.signature(getattr(torch.nn, name)).parameters)
        ours = [part.partition("=")[0] for part in signature.split()]
        assert ours == [key for key in real if key not in ("device", "dtype")][: len(ours)], name
