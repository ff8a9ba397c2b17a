"""Reading and writing files so that nothing is ever half there."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from blockstudio.errors import StudioError
from blockstudio.text import say

STALE_AFTER = 600.0
"""Seconds after which a temporary file that a killed save left behind is swept away."""


def write_atomic(path: str | os.PathLike[str], data: bytes) -> Path:
    """Put ``data`` in the place of ``path`` in one step and return the file written (links are followed).

    The bytes go to a temporary file in the same folder, reach the disk, and take the name over; a crash at any
    moment leaves the old file or the new one, whole. The file's mode is kept. Raises `StudioError`
    ``file.write``; the old file is then untouched.
    """
    try:
        target = Path(os.path.realpath(path))
        mode = _replaceable(target)
        temporary = target.with_name(f".{target.name}.{secrets.token_hex(6)}.tmp")
        try:
            _write_synced(temporary, data, mode)
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(target.parent)
    except (OSError, ValueError) as reason:
        raise StudioError(
            "file.write",
            say("it cannot be written: {reason}.", reason=refusal(reason, len(data), Path(path))),
            where=str(path),
            hint=say("Nothing was changed. Save it in another folder."),
        ) from reason
    _sweep(target)
    return target


def append_whole(path: Path, data: bytes, code: str = "file.write") -> None:
    """Put ``data`` behind what a file holds, all of it or nothing. Raises `StudioError` of the ``code``."""
    try:
        check_regular(path)
        is_new = not path.exists()
        with path.open("ab", buffering=0) as file:
            before = file.seek(0, os.SEEK_END)
            try:
                left = memoryview(data)
                while left:
                    left = left[file.write(left) or 0 :]
            except OSError:
                file.truncate(before)
                if is_new:
                    path.unlink()
                raise
            os.fsync(file.fileno())
    except OSError as reason:
        raise refused(reason, len(data), path, code) from reason


def inside(folder: Path, pattern: str = "*") -> list[Path]:
    """What a folder holds, by name: nothing where there is no folder, or none that may be looked into."""
    try:
        return sorted(folder.glob(pattern))
    except OSError:
        return []


def folders_in(folder: str | os.PathLike[str]) -> list[os.DirEntry[str]]:
    """The folders in a folder, links to folders among them: nothing where there is none, or none that may be looked
    into; a link to where nobody may look is left out."""
    try:
        with os.scandir(folder) as found:
            return [each for each in found if _is_folder(each)]
    except OSError:
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def make_folder(folder: Path) -> None:
    """Make a folder, with those that it lies in, if it is not there. Raises `StudioError` ``file.write``."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as reason:
        raise StudioError(
            "file.write",
            say("the folder cannot be made: {reason}.", reason=refusal(reason, 0, folder)),
            where=str(folder),
            hint=say("Name a folder that you may write to."),
        ) from reason


@contextlib.contextmanager
def folder_for(folder: Path) -> Iterator[None]:
    """Make a folder for what is written inside: where that fails, what was made for it goes again. Raises
    `StudioError` ``file.write``."""
    missing = [each for each in (folder, *folder.parents) if not os.path.lexists(each)]
    try:
        make_folder(folder)
        yield
    except BaseException:
        if missing:
            shutil.rmtree(missing[-1], ignore_errors=True)
        raise


def refused(reason: OSError | ValueError, needed: int, place: Path, code: str = "file.write") -> StudioError:
    """The error for something of ``needed`` bytes that was not written at ``place``."""
    return StudioError(
        code,
        say("it cannot be written: {reason}.", reason=refusal(reason, needed, place)),
        where=str(place),
        hint=say("Nothing was changed. Make room, or choose another folder."),
    )


def refusal(reason: OSError | ValueError, needed: int, place: Path) -> str:
    """Why a file of ``needed`` bytes was not written at ``place``: a full disk says how much it would take, if
    that is known (not 0)."""
    if getattr(reason, "errno", None) not in (errno.ENOSPC, errno.EDQUOT):
        return _why(reason)
    if not needed:  # Nobody knows how much.
        return say("the disk is full")
    folder = place if os.path.isdir(place) else place.parent
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return say("the disk is full; {needed:,} bytes are needed", needed=needed)
    return say("the disk is full; {needed:,} bytes are needed, {free:,} are free", needed=needed, free=free)


