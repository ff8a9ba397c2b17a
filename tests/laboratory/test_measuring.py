"""Batch normalisation against numpy, evaluation against the run's own results and against counting."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import blockstudio as bs  # noqa: E402
from blockstudio.errors import StudioError  # noqa: E402
from blockstudio.laboratory import questions  # noqa: E402
from blockstudio.laboratory.batchnorm import (  # noqa: E402
    Microscope,
    batch_statistics,
    by_batch_size,
    norms,
    re_estimate,
)  # fmt: skip
from blockstudio.laboratory.evaluation import Setting, at_size, evaluate, summed  # noqa: E402
from blockstudio.laboratory.lesion import Lesions  # noqa: E402
from blockstudio.runs import Run, create_run, with_fields  # noqa: E402
from blockstudio.runs.recipe import Recipe  # noqa: E402
from blockstudio.training.trainer import train_run  # noqa: E402
from tests.laboratory.test_lesion import batch, subject  # noqa: E402


def test_moving_averages_are_those_of_a_computation_from_scratch() -> None:
    found, _ = subject("cifar_resnet", n=1)
    assert norms(found)[:2] == ["bn1", "layer1.0.bn1"]
    asked = Microscope(found, "layer1.0.bn1")
    torch.manual_seed(5)
    batches = [(torch.randn(4, 3, 32, 32), torch.zeros(4, dtype=torch.int64)) for _ in range(5)]
    followed = asked.averages(batches, 2, momentum=0.3)
    mean, variance, means, variances = 0.0, 1.0, [], []
    for images, _ in batches:
        values = asked.values(images)[:, 2].numpy().astype(np.float64).ravel()
        means.append(values.mean())
        variances.append(values.var())
        mean = 0.7 * mean + 0.3 * values.mean()
        variance = 0.7 * variance + 0.3 * values.var(ddof=1)
    assert followed.count == 4 * 32 * 32
    np.testing.assert_allclose(followed.means, means)
    np.testing.assert_allclose(followed.variances, variances)
    assert followed.moving_mean[-1] == pytest.approx(mean) and followed.moving_variance[-1] == pytest.approx(variance)
    assert followed.exact_mean == pytest.approx(np.mean(means))
    # The same as torch does in training.
    module = torch.nn.BatchNorm2d(16, momentum=0.3)
    for images, _ in batches:
        module(asked.values(images).clone())
    assert float(module.running_mean[2]) == pytest.approx(followed.moving_mean[-1], rel=1e-5)
    assert float(module.running_var[2]) == pytest.approx(followed.moving_variance[-1], rel=1e-5)
    stages = asked.stages(batches[0][0], 2)
    values = stages.before.numpy()
    normalised = (values - values.mean()) / np.sqrt(values.var() + asked.module.eps)
    np.testing.assert_allclose(stages.normalised.numpy(), normalised, rtol=1e-3, atol=1e-4)
    gamma, beta = found.weights["layer1.0.bn1.weight"][2], found.weights["layer1.0.bn1.bias"][2]
    np.testing.assert_allclose(stages.scaled.numpy(), float(gamma) * normalised + float(beta), rtol=1e-3, atol=1e-4)


def test_wrong_questions_about_normalisation_are_told() -> None:
    found, _ = subject("cifar_resnet", n=1)
    for block, channel, text in (("conv1", 0, "no batch normalisation of this"), ("bn1", 16, "channels 0 to 15")):
        with pytest.raises(StudioError, match=text):
            Microscope(found, block).averages([batch(found)], channel)
    with pytest.raises(StudioError, match="no batch normalisation"):
        norms(subject("nin_cifar10")[0])


def test_statistics_of_the_batch_leave_the_averages_as_they_are() -> None:
    found, model = subject("cifar_resnet", n=1)
    images, labels = batch(found, 6)
    network = found.tapped()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    with torch.inference_mode(), batch_statistics(network):
        logits = network(images)[0]
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
    model.train()
    with torch.no_grad():
        assert torch.allclose(logits, model(images), rtol=1e-4, atol=1e-5)
    sized = by_batch_size(found, (2, 4), [(images, labels)])
    assert [measure.images for measure in sized.values() if not isinstance(measure, StudioError)] == [6, 4]
    re_estimate(network, [(images, labels)])
    fresh = torch.nn.Sequential(model.conv1)(images)
    assert torch.allclose(network.module.bn1.running_mean, fresh.mean((0, 2, 3)), rtol=1e-4, atol=1e-5)
    assert torch.allclose(network.module.bn1.running_var, fresh.var((0, 2, 3)), rtol=1e-4, atol=1e-5)


def test_one_value_a_channel_has_no_deviation() -> None:
    net = bs.Builder("Narrow", input=[1, 4, 4])
    net.chain(
        ("Conv2d", {"out_channels": 3, "kernel_size": 4}), "BatchNorm2d", "Flatten", ("Linear", {"out_features": 3})
    )
    diagram = net.finish()
    from blockstudio.analysis.trunk import trunk

    asked = bs.lab.Subject(diagram, trunk(diagram), dict(bs.compile(diagram).state_dict()))
    sized = by_batch_size(asked, (1, 2, 8), [(torch.randn(4, 1, 4, 4), torch.zeros(4, dtype=torch.int64))])
    assert isinstance(sized[1], StudioError) and "single value" in sized[1].message
    assert not isinstance(sized[2], StudioError)
    assert isinstance(sized[8], StudioError) and "not so many images" in sized[8].message  # not an accuracy of nothing


def test_a_normalisation_of_vectors_is_asked_like_one_of_maps(tmp_path: Path) -> None:
    inner = [torch.nn.Flatten(), torch.nn.Linear(64, 12), torch.nn.BatchNorm1d(12), torch.nn.Sigmoid()]
    network = torch.nn.Sequential(*inner, torch.nn.Linear(12, 10))
    recipe = with_fields(Recipe(), {"steps": 2, "batch_size": 16, "threads": 1})
    run = create_run(bs.from_module(network, (1, 8, 8), prove=False)[0], recipe, tmp_path / "run")
    train_run(run)
    answer = bs.lab.ask(run, "batchnorm", images=12)
    fed, sized = answer.data["fed"], answer.data["by_batch_size"]
    assert fed["block"] == "3" and fed["slopes"][100] == pytest.approx(0.25) and len(fed["slopes"]) == 201
    assert "single value" in sized["1"]["refused"] and "accuracy" in sized["8"] and "refused" in sized["64"]
    # A last batch of one image has no deviation: told with its own statistics, left out of exact averages.
    with pytest.raises(StudioError, match="single value") as refused:
        bs.lab.ask(run, "evaluate", images=9, batch_size=8, statistics="batch")
    assert refused.value.code == "lab.batchnorm"
    subject = bs.lab.Subject.of_run(run)
    images, labels = subject.images("train", 9)[0]
    several, alone = subject.tapped(), subject.tapped()
    re_estimate(several, [(images[:8], labels[:8]), (images[8:], labels[8:])])
    re_estimate(alone, [(images[:8], labels[:8])])
    norm = "module.2.running_var"
    assert torch.equal(several.state_dict()[norm], alone.state_dict()[norm])


def test_calibration_is_counted_by_hand() -> None:
    shares = torch.tensor([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.95, 0.05]])
    found = summed(shares.log(), torch.tensor([0, 1, 1, 1]), ("a", "b"))
    assert found.accuracy == 0.5 and found.top == 1 and found.confidence == pytest.approx(0.8125)
    # Bins of a fifteenth: 0.6, 0.8, 0.9 and 0.95 stand in 9, 12, 13 and 14.
    wanted = (abs(0 - 0.6) + abs(1 - 0.8) + abs(1 - 0.9) + abs(0 - 0.95)) / 4
    assert found.calibration_error == pytest.approx(wanted, rel=1e-5)
    assert found.by_class == (("a", 1, 1.0), ("b", 3, pytest.approx(1 / 3)))


def test_a_run_is_measured_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = with_fields(Recipe(), {"data.input_size": 8, "steps": 3, "batch_size": 16, "threads": 1})
    run = create_run(bs.load("cifar_resnet", n=1), recipe, tmp_path / "run")
    train_run(run)
    asked = bs.lab.Subject.of_run(Run(run.directory), "last")
    results = run.results()
    assert results is not None
    assert evaluate(asked).accuracy == pytest.approx(results["test_accuracy"])
    lesions = Lesions(asked, asked.images("test", 60))
    assert evaluate(asked, Setting(images=60, without=("layer2.0",))).loss == pytest.approx(
        lesions.without("layer2.0").loss, rel=1e-5
    )
    few = evaluate(asked, Setting(per_class=3, part="validation"))
    assert few.images == 30 and {count for _, count, _ in few.by_class} == {3}
    assert at_size(asked, 12).input_shape[1:] == (12, 12)
    assert evaluate(asked, Setting(images=20, input_size=12)).images == 20
    assert at_size(asked, 12).splits.mean == asked.splits.mean, "as in training, not as the enlarged images are"
    # However large the maps, no more of them at a time than there is room for; that changes nothing.
    with monkeypatch.context() as patched:
        patched.setattr("blockstudio.laboratory.evaluation.MAP_BYTES", 4 * 16 * 12 * 12 * 7)
        done = list[tuple[int, int]]()
        narrow = evaluate(asked, Setting(images=20, input_size=12), lambda number, of: done.append((number, of)))
    assert done == [(1, 3), (2, 3), (3, 3)]
    assert narrow.loss == pytest.approx(evaluate(asked, Setting(images=20, input_size=12)).loss)
    for statistics in ("batch", "exact"):
        assert evaluate(asked, Setting(images=40, statistics=statistics, exact_images=64)).images == 40
    from blockstudio.cli import main

    directory = str(run.directory)
    for arguments in (
        ["cam", "--image", "0", "3"], ["cam", "--block", "layer1.0", "--class", "4"], ["occlusion", "--image", "1"],
        ["filters"], ["features", "--block", "layer2.0"], ["excited", "--block", "layer1.0", "--units", "1", "5"],
        ["field", "--block", "layer1.0"], ["scatter", "--images", "60"],
        ["batchnorm", "--batch-size", "16", "--images", "40"],
        ["evaluate", "--per-class", "2", "--statistics", "batch"],
    ):  # fmt: skip
        assert main(["lab", arguments[0], directory, *arguments[1:]]) == 0, arguments
        assert "Data and figure" in capsys.readouterr().out
        assert (run.directory / "lab" / f"{arguments[0]}.svg").read_text(encoding="utf-8").startswith("<svg")
    for arguments, text in (
        (["filters", "--seed", "1"], "filters does not take --seed"), (["features"], "features needs --block"),
        (["cam", "--class", "eleven"], "no class eleven"), (["batchnorm", "--momentum", "2"], "from 0 to 1"),
        (["evaluate", "--without", "conv1"], "next layer would get"), (["cam", "--image", "99999"], "images 0 to"),
    ):  # fmt: skip
        assert main(["lab", arguments[0], directory, *arguments[1:]]) == 2
        assert text in capsys.readouterr().err


def test_a_dense_head_refuses_other_sizes_and_says_why(tmp_path: Path) -> None:
    recipe = with_fields(Recipe(), {"steps": 2, "batch_size": 16, "threads": 1})
    net = bs.Builder("Dense", input=[1, 8, 8])
    net.chain(("Conv2d", {"out_channels": 4, "kernel_size": 3}), "ReLU", "Flatten", ("Linear", {"out_features": 10}))
    run = create_run(net.finish(), recipe, tmp_path / "run")
    train_run(run)
    with pytest.raises(StudioError, match="trained for a map of one size") as caught:
        at_size(bs.lab.Subject.of_run(run, "last"), 12)
    assert caught.value.where == "linear"


@pytest.mark.slow
def test_scales_of_the_inputs_and_what_the_log_says(tmp_path: Path) -> None:
    fields = {"data.input_size": 8, "steps": 12, "batch_size": 16, "threads": 1, "watch.blocks": True, "watch.steps": 2}
    run = create_run(bs.load("cifar_resnet", n=1), with_fields(Recipe(), fields), tmp_path / "run")
    with pytest.raises(StudioError, match="no measurements"):
        questions.drift(run)
    train_run(run)
    told = questions.drift(run)
    assert told.data["block"] == "bn1" and len(told.data["steps"]) == len(told.table.rows) >= 4
    assert all(value > 0 for value in told.data["scale"])
    with pytest.raises(StudioError, match="bn1"):
        questions.drift(run, "conv1")
    subject_of = bs.lab.Subject.of_run(run)
    found = questions.inputs(subject_of, 64).data
    assert found["z-score"]["mean"] == pytest.approx(0, abs=0.2) and found["none"]["deviation"] == pytest.approx(
        255 * found["min-max"]["deviation"], rel=1e-4
    )
    # The first convolution has no bias, so its normalisation takes the scale out again.
    assert found["none"]["accuracy_batch_statistics"] == pytest.approx(
        found["min-max"]["accuracy_batch_statistics"], abs=0.05
    )
    assert found["none"]["first_gradient"] == pytest.approx(found["min-max"]["first_gradient"], rel=0.02)


@pytest.mark.slow
def test_class_maps_have_their_peak_in_the_object(tmp_path: Path) -> None:
    # NIN on the drawn shapes, as short as it learns something; docs/laboratory.md has the figure of a longer run.
    fields = {"data.source": "shapes", "data.shapes.images": 400, "steps": 4, "batch_size": 16, "threads": 1}
    run = create_run(bs.load("cifar_resnet", n=1), with_fields(Recipe(), fields), tmp_path / "run")
    train_run(run)
    found = questions.peaks(bs.lab.Subject.of_run(run)).data
    assert found["images"] == 80 and found["inside"] <= found["right"] <= 80
