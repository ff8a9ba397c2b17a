"""What is known of a data set before an image of it is read: names, classes, channels, size.

Named sets are in `DATASETS`; anything else is a folder or a file. What tells those apart is imported when one is named.
"""

from __future__ import annotations

import msgspec

from blockstudio.errors import StudioError
from blockstudio.runs.known_sets import DATASETS, DataInfo, known_facts, megabytes_text
from blockstudio.runs.published import PUBLISHED
from blockstudio.runs.structure import Data
from blockstudio.text import say


def describe(data: Data) -> DataInfo:
    """What ``data.source`` names. Raises `StudioError` ``data.*`` for an unknown name, a missing or empty folder,
    or a folder that is no data set."""
    known = DATASETS.get(data.source)
    if known is not None and known.kind == "shapes":
        shapes = data.shapes
        facts = known_facts(data.source, known.kind, None)
        return msgspec.structs.replace(facts, classes=shapes.classes, size=shapes.size, images=shapes.images)
    if known is not None and known.built_in:
        return known_facts(data.source, known.kind, None)
    from blockstudio.runs.found_sets import describe_named, describe_path

    return describe_path(data) if known is None else describe_named(data, known)


def held_count(images: int, share: float, least: int = 0) -> int:
    """How many of a class's images are held out: the share, at least so many, never the last one."""
    return min(max(least, round(images * share)), images - 1)


def check_present(data: Data, facts: DataInfo) -> None:
    """Raises `StudioError` ``data.absent`` where the files of a named set are not there and the recipe does not ask
    for them."""
    known = DATASETS.get(facts.name)
    if known is None or not facts.absent or (data.download and known.torchvision):
        return
    if known.megabytes:
        size = megabytes_text(known.megabytes)
        hint = say("Download it ({size}) with data.download = true, or name its folder with data.folder.", size=size)
    elif known.torchvision:
        hint = say("Download it with data.download = true, or name the folder it is in with data.folder.")
    else:
        hint = say("It is published at {address}. Name the folder it is in.", address=PUBLISHED[facts.name].address)
    text = say("{title} is not here.", title=known.title)
    raise StudioError("data.absent", text, where=str(facts.root), hint=hint)


def is_absent(name: str, folder: str = "") -> bool:
    """Whether the files of the set called ``name`` are not in ``folder`` (empty: the data folder). A set that is there
    and cannot be read is not absent."""
    try:
        return describe(Data(source=name, folder=folder)).absent
    except StudioError:
        return False
