"""The file format: canonical text, migrations, schema, presets by name."""

from __future__ import annotations

import json
import re

import pytest

from blockstudio.blocks import Parameter
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.edits import SetRoute
from blockstudio.graph.format import dumps, load, loads, save
from blockstudio.graph.presets import load_preset, open_diagram, preset_names, preset_path, set_values
from blockstudio.graph.schema import schema
from tests.support.graph_samples import sample
from tests.support.schema_check import schema_errors

CANONICAL = """\
{
 "format": "blockstudio", "version": 4,
 "name": "Tiny",
 "description": "Ein größeres Netz.",
 "about": {
  "paper": "none",
  "year": "2015"
 },
 "parameters": {
  "num_classes": 10,
  "width": {"kind": "int", "default": 16, "minimum": 1, "help": "Base width."},
  "shape": [3, 32, 32]
 },
 "blocks": {
  "input": {"type": "Input", "parameters": {"shape": [3, 32, 32]}, "at": [0, 0]},
  "conv1": {"type": "Conv2d", "parameters": {"out_channels": "width", "kernel_size": 3, "padding": 1, "bias": false}},
  "layer1": {
   "type": "Unit",
   "parameters": {"planes": "width"},
   "repeat": 3,
   "bypass": "width > 64",
   "at": [0.5, -120],
   "note": "three units in a row"
  },
  "halves": {"type": "Halves"},
  "cat": {"type": "Concat"},
  "output": {"type": "Output"}
 },
 "wires": [
  "input -> conv1",
  "conv1 -> layer1",
  "layer1 -> halves",
  "halves -> cat:0",
  "halves:second -> cat:2",
  "cat -> output"
 ],
 "modules": {
  "Unit": {
   "parameters": {
    "planes": 64,
    "stride": 1
   },
   "blocks": {
    "input": {"type": "Input"},
    "relu": {"type": "ReLU"},
    "output": {"type": "Output"}
   },
   "wires": [
    "input -> relu",
    "relu -> output"
   ]
  },
  "Halves": {
   "description": "Two outputs.",
   "blocks": {
    "input": {"type": "Input"},
    "first": {"type": "Output"},
    "second": {"type": "Output"}
   },
   "wires": [
    "input -> first",
    "input -> second"
   ]
  },
  "Empty": {
   "blocks": {},
   "wires": []
  }
 }
}
"""


def test_canonical_text_is_a_fixed_point():
    assert dumps(loads(CANONICAL)) == CANONICAL


def test_one_change_is_one_line_in_a_diff():
    before = dumps(loads(CANONICAL)).splitlines()
    d = loads(CANONICAL)
    d.set("conv1", kernel_size=5)
    after = dumps(d).splitlines()
    assert [a for a, b in zip(before, after, strict=True) if a != b] == [before[15]]


def test_a_diagram_comes_back_as_it_was():
    d = sample()
    text = dumps(d)
    back = loads(text)
    assert dumps(back) == text
    assert (back.name, back.description, back.about) == (d.name, d.description, d.about)
    assert list(back.modules) == list(d.modules)
    for scope in d.scopes():
        mine, theirs = d.definition(scope), back.definition(scope)
        assert list(theirs.parameters.items()) == list(mine.parameters.items())
        assert list(theirs.blocks()) == list(mine.blocks())
        assert theirs.wires() == mine.wires()
    assert back.history.undo_label is None


def test_order_and_spelling_in_a_file_do_not_matter():
    data = json.loads(CANONICAL)
    data["modules"] = dict(reversed(data["modules"].items()))
    data["wires"] = [wire.replace(" -> ", "->") for wire in reversed(data["wires"])]
    data["wires"][-1] = "input:out -> conv1:in"
    data["blocks"]["conv1"]["parameters"] = dict(reversed(data["blocks"]["conv1"]["parameters"].items()))
    text = json.dumps(dict(reversed(data.items())))
    back = loads(text)
    back.modules = {name: back.modules[name] for name in ("Unit", "Halves", "Empty")}
    assert dumps(back) == CANONICAL


def test_bytes_with_a_byte_order_mark_are_read():
    assert dumps(loads(b"\xef\xbb\xbf" + CANONICAL.encode())) == CANONICAL


@pytest.mark.parametrize(
    ("default", "kind"),
    [(3, "int"), (0.5, "float"), (True, "bool"), ("x", "text"), ([1, 2], "pair"), ([3, 8, 8], "shape"),
     ([1, 1, 2, 2], "padding")],
)  # fmt: skip
def test_a_bare_default_gives_the_kind(default, kind):
    text = json.dumps({"format": "blockstudio", "version": 4, "parameters": {"p": default}})
    d = loads(text)
    assert d.parameters["p"] == Parameter(kind=kind, default=default)
    assert f'"p": {json.dumps(default)}' in dumps(d)


