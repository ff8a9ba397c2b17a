"""Lesions computed in bfloat16: the same accuracies, and float32 wherever that would not hold."""

from __future__ import annotations

from collections.abc import Callable

import pytest

torch = pytest.importorskip("torch")

import blockstudio as bs  # noqa: E402
from blockstudio.analysis.trunk import trunk  # noqa: E402
from blockstudio.graph.diagram import Diagram  # noqa: E402
from blockstudio.laboratory import Lesions, Subject, half  # noqa: E402


@pytest.fixture(autouse=True)
def multiplied(monkeypatch: pytest.MonkeyPatch) -> None:
    """A processor without bfloat16 imitates it."""
    monkeypatch.setattr(half, "pays", lambda: True)


def asked(diagram: Diagram, images: int = 24) -> tuple[Lesions, Lesions]:
    """In float32 and in bfloat16, on images whose labels are what the network says of them."""
    torch.manual_seed(0)
    model = bs.compile(diagram)
    for _ in range(3):
        model(torch.randn(32, *bs.analyze(diagram).blocks["input"].output_shape))  # Statistics of its own.
    subject = Subject(diagram, trunk(diagram), dict(model.state_dict()))
    shown = torch.randn(images, *subject.input_shape)
    with torch.inference_mode():
        labels = subject.tapped()(shown)[0].argmax(1)
    return Lesions(subject, [(shown, labels)]), Lesions(subject, [(shown, labels)], bf16=True)


@pytest.mark.parametrize("without_fusing", [False, True])
@pytest.mark.parametrize(("preset", "values"), [("cifar_resnet", {"n": 2}), ("cifar_preact", {"n": 1})])
def test_accuracies_are_those_of_float32(
    preset: str, values: dict[str, int], without_fusing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if without_fusing:  # As in a torch that has no such operation.
        monkeypatch.setattr(half, "_CONVOLUTION", None)
    exact, rounded = asked(bs.load(preset, **values))
    assert rounded.rounding is not None and 0 < rounded.rounding.error < half.LARGEST
    assert exact.rounding is None
    assert rounded.whole() == exact.whole() and exact.whole().accuracy == 1  # Whole, it is computed in float32.
    changed = 0
    for one, other in zip(exact.each(), rounded.each(), strict=True):
        assert one.units == other.units and one.measure.by_class == other.measure.by_class
        assert other.measure.loss == pytest.approx(one.measure.loss, rel=2e-2)
        changed += one.measure.loss != other.measure.loss
    assert changed, "nothing was computed in bfloat16"
    several = exact.candidates()[0].name, exact.candidates()[-1].name
    assert rounded.without(*several).accuracy == exact.without(*several).accuracy


def test_sums_and_rectifiers_are_computed_with_their_convolution() -> None:
    if half._CONVOLUTION is None:
        pytest.skip("this torch computes a convolution alone")
    _, rounded = asked(bs.load("cifar_resnet", n=1))
    unit = rounded.pieces["layer1.0"]
    called = [node.op for node in half.halved(unit).graph.nodes]
    assert called == ["placeholder", "call_module", "call_module", "output"]
    # What was copied is as it was.
    assert all(parameter.dtype is torch.float32 for parameter in unit.parameters())


def test_an_image_is_clear_whose_best_classes_are_further_apart_than_the_rounding() -> None:
    exact = torch.tensor([[0.0, 4.0, 10.0], [0.0, 1.0, 2.0]])
    # The second image's scores all rise by 5, which changes no class.
    rounding = half.Rounding.between(exact, exact + torch.tensor([[0.0, 0.0, 0.3], [5.0, 5.0, 5.0]]))
    assert rounding.error == pytest.approx(0.02)  # 0.2 of the mean, in a span of 10
    apart = half.MARGIN * 0.02 * 10
    scores = torch.tensor([[0.0, 10 - 1.01 * apart, 10.0], [0.0, 10 - 0.99 * apart, 10.0], [0.0, torch.nan, 10.0]])
    assert rounding.unclear(scores).tolist() == [False, True, True]


def test_what_is_unclear_is_computed_in_float32() -> None:
    exact, rounded = asked(bs.load("cifar_resnet", n=1))
    rounded.__dict__["rounding"] = half.Rounding(error=10.0)
    for unit in exact.candidates():
        assert rounded.without(unit.name).loss == pytest.approx(exact.without(unit.name).loss, rel=1e-5)


def _refuses(module: torch.nn.Module) -> torch.nn.Module:
    class Refusing(torch.nn.Module):
        def forward(self, values: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("not implemented for 'BFloat16'")

    return Refusing()


@pytest.mark.parametrize(
    "change",
    [
        lambda patch: patch.setattr(half, "pays", lambda: False),
        lambda patch: patch.setattr(half, "LARGEST", 1e-9),
        lambda patch: patch.setattr(half, "halved", _refuses),
        lambda patch: patch.setattr(half, "suits", lambda modules: False),
    ],
    ids=["no bfloat16", "too far off", "no such operation", "takes longer"],
)
def test_float32_where_bfloat16_does_not_help(
    change: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    exact, rounded = asked(bs.load("cifar_resnet", n=1), images=8)
    change(monkeypatch)
    assert rounded.rounding is None
    assert rounded.without("layer2.0") == exact.without("layer2.0")


def test_convolutions_by_groups_are_left_in_float32() -> None:
    grouped, plain = torch.nn.Conv2d(4, 4, 3, groups=4), torch.nn.Conv2d(4, 4, 3)
    assert half.suits([torch.nn.Sequential(plain)])
    assert not half.suits([plain, torch.nn.Sequential(grouped)])
    assert not half.suits([torch.nn.Linear(4, 4)])
