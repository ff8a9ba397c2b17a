"""A survey in a process of its own: events on standard output, a line of JSON each; questions on standard input.

Questions, a line of JSON each: ``{"ask": "tiles", "part": "train", "labels": [0, 1], "draw": 3, "count": 12,
"stored": false}``, ``{"ask": "stages", …, "label": 0, "index": 17}``, and ``{"ask": "change", "recipe": FILE,
"network": FILE}`` for another recipe or network over the same images. They are answered between two pieces of the
work. The end of the input is the end of the process.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, TextIO

from blockstudio.answers import as_dict
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.presets import open_diagram
from blockstudio.runs.recipe import Recipe
from blockstudio.runs.recipe_files import load_recipe
from blockstudio.text import to_data
from blockstudio.training.survey.checking import Checking, Kind
from blockstudio.training.survey.material import Material, open_material
from blockstudio.training.survey.samples import Samples

REPORT_EVERY = 0.1
"""Seconds between two reports."""
SEEN = 12
"""Images of each class from which mean and deviation as the network sees them are taken."""
END: dict[str, Any] = {"ask": "end"}


def serve(recipe: Recipe, diagram: Diagram | None, questions: TextIO, tell: Callable[[dict[str, Any]], None]) -> None:
    """Survey a set and answer questions until the input ends. Raises `StudioError` ``data.*`` where there is no set."""
    waiting: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(questions, waiting), daemon=True).start()
    material = open_material(recipe, diagram)
    desk, checking = _Desk(Samples(material), tell), Checking(material)
    tell({"event": "set", **set_facts(material)})
    told: dict[Kind, int] = dict.fromkeys(checking.found, 0)
    last = 0.0

    def report() -> None:
        nonlocal last
        last = time.monotonic()
        files = [odd for kind in told for odd in checking.odd(kind, told[kind])]
        for kind in told:
            told[kind] = len(checking.found[kind])
        tell({"event": "checked", **checking.report(), "files": files})

    report()
    for _ in checking.steps():
        while not waiting.empty():
            if not desk.answer(waiting.get()):
                return
        if time.monotonic() - last >= REPORT_EVERY:
            report()
    report()
    desk.tell_seen()
    while desk.answer(waiting.get()):
        pass


def set_facts(material: Material) -> dict[str, Any]:
    """What is known of a set before its images are looked at, as data."""
    counts, recipe = material.counts(), material.recipe
    channels, height, width = material.shape
    batch = recipe.batch_size
    return {
        "title": material.facts.title,
        "root": str(material.facts.root or ""),
        "kind": material.facts.kind,
        "classes": list(material.classes),
        "train": list(counts.train),
        "validation": list(counts.validation),
        "test": list(counts.test),
        "held": counts.held,
        "shape": list(material.shape),
        "fits": material.fits,
        "batch_size": batch,
        "steps": sum(counts.train) // batch if batch else None,
        "bytes": sum(counts.totals) * channels * height * width,
        "notes": [to_data(note) for note in material.notes],
    }


def _listen(questions: TextIO, waiting: queue.SimpleQueue[dict[str, Any]]) -> None:
    for line in questions:
        try:
            question = json.loads(line)
        except ValueError:
            continue  # Half a line of a window that was killed.
        if isinstance(question, dict):
            waiting.put(question)
    waiting.put(END)


class _Desk:
    """Answers questions."""

    def __init__(self, samples: Samples, tell: Callable[[dict[str, Any]], None]) -> None:
        self._samples, self._tell = samples, tell

    def answer(self, question: dict[str, Any]) -> bool:
        """False at the end."""
        if question == END:
            return False
        try:
            match question.get("ask"):
                case "tiles":
                    self._tiles(question)
                case "stages":
                    self._stages(question)
                case "change":
                    self._change(question)
        except (StudioError, KeyError, ValueError) as error:
            problem = error if isinstance(error, StudioError) else StudioError("data.sample", str(error))
            self._tell({"event": "refused", **as_dict(problem)})
        return True

    def tell_seen(self) -> None:
        """With what the images are normalised, and what then comes of it."""
        mean, std = self._samples.normalisation
        self._tell({"event": "seen", "mean": mean, "std": std, "seen": self._samples.seen_statistics(0, SEEN)})

    def _tiles(self, question: dict[str, Any]) -> None:
        part, draw, stored = question.get("part", "train"), int(question["draw"]), bool(question.get("stored"))
        for label in question["labels"]:
            tiles = self._samples.tiles(part, int(label), draw, int(question["count"]), stored)
            self._tell({"event": "tiles", "label": label, "part": part, "draw": draw, "stored": stored, "tiles": tiles})

    def _stages(self, question: dict[str, Any]) -> None:
        part, label, index = question.get("part", "train"), int(question["label"]), int(question["index"])
        stages = self._samples.explain(part, label, int(question["draw"]), int(question["count"]), index)
        self._tell({"event": "stages", "label": label, "index": index, "part": part, "stages": stages})

    def _change(self, question: dict[str, Any]) -> None:
        network = question.get("network")
        material = open_material(load_recipe(question["recipe"]), open_diagram(network) if network else None)
        self._samples = Samples(material)
        self._tell({"event": "set", **set_facts(material)})
        self.tell_seen()
