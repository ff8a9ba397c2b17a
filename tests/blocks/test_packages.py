"""Block types of other packages: found where they are installed, kept where they are not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import blockstudio as bs
from blockstudio.blocks import CATALOGUE
from blockstudio.graph.expand import flatten
from blockstudio.graph.format import dumps, loads
from blockstudio.graph.operations.copying import copy_diagram
from blockstudio.graph.snapshot import build, snapshot
from blockstudio.runs.frozen import classifiers
from tests.support.packages import FILE, PACKAGE, TYPES, install, python

SCRIPT = """
import json, sys
import torch
import blockstudio as bs
from blockstudio.blocks import CATALOGUE, palette_entries, package_problems
from blockstudio.graph.format import dumps, loads
from blockstudio.graph.schema import schema

text = sys.stdin.read() if len(sys.argv) < 2 else open(sys.argv[1], encoding="utf-8").read()
diagram = loads(text)
report = bs.analyze(diagram)
model = bs.compile(diagram).eval()
x = torch.randn(2, 3, 8, 8)
with torch.no_grad():
    c = model.conv(x)
    g = c.abs() ** 3 * c.sign() * c.mean((2, 3), keepdim=True)
    wanted = model.fc(torch.maximum(g, g ** 4).flatten(1))
    equal = torch.allclose(model(x), wanted, atol=1e-6)
print(json.dumps({
    "problems": [problem.text for problem in report.problems],
    "shapes": {name: report.blocks[name].output_shape for name in ("power", "gate", "wide.act.1", "largest")},
    "parameters": report.parameters,
    "equal": equal,
    "same": dumps(diagram) == text,
    "palette": [(kind.family, entry.title) for kind, entry in palette_entries() if kind.package],
    "packages": sorted({kind.package for kind in CATALOGUE.values()}),
    "schema": sorted(set(schema()["$defs"]) & {"Power", "Gate", "Largest"}),
    "failed": len(package_problems()),
    "source": bs.source(diagram),
}))
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "foreign.blocks.json"
    path.write_text(FILE, encoding="utf-8")
    return path


@pytest.mark.slow
def test_one_file_of_another_package_adds_block_types_everywhere(tmp_path: Path, file: Path) -> None:
    done = python("-c", SCRIPT, str(file), path=install(tmp_path / "site"))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["problems"] == [] and told["equal"] and told["same"] and told["failed"] == 0
    assert told["shapes"] == {"power": [4, 8, 8], "gate": [4, 8, 8], "wide.act.1": [4, 8, 8], "largest": [4, 8, 8]}
    assert told["parameters"] == 3 * 9 * 4 + 4 + 256 * 10 + 10
    assert told["palette"] == [["activation", "Power"], ["merge", "Gate"], ["merge", "Largest"]]
    assert told["packages"] == ["", PACKAGE] and told["schema"] == ["Gate", "Largest", "Power"]
    assert "class Power(nn.Module)" in told["source"] and "studio_extras" not in told["source"]


def test_a_file_that_needs_a_package_opens_without_it(file: Path) -> None:
    diagram = bs.load(file)
    report = bs.analyze(diagram)
    missing = [problem for problem in report.problems if problem.code == "type.missing"]
    assert [(problem.scope, problem.block) for problem in missing] == [
        ("", "power"), ("", "gate"), ("", "largest"), ("Stage", "act"),
    ]  # fmt: skip
    for problem in missing:
        assert f"the package {PACKAGE}, which is not installed" in problem.message
        assert problem.hint == f"Install it: pip install {PACKAGE}"
    assert report.problems == tuple(missing), "nothing else is wrong with it"
    # What does not depend on them is analysed; what does is unknown.
    assert report.blocks["conv"].macs == 3 * 9 * 4 * 64 and report.blocks["beside"].output_shape == (64, 8, 8)
    assert report.blocks["pool"].output_shape == (4, 1, 1)
    assert report.blocks["fc"].output_shape == (10,) and report.blocks["fc"].parameters is None
    assert report.blocks["power"].output_shape is None and not report.complete


def test_saving_keeps_every_byte(file: Path, tmp_path: Path) -> None:
    diagram = bs.load(file)
    bs.save(diagram, tmp_path / "again.blocks.json")
    assert (tmp_path / "again.blocks.json").read_bytes() == file.read_bytes() == FILE.encode()
    # Whatever a diagram goes through on its way.
    assert dumps(copy_diagram(diagram)) == dumps(build(snapshot(diagram))) == FILE
    # An edit beside them changes its own line only.
    diagram.set("conv", out_channels=8)
    diagram.move("power", 30, 40)
    expected = FILE.replace('"out_channels": 4', '"out_channels": 8').replace("[10, 20]", "[30, 40]")
    assert dumps(diagram) == expected
    diagram.undo()
    diagram.undo()
    assert dumps(diagram) == FILE


def test_unknown_blocks_can_be_edited_as_far_as_nothing_has_to_be_known(file: Path) -> None:
    diagram = bs.load(file)
    with pytest.raises(bs.StudioError, match=f"package {PACKAGE}, which is not installed") as caught:
        diagram.set("power", exponent=4)
    assert caught.value.code == "type.missing" and caught.value.where == "power"
    with pytest.raises(bs.StudioError, match="which is not installed"):
        diagram.add("Power", "another")
    with pytest.raises(bs.StudioError, match="which is not installed"):
        bs.source(diagram)
    with pytest.raises(bs.StudioError, match="cannot name a module"):
        diagram.module("Gate")
    diagram.rename("gate", "door")
    assert '"pool -> door:gate"' in dumps(diagram)
    diagram.bypass("power")
    assert bs.analyze(diagram).blocks["power"].output_shape == (4, 8, 8)
    for name in ("door", "largest", "power", "wide"):
        diagram.remove(name)
    diagram.remove("act", scope="Stage")
    assert '"types"' not in dumps(diagram)
    for _ in range(7):
        diagram.undo()
    assert dumps(diagram) == FILE
    flat = flatten(diagram)
    assert flat.main.block("wide.act.1").type == "Power" and '"exponent": "p"' in dumps(flat)
    assert classifiers(diagram) == ("fc", "beside") or set(classifiers(diagram)) == {"fc", "beside"}


