"""What the log says of blocks while they learn: ``watched`` names them, ``blocks`` has their figures.

A trainer that measures writes ``{"type": "watched", "step": …, "paths": […]}`` before its first ``blocks`` event, and
in each of these a list for every figure, in the order of the paths, with null where a block has none. Modules that
have blocks inside have figures of their outputs alone: `Watched.value` adds up the rest.
"""

from __future__ import annotations

OF_WEIGHTS = ("gradient", "weight", "update")
"""Euclidean norms of all own weights of a block: of their gradient, of themselves, of how far the step moved them."""
OF_OUTPUTS = ("mean", "deviation", "dead", "dead_channels")
"""Of a block's output: its mean and deviation, the share of zeros, and how many channels are nothing but zeros."""
OF_NORMS = ("shift", "scale")
"""BatchNorm's batch against its running statistics: |difference of the means| in deviations, ratio of deviations."""
OF_WORK = ("forward", "backward", "memory")
"""Milliseconds of a step forward and backward, bytes of the output."""
FIGURES = (*OF_WEIGHTS, *OF_OUTPUTS, *OF_NORMS, *OF_WORK)
"""Every figure of a ``blocks`` event."""
