"""Room for newcomers: what must moves, nothing comes to lie on anything, and leaving undoes coming."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockstudio.graph.expand import flatten
from blockstudio.graph.presets import load_preset
from blockstudio.layout import CARD, alike, arrange, room
from blockstudio.layout.box import GAP_Y
from blockstudio.layout.room import CLOSE, Standing, rect_at
from tests.support.properties import examples

STEP = CARD[1] + GAP_Y
CHAIN = {f"b{index}": (0.0, STEP * index) for index in range(5)}
EDGES = [(f"b{index}", f"b{index + 1}") for index in range(4)]
SIZES = dict.fromkeys(CHAIN, CARD)


def lying(places, sizes):
    """Pairs of names whose cards lie on one another."""
    rects = {name: rect_at(at, sizes[name]) for name, at in places.items()}
    names = sorted(rects)
    return {
        (a, b)
        for index, a in enumerate(names)
        for b in names[index + 1 :]
        if rects[a][0] < rects[b][2] and rects[b][0] < rects[a][2]
        and rects[a][1] < rects[b][3] and rects[b][1] < rects[a][3]
    }  # fmt: skip


@st.composite
def drawings(draw):
    """Cards about one another as a user may leave them, some on others, wired at random without circles."""
    count = draw(st.integers(2, 14))
    places = {
        f"b{index}": (24.0 * draw(st.integers(-14, 14)), 24.0 * draw(st.integers(0, 40))) for index in range(count)
    }
    sizes = {name: (float(draw(st.sampled_from((144, 152, 232)))), 48.0) for name in places}
    ends = st.integers(0, count - 1)
    pairs = draw(st.sets(st.tuples(ends, ends).filter(lambda pair: pair[0] < pair[1]), min_size=1, max_size=2 * count))
    return places, sizes, [(f"b{u}", f"b{v}") for u, v in sorted(pairs)]


@given(drawings(), st.data())
@examples(120)
def test_nothing_comes_to_lie_on_anything(drawing, data) -> None:
    places, sizes, edges = drawing
    before = lying(places, sizes)
    pinned = data.draw(st.sets(st.sampled_from(sorted(places)), max_size=2))
    standing = Standing(places, sizes, edges, pinned=pinned)
    source, target = data.draw(st.sampled_from(edges))
    news = [(f"n{index}", (152.0, 48.0)) for index in range(data.draw(st.integers(1, 3)))]
    at = data.draw(st.none() | st.tuples(st.floats(-400, 400), st.floats(0, 1000)))
    room = standing.make_room(source, target, news, at)
    assert set(room.places) == {name for name, _ in news}
    after = {**places, **room.moved, **room.places}
    assert pinned.isdisjoint(room.moved)
    assert lying(after, sizes | dict(news)) <= before
    assert all(at[0] == places[name][0] and at[1] > places[name][1] for name, at in room.moved.items())

    gone = data.draw(st.sampled_from(sorted(places)))
    bridges = [(u, v) for u, name in edges if name == gone for other, v in edges if other == gone]
    closed = standing.close_gap([gone], bridges)
    assert all(at[0] == places[name][0] and at[1] < places[name][1] for name, at in closed.items())
    left = {name: at for name, at in {**places, **closed}.items() if name != gone}
    assert lying(left, sizes) <= before

    size = (152.0, 48.0)
    dx, dy = standing.free_shift([standing.rects[gone]])
    shifted = (places[gone][0] + dx, places[gone][1] + dy)
    spots = [
        (standing.free_place(places[gone], size), size),
        (standing.below(gone, size), size),
        (shifted, sizes[gone]),
    ]
    for spot, wanted in spots:
        pairs = lying({**places, "new": spot}, {**sizes, "new": wanted})
        assert not any("new" in pair for pair in pairs)


def test_a_chain_makes_room_and_closes_again() -> None:
    standing = Standing(CHAIN, SIZES, EDGES)
    room = standing.make_room("b1", "b2", [("new", CARD)])
    assert room.places == {"new": (0.0, 2 * STEP)}
    assert room.moved == {f"b{index}": (0.0, STEP * (index + 1)) for index in (2, 3, 4)}
    after = {**CHAIN, **room.moved, **room.places}
    wider = Standing(after, SIZES | {"new": CARD}, [("b0", "b1"), ("b1", "new"), ("new", "b2"), *EDGES[2:]])
    assert {**after, **wider.close_gap(["new"], [("b1", "b2")])} == {**CHAIN, "new": (0.0, 2 * STEP)}


def test_what_has_room_stays() -> None:
    places = {"a": (0.0, 0.0), "b": (0.0, 600.0), "aside": (300.0, 300.0)}
    standing = Standing(places, dict.fromkeys(places, CARD), [("a", "b")])
    assert standing.make_room("a", "b", [("new", CARD)], (10.0, 300.0)).moved == {}
    assert standing.make_room("a", "b", [("new", CARD)], (10.0, 300.0)).places == {"new": (0.0, 300.0)}


def test_branches_beside_stay_and_what_joins_them_moves_as_far_as_it_must() -> None:
    places = {"in": (0.0, 0.0), "left": (-100.0, STEP), "right": (100.0, STEP), "more": (100.0, 2 * STEP),
              "join": (0.0, 3 * STEP), "out": (0.0, 4 * STEP)}  # fmt: skip
    edges = [("in", "left"), ("in", "right"), ("right", "more"), ("left", "join"), ("more", "join"), ("join", "out")]
    standing = Standing(places, dict.fromkeys(places, CARD), edges)
    short = standing.make_room("left", "join", [("new", CARD)])
    assert short.moved == {}
    assert short.places == {"new": (-100.0, 2 * STEP)}
    long = standing.make_room("right", "more", [("new", CARD)])
    assert set(long.moved) == {"more", "join", "out"}


def test_a_second_branch_stands_beside_the_first() -> None:
    places = {"a": (0.0, 0.0), "b": (0.0, STEP)}
    standing = Standing(places, dict.fromkeys(places, CARD), [("a", "b")])
    x, y = standing.below("a", CARD)
    assert y == STEP
    assert x > CARD[0]
    assert standing.below("b", CARD) == (0.0, 2 * STEP)


def test_gaps_in_use_are_kept() -> None:
    tight = {name: (0.0, 76.0 * index) for index, name in enumerate(CHAIN)}
    room = Standing(tight, SIZES, EDGES).make_room("b0", "b1", [("new", CARD)])
    assert room.places == {"new": (0.0, 76.0)}
    assert room.moved["b1"] == (0.0, 152.0)
    assert 76 - CARD[1] >= CLOSE


def test_a_wire_of_every_kind_in_a_preset() -> None:
    for preset in ("googlenet", "resnet34", "module_inception", "inception_v3"):
        diagram = load_preset(preset)
        for scope in diagram.scopes():
            places = arrange(diagram, scope)
            sizes, edges = dict.fromkeys(places, CARD), list(diagram.definition(scope).graph.edges())
            before, standing = lying(places, sizes), Standing(places, sizes, edges)
            for source, target in edges:
                room = standing.make_room(source, target, [("new", CARD)])
                assert lying({**places, **room.moved, **room.places}, sizes | {"new": CARD}) <= before


def answers(monkeypatch, standing: Standing, wire: tuple[str, str], gone: str, at_once: bool):
    """Room made in a wire, and a gap closed behind a block, with the answers that are found at once or without."""
    found: list[object] = []
    with monkeypatch.context() as patch:
        for name in ("pushed_alike", "risen_alike"):
            ask = getattr(alike, name) if at_once else lambda *_: None
            patch.setattr(room, name, lambda *given, ask=ask: found.append(answer := ask(*given)) or answer)
        made = standing.make_room(*wire, [("new", CARD)])
        bridges = [(source, target) for source in standing.before[gone] for target in standing.after[gone]]
        return (made, standing.close_gap([gone], bridges)), [each is not None for each in found]


def test_what_is_found_at_once_is_what_is_found_card_by_card(monkeypatch) -> None:
    quick = []
    for name in ("resnet18", "googlenet", "module_inception", "module_reduction"):
        diagram = flatten(load_preset(name))
        places = arrange(diagram)
        edges = sorted({(wire.source, wire.target) for wire in diagram.main.wires()})
        sizes = dict.fromkeys(places, CARD)
        for source, target in edges[::4]:
            standing = Standing(places, sizes, edges)
            slow, _ = answers(monkeypatch, standing, (source, target), target, False)
            fast, used = answers(monkeypatch, standing, (source, target), target, True)
            assert fast == slow, (name, source, target)
            quick += used
    assert sum(quick) > len(quick) / 4


@given(drawings(), st.data())
@examples(60)
def test_nor_is_it_on_any_drawing(drawing, data) -> None:
    places, sizes, edges = drawing
    wire = data.draw(st.sampled_from(edges))
    standing = Standing(places, sizes, edges)
    with pytest.MonkeyPatch.context() as patch:
        fast, _ = answers(patch, standing, wire, wire[1], True)
        slow, _ = answers(patch, standing, wire, wire[1], False)
    assert fast == slow


def test_pinned_cards_stay_where_they_are() -> None:
    standing = Standing(CHAIN, SIZES, EDGES, pinned=["b4"])
    room = standing.make_room("b0", "b1", [("new", CARD)])
    assert room.moved == {} and lying({**CHAIN, **room.places}, SIZES | {"new": CARD}) == set()
    far = {**CHAIN, "b4": (0.0, STEP * 9)}
    room = Standing(far, SIZES, EDGES, pinned=["b4"]).make_room("b0", "b1", [("new", CARD)])
    assert set(room.moved) == {"b1", "b2", "b3"} and room.places["new"] == CHAIN["b1"]
    assert set(Standing(CHAIN, SIZES, EDGES, pinned=["b3"]).close_gap(["b1"], [("b0", "b2")])) == {"b2"}
