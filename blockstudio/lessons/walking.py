"""A lesson on its way: the diagram of each step, the answers that come out of it, and what is right."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from blockstudio.analysis import Analysis, analyze
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.format import dumps
from blockstudio.graph.operations.copying import copy_diagram
from blockstudio.lessons import answers
from blockstudio.lessons.answers import State, Verdict, shown
from blockstudio.lessons.asking import Look, functions_of
from blockstudio.lessons.lesson import Directive, Lesson, Question, Step
from blockstudio.lessons.making import Made, build, named
from blockstudio.lessons.reading import BUILDS
from blockstudio.lessons.reckoning import Found, reckon
from blockstudio.lessons.typed import read_numbers, read_shape
from blockstudio.text import ENGLISH, Language, Text, render, say

Given: TypeAlias = Mapping[str, str] | tuple[str, ...] | str
"""What was answered: texts by field, what was ticked, a choice or a block's path."""
_GAP = re.compile(r"\{([^{}]+)\}")
_FORM = re.compile(r"^(.*\S)\s+:(,|,?\.\d[fge]|\.\d%)$")


class Walk:
    """One lesson, computed. Diagrams and analyses are made when they are first asked for."""

    def __init__(self, lesson: Lesson, like: Walk | None = None) -> None:
        """``like``: a walk through the same lesson in another language, whose diagrams and values are the same."""
        self.lesson = lesson
        self._made: dict[str, Made | None] = {}
        self._named: dict[str, tuple[Diagram, Analysis]] = {}
        self._values: dict[tuple[str, str], Found] = {}
        self._functions: dict[str, Mapping[str, Any]] = {}
        if like is not None:
            self._made, self._named, self._values, self._functions = (
                like._made,
                like._named,
                like._values,
                like._functions,
            )

    # Diagrams

    def directives(self, step: Step) -> tuple[Directive, ...]:
        """What makes the drawing of a step: everything from the last ``open`` or ``new`` before its end."""
        found: list[Directive] = []
        for each in self.lesson.steps:
            for directive in each.directives:
                if directive.word in ("open", "new"):
                    found = []
                if directive.word in BUILDS:
                    found.append(directive)
            if each.id == step.id:
                break
        return tuple(found)

    def made(self, step: Step) -> Made | None:
        """The diagram of a step with the faults planted in it, called as the lesson's language calls it; ``None``: the
        step has none. Raises `StudioError`."""
        if step.id not in self._made:
            made = self._made[step.id] = build(self.lesson, self.directives(step))
            drawn = self._drawn_in(step)
            if made is not None and drawn is not None and self.lesson.language != ENGLISH:
                made.diagram.name = drawn.title  # the name in the file is English
            elif made is not None and self.lesson.language != ENGLISH and self._opens_preset(step):
                made.diagram.name = Language(self.lesson.language).render(Text(made.diagram.name))
        return self._made[step.id]

    def changes(self, step: Step) -> bool:
        """Whether the step opens or changes the drawing."""
        return any(each.word in BUILDS for each in step.directives)

    def _drawn_in(self, step: Step) -> Step | None:
        """The step that begins the drawing of ``step``, where that is one of the lesson's own and no preset."""
        found = None
        for each in self.lesson.steps:
            for directive in each.directives:
                if directive.word in ("open", "new"):
                    own = directive.word == "new" or directive.rest.partition(" ")[0] in self.lesson.diagrams
                    found = each if own else None
            if each.id == step.id:
                break
        return found

    def _opens_preset(self, step: Step) -> bool:
        """Whether its drawing is one that comes along, whose name is known in the reader's language."""
        opened = next((each for each in self.directives(step) if each.word == "open"), None)
        return opened is not None and not opened.rest.partition(" ")[0].endswith(".json")

    def diagram(self, step: Step) -> Diagram | None:
        """A copy of the step's diagram, to be shown and edited. Raises `StudioError`."""
        made = self.made(step)
        return None if made is None else copy_diagram(made.diagram)

    def is_untouched(self, step: Step, diagram: Diagram) -> bool:
        """Whether a step's drawing is as the step opens it; another name is no change. Raises `StudioError`."""
        made = self.made(step)
        if made is None:
            return False
        twin = copy_diagram(diagram)
        twin.name = made.diagram.name
        return dumps(twin) == dumps(made.diagram)

    def solved(self, step: Step, question: Question) -> Diagram:
        """The drawing as it should be, to be shown and edited. Raises `StudioError`."""
        diagram = copy_diagram(self.named(question.solution)[0])
        diagram.name = render(say("Solution: {value}", value=step.title))
        return diagram

    def named(self, spec: str) -> tuple[Diagram, Analysis]:
        """A preset or a diagram of the lesson, with its analysis. Raises `StudioError`."""
        if spec not in self._named:
            diagram = named(self.lesson, spec)
            self._named[spec] = diagram, analyze(diagram)
        return self._named[spec]

    def _look(self, step: Step, diagram: Diagram | None = None) -> Look:
        kept: list[tuple[Diagram, Analysis]] = []

        def look(of: str) -> tuple[Diagram, Analysis]:
            if of:
                return self.named(of)
            if not kept:
                made = self.made(step)
                here = diagram if diagram is not None else made.diagram if made is not None else None
                if here is None:
                    raise StudioError("lesson.diagram", say("this step has no drawing; say which with of='PRESET'."))
                kept.append((here, analyze(here)))
            return kept[0]

        return look

    # Values

    def value(self, step: Step, text: str, diagram: Diagram | None = None, line: int = 0) -> Found:
        """What an expression comes to in a step, or over another ``diagram`` in its place. Raises `StudioError`
        ``lesson.*`` with the file and line."""
        if diagram is None and (step.id, text) in self._values:
            return self._values[step.id, text]
        made = self.made(step)
        planted = tuple(made.planted) if made is not None else ()
        try:
            if diagram is not None:
                functions = functions_of(self._look(step, diagram), planted)
            else:
                functions = self._functions.setdefault(step.id, functions_of(self._look(step), planted))
            found = reckon(text, functions, self.names(step))
        except StudioError as error:
            where = self.lesson.place(line or step.line)
            raise error.at(f"{where}: {error.where}" if error.where else where) from None
        if diagram is None:
            self._values[step.id, text] = found
        return found

    def names(self, step: Step) -> dict[str, Found]:
        """What ``let`` has named up to the end of a step."""
        found: dict[str, Found] = {}
        for each in self.lesson.steps:
            for directive in each.directives:
                if directive.word == "let":
                    name, equals, text = directive.rest.partition("=")
                    place = self.lesson.place(directive.line)
                    if not equals or not name.strip().isidentifier():
                        raise StudioError(
                            "lesson.directive", say("'let {rest}' is not NAME = EXPRESSION.", rest=directive.rest),
                            where=place,
                        )  # fmt: skip
                    key = (each.id, f"let {directive.line}")
                    if key not in self._values:
                        try:
                            made = self.made(each)
                            planted = tuple(made.planted) if made is not None else ()
                            self._values[key] = reckon(text, functions_of(self._look(each), planted), found)
                        except StudioError as error:
                            raise error.at(f"{place}: {error.where}" if error.where else place) from None
                    found[name.strip()] = self._values[key]
            if each.id == step.id:
                break
        return found

    def fill(self, step: Step, prose: str) -> str:
        """Prose with its gaps ``{params('conv1')}`` filled: ``14,592``; ``{x :.1f}`` gives a number that form. What
        stands between backticks or in code stays. Raises `StudioError`."""

        def put(found: re.Match[str]) -> str:
            form = _FORM.match(found[1])
            value = self.value(step, form[1] if form else found[1])
            if form is None:
                return shown(value)
            try:
                return format(value, form[2])
            except (ValueError, TypeError):
                text = say("'{gap}' cannot be written that way.", gap=found[1])
                raise StudioError("lesson.expression", text, where=self.lesson.place(step.line)) from None

        parts = re.split(r"(```.*?```|`[^`\n]*`)", prose, flags=re.DOTALL)
        return "".join(part if index % 2 else _GAP.sub(put, part) for index, part in enumerate(parts))

    def prose(self, step: Step) -> str:
        """What a step tells, filled; the first begins with what stands before the steps. Raises `StudioError`."""
        begins = self.lesson.intro if step.id == self.lesson.steps[0].id else ""
        return self.fill(step, f"{begins}\n\n{step.text}".strip("\n"))

    def expected(self, step: Step, question: Question) -> dict[str, Found]:
        """The right answers by field. Raises `StudioError`, also where one is not of the kind that is asked for."""
        found = {name: self.value(step, text, line=question.line) for name, text in question.expect.items()}
        for value in found.values():
            if not answers.is_answer(question.kind, value):
                text = say("expected {kind}, found {value}.", kind=question.kind, value=repr(value)[:80])
                raise StudioError("lesson.answer", text, where=self.lesson.place(question.line))
        return found

    def _accept(self, step: Step, question: Question) -> tuple[float, ...]:
        """The lowest and the highest number that count as right too. Raises `StudioError`."""
        if not question.accept:
            return ()
        found = self.value(step, question.accept, line=question.line)
        if isinstance(found, tuple) and len(found) == 2 and all(answers.is_answer("number", each) for each in found):
            return found
        raise StudioError(
            "lesson.answer", say("'accept: {text}' is not (LOW, HIGH).", text=question.accept),
            where=self.lesson.place(question.line),
        )  # fmt: skip

    # Checking

    def check(self, step: Step, question: Question, given: Given, diagram: Diagram | None = None) -> Verdict:
        """What is to be said of an answer.

        Args:
            step: Where it is asked.
            question: What is asked.
            given: Texts by field for numbers and shapes (one text where there is one field), the choice, what was
                ticked, the path of a block.
            diagram: What the learner has drawn, for a drawing to mend.

        Returns:
            Whether it is right, wrong, empty or no answer at all, with a sentence and the hint that helps.

        Raises:
            StudioError: ``lesson.*`` if the lesson itself is wrong.
        """
        if question.kind == "mend":
            return self._repaired(step, question, diagram)
        expected = self.expected(step, question)
        if question.kind in ("number", "shape") and question.fields:
            return self._check_fields(step, question, expected, given)
        value = expected[""]
        text = given.get("", "") if isinstance(given, Mapping) else given
        state, said = self._single(step, question, value, text)
        return self._verdict(step, question, state, said, text)

    def _single(self, step: Step, question: Question, value: Any, given: Any) -> tuple[State, str]:
        match question.kind:
            case "number":
                return answers.check_number(question, value, str(given), self._accept(step, question))
            case "shape":
                return answers.check_shape(value, str(given))
            case "choice":
                return answers.check_choice(question, str(value), str(given))
            case "several":
                ticked = given if isinstance(given, tuple) else tuple(filter(None, str(given).split()))
                return answers.check_several(_words(value), ticked)
        return answers.check_block(_words(value), str(given))

    def _check_fields(self, step: Step, question: Question, expected: Mapping[str, Any], given: Given) -> Verdict:
        texts = given if isinstance(given, Mapping) else {}
        states: dict[str, State] = {}
        said: dict[str, str] = {}
        for name in question.fields:
            states[name], said[name] = self._single(step, question, expected[name], texts.get(name, ""))
        if all(state == "empty" for state in states.values()):
            first = next(iter(question.fields))
            return Verdict("empty", said[first], fields=states)
        wrong = tuple(name for name, state in states.items() if state != "right")
        if not wrong:
            return Verdict("right", say("Right."), fields=states)
        # What is wrong is told before what cannot be read, and that before what is empty: an answer that lacks a part
        # is no try.
        worst: State = next(each for each in ("wrong", "unread", "empty") if each in states.values())
        first = next(name for name in wrong if states[name] == worst)
        text = say("{field}: {said}", field=plain(self.fill(step, question.fields[first])), said=said[first])
        state = worst
        hint = self._hint(step, question, texts.get(first, ""))
        return Verdict(state, text, hint if state == "wrong" else "", (first, *wrong), states)

    def _verdict(self, step: Step, question: Question, state: State, said: str, given: Any) -> Verdict:
        hint = self._hint(step, question, given) if state == "wrong" else ""
        return Verdict(state, said, hint)

    def _hint(self, step: Step, question: Question, given: Any) -> str:
        """The hint for what was answered: that of a known mistake, that of the choice, or the general one."""
        name = ""
        if question.kind in ("number", "shape"):
            typed = {each.value for each in read_numbers(str(given), question.unit)}
            shape = read_shape(str(given))
            for key, text in question.near.items():
                value = self.value(step, text, line=question.line)
                if value in typed or value == shape or _about(value, typed):
                    name = key
                    break
        elif isinstance(given, str) and given in question.hints:
            name = given
        return self.fill(step, question.hints.get(name, question.hints.get("", "")))

    def _repaired(self, step: Step, question: Question, diagram: Diagram | None) -> Verdict:
        if diagram is None or self.is_untouched(step, diagram):
            return Verdict("empty", say("The drawing is as it was. Mend it first."))
        if not question.holds:
            _, wanted = self.named(question.solution)
            from blockstudio.lessons.likeness import alike

            if alike(analyze(diagram), wanted):
                return Verdict("right", say("Right: this is how it should be."))
            return Verdict("wrong", self._trouble(diagram), self._hint(step, question, ""))
        for name, text in question.holds.items():
            try:
                true = bool(self.value(step, text, diagram, question.line))
            except StudioError as error:
                if error.code == "lesson.expression":
                    raise
                true = False  # a block that it asks for is gone, or a mistake hides its number
            if not true:
                hint = question.hints.get(name, question.hints.get("", ""))
                return Verdict("wrong", self._trouble(diagram), self.fill(step, hint))
        return Verdict("right", say("Right: this is how it should be."))

    def _trouble(self, diagram: Diagram) -> Text:
        found = [each for each in analyze(diagram).problems if each.severity == "error"]
        if found:
            where = found[0].path or found[0].block
            return say("Not yet. At {block}: {message}", block=where, message=found[0].message)
        return say("Not yet.")

    def solution(self, step: Step, question: Question) -> str:
        """The right answer as it is written; of a drawing to mend nothing."""
        if question.kind == "mend":
            return ""
        unit = f" {question.unit}" if question.unit else ""
        expected = self.expected(step, question)
        if question.kind in ("choice", "several"):
            names = _words(expected[""])
            return answers.beside([plain(self.fill(step, question.choices.get(name, name))) for name in names])
        if question.kind == "block":
            return ", ".join(_words(expected[""]))
        named = {name: plain(self.fill(step, text)) for name, text in question.fields.items()}
        return answers.beside(
            [f"{named.get(name, '')} {shown(value)}{unit}".strip() for name, value in expected.items()]
        )


def plain(prose: str) -> str:
    """A line of prose without its marks."""
    return re.sub(r"[`*]", "", prose)


def _words(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, tuple) else (str(value),)


def _about(value: Any, typed: set[Any]) -> bool:
    """A number that is no whole one, as near as people round."""
    return isinstance(value, float) and any(abs(each - value) <= abs(value) * answers.RELATIVE for each in typed)
