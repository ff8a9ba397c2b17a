"""Runs as the window sees them: made from real run directories, whoever writes them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QListWidgetItem

from blockstudio.graph.presets import load_preset
from blockstudio.gui.shell.closing import ClosingDialog
from blockstudio.gui.shell.window import StudioWindow
from blockstudio.runs import Recipe, Run, create_run, with_fields
from blockstudio.runs.events import EventWriter
from blockstudio.runs.forecast import Forecast, Memory, Time
from blockstudio.runs.lock import Lock
from blockstudio.runs.watching import FIGURES as BLOCK_FIGURES
from tests.support.hands import click, press_key, type_into

TINY = with_fields(Recipe(), {"data.source": "digits", "steps": 100, "batch_size": 16})


@pytest.fixture
def runs(own_folder: Path) -> Path:
    return own_folder / "runs"


def make(runs: Path, name: str) -> tuple[Run, EventWriter]:
    run = create_run(load_preset("nin_cifar10"), TINY, runs / name)
    return run, EventWriter(run.directory / "events.jsonl")


def started(events: EventWriter, step: int = 0) -> None:
    events.write(
        "started", device="cpu", images=1297, steps=100, epochs=2, step=step, epoch=0, classes=10, parameters=1
    )


def steps(events: EventWriter, first: int, last: int) -> None:
    for step in range(first, last + 1):
        events.write(
            "step", step=step, epoch=1 + step // 51, loss=2 / step, accuracy=step / 100, lr=0.05,
            images_per_second=320.4, seconds_left=100.0 - step, aux=[],
        )  # fmt: skip


def epoch(events: EventWriter, number: int) -> None:
    events.write(
        "epoch", epoch=number, step=50 * number, train_loss=1 / number, train_accuracy=0.4 * number,
        validation_loss=1.1 / number, validation_accuracy=0.45 * number,
    )  # fmt: skip


def is_drawn(window: StudioWindow) -> bool:
    """Whether the log of the watched run has been read to its end, and there are curves."""
    data = window.features.training.trainer.data
    return data is not None and data.complete and window.features.training.panel.curves is not None


def drawn_points(window: StudioWindow) -> int:
    """Training points that the curve of the loss stands for."""
    lines = window.features.training.panel.curves.first.chart.lines
    return lines[0].x.size if lines else 0


def test_a_finished_run_is_listed_and_shows_its_curves_and_figures(open_window, qtbot, runs: Path) -> None:
    made, events = make(runs, "nin-20260131-142501")
    parts = dict.fromkeys(Memory.__struct_fields__, 0) | {"weights": 4_000_000}
    expected = Forecast(memory=Memory(**parts), time=Time(seconds=12.0, by="another"))
    (made.directory / "forecast.json").write_bytes(msgspec.json.encode(expected))
    started(events)
    steps(events, 1, 50)
    epoch(events, 1)
    steps(events, 51, 100)
    epoch(events, 2)
    events.write("finished", step=100, test_accuracy=0.964, test_loss=0.1, confusion=[[1]], seconds=9.0)
    window = open_window("nin_cifar10")
    window.desk.show_page("run")
    panel = window.features.training.panel
    assert panel.curves is None, "no curves are made before there is something to draw"
    qtbot.waitUntil(lambda: panel.list.count() == 1)
    rect = panel.list.visualItemRect(panel.list.item(0))
    click(panel.list.viewport(), rect.center())
    qtbot.waitUntil(lambda: is_drawn(window))
    curves = panel.curves
    for each in curves.charts:
        assert [line.x.size for line in each.chart.lines] == [100, 2], "training, and validation at the ends of epochs"
    assert "train" in curves.first.head.text() and "validation" in curves.first.head.text()
    assert curves.first.head.sizeHint().width() <= curves.first.head.width()
    curves.first.setFixedWidth(120)
    qtbot.waitUntil(lambda: not curves.first.head.text())  # not cut in the middle of a word
    curves.first.setFixedWidth(400)
    qtbot.waitUntil(lambda: "validation" in curves.first.head.text())
    assert curves.tools.isVisible(), "beside the tabs"
    window.desk.show_page("recipe")
    assert not curves.tools.isVisible()
    window.desk.show_page("run")
    figures = panel.figures
    assert figures.figures.figure("test accuracy") == "96.4 %"
    assert figures.figures.figure("validation accuracy") == "90.0 %"
    assert figures.figures.figure("time") == "9 s, expected 12 s"
    assert "nin" in figures.title.text() and "finished" in figures.title.text()
    assert figures.bar.value() == 1000
    assert window.features.training.trainer.state == "idle"


def test_a_running_run_is_attached_on_start_and_followed(open_window, qtbot, runs: Path) -> None:
    run, events = make(runs, "net-20260131-142501")
    lock = Lock(run.directory)
    lock.claim()  # this process is the trainer
    started(events)
    steps(events, 1, 20)
    window = open_window("nin_cifar10")
    window.desk.start()
    qtbot.waitUntil(lambda: window.features.training.trainer.state == "running")
    assert window.bottom.page == "run" and window.features.training.bar.stop.isVisible()
    panel = window.features.training.panel
    qtbot.waitUntil(lambda: panel.curves is not None and drawn_points(window) == 20)
    assert "320 images/s" in panel.figures.pace.text() and "1 min 20 s left" in panel.figures.left.text()
    steps(events, 21, 30)
    qtbot.waitUntil(lambda: drawn_points(window) == 30)
    bar, trainer = window.features.training.bar, window.features.training.trainer
    press_key(window, Qt.Key.Key_F6)
    assert bar.train.text() == "Pausing after this step…" and not bar.train.isEnabled()
    control = run.directory / "control.jsonl"
    qtbot.waitUntil(lambda: control.exists() and b'"pause"' in control.read_bytes())
    events.write("paused", step=30)
    qtbot.waitUntil(lambda: trainer.state == "paused" and bar.train.text() == "Resume" and bar.train.isEnabled())
    click(bar.stop)
    assert bar.stop.text() == "Stopping after this step…" and not bar.stop.isEnabled() and trainer.asked == "stop"
    qtbot.waitUntil(lambda: b'"stop"' in control.read_bytes())
    events.write("stopped", step=30)
    lock.release()
    qtbot.waitUntil(lambda: trainer.state == "idle" and not trainer.asked)
    assert panel.figures.go_on.isVisible() and bar.stop.text() == "Stop"


def test_closing_leaves_a_live_run_alone_unless_told_to_stop_it(open_window, qtbot, runs: Path) -> None:
    run, events = make(runs, "net-20260131-142501")
    Lock(run.directory).claim()
    started(events)
    for stop in (False, True):
        window = open_window("nin_cifar10")
        window.desk.start()
        qtbot.waitUntil(lambda window=window: window.features.training.trainer.state == "running")
        window.close()
        dialog = window.desk.dialog
        assert isinstance(dialog, ClosingDialog) and window.isVisible()
        ((_, leave, end),) = dialog.questions
        assert leave.isChecked()
        if stop:
            end.setFocus()
            press_key(end, Qt.Key.Key_Space)
        click(dialog.ok)
        qtbot.waitUntil(lambda window=window: not window.isVisible())
        control = run.directory / "control.jsonl"
        assert (control.exists() and b'"stop"' in control.read_bytes()) == stop


def test_points_that_a_continued_run_does_again_are_drawn_once(open_window, qtbot, runs: Path) -> None:
    run, events = make(runs, "net")
    started(events)
    steps(events, 1, 60)
    started(events, step=40)
    steps(events, 41, 45)
    window = open_window()
    window.features.training.trainer.attach(run)
    qtbot.waitUntil(lambda: is_drawn(window))
    assert window.features.training.trainer.data.steps["step"].tolist() == list(range(1, 46))


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (
            {"type": "failed", "code": "x", "message": "out of memory.", "where": "layer1", "hint": "Smaller."},
            "Smaller.",
        ),
        ({"type": "diverged", "step": 7, "loss": None}, "lower learning rate"),
    ],
)
def test_a_run_that_ended_badly_says_why(open_window, qtbot, runs: Path, event: dict, said: str) -> None:
    run, events = make(runs, "net")
    started(events)
    steps(events, 1, 7)
    events.write(**event)
    window = open_window()
    window.features.training.trainer.attach(run)
    qtbot.waitUntil(lambda: is_drawn(window))
    figures = window.features.training.panel.figures
    assert figures.trouble.isVisible() and said in figures.trouble.text()
    assert figures.go_on.isVisible()


@pytest.mark.slow
def test_a_flooded_log_is_read_a_slice_at_a_time(open_window, qtbot, runs: Path) -> None:
    run, events = make(runs, "net")
    started(events)
    events.close()
    line = '{"type":"step","time":1.0,"step":%d,"epoch":1,"loss":0.5,"accuracy":0.5,"lr":0.1}\n'
    with (run.directory / "events.jsonl").open("a") as file:
        file.writelines(line % step for step in range(1, 100_001))
    window = open_window()
    rounds: list[int] = []
    window.features.training.trainer.progress.connect(
        lambda: rounds.append(window.features.training.trainer.data.steps.size)
    )
    window.features.training.trainer.attach(run)
    qtbot.waitUntil(lambda: is_drawn(window), timeout=60_000)
    assert window.features.training.trainer.data.steps.size == 100_000
    assert len(rounds) >= 3, "the window drew what it had in between"
    assert drawn_points(window) == 100_000


def test_a_damaged_log_shows_what_is_whole(open_window, qtbot, runs: Path) -> None:
    run, events = make(runs, "net")
    started(events)
    steps(events, 1, 5)
    with (run.directory / "events.jsonl").open("ab") as file:
        file.write(b"\x00\xff not a line\n[1, 2]\n")
    steps(events, 6, 10)
    window = open_window()
    window.features.training.trainer.attach(run)
    qtbot.waitUntil(lambda: is_drawn(window))
    assert drawn_points(window) == 10


def test_what_cannot_be_trained_is_said_before_anything_starts(open_window, qtbot, runs: Path, tmp_path: Path) -> None:
    window = open_window("nin_cifar10")
    window.desk.show_page("recipe")
    type_into(window.features.training.recipe.fields["data.source"], str(tmp_path / "nothing here"))
    click(window.features.training.bar.train)
    qtbot.waitUntil(lambda: bool(window.toasts.texts))
    assert any("nothing here" in text for text in window.toasts.texts)
    assert window.features.training.trainer.state == "idle" and not list(runs.glob("*"))


def test_a_broken_diagram_is_not_trained(open_window, qtbot, runs: Path) -> None:
    window = open_window("resnet18")
    window.session.diagram.set("conv1", groups=7)
    click(window.features.training.bar.train)
    qtbot.waitUntil(lambda: any("conv1" in text for text in window.toasts.texts))
    assert not list(runs.glob("*"))


def test_recipe_fields_are_checked_while_they_are_typed(open_window) -> None:
    window = open_window()
    form = window.features.training.recipe
    field = form.fields["optimizer.lr"]
    type_into(field, "fast", enter=False)
    assert "number" in field.error and window.features.training.trainer.recipe.optimizer.lr is None
    type_into(field, "0.2")
    assert window.features.training.trainer.recipe.optimizer.lr == 0.2
    type_into(form.fields["steps"], "50")
    assert (
        window.features.training.trainer.recipe.steps == 50 and window.features.training.trainer.recipe.epochs is None
    )
    type_into(form.fields["epochs"], "3")
    assert (window.features.training.trainer.recipe.epochs, window.features.training.trainer.recipe.steps) == (3, None)
    assert form.fields["steps"].text() == ""


def test_only_fields_that_matter_are_shown(open_window) -> None:
    window = open_window()
    form = window.features.training.recipe
    fields = form.fields
    window.features.training.trainer.set_fields({"optimizer.name": "sgd"})
    assert fields["optimizer.momentum"].isVisible() and "optimizer.beta1" not in fields
    click(form.more)
    window.features.training.trainer.set_fields({"optimizer.name": "adam"})
    assert fields["optimizer.beta1"].isVisible() and not fields["optimizer.momentum"].isVisible()
    assert "data.shapes.size" not in fields
    window.features.training.trainer.set_fields({"data.source": "shapes"})
    assert fields["data.shapes.size"].isVisible()


def test_data_and_device_are_chosen_in_the_top_bar(open_window) -> None:
    window = open_window()
    for chip, words, shown in (
        (window.features.training.bar.data, "CIFAR-10", "cifar10"),
        (window.features.training.bar.device, "bf16", "auto · bf16"),
    ):
        menu = chip.menu()
        menu.aboutToShow.emit()
        next(action for action in menu.actions() if action.text() == words).trigger()
        assert shown in chip.text()
    assert (
        window.features.training.trainer.recipe.data.source == "cifar10"
        and window.features.training.trainer.recipe.precision == "bf16"
    )
    assert window.features.training.recipe.fields["data.source"].text() == "cifar10"


def test_a_run_that_ended_is_seen_to_go_on_elsewhere(open_window, qtbot, runs: Path) -> None:
    run, events = make(runs, "net")
    started(events)
    events.write("stopped", step=40)
    window = open_window()
    trainer = window.features.training.trainer
    trainer.attach(run)
    qtbot.waitUntil(lambda: trainer.state == "idle" and trainer.data.complete)
    lock = Lock(run.directory)
    lock.claim()
    try:
        started(events)
        qtbot.waitUntil(lambda: trainer.state == "running")
        qtbot.waitUntil(lambda: window.features.training.bar.train.text() == "Pause")
        events.write("stopped", step=60)
    finally:
        lock.release()
    qtbot.waitUntil(lambda: trainer.state == "idle")


def test_nothing_polls_once_a_run_has_ended(open_window, qtbot, runs: Path) -> None:
    run, events = make(runs, "net")
    started(events)
    events.write("finished", step=100, test_accuracy=0.5, test_loss=1.0, confusion=[], seconds=1.0)
    window = open_window()
    window.desk.show_page("recipe")
    window.features.training.trainer.attach(run)
    window.desk.show_page("problems")
    qtbot.waitUntil(lambda: is_drawn(window))
    assert not window.features.training.trainer.is_polling


def test_every_figure_of_a_run_has_its_curve_and_another_run_lies_over_it(
    open_window, qtbot, runs: Path, tmp_path: Path
) -> None:
    """The kinds of curves, axes, cursor and zoom of the page under the drawing, by the mouse and the keyboard."""
    for name, losses in (("one", 3.0), ("two", 5.0)):
        _, events = make(runs, name)
        started(events)
        events.write("watched", step=0, every=0, paths=["a", "b"])
        for step in range(1, 101):
            events.write(
                "step", step=step, epoch=1 + step // 51, loss=losses / step, accuracy=step / 200, lr=0.05,
                memory=3 << 20, accuracy_top5=step / 100 if step % 4 == 0 else None, images_per_second=300.0,
                aux=[2.0, 1 / step],
            )  # fmt: skip
        nothing = {name: [None, None] for name in BLOCK_FIGURES}
        events.write("blocks", step=40, cost=0.01, used=1, **{**nothing, "gradient": [3.0, 4.0]})
        epoch(events, 1)
        events.write("stopped", step=100)
        events.close()
    window = open_window("nin_cifar10")
    window.desk.show_page("run")
    panel = window.features.training.panel
    qtbot.waitUntil(lambda: panel.list.count() == 2)

    def item(name: str) -> QListWidgetItem:
        items = [panel.list.item(row) for row in range(panel.list.count())]
        return next(each for each in items if each.text().startswith(name))

    click(panel.list.viewport(), panel.list.visualItemRect(item("one")).center())
    qtbot.waitUntil(lambda: is_drawn(window))
    curves = panel.curves
    (first, second) = curves.charts
    assert [figure.key for figure in first.offered] == [
        "loss", "accuracy", "top5", "lr", "images_per_second", "memory", "gradient", "aux1", "aux2"
    ]  # fmt: skip
    menu = second.title.menu()
    menu.aboutToShow.emit()
    titles = [action.text() for action in menu.actions()]
    assert titles[-1] == "Auxiliary loss 2" and "Gradient norm" in titles
    last = {}
    for title in titles:
        menu.aboutToShow.emit()
        next(each for each in menu.actions() if each.text() == title).trigger()
        last[second.figure] = float(second.chart.lines[0].y[-1])
    assert last == {
        "loss": 0.03, "accuracy": 0.5, "top5": 1.0, "lr": 0.05, "images_per_second": 300.0, "memory": 3 << 20,
        "gradient": 5.0, "aux1": 2.0, "aux2": 0.01,
    }  # fmt: skip
    second.pick("memory")
    first.chart._point(50.0)
    assert second.chart.cursor_x == 50.0 and "3.1 MB" in second.head.text() and "step 50" in first.head.text()

    line = panel.list.visualItemRect(item("two"))
    click(panel.list.viewport(), line.topLeft() + QPoint(12, line.height() // 2))
    qtbot.waitUntil(lambda: len(first.chart.lines) == 4)
    assert window.features.training.trainer.data.run.name == "one", "the one in view stays"
    assert [bool(line.name) for line in first.chart.lines] == [True, False] * 2
    assert [line.dashed for line in first.chart.lines] == [False, True] * 2
    curves.axis.choose("epoch")
    assert first.chart.lines[0].x[-1] == 100.0, "a log that does not say how long an epoch is has steps"
    curves.axis.choose("seconds")
    curves.axis.choose("step")
    curves.log_x.click()
    assert first.chart.whole == (1.0, 100.0) and first.chart.log_x
    curves.log_x.click()
    plot = first.chart.plot
    middle = int(plot.center().y())
    qtbot.mousePress(first.chart, Qt.MouseButton.LeftButton, pos=QPoint(int(plot.left()) + 1, middle))
    qtbot.mouseMove(first.chart, QPoint(int(plot.center().x()), middle))
    qtbot.mouseRelease(first.chart, Qt.MouseButton.LeftButton, pos=QPoint(int(plot.center().x()), middle))
    assert second.chart.view == first.chart.view and 40 < first.chart.view[1] < 60
    press_key(first.chart, Qt.Key.Key_Plus)
    assert first.chart.view[1] - first.chart.view[0] < 50
    press_key(first.chart, Qt.Key.Key_Home)
    assert first.chart.view is None
    curves.save_as(tmp_path / "curves.csv")
    qtbot.waitUntil(lambda: (tmp_path / "curves.csv").exists())
    panel.list.setCurrentItem(item("two"))
    press_key(panel.list, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: len(first.chart.lines) == 2)

    first.chart._point(50.0)
    run, events = make(runs, "three")
    events.close()
    window.features.training.trainer.attach(run)
    qtbot.waitUntil(lambda: is_drawn(window) and not first.chart.lines)
    assert not first.head.text() and first.chart.cursor_x is None and first.chart.empty, "no stale read-out"


def test_the_diagram_of_a_run_opens_as_a_copy(open_window, qtbot, runs: Path) -> None:
    run, _ = make(runs, "net")
    window = open_window()
    window.features.training.trainer.attach(run)
    window.commands.run("run.diagram")
    qtbot.waitUntil(lambda: window.session.diagram.name == "NIN (CIFAR-10)")
    assert window.session.file is None, "what a run was trained with is not overwritten"


def test_an_empty_drawing_is_not_trained_and_told_so_in_one_sentence(open_window, runs: Path) -> None:
    window = open_window()
    press_key(window, Qt.Key.Key_F5)
    assert window.toasts.texts == ["Not trained: there is no network yet. Open a preset or draw one first."]
    assert window.features.training.trainer.state == "idle" and not list(runs.glob("*"))


def test_train_and_the_links_of_notes_leave_the_keyboard_with_the_drawing(open_window, qtbot, tmp_path: Path) -> None:
    window = open_window("nin_cifar10")
    assert window.features.training.trainer.set_fields({"data.source": str(tmp_path / "nothing here")})
    window.canvas.setFocus()
    click(window.features.training.bar.train)
    qtbot.waitUntil(lambda: window.features.training.trainer.state == "idle" and bool(window.toasts.texts))
    assert window.canvas.hasFocus()
    note = window.toasts.show_toast("Something", "info", ("Do it", lambda: None))
    click(note.buttons[0])
    assert window.canvas.hasFocus() and note not in window.toasts.notes
    note = window.toasts.show_toast("Something", "info", ("Do it", lambda: None))
    note.buttons[0].setFocus(Qt.FocusReason.TabFocusReason)
    press_key(note.buttons[0], Qt.Key.Key_Space)
    assert window.canvas.hasFocus() and note not in window.toasts.notes


def test_the_start_page_takes_the_keyboard_whenever_it_is_asked_for(open_window) -> None:
    window = open_window()
    window.desk.show_screen("start")
    window.status.macs.setFocus(Qt.FocusReason.TabFocusReason)
    window.desk.show_screen("start")
    assert window.features.browser.page is not None and window.features.browser.page.search.hasFocus()


def test_a_run_found_on_start_does_not_take_the_start_page_away(open_window, qtbot, runs: Path) -> None:
    run, events = make(runs, "net-20260131-142501")
    lock = Lock(run.directory)
    lock.claim()
    started(events)
    steps(events, 1, 20)
    window = open_window()
    window.desk.show_screen("start")
    window.desk.start()
    qtbot.waitUntil(lambda: window.features.training.trainer.state == "running")
    assert window.features.browser.page is not None and window.features.browser.page.search.hasFocus()
    (note,) = window.toasts.notes
    assert "net-20260131-142501" in note.label.text()
    click(next(button for button in note.buttons if "Show" in button.text()))
    assert window.features.browser.page is None and window.bottom.isVisible() and window.bottom.page == "run"
    lock.release()


def test_what_was_fitted_for_a_run_is_one_note(open_window) -> None:
    window = open_window()
    window.toasts.tell("a run", "Fitted to Digits.")
    window.toasts.tell("a run", "Frozen: conv1.")
    window.toasts.tell("a run", "Frozen: conv1.")
    window.toasts.tell("another", "Fitted to shapes.")
    assert window.toasts.texts == ["Fitted to shapes.", "Fitted to Digits. Frozen: conv1."]
