"""The page *Experiments*: what is asked, what came of it, and what the seeds support."""

from __future__ import annotations

import json
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox

from blockstudio.experiments import experiment_path, load_experiment, trials_of
from blockstudio.experiments.place import Place, missing
from blockstudio.experiments.queue import PAUSED
from blockstudio.experiments.statistics import confidence
from blockstudio.graph.format import load, save
from blockstudio.graph.presets import load_preset
from blockstudio.gui.experiments.comparison import difference_texts
from blockstudio.gui.experiments.page import ExperimentPage, save_chart
from blockstudio.gui.kit.fields import Choice, ChoiceField
from blockstudio.runs.events import EventWriter
from blockstudio.runs.run import EVENTS
from tests.support.hands import type_into


def experiment(folder: Path, seeds: int = 3) -> Path:
    save(load_preset("cifar_resnet", n=1), folder / "small.blocks.json")
    data = {
        "question": "Does a higher rate learn faster?",
        "networks": [{"network": "small.blocks.json", "name": "small"}],
        "recipe": {"data": "digits", "steps": 40},
        "grid": {"lr": [0.01, 0.1]},
        "compare": "lr",
        "seeds": list(range(seeds)),
        "measure": {"curve": "accuracy", "take": "steps_to", "target": 0.8},
    }
    file = folder / "rate.experiment.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    return file


def trained(file: Path, home: Path, leave: int) -> None:
    """Logs as trainers write them: the higher rate reaches the target in half the steps. The last ``leave`` trials are
    not begun."""
    trials = trials_of(load_experiment(file), home)
    for trial in trials[: len(trials) - leave]:
        run = trial.create()
        events = EventWriter(run.directory / EVENTS)
        events.write("started", step=0, steps=40)
        speed = 2 if trial.variant.fields["optimizer.lr"] == 0.1 else 1
        for step in range(5, 41, 5):
            events.write("step", step=step, loss=1 / step, accuracy=min(1.0, speed * (step + trial.seed) / 40), lr=0.1)
        events.write("finished", step=40, steps=40, seconds=3.0, test_accuracy=0.9)
        events.close()


