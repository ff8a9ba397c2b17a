"""A question by its name with options by theirs: what the command line and the window ask."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from blockstudio.analysis.trunk import trunk
from blockstudio.checked import checked
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram, suggestion
from blockstudio.laboratory import questions
from blockstudio.laboratory.batchnorm import norms
from blockstudio.laboratory.evaluation import Setting
from blockstudio.laboratory.features import every_map
from blockstudio.laboratory.lesion import KEPT_BYTES, Lesions
from blockstudio.laboratory.looking import Look
from blockstudio.laboratory.pixels import inked
from blockstudio.laboratory.questions import Answer, Progress
from blockstudio.laboratory.subject import Part, Subject
from blockstudio.report.tiles import png
from blockstudio.runs.questions import OPTIONS, Kind, check_asked
from blockstudio.runs.recipe import Recipe
from blockstudio.runs.run import Run
from blockstudio.text import say

IMAGES = 2000
CHECKPOINTS = ("best", "last")
KEPT_BESIDE = 1 << 28
"""Bytes of activations that a run beside may keep."""
GRADIENT_IMAGES, FIELD_IMAGES = 64, 32
Ask = Callable[[], bool]


class Asked:
    """A run's network that answers one question after another; what it has computed once is kept.

    Args:
        subject: Who is asked.
    """

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self._lesions: dict[int, Lesions] = {}
        self._beside: tuple[tuple[Path, int], Lesions] | None = None

    def __call__(
        self,
        name: str,
        values: Mapping[str, Any],
        progress: Progress = lambda done, of: None,
        go_on: Ask = lambda: True,
    ) -> Answer:
        """Ask.

        Args:
            name: Of a question, see `blockstudio.runs.questions`.
            values: By option.
            progress: Called with what is done and all.
            go_on: Asked as it goes; ``False`` ends with `StudioError` ``lab.cancelled``.

        Raises:
            StudioError: ``lab.*``, ``trunk.*``, ``data.*``.
        """
        check_asked(name, values)
        given = {key: value for key, value in values.items() if value is not None}
        if name in ("lesion", "several", "swap", "paths", "gradients"):
            return self._ensemble(name, given, progress, go_on)
        if name == "start":
            return start_of(self.subject.diagram, self.subject.recipe(), given, progress, go_on)
        if name in ("batchnorm", "drift", "inputs", "evaluate"):
            return self._measuring(name, given, progress, go_on)
        return self._seeing(name, given, progress, go_on)

    def lesions(self, images: int, go_on: Ask = lambda: True) -> Lesions:
        """What takes units away, on the first test images; what flows between units is kept for the next time. The
        number that was asked for first stays, since the window asks for it again; of others, the last."""
        found = self._lesions.get(images)
        if found is None:
            for other in list(self._lesions)[1:]:
                del self._lesions[other]
            room = KEPT_BESIDE if self._lesions else KEPT_BYTES
            found = Lesions(self.subject, self.subject.images("test", images), kept_bytes=room, bf16=True)
            self._lesions[images] = found
        found.go_on = go_on
        return found

    def thumbnails(self, image: int, part: Part = "test") -> dict[str, bytes]:
        """What every block gives for an image of a part, as a PNG file by path."""
        ((shown, _),) = self.subject.images(part, index=[image])
        return {path: png(inked(values)) for path, values in every_map(self.subject, shown).items()}

    @cached_property
    def look(self) -> Look:
        """What looks at single pictures."""
        return Look(self.subject)

    def _ensemble(self, name: str, given: Mapping[str, Any], progress: Progress, go_on: Ask) -> Answer:
        draws, seed = given.get("draws", 10), given.get("seed", 0)
        if name == "paths":
            return questions.paths(self.subject.trunk)
        if name == "gradients":
            batches = self.subject.images("test", given.get("images", GRADIENT_IMAGES))
            return questions.gradients(self.subject, batches, draws, seed, progress, go_on)
        images = given.get("images", IMAGES)
        lesions = self.lesions(images, go_on)
        beside = list[Lesions]()
        runs = {None if self.subject.run is None else self.subject.run.directory.resolve()}
        for place in given.get("beside", ()):
            other = self.beside(Path(place), images, go_on)
            assert other.subject.run is not None
            directory = other.subject.run.directory.resolve()
            if directory in runs:
                raise StudioError("lab.beside", say("stands in the figure already."), where=str(place),
                                  hint=say("Name each run once."))  # fmt: skip
            runs.add(directory)
            beside.append(other)
        if name == "lesion":
            return questions.lesion(lesions, progress, beside)
        counts = given.get("counts") or _counts(lesions, name)
        ask = questions.several if name == "several" else questions.swap
        return ask(lesions, counts, draws, seed, progress, beside)

    def beside(self, place: Path, images: int, go_on: Ask) -> Lesions:
        """What takes units away from another run: of its own folder, or of this name beside this one."""
        own = self.subject.run
        if own is not None and not os.path.exists(place) and len(place.parts) == 1:
            place = own.directory.parent / place
        if self._beside is None or self._beside[0] != (place, images):
            subject = Subject.of_run(Run(place))
            made = Lesions(subject, subject.images("test", images), kept_bytes=KEPT_BESIDE, bf16=True)
            self._beside = (place, images), made  # The last one: each keeps what flows between its units.
        found = self._beside[1]
        found.go_on = go_on
        return found

    def _seeing(self, name: str, given: Mapping[str, Any], progress: Progress, go_on: Ask) -> Answer:
        subject, part, block = self.subject, _part(given), given.get("block")
        images = tuple(given.get("image", (0,)))
        picture = Path(given["picture"]) if "picture" in given else None
        count = given.get("images")
        if name == "cam":
            return questions.cam(subject, images, part, self._label(given), block, picture, progress, go_on)
        if name == "occlusion":
            return questions.occlusion(
                subject, images[0], part, self._label(given), given.get("patch"), picture, progress, go_on
            )
        if name == "peaks":
            return questions.peaks(subject, part, count, progress, go_on)
        if name == "filters":
            return questions.filters(subject)
        if name == "scatter":
            return questions.scatter(subject, part, count or IMAGES, go_on)
        assert block is not None
        if name == "features":
            return questions.features(subject, block, images[0], part, picture)
        if name == "excited":
            units = given.get("units", (0,))
            return questions.excited(subject, block, units, part, count or IMAGES, progress=progress, go_on=go_on)
        row_column = given.get("place")
        place = None if row_column is None else (row_column[0], row_column[1])
        return questions.field(subject, block, place, part, count or FIELD_IMAGES, given.get("units"))

    def _measuring(self, name: str, given: Mapping[str, Any], progress: Progress, go_on: Ask) -> Answer:
        if name == "batchnorm":
            return questions.batchnorm(
                self.subject, given.get("block"), given.get("channel", 0), given.get("momentum"),
                given.get("batch-size", 64), images=given.get("images", IMAGES), progress=progress, go_on=go_on,
            )  # fmt: skip
        if name == "inputs":
            return questions.inputs(self.subject, given.get("images", IMAGES), progress, go_on)
        if name == "drift":
            norms(self.subject)
            if self.subject.run is None:
                raise StudioError("lab.data", say("has no run, so it has no log."), where=self.subject.diagram.name)
            return questions.drift(self.subject.run, given.get("block"))
        setting = Setting(
            part=_part(given), images=given.get("images"), per_class=given.get("per-class"),
            input_size=given.get("input-size"), statistics=given.get("statistics", "running"),
            batch_size=given.get("batch-size", 250), without=tuple(given.get("without", ())),
        )  # fmt: skip
        return questions.evaluate(self.subject, setting, progress, go_on)

    def _label(self, given: Mapping[str, Any]) -> int | None:
        """The class that is asked about, by name or number."""
        wanted = given.get("class")
        if wanted is None:
            return None
        classes = list(self.subject.splits.classes)
        if wanted in classes:
            return classes.index(wanted)
        if wanted.isdecimal() and int(wanted) < len(classes):
            return int(wanted)
        text = say("there is no class {name}.", name=wanted)
        raise StudioError("lab.label", text, where=self.subject.diagram.name, hint=suggestion(wanted, classes))


@checked
def ask(
    of: Run | str | os.PathLike[str], question: str, *, checkpoint: Literal["best", "last"] = "best",
    progress: Progress = lambda done, of: None, go_on: Ask = lambda: True, **options: Any,
) -> Answer:  # fmt: skip
    """Ask a run one question. Whoever asks several keeps an `Asked`, which keeps what it has computed.

    Args:
        of: A run, or its directory.
        question: A key of `blockstudio.runs.questions.QUESTIONS`: ``"lesion"``, ``"cam"``, ``"evaluate"`` …
        checkpoint: Of the best validation accuracy, or the last.
        progress: Called with what is done and all.
        go_on: Asked as it goes; ``False`` ends with `StudioError` ``lab.cancelled``.
        options: As on the command line, with ``_`` for ``-``; ``class_`` for ``class``.

    Returns:
        Its ``data`` is what ``--json`` prints; ``table``, ``figure.svg()`` and ``sentence`` are what is shown, and
        ``save(folder)`` writes data and figure.

    Raises:
        StudioError: ``lab.question`` for one that there is not, ``lab.option``; ``run.*``, ``lab.*``, ``data.*``.

    Example:
        >>> ask("runs/mine", "evaluate", statistics="exact", per_class=20).data["accuracy"]  # doctest: +SKIP
        0.913
    """
    if checkpoint not in CHECKPOINTS:
        raise StudioError("lab.option", say("--{option} does not take {value}.", option="checkpoint", value=checkpoint),
                          hint=say("It takes {names}.", names=", ".join(CHECKPOINTS)))  # fmt: skip
    values = {name.rstrip("_").replace("_", "-"): value for name, value in options.items()}
    values = {name: _plain(OPTIONS[name].kind, value) if name in OPTIONS else value for name, value in values.items()}
    values = {name: value for name, value in values.items() if value is not None}
    check_asked(question, values)
    run = of if isinstance(of, Run) else Run(Path(of))
    if question == "drift":
        return questions.drift(run, values.get("block"))  # It reads the log, and needs no checkpoint.
    if question == "paths":
        return questions.paths(trunk(run.diagram()))
    if question == "start":
        return start_of(run.diagram(), run.recipe(), values, progress, go_on)
    return Asked(Subject.of_run(run, checkpoint))(question, values, progress, go_on)


def _plain(kind: Kind, value: Any) -> Any:
    """As the command line has it: one of what may be several needs no list, none of them is as if nothing were asked
    for, paths are texts, and a class may be a number."""
    if isinstance(value, list | tuple):
        return [_plain(kind.removesuffix("s"), each) for each in value] or None  # type: ignore[arg-type]
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if kind == "text" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return [value] if kind in ("ints", "texts") and isinstance(value, int | str) else value


def start_of(
    diagram: Diagram, recipe: Recipe, given: Mapping[str, Any], progress: Progress = lambda done, of: None,
    go_on: Ask = lambda: True,
) -> Answer:  # fmt: skip
    """The first step of a network that need not be trained, with the options of ``start``."""
    seeds = given.get("seeds", (0, 1, 2))
    return questions.start(diagram, recipe, given.get("initial", ()), seeds, given.get("batch-size"), progress, go_on)


def _part(given: Mapping[str, Any]) -> Part:
    part: Part = given.get("part", "test")
    return part


def _counts(lesions: Lesions, question: str) -> list[int]:
    """Numbers that show the curve: about ten of all there are."""
    most = len(lesions.candidates()) if question == "several" else lesions.most_pairs()
    step = max(1, most // 10)
    return list(range(1, most + 1, step)) or [1]
