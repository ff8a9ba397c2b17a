"""Sentences that a person can see: made of a template and values where they arise, rendered in the reader's language
where they are shown.

`say` makes one. The `Text` it gives is a string and reads as the English sentence, so everything below the edge may
log, compare and store it; it also keeps its template and its values, so that whoever shows it can say the same in
another language with `render`. Catalogues are gettext's, under ``blockstudio/locale``; ``tools/translations.py``
collects the templates.
"""

from __future__ import annotations

import gettext
import locale
import os
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any, TypeAlias

DOMAIN = "blockstudio"
FOLDER = Path(__file__).with_name("locale")
ENGLISH = "en"
SYSTEM = "system"
"""The language of the system."""
LANGUAGE = "BLOCKSTUDIO_LANGUAGE"
"""Environment variable with the code of the language in which the command line speaks."""
PSEUDO = "en-XA"
"""Not a language: each sentence that goes through here is accented, so that tests find those that do not."""

_GAP = re.compile(r"\{\w+(:,|:\.\d[a-z%])?\}")

Scalar: TypeAlias = str | int | float | bool | None


class Text(str):
    """A sentence with what it was made of. As a string it is the English one."""

    __slots__ = ("number", "plural", "template", "values")

    template: str
    plural: str
    """The template for counts other than one; empty where the sentence has no plural."""
    number: int
    values: Mapping[str, Scalar]

    def __new__(cls, template: str, values: Mapping[str, Any] | None = None, plural: str = "", number: int = 1) -> Text:
        kept = {name: _kept(value) for name, value in values.items()} if values else {}
        self = super().__new__(cls, _filled(template if not plural or number == 1 else plural, kept))
        self.template, self.plural, self.number, self.values = template, plural, number, kept
        return self

    def __reduce__(self) -> tuple[type[Text], tuple[str, dict[str, Scalar], str, int]]:
        return Text, (self.template, dict(self.values), self.plural, self.number)

    def __deepcopy__(self, memo: object) -> Text:
        return self


def say(template: str, /, **values: object) -> Text:
    """A sentence that a person can see: a template with values in its gaps.

    Args:
        template: English, with gaps: ``"there is no block '{name}'."`` Without values, braces stand for themselves.
        values: By gap. They may be texts themselves, which are rendered with the sentence.

    Returns:
        A string that reads as the English sentence and can be rendered in another language.

    Example:
        >>> say("there is no block '{name}'.", name="conv1")
        "there is no block 'conv1'."
    """
    return Text(template, values)


def say_many(one: str, many: str, count: int, /, **values: object) -> Text:
    """`say` where a count decides the wording: ``say_many("{count} block", "{count:,} blocks", n)``. The count is among
    the values."""
    return Text(one, {"count": count, **values}, many, count)


def join(parts: list[str] | tuple[str, ...], between: str = " ") -> Text:
    """Sentences one after the other, still to be rendered one by one. Empty ones are left out."""
    names = {f"p{index}": part for index, part in enumerate(part for part in parts if part)}
    return Text(between.replace("{", "{{").replace("}", "}}").join(f"{{{name}}}" for name in names), names)


def listed(parts: Sequence[str], most: int | None = None) -> str:
    """``a``, ``a and b``, ``a, b and c``; of more than ``most``: ``a, b and 7 more``."""
    if most is not None and len(parts) > most:
        return say("{names} and {more:,} more", names=join(list(parts[:most]), ", "), more=len(parts) - most)
    if len(parts) < 2:
        return parts[0] if parts else Text("")
    return say("{first} and {last}", first=join(list(parts[:-1]), ", "), last=parts[-1])


def _kept(value: object) -> Scalar:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _filled(template: str, values: Mapping[str, Scalar]) -> str:
    if not values:
        return template
    return template.format(*(values[str(index)] for index in range(len(values)) if str(index) in values), **values)


# Rendering


