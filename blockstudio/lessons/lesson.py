"""What a lesson is: steps with prose, directives about the drawing, and questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

from blockstudio.errors import StudioError
from blockstudio.text import say

Kind = Literal["number", "shape", "choice", "several", "block", "mend"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""A number, a shape, one choice, several of them, a block to click, a drawing to mend."""


@dataclass(frozen=True)
class Directive:
    """One line of what a step does: its word, what stands behind it, and where."""

    word: str
    rest: str
    line: int
    planted: bool = False
    """An edit that puts a fault into the drawing."""


@dataclass(frozen=True)
class Question:
    """Something that is asked. Texts are prose; the rest stands once, in the English file."""

    id: str
    kind: Kind
    text: str
    line: int
    more: str = ""
    """Prose below the question, Markdown."""
    expect: Mapping[str, str] = field(default_factory=dict)
    """Expressions by field; a question of one answer has the field ``""``."""
    near: Mapping[str, str] = field(default_factory=dict)
    """Expressions for wrong answers of which the reason is known, by the hint that tells it."""
    holds: Mapping[str, str] = field(default_factory=dict)
    """What must be true of the drawing, by the hint that helps where it is not."""
    accept: str = ""
    """Expression for the lowest and the highest number that count as right too."""
    tolerance: str = ""
    """``0.5%`` of the number, or a number."""
    unit: str = ""
    solution: str = ""
    """The diagram of the lesson that shows how it should be."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """What is asked in each field, in order."""
    choices: Mapping[str, str] = field(default_factory=dict)
    hints: Mapping[str, str] = field(default_factory=dict)
    """By name; the one called ``""`` is for every wrong answer."""
    explain: str = ""
    """Shown once the answer is right, or was asked for."""


@dataclass(frozen=True)
class Step:
    """One step: a title, prose before its questions, what it does with the drawing."""

    id: str
    title: str
    line: int
    text: str = ""
    directives: tuple[Directive, ...] = ()
    questions: tuple[Question, ...] = ()

    def words(self, *words: str) -> Iterator[str]:
        """What stands behind these words, line by line."""
        return (each.rest for each in self.directives if each.word in words)

    def question(self, id: str) -> Question:
        """The question of this id. Raises `KeyError`."""
        return next(each for each in self.questions if each.id == id)


@dataclass(frozen=True)
class Lesson:
    """A lesson as it was read, in one language."""

    name: str
    where: str
    """How messages call its file."""
    title: str
    goal: str = ""
    number: int = 0
    minutes: int = 0
    intro: str = ""
    diagrams: Mapping[str, tuple[Directive, ...]] = field(default_factory=dict)
    """Diagrams that the lesson makes for itself, by name."""
    steps: tuple[Step, ...] = ()
    language: str = "en"
    missing: tuple[str, ...] = ()
    """Steps and questions that the translation does not have, and that it has alone."""
    folder: Path | None = None
    """Where its file lies, with the diagrams and experiments of its author."""

    def beside(self, name: str) -> Path:
        """A file in the lesson's own folder. Raises `StudioError` ``lesson.beside`` for any other."""
        if self.folder is None or not name or name.startswith(".") or any(mark in name for mark in "/\\:"):
            raise StudioError(
                "lesson.beside", say("'{name}' is no file in the lesson's folder.", name=name[:80]),
                hint=say("Put the file into the folder of the lesson, and write its name alone."),
            )  # fmt: skip
        return self.folder / name

    @property
    def questions(self) -> tuple[tuple[Step, Question], ...]:
        return tuple((step, question) for step in self.steps for question in step.questions)

    def place(self, line: int) -> str:
        """``lesson.md:12``."""
        return f"{self.where}:{line}"

    def translated(self, prose: Lesson, language: str) -> Lesson:
        """This lesson in the words of another, which has the same steps and questions; what is not there stays in
        English and is listed as `missing`."""
        steps = {step.id: step for step in prose.steps}
        missing: list[str] = []
        made: list[Step] = []
        for step in self.steps:
            other = steps.pop(step.id, None)
            if other is None:
                missing.append(f"#{step.id}")
                made.append(step)
                continue
            asked = {question.id: question for question in other.questions}
            questions = [_reworded(question, asked.pop(question.id, None), missing) for question in step.questions]
            missing += [f"#{id}" for id in asked]
            made.append(replace(step, title=other.title, text=other.text, questions=tuple(questions)))
        missing += [f"#{id}" for id in steps]
        return replace(
            self, title=prose.title or self.title, goal=prose.goal or self.goal, intro=prose.intro or self.intro,
            steps=tuple(made), language=language, missing=tuple(missing),
        )  # fmt: skip


def _reworded(question: Question, other: Question | None, missing: list[str]) -> Question:
    if other is None:
        missing.append(f"#{question.id}")
        return question
    words: dict[str, dict[str, str]] = {}
    for part in ("fields", "choices", "hints"):
        mine: Mapping[str, str] = getattr(question, part)
        theirs: Mapping[str, str] = getattr(other, part)
        if set(mine) != set(theirs):
            missing.append(f"#{question.id} {part}: {', '.join(sorted(set(mine) ^ set(theirs))) or '-'}")
        words[part] = {key: theirs.get(key, text) for key, text in mine.items()}
    if bool(question.explain) != bool(other.explain):
        missing.append(f"#{question.id} explain")
    return replace(question, text=other.text, more=other.more, explain=other.explain or question.explain, **words)  # type: ignore[arg-type]
