"""Writing to disk so that a crash at any moment leaves the old or the new, never a half."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from blockstudio.errors import StudioError


def write_atomic(path: Path, data: bytes) -> None:
    """Replace ``path`` by ``data``: temporary file beside it, fsync, rename, fsync of the folder.

    Raises `StudioError` ``run.write`` where it cannot be written; the old file is then untouched.
    """
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        sync_folder(path.parent)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise StudioError("run.write", f"cannot be written: {error.strerror or error}.", where=str(path)) from error


def sync_folder(path: Path) -> None:
    """Make a rename in ``path`` survive a power cut. Windows cannot open folders and needs no such call."""
    if os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Force a file that another library wrote onto the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sha256(path: Path) -> str:
    """Hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_bounded(path: Path, limit: int) -> bytes:
    """The bytes of a small file. Raises `StudioError` ``run.read`` if it is missing, unreadable or larger than
    ``limit`` bytes."""
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise StudioError("run.read", f"cannot be read: {error.strerror or error}.", where=str(path)) from error
    if len(data) > limit:
        raise StudioError("run.read", f"is larger than {limit:,} bytes.", where=str(path))
    return data
