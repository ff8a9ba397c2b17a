"""Which data of an experiment are not on this computer."""

from __future__ import annotations

from blockstudio.errors import StudioError
from blockstudio.experiments.definition import ExperimentPlan
from blockstudio.runs.datasets import check_present, describe
from blockstudio.text import say


def absent_data(plan: ExperimentPlan) -> list[StudioError]:
    """What is wrong with the data of its trials, each set once: sets that are not here (``data.absent``), folders
    that are not there (``data.*``), by name, so that the errors can stand at the experiment."""
    found: dict[str, StudioError] = {}
    for variant in plan.variants if plan.experiment.trained else ():
        data = plan.recipe_of(variant, plan.experiment.seeds[0]).data
        if data.source in found:
            continue
        try:
            check_present(data, describe(data))
        except StudioError as error:
            found[data.source] = _named(error)
    return list(found.values())


def _named(error: StudioError) -> StudioError:
    """With the folder in the sentence."""
    if not error.where or error.code == "data.absent":
        return error
    message = say("{where}: {message}", where=error.where, message=error.message)
    hint = error.hint or say("Put the data there (a link will do), or name their folder as data.source of the recipe.")
    return StudioError(error.code, message, hint=hint)
