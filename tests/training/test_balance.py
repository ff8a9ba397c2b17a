"""Classes of different size, and runs that end early."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import torch
import torch.nn.functional as F

from blockstudio.errors import StudioError
from blockstudio.runs import Recipe, Run, with_fields
from blockstudio.runs.recipe_files import save_recipe
from blockstudio.training import train_run
from blockstudio.training.augment import Batch
from blockstudio.training.data.batches import balanced_order
from blockstudio.training.losses import Criterion, class_weights
from tests.training.test_resume import digest, measured, rewound

MakeRun = Callable[..., Run]
UNEVEN = torch.tensor([0] * 60 + [1] * 5 + [3] * 12)


def test_weights_make_every_class_count_the_same() -> None:
    weights = class_weights(with_fields(Recipe(), {"balance": "weights"}), UNEVEN, 4)
    assert weights is not None
    sums = [float(weights[label]) * int((label == UNEVEN).sum()) for label in (0, 1, 3)]
    assert sums == pytest.approx([len(UNEVEN) / 3] * 3) and weights[2] == 1
    logits, labels = torch.randn(8, 4, generator=torch.Generator().manual_seed(0)), UNEVEN[[0, 1, 61, 62, 70, 71, 2, 3]]
    recipe = with_fields(Recipe(), {"class_weights": "1, 2, 0.5, 3", "label_smoothing": 0.1})
    given = class_weights(recipe, UNEVEN, 4)
    loss, _, _ = Criterion(recipe, [], given)(logits, Batch(logits, labels))
    assert loss == F.cross_entropy(logits, labels, torch.tensor([1, 2, 0.5, 3]), label_smoothing=0.1)
    assert class_weights(Recipe(), UNEVEN, 4) is None


def test_weights_that_are_none_are_told() -> None:
    for fields in ({"class_weights": "1, -2"}, {"balance": "both"}, {"class_weights": "cat=2"}):
        with pytest.raises(StudioError) as caught:
            with_fields(Recipe(), fields)
        assert caught.value.where in fields
    with pytest.raises(StudioError, match="every class the weight 0"):
        class_weights(Recipe(class_weights=(0.0, 0.0)), UNEVEN, 2)


def test_what_does_not_fit_the_data_is_told_before_the_first_step(make_run: MakeRun) -> None:
    run = make_run(class_weights=[1, 2, 3], **{"stopping.patience": 2, "data.validation": 0})
    with pytest.raises(StudioError) as caught:
        train_run(run)
    assert {problem.where for problem in caught.value.problems} == {"class_weights", "stopping.patience"}  # type: ignore[attr-defined]
    assert run.state().step == 0


def test_the_sampler_shows_every_class_equally_often() -> None:
    seen = torch.zeros(len(UNEVEN), dtype=torch.int64)
    for epoch in range(9):
        order = balanced_order(UNEVEN, 0, epoch)
        assert len(order) == len(UNEVEN)
        counts = torch.bincount(UNEVEN[order], minlength=4)
        assert counts[2] == 0 and counts[[0, 1, 3]].max() - counts[[0, 1, 3]].min() <= 1
        own = torch.bincount(order, minlength=len(UNEVEN))
        for label in (0, 1, 3):  # No image comes twice more than another of its class.
            assert own[label == UNEVEN].max() - own[label == UNEVEN].min() <= 1
        seen += own
        assert order.equal(balanced_order(UNEVEN, 0, epoch)) and not order.equal(balanced_order(UNEVEN, 1, epoch))
    assert seen.min() >= 1  # Of the large class another part each time.


def test_a_run_without_progress_ends_early_with_its_best_weights(make_run: MakeRun) -> None:
    # More than half of all images at once is much to ask: a few epochs get there, none later on.
    fields: dict[str, Any] = {"epochs": 30, "stopping": {"patience": 2, "least": 0.5}, "checkpoints": {"keep": 1}}
    run = make_run("whole", **fields)
    train_run(run)
    results, history = run.results(), run.history()
    assert results is not None and results["patience"] == 2
    accuracies = [event["validation_accuracy"] for event in history.epochs]
    best = next(place for place, value in enumerate(accuracies) if value > 0.5 + accuracies[0])
    assert len(accuracies) == best + 3 < 30
    assert any(note.startswith("Stopped early: for 2 epochs") for note in history.notes)
    steps = [checkpoint.step for checkpoint in run.checkpoints.all()]
    assert history.epochs[best]["step"] in steps and history.epochs[-1]["step"] in steps
    assert run.state().status == "finished"
    with pytest.raises(StudioError, match=r"stopping\.patience"):
        run.check_unfinished()

    # Killed after the best epoch, and amid the last measuring: to the same end.
    for step in (history.epochs[best]["step"], history.epochs[-1]["step"]):
        again = rewound(run, step, f"again-{step}")
        train_run(again)
        assert measured(again) == measured(run)
        assert [digest(item) for item in again.checkpoints.all()][-1] == digest(run.checkpoints.all()[-1])

    recipe = run.recipe()
    patient = msgspec.structs.replace(recipe.stopping, patience=3)
    save_recipe(msgspec.structs.replace(recipe, stopping=patient), run.directory / "recipe.json")
    train_run(run)
    assert len(run.history().epochs) == len(accuracies) + 1
