"""Laying out: in columns that fit the window, all or some of it, around what is pinned, open or unrolled."""

from __future__ import annotations

from itertools import pairwise

import pytest

from blockstudio.graph.diagram import Block
from blockstudio.graph.edits import MoveBlocks, SetTexts
from blockstudio.graph.format import dumps, loads
from blockstudio.graph.operations.removing import delete
from blockstudio.graph.presets import load_preset
from blockstudio.gui.canvas import layout_commands
from blockstudio.gui.canvas.canvas import Canvas
from blockstudio.gui.document.session import Session
from blockstudio.layout.columns import GAP, Columns
from tests.support.canvas_samples import chain_with_branch
from tests.support.drawn_levels import Faults, faults_of_level, levels


def columns_of(canvas: Canvas) -> int:
    """How many columns there are: one more than wires that lead up again."""
    return len(canvas.scene.root.drawing.turns) + 1


def places(canvas: Canvas) -> dict[str, tuple[float, float]]:
    return canvas.scene.staging.standing(canvas.session.scope)


def test_every_block_of_googlenet_is_in_view_at_its_size(show) -> None:
    canvas = show(load_preset("googlenet"), 1366, 920)
    assert columns_of(canvas) == 3 and canvas.camera.scale == 1.0
    seen = canvas.camera.rect_to_scene(canvas.view_rect())
    assert all(seen.contains(canvas.block_rect(name)) for name in canvas.scene.drawing.names)

    canvas.resize(700, 1400)
    assert columns_of(canvas) == 2, "the window has another shape"
    canvas.camera.pan(1, 0)
    canvas.resize(1366, 920)
    assert columns_of(canvas) == 2, "who has moved the view finds it as it was"


def test_the_columns_are_chosen_kept_in_the_file_and_taken_back(show) -> None:
    diagram = load_preset("vgg16")
    canvas = show(diagram, 1366, 920)
    start, fitting = dumps(diagram), columns_of(canvas)
    assert fitting > 3
    canvas.arranging.set_columns(2)
    assert columns_of(canvas) == 2
    assert columns_of(show(loads(dumps(diagram)), 1366, 920)) == 2
    diagram.undo()
    assert dumps(diagram) == start and columns_of(canvas) == fitting
    canvas.arranging.set_columns(1)
    assert len({x for x, _ in places(canvas).values()}) == 1


def test_arranging_writes_down_what_is_seen(show) -> None:
    diagram = load_preset("googlenet")
    canvas = show(diagram, 1366, 920)
    seen = places(canvas)
    canvas.arranging.whole()
    assert {name: block.at for name, block in diagram.main.blocks()} == seen
    assert columns_of(canvas) == 3 and faults_of_level(canvas.scene.root) == Faults()
    again = show(loads(dumps(diagram)), 900, 900)
    assert places(again) == seen, "the file says where everything is"


def test_a_selection_is_laid_out_about_where_it_is_and_the_rest_stays(show) -> None:
    diagram = chain_with_branch()
    canvas = show(diagram)
    canvas.arranging.whole()
    diagram.move("b", 900.0, 40.0)
    diagram.move("c", 830.0, -200.0)
    before = places(canvas)
    canvas.session.select(["b", "c"])
    canvas.arranging.selected()
    after = places(canvas)
    assert after["b"][0] == after["c"][0] and after["b"][1] < after["c"][1]
    assert {name: at for name, at in after.items() if name not in "bc"} == {
        name: at for name, at in before.items() if name not in "bc"
    }
    assert abs(after["b"][0] - 865) < 80 and faults_of_level(canvas.scene.root).cards == 0


def test_pinned_blocks_stay_in_the_layout_and_in_the_file(show) -> None:
    diagram = chain_with_branch()
    canvas = show(diagram)
    canvas.session.select(["c"])
    canvas.arranging.toggle_pin()
    diagram.move("c", 512.0, 320.0)
    diagram.move("a", -300.0, 16.0)
    canvas.arranging.whole()
    found = places(canvas)
    assert found["c"] == (512.0, 320.0) and found["a"][0] == found["input"][0] == 512.0
    assert loads(dumps(diagram)).main.block("c").pinned
    assert faults_of_level(canvas.scene.root).cards == 0
    canvas.session.select(["c"])
    canvas.arranging.toggle_pin()
    assert not diagram.main.block("c").pinned


def test_the_inside_of_a_module_is_laid_out_from_outside(show) -> None:
    diagram = load_preset("googlenet")
    canvas = show(diagram)
    canvas.arranging.module("inception_3a")
    assert all(block.at is not None for _, block in diagram.modules["Inception"].blocks())
    assert all(block.at is None for _, block in diagram.main.blocks())


def test_a_new_block_leaves_the_rest_where_it_is(show) -> None:
    diagram = load_preset("googlenet")
    canvas = show(diagram, 1366, 920)
    before = places(canvas)
    diagram.add("ReLU", "late")
    diagram.connect("pool5", "late")
    after = places(canvas)
    assert {name: at for name, at in after.items() if name != "late"} == before


