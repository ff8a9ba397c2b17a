"""Lesions and paths against the network itself, against counting and against closed forms."""

from __future__ import annotations

import itertools
import math

import pytest

torch = pytest.importorskip("torch")

import blockstudio as bs  # noqa: E402
from blockstudio.analysis.path_lengths import paths_without  # noqa: E402
from blockstudio.analysis.trunk import is_layer, trunk  # noqa: E402
from blockstudio.errors import StudioError  # noqa: E402
from blockstudio.laboratory import Lesions, Subject, branch_lengths, path_lengths, questions  # noqa: E402
from blockstudio.laboratory.curves import Curves, few  # noqa: E402
from blockstudio.laboratory.gradients import PathGradients, Strength, contributions  # noqa: E402
from blockstudio.laboratory.lesion import kendall  # noqa: E402


def subject(name: str, **values: object) -> tuple[Subject, torch.nn.Module]:
    """A preset with drawn weights and statistics, and the whole network."""
    diagram = bs.load(name, **values)
    torch.manual_seed(1)
    model = bs.compile(diagram).eval()
    for key, value in model.state_dict().items():
        if key.endswith("running_mean"):
            value.copy_(0.1 * torch.randn_like(value))
        elif key.endswith("running_var"):
            value.copy_(1 + torch.rand_like(value))
    return Subject(diagram, trunk(diagram), dict(model.state_dict())), model


