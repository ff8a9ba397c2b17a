"""Copy and paste between documents: what was copied in view means the same where it is pasted."""

from __future__ import annotations

import json

import pytest
from PySide6.QtGui import QGuiApplication

from blockstudio.graph.format import dumps
from blockstudio.graph.presets import load_preset
from blockstudio.gui.document.session import Session

pytestmark = pytest.mark.gui


def copied(qapp, source: str, names: list[str], path: str = "") -> Session:
    session = Session(load_preset(source))
    session.go(path)
    session.select(names)
    assert session.copy()
    return session


def pasted(target: str) -> tuple[Session, str]:
    session = Session(load_preset(target))
    before = dumps(session.diagram)
    assert session.paste()
    (name,) = session.selection
    session.undo()
    assert dumps(session.diagram) == before
    session.redo()
    return session, name


@pytest.mark.parametrize(
    ("source", "name", "target", "key", "value"),
    [
        ("cifar_resnet", "conv1", "vgg16", "out_channels", 16),
        ("resnet50", "conv1", "cifar_resnet", "out_channels", 64),
        ("cifar_resnet", "conv1", "resnet50", "out_channels", 16),
    ],
)
def test_a_block_keeps_its_channels(qapp, source, name, target, key, value):
    copied(qapp, source, [name])
    session, new = pasted(target)
    report = session.analysis.blocks[new]
    assert report.values[key] == value
    assert not [each for each in session.analysis.problems if each.block == new and each.parameter]


def test_a_group_keeps_its_repeat(qapp):
    source = copied(qapp, "wide_resnet", ["group1"])
    session, new = pasted("vgg16")
    assert session.analysis.blocks[new].copies == source.analysis.blocks["group1"].copies > 0


def test_inside_a_module_the_instance_in_view_counts(qapp):
    source = copied(qapp, "resnet34", ["conv1"], "layer3.0")
    session, new = pasted("vgg16")
    wanted = source.level.blocks["conv1"].values
    assert session.analysis.blocks[new].values == wanted and wanted["out_channels"] == 256


def test_the_text_can_be_read_and_tells_where_it_comes_from(qapp):
    copied(qapp, "cifar_resnet", ["conv1"])
    text = json.loads(QGuiApplication.clipboard().text())
    assert text["blocks"]["conv1"]["type"] == "Conv2d"
    assert text["parameters"]["width"]["default"] == 16
    assert text["about"]["diagram"] == load_preset("cifar_resnet").name


def test_duplicates_and_pastes_in_place_keep_their_expressions(qapp):
    session = copied(qapp, "cifar_resnet", ["conv1"])
    raw = session.definition.block("conv1").parameters
    assert session.paste() and session.definition.block(session.selection[0]).parameters == raw
    assert session.duplicate() and session.definition.block(session.selection[0]).parameters == raw
