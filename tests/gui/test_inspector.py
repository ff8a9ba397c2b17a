"""The inspector: typed values, live validation, expressions, names, several blocks, the level itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from blockstudio.blocks import Parameter
from blockstudio.graph.definition import Block
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.edits import AddBlock, RemoveBlock, RemoveWire, SetDeclarations
from blockstudio.graph.format import dumps
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.document import Document
from blockstudio.gui.document.session import Session
from blockstudio.gui.inspector import many_page
from blockstudio.gui.inspector.block_page import BlockPage
from blockstudio.gui.inspector.diagram_page import DiagramPage
from blockstudio.gui.inspector.feature import install
from blockstudio.gui.inspector.inspector import Inspector
from blockstudio.gui.kit.fields import ValueField
from tests.support.desks import end_desk
from tests.support.hands import click, press_key, type_into


def small() -> Diagram:
    diagram = Diagram("small")
    diagram.history.do(declared())
    diagram.add("Input", "input", shape=[3, 32, 32])
    diagram.add("Conv2d", "conv1", out_channels="4*width", kernel_size=3, padding=1)
    diagram.add("Conv2d", "conv2", out_channels=8, kernel_size=5, padding=2)
    diagram.add("ReLU", "relu")
    diagram.add("Output", "output")
    for source, target in (("input", "conv1"), ("conv1", "conv2"), ("conv2", "relu"), ("relu", "output")):
        diagram.connect(source, target)
    return diagram


def declared():
    return SetDeclarations(parameters={"width": Parameter(kind="int", default=16, minimum=1)})


@pytest.fixture
def desks() -> Iterator[list[Desk]]:
    made: list[Desk] = []
    yield made
    for desk in made:
        end_desk(desk)


def on_desk(desks: list[Desk], diagram: Diagram) -> Inspector:
    """An inspector of a diagram, on a desk of its own."""
    desk = Desk()
    desks.append(desk)
    desk.documents.add(Document(diagram))
    return install(desk)


@pytest.fixture
def session(inspector: Inspector) -> Session:
    return inspector.session


@pytest.fixture
def inspector(qtbot, desks: list[Desk]) -> Inspector:
    made = on_desk(desks, small())
    qtbot.addWidget(made)
    made.resize(320, 900)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_a_typed_value_is_applied_as_one_undo_step(session: Session, inspector: Inspector) -> None:
    session.select(["conv2"])
    type_into(inspector.field("out_channels"), "24")
    assert session.diagram.main.block("conv2").parameters["out_channels"] == 24
    assert inspector.page.shown_output == "24×32×32"
    session.undo()
    assert session.diagram.main.block("conv2").parameters["out_channels"] == 8
    assert inspector.field("out_channels").text() == "8"


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("out_channels", "0", "from 1 to"),
        ("out_channels", "many", "not a parameter here"),
        ("kernel_size", "3 × 3 × 3", "a pair"),
        ("stride", "-1", "from 1 to"),
        ("bias", "perhaps", "not a parameter here"),
        ("out_channels", "9**9**9", "beyond"),
        ("out_channels", "__import__('os')", "calls"),
        ("padding", "", "Expected"),
    ],
)
def test_what_is_not_legal_is_said_under_the_field_and_not_applied(
    session: Session, inspector: Inspector, key: str, text: str, said: str
) -> None:
    session.select(["conv2"])
    before = dumps(session.diagram)
    field = inspector.field(key)
    type_into(field, text, enter=False)
    error = inspector.page.form.errors[key]
    assert said in error.text() and error.isVisible()
    press_key(field, Qt.Key.Key_Return)
    assert dumps(session.diagram) == before
    inspector.field("name").setFocus()
    assert not error.isVisible(), "a field that is left shows what holds"


def test_an_expression_shows_its_result_in_grey(session: Session, inspector: Inspector) -> None:
    session.select(["conv1"])
    field = inspector.field("out_channels")
    assert (field.text(), field.suffix) == ("4*width", "64")
    type_into(field, "2*width + 1")
    assert session.diagram.main.block("conv1").parameters["out_channels"] == "2*width + 1"
    assert field.suffix == "33" and inspector.page.shown_output == "33×32×32"


def test_pairs_and_words_are_read_as_people_write_them(session: Session, inspector: Inspector) -> None:
    session.select(["conv2"])
    for text, raw in (("7", 7), ("1 × 7", [1, 7]), ("7x1", [7, 1]), ("[5, 3]", [5, 3]), ("9×9", 9)):
        type_into(inspector.field("kernel_size"), text)
        assert session.diagram.main.block("conv2").parameters["kernel_size"] == raw
    for text, raw in (("same", "same"), ("0, 1, 2, 3", [0, 1, 2, 3])):
        type_into(inspector.field("padding"), text)
        assert session.diagram.main.block("conv2").parameters["padding"] == raw
    type_into(inspector.field("kernel_size"), "3 × 3")
    assert "kernel_size" not in session.diagram.main.block("conv2").parameters, "the default is not written down"


def test_a_choice_is_taken_by_key(session: Session, inspector: Inspector) -> None:
    session.select(["conv2"])
    field = inspector.field("bias")
    type_into(field, "off")
    assert session.diagram.main.block("conv2").parameters["bias"] is False
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Up)
    assert session.diagram.main.block("conv2").parameters.get("bias", True) is True


def test_arrow_keys_step_a_number(session: Session, inspector: Inspector) -> None:
    session.select(["conv2"])
    field = inspector.field("kernel_size")
    press_key(field, Qt.Key.Key_Down)
    assert session.diagram.main.block("conv2").parameters["kernel_size"] == 4
    assert field.text() == "4 × 4"


def test_a_new_name_keeps_the_wires_and_the_selection(session: Session, inspector: Inspector) -> None:
    session.select(["conv2"])
    type_into(inspector.field("name"), "layer2.0.conv")
    assert session.selection == ("layer2.0.conv",)
    assert session.diagram.main.wires_into("layer2.0.conv")[0].source == "conv1"
    field = inspector.field("name")
    type_into(field, "relu", enter=False)
    assert "already" in field.error
    press_key(field, Qt.Key.Key_Return)
    assert "layer2.0.conv" in session.diagram.main.graph


def test_bypass_repeat_and_note(session: Session, inspector: Inspector) -> None:
    session.select(["relu"])
    type_into(inspector.field("bypass"), "width > 8")
    assert session.diagram.main.block("relu").bypass == "width > 8"
    assert session.level.blocks["relu"].bypassed
    type_into(inspector.field("repeat"), "width // 4")
    assert session.diagram.main.block("relu").repeat == "width // 4"
    assert inspector.field("repeat").suffix == "4"
    type_into(inspector.field("repeat"), "")
    assert session.diagram.main.block("relu").repeat is None
    type_into(inspector.field("note"), "as in the paper")
    assert session.diagram.main.block("relu").note == "as in the paper"


def test_it_says_where_the_numbers_come_from(session: Session, inspector: Inspector) -> None:
    session.select(["conv2"])
    text = inspector.page.box_text
    assert "5·5·64·8 + 8" in text and "12,808" in text
    assert "receptive field" in text and "7 × 7" in text


def test_several_blocks_are_set_in_one_step(session: Session, inspector: Inspector) -> None:
    session.select(["conv1", "conv2"])
    assert inspector.field("kernel_size").text() == "" and "various" in inspector.field("kernel_size").placeholderText()
    before = dumps(session.diagram)
    type_into(inspector.field("kernel_size"), "7")
    assert [session.diagram.main.block(name).parameters["kernel_size"] for name in ("conv1", "conv2")] == [7, 7]
    assert inspector.field("kernel_size").text() == "7 × 7"
    session.undo()
    assert dumps(session.diagram) == before


def test_what_hundreds_of_blocks_are_set_to_is_read_once_for_those_that_are_alike(open_window, monkeypatch) -> None:
    window = open_window()
    diagram = window.session.diagram
    with diagram.history.gesture("Draw"):
        names = [diagram.add("Conv2d", f"conv{row}", out_channels=8 + row % 2) for row in range(300)]
    shown: list[object] = []
    show = many_page.values.show
    monkeypatch.setattr(many_page.values, "show", lambda *what: shown.append(what) or show(*what))
    window.session.select(names)
    page = window.features.inspector.page
    assert page.fields["kernel_size"].text() == "3 × 3" and page.fields["out_channels"].text() == ""
    assert 0 < len(shown) <= 2 * len(page.fields)


def test_different_types_share_no_parameter_they_do_not_have(session: Session, inspector: Inspector) -> None:
    session.select(["conv1", "relu"])
    assert set(inspector.page.fields) == {"bypass", "repeat"}
    type_into(inspector.field("bypass"), "on")
    assert session.level.blocks["conv1"].bypassed and session.level.blocks["relu"].bypassed


@pytest.mark.parametrize("selected", [["conv1"], ["conv1", "conv2"]])
def test_another_type_under_the_same_name_gets_a_page_of_its_own(
    session: Session, inspector: Inspector, qtbot, selected: list[str]
) -> None:
    session.select(selected)
    assert "dilation" in inspector.page.fields
    wires = dict.fromkeys(
        wire for name in selected for wire in session.definition.wires() if name in (wire.source, wire.target)
    )
    pool = Block(type="MaxPool2d", parameters={"kernel_size": 2})
    session.do(
        "Pool",
        *[RemoveWire(wire=wire) for wire in wires],
        *[step for name in selected for step in (RemoveBlock(name=name), AddBlock(name=name, block=pool))],
    )
    session.select(selected)
    qtbot.waitUntil(lambda: "ceil_mode" in inspector.page.fields and "out_channels" not in inspector.page.fields)
    session.undo()
    qtbot.waitUntil(lambda: "out_channels" in inspector.page.fields)


@pytest.mark.parametrize("selected", [["block"], ["block", "again"]])
def test_a_page_of_instances_follows_what_their_module_declares(qtbot, desks, selected: list[str]) -> None:
    diagram = small()
    diagram.module("Pair", {"width": 4})
    for name in ("block", "again"):
        diagram.add("Pair", name)
    inspector = on_desk(desks, diagram)
    session = inspector.session
    qtbot.addWidget(inspector)
    inspector.show()
    session.select(selected)
    assert "width" in inspector.page.fields
    more = {"depth": Parameter(kind="int", default=2)}
    assert session.do("Declare", SetDeclarations(scope="Pair", parameters=more))
    qtbot.waitUntil(lambda: "depth" in inspector.page.fields and "width" not in inspector.page.fields)


def test_nothing_selected_shows_the_diagram(session: Session, inspector: Inspector) -> None:
    type_into(inspector.field("name"), "Tiny")
    assert session.diagram.name == "Tiny"
    type_into(inspector.field("width"), "32")
    assert session.diagram.parameters["width"].default == 32
    assert session.level.blocks["conv1"].output_shape == (128, 32, 32)
    type_into(inspector.field("width"), "2*3", enter=False)
    assert inspector.page.form.errors["width"].isVisible(), "a diagram's own parameter is a plain number"


def test_parameters_are_declared_and_removed(session: Session, inspector: Inspector) -> None:
    type_into(inspector.page.new_parameter, "depth = 3")
    assert session.diagram.parameters["depth"].default == 3
    assert inspector.field("depth").text() == "3"
    type_into(inspector.page.new_parameter, "width = 3", enter=False)
    assert "already" in inspector.page.new_parameter.error
    type_into(inspector.page.new_parameter, "", enter=True)
    click(inspector.page.crosses["depth"])
    assert "depth" not in session.diagram.parameters


def test_a_module_shows_the_values_of_this_instance(qtbot, desks) -> None:
    from blockstudio.graph.presets import load_preset

    inspector = on_desk(desks, load_preset("googlenet"))
    session = inspector.session
    qtbot.addWidget(inspector)
    inspector.show()
    session.go("inception_3b")
    assert "192 here" in inspector.field("ch3x3").suffix
    name = next(name for name, block in session.definition.blocks() if "ch3x3" in block.parameters.values())
    session.select([name])
    key = next(key for key, raw in session.definition.block(name).parameters.items() if raw == "ch3x3")
    assert inspector.field(key).suffix == "192"


def test_renaming_a_module_keeps_the_user_inside(qtbot, desks) -> None:
    from blockstudio.graph.presets import load_preset

    inspector = on_desk(desks, load_preset("resnet34"))
    session = inspector.session
    qtbot.addWidget(inspector)
    inspector.show()
    session.go("layer2.1")
    type_into(inspector.field("name"), "Residual")
    assert session.scope == "Residual" and session.path == "layer2.1"
    assert session.diagram.main.block("layer2").type == "Residual"


def test_a_page_is_made_in_two_steps_and_only_of_what_is_there(open_window, qtbot) -> None:
    window = open_window("alexnet")
    session, inspector = window.session, window.features.inspector
    session.select(["conv2"])
    qtbot.waitUntil(lambda: isinstance(inspector._page, BlockPage) and inspector._page.is_whole)
    page = inspector.page
    assert not page.form.errors, "nothing is wrong, and no place is made for it"
    assert all(field.completing is None for field in page.form.fields.values() if isinstance(field, ValueField))
    assert page.shown_output == "256×27×27" and "activations" in page._cost._rows
    # A block that goes before the rest of its page is made leaves no broken page.
    name = session.diagram.add("ReLU", "late")
    session.select([name])
    inspector._turn(force=True)
    assert not inspector._page.is_whole
    session.undo()
    QApplication.processEvents()
    assert isinstance(inspector.page, DiagramPage)
