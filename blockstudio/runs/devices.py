"""Which devices a run can be asked to use here, as far as can be told without torch: the window loads none."""

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
