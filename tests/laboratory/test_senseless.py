"""Questions that make no sense for a network are answered with one sentence that says so."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import blockstudio as bs  # noqa: E402
from blockstudio.analysis.trunk import trunk  # noqa: E402
from blockstudio.errors import StudioError  # noqa: E402
from blockstudio.graph.diagram import Diagram  # noqa: E402
from blockstudio.laboratory import Lesions, Subject, questions  # noqa: E402
from blockstudio.laboratory.asking import Asked  # noqa: E402
from blockstudio.laboratory.evaluation import at_size  # noqa: E402
from blockstudio.laboratory.gradients import PathGradients  # noqa: E402
from blockstudio.laboratory.maps import ActivationMaps, grad_cam  # noqa: E402
from blockstudio.runs import create_run, with_fields  # noqa: E402
from blockstudio.runs.recipe import Recipe  # noqa: E402
from blockstudio.training.trainer import train_run  # noqa: E402


def asked(diagram: Diagram) -> Subject:
    return Subject(diagram, trunk(diagram), dict(bs.compile(diagram).state_dict()))


def drawn(name: str, *blocks: object) -> Subject:
    net = bs.Builder(name, input=(1, 8, 8))
    net.chain(*blocks)
    return asked(net.finish())


CONV = ("Conv2d", {"out_channels": 4, "padding": 1})
HEAD = ("GlobalAvgPool", "Flatten", ("Linear", {"out_features": 10}))


def branching() -> Subject:
    """Branches that are joined side by side: several paths, no sum; one layer keeps the shape."""
    net = bs.Builder("Branches", input=(1, 8, 8))
    net.chain(CONV)
    net.add("Conv2d", "same", out_channels=4, padding=1)
    net.add("Conv2d", "one", out_channels=4, padding=1)
    net.add("Concat", "both", after=["same", "one"])
    net.chain(*HEAD)
    return asked(net.finish())


def chain() -> Subject:
    return drawn("Chain", CONV, CONV, CONV, *HEAD)


def residual() -> Subject:
    """Three blocks of one shape behind a layer: two of them may change places."""
    net = bs.Builder("Residual", input=(1, 8, 8))
    with net.module("Block") as block:
        block.add("Conv2d", out_channels=4, padding=1)
        block.add("Add", after=["conv2d", block.input])
    net.add("Conv2d", "stem", out_channels=4, padding=1)
    net.add("Block", "blocks", repeat=3)
    net.chain(*HEAD)
    return asked(net.finish())


def of_one_place() -> Subject:
    return drawn("One place", ("Conv2d", {"out_channels": 10, "kernel_size": 8}), "Flatten")


def test_what_makes_no_sense_is_said() -> None:
    nothing = torch.zeros(1, 1, 8, 8), torch.zeros(1, dtype=torch.int64)
    vectors = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))
    flat = asked(bs.from_module(vectors, (1, 8, 8), prove=False)[0])
    dense = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 9), nn.ReLU(), nn.Linear(9, 10))
    headed = asked(bs.from_module(dense, (1, 8, 8), prove=False)[0])
    refusals = [
        (lambda: ActivationMaps(flat), "lab.cam", "no feature maps anywhere"),
        (lambda: ActivationMaps(headed), "lab.cam", "more than one layer"),
        (lambda: Lesions(flat, []).candidates(), "lab.lesion", "no unit that can be taken away"),
        (lambda: Lesions(flat, []).swapped(1, 1), "lab.swap", "no two units that could change places"),
        (lambda: Asked(flat)("drift", {}), "lab.batchnorm", "no batch normalisation"),
        (lambda: Asked(headed)("batchnorm", {}), "lab.batchnorm", "no batch normalisation"),
        (lambda: Asked(headed)("filters", {}), "", ""),
        (lambda: Asked(flat)("filters", {}), "lab.filters", "no convolution"),
        (lambda: PathGradients(headed, *nothing), "lab.paths", "one path and no other"),
        (lambda: PathGradients(branching(), *nothing), "lab.paths", "cannot be followed one by one"),
        (lambda: Lesions(branching(), []).drawn(2, 1), "lab.lesion", "has one unit that can be taken away, not 2"),
        (lambda: Lesions(chain(), []).drawn(9, 1), "lab.lesion", "has 2 units that can be taken away, not 9"),
        (lambda: Lesions(residual(), []).swapped(2, 1), "lab.swap", "has one pair of units that could change places"),
        (lambda: ActivationMaps(of_one_place()), "lab.cam", "feature maps of one place alone"),
        (lambda: grad_cam(of_one_place(), "conv2d", nothing[0], 0), "lab.block", "feature maps of one place alone"),
        (lambda: at_size(of_one_place(), 12), "lab.size", "gives 250 numbers with images of 12×12, and has learnt 10"),
        (lambda: headed.check_room(10**15), "lab.memory", "Ask for fewer images"),
    ]
    for ask, code, words in refusals:
        if not code:
            ask()
            continue
        with pytest.raises(StudioError) as refused:
            ask()
        assert refused.value.code == code and words in str(refused.value)


def test_options_of_another_type_are_told_before_the_run_is_looked_at() -> None:
    for question, options, words in (
        ("lesion", {"images": "many"}, "whole number, not 'many'"), ("lesion", {"images": 1.5}, "not 1.5"),
        ("lesion", {"images": True}, "not True"), ("several", {"counts": ["a"]}, "whole numbers"),
        ("field", {"block": "conv1", "place": [1]}, "a row and a column"), ("cam", {"part": "tests"}, "does not take"),
        ("cam", {"picture": 3}, "a file's name"), ("evaluate", {"statistics": "none"}, "It takes running, batch"),
        ("occlusion", {"image": [1, 2]}, "takes one --image"), ("lesion", {"checkpoint": "first"}, "best, last"),
        ("lesion", {"beside": 1.5}, "texts"), ("features", {"block": ["conv1"]}, "a text"),
    ):  # fmt: skip
        with pytest.raises(StudioError) as refused:
            bs.lab.ask("nowhere", question, **options)
        assert refused.value.code == "lab.option" and words in str(refused.value), (question, options)
    for ask in (lambda name: bs.lab.ask("nowhere", name), lambda name: Asked(chain())(name, {})):
        with pytest.raises(StudioError, match=r"no question lesions.*lesion") as refused:
            ask("lesions")
        assert refused.value.code == "lab.question"
    for of in (None, 3, ["runs"]):
        with pytest.raises(StudioError) as refused:
            bs.lab.ask(of, "lesion")
        assert refused.value.code == "argument.type"


def test_a_run_stands_in_a_figure_once(tmp_path: Path) -> None:
    net = bs.Builder("Chain", input=(1, 8, 8))
    net.chain(CONV, CONV, *HEAD)
    recipe = with_fields(Recipe(), {"steps": 1, "batch_size": 16, "threads": 1})
    for name in ("own", "other"):
        train_run(create_run(net.finish(), recipe, tmp_path / name))
    own, other = tmp_path / "own", tmp_path / "other"
    for question, beside in (
        ("lesion", [own]),
        ("several", ["own"]),
        ("lesion", [other, tmp_path / "own" / ".." / "other"]),
    ):
        with pytest.raises(StudioError) as refused:
            bs.lab.ask(own, question, checkpoint="last", images=10, beside=beside)
        assert refused.value.code == "lab.beside" and "stands in the figure already" in str(refused.value)
    answer = bs.lab.ask(own, "lesion", checkpoint="last", images=10, beside=other)
    assert [run["run"] for run in answer.data["runs"]] == ["own", "other"]
    for picture, words in ((own, "it is not a file"), (own / "recipe.json", "its format is none that is read")):
        with pytest.raises(StudioError) as refused:
            bs.lab.ask(own, "cam", checkpoint="last", picture=picture)
        assert str(refused.value) == f"{picture}: is no readable image: {words}."


def test_one_reading_is_said_once() -> None:
    nothing = torch.zeros(2, 1, 8, 8), torch.zeros(2, dtype=torch.int64)
    said = str(questions.several(Lesions(branching(), [nothing]), [1], 2, 0).sentence)
    assert said.count(" at 1") == 1 and " and " not in said
