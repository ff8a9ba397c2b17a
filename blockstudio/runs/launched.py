"""Whether a launcher such as torchrun started this process as one of several, by the variables that it sets."""

from __future__ import annotations

import os


def in_group() -> bool:
    """Whether this process is one of several."""
    return "RANK" in os.environ and int(os.environ.get("WORLD_SIZE", "1")) > 1


def leads() -> bool:
    """Whether it is the one that writes the log and the checkpoints."""
    return int(os.environ.get("RANK", "0")) == 0


def restarts() -> tuple[int, int]:
    """How often the launcher has started it anew, and how often it will at most."""
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")), int(os.environ.get("TORCHELASTIC_MAX_RESTARTS", "0"))
