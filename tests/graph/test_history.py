"""Undo and redo, gestures, and who hears of them."""

from __future__ import annotations

import pytest

from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Block, Diagram
from blockstudio.graph.edits import AddBlock, RemoveBlock, SetParameter
from blockstudio.graph.format import dumps
from tests.support.graph_samples import sample


def test_one_gesture_is_one_step():
    d = sample()
    before = dumps(d)
    with d.history.gesture("Wire up"):
        d.add("ReLU", "a")
        d.add("ReLU", "b")
        d.connect("a", "b")
    assert d.history.undo_label == "Wire up"
    assert d.undo() == "Wire up"
    assert dumps(d) == before
    assert d.undo() is None
    assert d.history.redo_label == "Wire up"
    assert d.redo() == "Wire up"
    assert d.redo() is None


def test_a_new_step_ends_redo():
    d = Diagram()
    d.add("ReLU", "a")
    d.add("ReLU", "b")
    d.undo()
    d.add("ReLU", "c")
    assert d.history.redo_label is None
    assert list(d.graph) == ["a", "c"]


def test_a_refused_edit_keeps_redo():
    d = Diagram()
    d.add("ReLU", "a")
    d.undo()
    with pytest.raises(StudioError):
        d.add("Relu", "a")
    assert d.redo() == "AddBlock"


def test_a_gesture_that_fails_is_taken_back_and_unheard():
    d = sample()
    before, heard = dumps(d), []
    d.history.listeners.append(heard.append)
    with pytest.raises(StudioError), d.history.gesture("Fails"):
        d.add("ReLU", "a")
        d.remove("conv")
        d.connect("a", "nowhere")
    with pytest.raises(KeyboardInterrupt), d.history.gesture("Stopped"):
        d.add("ReLU", "a")
        raise KeyboardInterrupt
    assert dumps(d) == before
    assert heard == []
    assert d.history.undo_label is None


def test_an_inner_gesture_that_fails_takes_back_only_its_own_part():
    d = Diagram()
    with d.history.gesture("Outer"):
        d.add("ReLU", "a")
        with pytest.raises(StudioError), d.history.gesture("Inner"):
            d.add("ReLU", "b")
            d.add("ReLU", "a")
        d.add("ReLU", "c")
    assert list(d.graph) == ["a", "c"]
    d.undo()
    assert len(d.graph) == 0
    d.redo()
    assert list(d.graph) == ["a", "c"]


def test_an_empty_gesture_is_no_step():
    d = Diagram()
    heard = []
    d.history.listeners.append(heard.append)
    with d.history.gesture("Nothing"):
        pass
    assert d.history.undo_label is None
    assert heard == []


def test_there_is_no_undo_inside_a_gesture():
    d = Diagram()
    d.add("ReLU", "a")
    with d.history.gesture("Under way"):
        d.add("ReLU", "b")
        for act in (d.undo, d.redo):
            with pytest.raises(StudioError, match="still under way"):
                act()
    assert list(d.graph) == ["a", "b"]
    assert d.undo() == "Under way"


def test_listeners_hear_what_was_applied():
    d = Diagram()
    heard = []
    d.history.listeners.append(heard.append)
    d.add("Conv2d", "a")
    d.set("a", groups=2)
    d.undo()
    d.redo()
    block = Block(type="Conv2d")
    assert heard == [
        (AddBlock(name="a", block=block),),
        (SetParameter(name="a", key="groups", value=2),),
        (SetParameter(name="a", key="groups", value=None),),
        (SetParameter(name="a", key="groups", value=2),),
    ]


def test_a_listener_may_edit_and_all_hear_steps_in_order():
    d = Diagram()
    heard = {"first": [], "second": []}

    def first(edits):
        heard["first"].append(edits[0].name)
        if edits[0].name == "a":
            d.add("ReLU", "b")

    d.history.listeners += [first, lambda edits: heard["second"].append(edits[0].name)]
    d.add("ReLU", "a")
    assert heard == {"first": ["a", "b"], "second": ["a", "b"]}
    d.undo()
    assert list(d.graph) == ["a"]


def test_a_listener_that_fails_does_not_keep_the_news_from_others():
    d = Diagram()
    heard = []

    def fails(edits):
        raise RuntimeError("a listener's own fault")

    d.history.listeners += [fails, heard.append]
    with pytest.raises(RuntimeError, match="own fault"):
        d.add("ReLU", "a")
    assert list(d.graph) == ["a"]
    assert len(heard) == 1
    d.history.listeners.remove(fails)
    d.undo()
    assert heard[1] == (RemoveBlock(name="a"),)


def test_a_listener_may_go_while_it_is_called():
    d = Diagram()
    heard = []

    def once(edits):
        heard.append(edits)
        d.history.listeners.remove(once)

    d.history.listeners += [once, heard.append]
    d.add("ReLU", "a")
    d.add("ReLU", "b")
    assert len(heard) == 3


def test_the_position_tells_whether_a_document_is_as_it_was():
    d = Diagram()
    start = d.history.position
    d.add("ReLU", "a")
    saved = d.history.position
    d.add("ReLU", "b")
    assert d.history.position is not saved
    d.undo()
    assert d.history.position is saved
    d.undo()
    assert d.history.position is start
    d.add("ReLU", "a")
    assert d.history.position is not saved, "the same edit done anew is another step"
    d.history.clear()
    assert (d.history.position, d.undo(), d.redo()) == (None, None, None)
