"""Every level of every preset, shut and with everything open: nothing lies over anything, no wire runs through a card,
and wires cross no more than they must."""

from __future__ import annotations

import pytest

from blockstudio.graph.presets import load_preset, preset_names
from blockstudio.gui.canvas.scene.model import Scene
from blockstudio.gui.canvas.scene.opening import instances
from blockstudio.gui.document.document import DEFINITION
from blockstudio.gui.document.session import Session
from blockstudio.layout.flow import FLOW, RIGHT
from tests.support.drawn_levels import Faults, faults_of_level, levels

PAPER = (1286.0, 840.0)
CROSSINGS = {
    "googlenet": 1, "inception_resnet_v1": 1, "inception_resnet_v2": 1, "inception_resnet_v2_paper": 1,
    "inception_v4": 1,
}  # fmt: skip
"""Pairs of wires that cross with modules open, in columns. There were 31 in 14 presets before branches stood in the
order of their inputs, and 27 in shut levels, where there are none now."""


SIDEWAYS = ("module_inception", "googlenet", "resnet18", "inception_v3")
"""Looked at in the ordinary suite as they are drawn from left to right."""


def look(name: str, right: bool) -> tuple[Faults, Faults]:
    """What is wrong with a preset's levels, shut and with everything open."""
    diagram = load_preset(name)
    if right:
        diagram.about = {**diagram.about, FLOW: RIGHT}
    session = Session(diagram)
    staging = Scene(session).staging
    staging.forget()
    staging.paper = PAPER
    closed, opened = Faults(), Faults()
    for scope in diagram.scopes():
        stage = staging.stage(DEFINITION + scope if scope else "", scope)
        assert stage.drawing.right is right
        closed += faults_of_level(stage)
    staging.opened = instances(diagram, "", "")
    seen: set[str] = set()
    for level in levels(staging.stage("", "")):
        if level.drawing.scope not in seen:  # of instances of one module the first
            seen.add(level.drawing.scope)
            opened += faults_of_level(level)
    session.close()
    return closed, opened


@pytest.mark.parametrize("part", [0, 1, pytest.param(2, marks=pytest.mark.slow), 3])
def test_no_level_of_a_preset_has_anything_over_anything(styled, part: int) -> None:
    for name, (closed, opened) in {name: look(name, False) for name in preset_names()[part::4]}.items():
        assert closed == Faults(), name
        assert opened == Faults(crossings=opened.crossings), name
        assert opened.crossings <= CROSSINGS.get(name, 0), name


@pytest.mark.parametrize("name", SIDEWAYS)
def test_nor_has_one_that_is_drawn_from_left_to_right(styled, name: str) -> None:
    assert look(name, True) == (Faults(), Faults())


@pytest.mark.slow
def test_nor_has_any_other(styled) -> None:
    """Nothing crosses either."""
    for name in set(preset_names()) - set(SIDEWAYS):
        assert look(name, True) == (Faults(), Faults()), name


def test_what_is_wrong_is_found(styled) -> None:
    diagram = load_preset("module_inception_naive")
    names = list(diagram.main.graph)
    for index, name in enumerate(names):
        diagram.move(name, 40.0 * index, 20.0 * (index % 3))
    session = Session(diagram)
    found = faults_of_level(Scene(session).root)
    session.close()
    assert found.cards and found.through and found.crossings
