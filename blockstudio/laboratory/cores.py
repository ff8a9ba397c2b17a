"""Images shared out among the processor's cores: each takes its part through all layers by itself.

Threads that compute one layer together wait for the slowest of them behind every layer. Where something else runs
beside, the run's own training say, that is ten times the work; parts of a batch wait for each other once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

T = TypeVar("T")
R = TypeVar("R")


def count() -> int:
    """How many parts are computed at a time: torch's number of threads."""
    return torch.get_num_threads()


def each(job: Callable[[T], R], parts: Sequence[T]) -> list[R]:
    """A job for every part, as many at a time as there are cores, each computed by one thread. What the first that
    fails raises is raised when all have ended."""
    threads = count()
    if len(parts) < 2 or threads == 1:
        return [job(part) for part in parts]
    try:
        with ThreadPoolExecutor(min(threads, len(parts)), initializer=_alone) as pool:
            return list(pool.map(job, parts))
    finally:
        torch.set_num_threads(threads)  # Threads that begin later have as many as before.


def _alone() -> None:
    torch.get_num_threads()  # What a thread computes first would set the number that is common to all.
    torch.set_num_threads(1)
