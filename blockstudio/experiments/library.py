"""The experiments that come along, and where the runs of one are kept."""

from __future__ import annotations

from pathlib import Path

from blockstudio import folders
from blockstudio.errors import StudioError, file_errors
from blockstudio.experiments.definition import SUFFIX, ExperimentPlan, Size
from blockstudio.graph.names import suggestion
from blockstudio.graph.presets import preset_folder
from blockstudio.text import say


def experiment_names() -> list[str]:
    """Names of the experiments that come along."""
    return sorted(path.name.removesuffix(SUFFIX) for path in (preset_folder() / "experiments").glob(f"*{SUFFIX}"))


def experiment_path(name_or_file: str) -> Path:
    """The file of an experiment. Raises `StudioError` ``experiment.unknown`` with the nearest name."""
    file = Path(name_or_file)
    with file_errors():
        if file.is_file():
            return file
    names = experiment_names()
    if name_or_file in names:
        return preset_folder() / "experiments" / f"{name_or_file}{SUFFIX}"
    raise StudioError(
        "experiment.unknown",
        say("there is no experiment and no file '{name}'.", name=name_or_file[:80]),
        hint=suggestion(name_or_file, names),
    )


def name_of(file: Path) -> str:
    """The name of an experiment's file, without its ending."""
    return file.name.removesuffix(".json").removesuffix(SUFFIX.removesuffix(".json"))


def home_of(file: Path, plan: ExperimentPlan | None = None, size: Size = "small", runs: Path | None = None) -> Path:
    """Where the runs of an experiment are kept: a folder of its name, or of the name that it shares with others
    (``runs``), under ``$BLOCKSTUDIO_RUNS`` or ``./runs``; at full scale with ``-full`` behind."""
    name = plan.experiment.runs if plan is not None and plan.experiment.runs else name_of(file)
    return (runs or folders.runs() or Path("runs")) / (f"{name}-full" if size == "full" else name)
