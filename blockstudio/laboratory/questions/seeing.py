"""Where does it look, and what does it answer to? Pictures with what the network makes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from blockstudio.errors import StudioError
from blockstudio.laboratory import features as asked_features
from blockstudio.laboratory import maps
from blockstudio.laboratory.pixels import grey, heated, rgb
from blockstudio.laboratory.places import place_of, shape_at
from blockstudio.laboratory.questions.answer import Answer, Progress
from blockstudio.laboratory.receptive import seen_by
from blockstudio.laboratory.subject import Part, Subject
from blockstudio.report.chart import Chart, Curve
from blockstudio.report.table import Table
from blockstudio.report.tiles import Tile, Tiles
from blockstudio.text import render, say

FIELD, EFFECTIVE, OBJECT = "#3b7ddd", "#d1495b", "#2a9d8f"
SHOWN_MAPS = 64
Ask = Callable[[], bool]


def cam(
    subject: Subject,
    images: Sequence[int] = (0,),
    part: Part = "test",
    label: int | None = None,
    block: str | None = None,
    picture: Path | None = None,
    progress: Progress = lambda done, of: None,
    go_on: Ask = lambda: True,
) -> Answer:
    """What speaks for a class, over the picture: a class activation map, or with a block Grad-CAM of it.

    Args:
        subject: Who is asked.
        images: Numbers of the part's images.
        part: Of the run's data set.
        label: The class; the one that the network chooses without.
        block: Grad-CAM of this block in place of the class activation map.
        picture: A file in place of the part's images.
        progress: Called after each image.
        go_on: Asked before each image.

    Raises:
        StudioError: ``lab.cam``, ``lab.block``, ``lab.label``, ``lab.data``; ``data.*``.
    """
    classes = subject.splits.classes
    if label is not None and not 0 <= label < len(classes):
        text = say("there are classes 0 to {last}, not {label}.", last=len(classes) - 1, label=label)
        raise StudioError("lab.label", text, where=subject.diagram.name)
    asked = maps.ActivationMaps(subject) if block is None else None
    network = subject.tapped()
    given = _given(subject, images, part, picture)
    boxes = None if picture is not None else getattr(subject.part(part), "boxes", None)
    tiles, rows, data = list[Tile](), list[list[str]](), list[dict[str, Any]]()
    inside = 0
    for name, place, image, truth in given:
        if not go_on():
            raise StudioError("lab.cancelled", say("was cancelled."))
        with torch.inference_mode():
            shares = network(image)[0].softmax(1)[0]
        chosen = int(shares.argmax()) if label is None else label
        if asked is not None:
            activation = asked.of(image, chosen)
            found = activation.map
        else:
            assert block is not None
            activation, found = None, maps.grad_cam(subject, block, image, chosen)
        shown = subject.shown(image)[0]
        large = maps.over_picture(found.cpu(), (shown.shape[1], shown.shape[2]))
        frames = []
        peak = divmod(int(large.argmax()), large.shape[1])
        entry: dict[str, Any] = {
            "image": name, "class": classes[chosen], "share": float(shares[chosen]), "map": found.cpu().tolist(),
            "peak": list(peak),
        }  # fmt: skip
        if activation is not None:
            entry |= {"mean": float(found.mean()), "bias": activation.bias, "logit": activation.logit}
        if boxes is not None and place is not None:
            left, top, right, bottom = boxes[place].tolist()
            frames.append(((left, top, right, bottom), OBJECT, True))
            entry["peak_inside"] = left <= peak[1] < right and top <= peak[0] < bottom
            inside += bool(entry["peak_inside"])
        tiles += [Tile(rgb(shown), name if truth is None else f"{name}: {classes[truth]}"),
                  Tile(heated(shown, large), f"{classes[chosen]} {float(shares[chosen]):.0%}", frames)]  # fmt: skip
        rows.append([name, "" if truth is None else classes[truth], classes[chosen], f"{float(shares[chosen]):.1%}",
                     "" if activation is None else f"{float(found.mean()):.3f}",
                     "" if activation is None else f"{activation.bias:.3f}",
                     "" if activation is None else f"{activation.logit:.3f}"])  # fmt: skip
        data.append(entry)
        progress(len(data), len(given))
    heads = [say("image"), say("is"), say("class"), say("share"), say("mean of the map"), say("bias"), say("score")]
    if asked is not None:
        sentence = say("The mean of a class's map plus its bias is its score; the map comes from {place}.",
                       place=asked.place.path)  # fmt: skip
    else:
        sentence = say("Grad-CAM of {block}.", block=str(block))
    title = say("What speaks for the class")
    return Answer("cam", {"block": block, "images": data, "peaks_inside": inside if boxes is not None else None},
                  Table([render(head) for head in heads], rows, "lllrrrr"),
                  Tiles(render(title), tiles, 128, 6), sentence)  # fmt: skip


def _given(
    subject: Subject, images: Sequence[int], part: Part, picture: Path | None
) -> list[tuple[str, int | None, Tensor, int | None]]:
    """Name, number, image ``(1, C, H, W)`` and class of each that is asked about."""
    if picture is not None:
        return [(picture.name, None, subject.read(picture), None)]
    found = list[tuple[str, int | None, Tensor, int | None]]()
    batches = subject.images(part, index=images)
    every = [(image[None], int(label)) for some, labels in batches for image, label in zip(some, labels, strict=True)]
    for place, (image, label) in zip(images, every, strict=True):
        found.append((str(place), place, image, label))
    return found


def occlusion(
    subject: Subject, image: int = 0, part: Part = "test", label: int | None = None, patch: int | None = None,
    picture: Path | None = None, progress: Progress = lambda done, of: None, go_on: Ask = lambda: True,
) -> Answer:  # fmt: skip
    """How much of a class's share is lost where a square covers the picture.

    Args:
        subject: Who is asked.
        image: Number in the part.
        part: Of the run's data set.
        label: The class; the chosen one without.
        patch: Side of the square; a quarter of the picture without.
        picture: A file in place of the image.
        progress: Called after each batch of places.
        go_on: Asked before each batch.

    Raises:
        StudioError: ``lab.occlusion``, ``lab.data``; ``data.*``.
    """
    (name, _, shown, _), *_ = _given(subject, [image], part, picture)
    network = subject.tapped()
    with torch.inference_mode():
        shares = network(shown)[0].softmax(1)[0]
    chosen = int(shares.argmax()) if label is None else label
    side = patch or max(1, shown.shape[-1] // 4)
    lost = maps.occlusion(subject, shown, chosen, side, max(1, side // 2), progress, go_on)
    base = subject.shown(shown)[0]
    large = maps.over_picture(lost.clamp(min=0), (base.shape[1], base.shape[2]))
    name_of = subject.splits.classes[chosen]
    worst = divmod(int(lost.argmax()), lost.shape[1])
    rows = [[str(row), *(f"{value:+.0%}" for value in line)] for row, line in enumerate(lost.tolist())]
    heads = ["", *map(str, range(lost.shape[1]))]
    sentence = say(
        "{share} for {name}; a square of {side} pixels takes up to {most} away, at row {row} and column {column}.",
        share=f"{float(shares[chosen]):.1%}", name=name_of, side=side, most=f"{float(lost.max()):.1%}", row=worst[0],
        column=worst[1],
    )  # fmt: skip
    data = {"image": name, "class": name_of, "share": float(shares[chosen]), "patch": side, "lost": lost.tolist()}
    tiles = [Tile(rgb(base), name), Tile(heated(base, large), render(say("share lost")))]
    return Answer("occlusion", data, Table(heads, rows, "r" * len(heads)),
                  Tiles(render(say("Covered place by place")), tiles, 192), sentence)  # fmt: skip


def filters(subject: Subject) -> Answer:
    """The filters of the first convolution. Raises `StudioError` ``lab.filters``."""
    name, weights = asked_features.first_filters(subject)
    pictures = asked_features.as_pictures(weights.cpu())
    tiles = [Tile(rgb(picture), str(number)) for number, picture in enumerate(pictures)]
    norms = weights.flatten(1).norm(dim=1)
    rows = [[str(number), f"{float(norm):.3f}"] for number, norm in enumerate(norms)]
    sentence = say(
        "{name}: {count} filters of {height}×{width}, grey is 0, all on one scale.",
        name=name, count=len(weights), height=weights.shape[2], width=weights.shape[3],
    )  # fmt: skip
    return Answer("filters", {"block": name, "weights": weights.cpu().tolist()},
                  Table([render(say("filter")), render(say("norm"))], rows, "rr"),
                  Tiles(render(say("Filters of {name}", name=name)), tiles, 40, 16), sentence)  # fmt: skip


def features(subject: Subject, block: str, image: int = 0, part: Part = "test", picture: Path | None = None) -> Answer:
    """The feature maps of a block for one picture. Raises `StudioError` ``lab.block``, ``lab.data``; ``data.*``."""
    (name, _, shown, _), *_ = _given(subject, [image], part, picture)
    found = asked_features.feature_maps(subject, block, shown).cpu()
    # Those that answer most come first where not all can be shown.
    order = found.flatten(1).mean(1).argsort(descending=True)[:SHOWN_MAPS].sort().values.tolist()
    tiles = [Tile(rgb(subject.shown(shown)[0]), name)]
    tiles += [Tile(grey(found[channel]), str(channel)) for channel in order]
    dead = int((found.flatten(1).max(1).values <= 0).sum())
    rows = [[str(channel), f"{float(found[channel].mean()):.3f}", f"{float(found[channel].max()):.3f}"]
            for channel in range(len(found))]  # fmt: skip
    sentence = say(
        "{block} gives {count} maps of {height}×{width}; {dead} of them are nowhere above 0 for this picture.",
        block=block, count=len(found), height=found.shape[1], width=found.shape[2], dead=dead,
    )  # fmt: skip
    heads = [say("channel"), say("mean"), say("largest")]
    return Answer("features", {"block": block, "image": name, "maps": found.tolist()},
                  Table([render(head) for head in heads], rows, "rrr"),
                  Tiles(render(say("Feature maps of {block}", block=block)), tiles, 64, 13), sentence)  # fmt: skip


def excited(
    subject: Subject, block: str, units: Sequence[int], part: Part = "test", images: int | None = 2000, count: int = 9,
    progress: Progress = lambda done, of: None, go_on: Ask = lambda: True,
) -> Answer:  # fmt: skip
    """The images that excite units of a block most, with the receptive field of the place where they do.

    Args:
        subject: Who is asked.
        block: Path of a block or module.
        units: Channels.
        part: Of the run's data set.
        images: How many of the part are tried.
        count: Images for each unit.
        progress: Called after each batch.
        go_on: Asked before each batch.

    Raises:
        StudioError: ``lab.block``, ``lab.unit``, ``lab.data``; ``data.*``.
    """
    batches = subject.images(part, images)
    found = asked_features.most_exciting(subject, block, units, batches, count, progress, go_on)
    place = place_of(subject, block, maps=True)
    report = subject.trunk.analysis.blocks[place.path]
    every, labels = torch.cat([some for some, _ in batches]), torch.cat([some for _, some in batches])
    classes = subject.splits.classes
    tiles, rows = list[Tile](), list[list[str]]()
    height, width = subject.splits.shape[1:]
    for unit, best in found.items():
        for each in best:
            shown = subject.shown(every[each.image][None])[0]
            frames = []
            field = report.field_at(each.place)
            if field is not None:
                (top, left), (bottom, right) = field
                box = (max(0, left), max(0, top), min(width, right + 1), min(height, bottom + 1))
                frames.append((box, FIELD, False))
            name = classes[int(labels[each.image])]
            tiles.append(Tile(rgb(shown), f"{unit}: {each.value:.2f} {name}", frames))
            rows.append([str(unit), str(each.image), name, f"{each.value:.3f}"])
    data = {
        str(unit): [{"image": each.image, "value": each.value, "place": list(each.place)} for each in best]
        for unit, best in found.items()
    }
    most = {unit: _commonest([classes[int(labels[each.image])] for each in best]) for unit, best in found.items()}
    unit, (name, times) = next(iter(most.items()))
    sentence = say("Of the {count} images that excite unit {unit} of {block} most, {times} are of class {name}.",
                   count=len(found[unit]), unit=unit, block=block, times=times, name=name)  # fmt: skip
    heads = [say("unit"), say("image"), say("class"), say("activation")]
    return Answer("excited", {"block": block, "units": data}, Table([render(head) for head in heads], rows, "rrlr"),
                  Tiles(render(say("What excites {block}", block=block)), tiles, 96, count), sentence)  # fmt: skip


def _commonest(names: Sequence[str]) -> tuple[str, int]:
    best = max(dict.fromkeys(names), key=names.count)
    return best, names.count(best)


def field(
    subject: Subject, block: str, place: tuple[int, int] | None = None, part: Part = "test", images: int = 32,
    units: Sequence[int] | None = None,
) -> Answer:  # fmt: skip
    """What a unit can see, and what it does see, on the picture.

    Args:
        subject: Who is asked.
        block: Path of a block or module.
        place: Row and column of its map; the middle without.
        part: Of the run's data set.
        images: Over how many the gradient is averaged.
        units: Channels of the block; all together without.

    Raises:
        StudioError: ``lab.block``, ``lab.place``, ``lab.unit``, ``lab.data``; ``data.*``.
    """
    _, rows, columns = shape_at(subject, place_of(subject, block, maps=True))
    where = (rows // 2, columns // 2) if place is None else place
    some = torch.cat([batch for batch, _ in subject.images(part, images)])
    seen = seen_by(subject, block, where, some, units)
    shown = subject.shown(some[:1])[0]
    frames: list[tuple[tuple[float, float, float, float], str, bool]] = [
        (seen.theoretical, FIELD, False), (seen.effective, EFFECTIVE, True),
    ]  # fmt: skip
    tiles = [Tile(rgb(shown), render(say("can see, does see")), frames),
             Tile(grey(seen.gradient), render(say("gradient, {count} images", count=len(some))), frames)]  # fmt: skip
    kinds = ((say("theoretical"), seen.theoretical), (say("effective"), seen.effective))
    table = [[render(name), f"{box[3] - box[1]}×{box[2] - box[0]}", str(box[0]), str(box[1])] for name, box in kinds]
    sentence = say(
        "A unit of {block} can see {height}×{width} pixels; on this run's images it looks at {share} of those that lie "
        "on the picture.",
        block=block, height=seen.size[0], width=seen.size[1], share=f"{seen.share:.0%}",
    )  # fmt: skip
    data = {"block": block, "place": list(where), "size": list(seen.size), "theoretical": list(seen.theoretical),
            "effective": list(seen.effective), "share": seen.share, "gradient": seen.gradient.tolist(),
            "reach": list(seen.reach), "profile": list(seen.profile), "middle": list(seen.middle)}  # fmt: skip
    heads = [say("field"), say("size"), say("left"), say("top")]
    return Answer("field", data, Table([render(head) for head in heads], table, "lrrr"),
                  Tiles(render(say("Receptive field of {block}", block=block)), tiles, 224), sentence)  # fmt: skip


def scatter(subject: Subject, part: Part = "test", images: int | None = 2000, go_on: Ask = lambda: True) -> Answer:
    """The last features of many images in the two directions in which they vary most.

    Args:
        subject: Who is asked.
        part: Of the run's data set.
        images: The first of the part.
        go_on: Asked before each batch.

    Raises:
        StudioError: ``lab.images``, ``lab.data``; ``data.*``.
    """
    found = asked_features.embedding(subject, subject.images(part, images), go_on)
    curves, rows = list[Curve](), list[list[str]]()
    for label, name in enumerate(subject.splits.classes):
        own = found.points[found.labels == label]
        if len(own):
            curves.append(Curve(name, [], dots=[(float(x), float(y)) for x, y in own]))
            middle = own.mean(0)
            rows.append([name, str(len(own)), f"{float(middle[0]):.2f}", f"{float(middle[1]):.2f}"])
    chart = Chart(render(say("The last features")), render(say("first direction")), render(say("second direction")),
                  curves)  # fmt: skip
    sentence = say("The two directions hold {share} of the variance of the features of {count} images.",
                   share=f"{sum(found.share):.0%}", count=len(found.labels))  # fmt: skip
    data = {"points": found.points.tolist(), "labels": found.labels.tolist(), "share": list(found.share)}
    heads = [say("class"), say("images"), say("first direction"), say("second direction")]
    return Answer("scatter", data, Table([render(head) for head in heads], rows, "lrrr"), chart, sentence)
