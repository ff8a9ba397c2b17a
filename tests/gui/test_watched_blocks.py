"""What the blocks of the watched run do, in the window: on cards, in lists and curves; the sizes that are trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint

from blockstudio.compiler import compile
from blockstudio.graph.presets import load_preset
from blockstudio.gui.canvas.paint.legend import has_legend
from blockstudio.gui.shell.window import StudioWindow
from blockstudio.gui.training.watch.section import WatchedBlock
from blockstudio.gui.training.watch.watchable import number, rough
from blockstudio.runs import Recipe, Run, create_run, with_fields
from blockstudio.runs.events import EventWriter
from blockstudio.runs.watching import FIGURES
from tests.support.hands import click

NETWORK = "resnet18"


@pytest.fixture
def runs(own_folder: Path) -> Path:
    return own_folder / "runs"


def measured_run(runs: Path, network: str = NETWORK, steps: tuple[int, ...] = (10, 20)) -> tuple[Run, EventWriter]:
    """A run that has measured its blocks: deeper blocks have less gradient."""
    recipe = with_fields(Recipe(), {"data.source": "digits", "steps": 100, "batch_size": 16})
    run = create_run(load_preset(network), recipe, runs / f"{network}-20260131-142501")
    events = EventWriter(run.directory / "events.jsonl")
    events.write("started", step=0, steps=100, steps_per_epoch=50, epochs=2, device="cpu", classes=["a"] * 10)
    paths = [name for name, _ in compile(run.diagram()).named_modules() if name]
    events.write("watched", step=0, every=10, paths=paths)
    for step in steps:
        measure(events, paths, step)
    return run, events


def measure(events: EventWriter, paths: list[str], step: int) -> None:
    def column(name: str) -> list[Any]:
        weighted = ("conv", "bn", "fc", "downsample")
        found = []
        for row, path in enumerate(paths):
            leaf = not any(other.startswith(path + ".") for other in paths)
            own = leaf and any(word in path for word in weighted)
            values = {"gradient": 10 / (1 + row) / step, "weight": 2.0, "update": 2e-3, "mean": 0.1 - 0.01 * row,
                      "deviation": 1.0, "dead": 0.4, "dead_channels": 3.0, "forward": 1.0, "backward": 2.0,
                      "memory": 4096, "shift": 0.03, "scale": 1.08}  # fmt: skip
            there = own if name in ("gradient", "weight", "update") else leaf or name in ("mean", "deviation", "dead")
            found.append(values[name] if there and (name not in ("shift", "scale") or "bn" in path) else None)
        return found

    events.write("blocks", step=step, cost=0.014, **{name: column(name) for name in FIGURES})


def watch(window: StudioWindow, qtbot, run: Run) -> None:
    training = window.features.training
    training.trainer.attach(run)
    trained = training.watched.trained
    qtbot.waitUntil(lambda: training.trainer.data.complete and trained.analysis is not None)
    window.desk.show_page("run")


def test_cards_list_strip_and_inspector_show_what_the_blocks_do(open_window, qtbot, runs: Path) -> None:
    run, events = measured_run(runs)
    window = open_window(NETWORK)
    session, watched = window.session, window.features.training.watched
    watch(window, qtbot, run)

    session.heat = "watch.ratio"
    facts = window.canvas.scene.root.facts
    assert has_legend(facts) and facts.content("conv1").value == "1e−3" and facts.content("conv1").two_sided
    assert facts.content("layer1").value == "1e−3", "a closed module: all its weights together"
    assert facts.content("conv1").heat == pytest.approx(0.5) and facts.content("avgpool").heat < 0
    session.go_to_block("layer1.0.conv1")
    assert window.canvas.scene.root.facts.content("conv1").value == "1e−3", "in an open module the single values"
    session.go_to_block("conv1")

    # The list at the left takes the palette's place, and gives it back.
    window.commands.run("view.watch")
    assert window.desk.is_shown("watch") and not window.desk.is_shown("palette")
    panel = watched.panel
    rows = {panel.list.item(row).text(): panel.list.item(row) for row in range(panel.list.count())}
    assert rows["BatchNorm drift"].data(257) == "0.03" and panel.cost.text() == "1.4 %"
    click(panel.list.viewport(), panel.list.visualItemRect(rows["gradient norm"]).center())
    assert session.heat == "watch.gradient"

    # A click on the strip goes to the block, and the block is marked there.
    strip = watched.strip.strip
    assert strip.paths[:3] == ["conv1", "bn1", "layer1.0"] and strip.paths[-1] == "fc"
    qtbot.waitUntil(strip.isVisible)
    at = strip.at("layer2.1")
    click(strip, QPoint(round(at.x()), round(at.y())))
    assert session.selection == ("layer2",) or session.path.startswith("layer2")
    session.go_to_block("conv1")
    qtbot.waitUntil(lambda: [each.path for each in window.findChildren(WatchedBlock) if each.isVisible()] == ["conv1"])
    section = next(each for each in window.findChildren(WatchedBlock) if each.isVisible())
    assert section.curves[0].last == number(10 / 20) and [curve.isHidden() for curve in section.curves] == [False] * 4

    # What comes later is shown without a word.
    measure(events, list(watched.trained.blocks.paths), 40)
    window.features.training.trainer._poll()
    qtbot.waitUntil(lambda: section.curves[0].last == number(10 / 40))
    assert watched.strip.then.text().startswith("● at step 10")
    watched.strip.compare_with(25)
    assert watched.strip.then.text().startswith("● at step 20")

    # A narrow window stays narrow: the list of runs goes, and comes back.
    panel = window.features.training.panel
    assert panel.list.isVisible()
    window.resize(1200, 700)
    qtbot.waitUntil(lambda: not panel.list.isVisible())
    assert window.width() == 1200 and watched.strip.isVisible()
    window.resize(900, 700)
    qtbot.waitUntil(lambda: not watched.strip.isVisible())
    assert window.width() == 900
    window.resize(1440, 900)
    qtbot.waitUntil(panel.list.isVisible)


def test_the_drawing_shows_the_sizes_that_are_trained(open_window, qtbot, runs: Path) -> None:
    run, _ = measured_run(runs)
    window = open_window(NETWORK)
    session, trained = window.session, window.features.training.watched.trained
    bar = window.features.training.watched.bar
    assert bar.isHidden()

    def shape(block: str) -> object:
        return window.canvas.scene.root.facts.shape(block, "0") or window.canvas.scene.root.facts.shape(block, "out")

    drawn = shape("conv1")
    watch(window, qtbot, run)
    assert not bar.isHidden() and "32" in bar.text.text() and "224" in bar.text.text()
    assert trained.is_shown and shape("conv1") != drawn and shape("conv1")[-1] == 16
    assert not session.document.dirty, "a view, no edit"
    window.commands.run("view.as_drawn")
    assert shape("conv1") == drawn and not trained.is_shown and not bar.isHidden()
    window.commands.run("view.as_trained")
    session.select(("conv1",))
    window.commands.run("edit.delete")
    assert shape("bn1") is not None and not trained.is_shown, "what is edited is what is seen"
    assert bar.isHidden() and trained.blocks is None, "another network than the run's"
    window.commands.run("edit.undo")
    assert not bar.isHidden() and trained.blocks is not None
    window.commands.run("run.apply_trained")
    assert shape("conv1")[-1] == 16 and session.document.dirty and bar.isHidden()
    window.commands.run("edit.undo")
    assert shape("conv1") == drawn


def test_another_network_in_view_is_not_painted(open_window, qtbot, runs: Path) -> None:
    run, _ = measured_run(runs)
    window = open_window("cifar_resnet")
    watch(window, qtbot, run)
    window.session.heat = "watch.gradient"
    assert not has_legend(window.canvas.scene.root.facts), "it has blocks of the same names, which are not the run's"
    window.desk.set_shown("watch", True)
    assert not window.features.training.watched.panel.open.isHidden()


def test_numbers_are_short() -> None:
    assert [number(value) for value in (0.0639, 3.54e-4, 12_345, -0.05, 0, 1e-3)] == [
        "0.064", "3.5e−4", "1.2e4", "−0.05", "0", "1e−3"
    ]  # fmt: skip
    assert rough(3.54e-4) == "4e−4"
