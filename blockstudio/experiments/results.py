"""What the trials say together: a row a variant, differences that the seeds support, the front of cost and gain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from blockstudio.experiments.definition import ExperimentPlan, Variant, plain_value, short
from blockstudio.experiments.statistics import deviation, fisher_exact, holm, mean, paired_t_test, pareto
from blockstudio.experiments.trials import ENDED, Outcome, Trial
from blockstudio.report.table import Table
from blockstudio.runs.columns import whole_text
from blockstudio.text import Text, join, say, say_many

LEVEL = 0.05
"""A difference is supported if it is this unlikely by chance, all comparisons with the reference taken together."""
SUPPORTED = "●"


@dataclass
class Row:
    """One variant over its seeds."""

    variant: Variant
    name: str
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    """By seed."""
    parameters: int = 0
    macs: int = 0
    reference: Row | None = field(default=None, repr=False)
    """What it is compared with; ``None`` for one that others are compared with."""
    p: float | None = None
    """Adjusted, against the reference; ``None`` for fewer than two pairs, and where there is no reference."""

    def ended(self) -> list[int]:
        """Seeds whose trial came to an outcome."""
        return [seed for seed, outcome in self.outcomes.items() if outcome.status in ("finished", "diverged")]

    def values(self) -> dict[int, float]:
        """The measure by seed, of those that got there."""
        return {seed: value for seed in self.ended() if (value := self.outcomes[seed].value) is not None}

    def measures(self, name: str) -> dict[int, float]:
        """A measure by seed, of those that got there; the further ones by their name, the experiment's own without."""
        return {seed: value for seed in self.ended() if (value := self.measured(seed, name)[0]) is not None}

    def measured(self, seed: int, name: str = "") -> tuple[float | None, bool]:
        """A measure of one seed, and whether its trial has ended: a trial that has, without a number, never got
        there."""
        outcome = self.outcomes.get(seed)
        if outcome is None or outcome.status not in ("finished", "diverged"):
            return None, False
        return (outcome.also.get(name) if name else outcome.value), True

    @property
    def supported(self) -> bool:
        """The seeds support that it differs from the reference."""
        return self.p is not None and self.p < LEVEL


def rows_of(plan: ExperimentPlan, trials: Sequence[Trial]) -> list[Row]:
    """A row a variant in the experiment's order, compared with the reference: pairs of one seed by Student's t-test
    where all got there, else how many got there by Fisher's; Holm's rule over all comparisons."""
    rows = [Row(variant, plan.name_of(variant)) for variant in plan.variants]
    for trial in trials:
        rows[trial.variant.index].outcomes[trial.seed] = trial.outcome()
    for row in rows:
        analysis = plan.analysis(row.variant)
        row.parameters, row.macs = analysis.parameters, analysis.macs
    for row in rows:
        reference = rows[plan.reference_of(row.variant).index]
        # A search looks for the best; its variants are not held against each other.
        row.reference = None if reference is row or plan.experiment.search is not None else reference
    for row, p in zip(rows, holm([_p(row) for row in rows]), strict=True):
        row.p = p
    return rows


def _p(row: Row) -> float | None:
    reference = row.reference
    if reference is None:
        return None
    both = [seed for seed in row.ended() if seed in reference.ended()]
    if len(both) < 2:
        return None
    mine, theirs = row.values(), reference.values()
    if all(seed in mine and seed in theirs for seed in both):
        return paired_t_test([mine[seed] for seed in both], [theirs[seed] for seed in both])
    return fisher_exact(len(mine), len(row.ended()), len(theirs), len(reference.ended()))


def front(plan: ExperimentPlan, rows: Sequence[Row], cost: str = "parameters") -> list[Row]:
    """The rows that no other beats in both, least cost first.

    Args:
        plan: The experiment.
        rows: Of `rows_of`.
        cost: ``"parameters"``, ``"macs"`` or ``"seconds"``.
    """
    sign = 1 if plan.experiment.measure.more_is_better else -1
    known = [row for row in rows if row.values() and cost_of(row, cost) is not None]
    points = [(cost_of(row, cost) or 0.0, sign * mean(list(row.values().values()))) for row in known]
    return [known[index] for index in pareto(points)]


def cost_of(row: Row, cost: str) -> float | None:
    """``parameters``, ``macs`` or mean ``seconds`` of a row; ``None`` if it is not known yet."""
    return _seconds(row) if cost == "seconds" else float(getattr(row, cost))


