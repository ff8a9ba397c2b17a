"""``python -m blockstudio.laboratory RUN``: the network of a run that stays ready. The studio starts this.

A line of JSON in is a question, lines of JSON out are what comes of it, each with the question's ``id``:

    {"id": 1, "ask": "cam", "values": {"image": [3]}}  →  {"id": 1, "done": 1, "of": 1}
                                                       →  {"id": 1, "answer": {…}, "sentence": …, "table": …, "svg": …}
    {"id": 2, "without": ["layer2.0"], "images": 2000} →  {"id": 2, "measure": {…}, "whole": {…}, "by_class": […]}
    {"cancel": 1}                                      →  {"id": 1, "error": {"code": "lab.cancelled", …}}

The first line out is ``{"ready": true, …}``, or ``{"error": …}``. It ends when its input does.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Queue
from typing import Any, TextIO

from blockstudio.errors import StudioError
from blockstudio.needs import explained
from blockstudio.text import say, to_data


def serve(directory: str, lines: TextIO, tell: Callable[[dict[str, Any]], None]) -> int:
    """Answer until there are no more lines.

    Args:
        directory: Of the run.
        lines: Questions.
        tell: Takes each answer.

    Returns:
        0, or 1 if the run cannot be asked at all.
    """
    try:
        from blockstudio.laboratory.asking import Asked
        from blockstudio.laboratory.subject import Subject
        from blockstudio.runs.run import Run

        asked = Asked(Subject.of_run(Run(Path(directory))))
        classes = list(asked.subject.splits.classes)
    except ImportError as error:
        found = explained(error, say("the laboratory")) or StudioError("lab.import", str(error))
        tell({"error": _problem(found)})
        return 1
    except StudioError as error:
        tell({"error": _problem(error)})
        return 1
    tell({"ready": True, "classes": classes})
    waiting: Queue[dict[str, Any] | None] = Queue()
    cancelled: set[int] = set()

    def read() -> None:
        for line in lines:
            question = json.loads(line)
            if "cancel" in question:
                cancelled.add(question["cancel"])
            else:
                waiting.put(question)
        waiting.put(None)
        cancelled.add(-1)  # Whoever asked is gone: what is under way ends.

    threading.Thread(target=read, daemon=True).start()
    while (question := waiting.get()) is not None:
        number = question["id"]

        def go_on(number: int = number) -> bool:
            return number not in cancelled and -1 not in cancelled

        def progress(done: int, of: int, number: int = number) -> None:
            tell({"id": number, "done": done, "of": of})

        try:
            if not go_on():
                raise StudioError("lab.cancelled", say("was cancelled."))
            told = (
                _without(asked, question, go_on) if "without" in question else _asked(asked, question, progress, go_on)
            )
        except StudioError as error:
            told = {"error": _problem(error)}
        tell({"id": number, **told})
    return 0


def _asked(
    asked: Any, question: dict[str, Any], progress: Callable[[int, int], None], go_on: Callable[[], bool]
) -> dict[str, Any]:
    found = asked(question["ask"], question["values"], progress, go_on)
    return {
        "answer": found.data, "question": found.question, "sentence": to_data(found.sentence),
        "heads": list(found.table.headings), "rows": [list(row) for row in found.table.rows],
        "right": found.table.right, "svg": found.figure.svg(),
    }  # fmt: skip


def _without(asked: Any, question: dict[str, Any], go_on: Callable[[], bool]) -> dict[str, Any]:
    """Accuracy without some units: what a click on a block asks for."""
    lesions = asked.lesions(question["images"], go_on)
    whole, measure = lesions.whole(), lesions.without(*question["without"])
    return {
        "whole": {"accuracy": whole.accuracy, "loss": whole.loss, "images": whole.images},
        "measure": {"accuracy": measure.accuracy, "loss": measure.loss, "images": measure.images},
        "without": question["without"], "by_class": [list(whole.by_class), list(measure.by_class)],
    }  # fmt: skip


def _problem(error: StudioError) -> dict[str, Any]:
    return {
        "code": error.code, "message": to_data(error.message), "where": error.where, "hint": to_data(error.hint),
    }  # fmt: skip


def main() -> int:
    """Serve the run that is named on the command line."""

    def tell(found: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
        sys.stdout.flush()

    return serve(sys.argv[1], sys.stdin, tell)


if __name__ == "__main__":
    sys.exit(main())
