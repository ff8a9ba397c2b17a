"""Recipes with a name in the window: taken, kept, compared; measure and choose."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from PySide6.QtWidgets import QInputDialog

from blockstudio.gui.training.measuring import MeasureDialog
from blockstudio.gui.training.recipe_comparison import RecipeComparison
from blockstudio.gui.work.settings import recipes_folder
from blockstudio.runs.recipe import Recipe
from blockstudio.runs.recipe_files import load_recipe
from blockstudio.text import say, to_data


def test_a_papers_recipe_is_taken_changed_kept_compared_and_put_back(open_window) -> None:
    window = open_window("resnet18")
    training, run = window.features.training, window.desk.commands.run
    named, recipe = training.recipes, window.session.recipe
    titles = [title for title, _ in named.all()]
    assert titles == ["As the paper trained it", "Try it now"] and training.recipe.named.text().startswith("Chosen")
    recipe.set_fields({"data.source": "shapes", "epochs": 3})
    run("recipe.use", str(named.own()[0][1].path))
    assert (recipe.value.steps, recipe.value.epochs, recipe.value.optimizer.lr) == (600_000, None, 0.1)
    assert recipe.value.data.source == "shapes" and recipe.value.watch.blocks
    assert training.recipe.named.text().startswith("ResNet's") and "He et al." in training.recipe.source.text()
    recipe.set_fields({"lr": 0.05})
    assert "changed" in training.recipe.named.text()

    run("recipe.save")
    dialog = window.desk.dialog
    assert isinstance(dialog, QInputDialog)
    dialog.setTextValue("mine")
    dialog.accept()
    assert load_recipe(recipes_folder() / "mine.toml") == recipe.value and "changed" not in training.recipe.named.text()
    # It is ticked in the menu; kept again, it says that it takes the other's place.
    ticked = [choice.text for choice in window.desk.commands.choices("recipe.use") if choice.checked]
    assert ticked == ["mine"] and window.desk.toasts.texts[0] == "The recipe is kept as mine."
    run("recipe.save")
    window.desk.dialog.setTextValue("mine")
    window.desk.dialog.accept()
    assert "in place of the one before" in window.desk.toasts.texts[0]

    run("recipe.compare")
    shown = window.desk.dialog
    assert isinstance(shown, RecipeComparison)
    paths = [line.cells[1].text for line in shown.table.table.lines]
    assert "optimizer.lr" in paths and "augmentation.flip" not in paths
    shown.everything.setChecked(True)
    assert len(shown.table.table.lines) > 60
    shown.second.setCurrentText("mine")
    shown.everything.setChecked(False)
    assert not shown.table.table.lines and "alike" in shown.foot.text()
    shown.close()

    run("recipe.use", "")
    kept = msgspec.structs.replace(Recipe(), data=recipe.value.data, watch=recipe.value.watch)
    assert recipe.value == kept and training.recipe.named.text().startswith("Chosen")


def test_a_file_that_is_no_recipe_is_told_and_changes_nothing(open_window, tmp_path: Path) -> None:
    window = open_window()
    bad = tmp_path / "bad.toml"
    bad.write_text("optimizer.lr = -1")
    before = window.session.recipe.value
    window.desk.commands.run("recipe.use", str(bad))
    assert window.session.recipe.value == before
    assert "optimizer.lr" in window.desk.toasts.texts[-1]


def test_what_was_measured_is_shown_and_taken_over(open_window, monkeypatch: pytest.MonkeyPatch) -> None:
    window = open_window("cifar_resnet")
    window.desk.commands.run("recipe.measure")
    dialog = window.desk.dialog
    assert isinstance(dialog, MeasureDialog) and not dialog.take.isEnabled() and dialog.start.isEnabled()
    asked: list[str] = []
    monkeypatch.setattr(dialog._process, "start", lambda *words: asked.extend(words))
    dialog.what["--lr"].setChecked(True)
    dialog.measure()
    assert asked[:2] == ["blockstudio", "tune"] and {"--ways", "--lr", "--json"} <= set(asked)
    trial = {"type": "trial", "about": "ways", "name": "bf16", "milliseconds": 5.0, "images_per_second": 2000.0,
             "loss": 2.3, "kept": False, "title": "bf16", "reason": "",
             "fields": {"precision": "bf16"}}  # fmt: skip
    monkeypatch.setattr(dialog._process, "_process", dialog)  # It runs.
    for event in ({"type": "begun", "about": "ways", "of": 4}, trial):
        dialog._take(event)
    assert "left" in dialog.said.text() and (dialog.bar.value(), dialog.bar.maximum()) == (125, 1000)
    monkeypatch.undo()
    for event in ({**trial, "title": "fp16", "milliseconds": None, "kept": False,
                   "reason": to_data(say("its loss is {loss:.3f} in place of {usual:.3f}", loss=3.0, usual=2.0))},
                  {"type": "rate", "rate": 1e-3, "loss": 2.0}, {"type": "rate", "rate": 1e-2, "loss": 1.0},
                  {"type": "chosen", "about": "learning_rate", "fields": {"optimizer.lr": 1e-3}, "factor": 1.0},
                  {"type": "chosen", "about": "ways", "fields": {"precision": "bf16"}, "factor": 1.5}):  # fmt: skip
        dialog._take(event)
    dialog._ended(0, "")
    # What was chosen is marked in the table and on the curve.
    assert dialog.table.table.lines[0].cells[0].tone == "total" and dialog.chart.cursor_x == pytest.approx(-3)
    assert "loss is 3.000" in dialog.table.table.lines[1].cells[4].text
    assert [line.cells[0].text for line in dialog.table.table.lines] == ["bf16", "fp16"]
    assert not dialog.chart.isHidden() and "bf16" in dialog.said.text() and dialog.take.isEnabled()
    # A set that is not here is told in the window's words.
    window.session.recipe.set_fields({"data.source": "cifar10"})
    told = MeasureDialog(None, window.session.diagram, window.session.recipe.value, print)
    told._ended(1, json.dumps({"code": "data.absent", "message": "not here", "where": "", "hint": ""}))
    assert "is not on this computer yet" in told.said.text() and told.said.property("role") == "problem"
    told.deleteLater()
    dialog.take.click()
    assert window.session.recipe.value.precision == "bf16"


@pytest.mark.slow
def test_measuring_in_a_process_of_its_own_tells_what_it_chose(open_window, qtbot) -> None:
    window = open_window("cifar_resnet")
    window.session.recipe.set_fields({"data.source": "digits", "data.input_size": 8, "steps": 100})
    window.desk.commands.run("recipe.measure")
    dialog = window.desk.dialog
    assert isinstance(dialog, MeasureDialog)
    dialog.measure()
    assert dialog.running and dialog.cancel.text() == "Cancel"
    qtbot.waitUntil(lambda: not dialog.running, timeout=120_000)
    assert len(dialog.table.table.lines) >= 3
    dialog.measure()
    dialog.cancel.click()
    assert not dialog.running and "Cancelled" in dialog.said.text()
    dialog.reject()


def test_stop_and_pause_say_that_they_are_under_way(open_window) -> None:
    window = open_window()
    bar = window.features.training.bar
    bar.show_run("running", "stop")
    assert bar.stop.text() == "Stopping after this step…" and not bar.stop.isEnabled() and not bar.train.isEnabled()
    bar.show_run("running", "pause")
    assert (bar.train.text(), bar.stop.text()) == ("Pausing after this step…", "Stop") and bar.stop.isEnabled()
    bar.show_run("running")
    assert (bar.train.text(), bar.stop.text()) == ("Pause", "Stop")
