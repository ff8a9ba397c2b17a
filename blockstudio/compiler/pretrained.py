"""Published weights by name, ``torchvision:resnet18`` or ``timm:resnet18.tv_in1k``: from the library's own cache, or
fetched when that is asked for, and used only if their hash is the published one."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from blockstudio.errors import StudioError
from blockstudio.needs import explaining
from blockstudio.text import say

CHUNK = 2**20
HASH = re.compile(r"-([0-9a-f]{8,64})\.")
"""The beginning of the SHA-256 that the publishers write into a file's name."""

Progress = Callable[[int, int], None]
"""Is told the bytes that are there, and how many there will be (0: not known)."""


def file_of(name: str, *, download: bool = False, progress: Progress | None = None) -> Path:
    """The file of published weights, its hash checked.

    Looked for in the cache that torch keeps (``$TORCH_HOME``); fetched into it only with ``download``.
    Raises `StudioError` ``weights.name``, ``weights.missing``, ``weights.hash``, ``weights.download``,
    ``install.missing``.
    """
    url = _address(name)
    file = _cache() / url.rpartition("/")[2]
    if not file.is_file():
        if not download:
            raise StudioError(
                "weights.missing",
                say("the weights {name} are not on this computer: {file} is not there.", name=name, file=file),
                hint=say("Fetch them with --download, or give the file itself."),
            )
        _fetch(url, file, progress or (lambda _done, _all: None))
    elif not _is_whole(file, file.name):
        raise StudioError(
            "weights.hash",
            say("it is not what was published: its hash is another one."),
            where=str(file),
            hint=say("Remove it and fetch it again with --download."),
        )
    return file


def _address(name: str) -> str:
    library, _, model = name.partition(":")
    with explaining(say("weights of {library}", library=library)):
        url = _of_torchvision(model) if library == "torchvision" else _of_timm(model)
    if not url:
        raise StudioError(
            "weights.name",
            say("{library} publishes no weights '{model}' as one file.", library=library, model=model[:60]),
            hint=say("Its names are those of its models: torchvision:resnet18, timm:resnet18.tv_in1k."),
        )
    return url


def _of_torchvision(model: str) -> str:
    import torchvision.models

    try:
        weights: Any = torchvision.models.get_model_weights(model).DEFAULT
    except (ValueError, AttributeError):
        return ""
    return str(weights.url)


def _of_timm(model: str) -> str:
    import timm

    config: Any = timm.get_pretrained_cfg(model)
    return str(config.url or "") if config is not None else ""


SCALED_INSIDE = ("googlenet", "inception_v3")
"""Networks of torchvision that turn their normalisation into 0.5 and 0.5 by themselves; as weights they want that."""


def images_of(name: str) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """Mean and deviation of each channel, on the scale 0 to 1, that published weights want; ``None`` if not known.

    Raises `StudioError` ``install.missing``.
    """
    library, _, model = name.partition(":")
    if library == "torchvision" and model in SCALED_INSIDE:
        return (0.5,) * 3, (0.5,) * 3
    with explaining(say("weights of {library}", library=library)):
        if library == "timm":
            import timm

            config: Any = timm.get_pretrained_cfg(model)
        else:
            import torchvision.models

            try:
                config = torchvision.models.get_model_weights(model).DEFAULT.transforms()
            except (ValueError, AttributeError):
                config = None
    mean, std = getattr(config, "mean", None), getattr(config, "std", None)
    return (tuple(map(float, mean)), tuple(map(float, std))) if mean and std else None


def _cache() -> Path:
    import torch

    return Path(torch.hub.get_dir()) / "checkpoints"


def _is_whole(file: Path, name: str) -> bool:
    """Whether a file has the hash that its published name begins; any has where none is published."""
    wanted = HASH.search(name)
    if wanted is None:
        return True
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while chunk := opened.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest().startswith(wanted[1])


def _fetch(url: str, file: Path, progress: Progress) -> None:
    """Into a file beside ``file``, which takes its place when all of it is there and right."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, place = tempfile.mkstemp(dir=file.parent, suffix=".part")
        part = Path(place)
        try:
            with os.fdopen(handle, "wb") as target, urllib.request.urlopen(url, timeout=30) as source:
                total, done = int(source.headers.get("Content-Length") or 0), 0
                while chunk := source.read(CHUNK):
                    target.write(chunk)
                    done += len(chunk)
                    progress(done, total)
            if (total and done != total) or not _is_whole(part, file.name):
                raise StudioError(
                    "weights.hash", say("what was fetched is not what was published: its hash is another one."),
                    where=url, hint=say("Try again later."),
                )  # fmt: skip
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
    except (OSError, ValueError) as reason:
        raise StudioError(
            "weights.download", say("the weights cannot be fetched: {reason}.", reason=str(reason)[:200]), where=url
        ) from reason