def table_of(plan: ExperimentPlan, rows: Sequence[Row]) -> Table:
    """The table of an experiment: what was varied, the measure over the seeds, and what differences they support."""
    keys, measure = plan.varied, plan.experiment.measure
    brief = [short(key) for key in keys]
    heads = [one if brief.count(one) == 1 else key for one, key in zip(brief, keys, strict=True)]
    lines: list[list[str]] = []
    for row in rows:
        values = row.variant.values()
        cells = [plain_value(values[key]) if key in values else "" for key in keys]
        found = list(row.values().values())
        never = len(row.ended()) - len(found)
        spread = deviation(found)
        amount = amount_of(mean(found)) + (f" ± {amount_of(spread)}" if spread is not None else "") if found else ""
        if never:
            amount = f"{amount}, {never} ▸ never".removeprefix(", ")
        seconds = _seconds(row)
        more = [_spread(row, name) for name in plan.experiment.also]
        lines.append(
            [*cells, f"{len(row.ended())}/{len(plan.experiment.seeds)}", amount, *more, _against(row),
             f"{row.parameters:,}", f"{row.macs:,}", "" if seconds is None else f"{seconds:.0f}"]
        )  # fmt: skip
    also = [each.title for each in plan.experiment.also.values()]
    heads = [*heads, "seeds", measure.title, *also, "difference", "parameters", "MACs", "seconds"]
    right = "".join("l" if index < len(keys) else "r" for index in range(len(heads)))
    return Table(heads, lines, right, [note for note in (answer_of(plan, rows), _legend(plan, rows)) if note])


def trials_table(plan: ExperimentPlan, rows: Sequence[Row]) -> Table:
    """A line a trial: what was varied, its seed, how it ended, every measure as it was found, costs and seconds."""
    keys, experiment = plan.varied, plan.experiment
    lines: list[list[str]] = []
    for row in rows:
        values = row.variant.values()
        cells = [plain_value(values[key]) if key in values else "" for key in keys]
        for seed, outcome in row.outcomes.items():
            measures = [outcome.value, *(outcome.also.get(name) for name in experiment.also)]
            found = ["" if value is None else f"{value:.8g}" for value in measures]
            seconds = "" if outcome.seconds is None else f"{outcome.seconds:.1f}"
            lines.append([*cells, str(seed), outcome.status, *found, str(row.parameters), str(row.macs), seconds])
    titles = [experiment.measure.title, *(each.title for each in experiment.also.values())]
    heads = [*keys, "seed", "status", *titles, "parameters", "MACs", "seconds"]
    return Table(heads, lines, "".join("l" if index < len(keys) else "r" for index in range(len(heads))))


def answer_of(plan: ExperimentPlan, rows: Sequence[Row]) -> Text:
    """One sentence: which variant is best, and how far the seeds support it."""
    measure = plan.experiment.measure
    known = [row for row in rows if row.values()]
    if not known:
        return say("No trial has come to a result yet.")
    sign = -1 if measure.more_is_better else 1
    # Those that got there more often come first: a mean over the few that did says less.
    best = min(known, key=lambda row: (-len(row.values()) / len(row.ended()), sign * mean(list(row.values().values()))))
    amount = amount_of(mean(list(best.values().values())))
    open_ones = sum(outcome.status not in ENDED for row in rows for outcome in row.outcomes.values())
    sentence = say("Best: {name}, {title}: {amount}.", name=best.name, title=measure.title, amount=amount)
    supported = sum(row.supported for row in rows)
    compared = sum(row.reference is not None for row in rows)
    if supported:
        said = say("The seeds support {count} of {all} differences.", count=supported, all=compared)
    else:
        said = say("The seeds support no difference.") if compared and not open_ones else Text("")
    return join(
        [
            sentence,
            said,
            say_many("So far: {count} trial is open.", "So far: {count} trials are open.", open_ones)
            if open_ones
            else "",
        ]
    )


def _spread(row: Row, name: str) -> str:
    found = list(row.measures(name).values())
    if not found:
        return "–" if row.ended() else ""
    spread = deviation(found)
    return amount_of(mean(found)) + (f" ± {amount_of(spread)}" if spread is not None else "")


def _against(row: Row) -> str:
    reference = row.reference
    if reference is None:
        return ""
    mine, theirs = row.values(), reference.values()
    both = [seed for seed in mine if seed in theirs]
    mark = f" {SUPPORTED}" if row.supported else ""
    if not both:
        return mark.strip()
    return f"{mean([mine[seed] - theirs[seed] for seed in both]):+.3g}{mark}"


def _legend(plan: ExperimentPlan, rows: Sequence[Row]) -> Text:
    compared = [row for row in rows if row.reference is not None]
    pairs = max((len(row.ended()) for row in compared), default=0)
    if pairs == 0:
        return Text("")
    axis, first = plan.experiment.compare, rows[0]
    name = first.variant.network.title if axis == "network" else first.name
    to = say("Differences are to {name}.", name=name)
    if axis and axis != "network":
        to = say(
            "Differences are to {key}={value}, alike in all else.",
            key=short(axis),
            value=plain_value(first.variant.values()[plan.axis()]),
        )
    if pairs < 2:
        return join([to, say("One pair so far.")])
    support = say(
        "{mark} The seeds support it: p < {level} in a paired t-test (Fisher's exact test where a trial never got "
        "there), Holm's rule over all.",
        mark=SUPPORTED,
        level=LEVEL,
    )
    return join([to, support])


def _seconds(row: Row) -> float | None:
    found = [outcome.seconds for outcome in row.outcomes.values() if outcome.seconds is not None]
    return mean(found) if found else None


def amount_of(value: float) -> str:
    """A number as tables have it."""
    return whole_text(value) if abs(value) >= 100 else f"{value:.4g}"
