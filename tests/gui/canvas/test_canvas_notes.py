"""Problems beside their blocks, and their fixes."""

from __future__ import annotations

from threading import current_thread, main_thread

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt

from blockstudio.analysis.fixes import Trial
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import dumps
from blockstudio.graph.operations.copying import copy_diagram
from blockstudio.gui.canvas import Canvas
from blockstudio.gui.canvas.scene.callouts import Link, split
from blockstudio.gui.document import fixes
from blockstudio.gui.document.session import Session
from tests.support.canvas_driver import click, key, middle, move, press, release


@pytest.fixture
def broken() -> Diagram:
    """An Add whose inputs differ."""
    diagram = Diagram("broken")
    diagram.add("Input", "input", shape=[64, 56, 56], at=(0, 0))
    diagram.add("Conv2d", "conv", out_channels=128, kernel_size=3, stride=2, padding=1, at=(-120, 120))
    diagram.add("Add", "add", at=(0, 240))
    diagram.add("Output", "output", at=(0, 360))
    diagram.connect("input", "conv")
    diagram.connect("conv", "add:0")
    diagram.connect("input", "add:1")
    diagram.connect("add", "output")
    diagram.history.clear()
    return diagram


def test_a_problem_stands_beside_its_block_and_covers_no_block(show, broken) -> None:
    canvas = show(broken)
    assert canvas.scene.notebook.notes == []  # a badge, until it is asked for
    canvas.session.select(["add"])

    (note,) = canvas.scene.notebook.notes
    assert note.block == "add" and note.severity == "error"
    assert all(not note.rect.intersects(canvas.block_rect(name)) for name in canvas.scene.drawing.names)
    assert "differ" in note.paragraphs[0].text
    assert any("128×28×28" in paragraph.text and "64×56×56" in paragraph.text for paragraph in note.paragraphs)
    canvas.grab()
    assert canvas.painter.painted.notes == 1


def links(canvas, qtbot) -> list[Link]:
    """The fixes that the only callout offers, once they have been worked out."""
    canvas.session.select(["add"])
    qtbot.waitUntil(lambda: bool(canvas.scene.notebook.notes[0].links))
    (note,) = canvas.scene.notebook.notes
    return list(note.links)


def test_a_click_on_a_fix_applies_it_as_one_step_and_the_note_goes(show, broken, qtbot) -> None:
    canvas = show(broken)
    before = dumps(broken)
    link = links(canvas, qtbot)[0]

    click(canvas, canvas.camera.to_view(link.rect.center()))

    assert broken.history.undo_label == link.fix.label
    assert canvas.scene.notebook.notes == []
    assert canvas.scene.stage.facts.severity("add") == ""
    assert set(canvas.scene.drawing.names) == set(broken.main.graph), "what the fix added is drawn"
    canvas.session.undo()
    assert dumps(broken) == before
    canvas.session.select(["add"])
    assert len(canvas.scene.notebook.notes) == 1


def test_what_a_fix_adds_is_placed_where_it_covers_nothing(show, broken, qtbot) -> None:
    canvas = show(broken)
    known = set(canvas.scene.drawing.names)

    click(canvas, canvas.camera.to_view(links(canvas, qtbot)[0].rect.center()))

    for name in set(canvas.scene.drawing.names) - known:
        rect = canvas.block_rect(name)
        others = [other for other in canvas.scene.drawing.names if other != name]
        assert all(not rect.intersects(canvas.block_rect(other)) for other in others)


def test_a_wire_that_is_missing_marks_the_port_and_is_told_when_the_block_is_selected(show) -> None:
    diagram = Diagram("open")
    diagram.add("ReLU", "relu", at=(0, 0))
    canvas = show(diagram)

    assert canvas.scene.stage.facts.severity("relu") == "open"
    assert canvas.scene.stage.facts.open_inputs("relu") == {"in"}
    assert canvas.scene.notebook.notes == []

    click(canvas, middle(canvas, "relu"))
    assert [note.block for note in canvas.scene.notebook.notes] == ["relu"]


