"""``evaluate``: what a trained network says of images."""

from __future__ import annotations

import argparse
import base64
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from blockstudio.cli.arguments import Parser, answer, json_argument
from blockstudio.errors import StudioError
from blockstudio.text import render, say

if TYPE_CHECKING:
    from blockstudio.runs.predictions import Predictions
    from blockstudio.runs.run import Run

TELL_EVERY = 0.2
"""Seconds between two words on how far it is."""


def evaluate_arguments(parser: Parser) -> None:
    """What ``evaluate`` takes."""
    parser.description = say(
        "Ask the network of a run about every image of its test set, and keep what it says in the run: top-1 to top-5, "
        "precision, recall and F1 by class, the commonest mistakes. With --image ask it about pictures instead."
    )
    parser.epilog = say("example: blockstudio evaluate runs/mine --image coat.jpg")
    parser.add_argument("run", metavar="RUN", help=say("the directory of a run"))
    parser.add_argument("--part", choices=("test", "validation", "train"), default="test",
                        help=say("the images (default: test)"))  # fmt: skip
    parser.add_argument("--checkpoint", choices=("best", "last"), default="best",
                        help=say("of the best validation accuracy (default) or the last"))  # fmt: skip
    parser.add_argument("--image", action="append", metavar="FILE", help=say("a picture; several by giving it again"))
    parser.add_argument("--invert", choices=("auto", "yes", "no"), default="auto",
                        help=say("turn a picture's dark into light; auto: where its ground is opposite to the training "
                                 "images' (default)"))  # fmt: skip
    parser.add_argument("--top", type=int, default=5, metavar="K", help=say("classes that are named (default: 5)"))
    json_argument(parser, say("what came out, as JSON"))


def evaluate(options: argparse.Namespace) -> int:
    """Evaluate a run, or ask it about pictures."""
    from blockstudio.needs import need
    from blockstudio.runs.run import Run

    if options.top < 1:
        raise StudioError("cli.usage", say("--{name} takes a number from 1.", name="top"))
    need("torch", "asking a network")
    run = Run(Path(options.run))
    if options.image:
        return _pictures(run, options)
    from blockstudio.runs.predictions import write_predictions
    from blockstudio.training.predicting import evaluate_run

    found = evaluate_run(run, options.part, options.checkpoint, _Progress(options.json))
    file = write_predictions(run.directory, found)
    if options.json:
        answer(**facts(found), file=str(file))
    else:
        _print(found, options.top)
        print(render(say("Kept: {file}", file=file)))
    return 0


class _Progress:
    """Tells now and then how far it is: a person on a terminal, a program in lines of JSON."""

    def __init__(self, json: bool) -> None:
        self._json, self._told, self._begun = json, 0.0, time.perf_counter()

    def __call__(self, done: int, of: int) -> None:
        now = time.perf_counter()
        if done < of and now - self._told < TELL_EVERY:
            return
        self._told = now
        if self._json:
            left = (now - self._begun) * (of - done) / max(1, done)
            print(json.dumps({"progress": done / max(1, of), "left": round(left, 1)}), file=sys.stderr, flush=True)
        elif sys.stderr.isatty():
            print(f"\r{done:,}/{of:,}", end="\n" if done == of else "", file=sys.stderr, flush=True)


def facts(found: Predictions) -> dict[str, object]:
    """An evaluation for programs."""
    by_class = [
        {"class": name, **dict(zip(("precision", "recall", "f1"), map(_known, row[:3]), strict=True)),
         "images": int(row[3])}
        for name, row in zip(found.classes, found.by_class.tolist(), strict=True)
    ]  # fmt: skip
    return {
        "part": found.facts.part,
        "checkpoint": found.facts.which,
        "step": found.facts.step,
        "images": found.facts.images,
        "loss": found.facts.loss,
        "accuracy": found.facts.top[0],
        "top": list(found.facts.top),
        "miscalibration": found.miscalibration,
        "by_class": by_class,
        "confusion": found.matrix.tolist(),
    }


def _known(value: float) -> float | None:
    return value if value == value else None


def _print(found: Predictions, top: int) -> None:
    from blockstudio.report.results import class_table

    shares = [f"top-{place} {100 * share:.2f} %" for place, share in enumerate(found.facts.top[:top], start=1)]
    print(", ".join([*shares, render(say("loss {loss:.4f}", loss=found.facts.loss))]))
    print()
    print(class_table(found.classes, found.by_class, found.facts.images).text())
    print()
    for count, true, said in found.most_confused(5):
        print(f"{count:>6,}  {found.classes[true]} → {found.classes[said]}")


def _pictures(run: Run, options: argparse.Namespace) -> int:
    from blockstudio.training.predicting import ask

    answers = []
    for name in options.image:
        found = ask(run, Path(name), options.checkpoint, options.invert, options.top)
        height, width, channels = found.seen.shape
        answers.append(
            {
                "image": name,
                "size": list(found.size),
                "inverted": found.inverted,
                "ground": found.ground,
                "answers": [{"class": each, "share": share} for each, share in found.answers],
                "seen": {"size": [channels, height, width],
                         "pixels": base64.b64encode(found.seen.tobytes()).decode()},
            }
        )  # fmt: skip
        if not options.json:
            turned = "  " + render(say("dark and light turned round")) if found.inverted else ""
            print(f"{name}  {found.size[0]}×{found.size[1]}{turned}")
            for each, share in found.answers:
                print(f"  {100 * share:5.1f} %  {each}")
    if options.json:
        answer(images=answers)
    return 0
