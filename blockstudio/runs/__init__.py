"""The run directory: recipe, protocol, supervisor, log reader. No torch, no Qt."""

from __future__ import annotations

from blockstudio.answers import StudioErrors, collected
from blockstudio.runs.checkpoints import Checkpoint, CheckpointFolder
from blockstudio.runs.events import Event, RunLog, read_events
from blockstudio.runs.recipe import FIELDS, Field, Recipe, check, get_field, with_fields
from blockstudio.runs.recipe_files import load_recipe, save_recipe
from blockstudio.runs.run import Run, create_run, list_runs
from blockstudio.runs.start import start_run
from blockstudio.runs.state import RunState

__all__ = [
    "FIELDS",
    "Checkpoint",
    "CheckpointFolder",
    "Event",
    "Field",
    "Recipe",
    "Run",
    "RunLog",
    "RunState",
    "StudioErrors",
    "check",
    "collected",
    "create_run",
    "get_field",
    "list_runs",
    "load_recipe",
    "read_events",
    "save_recipe",
    "start_run",
    "with_fields",
]
