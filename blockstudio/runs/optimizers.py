"""The optimisers of a recipe: one row each. The recipe's fields, their help and what fits the open choices read this
table, and the trainer makes the optimiser that the row names. No torch here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Rule:
    """One optimiser: a class of ``torch.optim`` and what it takes from the recipe."""

    name: str
    """As it stands in a recipe."""
    torch: str
    """Its class in ``torch.optim``."""
    arguments: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    """Arguments of that class and the fields of `structure.Optimizer` they have their values from; several fields make
    a tuple. Parameters, learning rate and weight decay go without saying."""
    lr: float = 1e-3
    """Learning rate where the recipe leaves it open."""
    weight_decay: float = 0.0
    """Weight decay where the recipe leaves it open."""
    fused: bool = True
    """Whether the class takes ``fused`` on the CPU and on CUDA."""
    capturable: bool = True
    """Whether the class takes ``capturable``, for steps that are recorded as a CUDA graph."""

    state: int = 0
    """Values that it keeps for each weight, beside a momentum."""

    def values(self, momentum: float) -> int:
        """Values that it keeps for each weight with that momentum."""
        return self.state + ("momentum" in self.fields and momentum > 0)

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields of `structure.Optimizer` that matter to it alone or to some others."""
        found: list[str] = []
        for names in self.arguments.values():
            found += [names] if isinstance(names, str) else names
        return tuple(found)

    @property
    def scales(self) -> bool:
        """Whether it divides by the size of the gradient: a step is then about as large as the rate."""
        return "eps" in self.fields


_BETAS: Mapping[str, str | tuple[str, ...]] = {"betas": ("beta1", "beta2"), "eps": "eps"}

OPTIMIZERS: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule("sgd", "SGD", {"momentum": "momentum", "nesterov": "nesterov"}, 0.05, 5e-4, capturable=False),
        Rule("adam", "Adam", _BETAS, state=2),
        Rule("adamw", "AdamW", _BETAS, weight_decay=0.01, state=2),
        Rule("rmsprop", "RMSprop", {"alpha": "alpha", "eps": "eps", "momentum": "momentum"}, fused=False, state=1),
    )
}
"""By name, in the order in which they are offered."""


def of_rules(name: str) -> str:
    """The optimisers to which a field of `structure.Optimizer` matters: ``sgd rmsprop``."""
    return " ".join(rule.name for rule in OPTIMIZERS.values() if name in rule.fields)


def defaults_text(value: Callable[[Rule], float]) -> str:
    """What is chosen where the recipe leaves a value open: ``0.05 for sgd, else 0.001``."""
    values = {rule.name: value(rule) for rule in OPTIMIZERS.values()}
    usual = Counter(values.values()).most_common(1)[0][0]
    others = [f"{number:g} for {name}" for name, number in values.items() if number != usual]
    return ", ".join([*others, f"else {usual:g}" if usual else "else none"])
