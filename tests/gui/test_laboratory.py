"""The page *Laboratory* with a process that really answers."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

pytest.importorskip("torch")

import blockstudio as bs
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.laboratory.feature import Laboratory, install
from blockstudio.gui.laboratory.page import LaboratoryPage
from blockstudio.laboratory.features import most_exciting
from blockstudio.runs import Run, create_run, with_fields
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
    _, page = opened(desk, qtbot)
    assert page.empty.isVisible() and not page.stack.isVisible()
    page.show_run(trained)
    lesion = page.by_hand
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
    lesion.undo()
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
    lesion.toggle("layer3.0")
    assert lesion.figure.text() == f"{asked.without('layer3.0').accuracy:.1%}".replace("%", " %")
    lesion.put_back()
    # Another run beside it: here itself.
    lesion.put_beside(trained)
    qtbot.waitUntil(lambda: lesion.beside is not None, timeout=120_000)
    shown = {line.cells[0].text: line.cells[3].text for line in lesion.table.table.lines}
    assert shown["layer2.0"] == f"{asked.without('layer2.0').accuracy:.1%}"
    # A picture, its classes, its features.
    seeing = page.seeing
    page.turn_to("look")
    qtbot.waitUntil(lambda: seeing._field is not None, timeout=120_000)
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
    qtbot.waitUntil(lambda: not page.process.busy, timeout=60_000)
    # Questions of each group.
    for group, name, fields in (
        ("lesion", "lesion", {"images": "60"}), ("paths", "paths", {}), ("seeing", "cam", {"image": "0, 3"}),
        ("batchnorm", "batchnorm", {"images": "40", "batch-size": "16"}),
        ("evaluation", "evaluate", {"per-class": "2"}),
    ):  # fmt: skip
        page.turn_to(group)
        asking: Any = page.asking[group]
        asking.turn_to(name)
        for option, text in fields.items():
            asking.write(option, text)
        QTest.mouseClick(asking.ask_button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda asking=asking: asking.found is not None, timeout=120_000)
        assert asking.found["question"] == name and asking.figure.isVisible() and asking.table.table.lines
        assert asking.said.text() and not asking.trouble.isVisible()
    assert set(lesion.without) == {unit.name for unit in asked.candidates()}
    # A wrong option is a sentence in place.
    asking = page.asking["seeing"]
    page.turn_to("seeing")
    asking.turn_to("features")
    asking.ask()
    assert "needs --block" in asking.trouble.text()
    asking.turn_to("cam")
    assert asking.found["question"] == "cam"  # what it answered is still there
    asking.write("image", "one")
    asking.ask()
    assert "whole numbers" in asking.trouble.text()


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
