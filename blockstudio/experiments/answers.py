"""What the laboratory answered about a trial's network: a file an answer in the run's folder, so that it is asked once.

A process of its own asks (`blockstudio.laboratory.answering`), for nothing here needs torch.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from blockstudio.errors import StudioError
from blockstudio.experiments.measures import Measure
from blockstudio.graph.files import open_log, read_bounded
from blockstudio.runs.run import LAB
from blockstudio.text import say

FOLDER = "asked"
"""In the run's folder for what it was asked."""
LARGEST = 1 << 26
"""Bytes of an answer."""


def answer_file(run: Path, measure: Measure) -> Path:
    """Where the answer that a measure is read from is kept."""
    text = json.dumps([measure.ask, measure.options], sort_keys=True)
    return run / LAB / FOLDER / f"{measure.ask}-{hashlib.sha256(text.encode()).hexdigest()[:10]}.json"


def unanswered(run: Path, measures: Iterable[Measure]) -> list[dict[str, Any]]:
    """What is yet to be asked about a run: questions with their options and the file of the answer, each once."""
    files = {answer_file(run, measure): measure for measure in measures if measure.kind == "ask"}
    return [
        {"ask": measure.ask, "options": measure.options, "file": str(file)}
        for file, measure in files.items()
        if not os.path.isfile(file)
    ]


def answer_of(run: Path, measure: Measure) -> dict[str, Any]:
    """The answer; ``{"refused": …}`` where there is none to give, empty before it was asked."""
    try:
        found = json.loads(read_bounded(answer_file(run, measure), LARGEST))
    except (StudioError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def start_asking(run: Path, questions: list[dict[str, Any]]) -> subprocess.Popen[bytes]:
    """Ask in a process of its own, which writes the answers. Raises `StudioError` ``experiment.start``."""
    command = [sys.executable, "-m", "blockstudio.laboratory.answering", str(run), json.dumps(questions)]
    log = run / "asked.log"
    try:
        with open_log(log) as said:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT)
    except OSError as error:
        text = say("the laboratory cannot be asked: {reason}.", reason=error.strerror or error)
        raise StudioError("experiment.start", text, where=str(log)) from error
