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
    qtbot.waitUntil(lambda: "layer2.0" in lesion.without, timeout=60_000)
    assert lesion.without["layer2.0"] == asked.without("layer2.0").accuracy
    assert lesion.off == ["layer2.0"] and "4 of 8 paths" in lesion.said.text() and lesion.classes.isVisible()
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
    # Questions of each group.
    for group, name, fields in (
        ("lesion", "lesion", {"images": "60"}), ("paths", "paths", {}), ("seeing", "cam", {"image": "0, 3"}),
        ("batchnorm", "batchnorm", {"images": "40", "batch-size": "16"}),
        ("evaluation", "evaluate", {"per-class": "2"}),
    ):  # fmt: skip
        page.turn_to(group)
        asking: Any = page.pages[group]
        asking.turn_to(name)
        for option, text in fields.items():
            asking.write(option, text)
        QTest.mouseClick(asking.ask_button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda asking=asking: asking.found is not None, timeout=120_000)
        assert asking.found["question"] == name and asking.figure.isVisible() and asking.table.table.lines
        assert asking.said.text() and not asking.trouble.isVisible()
    assert set(lesion.without) == {unit.name for unit in asked.candidates()}
    # A wrong option is a sentence in place.
    asking = page.pages["seeing"]
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
