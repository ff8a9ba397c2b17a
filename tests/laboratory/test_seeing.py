"""Maps against the identities of their papers, against Captum, and against counting."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

import blockstudio as bs  # noqa: E402
from blockstudio.errors import StudioError  # noqa: E402
from blockstudio.laboratory import features, maps, receptive  # noqa: E402
from blockstudio.laboratory.places import place_of  # noqa: E402
from tests.laboratory.test_lesion import batch, subject  # noqa: E402


@pytest.mark.parametrize(
    ("name", "values", "last"),
    [
        ("cifar_resnet", {"n": 1}, "layer3.0.relu"),
        ("nin_cifar10", {}, ""),
        ("resnet18", {"size": 64}, ""),
        ("googlenet", {}, ""),
    ],
)
def test_a_class_activation_map_adds_up_to_the_logit(name: str, values: dict[str, object], last: str) -> None:
    found, model = subject(name, **values)
    asked = maps.ActivationMaps(found)
    image = batch(found, 1)[0]
    with torch.inference_mode():
        logits = model(image)[0]
    for label in (0, len(logits) - 1):
        cam = asked.of(image, label)
        assert cam.logit == pytest.approx(float(logits[label]), rel=1e-5)
        assert float(cam.map.mean()) + cam.bias == pytest.approx(cam.logit, rel=1e-3, abs=1e-4)
        assert float(cam.weights @ cam.means) + cam.bias == pytest.approx(cam.logit, rel=1e-3, abs=1e-4)
    assert not last or asked.place.path == last
    if name == "nin_cifar10":  # No linear layer: the map of a class is its channel.
        assert torch.allclose(asked.weights, torch.eye(10), atol=1e-5) and not asked.bias.any()
    else:
        assert torch.allclose(asked.weights, found.weights["fc.weight"], rtol=1e-4, atol=1e-6)


def test_networks_without_such_an_end_are_told() -> None:
    linear, conv = ("Linear", {"out_features": 10}), ("Conv2d", {"out_channels": 4, "kernel_size": 3})
    for parts, text in (
        ((conv, "ReLU", "Flatten", linear), "means and one linear layer"),
        ((conv, "GlobalAvgPool", "ReLU", "Flatten", linear), "means and one linear layer"),
        ((conv, "GlobalAvgPool", "Flatten", linear, "ReLU", linear), "more than one layer"),
    ):
        net = bs.Builder("Net", input=[1, 8, 8])
        net.chain(*parts)
        with pytest.raises(StudioError, match=text) as caught:
            maps.ActivationMaps(of(net.finish()))
        assert caught.value.code == "lab.cam"


def of(diagram: bs.Diagram) -> bs.lab.Subject:
    from blockstudio.analysis.trunk import trunk

    torch.manual_seed(3)
    return bs.lab.Subject(diagram, trunk(diagram), dict(bs.compile(diagram).state_dict()))


@pytest.mark.slow
def test_grad_cam_agrees_with_captum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path))  # It imports matplotlib.
    attr = pytest.importorskip("captum.attr")
    found, model = subject("cifar_resnet", n=1)
    image = batch(found, 1)[0]
    for block, layer in (("layer3.0", "layer3.0.relu"), ("layer2.0.bn1", "layer2.0.bn1"), ("conv1", "conv1")):
        for label in (1, 7):
            mine = maps.grad_cam(found, block, image, label)
            theirs = attr.LayerGradCam(model, model.get_submodule(layer)).attribute(
                image, target=label, relu_attributions=True
            )
            assert torch.allclose(mine, theirs[0, 0].detach(), rtol=1e-4, atol=1e-7 + 1e-5 * float(mine.max()))


def test_grad_cam_of_the_last_maps_is_the_activation_map() -> None:
    found, _ = subject("cifar_resnet", n=1)
    image = batch(found, 1)[0]
    # At the last maps of a network with a mean and a linear layer it is the positive part of the activation map.
    cam = maps.ActivationMaps(found).of(image, 1).map
    assert torch.allclose(maps.grad_cam(found, "layer3.0", image, 1) * 64, cam.clamp(min=0), rtol=1e-3, atol=1e-4)
    for block, text in (("fc", "no feature maps"), ("layer9", "no block"), ("fc.x", "no block")):
        with pytest.raises(StudioError, match=text):
            maps.grad_cam(found, block, image, 0)


def test_occlusion_is_the_network_on_covered_pictures() -> None:
    found, model = subject("cifar_resnet", n=1)
    image = batch(found, 1)[0]
    told: list[tuple[int, int]] = []
    lost = maps.occlusion(found, image, 3, 8, 10, lambda done, of: told.append((done, of)), batch=5)
    assert lost.shape == (4, 4) and told[-1] == (16, 16) and len(told) == 4  # 0, 10, 20, and 24 at the edge
    covered = image.clone()
    covered[:, :, 10:18, 24:32] = 0
    with torch.inference_mode():
        shares = model(torch.cat([image, covered])).softmax(1)[:, 3]
    assert float(lost[1, 3]) == pytest.approx(float(shares[0] - shares[1]), abs=1e-6)
    with pytest.raises(StudioError, match="does not fit"):
        maps.occlusion(found, image, 3, 40, 4)
    with pytest.raises(StudioError, match="cancelled"):
        maps.occlusion(found, image, 3, 8, 10, go_on=lambda: False)


def test_a_map_on_the_picture_and_its_box() -> None:
    found = torch.zeros(8, 8)
    found[1:4, 2:6] = 1
    found[6, 7] = 0.9
    found[7, 0] = 0.1  # below a fifth
    assert maps.box_of(found) == (2, 1, 6, 4)
    large = maps.over_picture(found, (32, 32))
    assert large.shape == (32, 32) and float(large.min()) == 0 and float(large.max()) == 1
    assert not maps.over_picture(torch.ones(4, 4), (8, 8)).any()


def test_places_are_blocks_and_modules() -> None:
    found, _ = subject("cifar_resnet", n=2)
    assert place_of(found, "layer1") == place_of(found, "layer1.1") == place_of(found, "layer1.1.relu")
    inception, _ = subject("googlenet")
    assert place_of(inception, "inception_3a").path.startswith("inception_3a.")
    with pytest.raises(StudioError, match="no block"):
        place_of(found, "nowhere")


def test_feature_maps_filters_and_what_excites_a_unit() -> None:
    found, model = subject("cifar_resnet", n=1)
    images, labels = batch(found, 6)
    seen: list[torch.Tensor] = []
    hook = model.layer2[0].register_forward_hook(lambda _m, _i, out: seen.append(out))
    with torch.inference_mode():
        model(images)
    hook.remove()
    assert torch.allclose(features.feature_maps(found, "layer2.0", images[:1]), seen[0][0], rtol=1e-4, atol=1e-5)
    excited = features.most_exciting(
        found, "layer2.0", [3, 17], [(images[:4], labels[:4]), (images[4:], labels[4:])], 2
    )
    top = seen[0][:, 3].flatten(1).max(1)
    assert [each.image for each in excited[3]] == top.values.topk(2).indices.tolist()
    first = excited[3][0]
    assert float(seen[0][(first.image, 3, *first.place)]) == pytest.approx(first.value, rel=1e-4)
    with pytest.raises(StudioError, match="channels 0 to 31"):
        features.most_exciting(found, "layer2.0", [32], [(images, labels)])
    name, filters = features.first_filters(found)
    assert name == "conv1" and torch.equal(filters, model.conv1.weight)
    pictures = features.as_pictures(filters)
    assert pictures.shape == (16, 3, 3, 3) and float(pictures.min()) >= 0 and float(pictures.max()) <= 1


def test_an_embedding_keeps_the_largest_variance() -> None:
    found, _ = subject("cifar_resnet", n=1)
    images, labels = batch(found, 12)
    place = features.features_place(found)
    with torch.inference_mode():
        _, values = found.tapped(place)(images)
    told = features.embedding(found, [(images[:5], labels[:5]), (images[5:], labels[5:])])
    variances = torch.linalg.eigvalsh(torch.cov(values.flatten(1).double().T)).flip(0)
    assert torch.allclose(told.points.var(0).double(), variances[:2], rtol=1e-3)
    assert told.share[0] == pytest.approx(float(variances[0] / variances.sum()), rel=1e-4)
    assert torch.equal(told.labels, labels)
    with pytest.raises(StudioError, match="two images"):
        features.embedding(found, [(images[:1], labels[:1])])


def test_what_a_unit_sees_lies_in_what_it_can_see() -> None:
    found, _ = subject("cifar_resnet", n=1)
    images, _ = batch(found, 4)
    for block, place in (("conv1", (5, 7)), ("layer1.0", (0, 31)), ("layer2.0", (8, 8)), ("layer3.0", (4, 4))):
        seen = receptive.seen_by(found, block, place, images)
        left, top, right, bottom = seen.theoretical
        support = torch.nonzero(seen.gradient)
        # The theoretical field is the support of the gradient, to the pixel.
        assert (int(support[:, 0].min()), int(support[:, 1].min())) == (top, left)
        assert (int(support[:, 0].max()) + 1, int(support[:, 1].max()) + 1) == (bottom, right)
        inner = seen.effective
        assert left <= inner[0] < inner[2] <= right and top <= inner[1] < inner[3] <= bottom
        assert 0 < seen.share <= 1 and float(seen.gradient.max()) == 1
        # Its profile: the gradient summed over each column, and the narrowest stretch with nine tenths of it.
        columns = seen.gradient.sum(0)
        assert torch.allclose(torch.tensor(seen.profile), columns / columns.sum(), atol=1e-6)
        first, behind = seen.middle
        assert sum(seen.profile[first:behind]) >= 0.9 > sum(seen.profile[first : behind - 1])
        assert seen.reach[0] <= left and right <= seen.reach[1] and seen.reach[1] - seen.reach[0] == seen.size[1]
    # Of one channel, in place of all together.
    one = receptive.seen_by(found, "layer1.0", (4, 4), images, [3])
    assert one.theoretical == receptive.seen_by(found, "layer1.0", (4, 4), images).theoretical
    model_units = [receptive.seen_by(found, "layer1.0", (4, 4), images, [unit]).profile for unit in range(3)]
    assert len(set(model_units)) == 3
    with pytest.raises(StudioError, match="channels 0 to 15"):
        receptive.seen_by(found, "layer1.0", (4, 4), images, [16])
    assert receptive.narrowest([0.1, 0.6, 0.3, 0.0], 0.9) == (1, 3) and receptive.narrowest([0.0, 0.0], 0.9)[1] == 0
    with pytest.raises(StudioError, match="none of them"):
        receptive.seen_by(found, "layer3.0", (8, 0), images)


def test_a_picture_from_a_file_is_seen_as_in_training(tmp_path: Path) -> None:
    from PIL import Image

    from blockstudio.runs import create_run, with_fields
    from blockstudio.runs.recipe import Recipe
    from blockstudio.training.trainer import train_run

    recipe = with_fields(Recipe(), {"data.input_size": 8, "steps": 2, "batch_size": 16, "threads": 1})
    run = create_run(bs.load("cifar_resnet", n=1), recipe, tmp_path / "run")
    train_run(run)
    asked = bs.lab.Subject.of_run(run, "last")
    (images, labels), *_ = asked.images("test", index=[4, 2])
    stored = asked.part("test")
    assert labels.tolist() == [int(stored.labels[4]), int(stored.labels[2])]
    shown = asked.shown(images)
    assert shown.shape == images.shape and float(shown.min()) >= 0 and float(shown.max()) <= 1
    pixels = (shown[0, 0] * 255).round().byte().numpy()
    Image.fromarray(pixels).save(tmp_path / "one.png")
    assert torch.allclose(asked.read(tmp_path / "one.png"), images[:1], atol=0.02)
    (tmp_path / "bad.png").write_bytes(b"no picture")
    with pytest.raises(StudioError) as caught:
        asked.read(tmp_path / "bad.png")
    assert caught.value.code == "data.image"
    with pytest.raises(StudioError, match="images 0 to"):
        asked.images("test", index=[10**6])


def test_a_picture_with_everything_in_one_answer() -> None:
    found, _ = subject("cifar_resnet", n=1)
    image = torch.randn(1, *found.input_shape)
    maps_of = features.every_map(found, image)
    blocks = [name for unit in found.trunk.units for name in unit.blocks]
    assert {"conv1", "layer1.0", "layer1.0.bn1", "layer3"} <= set(maps_of) and "fc" in blocks and "fc" not in maps_of
    for path in ("conv1", "layer2.0"):
        whole = features.feature_maps(found, path, image)
        assert torch.allclose(maps_of[path], whole.abs().mean(0))