def batch(found: Subject, count: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(2)
    return torch.randn(count, *found.trunk.units[0].source_shape), torch.randint(0, 10, (count,))


def test_units_are_what_a_person_would_call_them() -> None:
    for name, units in (
        ("cifar_resnet", "conv1 layer1.0 layer1.1 layer1.2 layer2.0 layer2.1 layer2.2 layer3.0 layer3.1 layer3.2 fc"),
        ("nin_cifar10", "mlpconv1.conv mlpconv1.cccp1 mlpconv1.cccp2 mlpconv2.conv mlpconv2.cccp1 mlpconv2.cccp2 "
         "mlpconv3.conv mlpconv3.cccp1 mlpconv3.cccp2"),
        ("alexnet", "conv1 conv2 conv3 conv4 conv5 fc6 fc7 fc8"),
    ):  # fmt: skip
        found = trunk(bs.load(name))
        assert [unit.name for unit in found.units] == units.split()
        assert [block for unit in found.units for block in unit.blocks] == list(found.analysis.live())[1:-1]
    assert [unit.name for unit in trunk(bs.load("googlenet")).units if unit.name.startswith("inception")] == [
        f"inception_{name}" for name in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")
    ]
    refused = trunk(bs.load("cifar_plain", n=1)).unit("layer2.0.conv1").refusal
    assert (
        refused
        == "layer2.0.conv1 turns 16×32×32 into 32×16×16; without it the next layer would get what it cannot take."
    )
    with pytest.raises(StudioError, match="Units: conv1"):
        trunk(bs.load("cifar_resnet")).unit("layer9")


@pytest.mark.parametrize(
    ("name", "values"),
    [("cifar_resnet", {"n": 2}), ("cifar_preact", {"n": 1}), ("cifar_plain", {"n": 1}), ("nin_cifar10", {})],
)
def test_the_pieces_are_the_network(name: str, values: dict[str, object]) -> None:
    found, model = subject(name, **values)
    images, _ = batch(found)
    with torch.inference_mode():
        whole = model(images)
        for unit in found.trunk.units:
            assert images.shape[1:] == unit.source_shape
            images = found.pieces[unit.name](images)
        assert torch.equal(images, whole)


def test_a_lesion_is_the_network_without_its_branch() -> None:
    found, model = subject("cifar_resnet", n=1)
    images, labels = batch(found)
    lesions = Lesions(found, [(images, labels)])
    for name, last in (("layer1.0", "layer1.0.bn2"), ("layer2.0", "layer2.0.bn2"), ("layer3.0", "layer3.0.bn2")):
        hook = model.get_submodule(last).register_forward_hook(lambda _m, _i, out: torch.zeros_like(out))
        with torch.inference_mode():
            logits = model(images)
        hook.remove()
        measured = lesions.without(name)
        assert measured.loss == pytest.approx(float(torch.nn.functional.cross_entropy(logits, labels)), rel=1e-5)
        assert measured.accuracy == float((logits.argmax(1) == labels).float().mean())
    with pytest.raises(StudioError) as caught:
        lesions.without("conv1")
    assert caught.value.code == "lab.lesion"


def test_only_what_is_behind_a_lesion_is_computed() -> None:
    found, _ = subject("cifar_resnet", n=3)
    batches = [batch(found), batch(found)]
    lesions = Lesions(found, batches)
    whole = lesions.whole()
    units = [unit.name for unit in lesions.units]
    for name in ("layer1.0", "layer2.1", "layer3.2"):
        before = lesions.computed
        lesions.without(name)
        assert lesions.computed - before == len(lesions.batches) * (len(units) - units.index(name))
        lesions.without(name)
        assert lesions.computed - before == len(lesions.batches) * (len(units) - units.index(name))  # it is known
    # Without room for what flows between the units, all is computed, with the same result.
    poor = Lesions(found, batches, kept_bytes=0)
    assert poor.whole() == whole and poor.without("layer2.1") == lesions.without("layer2.1")
    asked = iter([True] * 5 + [False] * 99)
    with pytest.raises(StudioError, match="cancelled"):
        Lesions(found, batches, go_on=lambda: next(asked)).whole()


def test_several_and_swaps_are_drawn_alike_each_time() -> None:
    found, _ = subject("cifar_resnet", n=4)
    lesions = Lesions(found, [batch(found)])
    several = lesions.several(3, 5, seed=4)
    assert [reading.units for reading in several] == [reading.units for reading in lesions.several(3, 5, seed=4)]
    assert len({reading.units for reading in several}) == 5
    assert len(lesions.several(12, 5)) == 1  # There is one way to take all of them.
    assert len(list(lesions.each())) == 12
    swapped = lesions.swapped(2, 12)
    # The first block of each stage stays; all others move in one draw or another.
    moved = {name for reading in swapped for name in reading.units}
    assert moved == {f"layer{stage}.{block}" for stage in (1, 2, 3) for block in (1, 2, 3)}
    assert all(reading.tau is not None and reading.tau < 1 for reading in swapped)
    with pytest.raises(StudioError, match="3 pairs"):
        lesions.swapped(4, 1)
    assert kendall([0, 1, 2]) == 1.0 and kendall([2, 1, 0]) == -1.0 and kendall([1, 0, 2]) == pytest.approx(1 / 3)


def test_units_change_places_by_hand_as_when_they_are_drawn() -> None:
    found, _ = subject("cifar_resnet", n=3)
    lesions = Lesions(found, [batch(found, 8), batch(found, 8)])
    drawn = lesions.swapped(2, 1, seed=3)[0]
    pairs = [drawn.units[:2], drawn.units[2:]]
    before = lesions.computed
    assert lesions.without(swapped=pairs) == drawn.measure and lesions.computed == before  # It is known.
    # In the network itself: the weights of one block in the other's place.
    plain = Lesions(found, lesions.batches, quick=False)
    moved = dict(found.weights)
    for one, other in pairs:
        for key, value in found.weights.items():
            for here, there in ((one, other), (other, one)):
                if key.startswith(f"{here}."):
                    moved[key.replace(f"{here}.", f"{there}.", 1)] = value
    whole = Lesions(Subject(found.diagram, found.trunk, moved), lesions.batches, quick=False).whole()
    assert plain.without(swapped=pairs).loss == pytest.approx(whole.loss, rel=1e-5)
    # Swapped back it is the network again; with one of them away besides, it is computed from the first change on.
    assert lesions.without(swapped=[pairs[0], pairs[0]]) == lesions.whole()
    assert lesions.without(pairs[0][0], swapped=pairs) != lesions.without(pairs[0][0])
    for pair in (("layer1.1", "layer2.1"), ("conv1", "layer1.0")):
        with pytest.raises(StudioError, match="take and give different shapes"):
            lesions.without(swapped=[pair])


def test_curves_come_draw_by_draw_and_are_those_that_are_asked_for() -> None:
    found, _ = subject("cifar_resnet", n=3)
    lesions = Lesions(found, [batch(found, 8)] * 3, quick=False)
    curves = Curves(lesions, images=16, draws=2)
    assert [each.count for each in curves.plan[:4]] == [1, 2, 3, 4] and len(curves.plan) == 2 * (5 + 3)
    steps = curves.steps()
    while len(curves.found["several"]) < 5:
        next(steps)
    assert [count for count, _ in curves.found["several"]] == [1, 2, 3, 4, 5]  # Every k once before any twice.
    for _ in steps:
        pass
    first = Lesions(found, [batch(found, 8)] * 2, quick=False)
    asked = {count: [each.measure.accuracy for each in first.several(count, 2)] for count in range(1, 6)}
    assert sorted(curves.found["several"]) == sorted((count, share) for count in asked for share in asked[count])
    assert [count for count, _ in curves.found["swap"]] == [1, 2, 3, 1, 2, 3] and not curves.refused
    # A network in which nothing can change places says so and has the other curve.
    small, _ = subject("cifar_resnet", n=1)
    alone = Curves(Lesions(small, [batch(small, 4)]))
    assert set(alone.refused) == {"swap"} and [each.curve for each in alone.plan] == ["several"] * 6
    assert few(0) == [] and few(4) == [1, 2, 3, 4] and few(25) == [1, 4, 8, 12, 17, 21, 25]


def test_paths_are_counted_as_in_the_paper() -> None:
    lengths = branch_lengths(trunk(bs.load("cifar_preact", n=18)))
    assert lengths.total == 2**54 and lengths.mean == 27
    assert lengths.counts == {k: math.comb(54, k) for k in range(55)}
    assert lengths.share(5, 17) == pytest.approx(0.004537, abs=5e-7)
    assert lengths.share(19, 35) == pytest.approx(0.9802, abs=5e-5)
    assert branch_lengths(trunk(bs.load("cifar_plain"))).counts == {0: 1}
    assert path_lengths(trunk(bs.load("cifar_plain"))).counts == {20: 1}


def test_paths_of_any_network_agree_with_walking_them_all() -> None:
    for name, values in (("googlenet", {}), ("resnet18", {}), ("inception_resnet_v1", {}), ("cifar_resnet", {"n": 2})):
        found = trunk(bs.load(name, **values))
        # Walked stretch by stretch: between two units there is one wire, so lengths of the whole are sums.
        counts = {0: 1}
        for unit in found.units:
            ways: dict[str, list[int]] = {unit.source.path: [0]}
            for block in unit.blocks:
                step = int(is_layer(found.flat.main.block(block).type))
                ways[block] = [length + step for wire in found.wires[block] for length in ways[wire.source]]
            joined: dict[int, int] = {}
            for one, more in itertools.product(counts, ways[unit.result.path]):
                joined[one + more] = joined.get(one + more, 0) + counts[one]
            counts = joined
        assert path_lengths(found).counts == dict(sorted(counts.items()))
        assert paths_without(found) == sum(counts.values())


def test_a_unit_without_its_branch_leaves_the_paths_of_its_shortcut() -> None:
    found = trunk(bs.load("inception_resnet_v1"))
    names = [unit.name for unit in found.residual_units]
    whole, one, none = (paths_without(found, off) for off in ((), names[:1], names))
    # A block of three branches and a shortcut; without any branch what stands between the blocks is left.
    assert whole == 4 * one and one > none > 0


def linear_chain() -> Subject:
    """Four residual units without an activation, so that the gradients of paths add up."""
    diagram = bs.Diagram("linear")
    diagram.add("Input", "input", shape=[2, 5, 5])
    before = "input"
    for index in range(4):
        diagram.add("Conv2d", f"conv{index}", out_channels=2, kernel_size=3, padding=1)
        diagram.add("Add", f"add{index}")
        diagram.connect(before, f"conv{index}")
        diagram.connect(f"conv{index}", f"add{index}")
        diagram.connect(before, f"add{index}")
        before = f"add{index}"
    for kind, name in (("Flatten", "flatten"), ("Linear", "fc"), ("Output", "output")):
        diagram.add(kind, name, **({"out_features": 10} if kind == "Linear" else {}))
        diagram.connect(before, name)
        before = name
    torch.manual_seed(0)
    return Subject(diagram, trunk(diagram), dict(bs.compile(diagram).state_dict()))


def test_gradients_of_all_paths_add_up_to_the_whole_one() -> None:
    found = linear_chain()
    images, labels = batch(found)
    gradients = PathGradients(found, images, labels)
    assert gradients.residual == ["conv0", "conv1", "conv2", "conv3"]
    model = bs.compile(found.diagram)
    model.load_state_dict(found.weights)
    leaf = images.clone().requires_grad_()
    torch.nn.functional.cross_entropy(model(leaf), labels).backward()

    def vector(branches: set[str] | None) -> torch.Tensor:
        direction, log = gradients.along(branches)
        return direction * math.exp(log)

    assert torch.allclose(vector(None), leaf.grad, rtol=1e-4, atol=1e-8)
    subsets = [set(some) for count in range(5) for some in itertools.combinations(gradients.residual, count)]
    assert torch.allclose(sum(map(vector, subsets)), leaf.grad, rtol=1e-4, atol=1e-8)


def test_gradients_by_length_of_a_real_network() -> None:
    found, model = subject("cifar_resnet", n=2)
    images, labels = batch(found)
    gradients = PathGradients(found, images, labels)
    leaf = images.clone().requires_grad_()
    torch.nn.functional.cross_entropy(model(leaf), labels).backward()
    direction, log = gradients.along(None)
    assert torch.allclose(direction * math.exp(log), leaf.grad, rtol=1e-3, atol=1e-7)
    strengths = gradients.by_length(range(7), 3)
    assert [len(strength.log_norms) for strength in strengths] == [1, 3, 3, 3, 3, 3, 1]
    assert strengths == gradients.by_length(range(7), 3)
    lengths = branch_lengths(found.trunk)
    shares = contributions(strengths, [lengths.share(k) for k in range(7)])
    assert sum(shares) == pytest.approx(1) and all(share > 0 for share in shares)
    assert contributions([Strength(0, (-math.inf,))], [1.0]) == [0.0]
    with pytest.raises(StudioError, match="one path"):
        other, _ = subject("cifar_plain", n=1)
        PathGradients(other, *batch(other))


def test_quick_modules_and_small_batches_change_nothing_but_rounding() -> None:
    for name, values in (("cifar_resnet", {"n": 1}), ("cifar_preact", {"n": 1}), ("nin_cifar10", {})):
        found, _ = subject(name, **values)
        images, labels = batch(found, 20)
        kept = images.clone()
        plain, quick = Lesions(found, [(images, labels)], quick=False), Lesions(found, [(images, labels)])
        assert quick.whole().loss == pytest.approx(plain.whole().loss, rel=1e-4)
        assert torch.equal(images, kept)  # Nothing is written into what comes in.
        assert [len(some) for _, some in plain.batches] == [20]
        if name == "cifar_resnet":
            assert quick.without("layer2.0").loss == pytest.approx(plain.without("layer2.0").loss, rel=1e-4)
            folded = [type(inner).__name__ for inner in quick.pieces["layer1.0"].modules()]
            assert "BatchNorm2d" not in folded and folded.count("Identity") == 2


def test_a_sweep_knows_something_of_every_unit_soon_and_all_at_its_end() -> None:
    found, _ = subject("cifar_resnet", n=1)
    lesions = Lesions(found, [batch(found, 4), batch(found, 4)], quick=False)
    steps = lesions.sweep()
    for done, of in steps:
        assert of == 8
        if done == 4:
            break
    assert {lesions.so_far(name).images for name in ("layer1.0", "layer2.0", "layer3.0")} == {4}
    # Asked for in between, it is measured whole, and the sweep does not measure it again.
    assert lesions.without("layer2.0").images == 8
    before = lesions.computed
    assert [done for done, _ in steps] == [5, 6, 7, 8]
    units = [unit.name for unit in lesions.units]
    assert lesions.computed - before == len(units) - units.index("layer1.0") + len(units) - units.index("layer3.0")
    assert lesions.so_far("layer3.0") == lesions.without("layer3.0")


def test_a_sweep_takes_up_next_what_has_most_work_left() -> None:
    found, _ = subject("cifar_resnet", n=2)
    batches = [batch(found, 25)] * 12
    lesions = Lesions(found, batches, quick=False)
    names = [unit.name for unit in lesions.candidates()]
    steps, left = lesions.sweep(), {name: 12 for name in names}
    behind = {name: len(lesions.units) - place for place, name in enumerate(unit.name for unit in lesions.units)}
    for done, of in steps:
        assert of == 12 * 7
        known = {name: lesions.so_far(name).images // 25 for name in names}
        if done == 5 * 7:
            assert set(known.values()) == {5} and lesions.so_far().images == 125  # something of each, soon
        if done == 6 * 7:
            assert known["layer1.0"] > known["layer3.1"] == 5
        if done > 6 * 7:
            left = {name: (12 - count) * behind[name] for name, count in known.items()}
            assert max(left.values()) - min(left.values()) <= max(behind.values()) + 7 * behind["layer3.1"]
    assert set(left.values()) == {0}


def test_networks_beside_each_other() -> None:
    found, _ = subject("cifar_resnet", n=1)
    other, _ = subject("cifar_plain", n=1)
    batches = [batch(found, 8)]
    again = Lesions(found, batches)
    answer = questions.lesion(Lesions(found, batches), beside=[again, Lesions(other, batches)])
    assert len(answer.table.headings) == 5 and [row[4] for row in answer.table.rows][1:] == ["–", "–"]
    first, second, plain = answer.data["runs"]
    assert first["without"] == second["without"] and set(plain["without"]) == {"layer1.0", "layer2.0", "layer3.0"}
    # In the plain network it is both layers of the block.
    both = Lesions(other, batches).without("layer1.0.conv1", "layer1.0.conv2")
    assert plain["without"]["layer1.0"]["loss"] == pytest.approx(both.loss) and plain["without"]["layer2.0"] is None
    assert [curve.name for curve in answer.figure.curves] == [
        f"{found.diagram.name}, 2 runs",
        other.diagram.name,
    ]
    several = questions.several(Lesions(found, batches), [1, 3], 2, 0, beside=[Lesions(other, batches)])
    assert [row[0] for row in several.table.rows].count(found.diagram.name) == 2
    assert str(several.sentence).count(";") >= 2
