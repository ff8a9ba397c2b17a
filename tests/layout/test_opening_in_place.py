"""Points between blocks go along where modules that are open make room, and find back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockstudio.layout.opening import Stretch, make_room
from tests.support.properties import examples

NEAR = st.floats(-600, 2000).map(lambda value: round(value, 1))


@st.composite
def opened(draw):
    """Cards in columns and rows, some of which are open, wired downward."""
    count = draw(st.integers(1, 10))
    centres = np.array([
        (200.0 * draw(st.integers(-2, 2)) + draw(st.sampled_from((0.0, 3.0, 60.0))), 76.0 * draw(st.integers(0, 12)))
        for _ in range(count)
    ])  # fmt: skip
    cards = np.array([(draw(st.sampled_from((152.0, 232.0))), 48.0) for _ in range(count)])
    open_ones = draw(st.sets(st.integers(0, count - 1), max_size=3))
    sizes = cards.copy()
    for row in open_ones:
        sizes[row] += (draw(st.floats(0, 700)), draw(st.floats(0, 900)))
    wires = [(u, v) for u in range(count) for v in range(count) if centres[u, 1] + 48 <= centres[v, 1] and (u + v) % 3]
    return centres, cards, sizes, wires


@given(opened(), NEAR, NEAR, st.data())
@examples(150)
def test_every_place_shown_has_one_on_the_closed_drawing(drawing, x, y, data) -> None:
    centres, cards, sizes, wires = drawing
    moved = make_room(centres, cards, sizes, wires)
    stretch = Stretch(centres, moved, cards, sizes)
    rows = st.none() | st.integers(0, len(centres) - 1)
    ends = data.draw(st.sampled_from(wires) if wires else st.just((None, None))) if data.draw(st.booleans()) else (
        data.draw(rows), None,
    )  # fmt: skip
    shown = stretch.shown((x, y), ends)
    assert stretch.closed(shown, ends) == pytest.approx((x, y), abs=1e-6)
    # And the other way: where a point is let go, there it is.
    assert stretch.shown(stretch.closed((x, y), ends), ends) == pytest.approx((x, y), abs=1e-6)
    source, target = ends
    if source is not None and target is not None:
        # What stands between two blocks on the closed drawing stands between them on the other.
        bottom, top = (moved[source, 1] + sizes[source, 1] / 2), (moved[target, 1] - sizes[target, 1] / 2)
        between = centres[source, 1] + 24 <= y <= centres[target, 1] - 24
        assert not between or bottom - 1e-6 <= shown[1] <= top + 1e-6


def test_nothing_moves_where_nothing_is_open() -> None:
    centres, cards = np.array([(0.0, 0.0), (0.0, 76.0)]), np.array([(152.0, 48.0)] * 2)
    stretch = Stretch(centres, centres, cards, cards)
    for at in ((0.0, 0.0), (300.0, 38.0), (-90.0, 900.0)):
        assert stretch.shown(at, (0, 1)) == stretch.closed(at, (0, 1)) == at
