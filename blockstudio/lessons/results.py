"""What a learner has done in a lesson, as one page of HTML that needs nothing else."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from blockstudio.analysis import analyze
from blockstudio.analysis.representation import representation
from blockstudio.lessons.answers import beside
from blockstudio.lessons.lesson import Question, Step
from blockstudio.lessons.prose import inline, to_html
from blockstudio.lessons.walking import Walk, plain
from blockstudio.report.chart import Chart, Curve
from blockstudio.text import render, say

LEAST = 6
"""So many places on the way make a curve worth drawing."""
STYLE = """
body { font-family: Inter, "Noto Sans CJK SC", Helvetica, Arial, sans-serif; color: #1b2128; max-width: 760px;
  margin: 32px auto; padding: 0 20px; font-size: 14px; line-height: 1.55; }
h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 17px; margin: 28px 0 6px; }
p { margin: 6px 0; } .quiet { color: #5c6671; } .right { color: #16733f; } .wrong { color: #c02c2c; }
.question { font-weight: 600; margin-top: 14px; } .box { background: #f1f3f6; padding: 8px 12px; border-radius: 6px; }
code { background: #f1f3f6; padding: 0 4px; border-radius: 3px; } pre { background: #f1f3f6; padding: 8px 12px; }
.figure { line-height: 1; }
img, svg { max-width: 100%; height: auto; } table { border-collapse: collapse; } td { padding: 2px 16px 2px 0; }
"""
Picture = Callable[[Step], bytes | None]
"""A step's drawing as PNG, if there is one."""


@dataclass(frozen=True)
class Given:
    """What was answered to a question."""

    answer: Any = ""
    state: str = ""
    """``right``, ``wrong``, or nothing."""
    tries: int = 0
    first: Any = ""
    """The first wrong answer."""
    shown: bool = False
    """The solution was asked for."""


def results(walk: Walk, given: Mapping[str, Given], when: str = "", picture: Picture | None = None) -> str:
    """The page.

    Args:
        walk: The lesson, in the language of the page.
        given: Answers by question.
        when: A date, as it is to be written.
        picture: Makes a step's drawing; without it there are none.

    Returns:
        HTML with its pictures and style inside.

    Raises:
        StudioError: ``lesson.*`` if the lesson itself is wrong.
    """
    lesson = walk.lesson
    asked = [question for _, question in lesson.questions]
    right = sum(given[each.id].state == "right" for each in asked if each.id in given)
    first = sum(given[each.id].state == "right" and given[each.id].tries == 1 for each in asked if each.id in given)
    parts = [
        "<!DOCTYPE html>",
        f'<html lang="{html.escape(lesson.language)}"><head><meta charset="utf-8">',
        f"<title>{html.escape(lesson.title)}</title><style>{STYLE}</style></head><body>",
        f"<h1>{html.escape(lesson.title)}</h1>",
        f'<p class="quiet">{html.escape(lesson.goal)}</p>',
        "<p>" + html.escape(render(say(
            "{right} of {count} questions right, {first} of them at the first try.", right=right, count=len(asked),
            first=first,
        ))) + (f' <span class="quiet">{html.escape(when)}</span>' if when else "") + "</p>",
    ]  # fmt: skip
    for number, step in enumerate(lesson.steps, 1):
        parts.append(f"<h2>{number}. {html.escape(step.title)}</h2>")
        parts.append(to_html(walk.prose(step)))
        parts += _figures(walk, step, picture)
        for question in step.questions:
            parts += _question(walk, step, question, given.get(question.id, Given()))
    parts.append("</body></html>")
    return "\n".join(parts) + "\n"


def _figures(walk: Walk, step: Step, picture: Picture | None) -> Iterable[str]:
    if not walk.changes(step):
        return
    data = picture(step) if picture is not None else None
    if data is not None:
        shown = base64.b64encode(data).decode()
        yield f'<p class="figure"><img alt="{html.escape(step.title)}" src="data:image/png;base64,{shown}"></p>'
    if "sizes" in step.words("page"):
        made = walk.made(step)
        if made is not None:
            figure = sizes_chart(made.diagram.name, representation(analyze(made.diagram).top))
            yield "" if figure is None else f'<p class="figure">{figure}</p>'


def sizes_chart(title: str, stations: Iterable[Any]) -> str | None:
    """The curve of C·H·W as SVG; ``None`` for a few blocks."""
    found = [each for each in stations if each.size > 0]
    if len(found) < LEAST:
        return None
    points = [(float(index), float(each.size)) for index, each in enumerate(found)]
    chart = Chart(title, "", "C·H·W", [Curve("C·H·W", points)], labels=[each.block for each in found], log_y=True)
    return chart.svg()


def _question(walk: Walk, step: Step, question: Question, given: Given) -> Iterable[str]:
    yield f'<p class="question">{inline(walk.fill(step, question.text))}</p>'
    if question.more:
        yield to_html(walk.fill(step, question.more))
    answer = _written(walk, step, question, given.answer)
    if given.state == "right":
        first = _written(walk, step, question, given.first)
        if given.tries <= 1:
            said = say("{answer}: right at the first try.", answer=answer)
        elif question.kind == "mend" or not first:
            said = say("{answer}: right at try {count}.", answer=answer, count=given.tries)
        else:
            said = say(
                "{answer}: right at try {count}; the first was {first}.", answer=answer, count=given.tries, first=first
            )
        yield f'<p class="right">{html.escape(render(said))}</p>'
    elif given.state == "wrong":
        text = say("{answer}: not right, after {count} tries.", answer=answer, count=given.tries)
        yield f'<p class="wrong">{html.escape(render(text))}</p>'
    elif not given.shown:
        yield f'<p class="quiet">{html.escape(render(say("Not answered.")))}</p>'
        return
    if given.state == "right" or given.shown:
        if given.shown and given.state != "right":
            text = say("The solution was shown: {answer}", answer=walk.solution(step, question) or "–")
            yield f'<p class="quiet">{html.escape(render(text))}</p>'
        if question.explain:
            yield f'<div class="box">{to_html(walk.fill(step, question.explain))}</div>'


def _written(walk: Walk, step: Step, question: Question, answer: Any) -> str:
    """An answer as the learner gave it, choices in words."""
    if question.kind == "mend":
        return say("The drawing")
    if isinstance(answer, dict):
        return beside(
            [f"{plain(walk.fill(step, question.fields.get(name, name)))} {text}" for name, text in answer.items()]
        )
    names = answer if isinstance(answer, list | tuple) else [answer]
    given = [str(name) for name in names if str(name)]
    return beside([plain(walk.fill(step, question.choices.get(name, name))) for name in given])
