"""Every public function with arguments of every wrong type: each mistake is a `StudioError`."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

import blockstudio as bs
from blockstudio.cli import main
from blockstudio.errors import StudioError

WRONG = [
    None, 5, 2.5, True, b"x", [], {}, (), object(), "nowhere", ["a"], {"a": 1}, -1, float("nan"), 10**30, "\ud800",
    print, "", "n" * 300,
]  # fmt: skip
GOOD = {
    "name": "c", "source": "input", "target": "c", "scope": "", "type": "ReLU", "to": "z", "x": 1.0, "y": 2.0,
    "wanted": "q", "when": True, "times": 2, "default": 3, "label": "some", "edits": (), "type_name": "ReLU",
    "path": "c",
}  # fmt: skip


def drawn() -> bs.Diagram:
    diagram = bs.Diagram("t")
    diagram.add("Input", "input", shape=[3, 8, 8])
    diagram.add("Conv2d", "c", out_channels=2, kernel_size=1)
    diagram.add("Output", "output")
    diagram.connect("input", "c")
    diagram.connect("c", "output")
    diagram.module("M", {"n": 2})
    return diagram


def attempts(function, good: dict):
    """Calls with one argument wrong, the others right."""
    parameters = [p for p in inspect.signature(function).parameters.values() if p.name != "self"]
    needed = {p.name: good.get(p.name) for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD}
    for parameter in parameters:
        for wrong in WRONG:
            key = "kernel_size" if parameter.kind is parameter.VAR_KEYWORD else parameter.name
            values = {**needed, key: wrong}
            first = [values.pop(p.name) for p in parameters if p.kind is p.POSITIONAL_ONLY and p.name in values]
            yield key, wrong, first, values


def refused(act, *args: object, **kwargs: object) -> StudioError | None:
    try:
        act(*args, **kwargs)
    except StudioError as error:
        assert error.message and len(str(error)) < 2_000
        return error
    return None


METHODS = [name for name, _ in inspect.getmembers(bs.Diagram, inspect.isfunction) if not name.startswith("_")]


@pytest.mark.parametrize("name", METHODS)
def test_methods_of_a_diagram(name: str) -> None:
    for _, _, args, kwargs in attempts(getattr(bs.Diagram, name), GOOD):
        refused(getattr(drawn(), name), *args, **kwargs)


def test_a_builder() -> None:
    refusals = 0
    for name in ("add", "chain", "module", "__init__"):
        for _, _, args, kwargs in attempts(getattr(bs.Builder, name), {"type": "ReLU", "name": "M"}):
            net = bs.Builder("net")
            if name == "__init__":
                refusals += refused(bs.Builder, **kwargs) is not None
            elif name == "module":
                refusals += refused(lambda net=net, kwargs=kwargs: net.module(**kwargs).__enter__()) is not None
            else:
                steps = [kwargs.pop("steps", "ReLU")] if name == "chain" else []
                refusals += refused(getattr(net, name), *args, *steps, **kwargs) is not None
    assert refusals > 100


@pytest.mark.parametrize("name", ["hints", "refactorings", "from_onnx", "from_pt2"])
def test_files_and_networks_that_are_none(name: str) -> None:
    for _, _, args, kwargs in attempts(getattr(bs, name), {}):
        if list(kwargs) != ["prove"]:
            refused(getattr(bs, name), *args, **kwargs)


LONG = "n" * 300


@pytest.mark.parametrize(
    "words",
    [
        [LONG], ["summary", LONG], ["export", "resnet18", "-o", f"{LONG}/net.py"],
        ["import", f"{LONG}.onnx", "-o", "a"],
        ["train", "resnet18", "--data", LONG], ["train", "resnet18", "--weights", f"/{LONG}/a.pt"],
        ["train", "resnet18", "--recipe", LONG], ["train", "--resume", LONG], ["runs", LONG], ["lab", "lesion", LONG],
        ["experiment", "run", LONG], ["weights", "resnet18", LONG],
    ],
    ids=lambda words: " ".join(words)[:20],
)  # fmt: skip
def test_names_that_the_system_refuses_to_look_at(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    said = capsys.readouterr().err
    assert said.startswith("blockstudio: ") and "Traceback" not in said and said.count("n") < 700
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["load", "save", "analyze", "source", "compile", "load_weights"])
def test_functions_of_the_package(name: str, tmp_path: Path) -> None:
    diagram = drawn()
    good = {"diagram": diagram, "path": tmp_path / "net.blocks.json", "name_or_path": "resnet18",
            "model": bs.compile(diagram), "file_or_state_dict": {}}  # fmt: skip
    for key, wrong, args, kwargs in attempts(getattr(bs, name), good):
        if not (key == "path" and isinstance(wrong, str)):
            refused(getattr(bs, name), *args, **kwargs)


@pytest.mark.parametrize("name", ["figure", "train"])
def test_functions_that_take_long(name: str, tmp_path: Path) -> None:
    good = {"diagram": drawn(), "path": tmp_path / "net.txt", "data": "nowhere"}
    for key, wrong, args, kwargs in attempts(getattr(bs, name), good):
        if key not in ("kernel_size", "force", "flat", "dark") and not isinstance(
            wrong, str | int | float | list | None
        ):
            assert refused(getattr(bs, name), *args, **kwargs), (key, wrong)


@pytest.mark.parametrize("name", ["level", "scope_values", "live", "find"])
def test_places_in_an_analysis(name: str) -> None:
    analysis = bs.analyze(drawn())
    for _, _, args, kwargs in attempts(getattr(bs.Analysis, name), GOOD):
        refused(getattr(analysis, name), *args, **kwargs)


def test_what_is_said() -> None:
    for act, text in (
        (lambda: drawn().connect(5, "b"), "source: expected text, found 5."),
        (lambda: bs.load(None), "name_or_path: expected text or a path, found None."),
        (lambda: bs.analyze("resnet34"), "diagram: expected a Diagram, found 'resnet34'."),
        (lambda: drawn().move("c", "left", 3), "x: expected a number, found 'left'."),
        (lambda: drawn().add(), "add: missing a required argument: 'type'."),
        (lambda: bs.Diagram("half \ud800"), "name: it holds half a character."),
        (lambda: bs.Diagram("x" * 201), "name: it is longer than 200 characters."),
        (lambda: bs.Diagram(7), "name: expected text, found 7."),
    ):
        error = refused(act)
        assert error is not None and str(error) == text


def test_a_mistake_inside_is_not_taken_for_one_of_the_caller() -> None:
    class Odd(dict):
        def items(self):
            raise TypeError("mine")

    with pytest.raises(TypeError, match="mine"):
        drawn().module("N", Odd(a=1))


@pytest.mark.parametrize("name", ["at", "bypass", "name", "note", "parameters", "repeat", "scope", "type"])
def test_names_that_mean_something_else_to_add(name: str) -> None:
    diagram = drawn()
    for act in (
        lambda: diagram.module("N", {name: 2}), lambda: diagram.declare(name, 2),
        lambda: diagram.declare(name, 2, scope="M"),
    ):  # fmt: skip
        error = refused(act)
        assert error is not None and error.code == "diagram.name" and name in str(error)


def test_parameters_in_a_mapping_mean_nothing_else() -> None:
    diagram = drawn()
    diagram.declare("name_or_path", 3)
    diagram.add("M", "m", parameters={"n": 5}, repeat=2)
    block = diagram.main.block("m")
    assert (block.parameters, block.repeat) == ({"n": 5}, 2)
    diagram.set("m", parameters={"n": 6})
    diagram.set("", parameters={"name_or_path": 4})
    assert diagram.main.block("m").parameters == {"n": 6} and diagram.parameters["name_or_path"].default == 4
    error = refused(diagram.add, "M", "other", parameters={"repeat": 5})
    assert error is not None and error.code == "parameter.unknown"
    assert bs.load("cifar_resnet", parameters={"n": 5}).parameters["n"].default == 5
