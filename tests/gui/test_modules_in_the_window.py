"""Modules through the window: made, taken apart, changed in all their places, kept."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton

from blockstudio.analysis import analyze
from blockstudio.graph.edits import SetBlock
from blockstudio.graph.format import dumps
from blockstudio.graph.presets import load_preset
from blockstudio.gui.canvas.hand import dropping
from blockstudio.gui.canvas.scene.repeating import handle
from blockstudio.gui.document.session import Session
from blockstudio.gui.inspector.inspector import Inspector
from blockstudio.gui.modules import acts
from blockstudio.gui.panels.palette_list import Entry
from tests.support.hands import type_into

pytestmark = pytest.mark.gui


def undone(session: Session, before: str) -> None:
    """One step, which goes back to the same bytes and forth again."""
    after = dumps(session.diagram)
    session.undo()
    assert dumps(session.diagram) == before
    session.redo()
    assert dumps(session.diagram) == after


def test_a_selection_becomes_a_module_and_comes_apart_again(qapp):
    session = Session(load_preset("alexnet"))
    figures = (session.analysis.parameters, session.analysis.macs, session.analysis.output_shape)
    said: list[str] = []
    session.message.connect(said.append)
    for names, module in (
        (["conv1", "relu1"], "ConvReLU"),
        (["conv3", "relu3", "conv4", "relu4"], "ConvReLU2"),
        (["conv2", "relu2", "norm2", "pool2"], "Group"),
        (["fc6"], "LinearBlock"),
    ):
        before = dumps(session.diagram)
        session.select(names)
        assert acts.group_selection(session)
        assert session.definition.block(session.selection[0]).type == module
        assert (session.analysis.parameters, session.analysis.macs, session.analysis.output_shape) == figures
        undone(session, before)
    assert said[0] == "2 blocks are now ConvReLU"
    for instance in [name for name, block in session.definition.blocks() if block.type in session.diagram.modules]:
        before = dumps(session.diagram)
        session.select([instance])
        assert acts.ungroup_selection(session)
        assert (session.analysis.parameters, session.analysis.macs, session.analysis.output_shape) == figures
        undone(session, before)


def test_what_cannot_be_grouped_says_so(qapp):
    session, refused = Session(load_preset("alexnet")), []
    session.refused.connect(refused.append)
    session.select(["input", "conv1"])
    before = dumps(session.diagram)
    assert not acts.group_selection(session)
    session.select(["conv1", "pool1"])
    assert not acts.group_selection(session)
    assert dumps(session.diagram) == before
    assert len(refused) == 2


def test_blocks_that_come_out_of_a_module_cover_nothing(open_window):
    window = open_window("resnet18")
    session = window.session
    session.select(["layer1"])
    type_into(window.features.inspector.page.fields["repeat"], "1")
    assert acts.ungroup_selection(session)
    places = [block.at for _, block in session.definition.blocks() if block.at is not None]
    near = [(a, b) for a in places for b in places if a < b and abs(a[0] - b[0]) < 100 and abs(a[1] - b[1]) < 48]
    assert near == []


def test_inside_a_module_numbers_become_its_parameters(open_window, qtbot):
    window = open_window("resnet34")
    session = window.session
    session.go("layer2.0")
    session.select(["conv2"])
    inspector = window.features.inspector
    before, figures = dumps(session.diagram), (session.analysis.parameters, session.analysis.macs)
    link = next(each for each in inspector.page.findChildren(QPushButton) if each.text() == "kernel_size")
    qtbot.mouseClick(link, Qt.MouseButton.LeftButton)
    module = session.diagram.modules["BasicBlock"]
    assert module.block("conv2").parameters["kernel_size"] == "kernel_size"
    assert module.parameters["kernel_size"].default == 3
    assert (session.analysis.parameters, session.analysis.macs) == figures
    undone(session, before)


def test_how_many_places_follow_is_said(open_window):
    window = open_window("resnet34")
    session, inspector = window.session, window.features.inspector
    session.select(["layer2"])
    assert "BasicBlock stands in 16 places of the network." in told(inspector)
    session.go("layer2.0")
    assert "module · 16 places; editing it changes all of them" in told(inspector)
    session.select(["conv1"])
    assert "What changes here changes in all 16 places." in told(inspector)


def told(widget: Inspector) -> list[str]:
    return [label.text() for label in widget.page.findChildren(QLabel)]


def test_what_ends_a_chain_is_grouped_without_a_gap_before_it(open_window):
    window = open_window()
    session, before = window.session, None
    for index, kind in enumerate(("Input", "Conv2d", "ReLU", "Conv2d", "BatchNorm2d", "ReLU")):
        name = session.diagram.add(kind, f"b{index}", at=(0.0, 80.0 * index))
        if before is not None:
            session.diagram.connect(before, name)
        before = name
    session.select(["b3", "b4", "b5"])
    assert window.commands.run("edit.group")
    (name,) = session.selection
    assert session.definition.block(name).at == (0.0, 240.0)


def test_a_group_stands_where_the_first_of_its_blocks_did(open_window):
    window = open_window("module_inception")
    session, canvas = window.session, window.canvas
    for names in (["reduce3x3", "relu2", "conv3x3"], ["reduce5x5", "relu4", "conv5x5"], ["pool", "pool_proj", "relu6"],
                  ["relu2", "conv3x3", "relu3"], ["conv1x1", "relu1"]):  # fmt: skip
        before = canvas.block_rect(names[0])
        session.select(names)
        assert acts.group_selection(session)
        assert canvas.block_rect(session.selection[0]).center() == before.center(), names
        session.undo()
        assert canvas.block_rect(names[0]) == before


def test_the_library_is_plain_files_that_any_diagram_takes(open_window):
    window = open_window("googlenet")
    session, shelf = window.session, window.desk.shelf
    session.select(["inception_3a"])
    assert window.commands.run("module.keep")
    (where,) = shelf.library()
    assert where.file.parent == shelf.folder
    copied = where.file.with_name("shared.blocks.json")
    copied.write_bytes(where.file.read_bytes())  # as somebody else would get it
    assert window.documents.open_now("alexnet", None)
    before = dumps(session.diagram)
    session.select(["pool2"])
    for each in shelf.library():
        assert window.commands.run("module.insert", (each,))
    assert set(session.diagram.modules) == {"Conv", "Inception"}  # the second is the same module
    name = session.selection[0]
    assert session.definition.block(name).type == "Inception"
    while dumps(session.diagram) != before:
        session.undo()
    wire = session.definition.wires_from("pool2")[0]
    assert window.commands.run("module.insert", (shelf.library()[0], (10.0, 20.0), wire))
    assert [each.target for each in session.definition.wires_from("pool2")] == list(session.selection)
    assert window.canvas.block_rect("pool2").bottom() < window.canvas.block_rect(session.selection[0]).top()
    undone(session, before)


def test_a_module_of_the_library_is_never_written_over_unasked(open_window):
    window = open_window("resnet50")
    session, shelf, toasts = window.session, window.desk.shelf, window.desk.toasts
    session.select(["layer1"])
    assert window.commands.run("module.keep")
    (first,) = shelf.library()
    was = first.file.read_bytes()
    assert window.commands.run("module.keep")  # the same: nothing is asked
    assert not [note for note in toasts.notes if note.kind == "warning"]
    session.enter("layer1")
    block = next(name for name, each in session.definition.blocks() if each.type == "Conv2d")
    noted = replace(session.definition.block(block), note="mine")
    assert session.do("Note", SetBlock(scope=session.scope, name=block, block=noted))
    session.leave()
    session.select(["layer1"])
    assert not window.commands.run("module.keep")
    assert first.file.read_bytes() == was and toasts.texts[0] == "Your library has another Bottleneck already."
    replace_it, keep_both = toasts.notes[0].buttons
    assert [replace_it.text(), keep_both.text()] == ["Replace it", "Keep both"]
    session.select(["fc"])  # what was asked about stays what it was
    QTest.mouseClick(keep_both, Qt.MouseButton.LeftButton)
    assert first.file.read_bytes() == was
    assert [each.module for each in shelf.library()] == ["Bottleneck", "Bottleneck2"]
    second = shelf.read(shelf.library()[1])
    assert [block.type for _, block in second.main.blocks()] == ["Bottleneck2"] and "mine" in dumps(second)
    session.select(["layer1"])
    assert not window.commands.run("module.keep")
    QTest.mouseClick(toasts.notes[0].buttons[0], Qt.MouseButton.LeftButton)
    assert len(shelf.library()) == 2 and b"mine" in first.file.read_bytes()
    # Small and capital letters are one name to some computers; what cannot be read is another too.
    first.file.rename(first.file.with_name("bottleneck.blocks.json"))
    (shelf.folder / "bottleneck.blocks.json").write_text("{", encoding="utf-8")
    assert not window.commands.run("module.keep")
    QTest.mouseClick(toasts.notes[0].buttons[0], Qt.MouseButton.LeftButton)
    assert [each.module for each in shelf.library()] == ["bottleneck", "Bottleneck2"]
    assert shelf.read(shelf.library()[0]).modules


def test_modules_of_the_library_are_renamed_and_removed_in_the_palette(
    open_window, qtbot, tmp_path, monkeypatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    window = open_window("googlenet")
    shelf, commands, entries = window.desk.shelf, window.commands, window.features.panels.palette.list
    window.session.select(["inception_3a"])
    assert commands.run("module.keep")
    before = dumps(window.session.diagram)

    def go_to(module: str) -> None:
        row = next(row for row in range(entries.count())
                   if (entry := entries.entry(entries.item(row))) is not None and entry.is_own
                   and entry.title == module)  # fmt: skip
        entries.setCurrentRow(row)
        entries.scrollToItem(entries.item(row))
        entries.setFocus()

    def write(text: str) -> None:
        QTest.keyClick(entries, Qt.Key.Key_F2)
        line = entries.findChild(QLineEdit)
        type_into(line, text)
        qtbot.waitUntil(lambda: entries.findChild(QLineEdit) is None)

    go_to("Inception")
    write("Mixed")
    (where,) = shelf.library()
    assert where.module == "Mixed" and where.file.name == "Mixed.blocks.json"
    assert [block.type for _, block in shelf.read(where).main.blocks()] == ["Mixed"]
    # What is no name, what the library has, and what the module needs inside are refused, and nothing is lost.
    assert commands.run("module.keep")
    refused: list[str] = []
    window.session.refused.connect(refused.append)
    for wrong in ("3x", "Inception", "Conv", "Conv2d", "inception"):
        go_to("Mixed")
        write(wrong)
        assert len(refused) == 1 and [each.module for each in shelf.library()] == ["Inception", "Mixed"], wrong
        refused.clear()
    go_to("Inception")
    write("INCEPTION")
    assert [each.module for each in shelf.library()] == ["INCEPTION", "Mixed"]
    go_to("Mixed")
    QTest.keyClick(entries, Qt.Key.Key_Delete)
    assert [each.module for each in shelf.library()] == ["INCEPTION"] and not where.file.exists()
    QTest.mouseClick(window.desk.toasts.notes[0].buttons[0], Qt.MouseButton.LeftButton)
    assert where.file.exists() and not commands.is_possible("module.restore_kept")
    # The menu offers both for the library's modules; for a block type only to add it.
    go_to("Mixed")
    entries.menu_wanted.emit(entries.entry(entries.currentItem()), QPoint(10, 10))
    menu = QApplication.activePopupWidget()
    assert [action.text() for action in menu.actions() if action.text()] == [
        "Put into the drawing", "Rename", "Move to the bin", "Show your library's folder"
    ]  # fmt: skip
    next(action for action in menu.actions() if action.text() == "Move to the bin").trigger()
    menu.close()
    assert [each.module for each in shelf.library()] == ["INCEPTION"]
    # Where another came meanwhile, what was removed stays in the bin, and it can be tried again.
    where.file.write_text("{}", encoding="utf-8")
    assert not commands.run("module.restore_kept") and commands.is_possible("module.restore_kept")
    where.file.unlink()
    assert commands.run("module.restore_kept") and shelf.read(where).modules
    assert dumps(window.session.diagram) == before


def test_a_broken_file_of_the_library_is_a_sentence(open_window):
    window, refused = open_window("alexnet"), []
    window.session.refused.connect(refused.append)
    folder = window.desk.shelf.folder
    folder.mkdir(parents=True)
    (folder / "Broken.blocks.json").write_text("{", encoding="utf-8")
    (broken,) = window.desk.shelf.library()
    assert not window.commands.run("module.insert", (broken,))
    assert len(refused) == 1 and "Broken" in refused[0]
    assert "Broken" in window.desk.shelf.tip(broken)


def test_a_tip_shows_the_drawing(open_window):
    window = open_window("alexnet")
    shelf = window.desk.shelf
    found = {(each.module, each.network): each for each in shelf.presets()}
    tip = shelf.tip(found["Bottleneck", "resnet50"])
    assert "<img src='data:image/png;base64," in tip and "Bottleneck" in tip


def test_the_palette_has_the_modules_of_the_presets_and_the_library(open_window, qtbot):
    window = open_window("alexnet")
    window.desk.start()
    palette, session = window.features.panels.palette, window.session
    groups = {group.key: group for group in palette.groups()}
    assert len(groups["presets"].lines) > 50 and "library" not in groups
    assert "BasicBlock" not in [item.text() for item in palette.visible_items()]  # folded at first
    palette.search.setText("basicblock resnet18")
    (item,) = palette.visible_items()
    palette.list._on_entered(item)
    qtbot.waitUntil(lambda: "<img" in item.toolTip())
    before = dumps(session.diagram)
    session.select(["relu3"])
    palette.search.returnPressed.emit()
    assert session.definition.block(session.selection[0]).type == "BasicBlock"
    assert session.analysis.blocks[session.selection[0]].output_shape is not None
    undone(session, before)
    session.select([name for name, block in session.definition.blocks() if block.type == "BasicBlock"])
    assert acts.keep(window.desk)
    (library,) = [group for group in palette.groups() if group.key == "library"]
    assert [line.entry.title for line in library.lines] == ["BasicBlock"]


def test_a_kept_module_is_dropped_into_a_wire(open_window):
    window = open_window("alexnet")
    canvas, session, shelf = window.canvas, window.session, window.desk.shelf
    where = shelf.find("googlenet", "Inception")
    entry = Entry(where.module, where.module, {}, "", where)
    offer = dropping.offered(entry.mime(), session.diagram)
    before = dumps(session.diagram)
    ghost = dropping.Ghost(canvas, offer)
    first, second = canvas.port_point("conv3", "out"), canvas.port_point("relu3", "in", "in")
    ghost.move((first + second) / 2)
    assert ghost.wire is not None and ghost.wire.target == "relu3"
    name = ghost.drop()
    assert [each.target for each in session.definition.wires_from("conv3")] == [name]
    undone(session, before)
    # On a card it takes that one's place; one without an output says why it cannot.
    session.undo()
    ghost = dropping.Ghost(canvas, offer)
    ghost.move(canvas.camera.to_view(canvas.block_rect("conv4").center()))
    assert ghost.onto == "conv4" and ghost.overlay().line == "replaces conv4"
    assert ghost.drop() == "conv4"
    assert session.definition.block("conv4").type == "Inception"
    assert [each.source for each in session.definition.wires_into("conv4")] == ["relu3"]
    undone(session, before)


def test_several_are_taken_apart_as_one_step(open_window):
    window = open_window("resnet18")
    session, figures = window.session, window.session.analysis.parameters
    before = dumps(session.diagram)
    session.select(["layer1", "layer2", "fc"])
    assert window.commands.run("edit.ungroup")
    assert set(session.selection) == {"layer1.0", "layer1.1", "layer2.0", "layer2.1", "fc"}
    assert session.analysis.parameters == figures
    undone(session, before)
    session.select(["fc"])
    assert not window.commands.is_possible("edit.ungroup")


def test_a_handle_on_the_card_repeats_it(open_window, qtbot):
    window = open_window("resnet34")
    canvas, session = window.canvas, window.session
    canvas.zoom_to(1.0)
    session.select(["maxpool"])
    canvas.reveal("maxpool")
    before = dumps(session.diagram)
    name, rect = handle(canvas.scene.stage, canvas.scene.marks)
    assert name == "maxpool"
    at = canvas.camera.to_view(rect.center()).toPoint()
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=at)
    qtbot.mouseMove(canvas, at + QPoint(20, 0))
    qtbot.mouseMove(canvas, at + QPoint(40, 0))
    assert canvas.scene.marks.repeating == ("maxpool", 3)
    assert canvas.grab() is not None and canvas.fault == ""
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=at + QPoint(40, 0))
    assert session.definition.block("maxpool").repeat == 3
    undone(session, before)
    session.undo()
    session.select(["maxpool"])
    _, rect = handle(canvas.scene.stage, canvas.scene.marks)
    at = canvas.camera.to_view(rect.center()).toPoint()
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at)
    assert session.definition.block("maxpool").repeat == 2
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, pos=at)
    assert session.definition.block("maxpool").repeat is None
    for other in ("input", "output"):
        session.select([other])
        assert handle(canvas.scene.stage, canvas.scene.marks) is None


def test_a_whole_network_is_looked_at_unrolled_and_stays_as_it_is(open_window) -> None:
    window = open_window("resnet152")
    first, before = window.session.diagram, dumps(window.session.diagram)
    assert window.commands.run("view.unrolled")
    session, scene = window.session, window.canvas.scene
    assert [each.diagram for each in window.documents.list] == [first, session.diagram]
    assert dumps(first) == before and not first.history.undo_label
    assert session.diagram.name == "ResNet-152, unrolled" and not session.dirty
    shown = sum(len(stage.drawing) - 2 * bool(path) for path, stage in ((s.path, s) for s, _ in scene.stages()))
    assert len(scene.stage.inside) == 50 and shown > 500
    assert analyze(session.diagram).parameters == analyze(first).parameters == 60_192_808
    assert not window.commands.is_possible("view.unrolled")
