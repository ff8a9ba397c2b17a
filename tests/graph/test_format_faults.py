"""Malformed files: each gives one `StudioError` that names the place, and nothing else is ever raised."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockstudio.errors import StudioError
from blockstudio.graph import format as files
from blockstudio.graph.checks import MAX_NESTING
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import dumps, loads
from tests.support.graph_samples import sample
from tests.support.properties import examples

BASE = {
    "format": "blockstudio",
    "version": 4,
    "name": "Net",
    "parameters": {"width": {"kind": "int", "default": 16, "minimum": 1}, "n": 2},
    "blocks": {
        "input": {"type": "Input"},
        "conv1": {"type": "Conv2d", "parameters": {"out_channels": "width", "kernel_size": 3}},
        "unit": {"type": "Unit", "parameters": {"k": 3}, "repeat": "n"},
        "add": {"type": "Add"},
        "output": {"type": "Output"},
    },
    "wires": ["input -> conv1", "conv1 -> unit", "unit -> add:0", "add -> output"],
    "modules": {
        "Unit": {
            "parameters": {"k": 1},
            "blocks": {"input": {"type": "Input"}, "relu": {"type": "ReLU"}, "output": {"type": "Output"}},
            "wires": ["input -> relu", "relu -> output"],
        }
    },
}
REMOVE = object()
KERNEL = "blocks/conv1/parameters/kernel_size"
KERNEL_AT = "blocks.conv1.parameters.kernel_size"


def changed(path: str, value: object) -> str:
    """The base file with the field at ``path`` replaced."""
    data = json.loads(json.dumps(BASE))
    here = data
    *parents, last = path.split("/")
    for part in parents:
        here = here[int(part)] if isinstance(here, list) else here.setdefault(part, {})
    if value is REMOVE:
        del here[last]
    elif isinstance(here, list):
        here[int(last)] = value
    else:
        here[last] = value
    return json.dumps(data)


def test_the_base_is_fine():
    assert loads(json.dumps(BASE)).name == "Net"


@pytest.mark.parametrize(
    ("path", "value", "where", "code", "words"),
    [
        ("format", "other", "", "file.format", "not a Block Studio diagram"),
        ("format", REMOVE, "", "file.format", "not a Block Studio diagram"),
        ("version", REMOVE, "version", "file.version", "from 1 to 4, found None"),
        ("version", 0, "version", "file.version", "from 1 to 4, found 0"),
        ("version", True, "version", "file.version", "found True"),
        ("version", "2", "version", "file.version", "found 2"),
        ("version", 5, "version", "file.version", "newer Block Studio (format 5). This one reads formats up to 4"),
        ("name", 3, "name", "file.field", "expected text, found a whole number"),
        ("name", "x" * 201, "name", "diagram.text", "longer than 200 characters"),
        ("title", "x", "", "file.field", "unknown field 'title'"),
        ("about", {"year": 2015}, "about.year", "file.field", "expected text, found a whole number"),
        ("about", [], "about", "file.field", "expected an object {...}, found a list"),
        ("parameters/width", {"default": 3}, "parameters.width", "file.field", "missing required field 'kind'"),
        ("parameters/width/minimum", "1", "parameters.width.minimum", "file.field", "found text"),
        ("parameters/width/default", 0, "parameters.width", "parameter.limit", "at least 1, found 0"),
        ("parameters/width/kind", "integer", "parameters.width.kind", "file.field", "invalid enum value 'integer'"),
        ("parameters/width/hint", "x", "parameters.width", "file.field", "unknown field 'hint'"),
        ("parameters/if", 3, "parameters.if", "diagram.name", "'if' cannot name a parameter"),
        ("parameters/i", 3, "parameters.i", "diagram.name", "worked out from the diagram"),
        ("parameters/x", [1, "2", []], "parameters.x[2]", "file.field", "found a list"),
        ("blocks", [], "blocks", "file.field", "expected an object {...}, found a list"),
        ("blocks/conv1", 3, "blocks.conv1", "file.field", "expected an object {...}, found a whole number"),
        ("blocks/conv1", {}, "blocks.conv1", "file.field", "missing required field 'type'"),
        ("blocks/conv1/type", "Conv3d", "blocks.conv1", "diagram.type", "neither a block type nor a module"),
        ("blocks/conv1/kind", "Conv2d", "blocks.conv1", "file.field", "unknown field 'kind'"),
        ("blocks/conv1/parameters", [], "blocks.conv1.parameters", "file.field", "found a list"),
        ("blocks/conv1/parameters/kernel", 3, "blocks.conv1", "parameter.unknown", "Did you mean kernel_size?"),
        (KERNEL, 0, KERNEL_AT, "parameter.limit", "found 0"),
        (KERNEL, [3, "k", 3], KERNEL_AT, "parameter.value", "found"),
        (KERNEL, ["k", 0], KERNEL_AT, "parameter.limit", "0"),
        (KERNEL, {}, KERNEL_AT, "file.field", "object"),
        (KERNEL, None, KERNEL_AT, "file.field", "null"),
        (KERNEL, "3 +", KERNEL_AT, "expression.syntax", "3 +"),
        ("blocks/conv1/parameters/bias", 1, "blocks.conv1.parameters.bias", "parameter.value", "found 1"),
        ("parameters/n", 10**13, "parameters.n", "parameter.limit", "expected numbers within ±1,000,000,000,000"),
        ("blocks/conv1/bypass", 1, "blocks.conv1.bypass", "file.field", "true/false or text, found a whole number"),
        ("blocks/conv1/repeat", -1, "blocks.conv1.repeat", "parameter.limit", "from 0 to 10,000, found -1"),
        ("blocks/add/repeat", 2, "blocks.add.repeat", "diagram.repeat", "needs one input and one output"),
        ("blocks/input/bypass", True, "blocks.input.bypass", "diagram.bypass", "cannot be switched off"),
        ("blocks/conv1/at", [1, 2, 3], "blocks.conv1.at", "file.field", "length 2"),
        ("blocks/conv1/at", [1e300, 0], "blocks.conv1.at", "diagram.position", "expected a position"),
        ("blocks/conv1/note", "x" * 20_001, "blocks.conv1.note", "diagram.text", "longer than 20,000"),
        ("blocks/1conv", {"type": "ReLU"}, "blocks.1conv", "diagram.name", "cannot name a block"),
        ("blocks/forward", {"type": "ReLU"}, "blocks.forward", "diagram.name", "something else in a PyTorch module"),
        ("blocks/a.class", {"type": "ReLU"}, "blocks.a.class", "diagram.name", "'class' cannot name a block"),
        ("blocks/conv1.x", {"type": "ReLU"}, "blocks.conv1.x", "diagram.taken", "already a block 'conv1'"),
        ("frames", [], "frames", "file.field", "found a list"),
        ("frames", {"a b": {"blocks": ["conv1"]}}, "frames", "annotation.name", "cannot name a note or frame"),
        ("frames", {"a": {"blocks": []}}, "frames.a.blocks", "frame.blocks", "one at least"),
        ("frames", {"a": {}}, "frames.a", "file.field", "missing required field 'blocks'"),
        ("frames", {"a": {"blocks": ["nope"]}}, "frames.a.blocks", "diagram.block", "no block 'nope'"),
        ("frames", {"a": {"blocks": ["conv1"], "colour": "pink"}}, "frames.a.colour", "file.field", "'pink'"),
        ("frames", {"a": {"blocks": ["conv1"], "title": "x" * 201}}, "frames.a.title", "diagram.text", "longer"),
        ("frames", {"a": {"blocks": ["conv1"], "margins": [1, 2, 3]}}, "frames.a.margins", "file.field", "length 4"),
        ("frames", {"a": {"blocks": ["conv1"], "margins": [1, 2, 3, -4]}}, "frames.a.margins", "parameter.limit", "-4"),
        ("frames", {f"f{k}": {"blocks": ["conv1"]} for k in range(1001)}, "frames", "diagram.size", "1,000"),
        ("notes", {"a": "text"}, "notes.a", "file.field", "found text"),
        ("notes", {"a": {"text": "x" * 20_001}}, "notes.a.text", "diagram.text", "longer than 20,000"),
        ("notes", {"a": {"text": "x", "at": [0, 1e300]}}, "notes.a.at", "diagram.position", "expected a position"),
        ("notes", {"a": {"text": "x", "width": 1e9}}, "notes.a.width", "parameter.limit", "from 80 to 2000"),
        ("notes", {"a": {"text": "x", "html": True}}, "notes.a", "file.field", "unknown field 'html'"),
        ("notes", {f"n{k}": {"text": ""} for k in range(1001)}, "notes", "diagram.size", "1,000"),
        ("modules/Unit/notes", {"a": {}}, "modules.Unit.notes.a", "file.field", "missing required field 'text'"),
        ("wires", {}, "wires", "file.field", "expected a list, found an object {...}"),
        ("wires/1", 3, "wires[1]", "file.wire", "'3' is not a wire"),
        ("wires/1", "conv1 unit", "wires[1]", "file.wire", "'conv1 unit' is not a wire"),
        ("wires/1", "conv1 -> nope", "wires[1]", "diagram.block", "'conv1 -> nope': there is no block 'nope'"),
        ("wires/1", "conv1:left -> unit", "wires[1]", "wire.port", "no output 'left'. Its outputs: out"),
        ("wires/1", "conv1 -> unit:second", "wires[1]", "wire.port", "no input 'second'. Its inputs: input"),
        ("wires/1", "output -> unit", "wires[1]", "wire.port", "'output' has no output"),
        ("wires/1", "conv1 -> input", "wires[1]", "wire.port", "'input' has no input"),
        ("wires/2", "unit -> add", "wires[2]", "wire.port", "needs the number of an input. Write add:0"),
        ("wires/2", "unit -> add:01", "wires[2]", "wire.port", "no input '01'"),
        ("wires/2", "unit -> add:99999", "wires[2]", "wire.port", "no input '99999'"),
        ("wires/2", "input -> conv1", "wires[2]", "wire.taken", "already comes from 'input'"),
        ("modules", [], "modules", "file.field", "found a list"),
        ("modules/Conv2d", {}, "modules.Conv2d", "diagram.name", "cannot name a module"),
        ("modules/my unit", {}, "modules.my unit", "diagram.name", "cannot name a module"),
        ("modules/Unit/name", "x", "modules.Unit", "file.field", "unknown field 'name'"),
        ("modules/Unit/parameters/in_channels", 3, "modules.Unit.parameters.in_channels", "diagram.name", "worked out"),
        ("modules/Unit/parameters/k", "x y", "blocks.unit.parameters.k", "parameter.value", "expected text, found 3"),
        ("modules/Unit/blocks/relu/type", "Relu", "modules.Unit.blocks.relu", "diagram.type", "Did you mean ReLU?"),
        ("modules/Unit/blocks/a", {"type": "AuxOutput"}, "modules.Unit.blocks.a", "diagram.auxiliary", "main graph"),
        ("modules/Unit/blocks/second", {"type": "Output"}, "modules", "diagram.repeat", "Unit cannot repeat"),
        ("modules/Unit/blocks/me", {"type": "Unit"}, "modules", "diagram.recursion", "'Unit' would contain itself"),
        ("modules/Unit/wires/0", "input -> gone", "modules.Unit.wires[0]", "diagram.block", "no block 'gone'"),
    ],
)  # fmt: skip
def test_every_fault_is_named_in_its_place(path, value, where, code, words):
    with pytest.raises(StudioError) as caught:
        loads(changed(path, value), "net.blocks.json")
    error = caught.value
    assert error.code == code, str(error)
    expected = f"net.blocks.json: {where}" if where else "net.blocks.json"
    assert f"{error.where}: {error.message} {error.hint}".startswith(expected), str(error)
    assert words in str(error), str(error)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "net.json: line 1, column 1"),
        ("{", "net.json: line 1, column 2"),
        ('{"format": "blockstudio",\n "version": 2,\n "name": }', "net.json: line 3, column 10"),
        ('{"a": 1} x', "net.json: line 1, column 10"),
        ("{'a': 1}", "net.json: line 1, column 2"),
        ('{"a": "\n"}', "net.json: line 1, column 8"),
        (b'{"a":\n "\xff"}', "net.json: line 2"),
        ("[" * 100_000, "net.json"),
        ('{"a":' * 100_000, "net.json"),
        ('{"a": 1' + "0" * 5_000 + "}", "net.json"),
    ],
)
def test_syntax_errors_give_line_and_column(text, where):
    with pytest.raises(StudioError) as caught:
        loads(text, "net.json")
    assert caught.value.code == "file.syntax"
    assert caught.value.where == where


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('"kernel_size": 3', '"kernel_size": NaN', "blocks.conv1.parameters.kernel_size"),
        ('"kernel_size": 3', '"kernel_size": -Infinity', "blocks.conv1.parameters.kernel_size"),
        ('"kernel_size": 3', '"kernel_size": 3, "kernel_size": 5', "blocks.conv1.parameters.kernel_size"),
        ('"add": {', '"conv1": {"type": "ReLU"}, "add": {', "blocks.conv1"),
        ('"n": 2', '"n": 2, "n": 2', "parameters.n"),
        ('"version": 4', '"version": 4, "version": 4', "version"),
        ('"Net"', '"\\ud800"', "name"),
        ('"Net"', '"\ud800"', "name"),
        ('"add -> output"', '"add -> output", "\\udfff"', "wires[4]"),
        ('"relu": {"type": "ReLU"}', '"re\\ud800lu": {"type": "ReLU"}', "modules.Unit.blocks"),
    ],
)
def test_what_json_or_unicode_do_not_have_is_named(old, new, where):
    text = json.dumps(BASE)
    assert old in text
    with pytest.raises(StudioError) as caught:
        loads(text.replace(old, new, 1), "net.json")
    assert caught.value.code == "file.value"
    assert caught.value.where == f"net.json: {where}"
    str(caught.value).encode()


def test_escaped_characters_beyond_the_first_plane_are_fine():
    assert loads(json.dumps(BASE | {"name": "net ☺ 𝄞"})).name == "net ☺ 𝄞"


def test_numbers_beyond_all_bounds_are_refused():
    text = changed("blocks/bn", {"type": "BatchNorm2d", "parameters": {"eps": 1}})
    with pytest.raises(StudioError) as caught:
        loads(text.replace('"eps": 1', '"eps": 1e999'), "net.json")
    assert caught.value.where == "net.json: blocks.bn.parameters.eps"


def test_modules_that_contain_each_other_are_refused():
    text = changed("modules", {
        "A": {"blocks": {"b": {"type": "B"}}}, "B": {"blocks": {"c": {"type": "C"}}},
        "C": {"blocks": {"a": {"type": "A"}}}, "D": {"blocks": {"a": {"type": "A"}}}, "Unit": {"parameters": {"k": 1}},
    })  # fmt: skip
    with pytest.raises(StudioError, match="module 'A' would contain itself") as caught:
        loads(text)
    assert caught.value.code == "diagram.recursion"


@pytest.mark.parametrize("deep", [MAX_NESTING, MAX_NESTING + 1])
def test_nesting_is_bounded(deep):
    modules = {f"M{i}": {"blocks": {"m": {"type": f"M{i + 1}"}} if i < deep - 1 else {}} for i in range(deep)}
    text = json.dumps({"format": "blockstudio", "version": 2, "modules": modules})
    if deep <= MAX_NESTING:
        assert len(loads(text).modules) == deep
    else:
        with pytest.raises(StudioError, match="24 deep at most"):
            loads(text)


def test_size_is_bounded():
    with pytest.raises(StudioError, match="larger than 32 MiB"):
        loads(b" " * (files.MAX_BYTES + 1), "net.json")
    blocks = {f"b{i}": {"type": "ReLU"} for i in range(100_001)}
    with pytest.raises(StudioError, match=r"net\.json: blocks\.b100000: a diagram holds at most 100,000 blocks"):
        loads(json.dumps({"format": "blockstudio", "version": 2, "blocks": blocks}), "net.json")
    wires = ["a -> b"] * (files.MAX_WIRES + 1)
    with pytest.raises(
        StudioError, match=r"net\.json: modules\.M\.wires\[400000\]: a diagram holds at most 400,000 wires"
    ):
        loads(
            json.dumps(
                {"format": "blockstudio", "version": 2, "blocks": {}, "modules": {"M": {"blocks": {}, "wires": wires}}}
            ),
            "net.json",
        )


def test_what_could_not_be_read_back_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAX_BYTES", 1000)
    path = tmp_path / "net.blocks.json"
    path.write_text("old")
    with pytest.raises(StudioError) as caught:
        files.save(sample(), path)
    assert caught.value.code == "file.size"
    assert path.read_text() == "old"


TEXT = dumps(sample())
SCRAPS = [
    "null",
    "NaN",
    "1e999",
    "-1",
    "[]",
    "{}",
    '"',
    '"x"',
    "true",
    ",",
    ":",
    "[[",
    "0.5",
    "\\",
    "Conv2d",
    "\x00",
    "é",
]


def read(text: str | bytes) -> None:
    """Loads, or a `StudioError` that can be shown; what loads can be written and read again."""
    try:
        diagram = loads(text, "fuzz.json")
    except StudioError as error:
        assert error.where.startswith("fuzz.json")
        str(error).encode()
        return
    again = dumps(diagram)
    assert dumps(loads(again)) == again


@examples(400)
@given(st.data())
def test_damaged_bytes_load_or_say_where(data):
    raw = bytearray(TEXT.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        match data.draw(st.sampled_from(["flip", "delete", "insert", "copy", "cut"])):
            case "flip":
                raw[at] ^= 1 << data.draw(st.integers(0, 7))
            case "delete":
                del raw[at : at + data.draw(st.integers(1, 30))]
            case "insert":
                raw[at:at] = data.draw(st.sampled_from(SCRAPS)).encode()
            case "copy":
                raw[at:at] = raw[data.draw(st.integers(0, at)) : at]
            case "cut":
                del raw[at:]
        if not raw:
            break
    read(bytes(raw))


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just([]), st.just({}),
    st.lists(st.integers(-2, 9), max_size=5),
    st.sampled_from(["Unit", "Split", "Conv2d", "Add", "i", "n*n", "in_channels"]),
    st.dictionaries(st.sampled_from(["type", "parameters", "kind", "default", "blocks"]), st.integers(), max_size=2),
)  # fmt: skip


def spots(value, path=()):
    """The paths of all fields."""
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found += spots(item, (*path, key))
    return found


SPOTS = spots(json.loads(TEXT))
CHANGES = st.tuples(st.sampled_from(SPOTS), VALUES, st.sampled_from(["put", "drop", "rename", "swap"]))


@examples(400)
@given(
    st.lists(
        st.tuples(st.sampled_from(SPOTS), VALUES, st.sampled_from(["put", "drop", "rename", "swap"])),
        min_size=1,
        max_size=3,
    )
)
def test_swapped_types_load_or_say_where(changes):
    data = json.loads(TEXT)
    for path, value, action in changes:
        here = data
        try:
            for part in path[:-1]:
                here = here[part]
            if action == "drop":
                del here[path[-1]]
            elif action == "rename" and isinstance(here, dict):
                here[str(value)] = here.pop(path[-1])
            elif action == "swap":
                here[path[-1]], data["blocks"] = data["blocks"], here[path[-1]]
            else:
                here[path[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took this spot away
    try:
        text = json.dumps(data)
    except ValueError:
        return  # a swap made it contain itself
    read(text)


def test_a_random_walk_of_damage_never_raises_anything_else():
    rng = random.Random(11)
    raw = bytearray(TEXT.encode())
    for _ in range(1500):
        copy = bytearray(raw)
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(copy))
            copy[at] = rng.randrange(256)
        read(bytes(copy))


def test_an_empty_file_with_only_the_head_is_a_diagram():
    d = loads('{"format": "blockstudio", "version": 2}')
    assert dumps(d) == dumps(Diagram())
