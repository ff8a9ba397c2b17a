"""Is a process still there, and is it still the same one? Numbers are used again, so the start time belongs to it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def start_mark(pid: int) -> str | None:
    """A text that tells the process ``pid`` from any other that had or will have its number; ``None`` if there is
    no such process, or it is dead and merely not yet collected by its parent."""
    if pid <= 0:
        return None
    if sys.platform == "win32":
        return _windows_mark(pid)
    proc = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            # "pid (any name) state ppid ...": start time is the 22nd field, counted over the name.
            fields = proc.read_text(errors="replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if fields[0] in "ZX" else fields[19]
    found = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.split(maxsplit=1)
    return None if len(found) < 2 or found[0].startswith("Z") else found[1].strip()


def own_mark() -> str:
    """`start_mark` of this process."""
    return start_mark(os.getpid()) or ""


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    def _windows_mark(pid: int) -> str | None:
        query_limited, still_active = 0x1000, 259
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.OpenProcess.restype = wintypes.HANDLE
        handle = kernel.OpenProcess(query_limited, False, pid)
        if not handle:
            return None
        try:
            code = wintypes.DWORD()
            if not kernel.GetExitCodeProcess(wintypes.HANDLE(handle), ctypes.byref(code)) or code.value != still_active:
                return None
            times = [wintypes.FILETIME() for _ in range(4)]
            kernel.GetProcessTimes(wintypes.HANDLE(handle), *map(ctypes.byref, times))
            return f"{times[0].dwHighDateTime}:{times[0].dwLowDateTime}"
        finally:
            kernel.CloseHandle(wintypes.HANDLE(handle))
