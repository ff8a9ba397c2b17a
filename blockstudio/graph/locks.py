"""Locks on files that end with their process, however it ends."""

from __future__ import annotations

import sys


def lock(handle: int, *, wait: bool = False) -> bool:
    """Lock an open file for this process; ``False`` if it is locked by another, unless told to ``wait``. The lock ends
    when the file is closed or the process dies."""
    if sys.platform == "win32":
        import msvcrt
        import os

        place = os.lseek(handle, 0, os.SEEK_CUR)
        try:
            # Windows locks bytes against reading too: take one far beyond the end.
            os.lseek(handle, 2**30, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(handle, place, os.SEEK_SET)
        return True
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
