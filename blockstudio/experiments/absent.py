"""Which data of an experiment are not on this computer."""

from __future__ import annotations

from blockstudio.errors import StudioError
from blockstudio.experiments.definition import ExperimentPlan
from blockstudio.runs.datasets import check_present, describe


def absent_data(plan: ExperimentPlan) -> list[StudioError]:
    """What is wrong with the data of its trials, each set once: sets that are not here (``data.absent``), folders
    that are not there (``data.*``)."""
    found: dict[str, StudioError] = {}
    for variant in plan.variants if plan.experiment.trained else ():
        data = plan.recipe_of(variant, plan.experiment.seeds[0]).data
        if data.source in found:
            continue
        try:
            check_present(data, describe(data))
        except StudioError as error:
            found[data.source] = error
    return list(found.values())
