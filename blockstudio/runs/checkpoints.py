"""Checkpoints on disk: a folder for each, complete or absent, with the hash of every file in its manifest.

safetensors finds only some of the damage a disk can do (a flipped byte in a weight loads silently), so nothing is
loaded whose hash is not the manifest's. How tensors get into the files is the trainer's business.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from blockstudio.errors import StudioError
from blockstudio.graph.files import inside, read_bounded, refusal, sync_folder
from blockstudio.text import say


def sha256(path: Path) -> str:
    """Hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_file(path: Path) -> None:
    """Force a file that another library wrote onto the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


MANIFEST = "manifest.json"
MODEL = "model.safetensors"
OPTIMIZER = "optimizer.safetensors"
STATE = "state.json"
_NAME = re.compile(r"step-(\d{8,})")


class FileEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sha256: str
    bytes: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a checkpoint consists of. ``digest`` is the hash of the manifest itself without it."""

    version: int = 1
    step: int
    score: float | None
    files: dict[str, FileEntry]
    digest: str = ""

    def own_digest(self) -> str:
        return hashlib.sha256(msgspec.json.encode(msgspec.structs.replace(self, digest=""))).hexdigest()


class Checkpoint(msgspec.Struct, frozen=True):
    """A checkpoint as it stands in its folder, its content not yet verified."""

    step: int
    path: Path

    @property
    def model(self) -> Path:
        """The weights, by diagram path."""
        return self.path / MODEL

    def manifest(self) -> Manifest:
        """Raises `StudioError` ``checkpoint.damaged``."""
        try:
            manifest = msgspec.json.decode(read_bounded(self.path / MANIFEST, 1 << 20), type=Manifest)
        except (msgspec.DecodeError, UnicodeDecodeError, StudioError, RecursionError):
            raise self._damaged(MANIFEST) from None
        if manifest.digest != manifest.own_digest() or manifest.step != self.step:
            raise self._damaged(MANIFEST)
        return manifest

    def verify(self) -> Manifest:
        """Hash every file. Raises `StudioError` ``checkpoint.damaged`` naming the file that is not as written."""
        manifest = self.manifest()
        for name, entry in manifest.files.items():
            file = self.path / name
            if not os.path.isfile(file) or file.stat().st_size != entry.bytes or sha256(file) != entry.sha256:
                raise self._damaged(name)
        return manifest

    def score(self) -> float | None:
        """Validation accuracy when it was written, if there was one and the manifest is sound."""
        try:
            return self.manifest().score
        except StudioError:
            return None

    def state(self) -> dict[str, Any]:
        """The trainer's own notes: step, epoch, schedule, scaler. To be read after `verify`."""
        found: dict[str, Any] = msgspec.json.decode((self.path / STATE).read_bytes())
        return found

    def _damaged(self, name: str) -> StudioError:
        return StudioError(
            "checkpoint.damaged",
            say("{name} is not what was written.", name=name),
            where=str(self.path),
            hint=say("Its hash differs."),
        )


class CheckpointFolder:
    """All checkpoints of a run."""

    def __init__(self, directory: Path) -> None:
        self.path = directory

    def all(self) -> list[Checkpoint]:
        """In rising order of step."""
        found = [(_NAME.fullmatch(entry.name), entry) for entry in inside(self.path) if os.path.isdir(entry)]
        return sorted((Checkpoint(int(m[1]), entry) for m, entry in found if m), key=lambda item: item.step)

    def latest_good(self, on_damage: Callable[[StudioError], None] | None = None) -> Checkpoint | None:
        """The latest whose files are all as written; damaged ones on the way are reported."""
        for checkpoint in reversed(self.all()):
            try:
                checkpoint.verify()
            except StudioError as error:
                if on_damage is not None:
                    on_damage(error)
                continue
            return checkpoint
        return None

    def best(self) -> Checkpoint | None:
        """The one with the highest score, the later of equals; ``None`` if none has a score."""
        scored = [(score, item.step, item) for item in self.all() if (score := item.score()) is not None]
        return max(scored, key=lambda entry: entry[:2])[2] if scored else None

    def write(
        self, step: int, score: float | None, fill: Callable[[Path], Iterable[str]], needed: int = 0
    ) -> Checkpoint:
        """Add one: ``fill(folder)`` writes the files, of some ``needed`` bytes, and returns their names. It is there
        complete or not at all.

        Raises `StudioError` ``checkpoint.write`` where the disk refuses.
        """
        target = self.path / f"step-{step:08d}"
        temporary = self.path / f".step-{step:08d}.tmp"
        try:
            self.path.mkdir(exist_ok=True)
            shutil.rmtree(temporary, ignore_errors=True)
            temporary.mkdir()
            files = {}
            for name in fill(temporary):
                file = temporary / name
                sync_file(file)
                files[name] = FileEntry(sha256(file), file.stat().st_size)
            manifest = Manifest(step=step, score=score, files=files)
            manifest = msgspec.structs.replace(manifest, digest=manifest.own_digest())
            (temporary / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
            sync_file(temporary / MANIFEST)
            sync_folder(temporary)
            if os.path.exists(target):
                self._remove(target)
            os.replace(temporary, target)
            sync_folder(self.path)
        except OSError as error:
            text = say("cannot be written: {value}.", value=refusal(error, needed, self.path))
            raise StudioError("checkpoint.write", text, where=str(target)) from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return Checkpoint(step, target)

    def at(self, step: int) -> Checkpoint:
        """The one of ``step``, verified. Raises `StudioError` ``checkpoint.missing``, ``checkpoint.damaged``."""
        found = next((checkpoint for checkpoint in self.all() if checkpoint.step == step), None)
        if found is None:
            text = say("has no checkpoint of step {step:,}, the best epoch's.", step=step)
            raise StudioError("checkpoint.missing", text, where=str(self.path))
        found.verify()
        return found

    def prune(self, keep: int, spared: int | None = None) -> None:
        """Remove all but the latest ``keep``, the best, and that of step ``spared``."""
        best = self.best()
        for checkpoint in self.all()[:-keep]:
            if checkpoint.step != spared and (best is None or checkpoint.step != best.step):
                self._remove(checkpoint.path)

    def discard_after(self, step: int) -> None:
        """Remove checkpoints later than ``step``: they are superseded or damaged."""
        for checkpoint in self.all():
            if checkpoint.step > step:
                self._remove(checkpoint.path)

    def sweep(self) -> None:
        """Remove what a killed trainer left half done."""
        for entry in inside(self.path, ".step-*"):
            shutil.rmtree(entry, ignore_errors=True)

    def _remove(self, path: Path) -> None:
        # Out of sight in one move first: a crash midway leaves rubbish to sweep, not half a checkpoint.
        grave = path.with_name(f".{path.name}.old")
        shutil.rmtree(grave, ignore_errors=True)
        os.replace(path, grave)
        shutil.rmtree(grave, ignore_errors=True)
