"""Every level of every preset, shut and with everything open: nothing lies over anything, no wire runs through a card,
and wires cross no more than they must."""

from __future__ import annotations

import pytest

from blockstudio.graph.presets import load_preset, preset_names
from blockstudio.gui.canvas.scene.model import Scene
from blockstudio.gui.canvas.scene.opening import instances
from blockstudio.gui.document.document import DEFINITION
from blockstudio.gui.document.session import Session
from tests.support.drawn_levels import Faults, faults_of_level, levels

PAPER = (1286.0, 840.0)
CROSSINGS = {"inception_resnet_v1": 1, "inception_resnet_v2": 1, "inception_resnet_v2_paper": 1, "inception_v4": 1}
"""Pairs of wires that cross in open modules. There were 31 in 14 presets before branches stood in the order of their
inputs, and 27 in shut levels, where there are none now."""


@pytest.mark.parametrize("part", range(4))
def test_no_level_of_a_preset_has_anything_over_anything(styled, part: int) -> None:
    found: dict[str, tuple[Faults, Faults]] = {}
    for name in preset_names()[part::4]:
        diagram = load_preset(name)
        session = Session(diagram)
        staging = Scene(session).staging
        staging.paper = PAPER
        closed, opened = Faults(), Faults()
        for scope in diagram.scopes():
            closed += faults_of_level(staging.stage(DEFINITION + scope if scope else "", scope))
        staging.opened = instances(diagram, "", "")
        seen: set[str] = set()
        for level in levels(staging.stage("", "")):
            if level.drawing.scope not in seen:  # of instances of one module the first
                seen.add(level.drawing.scope)
                opened += faults_of_level(level)
        session.close()
        found[name] = closed, opened
    for name, (closed, opened) in found.items():
        assert closed == Faults(), name
        assert opened == Faults(crossings=opened.crossings), name
        assert opened.crossings <= CROSSINGS.get(name, 0), name


def test_what_is_wrong_is_found(styled) -> None:
    diagram = load_preset("module_inception_naive")
    names = list(diagram.main.graph)
    for index, name in enumerate(names):
        diagram.move(name, 40.0 * index, 20.0 * (index % 3))
    session = Session(diagram)
    found = faults_of_level(Scene(session).root)
    session.close()
    assert found.cards and found.through and found.crossings