def test_an_experiment_is_seen_with_its_trials_curves_and_what_the_seeds_support(
    qtbot, open_window, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("BLOCKSTUDIO_RUNS", str(tmp_path / "runs"))
    file = experiment(tmp_path)
    trained(file, tmp_path / "runs" / "rate", leave=1)
    window = open_window()
    desk = window.desk
    desk.commands.run("page.experiments")
    page = desk.screen_widget("experiments")
    assert isinstance(page, ExperimentPage)
    control, view = page.control, page.view
    desk.commands.run("experiment.open", file)
    qtbot.waitUntil(lambda: control.standing is not None and bool(control.standing.bands))
    standing = control.standing
    assert standing is not None and view.question.text() == "Does a higher rate learn faster?"
    assert (standing.ended, standing.total, standing.working) == (5, 6, False)
    assert "So far" in view.answer.text() and "of 6 done" in view.progress_text.text()
    chips = [[view.matrix.chip_text(outcome) for outcome in row.outcomes.values()] for row in standing.rows]
    assert chips == [["35", "35", "30"], ["20", "15", "queued"]]
    assert {index: band.seeds for index, band in standing.bands.items()} == {0: 3, 1: 2}
    (difference,) = standing.differences
    assert (difference.mean, difference.pairs) == (-17.5, 2)
    assert standing.fronts["parameters"] == [1]
    # The same runs, measured otherwise.
    qtbot.mouseClick(view.takes["final"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: control.standing is not None and control.standing.plan.experiment.measure.take == "final")
    control.show_curve("loss")
    for name in ("curves.svg", "curves.png"):
        save_chart(view.bands, tmp_path / name)
        assert (tmp_path / name).stat().st_size > 1000
    table = view.table()
    assert table is not None and len(table.rows) == 2
    # Other engines say what they lack, or have their fields; a paused queue is a file that any window and the command
    # line see.
    queue = view.queue
    for engine, button in queue.engine_buttons.items():
        reason = missing(engine)
        assert button.isEnabled() == (reason is None) and button.toolTip() == (reason or "")
        assert reason is None or reason in queue.engine_note.text()
    queue.choose("ray")
    assert queue.fields.isVisible() and queue.address.isVisible()
    type_into(queue.address, "head:6379")
    queue.cpus.setValue(2)
    queue.gpus.setValue(0.5)
    assert control.place == Place("ray", "head:6379", 2.0, 0.5)
    queue.choose("slurm")
    assert control.place == Place("slurm") and not queue.address.isVisible() and queue.cpus.decimals() == 0
    queue.choose("local")
    assert not queue.fields.isVisible()
    control.tell("pause")
    assert (tmp_path / "runs" / "rate" / PAUSED).exists()
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    assert control.plan is None and page.currentWidget() is page.library


def test_a_new_experiment_is_made_from_the_network_in_view(qtbot, open_window, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("BLOCKSTUDIO_RUNS", str(tmp_path / "runs"))
    window = open_window("cifar_resnet")
    desk = window.desk
    desk.session.recipe.set_fields({"steps": 20, "optimizer.name": "sgd"})
    desk.commands.run("experiment.new")
    page = desk.screen_widget("experiments")
    form = page.library.form
    form.question.setText("Deeper?")
    form.grid.setPlainText("diagram.n: 1, 2\nno_such_field: 3")
    assert "no_such_field" in form.said.text() and not form.make.isEnabled()
    form.grid.setPlainText("diagram.n: 1, 2")
    form.seeds.setText("0-2, 7")
    form.compare.setText("diagram.n")
    assert form.make.isEnabled() and form.said.text() == "8 trials"
    # The same space searched: ranges, and how many variants are tried.
    form.search.setCurrentIndex(form.search.findData("tpe"))
    form.grid.setPlainText("diagram.n: 1 .. 3\nlr: 0.001 .. 1 log")
    form.tries.setText("5")
    assert form.said.text() == "20 trials"
    assert form.data()["search"]["space"]["lr"] == {"low": 0.001, "high": 1, "log": True}
    form.search.setCurrentIndex(0)
    form.grid.setPlainText("diagram.n: 1, 2")
    form.make.click()
    qtbot.waitUntil(lambda: page.control.plan is not None)
    assert page.control.file is not None and page.control.plan is not None
    made = json.loads(page.control.file.read_text(encoding="utf-8"))
    assert made["seeds"] == [0, 1, 2, 7] and made["recipe"]["steps"] == 20 and made["recipe"]["optimizer.name"] == "sgd"
    assert load(page.control.file.parent / "network.blocks.json").name == window.session.diagram.name


def test_an_experiment_of_the_course_asks_before_it_shows(qtbot, open_window, tmp_path: Path, monkeypatch) -> None:
    """The list, the prediction by mouse, the verdict behind it, the light on the drawing."""
    monkeypatch.setenv("BLOCKSTUDIO_RUNS", str(tmp_path / "runs"))
    window = open_window()
    desk = window.desk
    desk.commands.run("page.experiments")
    page = desk.screen_widget("experiments")
    qtbot.waitUntil(lambda: page.library.rows.count() > 2 * 15)
    desk.commands.run("experiment.open", experiment_path("family_counted").resolve())
    qtbot.waitUntil(lambda: page.control.standing is not None)
    course = page.view.course
    buttons = course._group.buttons()
    assert [button.text() for button in buttons] == ["ResNet-101", "AlexNet", "Equally many"]
    assert not course.result.isVisible() and not page.view.results.isVisible()
    assert not course.published.isVisible()  # it tells what comes out
    assert [each.title for each in desk.screens["experiments"].crumbs] == [page.control.plan.experiment.course.title]
    qtbot.mouseClick(buttons[0], Qt.MouseButton.LeftButton)
    assert course.result.isVisible() and "What comes out: “AlexNet”." in course.outcome.text()
    assert course.published.isVisible() and course.source.text()
    assert window.focusWidget() is course.outcome  # not a link elsewhere on the page
    assert course.verdict.text() == "All 5 expected orderings came out." and course.figure.svg
    # The first prediction counts, here and when the page is opened again.
    desk.commands.run("experiment.predict", 1)
    assert course.choice == 0 and not buttons[1].isEnabled()
    look = page.control.plan.experiment.course.look[1]
    desk.commands.run("experiment.look", look)
    assert desk.screen == "" and desk.session.diagram.name == "ResNet-101" and desk.session.lit == ("layer3",)
    desk.commands.run("page.experiments")
    assert course.result.isVisible()


def test_the_interval_is_the_one_of_the_tables() -> None:
    # Student's t for 4 degrees of freedom at 95 %: 2.776.
    assert confidence([1.0, 2.0, 3.0, 4.0, 5.0]) is not None
    assert abs((confidence([1.0, 2.0, 3.0, 4.0, 5.0]) or 0) - 2.776 * (2.5**0.5) / 5**0.5) < 1e-3
    assert confidence([1.0]) is None


def test_differences_of_shares_are_in_points() -> None:
    assert difference_texts(-0.008, 0.0066, True) == ("−0.8", " ± 0.7 points")
    assert difference_texts(0.02, None, True) == ("+2.0 points", "")
    assert difference_texts(-17.5, 3.21, False) == ("−17.5", " ± 3.21")


def test_whatever_is_typed_into_the_form_is_one_sentence(qtbot, open_window, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("BLOCKSTUDIO_RUNS", str(tmp_path / "runs"))
    window = open_window("cifar_resnet")
    window.desk.commands.run("experiment.new")
    form = window.desk.screen_widget("experiments").library.form
    lists = "schedule.milestones: [0.5, 0.75], [0.3]"
    form.grid.setPlainText(lists)
    assert form.data()["grid"]["schedule.milestones"] == [[0.5, 0.75], [0.3]] and form.said.text() == "10 trials"
    form.take.setCurrentText("steps_to")
    for field, text in (
        ("grid", "lr: NaN"), ("grid", "lr: 1e999, 0.1"), ("grid", "lr: 0.1\nlr: 0.2"), ("grid", "a" * 100_000 + ": 3"),
        ("seeds", "0-999999999999"), ("seeds", "0-9999, 10000"), ("seeds", "3-"), ("target", "NaN"),
        ("target", "often"), ("target", "9" * 5000), ("tries", "9" * 5000),
    ):  # fmt: skip
        form.put({"question": "", "tries": "5", "seeds": "0-2", "target": "0.8", "compare": "", "grid": "lr: 0.1, 0.2",
                  "search": str(int(field == "tries")), "curve": "0", "take": "2"})  # fmt: skip
        if field == "grid":
            form.grid.setPlainText(text)
        else:
            getattr(form, field).setText(text)
        assert not form.make.isEnabled() and 0 < len(form.said.text()) < 4000, (field, text[:20])
        assert "`" not in form.said.text(), "a sentence of ours"
    # What can be chosen from a list shows an arrow, and the wheel over it scrolls the page.
    assert {type(each) for each in (form.search, form.curve, form.take)} == {Choice}
    assert {Choice} >= {type(each) for each in window.findChildren(QComboBox) if type(each) is not ChoiceField}


def test_escape_amid_writing_ends_the_writing_and_leaves_nothing(open_window, qtbot) -> None:
    window = open_window("nin_cifar10")
    desk = window.desk
    desk.commands.run("experiment.new")
    form = desk.screen_widget("experiments").library.form
    qtbot.waitUntil(form.isVisible)
    form.question.setFocus()
    qtbot.keyClicks(form.question, "Is it wide?")
    qtbot.keyClick(form.question, Qt.Key.Key_Escape)
    assert desk.screen == "experiments" and form.isVisible() and not form.question.hasFocus()
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    assert desk.screen == "experiments" and not form.isVisible()
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    assert desk.screen != "experiments"
    desk.commands.run("experiment.new")
    qtbot.waitUntil(form.isVisible)
    assert form.question.text() == "Is it wide?"