def test_problems_show_only_with_their_block(show) -> None:
    diagram = Diagram("many")
    diagram.add("Input", "input", shape=[3, 4, 4], at=(0, 0))
    for index in range(6):
        diagram.add("Conv2d", f"conv{index}", kernel_size=9, at=(300 * index, 120))
        diagram.connect("input", f"conv{index}")
    canvas = show(diagram)
    assert sum(canvas.scene.stage.facts.severity(name) == "error" for name in canvas.scene.drawing.names) == 6
    assert canvas.scene.notebook.notes == []

    move(canvas, middle(canvas, "conv0"))
    assert [note.block for note in canvas.scene.notebook.notes] == ["conv0"]


def test_a_wrong_expression_is_told_on_its_block(show, simple) -> None:
    canvas = show(simple)

    canvas.session.select(["conv2d"])
    simple.set("conv2d", out_channels="wdith * 2")

    assert canvas.scene.stage.facts.severity("conv2d") == "error"
    assert any("wdith" in paragraph.text for note in canvas.scene.notebook.notes for paragraph in note.paragraphs)
    assert canvas.scene.stage.facts.content("conv2d").line.startswith("wdith * 2")


def test_a_problem_inside_a_module_stands_on_the_instance_and_says_where(show, nested) -> None:
    nested.set("conv", scope="Stage", kernel_size=99, padding=0)
    canvas = show(nested)

    assert canvas.scene.stage.facts.severity("stage") == "error"
    canvas.session.select(["stage"])
    (note,) = [note for note in canvas.scene.notebook.notes if note.block == "stage"]
    assert any(paragraph.text == "stage.conv" for paragraph in note.paragraphs)

    canvas.session.enter("stage")
    assert canvas.scene.stage.facts.severity("conv") == "error"


def test_the_sentence_is_split_into_what_and_which(show, broken) -> None:
    (problem,) = [problem for problem in show(broken).session.analysis.problems if problem.block == "add"]

    (head, bold), (rest, plain) = split(problem, "add")

    assert bold and not plain
    assert head == "Its inputs differ"
    assert rest.startswith(("64×56×56", "128×28×28"))


def test_blocks_below_a_note_can_be_clicked_through_it(show, broken) -> None:
    canvas = show(broken)
    canvas.session.select(["add"])
    (note,) = canvas.scene.notebook.notes
    quiet = QPointF(note.rect.right() - 3, note.rect.top() + 3)
    broken.add("ReLU", "under", at=(quiet.x(), quiet.y()))
    canvas.scene.notebook.notes = [note]

    click(canvas, canvas.camera.to_view(quiet))

    assert canvas.session.selection == ("under",)


def test_in_a_large_diagram_ways_out_are_looked_for_when_asked(show, broken, monkeypatch, qtbot) -> None:
    monkeypatch.setattr("blockstudio.gui.canvas.scene.card_texts.LARGE", 3)
    canvas = show(broken)
    canvas.session.select(["add"])
    (note,) = canvas.scene.notebook.notes
    assert [link.text for link in note.links] == ["Look for fixes"]

    with qtbot.waitSignal(canvas.session.fix_finder.found):
        click(canvas, canvas.camera.to_view(note.links[0].rect.center()))

    (note,) = canvas.scene.notebook.notes
    assert all(link.fix is not None for link in note.links) and len(note.links) >= 2
    click(canvas, canvas.camera.to_view(note.links[0].rect.center()))
    assert canvas.scene.stage.facts.severity("add") == ""


def test_that_nothing_is_known_is_said_where_it_was_asked(show, monkeypatch, qtbot) -> None:
    monkeypatch.setattr("blockstudio.gui.canvas.scene.card_texts.LARGE", 0)
    diagram = Diagram("foreign")
    diagram.add("Input", "input", shape=[3, 4, 4], at=(0, 0))
    diagram.add("Foreign", "attention", what="Attention", shape="3×4×4", at=(0, 120))
    diagram.add("Output", "output", at=(0, 240))
    diagram.connect("input", "attention")
    diagram.connect("attention", "output")
    canvas = show(diagram)
    canvas.session.select(["attention"])
    (note,) = canvas.scene.notebook.notes
    with qtbot.waitSignal(canvas.session.fix_finder.found):
        click(canvas, canvas.camera.to_view(note.links[0].rect.center()))

    (note,) = canvas.scene.notebook.notes
    assert note.links == () and "No fix of this is known" in [paragraph.text for paragraph in note.paragraphs]


