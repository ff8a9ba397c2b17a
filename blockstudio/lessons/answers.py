"""Whether answers are right, and what is said of those that are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Literal

from blockstudio.blocks import shape_text
from blockstudio.lessons.lesson import Kind, Question
from blockstudio.lessons.typed import Typed, read_numbers, read_shape
from blockstudio.text import Text, listed, say, say_many

State = Literal["right", "wrong", "empty", "unread"]
RELATIVE = 0.005
"""Of a number that is no whole one, without a tolerance of its own."""
FAR = 10_000
"""Beyond so many times too large or small the number helps nobody."""


@dataclass(frozen=True)
class Verdict:
    """What is to be said of an answer."""

    state: State
    text: str
    hint: str = ""
    """Prose of the lesson."""
    wrong: tuple[str, ...] = ()
    """Fields that are not right."""
    fields: dict[str, State] = field(default_factory=dict)


def shown(value: Any) -> str:
    """A value as lessons write it: ``14,592``, ``76.1``, ``192×28×28``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e15:
            return f"{value:,.0f}"
        return f"{value:,.2f}" if abs(value) >= 1000 else f"{value:.4g}"
    if isinstance(value, tuple):
        whole = value and all(isinstance(each, int) for each in value)
        return shape_text(value) if whole else ", ".join(map(shown, value))
    return str(value)


def is_answer(kind: Kind, value: Any) -> bool:
    """Whether a value can be the right answer of a question of this kind."""
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "shape":
        sides = isinstance(value, tuple) and 1 <= len(value) <= 3
        return sides and all(isinstance(each, int) and not isinstance(each, bool) for each in value)
    several = value if isinstance(value, tuple) else (value,)
    return all(isinstance(each, str) for each in several) and (kind != "choice" or len(several) == 1)


def beside(parts: Sequence[str]) -> str:
    """Answers one after the other."""
    return reduce(lambda first, last: say("{first}; {last}", first=first, last=last), parts) if parts else ""


def check_number(question: Question, expected: Any, text: str, accept: tuple[Any, ...] = ()) -> tuple[State, str]:
    """A typed number against what was computed: the state, and how far off it is."""
    if not text.strip():
        return "empty", say("Type a number first.")
    meant = read_numbers(text, question.unit)
    if not meant:
        return "unread", say(
            "'{text}' is no number. Write it like {like}.", text=text[:40], like=shown(_like(expected))
        )
    for each in meant:
        if each.value == expected or _close(question, each, expected):
            if each.value != expected and isinstance(expected, int) and not question.tolerance:
                return "right", say("Right, rounded: exactly {value}.", value=shown(expected))
            return "right", say("Right.")
    for each in meant:
        if accept and accept[0] <= each.value <= accept[1]:
            return "right", say("Right within what conventions differ by: here it is {value}.", value=shown(expected))
    first = meant[0]
    if first.digits >= 2 and abs(first.value - expected) <= first.half * (1 + 1e-9):
        return "unread", say("Right as far as it goes: write more digits.")
    return "wrong", _off(first.value, expected, question.unit)


def _like(expected: Any) -> float | int:
    return (
        1234567 if isinstance(expected, int) and abs(expected) >= 1000 else 0.5 if isinstance(expected, float) else 12
    )


def _close(question: Question, typed: Typed, expected: float | int) -> bool:
    off = abs(typed.value - expected)
    if question.tolerance:
        text = question.tolerance.strip()
        allowed = abs(expected) * float(text[:-1]) / 100 if text.endswith("%") else float(text)
        return off <= allowed * (1 + 1e-9)
    if isinstance(expected, int):
        return typed.digits >= 3 and typed.half > 0.5 and off <= typed.half * (1 + 1e-9)
    return off <= abs(expected) * RELATIVE or (typed.digits >= 2 and off <= typed.half * (1 + 1e-9))


def _off(value: float | int, expected: float | int, unit: str) -> Text:
    off = value - expected
    if isinstance(off, int) and abs(off) * 5 < abs(expected):
        return say("{by} too many.", by=shown(off)) if off > 0 else say("{by} too few.", by=shown(-off))
    if expected and value and (value > 0) == (expected > 0) and unit != "%":
        ratio = value / expected
        if ratio >= 1.5 or ratio <= 1 / 1.5:
            times = ratio if ratio > 1 else 1 / ratio
            if times > FAR:
                return say("Far too large.") if ratio > 1 else say("Far too small.")
            text = f"{times:,.0f}" if times >= 100 else f"{times:.3g}"
            return (
                say("{times} times too large.", times=text)
                if ratio > 1
                else say("{times} times too small.", times=text)
            )
    return say("Too large.") if off > 0 else say("Too small.")


def check_shape(expected: tuple[int, ...], text: str) -> tuple[State, str]:
    """A typed shape against what was computed."""
    if not text.strip():
        return "empty", say("Type a shape first, channels × height × width.")
    single = read_numbers(text) if len(expected) == 1 else []
    found = (int(single[0].value),) if single else read_shape(text)
    if found is None:
        return "unread", say("'{text}' is no shape. Write it like 64×56×56.", text=text[:40])
    if found == expected:
        return "right", say("Right.")
    if len(found) == len(expected) == 3 and (found[2], found[0], found[1]) == expected:
        return "right", say("Right; this program writes the channels first: {shape}.", shape=shape_text(expected))
    if len(found) != len(expected):
        return "wrong", say("That are {found} numbers; it has {wanted}.", found=len(found), wanted=len(expected))
    names = (say("channels"), say("height"), say("width")) if len(expected) == 3 else (say("height"), say("width"))
    wrong = [name for name, one, other in zip(names, found, expected, strict=False) if one != other]
    return "wrong", say("Not right: {parts}.", parts=listed(wrong))


def check_choice(question: Question, expected: str, given: str) -> tuple[State, str]:
    if not given:
        return "empty", say("Choose one first.")
    return ("right", say("Right.")) if given == expected else ("wrong", say("Not that one."))


def check_several(expected: tuple[str, ...], given: tuple[str, ...]) -> tuple[State, str]:
    if not given:
        return "empty", say("Tick at least one.")
    missing, more = set(expected) - set(given), set(given) - set(expected)
    if not missing and not more:
        return "right", say("Right.")
    if not missing:
        return "wrong", say_many(
            "{count} that is ticked is not true.", "{count} that are ticked are not true.", len(more)
        )
    if not more:
        return "wrong", say_many("{count} is missing.", "{count} are missing.", len(missing))
    return "wrong", say("Ticked and not true: {more}; missing: {missing}.", more=len(more), missing=len(missing))


def check_block(expected: tuple[str, ...], given: str, name: Callable[[str], str] = str) -> tuple[State, str]:
    """A block that was clicked, by its path."""
    if not given:
        return "empty", say("Click a block in the drawing first.")
    if given in expected or any(given.startswith(f"{each}.") for each in expected):
        return "right", say("Right: {name}.", name=name(given))
    if any(each.startswith(f"{given}.") for each in expected):
        return "wrong", say("It is inside {name}: open it and click the block.", name=name(given))
    return "wrong", say("Not {name}.", name=name(given))
