"""Many runs that ask one question: the file, its trials, the queue, the statistics. No torch, no Qt."""

from __future__ import annotations

from blockstudio.experiments.definition import (
    Experiment,
    ExperimentPlan,
    Network,
    Variant,
    load_experiment,
    loads_experiment,
)
from blockstudio.experiments.library import experiment_names, experiment_path, home_of
from blockstudio.experiments.measures import Measure
from blockstudio.experiments.place import Place
from blockstudio.experiments.queue import Queue
from blockstudio.experiments.results import Row, answer_of, front, rows_of, table_of
from blockstudio.experiments.trials import Outcome, Trial, trials_of

__all__ = [
    "Experiment",
    "ExperimentPlan",
    "Measure",
    "Network",
    "Outcome",
    "Place",
    "Queue",
    "Row",
    "Trial",
    "Variant",
    "answer_of",
    "experiment_names",
    "experiment_path",
    "front",
    "home_of",
    "load_experiment",
    "loads_experiment",
    "rows_of",
    "table_of",
    "trials_of",
]
