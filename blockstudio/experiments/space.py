"""What a search is made over: values by name, and how many of them are tried.

    "search": {"kind": "tpe", "trials": 30, "space": {
      "optimizer.lr": {"low": 0.001, "high": 1, "log": true},
      "diagram.width": {"low": 4, "high": 64, "step": 4},
      "optimizer.name": ["sgd", "adamw"]}}

Lists are values to choose from; a range of whole numbers gives whole numbers.
"""

from __future__ import annotations

import json
import math
import random
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from blockstudio.errors import StudioError
from blockstudio.text import say

Kind: TypeAlias = Literal["random", "tpe", "nsga2"]
COSTS = ("parameters", "macs", "seconds")


class Range(Struct, frozen=True, forbid_unknown_fields=True):
    """Numbers from ``low`` to ``high``, both included."""

    low: int | float
    high: int | float
    log: bool = False
    """Evenly spread over orders of magnitude."""
    step: int | float | None = None

    @property
    def whole(self) -> bool:
        """Its values are whole numbers."""
        return all(isinstance(each, int) for each in (self.low, self.high, self.step) if each is not None)


class Search(Struct, frozen=True, forbid_unknown_fields=True):
    """Which values are tried, and how they are chosen."""

    space: dict[str, Range | list[Any]]
    trials: int
    """Variants that are tried; each is trained once with each seed."""
    kind: Kind = "random"
    """``tpe`` learns from results where it is worth looking, ``nsga2`` keeps those that no other beats in measure and
    ``cost``; both are Optuna's."""
    seed: int = 0
    cost: str = "parameters"
    """Of ``nsga2``: what is to be low."""

    @property
    def adaptive(self) -> bool:
        """What is tried next depends on what came of the last."""
        return self.kind != "random"


def check_search(search: Search, several: bool) -> list[StudioError]:
    """What is wrong with a search by itself: ``experiment.search``. ``several``: there are other variants beside those
    of the search, of networks, grid or rows."""
    wrong: list[tuple[str, str]] = []
    if search.trials < 1:
        wrong.append(("trials", say("expected a number from 1.")))
    if not search.space:
        wrong.append(("space", say("has no value to vary.")))
    if search.cost not in COSTS:
        wrong.append(("cost", say("expected one of {costs}.", costs=", ".join(COSTS))))
    if search.adaptive and several:
        text = say("{kind} searches with one network, without grid and rows.", kind=search.kind)
        wrong.append(("kind", text))
    for key, values in search.space.items():
        if isinstance(values, Range):
            if not math.isfinite(values.low) or not math.isfinite(values.high) or values.low >= values.high:
                wrong.append((f"space.{key}", say("expected a range from low to something higher.")))
            elif values.log and (values.low <= 0 or values.step is not None):
                wrong.append((f"space.{key}", say("a range of orders of magnitude begins above 0 and has no step.")))
            elif values.step is not None and values.step <= 0:
                wrong.append((f"space.{key}", say("expected a step above 0.")))
        elif not values or not all(each is None or isinstance(each, str | int | float) for each in values):
            wrong.append((f"space.{key}", say("expected numbers, words, true or false, at least one.")))
    return [StudioError("experiment.search", text, where=place) for place, text in wrong]


def lowest(search: Search) -> dict[str, Any]:
    """The first value of everything: to see whether the space fits network and recipe."""
    return {key: values.low if isinstance(values, Range) else values[0] for key, values in search.space.items()}


def random_values(search: Search) -> list[dict[str, Any]]:
    """As many different values as are to be tried, or all there are where they are fewer; always the same ones. The
    first stay what they are when more are asked for."""
    found: dict[str, dict[str, Any]] = {}
    for number in range(20 * search.trials):
        draw = random.Random(f"{search.seed}-{number}")
        values = {key: _drawn(each, draw) for key, each in search.space.items()}
        found.setdefault(json.dumps(values, sort_keys=True), values)
        if len(found) == search.trials:
            break
    return list(found.values())


def _drawn(values: Range | list[Any], draw: random.Random) -> Any:
    if not isinstance(values, Range):
        return draw.choice(values)
    low, high = values.low, values.high
    if values.step is not None:
        found: float = low + values.step * draw.randint(0, math.floor((high - low) / values.step + 1e-9))
    elif values.log:
        found = math.exp(draw.uniform(math.log(low), math.log(high)))
    else:
        found = draw.randint(int(low), int(high)) if values.whole else draw.uniform(low, high)
    if values.whole:
        return min(int(high), max(int(low), round(found)))
    return float(f"{found:.4g}")
