"""Notes and frames in the document: made, kept by edits of their blocks, copied, in the file."""

from __future__ import annotations

import json

import pytest

from blockstudio import analyze
from blockstudio.errors import StudioError
from blockstudio.graph.annotations import Frame
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.edits import SetFrame
from blockstudio.graph.format import dumps, loads
from blockstudio.graph.operations.fragments import fragment, from_text, to_text
from blockstudio.graph.operations.grouping import group
from blockstudio.graph.operations.pasting import duplicate, paste
from blockstudio.graph.operations.removing import delete_and_heal
from blockstudio.graph.operations.replacing import replace
from blockstudio.graph.operations.ungrouping import ungroup


def chain(count: int = 4) -> Diagram:
    d = Diagram("Chain")
    d.add("Input", "input", shape=[3, 8, 8], at=(0, 0))
    last = "input"
    for index in range(count):
        d.add("ReLU", f"r{index}", at=(0, 80 * (index + 1)))
        d.connect(last, f"r{index}")
        last = f"r{index}"
    return d


def framed(d: Diagram, scope: str = "") -> dict[str, tuple[str, ...]]:
    return {key: frame.blocks for key, frame in d.definition(scope).frames.items()}


def test_they_stand_in_the_file_and_change_nothing_of_the_network():
    d = chain()
    plain, before = dumps(d), analyze(d)
    assert d.frame("The stem", ["r1", "r0", "r1"], colour="blue") == "the_stem"
    assert [d.note("A *note*", at=(120, 40.5)), d.note("b", width=300)] == ["note", "note_2"]
    text = dumps(d)
    assert json.loads(text)["frames"] == {"the_stem": {"title": "The stem", "colour": "blue", "blocks": ["r0", "r1"]}}
    assert json.loads(text)["notes"] == {"note": {"text": "A *note*", "at": [120, 40.5]},
                                         "note_2": {"text": "b", "width": 300}}  # fmt: skip
    assert dumps(loads(text)) == text
    after = analyze(d)
    assert (after.parameters, after.macs, after.problems) == (before.parameters, before.macs, before.problems)
    for _ in range(3):
        d.undo()
    assert dumps(d) == plain
    # A file of before has neither.
    assert dumps(loads(plain.replace('"version": 4', '"version": 3'))) == plain


def test_a_frame_follows_the_names_and_the_life_of_its_blocks():
    d = chain()
    d.frame("A", ["r0", "r1"], name="a")
    d.frame("B", ["r1"], name="b")
    start = dumps(d)
    d.rename("r1", "stem.relu")
    assert framed(d) == {"a": ("r0", "stem.relu"), "b": ("stem.relu",)}
    d.remove("stem.relu")
    assert framed(d) == {"a": ("r0",)}
    d.edit("Delete", delete_and_heal(d, "", ["r0"]))
    assert framed(d) == {}
    for _ in range(3):
        d.undo()
    assert dumps(d) == start
    d.edit("Replace", replace(d, "", "r1", "Sigmoid"))
    assert framed(d) == {"a": ("r0", "r1"), "b": ("r1",)}
    d.repeat("r0", 3)
    d.edit("Unroll", ungroup(d, "", "r0"))
    assert framed(d)["a"] == ("r0.0", "r0.1", "r0.2", "r1")


def test_many_blocks_of_one_frame_go_as_one_small_edit():
    d = chain(400)
    d.frame("All", [f"r{index}" for index in range(400)])
    edits = delete_and_heal(d, "", [f"r{index}" for index in range(400)])
    assert [edit.frame for edit in edits if isinstance(edit, SetFrame)] == [None]


def test_they_go_into_modules_and_come_out():
    d = chain()
    d.frame("Inner", ["r1", "r2"])
    d.frame("Outer", ["r0", "r1", "r2"])
    d.edit("Group", group(d, "", ["r1", "r2"], module="Pair", name="pair").edits)
    assert framed(d) == {"outer": ("pair", "r0")}
    assert framed(d, "Pair") == {"inner": ("r1", "r2")}
    d.note("inside", at=(10, 10), scope="Pair")
    d.edit("Ungroup", ungroup(d, "", "pair"))
    assert framed(d) == {"inner": ("pair.r1", "pair.r2"), "outer": ("pair.r1", "pair.r2", "r0")}
    assert [note.text for note in d.main.notes.values()] == ["inside"]
    assert dumps(loads(dumps(d))) == dumps(d)


def test_a_copy_takes_along_whole_frames_and_chosen_notes():
    d = chain()
    d.frame("A", ["r0", "r1"], name="a")
    d.frame("B", ["r1", "r2"], name="b")
    d.note("kept", at=(100, 0))
    d.note("left")
    found = from_text(to_text(fragment(d, "", ["r0", "r1"], notes=["note"])))
    assert framed(found) == {"a": ("r0", "r1")}
    assert [note.text for note in found.main.notes.values()] == ["kept"]
    d.edit("Paste", paste(d, "", found, shift=(5, 7)).edits)
    assert framed(d)["a_2"] == ("r0_2", "r1_2")
    assert d.main.notes["note_3"].at == (105.0, 7.0)
    d.edit("Duplicate", duplicate(d, "", ["r1", "r2"]).edits)
    assert framed(d)["b_2"] == ("r1_3", "r2_2")


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda d: d.frame("x", []), "frame.blocks"),
        (lambda d: d.frame("x", ["nope"]), "diagram.block"),
        (lambda d: d.frame("x", ["r0"], colour="pink"), "annotation.colour"),
        (lambda d: d.frame("x", ["r0"], name="no name"), "annotation.name"),
        (lambda d: d.frame("x", ["r0"], scope="No"), "diagram.module"),
        (lambda d: d.edit("x", [SetFrame(name="x", frame=Frame(blocks=("r0",), margins=(0, 0, float("inf"), 0)))]),
         "parameter.limit"),
        (lambda d: d.note("x", width=3), "parameter.limit"),
        (lambda d: d.note("x", at=(float("nan"), 0)), "diagram.position"),
        (lambda d: d.note("x" * 20_001), "diagram.text"),
        (lambda d: d.note(3), "argument.type"),
        (lambda d: d.remove_note("nope"), "note.missing"),
        (lambda d: d.remove_frame("nope"), "frame.missing"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_changes_nothing(act, code):
    d = chain()
    before = dumps(d)
    with pytest.raises(StudioError) as caught:
        act(d)
    assert caught.value.code == code
    assert dumps(d) == before and d.history.undo_label != "x"
