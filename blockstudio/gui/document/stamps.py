"""What a file was when it was last read or written, to see whether somebody else has written it since."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path
from typing import NamedTuple


class Stamp(NamedTuple):
    """Time of the last change in nanoseconds, size in bytes, and a digest of the bytes."""

    modified: int
    size: int
    digest: bytes

    def same_content(self, other: Stamp | None) -> bool:
        """Whether the bytes are the same; a file that was only touched has not changed."""
        return other is not None and (self.size, self.digest) == (other.size, other.digest)


def stamp_of(file: Path) -> Stamp | None:
    """The stamp of a file; ``None`` if there is none, or none that can be read."""
    try:
        found = file.stat()
        if not stat.S_ISREG(found.st_mode):
            return None
        with file.open("rb") as stream:
            return Stamp(found.st_mtime_ns, found.st_size, hashlib.file_digest(stream, "blake2b").digest())
    except OSError:
        return None
