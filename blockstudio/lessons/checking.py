"""Whether a lesson is sound: drawings can be made, answers computed, texts filled, nothing is left untranslated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from blockstudio.analysis.costs import COSTS
from blockstudio.errors import StudioError
from blockstudio.graph.presets import preset_folder
from blockstudio.lessons.lesson import Directive, Lesson, Question, Step
from blockstudio.lessons.library import SUFFIX, lesson_path, translation_path
from blockstudio.lessons.making import tokens
from blockstudio.lessons.proofs import PROOFS
from blockstudio.lessons.reading import read_lesson
from blockstudio.lessons.walking import Walk
from blockstudio.text import say

WIDGETS = ("scaling", "batchnorm", "logistic", "smoothing")
"""What a step can show beside its text."""
EXPERIMENT = ".experiment.json"
PAGES = ("table", "paper", "sizes", "problems")
"""Pages under the drawing that a step can bring into view."""


def check_lesson(name_or_path: str | Path, walk: Walk | None = None) -> list[StudioError]:
    """Everything that is wrong with a lesson and its translations; nothing if it is sound. Raises `StudioError` where
    it cannot be read at all. ``walk``: one through this lesson in English, whose values are then used."""
    path = lesson_path(name_or_path)
    lesson = read_lesson(path)
    walk = walk or Walk(lesson)
    found = list(_problems(walk))
    for file in sorted(path.parent.glob(f"{path.name.removesuffix(SUFFIX)}.*{SUFFIX}")):
        code = file.name.removesuffix(SUFFIX).partition(".")[2]
        if translation_path(path, code) != file:
            continue
        try:
            other = lesson.translated(read_lesson(file, translation=True), code)
        except StudioError as error:
            found.append(error)
            continue
        found += [
            StudioError("lesson.translation", say("{place} is not the same in both languages.", place=place),
                        where=file.name, hint=say("A translation has the same steps, questions, choices and hints."))
            for place in other.missing
        ]  # fmt: skip
        found += list(_prose(Walk(other, walk), file.name))
    return found


def _problems(walk: Walk) -> Iterator[StudioError]:
    lesson = walk.lesson
    for name in lesson.diagrams:
        yield from _tried(lambda name=name: walk.named(name))
    for step in lesson.steps:
        yield from _tried(lambda step=step: walk.made(step))
        yield from _tried(lambda step=step: walk.names(step))
        yield from _places(walk, step)
        for question in step.questions:
            yield from _tried(lambda step=step, question=question: _answer(walk, step, question))
    yield from _prose(walk, lesson.where)


def _prose(walk: Walk, where: str) -> Iterator[StudioError]:
    for step in walk.lesson.steps:
        yield from _tried(lambda step=step: walk.prose(step), where)
        for question in step.questions:
            texts = (question.text, question.more, question.explain, *question.hints.values(),
                     *question.choices.values(), *question.fields.values())  # fmt: skip
            for text in texts:
                yield from _tried(lambda step=step, text=text: walk.fill(step, text), where)


def _places(walk: Walk, step: Step) -> Iterator[StudioError]:
    """What a step points at is there."""
    lesson = walk.lesson
    known = {"widget": WIDGETS, "proof": tuple(PROOFS), "page": PAGES, "experiment": _experiments()}
    for each in step.directives:
        if each.word == "experiment" and each.rest.endswith(EXPERIMENT):
            yield from _beside(lesson, each)
        elif each.word in known and each.rest not in known[each.word]:
            yield StudioError(
                "lesson.directive", say("there is no {word} '{name}'.", word=each.word, name=each.rest[:40]),
                where=lesson.place(each.line), hint=say("There is {names}.", names=", ".join(known[each.word])),
            )  # fmt: skip
        if each.word == "colour" and each.rest not in COSTS:
            yield StudioError(
                "lesson.directive", say("there is no {word} '{name}'.", word=each.word, name=each.rest[:40]),
                where=lesson.place(each.line), hint=say("There is {names}.", names=", ".join(COSTS)),
            )  # fmt: skip
        if each.word in ("light", "frame", "enter", "select"):
            for path in tokens(each.rest):
                yield from _tried(lambda path=path: walk.value(step, f"has('{path}')"))
                if not _has(walk, step, path):
                    text = say("there is no block '{path}' in the drawing of this step.", path=path)
                    yield StudioError("lesson.block", text, where=lesson.place(each.line))


def _beside(lesson: Lesson, directive: Directive) -> Iterator[StudioError]:
    """An experiment of the lesson's author lies beside it."""
    try:
        there = lesson.beside(directive.rest).is_file()
    except StudioError as error:
        yield error.at(lesson.place(directive.line))
        return
    if not there:
        text = say("there is no file '{name}' beside the lesson.", name=directive.rest)
        yield StudioError("lesson.beside", text, where=lesson.place(directive.line))


def _experiments() -> tuple[str, ...]:
    """Names of the experiments that come along."""
    folder = preset_folder() / "experiments"
    return tuple(sorted(path.name.partition(".")[0] for path in folder.glob(f"*{EXPERIMENT}")))


def _has(walk: Walk, step: Step, path: str) -> bool:
    try:
        return bool(walk.value(step, f"has('{path}')"))
    except StudioError:
        return True  # said already


def _answer(walk: Walk, step: Step, question: Question) -> None:
    place = walk.lesson.place(question.line)
    if question.kind == "mend":
        solution, _ = walk.named(question.solution)
        if walk.check(step, question, "", solution).state != "right":
            raise StudioError(
                "lesson.answer", say("the solution of this question does not count as right."), where=place
            )
        if walk.check(step, question, "", walk.diagram(step)).state != "empty":
            raise StudioError("lesson.answer", say("there is nothing to mend here."), where=place)
        return
    expected = walk.expected(step, question)
    for name, text in question.near.items():
        walk.value(step, text, line=question.line)
        if question.kind == "number" and walk.value(step, text) in expected.values():
            text = say("the known mistake '{name}' is the right answer.", name=name)
            raise StudioError("lesson.answer", text, where=place)
    if question.kind != "several":
        walk.check(step, question, {name: "1" for name in question.fields} if question.fields else "1")
    if question.kind in ("choice", "several"):
        value = expected[""]
        for name in value if isinstance(value, tuple) else (value,):
            if name not in question.choices:
                raise StudioError(
                    "lesson.answer", say("the right answer '{name}' is no choice.", name=name), where=place
                )
    if question.kind == "block":
        value = expected[""]
        for path in value if isinstance(value, tuple) else (value,):
            if not walk.value(step, f"has('{path}')"):
                raise StudioError("lesson.block", say("there is no block '{path}'.", path=path), where=place)


def _tried(act: object, where: str = "") -> Iterator[StudioError]:
    assert callable(act)
    try:
        act()
    except StudioError as error:
        yield error if not where or error.where.startswith(where) else error.at(f"{where} ({error.where})")
