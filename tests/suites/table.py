"""The eleven suites by name: what they are made of, how much of it is the whole."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context

from tests.suites.outcome import Outcome, together

Piece = tuple[str, int]
"""``module:function[:argument]`` and how much is the whole."""

SUITES: dict[str, tuple[Piece, ...]] = {
    "saves": (("saves:kills", 200), ("saves:windows", 20)),
    "disks": (("gathered:disks", 3),),
    "journals": (("journals:kills", 500), ("journals:cuts", 40), ("journals:windows", 20)),
    "machine": (("gathered:edits", 1), ("window:commands", 1_000), ("gestures:walks", 2_000)),
    "hostile": (
        *((f"hostile:mutants:{kind}", 100_000) for kind in
          ("documents", "weights", "recipes", "run directories", "journals", "images")),
        ("gathered:files_that_mean_harm", 1),
    ),
    "emitted": (("emitted:alone", 2_000),),
    "networks": (("networks:drawn_networks", 20_000),),
    "trainer": (
        ("trainer:deaths", 3), ("trainer:directories", 3), ("trainer:numbers", 3), ("trainer:workers", 3),
        ("kills:alone", 15), ("kills:together", 5),
    ),
    "floods": (("floods:events", 100_000), ("floods:points", 1_000_000)),
    "pairs": (("gathered:pairs", 3),),
    "leavings": (("gathered:leavings", 1),),
}  # fmt: skip


def outcomes(
    name: str, count: int | None = None, part: int | None = None, jobs: int = 1, begin: int = 0
) -> Iterator[tuple[str, Outcome]]:
    """Run a suite piece by piece (or one ``part`` of it, from 1); each with the command that runs it alone."""
    for number, (place, whole) in enumerate(SUITES[name], start=1):
        if part is not None and number != part:
            continue
        amount = count if count is not None else whole
        command = f"python tests/prove.py --suites {name} --part {number} --count {amount}"
        yield command + (f" --begin {begin}" if begin else ""), shared_out(place, amount, jobs, begin)


def shared_out(place: str, amount: int, jobs: int, begin: int = 0) -> Outcome:
    """Do a piece so often, in as many processes as it can be shared among: those that say where they ``begin``."""
    module, function, *argument = place.split(":")
    parameters = inspect.signature(getattr(import_module(f"tests.suites.{module}"), function)).parameters
    if "begin" not in parameters:
        return _piece(place, (*argument, amount))
    share = -(-amount // jobs)
    shares = [(*argument, min(share, amount - done), begin + done) for done in range(0, amount, share)]
    if jobs == 1:
        return _piece(place, shares[0])
    with ProcessPoolExecutor(len(shares), get_context("spawn")) as processes:
        return together(processes.map(_piece, [place] * len(shares), shares))


def _piece(place: str, arguments: tuple[str | int, ...]) -> Outcome:
    module, function, *_ = place.split(":")
    work: Callable[..., Outcome] = getattr(import_module(f"tests.suites.{module}"), function)
    return work(*arguments)
