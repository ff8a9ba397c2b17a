"""Which devices a run can be asked to use here, and how much memory is free, as far as can be told without torch: the
window loads none."""

from __future__ import annotations

import ctypes.util
import platform
import sys
from functools import cache
from pathlib import Path

from blockstudio.text import Text, say


@cache
def absent_devices() -> dict[str, Text]:
    """Devices of `Recipe.device` that this computer has not, each with why."""
    found: dict[str, Text] = {}
    if not _has_cuda():
        found["cuda"] = say("No NVIDIA graphics card with its driver was found.")
    if sys.platform != "darwin" or platform.machine() != "arm64":
        found["mps"] = say("Only Macs with Apple's own processors have it.")
    return found


def _has_cuda() -> bool:
    if sys.platform == "win32":
        return ctypes.util.find_library("nvcuda") is not None
    # The driver's device, its library, or the one that Windows lends to its Linux; ROCm is called cuda by torch too.
    marks = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg", "/usr/lib/wsl/lib/libcuda.so.1")
    return any(Path(mark).exists() for mark in marks) or ctypes.util.find_library("cuda") is not None


def free_memory(root: Path = Path("/")) -> int | None:
    """Bytes of main memory that a program may still take, of the machine or of the group of processes it is confined
    to; ``None`` where the system does not say. ``root`` has Linux's ``proc`` and ``sys``."""
    found = []
    machine = _numbers(root / "proc/meminfo").get("MemAvailable:")
    if machine is not None:
        found.append(1024 * machine)
    group = root / "sys/fs/cgroup"
    most, used = _number(group / "memory.max"), _number(group / "memory.current")
    if most is not None and used is not None:
        # What is kept of files only as long as nobody needs the room counts as free.
        found.append(max(0, most - used + _numbers(group / "memory.stat").get("inactive_file", 0)))
    return min(found, default=None)


def _number(file: Path) -> int | None:
    try:
        text = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return int(text) if text.isdecimal() else None  # "max": no limit.


def _numbers(file: Path) -> dict[str, int]:
    """First words of lines and the numbers behind them."""
    try:
        lines = [line.split() for line in file.read_text(encoding="ascii").splitlines()]
    except (OSError, UnicodeDecodeError):
        return {}
    return {words[0]: int(words[1]) for words in lines if len(words) > 1 and words[1].isdecimal()}
