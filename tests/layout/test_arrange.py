"""Where blocks go: nothing overlaps, the signal runs down, main chains are straight."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.expand import flatten
from blockstudio.graph.presets import load_preset, preset_names
from blockstudio.layout import CARD, arrange, arrangement, place
from blockstudio.layout.box import GAP_FAN, GAP_MERGE, GAP_X, GAP_Y
from blockstudio.layout.flow import ALONG
from tests.support.properties import examples

GRID = 8


def overlaps(places, sizes=None):
    """Pairs of names whose cards meet."""
    rects = []
    for name, (x, y) in places.items():
        width, height = (sizes or {}).get(name, CARD)
        rects.append((y - height / 2, y + height / 2, x - width / 2, x + width / 2, name))
    rects.sort()
    found = []
    for index, (_, bottom, left, right, name) in enumerate(rects):
        for other_top, _, other_left, other_right, other in rects[index + 1 :]:
            if other_top >= bottom:
                break
            if other_left < right and left < other_right:
                found.append((name, other))
    return found


def of(edges, count=None, **ends):
    """Places for a graph given by its edges, by number."""
    count = count or 1 + max(max(edge) for edge in edges)
    places = place([str(node) for node in range(count)], sorted(set(edges)), [CARD] * count, **ends)
    return {int(name): at for name, at in places.items()}


@pytest.mark.parametrize("name", preset_names())
def test_every_level_of_every_preset_is_drawn_without_overlaps(name):
    diagram = load_preset(name)
    for scope in diagram.scopes():
        places = arrange(diagram, scope)
        assert set(places) == set(diagram.definition(scope).graph)
        assert overlaps(places) == []
        for wire in diagram.definition(scope).wires():
            assert places[wire.source][1] + CARD[1] / 2 < places[wire.target][1] - CARD[1] / 2, wire


@pytest.mark.parametrize("name", ["googlenet", "inception_v3", "resnet18", "module_reduction"])
def test_every_level_can_be_drawn_from_left_to_right(name):
    diagram = load_preset(name)
    for scope in diagram.scopes():
        places = arrange(diagram, scope, right=True)
        assert overlaps(places) == []
        for wire in diagram.definition(scope).wires():
            gap = places[wire.target][0] - places[wire.source][0] - CARD[0]
            assert gap >= GAP_Y + ALONG - GRID, (wire, "the shape lies lengthwise on the wire")


@pytest.mark.parametrize("name", ["resnet50", "googlenet", "inception_v3"])
def test_flat_networks_are_drawn_without_overlaps_and_run_down(name):
    flat = flatten(load_preset(name))
    places = arrange(flat)
    assert overlaps(places) == []
    assert all(places[wire.source][1] < places[wire.target][1] for wire in flat.main.wires())


def test_the_main_chain_of_a_residual_network_is_straight():
    flat = flatten(load_preset("cifar_plain"))
    assert {x for x, _ in arrange(flat).values()} == {0.0}
    places = arrange(flatten(load_preset("resnet34")))
    adds = [at for name, at in places.items() if name.endswith(".add")]
    assert len(adds) == 16
    assert {x for x, _ in adds} == {0.0}


def test_an_identity_skip_leaves_its_branch_straight():
    places = of([(0, 1), (1, 2), (2, 3), (3, 4), (0, 3)])
    assert {x for x, _ in places.values()} == {0.0}
    steps = [b - a - CARD[1] for a, b in pairwise(places[node][1] for node in range(5))]
    assert steps == [GAP_FAN, GAP_Y, GAP_FAN, GAP_Y], "room where a wire parts and where it comes in"


def test_branches_stand_side_by_side_in_document_order_around_the_middle():
    diagram = load_preset("googlenet")
    places = arrange(diagram, "Inception")
    row = [places[name] for name in ("conv1x1", "reduce3x3", "reduce5x5", "pool")]
    xs = [x for x, _ in row]
    assert xs == sorted(xs)
    assert {b - a for a, b in pairwise(xs)} == {CARD[0] + GAP_X}
    assert sum(xs) == 0 == places["input"][0] == places["concat"][0]
    assert len({y for _, y in row}) == 1, "the first blocks of the branches stand on one row"
    assert places["conv3x3"][1] == places["conv5x5"][1] == places["pool_proj"][1]
    assert places["concat"][1] - places["conv3x3"][1] == CARD[1] + GAP_MERGE


def test_branches_stand_in_the_order_of_the_inputs_that_they_take():
    diagram = Diagram("turned")
    for name in ("input", "a", "b", "c", "cat"):
        diagram.add({"input": "Input", "cat": "Concat"}.get(name, "ReLU"), name)
    for port, name in enumerate(("c", "a", "b")):
        diagram.connect("input", name)
        diagram.connect(name, f"cat:{port}")
    places = arrange(diagram)
    assert sorted(("a", "b", "c"), key=lambda name: places[name][0]) == ["c", "a", "b"]


def test_the_steps_within_a_branch_are_even():
    places = arrange(flatten(load_preset("module_expanded")))
    for branch in ("branch1x1", "branch3x3dbl_1", "branch3x3_2a"):
        steps = [places[f"{branch}.{last}"][1] for last in ("conv", "bn", "relu")]
        assert [b - a for a, b in pairwise(steps)] == [CARD[1] + GAP_Y] * 2


def test_a_short_cut_stands_beside_the_long_way():
    edges = [(node, node + 1) for node in range(6)] + [(0, 7), (7, 6)]
    places = of(edges)
    assert {places[node][0] for node in range(7)} == {0.0}
    assert places[7][0] == CARD[0] + GAP_X
    assert places[1][1] == places[7][1]


def test_auxiliary_heads_stand_beside_the_main_way():
    diagram = load_preset("googlenet")
    places = arrange(diagram)
    main = [at for name, at in places.items() if not name.startswith("aux")]
    assert {x for x, _ in main} == {0.0}
    assert places["aux1"][0] > CARD[0] / 2
    assert places["aux1"][1] == places["inception_4b"][1]


def test_inputs_stand_at_the_top():
    diagram = Diagram("two")
    diagram.add("Input", "a")
    last = "a"
    for index in range(5):
        diagram.connect(last, diagram.add("ReLU", f"r{index}"))
        last = f"r{index}"
    diagram.add("Input", "b")
    diagram.add("Add", "add")
    diagram.add("Output", "out")
    for source, target in ((last, "add"), ("b", "add"), ("add", "out")):
        diagram.connect(source, target)
    places = arrange(diagram)
    assert places["a"][1] == places["b"][1] == min(y for _, y in places.values())
    assert places["out"][1] == max(y for _, y in places.values())


def test_sizes_are_respected():
    edges = [(0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (3, 4), (4, 5)]
    sizes = [(100.0, 40.0), (400.0, 200.0), (60.0, 30.0), (144.0, 48.0), (500.0, 48.0), (80.0, 400.0)]
    names = list("abcdef")
    places = place(names, edges, sizes)
    assert overlaps(places, dict(zip(names, sizes, strict=True))) == []
    assert abs(places["b"][1] - places["a"][1] - (40 / 2 + GAP_FAN + 200 / 2)) <= GRID
    assert abs(places["f"][1] - places["e"][1] - (48 / 2 + GAP_Y + 400 / 2)) <= GRID


def test_nothing_one_block_and_many_without_wires():
    diagram = Diagram("empty")
    assert arrange(diagram) == {}
    diagram.add("ReLU", "a")
    assert arrange(diagram) == {"a": (0.0, 24.0)}
    for index in range(60):
        diagram.add("ReLU", f"r{index}")
    places = arrange(diagram)
    assert len(places) == 61
    assert overlaps(places) == []
    height = max(y for _, y in places.values())
    assert height < 1000, "loose blocks are packed in columns, not in one tower"


def test_the_network_comes_first_and_other_pieces_to_its_right():
    diagram = Diagram("pieces")
    for name in ("x1", "x2", "x3"):
        diagram.add("ReLU", name)
    diagram.connect("x1", "x2")
    diagram.connect("x2", "x3")
    diagram.add("Input", "input")
    diagram.add("Output", "output")
    diagram.connect("input", "output")
    places = arrange(diagram)
    assert places["input"] == (0.0, 24.0)
    assert places["x1"][0] == places["x3"][0] > CARD[0]


def test_a_block_that_nothing_feeds_stands_beside_the_one_it_feeds():
    edges = [(0, 1), (1, 2), (2, 3), (3, 4), (5, 3)]
    places = of(edges, inputs=[0], outputs=[4])
    assert {places[node][0] for node in range(5)} == {0.0}
    assert places[5][0] > 0
    assert places[2][1] == places[5][1] < places[3][1]


def test_cycles_are_drawn():
    for edges in ([(0, 1), (1, 2), (2, 0)], [(0, 1), (1, 0)], [(0, 1), (1, 2), (2, 3), (3, 1), (2, 4)]):
        places = of(edges)
        assert len(set(places.values())) == len(places)
        assert overlaps(places) == []


def test_a_wire_from_a_block_to_itself_is_drawn():
    diagram = Diagram("loop")
    diagram.add("Add", "a")
    diagram.connect("a", "a")
    assert arrange(diagram) == {"a": (0.0, 24.0)}


def test_an_unknown_scope_is_refused():
    with pytest.raises(StudioError, match="there is no module 'Nope'"):
        arrange(Diagram("d"), "Nope")


def test_deep_nesting_is_no_recursion():
    edges, entry, leave, count = [], 0, 0, 1
    for _ in range(500):  # a diamond around what there is
        side, first, last = count, count + 1, count + 2
        edges += [(first, entry), (leave, last), (first, side), (side, last)]
        entry, leave, count = first, last, count + 3
    places = of(edges, count)
    assert len(set(places.values())) == count
    assert overlaps({str(node): at for node, at in places.items()}) == []


def random_edges(draw, count):
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    return draw(st.lists(pairs, max_size=3 * count))


@st.composite
def graphs(draw):
    count = draw(st.integers(1, 30))
    return count, sorted({edge for edge in random_edges(draw, count) if edge[0] != edge[1]})


@examples(150)
@given(graphs(), st.data())
def test_any_graph_is_drawn_without_overlaps(graph, data):
    count, edges = graph
    numbers = st.integers(2, 30).map(lambda value: value * 16.0)
    sizes = data.draw(st.lists(st.tuples(numbers, numbers), min_size=count, max_size=count))
    ends = [data.draw(st.lists(st.integers(0, count - 1), max_size=2, unique=True)) for _ in range(2)]
    names = [f"n{node}" for node in range(count)]
    places = place(names, edges, sizes, *ends)
    assert list(places) == names
    assert overlaps(places, dict(zip(names, sizes, strict=True))) == []
    assert all(x % GRID == 0 and y % GRID == 0 for x, y in places.values())
    assert place(names, edges, sizes, *ends) == places


@examples(150)
@given(graphs())
def test_between_one_input_and_one_output_every_wire_runs_down(graph):
    count, edges = graph
    edges = {(min(edge) + 1, max(edge) + 1) for edge in edges}
    fed, feeding = {v for _, v in edges}, {u for u, _ in edges}
    edges |= {(0, node) for node in range(1, count + 1) if node not in fed}
    edges |= {(node, count + 1) for node in range(1, count + 1) if node not in feeding}
    places = of(edges, count + 2, inputs=[0], outputs=[count + 1])
    for u, v in edges:
        assert places[u][1] + CARD[1] / 2 + GAP_Y - GRID <= places[v][1] - CARD[1] / 2


def test_the_picture_is_the_same_in_every_process():
    source = (
        "import json\n"
        "from blockstudio.graph.expand import flatten\n"
        "from blockstudio.graph.presets import load_preset\n"
        "from blockstudio.layout import arrange\n"
        "print(json.dumps([arrange(flatten(load_preset(n))) for n in ('inception_v3', 'googlenet')]))\n"
    )
    results = set()
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", source], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        )
        results.add(run.stdout)
    assert len(results) == 1


def test_the_arguments_of_a_worker_are_plain_data():
    diagram = load_preset("googlenet")
    arguments = arrangement(diagram, "", {"conv1": (200.0, 48.0)})
    sent = json.loads(json.dumps(arguments))
    assert place(*sent) == arrange(diagram, "", {"conv1": (200.0, 48.0)})


def test_a_mesh_is_drawn_in_document_order_with_few_crossings():
    # Two rows, fully meshed with an offset: 0 feeds 1..3, those feed 4..6 pairwise, all end in 7.
    edges = [(0, 1), (0, 2), (0, 3), (1, 4), (1, 5), (2, 4), (2, 6), (3, 5), (3, 6), (4, 7), (5, 7), (6, 7)]
    places = of(edges)
    assert places[1][1] == places[2][1] == places[3][1] < places[4][1] == places[5][1] == places[6][1]
    assert places[0][0] == places[7][0]
    wires = [edge for edge in edges if 1 <= edge[0] <= 3]
    crossings = sum(
        (places[a][0] - places[c][0]) * (places[b][0] - places[d][0]) < 0 for (a, b), (c, d) in combinations(wires, 2)
    )
    assert crossings == 2, "no order of these six has fewer"


def test_large_meshes_take_rows_without_the_full_method():
    import random

    rng = random.Random(5)
    edges = [(rng.randrange(max(0, node - 30), node), node) for node in range(1, 2000) for _ in range(3)]
    places = of(edges)
    assert overlaps({str(node): at for node, at in places.items()}) == []
