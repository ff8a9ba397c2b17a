"""Copies of a module that are open and look alike: one drawing for all."""

from __future__ import annotations

from blockstudio.graph.diagram import Block
from blockstudio.graph.edits import AddBlock
from blockstudio.graph.presets import load_preset
from blockstudio.gui.canvas.scene.stage import pills_of


def test_copies_of_a_module_that_look_alike_share_a_drawing(show, monkeypatch) -> None:
    canvas = show(load_preset("inception_v3"))
    session, scene = canvas.session, canvas.scene
    open_everything(scene)

    def drawings() -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for stage, _ in scene.stages():
            found.setdefault(stage.drawing.scope, []).append(stage.drawing.serial)
        return found

    def told() -> dict[str, tuple[list[list[float]], list[str]]]:
        return {
            stage.path: (
                stage.drawing.boxes.round(2).tolist(),
                [text for _, text, _ in pills_of(stage, range(len(stage.drawing.wires)))],
            )
            for stage, _ in scene.stages()
        }

    copies = drawings()["BasicConv2d"]
    assert len(copies) == 96 and len(set(copies)) <= 25, "as many as there are widths of titles"
    edited = AddBlock(scope="BasicConv2d", name="extra", block=Block(type="Identity"))
    session.do("Add", edited)
    assert not set(copies) & set(drawings()["BasicConv2d"]) and len(set(drawings()["BasicConv2d"])) <= 25
    together = told()

    monkeypatch.setattr(type(scene.staging), "_look", lambda staging, path, scope: path)
    scene.restage()
    assert len(set(drawings()["BasicConv2d"])) == 96
    assert told() == together, "as drawn each for itself"


def test_a_block_moved_in_one_copy_moves_in_all_that_are_open(show) -> None:
    canvas = show(load_preset("inception_v3"))
    canvas.toggle_frame("Conv2d_2a_3x3")
    canvas.toggle_frame("Conv2d_2b_3x3")
    session, scene = canvas.session, canvas.scene
    session.go("Conv2d_2a_3x3")

    def places() -> list[tuple[float, float]]:
        drawings = [inner.drawing for inner in scene.root.inside.values()]
        assert len(set(drawings)) == 2, "their titles differ in width"
        return [
            (rect.center().x() - other.center().x(), rect.center().y())
            for drawing in drawings
            for rect, other in [(drawing.rect("bn"), drawing.rect("conv"))]
        ]

    start, drawing = places(), scene.drawing
    scene.shift(["bn"], 40.0, 0.0)
    assert places() == [(x + 40.0, y) for x, y in start]
    scene.put_back(drawing, ["bn"])
    assert places() == start


def open_everything(scene) -> None:
    """Open all instances on all levels in place."""
    before: set[str] = set()
    while True:
        paths = {
            f"{stage.path}.{name}".lstrip(".")
            for stage, _ in scene.stages()
            for name, block in stage.drawing.definition.blocks()
            if block.type in scene.session.diagram.modules
        }
        if paths == before:
            return
        before = paths
        scene.open_all(paths)