def test_fixes_of_one_state_are_tried_on_one_copy(show, broken, monkeypatch, qtbot) -> None:
    """However many problems are asked about; the window's thread tries nothing."""
    tried: list[object] = []
    monkeypatch.setattr(fixes, "copy_diagram", lambda diagram: tried.append(diagram) or copy_diagram(diagram))
    on, run = [], Trial.run
    monkeypatch.setattr(
        Trial, "run", lambda trial, fix, problem: on.append(current_thread()) or run(trial, fix, problem)
    )
    broken.add("Conv2d", "wide", out_channels=4, kernel_size=99, at=(300, 120))
    broken.connect("input", "wide")
    canvas = show(broken)
    for name in ("add", "wide"):
        canvas.session.select([name])
        qtbot.waitUntil(lambda: bool(canvas.scene.notebook.notes[0].links))
    assert len(tried) == 1 and on and main_thread() not in on

    canvas.session.undo()
    canvas.session.select(["add"])
    qtbot.waitUntil(lambda: bool(canvas.scene.notebook.notes[0].links))
    assert len(tried) == 2


def test_ways_out_are_worked_out_between_events_not_while_the_note_is_made(show, broken, qtbot) -> None:
    canvas = Canvas(Session(broken))
    qtbot.addWidget(canvas)
    canvas.session.select(["add"])

    (note,) = canvas.scene.notebook.notes
    assert note.links == () and note.paragraphs
    qtbot.waitUntil(lambda: bool(canvas.scene.notebook.notes[0].links))

    assert canvas.scene.notebook.notes[0].links[0].text.startswith("Insert 1×1 projection")
    canvas.session.close()


def test_a_note_stays_in_view_and_off_the_cards_wherever_its_block_is(show, broken) -> None:
    canvas = show(broken)
    for index in range(12):
        broken.add("ReLU", f"r{index}", at=(-700.0 + 250 * (index % 6), 500.0 + 120 * (index // 6)))
    canvas.session.select(["add"])
    card = canvas.block_rect("add")
    for scale in (0.7, 1.0, 2.0):
        canvas.zoom_to(scale)
        for x, y in ((20, 20), (980, 20), (20, 780), (980, 780), (500, 400)):
            at = canvas.camera.to_view(card.center())
            canvas.camera.pan(x - at.x(), y - at.y())
            (note,) = canvas.scene.notebook.notes
            shown = canvas.camera.rect_to_view(note.rect)
            assert canvas.view_rect().contains(shown), (scale, x, y)
            assert abs(shown.width() - 216) < 0.1
            names = canvas.scene.drawing.names
            assert not any(note.rect.intersects(canvas.block_rect(name)) for name in names), (scale, x, y)
    canvas.grab()
    assert canvas.fault == ""


def test_no_note_stands_in_the_way_of_what_is_dragged(show, broken) -> None:
    canvas = show(broken)
    for end in (release, lambda canvas, _: key(canvas, Qt.Key.Key_Escape)):
        start = middle(canvas, "add")
        canvas.session.select(["add"])
        assert canvas.scene.notebook.notes
        press(canvas, start)
        move(canvas, start + QPoint(30, 8))
        assert not canvas.scene.notebook.notes
        end(canvas, start + QPoint(30, 8))
        assert canvas.scene.notebook.notes


def test_the_mouse_reaches_the_note_of_a_hovered_block(show, broken) -> None:
    canvas = show(broken)
    move(canvas, middle(canvas, "add"))
    (note,) = canvas.scene.notebook.notes
    for point in (note.between.center(), note.rect.center()):
        move(canvas, canvas.camera.to_view(point))
        assert [each.block for each in canvas.scene.notebook.notes] == ["add"]
