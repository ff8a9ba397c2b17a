"""The page *Laboratory* with a process that really answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMenu

pytest.importorskip("torch")

import blockstudio as bs
from blockstudio.analysis.trunk import trunk
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.laboratory.checkpoint import AskedCheckpoint
from blockstudio.gui.laboratory.feature import Laboratory, install
from blockstudio.gui.laboratory.page import LaboratoryPage
from blockstudio.gui.laboratory.saving import Kind
from blockstudio.gui.laboratory.units import UnitsView
from blockstudio.laboratory.features import most_exciting
from blockstudio.runs import Run, create_run, with_fields
from blockstudio.runs.questions import GROUPS
from blockstudio.runs.recipe import Recipe
from blockstudio.training.trainer import train_run


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    recipe = with_fields(Recipe(), {"data.input_size": 8, "steps": 3, "batch_size": 16, "threads": 1})
    folder = tmp_path_factory.mktemp("runs")
    run = create_run(bs.load("cifar_resnet", n=1), recipe, folder / "resnet-20260131-142501")
    train_run(run)
    create_run(bs.load("cifar_resnet", n=1), recipe, folder / "young-20260131-142502")
    return run


@pytest.fixture
def desk(qtbot: Any, trained: Run) -> Any:
    desk = Desk(runs=trained.directory.parent)
    qtbot.addWidget(desk.toasts)
    yield desk
    desk.close()


def opened(desk: Desk, qtbot: Any) -> tuple[Laboratory, LaboratoryPage]:
    laboratory = install(desk)
    page = desk.screen_widget("laboratory")
    assert isinstance(page, LaboratoryPage)
    qtbot.addWidget(page)
    page.resize(1400, 900)
    page.show()
    return laboratory, page


def test_blocks_are_taken_away_by_hand_and_questions_asked(desk: Desk, qtbot: Any, trained: Run) -> None:
    laboratory, page = opened(desk, qtbot)
    # Without a run: what can be asked, and how to get one; the trained run is there to be chosen.
    assert page.empty.isVisible() and not page.stack.isVisible() and page.empty.open.isVisible()
    qtbot.waitUntil(lambda: list(page.empty.runs) == [trained.directory], timeout=10_000)
    QTest.mouseClick(page.empty.runs[trained.directory], Qt.MouseButton.LeftButton)
    assert page.stack.isVisible() and not page.empty.isVisible()
    lesion = page.by_hand
    assert page.focusWidget() is lesion.cards
    # It is not beside itself.
    listed = list[list[tuple[str, bool]]]()
    for fill in (page._fill_runs, lesion._fill_runs):
        menu = QMenu()
        fill(menu, print)
        listed.append([(action.text(), action.isChecked()) for action in menu.actions()])
    assert [checked for _, checked in listed[0]].count(True) == 1
    assert listed[1] == ([each for each in listed[0] if not each[1]] or [("No other runs yet", False)])
    qtbot.waitUntil(lambda: lesion.figure.text() != "–", timeout=120_000)
    asked = bs.lab.Lesions(subject := bs.lab.Subject.of_run(trained), subject.images("test", 2000))
    whole = asked.whole()
    assert lesion.figure.text() == f"{whole.accuracy:.1%}".replace("%", " %")
    assert [unit.name for unit in lesion.cards.units] == [unit.name for unit in subject.trunk.units]
    # A click takes a block away.
    place = lesion.cards.place("layer2.0").center().toPoint()
    QTest.mouseClick(lesion.cards, Qt.MouseButton.LeftButton, pos=place)
    # What is known on the first images is told before the whole answer.
    qtbot.waitUntil(lambda: "4 of 8 paths" in lesion.said.text(), timeout=60_000)
    assert lesion.without["layer2.0"] == asked.without("layer2.0").accuracy
    assert lesion.off == ["layer2.0"] and lesion.classes.isVisible()
    # Keys: the next block as well; undo puts it back, and the other too.
    QTest.keyClick(lesion.cards, Qt.Key.Key_Down)
    QTest.keyClick(lesion.cards, Qt.Key.Key_Space)
    assert lesion.off == ["layer2.0", "layer3.0"]
    laboratory_undo = laboratory._undo()
    assert laboratory_undo is not None and laboratory_undo() is None
    assert lesion.off == ["layer2.0"]
    lesion.put_back()
    assert lesion.off == []
    qtbot.waitUntil(lambda: not page.process.busy, timeout=60_000)
    assert lesion.figure.text() == f"{whole.accuracy:.1%}".replace("%", " %")
    # What cannot be taken away says why.
    lesion.toggle("fc")
    assert lesion.off == [] and "next layer would get" in lesion.said.text()
    # All units by themselves were measured while nobody asked: the next click is answered before it is computed.
    names = {unit.name for unit in asked.candidates()}
    qtbot.waitUntil(lambda: lesion.images_of == dict.fromkeys(names, whole.images), timeout=120_000)
    assert set(lesion.without) == {unit.name for unit in asked.candidates()}
    # Of several at a time it is measured while the pointer rests on the next.
    lesion.toggle("layer2.0")
    QTest.mouseMove(lesion.cards, lesion.cards.place("layer1.0").center().toPoint())
    prepared = lesion._prepared
    qtbot.waitUntil(lambda: prepared is not None and prepared not in page.process._waiting, timeout=60_000)
    QTest.mouseMove(lesion.cards, lesion.cards.place("fc").center().toPoint())
    assert lesion._prepared is None
    lesion.put_back()
    lesion.toggle("layer3.0")
    assert lesion.figure.text() == f"{asked.without('layer3.0').accuracy:.1%}".replace("%", " %")
    lesion.put_back()
    # Several at a time, and pairs swapped, are measured in the background too: of this network there are no pairs.
    qtbot.waitUntil(lambda: len(lesion.drawn.charts["several"].series) == 1, timeout=120_000)
    chart = lesion.drawn.charts["several"]
    qtbot.waitUntil(lambda: len(chart.series[0].draws) == 6, timeout=120_000)
    for count, share in chart.series[0].draws:
        assert any(share == asked.so_far(*names).accuracy for names in asked.drawn(count, 6) if asked.without(*names))
    assert "no two units" in lesion.drawn.charts["swap"].empty
    QTest.mouseMove(chart, chart.at(1, 0.5).toPoint())
    assert chart.marked == 1 and "%" in chart.texts()[0]
    QTest.keyClick(chart, Qt.Key.Key_Right)
    assert chart.marked == 2
    # Another run beside it: here itself.
    lesion.put_beside(trained)
    qtbot.waitUntil(lambda: lesion.beside is not None and len(lesion.beside[1]["without"]) == 3, timeout=120_000)
    qtbot.waitUntil(lambda: len(chart.series) == 2 and len(chart.series[1].draws) == 6, timeout=120_000)
    assert sorted(chart.series[1].draws) == sorted(chart.series[0].draws)
    shown = {line.cells[0].text: line.cells[4].text for line in lesion.table.table.lines}
    assert shown["layer2.0"] == f"{asked.without('layer2.0').accuracy:.1%}"
    keep_what_is_known_by_hand(page, qtbot, trained)
    # A picture, its classes, its features.
    seeing = page.seeing
    page.turn_to("look")
    qtbot.waitUntil(lambda: seeing._field is not None, timeout=120_000)
    profile = seeing.unit.profile
    if profile.isVisible():  # The strongest unit of so young a network may be silent at its place on the others.
        QTest.keyClick(profile, Qt.Key.Key_Right)
        assert profile.marked >= 0 and sum(profile.shares) == pytest.approx(1)
    assert len(seeing.maps.tiles) == 10 and seeing.chain.tiles[0].value == "conv1"
    qtbot.waitUntil(lambda: len(seeing.unit.strongest.tiles) == 6, timeout=120_000)
    # The images on which the channel answers most; a click on one looks at it.
    channel = seeing.features.value
    best = most_exciting(subject, seeing.block, [channel], subject.images("test", 400), 6)[channel]
    assert [tile.value for tile in seeing.unit.strongest.tiles] == [each.image for each in best]
    assert "355" in seeing.unit.strongest_said.text() and f"{best[0].value:.3g}" in seeing.unit.strongest_said.text()
    strongest = seeing.unit.strongest
    QTest.mouseClick(strongest, Qt.MouseButton.LeftButton, pos=strongest.place(2).center().toPoint())
    qtbot.waitUntil(lambda: seeing.found is not None and seeing.found["image"] == best[2].image, timeout=60_000)
    place = seeing.maps.place(3).center().toPoint()
    QTest.mouseClick(seeing.maps, Qt.MouseButton.LeftButton, pos=place)
    assert seeing.label == seeing.maps.tiles[3].value and "+ bias" in seeing.score.text()
    QTest.mouseClick(seeing.gallery, Qt.MouseButton.LeftButton, pos=seeing.gallery.place(4).center().toPoint())
    qtbot.waitUntil(lambda: seeing.found is not None and seeing.found["image"] == 4, timeout=60_000)
    for kind in ("grad", "occlusion"):
        QTest.mouseClick(seeing.kinds[kind], Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda kind=kind: kind in seeing._layers, timeout=60_000)
        assert not seeing.view.layer.isNull()
    # Another block while Grad-CAM is shown: it is that block's.
    QTest.mouseClick(seeing.kinds["grad"], Qt.MouseButton.LeftButton)
    seeing.show_block(seeing.chain.tiles[0].value)
    assert "grad" not in seeing._layers
    qtbot.waitUntil(lambda: "grad" in seeing._layers, timeout=60_000)
    assert not seeing.view.layer.isNull() and seeing.chain.tiles[0].value in seeing.said.text()
    qtbot.waitUntil(lambda: not page.process.busy, timeout=60_000)
    assert json.loads(kept(page, qtbot, "data", "map.json"))["images"][0]["map"] == seeing._layers["grad"]
    assert not page.asking, "pages that nobody has looked at are not made"
    # Questions of each group.
    for group, name, fields in (
        ("lesion", "lesion", {"images": "60"}), ("paths", "paths", {}),
        ("paths", "start", {"initial": "torch he", "seeds": "0", "batch-size": "8"}),
        ("seeing", "cam", {"image": "0, 3"}),
        ("batchnorm", "batchnorm", {"images": "40", "batch-size": "16"}),
        ("evaluation", "evaluate", {"per-class": "2"}),
    ):  # fmt: skip
        page.turn_to(group)
        asking: Any = page.asking[group]
        assert page.pages[group] is page.stack.currentWidget()
        asking.turn_to(name)
        for option, text in fields.items():
            asking.write(option, text)
        QTest.mouseClick(asking.ask_button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda asking=asking: asking.found is not None, timeout=120_000)
        assert asking.found["question"] == name and asking.figure.isVisible() and asking.table.table.lines
        assert asking.said.text() and not asking.trouble.isVisible()
    assert json.loads(kept(page, qtbot, "data", "evaluate.json"))["images"] == 20
    assert kept(page, qtbot, "figure", "evaluate.svg").startswith(b"<svg")
    asking.copy.copy(".csv")
    assert QGuiApplication.clipboard().text().startswith("class,images,accuracy\n")
    assert set(lesion.without) == {unit.name for unit in asked.candidates()}
    # A wrong option is a sentence in place.
    asking = page.asking["seeing"]
    page.turn_to("seeing")
    asking.turn_to("features")
    asking.ask()
    assert asking.trouble.text().startswith("Block is missing: a block or module")
    asking.turn_to("cam")
    assert asking.found["question"] == "cam"  # what it answered is still there
    asking.write("image", "one")
    asking.ask()
    assert "whole numbers" in asking.trouble.text()


def test_paths_that_are_left_are_those_of_the_graph(desk: Desk, qtbot: Any) -> None:
    _, page = opened(desk, qtbot)
    lesion = page.by_hand
    net = bs.Builder("Three ways", input=(1, 8, 8))
    net.add("Conv2d", "stem", out_channels=4, padding=1)
    net.add("Conv2d", "one", out_channels=4, padding=1)
    net.add("Conv2d", "two", after="stem", out_channels=4, padding=1)
    net.add("Add", "sum", after=["one", "two", "stem"])
    net.chain("GlobalAvgPool", "Flatten", ("Linear", {"out_features": 10}))
    lesion.show_network("three", trunk(net.finish()))
    (unit,) = (unit.name for unit in lesion.cards.units if unit.residual)
    assert (lesion._paths_left([]), lesion._paths_left([unit])) == ("3 of 3 paths are left.", "1 of 3 paths are left.")
    lesion.show_network("two", trunk(bs.load("cifar_resnet", n=3)))
    assert "128 of 512 paths are left: one block off halves" in lesion._paths_left(["layer1.0", "layer3.2"])
    lesion.show_network("inception", trunk(bs.load("module_inception")))
    assert "all 4 paths lead through each" in lesion._paths_left([])
    lesion.show_network("plain", trunk(bs.load("cifar_plain", n=1)))
    assert "one path, and every block lies on it" in lesion._paths_left([])


def keep_what_is_known_by_hand(page: LaboratoryPage, qtbot: Any, trained: Run) -> None:
    """Copied, and saved as data and as figures beside the run."""
    lesion = page.by_hand
    assert page.checkpoint.said.text() == "weights of step 3" and page.checkpoint.newer.isHidden()
    lesion.copy.copy(".csv")
    head, none, *rows = QGuiApplication.clipboard().text().splitlines()
    assert head == "block,accuracy,change,resnet" and none.startswith("none,") and rows[0] == "conv1,–,,–"
    meter = next(line for line in lesion.table.table.lines if line.blocks == ("layer2.0",)).cells[3].meter
    assert meter is not None and (meter.share, meter.mark) == (lesion.without["layer2.0"], lesion.whole)
    assert not (trained.directory / "lab").exists()
    data = json.loads(kept(page, qtbot, "data", "hand.json"))
    assert data["whole"] == lesion.whole and set(data["without"]) == set(lesion.without)
    assert len(data["curves"]) == 2 and all(len(each["several"]) == 6 for each in data["curves"].values())
    figure = kept(page, qtbot, "figure", "hand.svg").decode()
    assert figure.startswith("<svg") and "without one unit" in figure and "without k units" in figure
    assert kept(page, qtbot, "figure", "hand.png").startswith(b"\x89PNG")
    assert (trained.directory / "lab" / "hand.png").is_file()


def kept(page: LaboratoryPage, qtbot: Any, kind: Kind, name: str) -> bytes:
    """Save what is in view under a name in the folder that is offered, and read it."""
    desk = page._desk
    desk.dialog = None
    page.save(kind)
    qtbot.waitUntil(lambda: desk.dialog is not None, timeout=60_000)
    dialog = desk.dialog
    assert isinstance(dialog, QFileDialog) and page.run is not None
    lab = page.run.directory / "lab"
    # Until something is written there is no such folder.
    assert Path(dialog.directory().path()) == (lab if lab.is_dir() else lab.parent)
    file = lab / name
    dialog.fileSelected.emit(str(file))
    dialog.close()
    dialog.deleteLater()
    desk.dialog = None
    return file.read_bytes()


def test_a_run_that_goes_on_offers_its_newer_weights(qtbot: Any, trained: Run) -> None:
    asked = AskedCheckpoint()
    qtbot.addWidget(asked)
    asked.show()
    asked.show_step(trained, 1)
    qtbot.waitUntil(lambda: asked.newer.isVisible(), timeout=20_000)
    assert asked.said.text() == "weights of step 1" and asked.newer.text().endswith("step 3")
    assert not asked._again.isActive()  # Nobody trains it any more.
    with qtbot.waitSignal(asked.renewed):
        QTest.mouseClick(asked.newer, Qt.MouseButton.LeftButton)
    asked.show_step(trained, 3)
    qtbot.waitUntil(lambda: not asked._work.busy, timeout=20_000)
    assert asked.newer.isHidden()


def test_a_card_is_dragged_into_the_place_of_another(qtbot: Any) -> None:
    found = trunk(bs.load("cifar_resnet", n=3))
    view = UnitsView()
    qtbot.addWidget(view)
    view.show_units(found.units)
    view.resize(1000, 500)
    view.show()
    dropped: list[tuple[str, str]] = []
    toggled: list[str] = []
    view.dropped.connect(lambda one, other: dropped.append((one, other)))
    view.toggled.connect(toggled.append)

    def drag(one: str, other: str) -> None:
        start, end = (view.place(name).center().toPoint() for name in (one, other))
        QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
        QTest.mouseMove(view, start + QPoint(20, 0))
        QTest.mouseMove(view, end)
        QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=end)

    drag("layer1.1", "layer1.2")
    drag("layer1.1", "layer2.1")  # Other shapes: nothing happens, and it is no click either.
    drag("conv1", "layer1.1")
    assert dropped == [("layer1.1", "layer1.2")] and toggled == []
    before = view.place("layer1.1")
    names = [unit.name for unit in found.units]
    order = [{"layer1.1": "layer1.2", "layer1.2": "layer1.1"}.get(name, name) for name in names]
    view.show_state({"layer1.1"}, {}, order)
    assert view.place("layer1.2") == before and not view.grab().isNull()
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=before.center().toPoint())
    assert toggled == ["layer1.2"]
    # With keys: the next that fits, past those that do not.
    view.light("layer2.2")
    QTest.keyClick(view, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    view.light("layer2.0")
    QTest.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert dropped[1:] == [("layer2.2", "layer2.1")]


@pytest.mark.slow
def test_a_run_that_cannot_be_asked_says_why(desk: Desk, qtbot: Any, trained: Run) -> None:
    laboratory, page = opened(desk, qtbot)
    young = Run(trained.directory.parent / "young-20260131-142502")
    desk.watched.turn_to(young)
    laboratory.ask_watched()
    qtbot.waitUntil(lambda: page.trouble.isVisible(), timeout=120_000)
    assert "no checkpoint yet" in page.trouble.text() and not page.stack.isVisible()
    menu = page.chip.menu()
    menu.aboutToShow.emit()
    assert [action.text().split()[0] for action in menu.actions()] == ["young", "resnet"]


@pytest.mark.parametrize("tab", ["hand", "look", *GROUPS])
def test_a_picture_is_asked_for_whatever_is_in_view(
    desk: Desk, qtbot: Any, trained: Run, tab: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, page = opened(desk, qtbot)
    chosen = list[str]()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: chosen.append(page.tab) or ("", ""))
    desk.show_screen("laboratory")
    desk.commands.run("laboratory.picture")
    assert chosen == [], "there is no run to ask"
    page.open_run(str(trained.directory))
    page.turn_to(tab)
    desk.commands.run("laboratory.picture")
    takes = tab in GROUPS and page.asking[tab].takes_picture
    assert takes == (tab == "seeing"), "its first question, class maps, has a field for one"
    assert chosen == [tab if takes else "look"]
