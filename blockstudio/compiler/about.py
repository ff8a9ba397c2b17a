"""What an exported file says about the network in it."""

from __future__ import annotations

import json

from blockstudio.graph.diagram import Diagram
from blockstudio.version import __version__


def metadata(diagram: Diagram) -> dict[str, str]:
    """The network's name, its parameters and who wrote the file: text by name."""
    values = {key: parameter.default for key, parameter in diagram.parameters.items()}
    return {
        "network": diagram.name,
        "parameters": json.dumps(values, ensure_ascii=False),
        "producer": f"Block Studio {__version__}",
    }
