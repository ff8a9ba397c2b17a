"""``python -m blockstudio.laboratory.answering RUN QUESTIONS``: questions to a run, each answer into a file.

Questions are a JSON list of ``{"ask": "evaluate", "options": {…}, "file": …}``. What cannot be answered is written
too, as ``{"refused": …}``: a dense layer that takes no other size is a result. Experiments start this.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch

from blockstudio.errors import StudioError
from blockstudio.graph.files import folder_for, write_atomic
from blockstudio.laboratory.asking import Asked
from blockstudio.laboratory.subject import Subject
from blockstudio.runs.run import Run
from blockstudio.text import render


def answer(run: Path, questions: list[dict[str, Any]]) -> None:
    """Ask the last weights of a run and write the answers."""
    torch.set_num_threads(1)
    asked: Asked | None = None
    for question in questions:
        try:
            asked = asked or Asked(Subject.of_run(Run(run), "last"))
            found = asked(question["ask"], question["options"]).data
        except StudioError as error:
            found = {"refused": render(error.message), "where": error.where}
        file = Path(question["file"])
        with folder_for(file.parent):
            write_atomic(file, json.dumps(found, ensure_ascii=False).encode())


def main() -> int:
    """Ask the run that is named on the command line."""
    answer(Path(sys.argv[1]), json.loads(sys.argv[2]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
