"""Wider or deeper? One preset over widths and depths, as a table of costs, and the cheapest one as a figure.

    python examples/compare_widths.py [figure.svg]

The table needs neither torch nor Qt. A figure is drawn by a process of its own.
"""

from __future__ import annotations

import sys
from itertools import product

import blockstudio as bs

DEPTHS = (1, 3, 5)
"""Residual blocks in each of three stages: 6n + 2 weighted layers."""
WIDTHS = (8, 16, 32)
"""Channels of the first stage."""


def main(file: str | None = None) -> None:
    print(f"{'layers':>6} {'width':>6} {'parameters':>12} {'MACs':>14} {'memory of a step':>18} {'field':>6}")
    for n, width in product(DEPTHS, WIDTHS):
        report = bs.analyze(bs.load("cifar_resnet", n=n, width=width))
        field = report.receptive_field[0] if report.receptive_field else "–"
        memory = f"{report.training_bytes / 2**20:.1f} MiB"
        print(f"{report.depth:>6} {width:>6} {report.parameters:>12,} {report.macs:>14,} {memory:>18} {field:>6}")
    if file is not None:
        print(bs.figure(bs.load("cifar_resnet", n=DEPTHS[0], width=WIDTHS[0]), file, columns=2, force=True))


if __name__ == "__main__":
    main(*sys.argv[1:2])
