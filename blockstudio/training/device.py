"""Where it computes, and how exactly: device, autocast, gradient scaling, threads."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import torch

from blockstudio.errors import StudioError
from blockstudio.runs.recipe import Recipe
from blockstudio.text import listed, say

NAMES = {"cuda": "CUDA", "mps": "MPS", "cpu": "the CPU"}


def available(name: str) -> bool:
    """Whether this PyTorch can compute on ``cpu``, ``cuda`` or ``mps`` here."""
    if name == "cuda":
        return torch.cuda.is_available()
    return name == "cpu" or torch.backends.mps.is_available()


def choose_device(wanted: str) -> torch.device:
    """The device of a recipe; ``auto`` takes CUDA, then MPS, then the CPU. Raises `StudioError`
    ``device.absent``."""
    if wanted == "auto":
        return torch.device(next(name for name in ("cuda", "mps", "cpu") if available(name)))
    if not available(wanted):
        here = [name for name in ("cuda", "mps", "cpu") if available(name)]
        raise StudioError(
            "device.absent",
            say(
                "there is no {names} device here, or this PyTorch ({version}) cannot use it.",
                names=NAMES[wanted],
                version=torch.__version__,
            ),
            where="device",
            hint=say("Here there is {here}.", here=listed(here)),
        )
    return torch.device(wanted)


def check_precision(precision: str, device: torch.device) -> None:
    """Raises `StudioError` ``device.precision`` where the device cannot compute so."""
    if precision == "fp32":
        return
    able = torch.amp.autocast_mode.is_autocast_available(device.type)
    if able and precision == "bf16":
        if device.type == "cuda":
            able = torch.cuda.is_bf16_supported()
        elif device.type == "mps":
            able = torch.backends.mps.is_macos_or_newer(14, 0)
    if not able:
        other = "fp16" if precision == "bf16" else "fp32"
        raise StudioError(
            "device.precision",
            say("{names} cannot train in {precision} here.", names=NAMES[device.type], precision=precision),
            where="precision",
            hint=say("Try {other}, or fp32.", other=other),
        )


@contextmanager
def library_settings(recipe: Recipe, device: torch.device) -> Iterator[None]:
    """The settings of cuDNN and cuBLAS that a run wants, as long as it lasts; on other devices nothing."""
    if device.type != "cuda":
        yield
        return
    cudnn = torch.backends.cudnn
    before = cudnn.benchmark, cudnn.deterministic
    strict = torch.are_deterministic_algorithms_enabled()
    lenient = torch.is_deterministic_algorithms_warn_only_enabled()
    # Let cuDNN try its algorithms: all batches are alike. What it finds differs from time to time.
    cudnn.benchmark = not recipe.deterministic
    if recipe.deterministic:
        # Read by cuBLAS when it is first used.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        cudnn.benchmark, cudnn.deterministic = before
        torch.use_deterministic_algorithms(strict, warn_only=lenient)


def device_name(device: torch.device) -> str:
    """``"cuda (NVIDIA A100)"``, ``"cpu, 2 threads"``."""
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    return f"cpu, {torch.get_num_threads()} threads" if device.type == "cpu" else device.type


class Precision:
    """Autocast and, for fp16, the scaling of the loss that keeps small gradients from vanishing."""

    def __init__(self, recipe: Recipe, device: torch.device) -> None:
        self._device = device.type
        self._dtype = {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}[recipe.precision]
        # MPS has no scaler; its fp16 keeps master weights in fp32 all the same.
        scaled = recipe.precision == "fp16" and device.type in ("cuda", "cpu")
        self.scaler = torch.amp.GradScaler(device.type) if scaled else None

    def autocast(self) -> AbstractContextManager[object]:
        """Context of a forward pass."""
        if self._dtype is None:
            return contextlib.nullcontext()
        return torch.autocast(self._device, dtype=self._dtype)


def used_memory(device: torch.device) -> int | None:
    """Bytes that the training has taken at most so far: of the device, or of this process in main memory. ``None``
    where the system does not say."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if sys.platform == "win32":
        return None
    if sys.platform == "linux":
        # Of this program alone; what the system counts for the process includes whoever started it.
        with open("/proc/self/status", "rb") as status:
            return next((1024 * int(line.split()[1]) for line in status if line.startswith(b"VmHWM")), None)
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
