"""``python -m blockstudio.laboratory RUN``: the network of a run that stays ready. The studio starts this.

A line of JSON in is a question, lines of JSON out are what comes of it, each with the question's ``id``:

    {"id": 1, "ask": "cam", "values": {"image": [3]}}  →  {"id": 1, "done": 1, "of": 1}
                                                       →  {"id": 1, "answer": {…}, "sentence": …, "table": …, "svg": …}
    {"id": 2, "without": ["layer2.0"], "images": 2000} →  {"id": 2, "so_far": {…}}, after the first images
                                                       →  {"id": 2, "measure": {…}, "whole": {…}, "by_class": […]}
    {"id": 3, "sweep": 2000}                           →  {"id": 3, "so_far": {"whole": {…}, "without": {…}}}
                                                       →  {"id": 3, "whole": {…}, "without": {…}}
    {"id": 5, "sweep": 2000, "beside": RUN}            →  the same of another run, at the same paths
    {"id": 6, "curves": 2000, "beside": RUN}           →  {"id": 6, "so_far": {"several": [[1, 0.84], …], "swap": …}}
    {"id": 7, "prepare": ["layer2.0"], "images": 2000} →  {"id": 7}, when the answer to this lesion is known
    {"cancel": 1}                                      →  {"id": 1, "error": {"code": "lab.cancelled", …}}

    {"id": 4, "show": "look", "image": 3}              →  {"id": 4, "shown": {…}}; likewise "thumbnails", "channels" (of
                                                          a "block"), "strongest" (of its "channel"), "gallery" (with
                                                          "first" and "count")

A lesion may say what is ``swapped`` besides: ``[["layer1.1", "layer1.2"], …]``. A sweep, every unit taken away by
itself, is computed while nothing else is asked, so that what is asked afterwards is known already; curves, units taken
away and swapped at random, of the run or of another beside it, come after it. What is to be prepared comes before: the
window asks for it while the pointer rests on a block, so that the click is answered when it comes.

The first line out is ``{"ready": true, …}``, or ``{"error": …}``. It ends when its input does.
"""

from __future__ import annotations

import base64
import json
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, Queue
from typing import Any, TextIO, TypeVar

from blockstudio.errors import StudioError
from blockstudio.needs import explained
from blockstudio.text import say, to_data

T = TypeVar("T")

FIRST_IMAGES = 500
"""After so many, and as many again, what is known of a lesion is told while the rest is computed."""


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
    tell({"ready": True, "classes": classes, "step": asked.subject.step})
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
    sweeps: list[tuple[int, Iterator[dict[str, Any]]]] = []
    while True:
        try:
            # While nobody waits, sweeps go on, a unit on a batch at a time.
            question = waiting.get(block=not sweeps)
        except Empty:
            _go_on(sweeps, tell, cancelled)
            continue
        if question is None:
            return 0
        number = question["id"]

        def go_on(number: int = number) -> bool:
            return number not in cancelled and -1 not in cancelled

        def progress(done: int, of: int, number: int = number) -> None:
            tell({"id": number, "done": done, "of": of})

        def so_far(found: dict[str, Any], number: int = number) -> None:
            tell({"id": number, "so_far": found})

        try:
            if not go_on():
                raise StudioError("lab.cancelled", say("was cancelled."))
            if "prepare" in question:
                sweeps.append((number, _prepared(asked, question, go_on)))  # In front of all others.
                continue
            if "sweep" in question or "curves" in question:
                sweeps.insert(0, (number, _aside(asked, question, go_on)))
                continue
            if "without" in question:
                told = _without(asked, question, go_on, so_far)
            elif "show" in question:
                told = _shown(asked, question, go_on)
            else:
                told = _asked(asked, question, progress, go_on)
        except StudioError as error:
            told = {"error": _problem(error)}
        tell({"id": number, **told})


def _go_on(
    sweeps: list[tuple[int, Iterator[dict[str, Any]]]], tell: Callable[[dict[str, Any]], None], cancelled: set[int]
) -> None:
    """One step of the sweep that was asked for first."""
    number, steps = sweeps[-1]
    try:
        found = next(steps)
    except StudioError as error:
        found = {"error": _problem(error), "done": True}
    if number in cancelled or found.get("done"):
        sweeps.pop()
    if found.pop("done", False):
        tell({"id": number, **found})
    elif found:
        tell({"id": number, "so_far": found})


def _aside(asked: Any, question: dict[str, Any], go_on: Callable[[], bool]) -> Iterator[dict[str, Any]]:
    beside = Path(question["beside"]) if question.get("beside") else None
    if "curves" in question:
        return _curves(asked, question["curves"], beside, go_on)
    if beside is not None:
        return _sweep_beside(asked, question["sweep"], beside, go_on)
    return _sweep(asked, question["sweep"], go_on)


def _taken_up(lesions: Any, steps: Iterator[T], go_on: Callable[[], bool]) -> Iterator[T]:
    """Steps of what is measured aside: before each it is ``go_on`` again that is asked, for what was asked for in
    between has its own."""
    while True:
        lesions.go_on = go_on
        try:
            found = next(steps)
        except StopIteration:
            return
        yield found


