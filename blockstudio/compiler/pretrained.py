"""Published weights by name, ``torchvision:resnet18`` or ``timm:resnet18.tv_in1k``: from a local folder, from the
library's own cache, or fetched when that is asked for, and used only if their hash is the published one."""

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

from blockstudio import folders
from blockstudio.errors import StudioError
from blockstudio.graph.files import folder_for, refusal
from blockstudio.needs import explaining
from blockstudio.text import say

CHUNK = 2**20
HASH = re.compile(r"-([0-9a-f]{8,64})\.")
"""The beginning of the SHA-256 that the publishers write into a file's name."""
HUB_FILES = ("model.safetensors", "pytorch_model.bin")
"""What timm takes from a repository of Hugging Face, in its order."""

Progress = Callable[[int, int], None]
"""Is told the bytes that are there, and how many there will be (0: not known)."""


def file_of(name: str, *, download: bool = False, progress: Progress | None = None) -> Path:
    """The file of published weights, its hash checked.

    Looked for in the folder ``$BLOCKSTUDIO_WEIGHTS``, then in the caches that torch (``$TORCH_HOME``) and, for timm,
    Hugging Face (``$HF_HOME``) keep; fetched into torch's only with ``download``.
    Raises `StudioError` ``weights.name``, ``weights.missing``, ``weights.hash``, ``weights.download``,
    ``file.write``, ``install.missing``.
    """
    url, hub = _address(name)
    published = url.rpartition("/")[2]
    own, cache = folders.weights(), _cache()
    found = _in(own, published, hub) if own else None
    found = found or _in(cache, published, None) or (_in(_hub_cache(), "", hub) if hub else None)
    if found is None:
        if download and url:
            _fetch(url, cache / published, progress or (lambda _done, _all: None))
            return cache / published
        missing = cache / published if url else _hub_cache() / _folder_of(hub)
        raise StudioError(
            "weights.missing",
            say("the weights {name} are not on this computer: {file} is not there.", name=name, file=missing),
            hint=say("Fetch them with --download, or give the file itself.")
            if url
            else say("Let timm fetch them once, or give the file itself."),
        )
    # A file of Hugging Face's cache is a link to one that is named by its whole hash.
    if not _is_whole(found, f"-{found.resolve().name}." if found.name in HUB_FILES else found.name):
        raise StudioError(
            "weights.hash",
            say("it is not what was published: its hash is another one."),
            where=str(found),
            hint=say("Remove it and fetch it again with --download."),
        )
    return found


def _in(folder: Path, published: str, hub: str | None) -> Path | None:
    """The file in a folder, by the name it is published under, or as Hugging Face's cache keeps it."""
    if published and os.path.isfile(folder / published):
        return folder / published
    if not hub:
        return None
    home = folder / _folder_of(hub)
    main = home / "refs" / "main"
    snapshot = main.read_text(encoding="utf-8", errors="replace").strip() if os.path.isfile(main) else ""
    tried = [home / "snapshots" / snapshot] if snapshot else sorted(home.glob("snapshots/*"))
    return next((at / name for at in tried for name in HUB_FILES if os.path.isfile(at / name)), None)


def _folder_of(hub: str) -> str:
    return f"models--{hub.replace('/', '--')}"


def _address(name: str) -> tuple[str, str]:
    """The address of the one file and the name at Hugging Face; either may be empty.

    Raises `StudioError` ``weights.name``, ``install.missing``.
    """
    library, _, model = name.partition(":")
    with explaining(say("weights of {library}", library=library)):
        url, hub = (_of_torchvision(model), "") if library == "torchvision" else (_of_timm(model), _hub_of_timm(model))
    if not url and not hub:
        raise StudioError(
            "weights.name",
            say("{library} publishes no weights '{model}' as one file.", library=library, model=model[:60]),
            hint=say("Its names are those of its models: torchvision:resnet18, timm:resnet18.tv_in1k."),
        )
    return url, hub


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


def _hub_of_timm(model: str) -> str:
    import timm

    config: Any = timm.get_pretrained_cfg(model)
    return str(config.hf_hub_id or "").partition("@")[0] if config is not None else ""


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


def _hub_cache() -> Path:
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


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
    total = 0
    try:
        with folder_for(file.parent):
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
            "weights.download",
            say("the weights cannot be fetched: {reason}.", reason=_why(reason, total, file)),
            where=url,
        ) from reason


def _why(reason: OSError | ValueError, needed: int, file: Path) -> str:
    is_ours = isinstance(reason, OSError) and not isinstance(reason, urllib.error.URLError) and reason.errno is not None
    return refusal(reason, needed, file) if is_ours else str(reason)[:200]
