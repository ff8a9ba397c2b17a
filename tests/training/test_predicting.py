"""What a trained network says of images: kept at the end of a run, asked again, asked about a picture from outside."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from PIL import Image

from blockstudio.cli import main
from blockstudio.errors import StudioError
from blockstudio.report.results import class_table, means
from blockstudio.runs import Run
from blockstudio.runs import predictions as kept
from blockstudio.runs.predictions import BINS, Predictions, path_of, read_predictions, write_predictions
from blockstudio.training import keeper
from blockstudio.training.keeper import Keeper
from blockstudio.training.predicting import ask, evaluate_run
from blockstudio.training.trainer import train_run


@pytest.fixture
def trained(make_run: Callable[..., Run]) -> Run:
    run = make_run(epochs=3, **{"data.validation": 0.1})
    train_run(run)
    return run


def same(one: Predictions, other: Predictions) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in kept._ARRAYS)


def test_a_run_keeps_what_it_said_of_every_test_image(trained: Run, tmp_path: Path, capsys) -> None:
    finished = trained.results()
    assert finished is not None
    assert kept.kept(trained.directory) == [("test", "last")]
    found = read_predictions(trained.directory, "test", "last")
    facts = found.facts
    assert (facts.images, facts.top[0]) == (finished["test_images"], pytest.approx(finished["test_accuracy"]))
    assert found.matrix.tolist() == finished["confusion"] and facts.loss == pytest.approx(finished["test_loss"])
    assert list(facts.top) == sorted(facts.top) and len(facts.top) == 5 and facts.step == finished["step"]
    # Per-class figures by hand.
    matrix = found.matrix
    for row, (precision, recall, f1, images) in enumerate(found.by_class):
        hits = matrix[row, row]
        assert images == matrix[row].sum() and recall == pytest.approx(hits / images)
        assert precision == pytest.approx(hits / matrix[:, row].sum())
        assert f1 == pytest.approx(2 * precision * recall / (precision + recall))
    assert class_table(found.classes, found.by_class, facts.images).rows[-1][0] == "mean"
    assert means(found.by_class)[1] == pytest.approx(found.by_class[:, 1].mean())
    assert found.pictures.shape == (facts.images, 8, 8, 1) and (found.picture >= 0).all()
    for order in ("surest", "loss", "nearly"):
        rows = found.mistakes(order)
        assert sorted(rows) == sorted(np.flatnonzero(found.wrong)) and len(rows) == found.mistakes_in_all
    assert (np.diff(found.shares[found.mistakes("surest"), 0]) <= 0).all()
    assert found.bins[0].sum() == facts.images and 0 <= found.miscalibration <= 1
    assert all(
        count == matrix[true, said] == len(found.cell(true, said)) for count, true, said in found.most_confused()
    )

    again = evaluate_run(trained, "test", "last")
    assert same(again, found), "asked again it says the same"
    assert main(["evaluate", str(trained.directory), "--part", "validation", "--json"]) == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert told["part"] == "validation" and Path(told["file"]).is_file()
    steps = [json.loads(line)["progress"] for line in err.splitlines() if line.startswith("{")]
    assert steps[-1] == 1.0
    assert main(["evaluate", str(trained.directory), "--checkpoint", "last", "--top", "2"]) == 0
    assert "top-2" in capsys.readouterr().out


def test_a_picture_from_outside(trained: Run, tmp_path: Path, capsys) -> None:
    found = read_predictions(trained.directory, "test", "last")
    row = int(found.cell(3, 3)[0])
    pixels = found.pictures[found.picture[row], :, :, 0]
    Image.fromarray(pixels).save(tmp_path / "three.png")
    Image.fromarray(255 - pixels).convert("RGB").resize((80, 80), Image.Resampling.NEAREST).save(tmp_path / "paper.jpg")
    said = ask(trained, tmp_path / "three.png", "last")
    assert said.answers[0][0] == found.classes[3] and not said.inverted and said.size == (8, 8)
    assert said.answers[0][1] == pytest.approx(float(found.shares[row, 0]), abs=1e-4)
    assert (said.seen[:, :, 0] == pixels).all()
    paper = ask(trained, tmp_path / "paper.jpg", "last", top=3)
    assert paper.inverted and paper.ground == "light" and len(paper.answers) == 3
    assert paper.answers[0][0] == found.classes[3]
    assert not ask(trained, tmp_path / "paper.jpg", "last", invert="no").inverted
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no image")
    for name in ("bad.png", "none.png"):
        assert main(["evaluate", str(trained.directory), "--image", str(tmp_path / name), "--json"]) == 2
        error = json.loads(capsys.readouterr().err.splitlines()[-1])
        assert error["code"] == "data.image" and name in error["where"]
    assert main(["evaluate", str(trained.directory), "--image", str(tmp_path / "three.png"), "--json"]) == 0
    (only,) = json.loads(capsys.readouterr().out)["images"]
    assert only["answers"][0]["class"] == found.classes[3] and only["seen"]["size"] == [1, 8, 8]


def test_a_run_without_weights_and_damaged_files_are_told_in_a_sentence(
    trained: Run, make_run: Callable[..., Run]
) -> None:
    fresh = make_run("fresh", epochs=1)
    with pytest.raises(StudioError) as error:
        evaluate_run(fresh)
    assert error.value.code == "run.untrained"
    with pytest.raises(StudioError) as error:
        read_predictions(fresh.directory, "test", "best")
    assert error.value.code == "predictions.missing"
    path = path_of(trained.directory, "test", "last")
    whole, found = path.read_bytes(), read_predictions(trained.directory, "test", "last")
    for data in (b"", b"PK", whole[:-100], whole[: len(whole) // 2], b"x" * 1000):
        path.write_bytes(data)
        with pytest.raises(StudioError) as error:
            read_predictions(trained.directory, "test", "last")
        assert error.value.code == "predictions.damaged"
    label = found.label.copy()
    label[0] = 99
    for wrong in ({"label": label}, {"own": found.own[:-1]}, {"bins": np.zeros((2, BINS))}):
        write_predictions(trained.directory, Predictions(**{**vars(found), **wrong}))
        with pytest.raises(StudioError, match="is not what was written"):
            read_predictions(trained.directory, "test", "last")


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "PICTURES", 90 * 64)
    monkeypatch.setattr(keeper, "ROWS", 250)

    class Splits:
        classes, shape, mean, std = tuple("abc"), (1, 8, 8), [0.0], [1.0]

    draws = torch.Generator().manual_seed(0)
    kept_by = Keeper(Splits(), 600)  # type: ignore[arg-type]
    labels, logits = torch.randint(0, 3, (600,), generator=draws), 4 * torch.randn(600, 3, generator=draws)
    images = (torch.arange(600) / 600).view(-1, 1, 1, 1).expand(-1, 1, 8, 8)
    for start in range(0, 600, 50):
        batch = slice(start, start + 50)
        kept_by(images[batch], labels[batch], logits[batch])
    found = kept_by.predictions("test", "last", 7, 1)
    wrong = int((logits.argmax(1) != labels).sum())
    assert found.facts.images == 600 and found.counts.sum() == 600 and found.mistakes_in_all == wrong
    assert len(found.pictures) <= 90 and len(found.label) == 250 and found.wrong.all() == (wrong >= 250)
    surest = found.mistakes("surest")[:40]
    assert (found.picture[surest] >= 0).all(), "what it was surest of has a picture"
    for row in surest:
        assert found.pictures[found.picture[row]].mean() == pytest.approx(255 * found.index[row] / 600, abs=1)
    assert msgspec.json.decode(msgspec.json.encode(found.facts), type=kept.Facts) == found.facts
