"""Which variants an expectation speaks of, and whether it can be asked at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from blockstudio.errors import StudioError
from blockstudio.experiments.course import Course, Expectation
from blockstudio.runs.recipe import field_path
from blockstudio.text import say

MEASURES = "measures"
"""Of a figure: across the measures."""
Values = Mapping[str, Any]


def full_key(key: str) -> str:
    """A key as `Variant.values` has it: ``lr`` is ``optimizer.lr``. Raises `StudioError` ``recipe.field``."""
    return key if key == "network" or key.startswith("diagram.") else field_path(key)


def pairs(expectation: Expectation, variants: Sequence[Values]) -> list[tuple[int, int | None]]:
    """Which variant is held against which, by their places; ``None``: against a number.

    Args:
        expectation: Of the course.
        variants: Values of each, as `Variant.values` gives them.

    Returns:
        One pair a variant that the expectation speaks of; the other side is that variant with the values of ``than``,
        or itself. Empty where nothing fits.
    """
    wanted = {full_key(key): value for key, value in expectation.of.items()}
    found: list[tuple[int, int | None]] = []
    for place, values in enumerate(variants):
        if any(values.get(key) != value for key, value in wanted.items()):
            continue
        if isinstance(expectation.than, dict):
            changed = {full_key(key): value for key, value in expectation.than.items()}
            other = {key: value for key, value in {**values, **changed}.items() if value is not None}
            against = next((index for index, each in enumerate(variants) if dict(each) == other), None)
            if against is None:
                return []
            found.append((place, against))
        else:
            own = expectation.than is None and expectation.relation not in ("reached", "never")
            found.append((place, place if own else None))
    return found


def check_course(course: Course, variants: Sequence[Values], measures: Sequence[str]) -> list[StudioError]:
    """What is wrong with what an experiment tells: ``experiment.course``, each with its place.

    Args:
        course: Of the experiment.
        variants: Values of each.
        measures: Names of its further measures.
    """
    wrong: list[StudioError] = []

    def add(place: str, text: str, hint: str = "") -> None:
        wrong.append(StudioError("experiment.course", text, where=f"course: {place}", hint=hint))

    asked = course.prediction
    if not 0 <= asked.right < len(asked.choices) or len(asked.choices) < 2:
        add("prediction", say("expected two choices or more, and the place of the right one from 0."))
    networks = list(dict.fromkeys(str(values["network"]) for values in variants))
    for number, look in enumerate(course.look):
        if look.network not in networks:
            names = say("There are: {names}.", names=", ".join(networks))
            add(f"look.{number}", say("there is no network '{name}'.", name=look.network), names)
    for number, each in enumerate(course.expect):
        place = f"expect.{number}"
        for name in (each.measure, each.than_measure or ""):
            if name and name not in measures:
                text = say("there is no measure '{name}'.", name=name)
                add(place, text, say("There are: {names}.", names=", ".join(measures)))
        own = each.than is None and each.than_measure is None
        if own and each.relation not in ("reached", "never"):
            add(place, say("says what is compared, but not with what."))
            continue
        try:
            found = pairs(each, variants)
        except StudioError as error:
            add(place, error.message, error.hint)
            continue
        if not found:
            add(place, say("fits no variant, or none differs from it in what 'than' says alone."))
        elif any(one == other for one, other in found) and each.than_measure in (None, each.measure):
            add(place, say("compares a variant with itself."))
    for name in course.figure.measures:
        if name and name not in measures:
            add("figure", say("there is no measure '{name}'.", name=name))
    return wrong
