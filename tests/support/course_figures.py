"""What the questions of the lessons must come to: figures that were worked out apart from the lessons."""

from __future__ import annotations

from typing import Any

FIGURES: dict[str, dict[str, Any]] = {
    "01_convolution": {
        "params": 14592, "macs": 14745600, "shape": (192, 16, 16), "strided_macs": 3686400, "share": 76.05,
        "field": 5, "larger": "larger", "totals": (966986, 7595176), "difference": "rounding",
    },
}  # fmt: skip
