"""Where an experiment's trials train: on this machine, on a Ray cluster, on Slurm; and what one of them takes there."""

from __future__ import annotations

import math
import shutil
from typing import Literal, TypeAlias

from msgspec import Struct

from blockstudio.errors import StudioError
from blockstudio.needs import LIBRARIES, installed
from blockstudio.text import Text, say

EngineName: TypeAlias = Literal["local", "ray", "slurm"]
LIBRARY = {"ray": "ray", "slurm": "submitit"}
"""What an engine needs; the extra of this program is called as the engine."""
TITLES = {"local": say("This machine"), "ray": say("Ray"), "slurm": say("Slurm")}
MOST = 4096


class Place(Struct, frozen=True, forbid_unknown_fields=True):
    """An engine and its settings."""

    name: EngineName = "local"
    address: str = ""
    """``host:port`` of the Ray cluster; empty: that of ``RAY_ADDRESS``, or one of this machine's own."""
    cpus: float = 1.0
    """Processors a trial, on an engine."""
    gpus: float = 0.0
    """Cards a trial; of Ray also a share of one."""

    def arguments(self) -> list[str]:
        """For ``blockstudio experiment run``."""
        found = ["--engine", self.name]
        if self.name != "local":
            found += ["--cpus", f"{self.cpus:g}", "--gpus", f"{self.gpus:g}"]
        return [*found, "--address", self.address] if self.name == "ray" and self.address else found


def missing(engine: str) -> Text | None:
    """Why an engine cannot be used here, with what helps; ``None`` if it can."""
    library = LIBRARY.get(engine)
    if library is not None and not installed(library):
        name = LIBRARIES[library].title
        return say("{name} is not installed: pip install 'blockstudio[{extra}]'.", name=name, extra=engine)
    if engine == "slurm" and shutil.which("sbatch") is None:
        return say("Slurm is not on this machine: --engine slurm works where sbatch can be called.")
    return None


def check_place(place: Place) -> list[StudioError]:
    """What is wrong with it."""
    wrong = {}
    if not (math.isfinite(place.cpus) and 0 < place.cpus <= MOST):
        wrong["cpus"] = say(
            "expected processors above 0 and up to {most:,}, found {found:g}.", most=MOST, found=place.cpus
        )
    if not (math.isfinite(place.gpus) and 0 <= place.gpus <= MOST):
        wrong["gpus"] = say("expected cards from 0 to {most:,}, found {found:g}.", most=MOST, found=place.gpus)
    if place.name == "slurm" and place.gpus != round(place.gpus):
        wrong["gpus"] = say("Slurm gives whole cards, found {found:g}.", found=place.gpus)
    return [StudioError("experiment.value", text, where=name) for name, text in wrong.items()]
