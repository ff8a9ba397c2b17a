"""What an exported file says about the network in it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from blockstudio.graph.diagram import Diagram
from blockstudio.version import __version__

NOTES = "network.json"
"""The file inside a program or an archive of weights that says which network it is."""
OF_DATA = ("input", "mean", "std", "classes", "range", "resize", "background")
"""What of a run's data whoever uses its network must know."""


@dataclass(frozen=True, slots=True)
class Trained:
    """Weights of a run, with what must be known to use them."""

    file: str | os.PathLike[str]
    data: Mapping[str, Any] = field(default_factory=dict)
    """``input`` (C, H, W), ``mean`` and ``std`` of each channel on the scale 0 to 1, ``classes``; see `Run.data`."""
    normalise: bool = False
    """Whether the normalisation goes into the program, which then takes pixels from 0 to 1."""


def metadata(diagram: Diagram, weights: object = None) -> dict[str, str]:
    """The network's name, its parameters and who wrote the file; with weights of a run also what its images were. Text
    by name, numbers and lists as JSON."""
    values = {key: parameter.default for key, parameter in diagram.parameters.items()}
    found = {
        "network": diagram.name,
        "parameters": json.dumps(values, ensure_ascii=False),
        "producer": f"Block Studio {__version__}",
    }
    if isinstance(weights, Trained):
        known = {key: weights.data[key] for key in OF_DATA if weights.data.get(key) is not None}
        found |= {key: json.dumps(value, ensure_ascii=False) for key, value in known.items()}
        found["normalised"] = json.dumps(weights.normalise)
    return found