class Language:
    """One language of the reader: its catalogue, or English as it stands in the code."""

    def __init__(self, code: str) -> None:
        self.code = code
        self._catalogue = (
            gettext.NullTranslations()
            if code in (ENGLISH, PSEUDO)
            else gettext.translation(DOMAIN, str(FOLDER), [code.replace("-", "_"), code.split("-")[0]], fallback=True)
        )

    def render(self, text: str) -> str:
        """``text`` in this language. What did not come from `say` is data, and stays as it is."""
        if not isinstance(text, Text):
            return text
        if self.code == ENGLISH:
            return str.__str__(text)
        values = {name: self.render(value) if isinstance(value, str) else value for name, value in text.values.items()}
        filled = _filled(self._template(text), values)
        return _HALF.sub(lambda mark: _FULL.get(mark[0].strip(), ""), filled) if self._joins(text) else filled

    def _joins(self, text: Text) -> bool:
        """Whether marks between its parts are those of Chinese type."""
        return self.code.startswith("zh") and not _worded(text.template)

    def _template(self, text: Text) -> str:
        if not re.sub(r"\{\w*\}", "", text.template).strip():
            return text.template
        if self.code == PSEUDO:
            return pseudo(text.template if not text.plural or text.number == 1 else text.plural)
        if text.plural:
            return self._catalogue.ngettext(text.template, text.plural, text.number)
        return self._catalogue.gettext(text.template) if text.template else ""


_FULL = {",": "，", ";": "；", ":": "："}
_HALF = re.compile(r"(?<=[\u4e00-\u9fff）”])[,;:] |[,;:] (?=[\u4e00-\u9fff（“])|(?<=[。！？]) ")


def _worded(template: str) -> bool:
    """Whether a template has words of its own, or only puts others together."""
    return re.search(r"\w", re.sub(r"\{[^{}]*\}", "", template)) is not None


def languages() -> tuple[str, ...]:
    """Codes of the languages there are: English, and those with a catalogue."""
    found = sorted(file.parent.parent.name.replace("_", "-") for file in FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.mo"))
    return ENGLISH, *found


def system_language() -> str:
    """The language of the system as far as there is a catalogue for it, else English."""
    wanted = [os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)][:1]
    return best(wanted or [locale.getlocale()[0] or ENGLISH])


def best(wanted: list[str]) -> str:
    """The first of the ``wanted`` languages (``zh_CN.UTF-8``, ``zh-Hans-CN``) that there is, else English."""
    there = languages()
    for name in wanted:
        code = name.split(".")[0].replace("_", "-")
        alike = [known for known in there if known == code] or [
            known for known in there if known.split("-")[0] == code.split("-")[0]
        ]
        if alike:
            return alike[0]
    return ENGLISH


_current = Language(ENGLISH)


def use_language(code: str) -> None:
    """From now on render in this language: a code of `languages`, or `SYSTEM`."""
    global _current
    _current = _language(system_language() if code == SYSTEM else code)


@cache
def _language(code: str) -> Language:
    return Language(code)


def language() -> str:
    """The code of the language that `render` uses now."""
    return _current.code


def render(text: str) -> str:
    """A sentence in the reader's language, to be shown."""
    return _current.render(text)


# Between processes


def to_data(text: str) -> Any:
    """``text`` as JSON data: a plain string, or an object with template and values."""
    if not isinstance(text, Text):
        return str(text)  # PyTorch's version is a text of a kind of its own, which no file takes
    values = {name: to_data(value) if isinstance(value, str) else value for name, value in text.values.items()}
    data: dict[str, Any] = {"template": text.template, "values": values}
    return data | ({"plural": text.plural, "number": text.number} if text.plural else {})


def from_data(data: object) -> str:
    """What `to_data` gave. Of data that is not of that form, its own words."""
    if not isinstance(data, dict):
        return str(data)
    values = data.get("values", {})
    if any(
        not _GAP.fullmatch(gap)
        for gap in re.findall(r"\{[^{}]*\}", str(data.get("template")) + str(data.get("plural")))
    ):
        return str(data)
    try:
        kept = {
            str(name): from_data(value) if isinstance(value, str | dict) else value for name, value in values.items()
        }
        return Text(str(data["template"]), kept, str(data.get("plural", "")), int(data.get("number", 1)))
    except (KeyError, IndexError, ValueError, TypeError, AttributeError):
        return str(data)


def plain(value: object) -> object:
    """For msgspec's ``enc_hook``: a text is stored as the English sentence."""
    if isinstance(value, Text):
        return str.__str__(value)
    raise NotImplementedError(f"{type(value).__name__} cannot be stored")


# The pseudo-language

_ACCENTS = str.maketrans("aceinouyACEINOUY", "àçéîñôûýÀÇÉÎÑÔÛÝ")


def pseudo(template: str) -> str:
    """A template that can be told at a glance from one that was not translated, with its gaps and marks in place."""
    if not any(literal.strip() for literal, *_ in Formatter().parse(template.replace("{}", ""))):
        return template
    parts = re.split(r"(\{[^{}]*\}|<[^<>]*>|&\w+;)", template)
    return "⟦" + "".join(part if index % 2 else part.translate(_ACCENTS) for index, part in enumerate(parts)) + "⟧"