def test_numbers_keep_their_type_where_it_says_something():
    d = Diagram("d")
    d.add("BatchNorm2d", "a", eps=1, momentum=1.0)
    d.move("a", 3.0, 1)
    text = dumps(d)
    assert '"parameters": {"eps": 1, "momentum": 1.0}, "at": [3, 1]' in text
    assert dumps(loads(text)) == text


def test_version_1_is_brought_up():
    old = {
        "format": "blockstudio",
        "version": 1,
        "name": "Old",
        "blocks": {"input": {"type": "Input"}, "u": {"type": "U", "params": {"k": 3}}, "add": {"type": "Add"}},
        "wires": [["input", "out", "u", "input"], ["u", "output", "add", "0"], ["input", "out", "add", "1"]],
        "modules": {
            "U": {
                "parameters": {"k": 1},
                "blocks": {
                    "input": {"type": "Input"},
                    "conv": {"type": "Conv2d", "params": {"kernel_size": "k"}},
                    "output": {"type": "Output"},
                },
                "wires": [["input", "out", "conv", "in"], ["conv", "out", "output", "in"]],
            }
        },
    }
    d = loads(json.dumps(old))
    assert d.main.block("u").parameters == {"k": 3}
    assert d.definition("U").block("conv").parameters == {"kernel_size": "k"}
    assert [f"{w.source}>{w.target}:{w.target_port}" for w in d.main.wires()] == [
        "input>u:input",
        "input>add:1",
        "u>add:0",
    ]
    assert '"version": 4' in dumps(d)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"wires": [["a", "out", "b"]]}, "old.json: wires[0]"),
        ({"wires": {"a": 1}}, "old.json: wires"),
        ({"blocks": [1]}, "old.json: blocks"),
        ({"blocks": {"a": 7}}, "old.json: blocks.a"),
        ({"modules": {"M": 3}}, "old.json: modules.M"),
        ({"modules": 3}, "old.json: modules"),
    ],
)
def test_what_a_migration_does_not_understand_is_named_in_place(change, place):
    with pytest.raises(StudioError) as caught:
        loads(json.dumps({"format": "blockstudio", "version": 1} | change), "old.json")
    assert caught.value.where == place


def test_presets_are_found_and_load():
    names = preset_names()
    assert {"resnet18", "resnet34", "resnet152", "cifar_resnet", "googlenet", "nin_cifar10"} <= set(names)
    assert names.index("resnet18") < names.index("resnet101")
    for name in names:
        d = load(preset_path(name))
        assert loads(dumps(d)).name == d.name


def test_presets_take_values():
    d = load_preset("cifar_resnet", n=9)
    assert d.parameters["n"].default == 9
    assert d.history.undo_label is None
    assert open_diagram("cifar_resnet", n="7").parameters["n"].default == 7


def test_an_unknown_preset_gets_a_suggestion():
    with pytest.raises(StudioError, match=r"no preset and no file 'resnet35'\. Did you mean resnet\d+\?") as caught:
        open_diagram("resnet35")
    assert caught.value.code == "preset.unknown"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"n": 0}, "parameter.limit"),
        ({"n": "many"}, "parameter.value"),
        ({"depth": 3}, "parameter.unknown"),
        ({"n": 2.5}, "parameter.value"),
        ({"n": "[1"}, "parameter.value"),
        ({"num_classes": 7, "n": -1}, "parameter.limit"),
    ],
)
def test_illegal_values_are_refused_and_change_nothing(values, code):
    d = load_preset("cifar_resnet")
    before = dumps(d)
    with pytest.raises(StudioError) as caught:
        set_values(d, values)
    assert caught.value.code == code
    assert caught.value.where in values
    assert dumps(d) == before


def test_values_may_be_spelled():
    d = Diagram("d")
    for key, default in (("a", 1), ("b", 0.5), ("c", True), ("d", "text"), ("e", [1, 2])):
        d.declare(key, default)
    d.declare("f", Parameter(kind="choice", default="x", choices=("x", "1")))
    set_values(d, {"a": "3", "b": "1e-3", "c": "False", "d": "12", "e": "[3, 4]", "f": "1"})
    assert [p.default for p in d.parameters.values()] == [3, 0.001, False, "12", [3, 4], "1"]


def test_a_file_is_opened_by_its_path(tmp_path, monkeypatch):
    path = tmp_path / "net.blocks.json"
    save(sample(), path)
    assert dumps(open_diagram(path)) == dumps(open_diagram(str(path))) == dumps(sample())
    monkeypatch.chdir(tmp_path)
    assert dumps(open_diagram("net.blocks.json", n=5)).count('"n": 5') == 1
    (tmp_path / "my_net").write_text(dumps(sample()))
    assert open_diagram("my_net").name == sample().name
    with pytest.raises(StudioError, match="there is no such file"):
        open_diagram("missing.blocks.json")


