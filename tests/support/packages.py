"""A small package of block types, made on the fly: a folder as an installer would leave it in site-packages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = "studio-extras"

TYPES = '''
"""Three block types, in one file."""

from blockstudio.blocks import Arguments, BlockType, Code, PaletteEntry, Parameter, Refusal, block_type


@block_type
class Power(BlockType):
    """``(N, ...) -> (N, ...)``: every value to a power."""

    name = "Power"
    family = "activation"
    help = "Raises every value to a whole power; for tests of packages."
    palette = (PaletteEntry("Power", {}, "square exponent"),)
    parameters = {
        "exponent": Parameter(kind="int", default=2, minimum=1, maximum=9, help="The power."),
        "signed": Parameter(kind="bool", default=False, help="Keep the sign."),
    }
    helpers = {
        "Power": """\\
class Power(nn.Module):
    def __init__(self, exponent, signed=False):
        super().__init__()
        self.exponent, self.signed = exponent, signed

    def forward(self, x):
        y = x.abs() ** self.exponent if self.signed else x ** self.exponent
        return y * x.sign() if self.signed else y
"""
    }

    def code(self, a: Arguments) -> Code:
        return Code(f"Power({a.text('exponent')}{a.keywords(signed=False)})", channels=a.channel(), helper="Power")

    def summary(self, p):
        return f"^{p['exponent']}"


@block_type
class Gate(BlockType):
    """``(N, C, H, W), (N, C, 1, 1) -> (N, C, H, W)``: two inputs with names."""

    name = "Gate"
    family = "merge"
    help = "Multiplies a map by one number a channel; for tests of packages."
    inputs = ("value", "gate")

    def shape(self, p, inputs):
        if inputs[1] != (inputs[0][0], 1, 1):
            raise Refusal("shape.gate", f"its gate needs {inputs[0][0]} channels of one pixel.")
        return inputs[0]

    def code(self, a: Arguments) -> Code:
        return Code(None, "{0} * {1}", channels=a.channel())


class Largest(BlockType):
    """``(N, ...), (N, ...), ... -> (N, ...)``: any number of inputs. Enters the catalogue by its entry point alone."""

    name = "Largest"
    family = "merge"
    help = "The largest of its inputs, value by value; for tests of packages."
    inputs = ()
    variadic = True

    def code(self, a: Arguments) -> Code:
        text = "{0}"
        for index in range(1, len(a.inputs)):
            text = f"torch.maximum({text}, {{{index}}})"
        return Code(None, text, channels=a.channel())
'''


FILE = """{
 "format": "blockstudio", "version": 4,
 "name": "foreign",
 "types": {
  "Power": {"package": "studio-extras"},
  "Gate": {"package": "studio-extras", "inputs": ["value", "gate"]},
  "Largest": {"package": "studio-extras", "variadic": true}
 },
 "parameters": {
  "p": 3
 },
 "blocks": {
  "input": {"type": "Input", "parameters": {"shape": [3, 8, 8]}},
  "conv": {"type": "Conv2d", "parameters": {"out_channels": 4, "kernel_size": 3, "padding": 1}},
  "power": {"type": "Power", "parameters": {"exponent": "p", "signed": true}, "at": [10, 20], "note": "odd"},
  "pool": {"type": "GlobalAvgPool"},
  "gate": {"type": "Gate"},
  "wide": {"type": "Stage"},
  "largest": {"type": "Largest"},
  "flatten": {"type": "Flatten"},
  "fc": {"type": "Linear"},
  "output": {"type": "Output"},
  "beside": {"type": "Conv2d", "parameters": {"kernel_size": 1}},
  "aux": {"type": "AuxOutput"}
 },
 "wires": [
  "input -> conv",
  "conv -> power",
  "conv -> pool",
  "conv -> beside",
  "power -> gate",
  "pool -> gate:gate",
  "gate -> wide",
  "gate -> largest:0",
  "wide -> largest:1",
  "largest -> flatten",
  "flatten -> fc",
  "fc -> output",
  "beside -> aux"
 ],
 "modules": {
  "Stage": {
   "blocks": {
    "input": {"type": "Input"},
    "act": {"type": "Power", "repeat": 2},
    "output": {"type": "Output"}
   },
   "wires": [
    "input -> act",
    "act -> output"
   ]
  }
 }
}
"""
"""A file that uses all three, as the studio writes it."""


def install(folder: Path, source: str = TYPES, package: str = PACKAGE, module: str = "studio_extras") -> Path:
    """Put a package into ``folder``, which then goes on the path."""
    info = folder / f"{package.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[blockstudio.blocks]\nextras = {module}\n", encoding="utf-8")
    (folder / f"{module}.py").write_text(source, encoding="utf-8")
    return folder


def python(*arguments: str, path: Path) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own in which the packages of ``path`` are installed."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(path), str(ROOT)]), "PYTHONUTF8": "1"}
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, encoding="utf-8", env=environment, cwd=ROOT, check=False
    )
