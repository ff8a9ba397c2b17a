"""An experiment made of runs that are there: the same networks and recipes, with several seeds."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from blockstudio.experiments.definition import SUFFIX, load_experiment
from blockstudio.graph.files import folder_for, refused, write_atomic
from blockstudio.runs.columns import OF_DIAGRAM, differing, named_by
from blockstudio.runs.recipe import FIELDS
from blockstudio.runs.rows import Listed
from blockstudio.runs.run import DIAGRAM
from blockstudio.text import say

SEEDS = (0, 1, 2)
OWN = ("version", "seed")
"""Fields that each trial has of its own."""


def experiment_of(rows: Sequence[Listed], folder: Path) -> Path:
    """Write an experiment of runs into a folder of its own in ``folder``, with their networks beside it.

    Args:
        rows: Two runs or more. What their recipes have alike holds for all trials, what differs makes the variants.
        folder: Where experiments are.

    Returns:
        The experiment's file: several seeds, the test accuracy at the end; both can be changed in it.

    Raises:
        StudioError: What `load_experiment` raises: ``experiment.*``; ``file.write`` where it cannot be written.
    """
    columns = differing(rows)
    names = [named_by(row, columns) or row.name for row in rows]
    of_diagrams = [column for column in columns if column.key == "network" or column.key.startswith(OF_DIAGRAM)]
    networks: dict[bytes, str] = {}
    try:
        for row in rows:
            networks.setdefault((row.directory / DIAGRAM).read_bytes(), named_by(row, of_diagrams) or row.network)
        files = {f"network-{number}.blocks.json": text for number, text in enumerate(networks, start=1)}
        varied = [path for path in FIELDS if path not in OWN and _differs(rows, path)]
        values = [{path: _plain(row.recipe.get(path)) for path in varied} for row in rows]
        data: dict[str, Any] = {
            "version": 1,
            "question": say("Which is better: {names}?", names=", ".join(dict.fromkeys(names))),
            "networks": [
                {"network": name, "name": title} for name, title in zip(files, networks.values(), strict=True)
            ] if len(files) > 1 else list(files),
            "recipe": {
                path: _plain(value) for path, value in rows[0].recipe.items()
                if path not in (*OWN, *varied) and value != FIELDS[path].default
            },
            "rows": [each for place, each in enumerate(values) if each and each not in values[:place]],
            "seeds": SEEDS,
            "measure": {"curve": "test_accuracy", "take": "final"},
        }  # fmt: skip
    except OSError as error:
        raise refused(error, 0, folder) from error
    home = _free(folder, "-".join(dict.fromkeys(row.network for row in rows)))
    with folder_for(home):
        for name, text in files.items():
            write_atomic(home / name, text)
        file = home / f"{home.name}{SUFFIX}"
        write_atomic(file, msgspec.json.format(msgspec.json.encode(data, enc_hook=str), indent=1) + b"\n")
        load_experiment(file)
    return file


def _differs(rows: Sequence[Listed], path: str) -> bool:
    return any(row.recipe.get(path) != rows[0].recipe.get(path) for row in rows)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _free(folder: Path, words: str) -> Path:
    stem = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:40] or "runs"
    found, number = folder / stem, 1
    while os.path.exists(found):
        number += 1
        found = folder / f"{stem}-{number}"
    return found