def _prepared(asked: Any, question: dict[str, Any], go_on: Callable[[], bool]) -> Iterator[dict[str, Any]]:
    """A lesion that may be asked for next, measured a batch at a time."""
    lesions = asked.lesions(question["images"], go_on)
    for _ in _taken_up(lesions, lesions.steps(*question["prepare"], swapped=question.get("swapped", ())), go_on):
        yield {}
    yield {"done": True}


def _sweep(asked: Any, images: int, go_on: Callable[[], bool]) -> Iterator[dict[str, Any]]:
    """Every unit by itself; tells after every batch."""
    lesions = asked.lesions(images, go_on)
    names = [unit.name for unit in lesions.candidates()]

    def known() -> dict[str, Any]:
        without = {name: _measured(lesions.so_far(name)) for name in names}
        return {"whole": _measured(lesions.so_far()), "without": without}

    for step, of in _taken_up(lesions, lesions.sweep(), go_on):
        yield known() if step % (len(names) + 1) == 0 and step < of else {}
    yield {**known(), "done": True}


def _sweep_beside(asked: Any, images: int, run: Path, go_on: Callable[[], bool]) -> Iterator[dict[str, Any]]:
    """Another run, without what stands in it at the path of each unit; tells after every unit."""
    lesions = asked.beside(run, images, go_on)
    names = [unit.name for unit in asked.lesions(images, go_on).candidates()]
    without: dict[str, Any] = {}
    for name in names:
        units = lesions.at_path(name)
        for _ in _taken_up(lesions, lesions.steps(*units), go_on) if units is not None else ():
            yield {}
        without[name] = None if units is None else _measured(lesions.so_far(*units))
        yield {"whole": _measured(lesions.so_far()), "without": dict(without)} if lesions.so_far().images else {}
    yield {"whole": _measured(lesions.whole()), "without": without, "done": True}


def _curves(asked: Any, images: int, beside: Path | None, go_on: Callable[[], bool]) -> Iterator[dict[str, Any]]:
    """Units taken away and swapped at random; tells after every draw."""
    from blockstudio.laboratory.curves import Curves

    own = asked.lesions(images, go_on)
    lesions = own if beside is None else asked.beside(beside, images, go_on)
    curves = Curves(lesions, like=own)

    def known() -> dict[str, Any]:
        refused = {name: to_data(text) for name, text in curves.refused.items()}
        found: dict[str, Any] = dict(curves.found.items())
        return {**found, "whole": lesions.so_far().accuracy, "refused": refused, "of": len(curves.plan)}

    for found in _taken_up(lesions, curves.steps(), go_on):
        yield known() if found else {}
    yield {**known(), "done": True}


def _asked(
    asked: Any, question: dict[str, Any], progress: Callable[[int, int], None], go_on: Callable[[], bool]
) -> dict[str, Any]:
    found = asked(question["ask"], question["values"], progress, go_on)
    return {
        "answer": found.data, "question": found.question, "sentence": to_data(found.sentence),
        "heads": list(found.table.headings), "rows": [list(row) for row in found.table.rows],
        "right": found.table.right, "svg": found.figure.svg(),
    }  # fmt: skip


def _without(
    asked: Any, question: dict[str, Any], go_on: Callable[[], bool], so_far: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Accuracy without some units: what a click on a block asks for. The first images tell something before all do."""
    lesions, names = asked.lesions(question["images"], go_on), question["without"]
    pairs = question.get("swapped", ())

    def known() -> dict[str, Any]:
        whole, measure = lesions.so_far(), lesions.so_far(*names, swapped=pairs)
        return {
            "whole": _measured(whole), "measure": _measured(measure), "without": names,
            "by_class": [list(whole.by_class), list(measure.by_class)],
        }  # fmt: skip

    next_told = FIRST_IMAGES
    for measure in lesions.steps(*names, swapped=pairs):
        if measure.images >= next_told:
            so_far(known())
            next_told += FIRST_IMAGES
    lesions.whole()
    return known()


def _shown(asked: Any, question: dict[str, Any], go_on: Callable[[], bool]) -> dict[str, Any]:
    """Pictures for the page *Seeing* and the cards."""
    what, part, image = question["show"], question.get("part", "test"), question.get("image", 0)
    picture = Path(question["picture"]) if question.get("picture") else None
    found: dict[str, Any]
    if what == "thumbnails":
        some = asked.thumbnails(image, part)
        found = {path: base64.b64encode(each).decode() for path, each in some.items()}
    elif what == "look":
        found = asked.look.at(image, part, picture)
    elif what == "channels":
        found = asked.look.channels(question["block"], image, part, picture)
    elif what == "strongest":
        found = asked.look.strongest(question["block"], question["channel"], part, go_on)
    else:
        found = asked.look.gallery(question["first"], question["count"], part)
    return {"shown": found}


def _measured(measure: Any) -> dict[str, Any]:
    return {"accuracy": measure.accuracy, "loss": measure.loss, "images": measure.images}


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