def test_what_is_bypassed_for_good_need_not_be_installed(file: Path) -> None:
    diagram = bs.load(file)
    for name in ("power", "gate", "largest"):
        diagram.bypass(name)
    diagram.bypass("act", scope="Stage")
    assert [problem.severity for problem in bs.analyze(diagram).problems if problem.severity == "error"] == []
    assert "Power" not in bs.source(diagram)


@pytest.mark.parametrize(
    ("old", "new", "code", "place"),
    [
        ('"package": "studio-extras"},', '"package": "--index-url=x"},', "file.type", "types.Power"),
        ('"package": "studio-extras"},', '"package": ""},', "file.type", "types.Power"),
        ('"package": "studio-extras"},', '"packages": "studio-extras"},', "file.field", "types.Power"),
        ('["value", "gate"]', '["value", "value"]', "file.type", "types.Gate"),
        ('["value", "gate"]', '["a b", "gate"]', "file.type", "types.Gate"),
        ('"Power": {"package"', '"Po wer": {"package"', "file.type", "types.Po wer"),
        ('"gate": {"type": "Gate"}', '"gate": {"type": "Gate", "origin": {"package": "x"}}', "file.field", "origin"),
        ('"exponent": "p"', '"exponent": {"a": 1}', "file.field", "exponent"),
        ('"exponent": "p"', '"exponent": [1, 2, 3, 4, 5]', "parameter.value", "exponent"),
        ("pool -> gate:gate", "pool -> gate:door", "wire.port", "wires"),
        ('"Gate": {"package": "studio-extras", "inputs": ["value", "gate"]},', "", "diagram.type", "gate"),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, code: str, place: str) -> None:
    assert old in FILE
    with pytest.raises(bs.StudioError) as caught:
        loads(FILE.replace(old, new, 1), "net.blocks.json")
    assert caught.value.code == code, caught.value
    assert place in caught.value.where


def test_a_type_that_is_another_here_is_said_not_misread(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of a package's type, opened where the studio, or another package, has one of the same name by now."""
    mine = FILE.replace('"Power"', '"Pow"')
    with pytest.raises(bs.StudioError) as caught:
        loads(mine, "net.blocks.json")
    assert caught.value.code == "file.type" and "blocks.power" in caught.value.where
    assert f"its type Pow is of the package {PACKAGE} in this file, and the studio has one" in str(caught.value)
    monkeypatch.setattr(CATALOGUE["Pow"], "package", "pow-extras")
    with pytest.raises(bs.StudioError, match="of the package pow-extras here"):
        loads(mine, "net.blocks.json")
    monkeypatch.setattr(CATALOGUE["Pow"], "package", "Studio_Extras")
    with pytest.raises(bs.StudioError) as caught:  # an installer takes that for the same name: it is read as that type
        loads(mine, "net.blocks.json")
    assert "Pow has no parameter 'signed'" in str(caught.value)
    monkeypatch.undo()
    without = json.loads(FILE)
    without["types"]["ReLU"] = {"package": PACKAGE}  # nobody means it
    loads(json.dumps(without))


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (TYPES + "\nimport no_such_module_anywhere\n", "ModuleNotFoundError"),
        (TYPES + "\nraise SystemExit(3)\n", "SystemExit"),
        (TYPES.replace('name = "Gate"', 'name = "Conv2d"'), "two block types are called Conv2d"),
        (TYPES.replace('family = "merge"', 'family = "magic"'), "magic"),
        (TYPES.replace("default=2", "default=99"), "from 1 to 9"),
        ("x = (", "SyntaxError"),
        ("nothing = 1", "declares no block type"),
    ],
    ids=["import", "exit", "taken", "family", "default", "syntax", "empty"],
)
def test_a_package_that_cannot_be_loaded_is_left_out_whole_and_named(tmp_path: Path, source: str, why: str) -> None:
    script = (
        "from blockstudio.blocks import CATALOGUE, HELPERS, package_problems\n"
        "print(len(CATALOGUE), 'Power' in HELPERS, *package_problems(), sep='|')"
    )
    done = python("-c", script, path=install(tmp_path / "site", source))
    assert done.returncode == 0, done.stderr
    count, helper, problem = done.stdout.strip().split("|")
    own = sum(not kind.package for kind in CATALOGUE.values())
    assert (int(count), helper) == (own, "False")
    assert problem.startswith(f"the block types of the package {PACKAGE} cannot be loaded (") and why in problem
    assert problem.count("\n") == 0 and "Traceback" not in problem + done.stderr


def test_the_command_line_says_what_could_not_be_loaded_and_goes_on(tmp_path: Path, file: Path) -> None:
    site = install(tmp_path / "site", "raise RuntimeError('no\\nluck')")
    done = python("-m", "blockstudio", "summary", str(file), path=site)
    said = [line for line in done.stderr.splitlines() if line.startswith("blockstudio: ")]
    assert said == [
        f"blockstudio: the block types of the package {PACKAGE} cannot be loaded (RuntimeError: no luck). "
        f"Update the package, or remove it: pip uninstall {PACKAGE}"
    ]
    assert "conv" in done.stdout and done.returncode == 1, "the file has errors, and its table is there"
    assert "Traceback" not in done.stderr
