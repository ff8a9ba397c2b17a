"""``blockstudio lab`` on a run of a few steps."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip("torch")

import blockstudio as bs
from blockstudio.cli import main
from blockstudio.errors import StudioError
from blockstudio.runs import Run, create_run, with_fields
from blockstudio.runs.recipe import Recipe
from blockstudio.training.trainer import train_run


@pytest.mark.slow
def test_every_question_of_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = with_fields(Recipe(), {"data.input_size": 8, "steps": 3, "batch_size": 16, "threads": 1})
    run = create_run(bs.load("cifar_resnet", n=3), recipe, tmp_path / "run")
    assert main(["lab", "lesion", str(run.directory)]) == 2
    assert "has no checkpoint yet" in capsys.readouterr().err
    train_run(run)
    images, draws, counts = ["--images", "40"], ["--draws", "2"], ["--counts", "1"]
    for question, options in (
        ("lesion", images), ("several", images + draws + counts), ("swap", images + draws + counts),
        ("gradients", images + draws), ("paths", []),
    ):  # fmt: skip
        assert main(["lab", question, str(run.directory), *options]) == 0
        assert "Data and figure" in capsys.readouterr().out
        data = json.loads((run.directory / "lab" / f"{question}.json").read_text(encoding="utf-8"))
        assert data
        figure = ElementTree.parse(run.directory / "lab" / f"{question}.svg").getroot()
        assert figure.tag.endswith("svg") and len(list(figure.iter())) > 8
    assert main(["lab", "filters", str(run.directory), "--png", "-o", str(tmp_path / "figures")]) == 0
    assert capsys.readouterr().out
    written = sorted(path.name for path in (tmp_path / "figures").iterdir())
    assert written == ["filters.json", "filters.png", "filters.svg"]
    assert (tmp_path / "figures" / "filters.png").read_bytes().startswith(b"\x89PNG")
    assert main(["lab", "lesion", str(run.directory), "--images", "40", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["whole"]["images"] == 40 and len(found["without"]) == 9 and set(found["refused"]) == {"conv1", "fc"}
    # The same in Python, by the question's name.
    answer = bs.lab.ask(run.directory, "lesion", checkpoint="last", images=40)
    assert answer.data["without"] == found["without"] and answer.figure.svg().startswith("<svg")
    assert bs.lab.ask(run, "evaluate", part="train", per_class=2).data["images"] == 20
    assert bs.lab.ask(run, "cam", image=3, class_="7").data["images"][0]["class"] == "7"
    for question, options, code in (
        ("lesions", {}, "lab.question"),
        ("cam", {"block_": None, "patch": 3}, "lab.option"),
    ):
        with pytest.raises(StudioError) as refused:
            bs.lab.ask(run, question, **options)
        assert refused.value.code == code
    # The objects below, and the network's own test accuracy on all images.
    subject = bs.lab.Subject.of_run(Run(run.directory), "last")
    results = run.results()
    assert results is not None
    whole = bs.lab.Lesions(subject, subject.images()).whole()
    assert whole.accuracy == pytest.approx(results["test_accuracy"])
    assert whole.loss == pytest.approx(results["test_loss"], rel=1e-5)


def test_questions_that_make_no_sense_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "paths", "cifar_plain"]) == 0
    assert "There is one path, 20 layers deep" in capsys.readouterr().out
    assert main(["lab", "paths", "module_inception"]) == 0
    assert "4 paths through 1.5 layers on average; there is no sum" in capsys.readouterr().out
    for arguments, text in (
        (["lab", "lesion", str(tmp_path)], "is no run"), (["lab", "paths", "resnet3"], "resnet34"),
        (["lab", "lesion", "cifar_resnet"], "is no run"), (["lab", "paths", "googlenet", "--png"], "needs a folder"),
        (["lab", "several", str(tmp_path), "--draws", "0"], "from 1"),
    ):  # fmt: skip
        assert main(arguments) == 2
        assert text in capsys.readouterr().err


def test_a_network_of_flat_vectors_gets_the_images_it_was_trained_on(tmp_path: Path) -> None:
    net = bs.Builder("Perceptron", input=[64])
    net.chain(("Linear", {"out_features": 64}), "ReLU", ("Linear", {"out_features": 10}))
    run = create_run(
        net.finish(), with_fields(Recipe(), {"steps": 3, "batch_size": 16, "threads": 1}), tmp_path / "run"
    )
    train_run(run)
    lesions = bs.lab.Lesions(subject := bs.lab.Subject.of_run(run), subject.images())
    results = run.results()
    assert results is not None and lesions.whole().accuracy == pytest.approx(results["test_accuracy"])
    assert [unit.name for unit in lesions.candidates()] == ["linear"]