def test_the_schema_accepts_what_loads_and_refuses_the_obvious():
    rules = schema()
    texts = [CANONICAL, dumps(sample()), *(preset_path(name).read_text() for name in preset_names())]
    for text in texts:
        assert schema_errors(json.loads(text), rules) == []
    data = json.loads(CANONICAL)
    for change in (
        {"extra": 1},
        {"version": 1},
        {"blocks": {"conv1": {"type": "Conv2d", "parameters": {"kernel": 3}}}},
        {"blocks": {"conv1": {"type": "Conv2d", "parameters": {"kernel_size": 0}}}},
        {"blocks": {"conv1": {"type": "Conv2d", "parameters": {"bias": 3}}}},
        {"blocks": {"1x1": {"type": "Conv2d"}}},
        {"blocks": {"a": {"type": "Input", "parameters": {"shape": [1, 2]}}}},
        {"wires": ["a - b"]},
        {"parameters": {"p": {"default": 3}}},
    ):
        assert schema_errors(data | change, rules), change


def test_every_block_type_and_parameter_is_in_the_schema():
    from blockstudio.blocks import CATALOGUE

    known = schema()["$defs"]
    for name, kind in CATALOGUE.items():
        assert set(known[name]["properties"]) == set(kind.parameters)


def test_documents_of_the_size_of_the_biggest_networks_come_back():
    d = Diagram("big")
    last = d.add("Input", "input")
    with d.history.gesture("build"):
        for index in range(3000):
            name = d.add("Conv2d", f"stage{index // 100}.conv{index}", kernel_size=3, padding=1)
            d.connect(last, name)
            last = name
    text = dumps(d)
    assert len(re.findall(" -> ", text)) == 3000
    assert dumps(loads(text)) == text


def test_wires_are_led_through_points_in_the_file():
    d = Diagram("led")
    for kind, name in (("Input", "input"), ("ReLU", "a"), ("Add", "add")):
        d.add(kind, name)
    d.connect("input", "a")
    d.connect("input", "add:0")
    d.connect("a", "add:1")
    wire = d.main.wires_into("add")[0]
    plain = dumps(d)
    assert "routes" not in plain
    d.history.do(SetRoute(wire=wire, route=((120.0, 40.0), (120.5, 90.0))))
    text = dumps(d)
    assert '"routes": {\n  "input -> add:0": [[120, 40], [120.5, 90]]\n }' in text
    assert dict(loads(text).main.routes) == {wire: ((120.0, 40.0), (120.5, 90.0))}
    d.rename("input", "image")
    assert [each.source for each in d.main.routes] == ["image"]
    d.disconnect("image", "add", scope="")
    assert not d.main.routes
    for _ in range(3):
        d.undo()
    assert dumps(d) == plain
    assert loads(text.replace('"version": 4', '"version": 2').split('"routes"')[0].rstrip().rstrip(",") + "\n}\n")


@pytest.mark.parametrize(
    ("routes", "code", "place"),
    [
        ({"input -> add:9": [[1, 2]]}, "wire.missing", "routes.input -> add:9"),
        ({"input -> nowhere": [[1, 2]]}, "diagram.block", "routes"),
        ({"input": [[1, 2]]}, "file.wire", "routes.input"),
        ({"input -> add:0": []}, "wire.route", "routes"),
        ({"input -> add:0": [[1, 2]] * 101}, "wire.route", "routes"),
        ({"input -> add:0": [[1, 1e9]]}, "diagram.position", "routes"),
        ({"input -> add:0": [[1]]}, "file.field", "routes"),
        ({"input -> add:0": None}, "file.field", "routes"),
        ([], "file.field", "routes"),
    ],
)
def test_a_route_that_is_none_is_named(routes, code, place):
    blocks = {"input": {"type": "Input"}, "add": {"type": "Add"}}
    data = {"format": "blockstudio", "version": 4, "blocks": blocks, "wires": ["input -> add:0"], "routes": routes}
    with pytest.raises(StudioError) as error:
        loads(json.dumps(data), "net.json")
    assert error.value.code == code
    assert place in error.value.where


def test_too_many_facts_are_refused_before_any_is_looked_at() -> None:
    file = json.loads(dumps(Diagram("facts")))
    file["about"] = {"first": 5} | {f"fact{index}": "" for index in range(200)}
    with pytest.raises(StudioError) as caught:
        loads(json.dumps(file))
    assert caught.value.code == "diagram.size" and "200 facts" in str(caught.value)
