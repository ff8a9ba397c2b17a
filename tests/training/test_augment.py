"""Augmentation: right pixels, drawn by place alone."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from blockstudio.runs.augmentation import Augmentation
from blockstudio.training.augment import (
    Augmenter,
    Normaliser,
    color_jitter,
    cutout,
    lighting,
    pad_crop,
    random_crop,
)
from blockstudio.training.losses import Meter, in_top
from blockstudio.training.random import generator, mixed

CPU = torch.device("cpu")


def images(count: int = 6, channels: int = 3, size: int = 8) -> torch.Tensor:
    return torch.rand(count, channels, size, size, generator=torch.Generator().manual_seed(0))


def test_pad_crop_cuts_a_window_of_the_padded_image() -> None:
    batch = images()
    fill = torch.tensor([0.1, 0.2, 0.3]).view(1, 3, 1, 1)
    down, right = torch.rand(6), torch.rand(6)
    found = pad_crop(batch, 2, down, right, fill)
    for number in range(6):
        padded = fill[0].expand(3, 12, 12).clone()
        padded[:, 2:10, 2:10] = batch[number]
        top, left = int(down[number] * 5), int(right[number] * 5)
        assert torch.equal(found[number], padded[:, top : top + 8, left : left + 8])


def test_every_place_of_a_crop_is_drawn() -> None:
    batch = torch.arange(64.0).view(1, 1, 8, 8).expand(500, 1, 8, 8)
    augment = Augmenter(Augmentation(pad_crop=1), [0.0], [1.0], 0, CPU)
    found = augment(batch, torch.zeros(500, dtype=torch.int64), 0, 0).images
    assert len({tuple(image.flatten().tolist()) for image in found}) == 9


def test_flip_mirrors_about_half() -> None:
    batch = images(400)
    found = Augmenter(Augmentation(flip=True), [0.0] * 3, [1.0] * 3, 0, CPU)(batch, torch.zeros(400), 0, 0).images
    mirrored = [torch.equal(found[number], batch[number].flip(2)) for number in range(400)]
    same = [torch.equal(found[number], batch[number]) for number in range(400)]
    assert all(one != two for one, two in zip(mirrored, same, strict=True))
    assert 150 < sum(mirrored) < 250


def test_cutout_wipes_a_square_that_may_stick_out() -> None:
    batch = images() + 1
    found = cutout(
        batch, 4, torch.tensor([0.5, 0.0, 0.999, 0.5, 0.5, 0.5]), torch.tensor([0.5, 0.0, 0.5, 0.5, 0.5, 0.5])
    )
    wiped = (found == 0).all(1).sum((1, 2)).tolist()
    assert wiped == [16, 4, 12, 16, 16, 16]
    assert torch.equal(found[found != 0], batch[found != 0])


def test_colour_jitter_stays_in_range_and_is_nothing_at_strength_zero() -> None:
    batch = images()
    draws = torch.rand(6, 3)
    assert torch.allclose(color_jitter(batch, 0.0, draws), batch, atol=1e-6)
    found = color_jitter(batch, 0.8, draws)
    assert found.min() >= 0 and found.max() <= 1
    assert not torch.allclose(found, batch, atol=0.05)
    neutral = color_jitter(batch, 0.8, torch.full((6, 3), 0.5))
    assert torch.allclose(neutral, batch, atol=1e-6)


def test_jitter_of_grey_images_keeps_one_channel() -> None:
    assert color_jitter(images(channels=1), 0.5, torch.rand(6, 3)).shape == (6, 1, 8, 8)


def test_mixup_blends_images_and_labels_by_one_share() -> None:
    batch, labels = images(), torch.arange(6)
    found = Augmenter(Augmentation(mixup=1.0), [0.0] * 3, [1.0] * 3, 0, CPU)(batch, labels, 0, 0)
    assert found.others is not None
    assert 0.5 <= found.share <= 1
    expected = batch * found.share + batch[found.others] * (1 - found.share)
    assert torch.allclose(found.images, expected)
    assert sorted(found.others.tolist()) == list(range(6))


ALL = Augmentation(pad_crop=2, flip=True, color_jitter=0.3, cutout=3, mixup=0.5)


def test_draws_depend_on_the_place_and_on_nothing_else() -> None:
    batch, labels = images(), torch.arange(6)

    def at(seed: int, epoch: int, step: int) -> torch.Tensor:
        return Augmenter(ALL, [0.5] * 3, [0.25] * 3, seed, CPU)(batch, labels, epoch, step).images

    torch.manual_seed(1)
    first = at(0, 3, 7)
    torch.rand(10)
    at(0, 0, 0)
    assert torch.equal(at(0, 3, 7), first)
    for other in ((1, 3, 7), (0, 4, 7), (0, 3, 8), (0, 7, 3)):
        assert not torch.equal(at(*other), first)


def test_augmenting_leaves_the_dropouts_random_numbers_alone() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    Augmenter(ALL, [0.5] * 3, [0.25] * 3, 0, CPU)(images(), torch.arange(6), 0, 0)
    assert torch.equal(torch.get_rng_state(), before)


def test_without_augmentation_nothing_is_copied() -> None:
    batch = images()
    assert Augmenter(Augmentation(), [0.5] * 3, [0.25] * 3, 0, CPU)(batch, torch.arange(6), 0, 0).images is batch


def test_normalising_gives_mean_zero_and_deviation_one() -> None:
    raw = torch.randint(0, 256, (50, 2, 8, 8), dtype=torch.uint8)
    values = raw.double() / 255
    mean, std = values.mean((0, 2, 3)).tolist(), values.std((0, 2, 3)).tolist()
    found = Normaliser(mean, std, CPU)(raw)
    assert found.dtype == torch.float32
    assert found.mean((0, 2, 3)).tolist() == pytest.approx([0, 0], abs=1e-5)
    assert found.std((0, 2, 3)).tolist() == pytest.approx([1, 1], abs=1e-3)


def test_places_do_not_collide() -> None:
    places: Any = {
        mixed(seed, purpose, epoch, step)
        for seed in range(3)
        for purpose in range(4)
        for epoch in range(20)
        for step in range(50)
    }
    assert len(places) == 3 * 4 * 20 * 50
    assert generator(1, 2).initial_seed() != generator(2, 1).initial_seed()


def test_a_random_crop_is_a_part_of_the_image_brought_to_its_size() -> None:
    # A ramp to the right in one channel, downwards in the other: what is cut out can be read off.
    place = (torch.arange(64) + 0.5) / 32 - 1
    images = torch.stack([place.expand(64, 64), place.view(-1, 1).expand(64, 64)]).expand(500, -1, -1, -1)
    wanted = Augmentation(crop_least=0.25, crop_most=0.5, crop_aspect=2.0)
    found = random_crop(images, wanted, torch.rand(500, 4, generator=torch.Generator().manual_seed(0)))
    width = (found[:, 0, 32, -8] - found[:, 0, 32, 8]) / (place[-8] - place[8])
    height = (found[:, 1, -8, 32] - found[:, 1, 8, 32]) / (place[-8] - place[8])
    area, aspect = width * height, width / height
    assert found.shape == images.shape and found.abs().max() <= 1
    assert 0.2 < area.min() < 0.28 and 0.46 < area.max() < 0.51
    assert 0.49 < aspect.min() < 0.6 and 1.7 < aspect.max() < 2.01
    assert found[:, 0, 0, 0].min() < -0.95 and found[:, 0, -1, -1].max() > 0.95
    whole = random_crop(images[:2], Augmentation(crop_least=1.0, crop_aspect=1.0), torch.rand(2, 4))
    assert torch.allclose(whole, images[:2], atol=1e-5)


def test_lighting_shifts_colours_by_normal_numbers_along_the_principal_ones() -> None:
    shift = lighting(torch.rand(20_000, 4, generator=torch.Generator().manual_seed(0)), 0.1).view(-1, 3)
    assert shift.mean(0).abs().max() < 1e-3
    values = torch.linalg.eigvalsh(torch.cov(shift.T)).sqrt()
    assert torch.allclose(values, 0.1 * torch.tensor([0.0045, 0.0188, 0.2175]), rtol=0.05)


def test_a_step_starts_few_computations_beside_the_network() -> None:
    """What is drawn is made ready for many steps, right answers are counted of several: the same numbers either way."""

    class Counted(TorchDispatchMode):
        started = 0

        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            alias = any(each.alias_info is not None and not each.alias_info.is_write
                        for each in function._schema.returns)  # fmt: skip
            self.started += not alias
            return function(*args, **(kwargs or {}))

    batch, labels = images(20), torch.arange(20) % 10
    wanted = Augmentation(pad_crop=2, flip=True)
    augment, meter = (Augmenter(wanted, [0.5] * 3, [0.25] * 3, 3, CPU), Meter(CPU, 0))
    at_once = Meter(CPU, 0, every_top=True)
    logits = torch.rand(64, 20, 10, generator=torch.Generator().manual_seed(1))
    with Counted() as counted:
        varied = [augment(batch, labels, 0, step).images for step in range(64)]
        for step in range(64):
            meter.add(logits[step].sum(), logits[step], labels, [])
            meter.count(20)
    assert counted.started / 64 < 11  # 21 when each step drew and counted by itself
    again = Augmenter(wanted, [0.5] * 3, [0.25] * 3, 3, CPU)
    assert all(torch.equal(again(batch, labels, 0, step).images, varied[step]) for step in (40, 3, 63))
    halves = [again(part, labels[:10], 0, 5, place).images for part, place in
              ((batch[:10], (0, 20)), (batch[10:], (10, 20)))]  # fmt: skip
    assert torch.equal(torch.cat(halves), varied[5])
    for step in range(64):
        at_once.add(logits[step].sum(), logits[step], labels, [])
        at_once.count(20)
    found, all_at_once = meter.read(), at_once.read()
    assert (found.right, found.loss) == (all_at_once.right, all_at_once.loss) and found.top_images == 64 * 20 // 4
    assert found.top == sum(int(in_top(logits[step], labels)) for step in range(0, 64, 4))
