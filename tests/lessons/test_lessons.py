"""The lessons that come along: every answer is computed, and comes out as the course says."""

from __future__ import annotations

import pytest

from blockstudio.lessons import Walk, asks, lesson_names, load_lesson
from blockstudio.lessons.checking import check_lesson
from blockstudio.lessons.lesson import Question
from blockstudio.lessons.walking import Given
from tests.support.course_figures import FIGURES


@pytest.mark.parametrize("name", lesson_names())
def test_a_lesson_is_sound_and_says_what_the_course_says(name: str) -> None:
    walk = Walk(load_lesson(name, "en"))
    assert check_lesson(name, walk) == []
    wanted = dict(FIGURES[name])
    for step, question in walk.lesson.questions:
        if question.kind == "mend":
            solution, _ = walk.named(question.solution)
            untouched = walk.diagram(step)
            assert untouched is not None
            assert walk.check(step, question, "", untouched).state == "empty"
            untouched.name = "讲义里的一个单元"  # a tab is named in the reader's language
            assert walk.check(step, question, "", untouched).state == "empty"
            assert walk.check(step, question, "", solution).state == "right"
            continue
        expected = walk.expected(step, question)
        values = tuple(expected.values()) if question.fields else expected[""]
        figure = wanted.pop(question.id)
        assert values == (pytest.approx(figure, rel=6e-3) if _has_float(figure) else figure), question.id
        assert walk.check(step, question, _typed(question, expected)).state == "right", question.id
        assert walk.check(step, question, _wrong(question, expected)).state == "wrong", question.id
        assert walk.check(step, question, {} if question.fields else "").state == "empty", question.id
    assert wanted == {}, "figures that no question asks for"


def test_drawings_are_called_in_the_readers_language() -> None:
    walk = Walk(load_lesson("09_residual_block", "zh-CN"))
    steps = {step.id: step for step in walk.lesson.steps}
    slide, preset = steps["slide"], steps["abc"]
    drawn = walk.diagram(slide)
    assert drawn is not None and drawn.name == slide.title
    assert walk.diagram(preset).name == "ResNet-34"  # type: ignore[union-attr]
    naive = Walk(load_lesson("03_inception", "zh-CN"))
    made = naive.diagram(naive.lesson.steps[0])
    assert made is not None and made.name == "Inception 模块，朴素版本"
    assert naive.is_untouched(naive.lesson.steps[0], made)
    solved = walk.solved(slide, slide.question("mend"))
    assert slide.title in solved.name and not walk.is_untouched(slide, solved)
    drawn.name = "another"
    assert walk.is_untouched(slide, drawn)
    solved.set("proj", stride=1)  # a copy: what is right stays right
    assert walk.check(slide, slide.question("mend"), "", walk.solved(slide, slide.question("mend"))).state == "right"


def test_what_a_question_asks_of_the_drawing() -> None:
    asked = {
        (name, question.id): asks(question)
        for name in ("01_convolution", "02_global_pooling", "05_do_not_squeeze", "09_residual_block")
        for _, question in load_lesson(name, "en").questions
    }
    assert asked["01_convolution", "shape"] == {"shapes"} and asked["01_convolution", "macs"] == {"macs"}
    assert asked["02_global_pooling", "at160"] == {"parameters"}  # of='alexnet size=160' asks for no size
    assert asked["02_global_pooling", "most"] == frozenset()  # a block to be found
    assert asked["05_do_not_squeeze", "largest"] == {"shapes"}
    assert asked["09_residual_block", "mend"] == frozenset()


def _has_float(figure: object) -> bool:
    return isinstance(figure, float) or (isinstance(figure, tuple) and any(isinstance(each, float) for each in figure))


def _typed(question: Question, expected: dict[str, object]) -> Given:
    """The right answer as somebody types it."""

    def text(value: object) -> str:
        if isinstance(value, tuple):
            return " ".join(map(str, value))
        return f"{value:,}" if isinstance(value, int) else f"{value:.4g}" if isinstance(value, float) else str(value)

    if question.fields:
        return {name: text(value) for name, value in expected.items()}
    return text(expected[""][0] if question.kind == "block" and isinstance(expected[""], tuple) else expected[""])


def _wrong(question: Question, expected: dict[str, object]) -> Given:
    if question.kind == "several":
        right = expected[""] if isinstance(expected[""], tuple) else (expected[""],)
        return tuple(name for name in question.choices if name not in right) or tuple(right)[:1]
    if question.kind == "choice":
        return next(name for name in question.choices if name != expected[""])
    if question.kind == "block":
        return "no_such_block"
    wrong = "7 7 7" if question.kind == "shape" else "0.000123"
    return {name: wrong for name in question.fields} if question.fields else wrong


def test_every_lesson_has_its_figures() -> None:
    assert set(FIGURES) == set(lesson_names())
    assert [load_lesson(name, "en").number for name in lesson_names()] == [*range(1, len(FIGURES) + 1)]


@pytest.mark.parametrize("name", lesson_names())
def test_marks_that_a_hint_sends_to_are_kept_back_by_no_other_question(name: str) -> None:
    """A table marks its misprints once nothing is kept back: a question after them stands alone in its step."""
    for step in load_lesson(name, "en").steps:
        counts = [any("misprints(" in text for text in each.expect.values()) for each in step.questions]
        assert not any(counts) or not frozenset().union(*map(asks, step.questions)), step.id
