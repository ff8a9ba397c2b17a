"""How far a learner has come, kept in the settings: the step, and of each question what was answered."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from blockstudio.gui.work.settings import settings

LAST = "lessons/last"
"""The setting with the lesson that is open."""


@dataclass
class Answered:
    """What was answered to one question."""

    given: Any = ""
    """Text, texts by field, what was ticked, a path."""
    state: str = ""
    """Of the last try: ``right``, ``wrong``; empty before the first."""
    tries: int = 0
    first: Any = ""
    """The first wrong answer."""
    shown: bool = False
    """The solution was asked for."""

    @property
    def done(self) -> bool:
        return self.state == "right" or self.shown

    @property
    def tried(self) -> bool:
        return bool(self.tries) or self.shown


@dataclass
class Progress:
    """Of one lesson."""

    step: int = 0
    seen: int = 0
    """The furthest step."""
    answers: dict[str, Answered] = field(default_factory=dict)

    def of(self, question: str) -> Answered:
        return self.answers.setdefault(question, Answered())

    def right(self) -> int:
        return sum(each.state == "right" for each in self.answers.values())


def _key(lesson: str) -> str:
    return "lessons/" + "".join(letter if letter.isalnum() else "_" for letter in lesson)


def load(lesson: str) -> Progress:
    """What was kept of a lesson; what cannot be read counts as nothing."""
    try:
        data = json.loads(str(settings().value(_key(lesson), "")) or "{}")
        answers = {str(id): Answered(**each) for id, each in data.get("answers", {}).items()}
        return Progress(int(data.get("step", 0)), int(data.get("seen", 0)), answers)
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return Progress()


def keep(lesson: str, progress: Progress) -> None:
    """Keep it for the next time; what was answered in another window meanwhile is not lost."""
    store = settings()
    store.sync()
    for id, other in load(lesson).answers.items():
        if other.tried and not progress.of(id).tried:
            progress.answers[id] = other
    store.setValue(_key(lesson), json.dumps(asdict(progress), ensure_ascii=False))


def forget(lesson: str) -> None:
    """Begin anew."""
    settings().remove(_key(lesson))
