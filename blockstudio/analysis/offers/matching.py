"""How well a word fits a name: from its beginning, by its initials, somewhere in it, or by letters in their order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


class Match(NamedTuple):
    """``score``: the more the better, 100 for a whole name. ``letters``: places in the name that fit. ``word``: the
    further word by which it was found, if it was not by its name."""

    score: float
    letters: tuple[int, ...] = ()
    word: str = ""


def match(words: Iterable[str], title: str, others: Iterable[str]) -> Match | None:
    """How well every one of ``words`` (lower case) fits a title or one of the ``others`` words it is found by."""
    total, count = 0.0, 0
    letters: set[int] = set()
    by = ""
    known = [each.lower() for each in others]
    for word in words:
        best = in_title(word, title)
        other = in_words(word, known)
        if best is None and other is None:
            return None
        if best is not None and (other is None or best.score >= other.score):
            letters.update(best.letters)
        else:
            by = by or (other.word if other is not None else "")
            if best is not None:
                letters.update(best.letters)
        total += max(best.score if best is not None else 0.0, other.score if other is not None else 0.0)
        count += 1
    return Match(total / count if count else 0.0, tuple(sorted(letters)), by)


def in_title(word: str, title: str) -> Match | None:
    """How well one word fits a title."""
    text = title.lower().replace("×", "x")
    at = text.find(word)
    if at == 0:
        return Match(100.0 if len(word) == len(text) else 88.0 + 8.0 * len(word) / len(text), tuple(range(len(word))))
    parts = [(found.start(), found.group()) for found in _PARTS.finditer(title)]
    starts = [start for start, _ in parts]
    initials = "".join(text[start] for start in starts)
    if len(word) > 1 and initials.startswith(word):
        return Match(86.0 + (6.0 if initials == word else 0.0), tuple(starts[: len(word)]))
    if at > 0:
        return Match((78.0 if at in starts else 62.0) - at / 10, tuple(range(at, at + len(word))))
    return _in_order(word, text, set(starts)) if len(word) > 2 else None


def in_words(word: str, known: Iterable[str]) -> Match | None:
    """How well one word fits one of the words that something is found by beside its name."""
    best: Match | None = None
    for each in known:
        inside = (len(word) > 2 or not word.isascii()) and word in each  # two Chinese characters say as much
        score = 90.0 if each == word else 58.0 if each.startswith(word) else 30.0 if inside else 0
        if score and (best is None or score > best.score):
            best = Match(score, (), each)
    return best


def _in_order(word: str, text: str, starts: set[int]) -> Match | None:
    """The letters one after the other, the first at the beginning of a part of the name."""
    best: Match | None = None
    for start in sorted(starts):
        if text[start] != word[0]:
            continue
        places, at = [start], start
        for letter in word[1:]:
            at = text.find(letter, at + 1)
            if at < 0:
                break
            places.append(at)
        else:
            gaps = sum(b - a > 1 and b not in starts for a, b in pairwise(places))
            score = 46.0 - 6.0 * gaps
            if best is None or score > best.score:
                best = Match(score, tuple(places))
    return best if best is not None and best.score > 20 else None
