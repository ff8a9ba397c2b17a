"""``lesson``: lessons without a window."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from blockstudio import folders
from blockstudio.cli.arguments import Parser, answer, json_argument
from blockstudio.errors import StudioError
from blockstudio.text import render, say, say_many

VERBS = ("list", "show", "check", "prove")


def lesson_arguments(parser: Parser) -> None:
    """What ``lesson`` takes."""
    parser.description = say(
        "Lessons. list names those that come along and your own; show prints one with its answers as the program "
        "computes them; check says what is wrong with a lesson's file and its translations; prove computes one of the "
        "identities that lessons show, with real tensors."
    )
    parser.epilog = say("example: blockstudio lesson check my_lesson.md")
    parser.add_argument("verb", choices=VERBS, help=say("what to do"))
    parser.add_argument("name", nargs="?", metavar="FILE_OR_NAME", help=say("a lesson, or the name of a proof"))
    json_argument(parser, say("what was found, as JSON"))


def lesson(options: argparse.Namespace) -> int:
    """Do one of the verbs."""
    if options.verb == "list":
        return _list(options)
    if not options.name:
        raise StudioError("cli.usage", say("lesson {verb} needs a name.", verb=options.verb),
                          hint=say("Those that come along: blockstudio lesson list"))  # fmt: skip
    return {"show": _show, "check": _check, "prove": _prove}[options.verb](options)


def _list(options: argparse.Namespace) -> int:
    from blockstudio.lessons import lesson_names, load_lesson
    from blockstudio.lessons.library import own_lessons

    rows = []
    names: list[str | Path] = [*lesson_names(), *own_lessons()]
    for name in names:
        try:
            found = load_lesson(name)
        except StudioError as error:
            if not options.json:
                print(f"{name}: {error}")
            continue
        rows.append({"name": str(name), "number": found.number, "title": found.title, "goal": found.goal,
                     "minutes": found.minutes, "questions": len(found.questions)})  # fmt: skip
    if options.json:
        answer(lessons=rows)
        return 0
    width = max((len(str(row["name"])) for row in rows), default=0)
    for row in rows:
        print(f"{row['name']:<{width}}  {row['title']}")
    print(render(say("Lessons of your own: Markdown files in {folder}", folder=folders.lessons())))
    return 0


def _show(options: argparse.Namespace) -> int:
    from blockstudio.lessons import Walk, load_lesson
    from blockstudio.lessons.answers import shown

    found = load_lesson(options.name)
    walk = Walk(found)
    steps = []
    for step in found.steps:
        questions = []
        for question in step.questions:
            expected = {} if question.kind == "mend" else walk.expected(step, question)
            questions.append({"id": question.id, "kind": question.kind, "text": walk.fill(step, question.text),
                              "answer": walk.solution(step, question), "values": {key: shown(value) for key, value in
                              expected.items()}})  # fmt: skip
        steps.append({"id": step.id, "title": step.title, "text": walk.prose(step), "questions": questions})
    if options.json:
        answer(name=found.name, title=found.title, steps=steps)
        return 0
    print(f"# {found.title}\n\n{found.goal}")
    for step_data in steps:
        print(f"\n## {step_data['title']}\n\n{step_data['text']}".rstrip())
        for each in step_data["questions"]:
            print(f"\n? {each['text']}\n= {each['answer'] or render(say('a drawing to mend'))}")  # type: ignore[index]
    return 0


def _check(options: argparse.Namespace) -> int:
    from blockstudio.lessons.checking import check_lesson

    problems = check_lesson(options.name)
    if options.json:
        answer(problems=[{"code": each.code, "where": each.where, "message": str(each.message), "hint": str(each.hint)}
                         for each in problems])  # fmt: skip
    elif problems:
        for each in problems:
            print(each)
        print(render(say_many("{count} problem", "{count:,} problems", len(problems))))
    else:
        print(render(say("{name}: every drawing can be made, every answer computed.", name=Path(options.name).name)))
    return 1 if problems else 0


def _prove(options: argparse.Namespace) -> int:
    from blockstudio.lessons.proofs import PROOFS, ROUNDING
    from blockstudio.needs import need

    need("torch", "lesson prove")
    from blockstudio.compiler.proofs import prove

    rows = prove(options.name)
    holds = rows[-1].difference <= ROUNDING * rows[-1].largest
    if options.json:
        answer(proof=[asdict(row) for row in rows], holds=holds)
        return 0
    if options.name in PROOFS:
        print(render(PROOFS[options.name].title))
    for row in rows:
        text = say("{precision}: {values:,} values up to {largest:.3g}, largest difference {difference:.2g}",
                   **asdict(row))  # fmt: skip
        print(render(text))
    print(render(say("Equal but for rounding.") if holds else say("Not equal.")))
    return 0