def open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    """A regular file, for reading: a pipe or device, which could block or never end, is an `OSError`."""
    return cast(BinaryIO, open(path, "rb", opener=_open_regular))


def read_tail(path: str | os.PathLike[str], most: int = 4096) -> str:
    """The last bytes of a log as text. Raises `OSError`, also for what is no file."""
    with open_regular(path) as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - most))
        return file.read(most).decode(errors="replace")


def open_log(path: Path) -> BinaryIO:
    """A log that is begun anew, for a child to write to. Raises `OSError`, also for what is no file."""
    check_regular(path)
    return path.open("wb")


def check_regular(path: Path) -> None:
    """Raises `OSError` where ``path`` is something else than a file, or a link to something else: reading from it or
    writing to it could block. What is not there is no problem."""
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISREG(path.stat().st_mode):
            raise OSError("it is not a file")


def check_target(target: Path, force: bool) -> None:
    """Whether a file may be written there, before the work of making it. Raises `StudioError` ``export.*``."""
    try:
        _check_target(target, force)
    except (OSError, ValueError) as reason:  # a name that is too long, or holds what names cannot
        raise StudioError(
            "export.write", say("it cannot be written: {reason}.", reason=_why(reason)), where=str(target)[:80]
        ) from reason


def _check_target(target: Path, force: bool) -> None:
    if target.is_dir():
        raise StudioError("export.write", say("it is a folder."), where=str(target), hint=say("Name a file in it."))
    if not target.parent.is_dir():
        raise StudioError(
            "export.write", say("there is no folder '{parent}'.", parent=target.parent), where=str(target)
        )
    if target.exists() and not force:
        raise StudioError(
            "export.exists", say("the file is there already."), where=str(target), hint=say("Replace it with --force.")
        )


def read_bounded(path: str | os.PathLike[str], limit: int) -> bytes:
    """The whole file. Raises `StudioError` ``file.missing``, ``file.read``, or ``file.size`` beyond ``limit`` bytes."""
    where = str(path)
    try:
        with open(path, "rb", opener=_open_regular) as file:
            # Room for what there is, not for the limit; a system's file that says it is empty may hold something.
            size = os.fstat(file.fileno()).st_size
            data = file.read(min(limit, size or limit) + 1)
    except FileNotFoundError as reason:
        raise StudioError("file.missing", say("there is no such file."), where=where) from reason
    except (OSError, ValueError) as reason:
        raise StudioError(
            "file.read", say("it cannot be read: {reason}.", reason=_why(reason)), where=where
        ) from reason
    if len(data) > limit:
        most = f"{limit >> 20} MiB" if limit >> 20 else f"{limit >> 10} KiB"
        raise StudioError("file.size", say("it is larger than {most}.", most=most), where=where)
    return data


def sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` survive a power cut, where the system can."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _replaceable(target: Path) -> int | None:
    """The mode of the file in place, ``None`` if there is none. Raises `OSError` where writing is not meant."""
    try:
        found = target.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise OSError("it is not a file")
    if not os.access(target, os.W_OK):
        raise PermissionError(13, "the file is write-protected")
    return stat.S_IMODE(found.st_mode)


def _write_synced(path: Path, data: bytes, mode: int | None) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    with open(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    if mode is not None:
        path.chmod(mode)


def _sweep(target: Path) -> None:
    """Remove what saves of ``target`` killed long ago left behind."""
    limit = time.time() - STALE_AFTER
    with contextlib.suppress(OSError):
        for entry in os.scandir(target.parent):
            stale = entry.name.startswith(f".{target.name}.") and entry.name.endswith(".tmp")
            if stale and entry.is_file(follow_symlinks=False) and entry.stat().st_mtime < limit:
                os.unlink(entry.path)


def _open_regular(path: str, flags: int) -> int:
    """Open a regular file only: a pipe or device could block, or never end."""
    handle = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError("it is not a file")
    return handle


def _why(reason: OSError | ValueError) -> str:
    text = getattr(reason, "strerror", None) or str(reason)
    return text[:1].lower() + text[1:]