def test_resnet_152_unrolled_and_open_shows_every_block(show) -> None:
    diagram = load_preset("resnet152")
    canvas = show(diagram, 1366, 920)
    start, shut = dumps(diagram), places(canvas)
    canvas.arranging.unroll()
    assert [name for name in diagram.main.graph if name.startswith("layer3.")] == [f"layer3.{k}" for k in range(36)]
    assert columns_of(canvas) > 3
    commands = {command.id: command for command in layout_commands.commands(canvas)}
    commands["view.open_all"].run(None)
    stages = list(levels(canvas.scene.root))
    assert len(stages) == 51
    assert sum(not stage.drawing.is_hidden(name) for stage in stages for name in stage.drawing.names) > 500
    assert faults_of_level(canvas.scene.root) == Faults()
    commands["view.close_all"].run(None)
    assert not canvas.scene.root.inside
    diagram.undo()
    assert dumps(diagram) == start and places(canvas) == shut


def test_a_large_level_is_laid_out_away_from_the_window_and_can_be_called_off(qtbot) -> None:
    diagram = load_preset("vgg19")
    canvas = Canvas(Session(diagram))
    qtbot.addWidget(canvas)
    for index in range(200):
        diagram.main.insert(f"more{index}", Block(type="ReLU"))
    canvas.session.open(diagram)
    qtbot.waitUntil(lambda: not canvas.busy)
    canvas.arranging.whole()
    assert canvas.busy and diagram.history.undo_label is None
    assert canvas.cancel_gesture() and not canvas.busy
    canvas.arranging.whole()
    qtbot.waitUntil(lambda: not canvas.busy)
    assert diagram.history.undo_label == "Arrange"
    canvas.session.close()


@pytest.mark.parametrize("wide", [False, True])
def test_what_stands_around_a_module_that_opens_makes_room(show, wide: bool) -> None:
    diagram = load_preset("googlenet")
    canvas = show(diagram, 1366, 920)
    if wide:
        canvas.arranging.whole()  # the document's own places: what is around makes room
    for name in ("inception_3a", "inception_4d", "aux1"):
        canvas.toggle_frame(name)
    found = faults_of_level(canvas.scene.root)
    assert found == Faults(crossings=found.crossings) and found.crossings <= 1 and columns_of(canvas) == 3
    assert places(canvas)["input"] == (0.0, 24.0)


def test_columns_cut_where_one_wire_leads_on() -> None:
    names = [f"b{index}" for index in range(6)]
    standing = {name: (0.0, 24.0 + 80 * index) for index, name in enumerate(names)}
    sizes = dict.fromkeys(names, (152.0, 48.0))
    wires = [*pairwise(names), ("b1", "b3")]
    columns = Columns(standing, sizes, wires)
    assert [cut.wire for cut in columns.cuts] == [("b0", "b1"), ("b3", "b4"), ("b4", "b5")]
    folded = columns.folded(columns.into(2))
    assert folded["b4"][1] == 24.0 and folded["b4"][0] >= 152.0 + GAP
    assert columns.for_room(2000.0, 2000.0) == []


def test_unrolling_gets_room_and_leaves_the_rest_where_the_user_put_it(show) -> None:
    diagram = load_preset("resnet18")
    canvas = show(diagram, 1200, 900)
    canvas.arranging.whole()
    canvas.session.do("Move", MoveBlocks(to={"input": (-700.0, -40.0)}))
    canvas.session.select(["fc"])
    canvas.arranging.toggle_pin()
    before, text = places(canvas), dumps(diagram)
    canvas.session.select(["layer2"])
    canvas.arranging.unroll()
    now = places(canvas)
    assert {"layer2.0", "layer2.1"} <= now.keys() and "layer3" in now
    assert now["input"] == before["input"] and now["fc"] == before["fc"] and now["conv1"] == before["conv1"]
    assert faults_of_level(canvas.scene.root).cards == 0
    gaps = [b[1] - a[1] for a, b in pairwise(now[name] for name in ("layer1", "layer2.0", "layer2.1"))]
    assert gaps == [before["layer2"][1] - before["layer1"][1]] * 2, "as the block had"
    diagram.undo()
    assert dumps(diagram) == text and places(canvas) == before


def test_a_step_may_remove_blocks_and_set_texts_at_once(show) -> None:
    diagram = load_preset("vgg16")
    canvas = show(diagram, 1000, 700)
    assert columns_of(canvas) > 1
    last = [name for name, _ in diagram.main.blocks()][-1]
    edits = (*delete(diagram, "", [last]), SetTexts(description="without its end"))
    diagram.edit("Both", edits)
    assert last not in canvas.scene.root.drawing.names and places(canvas)
    diagram.rename("conv1_1" if "conv1_1" in diagram.main else next(iter(diagram.main.graph)), "first")
    diagram.history.do(SetTexts(description="again"))
    assert "first" in canvas.scene.root.drawing.names
