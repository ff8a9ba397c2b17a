"""A design hint: what a lecturer would remark on, with the paper that says so."""

from __future__ import annotations

from dataclasses import dataclass

from blockstudio.text import say


@dataclass(frozen=True, slots=True)
class Paper:
    """Where it is written."""

    title: str
    section: str
    url: str

    @property
    def text(self) -> str:
        """``Rethinking the Inception Architecture, § 2``"""
        return f"{self.title}, {self.section}"


@dataclass(frozen=True, slots=True)
class Hint:
    """Something that works and might be better. It stands on one block of a definition."""

    kind: str
    """Stable identifier: one of `KINDS`."""
    scope: str
    block: str
    path: str
    """Full path of the block in the first instance."""
    text: str
    """Two sentences: what is there, and what it costs or what helps."""
    refactorings: tuple[str, ...] = ()
    """Kinds of refactorings that help, best first."""

    @property
    def title(self) -> str:
        """What it is called."""
        return KINDS[self.kind][0]

    @property
    def paper(self) -> Paper:
        """Where it is written."""
        return KINDS[self.kind][1]


_RETHINKING = "Rethinking the Inception Architecture"
_RETHINKING_URL = "https://arxiv.org/abs/1512.00567"

KINDS: dict[str, tuple[str, Paper]] = {
    "bottleneck": (say("Representational bottleneck"), Paper(_RETHINKING, "§ 2", _RETHINKING_URL)),
    "pool_first": (say("Pooling before widening"), Paper(_RETHINKING, "§ 5", _RETHINKING_URL)),
    "large_kernel": (say("Large kernel"), Paper(_RETHINKING, "§ 3", _RETHINKING_URL)),
    "dense_head": (say("Dense head"), Paper("Network in Network", "§ 3.2", "https://arxiv.org/abs/1312.4400")),
    "plain_stack": (
        say("Deep plain stack"),
        Paper("Batch Normalization", "§ 1 and § 4", "https://arxiv.org/abs/1502.03167"),
    ),
    "degradation": (
        say("Deep stack without shortcuts"),
        Paper("Deep Residual Learning", "§ 1 and § 4.1", "https://arxiv.org/abs/1512.03385"),
    ),
    "duplicate": (say("The same branch twice"), Paper("Going Deeper with Convolutions", "§ 4",
                                                      "https://arxiv.org/abs/1409.4842")),
    "batch_of_one": (
        say("BatchNorm on a 1×1 map"),
        Paper("Batch Normalization", "§ 3.2", "https://arxiv.org/abs/1502.03167"),
    ),
}  # fmt: skip
"""Every kind with its title and its paper. Branches that reach no output are problems, and told as such."""
