"""Reads lessons: Markdown with a head, steps and questions as headings with ids, directives in fenced blocks.

See ``docs/lessons.md``. A file that somebody hands you is only text here: nothing in it is executed, and whatever is
wrong with it is told with file and line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from blockstudio.errors import StudioError
from blockstudio.graph.files import read_bounded
from blockstudio.lessons.lesson import KINDS, Directive, Kind, Lesson, Question, Step
from blockstudio.text import Text, say

MAX_FILE = 256 << 10
MAX_LINES, MAX_LINE = 5_000, 4_000
MAX_STEPS, MAX_QUESTIONS, MAX_DIRECTIVES, MAX_PARTS = 60, 20, 200, 40
HEAD = ("title", "goal", "number", "minutes")
EDITS = ("add", "wire", "cut", "remove", "set", "bypass", "rename", "scope")
BUILDS = ("open", "new", *EDITS)
"""Words that make or change a drawing."""
SHOWS = ("light", "select", "enter", "frame", "colour", "page", "experiment", "proof", "widget", "let")
WORDS = (*BUILDS, *SHOWS, "plant")
_TOLERANCE = re.compile(r"\d{1,9}(\.\d{1,9})?\s*%?")
FACTS = ("expect", "near", "holds", "accept", "tolerance", "unit", "solution")
NAMED = ("expect", "near", "holds")
PARTS = ("field", "choice", "hint", "explain")
_HEADING = re.compile(r"(##|###)\s+(.*?)\s*\{#([A-Za-z][\w-]{0,39})\}\s*")
_FENCE = re.compile(r"(`{3,}|~{3,})\s*(.*?)\s*")
_PART = re.compile(r"- (field|choice|hint|explain)(?:\s+([\w-]{1,40}))?:\s*(.*)")
_FACT = re.compile(r"([a-z]+)(?:\s+([\w-]{1,40}))?:\s*(.*)")
_ID = re.compile(r"[A-Za-z]\w{0,39}")


@dataclass
class _Piece:
    """A step or question while it is read."""

    id: str
    title: str
    line: int
    level: int
    prose: list[str] = field(default_factory=list)
    directives: list[Directive] = field(default_factory=list)
    kind: Kind = "number"
    answered: bool = False
    facts: dict[str, dict[str, str]] = field(default_factory=dict)
    parts: dict[str, dict[str, str]] = field(default_factory=dict)
    """Choices, fields, hints and the explanation by name."""
    last: tuple[str, str] | None = None
    """The part whose lines go on."""


def read_lesson(path: Path, name: str = "", translation: bool = False) -> Lesson:
    """A lesson from a file. Raises `StudioError` ``file.*``, ``lesson.*``."""
    data = read_bounded(path, MAX_FILE)
    found = parse_lesson(data, path.name, name or path.name.split(".")[0], translation)
    return replace(found, folder=path.parent)


def parse_lesson(data: bytes | str, where: str, name: str, translation: bool = False) -> Lesson:
    """A lesson from the text of its file; of a ``translation`` the prose alone. Raises `StudioError` ``lesson.*``."""
    return _Reader(data, where, name, translation).read()


class _Reader:
    def __init__(self, data: bytes | str, where: str, name: str, translation: bool) -> None:
        self.where, self.name, self.translation = where, name, translation
        try:
            text = data if isinstance(data, str) else data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise self._wrong(1, say("is not UTF-8 text: {error}.", error=error)) from None
        if "\0" in text:
            raise self._wrong(1, say("is no text: it holds zero bytes."))
        self.lines = text.splitlines()
        if len(self.lines) > MAX_LINES:
            raise self._wrong(MAX_LINES, say("has more than {most:,} lines.", most=MAX_LINES))
        for number, line in enumerate(self.lines, 1):
            if len(line) > MAX_LINE:
                raise self._wrong(number, say("a line has more than {most:,} characters.", most=MAX_LINE))
        self.at = 0
        self.diagrams: dict[str, tuple[Directive, ...]] = {}
        self.pieces: list[_Piece] = []
        self.intro: list[str] = []

    def _wrong(self, line: int, message: Text, hint: str = "") -> StudioError:
        return StudioError("lesson.format", message, where=f"{self.where}:{line}", hint=hint)

    def read(self) -> Lesson:
        head = self._head()
        while self.at < len(self.lines):
            self._line()
        for piece in self.pieces:
            if piece.level == 3 and not piece.answered and not self.translation:
                raise self._wrong(
                    piece.line, say("the question '{id}' has no answer.", id=piece.id),
                    say("Put a block ```answer KIND below it; kinds are {kinds}.", kinds=", ".join(KINDS)),
                )  # fmt: skip
        steps = self._steps()
        if not steps:
            raise self._wrong(1, say("has no step."), say("A step begins with a heading: ## Title {#id}"))
        number, minutes = (self._whole(head, key) for key in ("number", "minutes"))
        return Lesson(
            self.name, self.where, head.get("title", ("", 0))[0], head.get("goal", ("", 0))[0], number, minutes,
            _text(self.intro), dict(self.diagrams), steps,
        )  # fmt: skip

    def _whole(self, head: dict[str, tuple[str, int]], key: str) -> int:
        text, line = head.get(key, ("0", 1))
        if not re.fullmatch(r"\d{1,4}", text):
            raise self._wrong(line, say("{key}: expected a whole number, found '{text}'.", key=key, text=text[:40]))
        return int(text)

    def _head(self) -> dict[str, tuple[str, int]]:
        found: dict[str, tuple[str, int]] = {}
        if not self.lines or self.lines[0].strip() != "---":
            raise self._wrong(
                1, say("expected a head between lines of three hyphens."), say("Begin with ---, title: …")
            )
        for number, line in enumerate(self.lines[1:], 2):
            if line.strip() == "---":
                self.at = number
                if not found.get("title", ("", 0))[0] and not self.translation:
                    raise self._wrong(number, say("the head has no title."), say("Add a line: title: …"))
                return found
            key, colon, value = line.partition(":")
            if line.strip() and (not colon or key.strip() not in HEAD):
                raise self._wrong(
                    number, say("the head does not know '{line}'.", line=line[:60]),
                    say("It knows {keys}.", keys=", ".join(HEAD)),
                )  # fmt: skip
            if line.strip():
                found[key.strip()] = value.strip(), number
        raise self._wrong(1, say("the head does not end."), say("End it with a line of three hyphens."))

    def _line(self) -> None:
        line = self.lines[self.at]
        number = self.at + 1
        fence = _FENCE.fullmatch(line)
        if fence is not None:
            self._block(fence[1], fence[2], number)
            return
        self.at += 1
        if re.match(r"#{1,3}\s", line):
            self._heading(line, number)
            return
        if not self.pieces:
            self.intro.append(line)
            return
        piece = self.pieces[-1]
        part = _PART.fullmatch(line) if piece.level == 3 else None
        if part is not None:
            word, name, text = part[1], part[2] or "", part[3]
            if name in piece.parts.setdefault(word, {}):
                raise self._wrong(number, say("'{word} {name}' stands here twice.", word=word, name=name))
            if word in ("field", "choice") and not name:
                raise self._wrong(number, say("this {word} has no name.", word=word), say("Write: - choice yes: Yes"))
            if sum(map(len, piece.parts.values())) >= MAX_PARTS:
                raise self._wrong(number, say("a question has at most {most} parts.", most=MAX_PARTS))
            piece.parts[word][name] = text
            piece.last = word, name
        elif piece.last is not None and line.startswith("  ") and line.strip():
            word, name = piece.last
            piece.parts[word][name] += " " + line.strip()
        else:
            piece.last = None if not line.startswith("  ") else piece.last
            piece.prose.append(line)

    def _heading(self, line: str, number: int) -> None:
        found = _HEADING.fullmatch(line)
        if found is None:
            raise self._wrong(
                number, say("the heading '{line}' has no id.", line=line[:60]),
                say("Steps are '## Title {#id}', questions '### Text {#id}'; deeper headings need none."),
            )  # fmt: skip
        level, title, id = len(found[1]), found[2], found[3]
        if any(piece.id == id for piece in self.pieces):
            raise self._wrong(number, say("the id '{id}' is taken.", id=id), say("Each step and question has its own."))
        if level == 3 and not self.pieces:
            raise self._wrong(number, say("a question stands before the first step."))
        if not title:
            raise self._wrong(number, say("this heading is empty."))
        self.pieces.append(_Piece(id, title, number, level))
        steps = sum(piece.level == 2 for piece in self.pieces)
        if steps > MAX_STEPS:
            raise self._wrong(number, say("a lesson has at most {most} steps.", most=MAX_STEPS))
        if len(self.pieces) > MAX_STEPS * (MAX_QUESTIONS + 1):
            raise self._wrong(number, say("this lesson has too many questions."))

    def _block(self, marks: str, info: str, number: int) -> None:
        body: list[tuple[int, str]] = []
        self.at += 1
        while self.at < len(self.lines):
            line = self.lines[self.at]
            self.at += 1
            if re.fullmatch(re.escape(marks[0]) + f"{{{len(marks)},}}\\s*", line):
                break
            body.append((self.at, line))
        else:
            raise self._wrong(number, say("this block does not end."), say("End it with {marks}.", marks=marks))
        word, _, rest = info.partition(" ")
        if word not in ("studio", "answer"):
            prose = [f"{marks}{info}", *(line for _, line in body), marks]
            (self.pieces[-1].prose if self.pieces else self.intro).extend(prose)
            return
        if self.translation:
            raise self._wrong(
                number,
                say("a translation holds prose alone."),
                say("Leave the block out: it stands in the English file."),
            )
        if word == "answer":
            self._answer(rest.strip(), body, number)
            return
        directives = tuple(self._directives(body))
        if rest.strip():
            name = rest.strip()
            if not _ID.fullmatch(name) or name in self.diagrams:
                raise self._wrong(number, say("'{name}' is no name for a diagram, or is taken.", name=name[:40]))
            for each in directives:
                if each.word not in BUILDS:
                    text = say("'{word}' does not belong to a diagram of its own.", word=each.word)
                    raise self._wrong(each.line, text)
            self.diagrams[name] = directives
            return
        if not self.pieces:
            raise self._wrong(number, say("this block stands before the first step."))
        step = next(piece for piece in reversed(self.pieces) if piece.level == 2)
        step.directives += directives
        if len(step.directives) > MAX_DIRECTIVES:
            raise self._wrong(number, say("a step has at most {most} directives.", most=MAX_DIRECTIVES))

    def _directives(self, body: Iterable[tuple[int, str]]) -> Iterable[Directive]:
        for number, line in body:
            text = re.sub(r"(^|\s)#\s.*$", "", line).strip()
            if not text:
                continue
            word, _, rest = text.partition(" ")
            planted = word == "plant"
            if planted:
                word, _, rest = rest.strip().partition(" ")
            if word not in WORDS or (planted and word not in EDITS):
                raise self._wrong(
                    number, say("there is no directive '{word}'.", word=word[:40]),
                    say("Directives: {words}.", words=", ".join(EDITS if planted else WORDS)),
                )  # fmt: skip
            yield Directive(word, rest.strip(), number, planted)

    def _answer(self, kind: str, body: Iterable[tuple[int, str]], number: int) -> None:
        piece = self.pieces[-1] if self.pieces else None
        if piece is None or piece.level != 3:
            raise self._wrong(number, say("this answer belongs to no question."), say("Put it below a heading ### …"))
        if piece.answered:
            raise self._wrong(number, say("the question '{id}' has two answers.", id=piece.id))
        known = next((each for each in KINDS if each == kind), None)
        if known is None:
            raise self._wrong(
                number, say("there are no answers of the kind '{kind}'.", kind=kind[:40]),
                say("Kinds: {kinds}.", kinds=", ".join(KINDS)),
            )  # fmt: skip
        piece.kind, piece.answered = known, True
        for line_number, line in body:
            if not line.strip():
                continue
            found = _FACT.fullmatch(line.strip())
            if found is None or found[1] not in FACTS or (found[2] and found[1] not in NAMED):
                raise self._wrong(
                    line_number, say("an answer does not know '{line}'.", line=line.strip()[:60]),
                    say("It knows {facts}, each with a colon.", facts=", ".join(FACTS)),
                )  # fmt: skip
            facts = piece.facts.setdefault(found[1], {})
            if (found[2] or "") in facts:
                raise self._wrong(line_number, say("'{word}' stands here twice.", word=found[1]))
            facts[found[2] or ""] = found[3].strip()
            if found[1] == "tolerance" and not _TOLERANCE.fullmatch(found[3].strip()):
                raise self._wrong(
                    line_number, say("'{text}' is no tolerance.", text=found[3].strip()[:40]),
                    say("Write a number, or a share such as 0.5%."),
                )  # fmt: skip
        needed = {"mend": "solution"}.get(kind, "expect")
        if needed not in piece.facts:
            raise self._wrong(number, say("this answer has no line '{needed}: …'.", needed=needed))

    def _steps(self) -> tuple[Step, ...]:
        steps: list[Step] = []
        for piece in self.pieces:
            if piece.level == 2:
                steps.append(Step(piece.id, piece.title, piece.line, _text(piece.prose), tuple(piece.directives)))
            else:
                last = steps[-1]
                if len(last.questions) >= MAX_QUESTIONS:
                    raise self._wrong(piece.line, say("a step asks at most {most} questions.", most=MAX_QUESTIONS))
                steps[-1] = replace(last, questions=(*last.questions, self._question(piece)))
        return tuple(steps)

    def _question(self, piece: _Piece) -> Question:
        facts, parts = piece.facts, piece.parts

        def single(word: str) -> str:
            return facts.get(word, {}).get("", "")

        question = Question(
            piece.id, piece.kind, piece.title, piece.line, _text(piece.prose), facts.get("expect", {}),
            facts.get("near", {}), facts.get("holds", {}), single("accept"), single("tolerance"), single("unit"),
            single("solution"), parts.get("field", {}), parts.get("choice", {}), parts.get("hint", {}),
            parts.get("explain", {}).get("", ""),
        )  # fmt: skip
        if not self.translation:
            self._check(question)
        return question

    def _check(self, question: Question) -> None:
        """Fields, choices and hints are those that the answer speaks of."""
        if question.kind in ("choice", "several") and len(question.choices) < 2:
            raise self._wrong(question.line, say("a question with choices needs two at least."),
                              say("Write: - choice yes: Yes"))  # fmt: skip
        if question.fields and set(question.fields) != set(question.expect):
            names = ", ".join(sorted(set(question.fields) ^ set(question.expect)))
            raise self._wrong(question.line, say("fields and expected answers differ: {names}.", names=names))
        if not question.fields and set(question.expect) - {""}:
            raise self._wrong(question.line, say("expected answers have names, but there are no fields."))
        for name in (*question.near, *(name for name in question.holds if name)):
            if name not in question.hints:
                raise self._wrong(question.line, say("there is no hint '{name}'.", name=name))


def _text(lines: list[str]) -> str:
    return "\n".join(lines).strip("\n")
