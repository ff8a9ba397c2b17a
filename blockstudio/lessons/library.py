"""Where lessons lie: those that come along, and the user's own folder."""

from __future__ import annotations

import os
from pathlib import Path

from blockstudio import folders
from blockstudio.errors import StudioError
from blockstudio.formats import MARKDOWN
from blockstudio.graph.names import suggestion
from blockstudio.graph.presets import preset_folder
from blockstudio.lessons.lesson import Lesson
from blockstudio.lessons.reading import read_lesson
from blockstudio.text import ENGLISH, language, say

SUFFIX = MARKDOWN
MOST = 300
"""Lessons that are listed."""
TOLD = ("README", "LICENSE", "CHANGELOG")
"""Files that tell of a folder."""


def lesson_names() -> list[str]:
    """Names of the lessons that come along, in their order."""
    return [path.name.removesuffix(SUFFIX) for path in _lessons_in(preset_folder() / "lessons")]


def own_lessons(folder: Path | None = None) -> list[Path]:
    """The user's own lessons: files in ``folder``, by default in the user's folder for them, and in the folders in it,
    a course each."""
    folder = folder or folders.lessons()
    try:
        inner = sorted(each for each in folder.iterdir() if os.path.isdir(each) and not each.name.startswith("."))
    except OSError:
        inner = []
    return [path for each in (folder, *inner) for path in _lessons_in(each)][:MOST]


def _lessons_in(folder: Path) -> list[Path]:
    # A translation has its language between name and ending: name.zh_CN.md
    try:
        found = [path for path in folder.glob(f"*{SUFFIX}") if "." not in path.name.removesuffix(SUFFIX)]
    except OSError:
        return []
    return sorted(path for path in found if path.stem.upper() not in TOLD)[:MOST]


def lesson_path(name_or_path: str | Path) -> Path:
    """The file of a lesson by its name, or the file itself. Raises `StudioError` ``lesson.unknown``."""
    text = str(name_or_path)
    if text.endswith(SUFFIX) or "/" in text or "\\" in text:
        return Path(text)
    names = lesson_names()
    if text in names:
        return preset_folder() / "lessons" / f"{text}{SUFFIX}"
    mine = {path.name.removesuffix(SUFFIX): path for path in own_lessons()}
    if text in mine:
        return mine[text]
    raise StudioError(
        "lesson.unknown", say("there is no lesson '{name}'.", name=text[:80]), hint=suggestion(text, [*names, *mine])
    )


def load_lesson(name_or_path: str | Path, code: str = "") -> Lesson:
    """A lesson in a language.

    Args:
        name_or_path: One that comes along (``"01_convolution"``), one of the user's, or a file.
        code: Of the language (``"zh-CN"``); the one in use by default. Where there is no translation: English.

    Returns:
        The lesson.

    Raises:
        StudioError: ``lesson.*``, ``file.*`` with file and line.
    """
    path = lesson_path(name_or_path)
    lesson = read_lesson(path)
    code = code or language()
    if code == ENGLISH:
        return lesson
    beside = translation_path(path, code)
    if beside is None:
        return lesson
    return lesson.translated(read_lesson(beside, translation=True), code)


def translation_path(path: Path, code: str) -> Path | None:
    """The file beside a lesson's with its words in a language; ``None`` if there is none."""
    stem = path.name.removesuffix(SUFFIX)
    full = code.replace("-", "_")
    for each in dict.fromkeys((full, full.split("_")[0])):
        file = path.with_name(f"{stem}.{each}{SUFFIX}")
        if os.path.isfile(file):
            return file
    return None
