"""A share of each suite that needs no window and no training; `python tests/prove.py --suites` runs them whole."""

from __future__ import annotations

import os
from typing import get_args

import pytest

from blockstudio.errors import StudioError
from blockstudio.graph.edits import Edit
from blockstudio.graph.format import loads
from blockstudio.runs import Recipe, with_fields
from tests.suites import emitted, floods, hostile, journals, networks, saves
from tests.suites.outcome import Outcome, together
from tests.suites.table import SUITES, outcomes, shared_out

pytestmark = pytest.mark.skipif(os.name == "nt", reason="forks and signals of POSIX")


@pytest.mark.fault
def test_a_share_of_killed_saves_and_journals() -> None:
    for outcome in (saves.kills(1), journals.kills(2), journals.cuts(1)):
        assert outcome.times and outcome.faults == []


@pytest.mark.fault
def test_random_edits_are_of_every_kind() -> None:
    diagram, seen = journals.begun(), set[type]()
    diagram.history.listeners.append(lambda edits: seen.update(map(type, edits)))
    hand = journals.Hand(diagram, 3)
    for _ in range(250):
        hand.act()
    assert seen == set(get_args(Edit))


@pytest.mark.fuzz
def test_a_share_of_mutants() -> None:
    for kind in ("documents", "recipes", "run directories", "journals"):
        outcome = hostile.mutants(kind, 20)
        assert (outcome.times, outcome.faults) == (20, [])


@pytest.mark.abuse
def test_a_share_of_emitted_sources() -> None:
    outcome = emitted.alone(1)
    assert (outcome.times, outcome.faults) == (1, [])


@pytest.mark.abuse
def test_what_emitted_source_must_not_hold_is_found() -> None:
    found = emitted.faults_of("import os\nwith open('x') as f: pass\n(lambda: 0).__globals__")
    assert {"imports os", "holds With", "uses open", "holds Lambda", "reads __globals__"} <= set(found)


@pytest.mark.fuzz
def test_a_share_of_drawn_networks() -> None:
    outcome = networks.drawn_networks(4)
    assert outcome.times and outcome.faults == []


@pytest.mark.abuse
def test_a_share_of_flooded_events() -> None:
    pytest.importorskip("PySide6", exc_type=ImportError)
    outcome = floods.events(3_000)
    assert outcome.faults == []


@pytest.mark.abuse
def test_a_long_name_is_not_repeated_whole() -> None:
    name = "x" * 3_000
    with pytest.raises(StudioError) as field:
        with_fields(Recipe(), {name: 1})
    parameter = f'{{"format": "blockstudio", "version": 3, "parameters": {{"n": {{"kind": "int", "{name}": 1}}}}}}'
    with pytest.raises(StudioError) as key:
        loads(parameter)
    assert len(str(field.value)) < 1_000 and len(str(key.value)) < 1_000


@pytest.mark.slow
def test_a_part_is_shared_out_among_processes() -> None:
    one = shared_out("journals:kills", 4, 1)
    two = shared_out("journals:kills", 4, 2)
    assert (one.times, one.faults, one.what) == (two.times, two.faults, two.what) == (4, [], one.what)


def test_figures_of_several_processes_are_one() -> None:
    parts = [
        Outcome("x", 2, ["a"], {"slowest {:.1f} s": 1.0}, {"{:,} edits": 2}),
        Outcome("x", 3, [], {"slowest {:.1f} s": 2.5}, {"{:,} edits": 3, "{:,} more": 1}),
    ]
    whole = together(parts)
    assert (whole.times, whole.faults, whole.note) == (5, ["a"], "slowest 2.5 s, 5 edits, 1 more")


def test_every_suite_has_what_it_names() -> None:
    for name, pieces in SUITES.items():
        for place, whole in pieces:
            assert whole and place.count(":") >= 1, name
        assert [command for command, _ in outcomes(name, part=len(pieces) + 1)] == []
