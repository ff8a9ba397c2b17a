"""Names and texts of people turned into names and docstrings of emitted source."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Collection, Iterable

from blockstudio.blocks.helpers import HELPERS
from blockstudio.errors import StudioError
from blockstudio.text import say

IMPORTS = frozenset({"torch", "nn", "F", "Tensor", "NamedTuple", "OrderedDict"})
RESERVED = IMPORTS | frozenset(dir(builtins)) | frozenset(HELPERS) | frozenset(keyword.kwlist) | {"self", "i", "_"}
"""What no class, parameter or variable of emitted source may be called."""

_DICT_NAMES = frozenset({"clear", "items", "keys", "pop", "update", "values"})
"""Attributes of ``nn.ModuleDict``; those of every module no block can be called in the first place."""


def check_item(name: str, path: str) -> None:
    """Raises `StudioError` ``compile.name`` if an item called ``name`` would hide an attribute of its container."""
    if name in _DICT_NAMES:
        raise StudioError(
            "compile.name",
            say(
                "'{name}' cannot name a block in a container: a PyTorch container has an attribute of that name.",
                name=name,
            ),
            where=path,
            hint=say("Rename the block."),
        )


def is_plain(name: str) -> bool:
    """Whether ``name=`` can be written in a call."""
    return name.isidentifier() and not keyword.iskeyword(name)


def free(wanted: str, *taken: Collection[str]) -> str:
    """``wanted``, or with underscores after it until it is not taken or reserved."""
    name = wanted
    while name in RESERVED or any(name in each for each in taken):
        name += "_"
    return name


def variable(text: str, *taken: Collection[str]) -> str:
    """A variable or parameter called as near as possible to ``text``: ``branch.0`` gives ``branch_0``."""
    name = re.sub(r"\W", "_", text, flags=re.ASCII)
    name = f"_{name}" if name[:1].isdigit() else name
    return free("_" + name.lstrip("_") if name.startswith("__") else name or "x", *taken)


def class_name(text: str, taken: Iterable[str]) -> str:
    """A class name from a diagram's: ``ResNet34`` from ``ResNet-34``, ``CIFARResNet6n2`` from
    ``CIFAR ResNet (6n + 2)``."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    # 1.5 and 15, or 28-10 and 2810, are not the same thing.
    words = re.findall(r"[A-Za-z0-9_]+", re.sub(r"(?<=\d)[^A-Za-z0-9]+(?=\d)", "_", plain))
    name = "".join(word[0].upper() + word[1:] for word in words)[:60] or "Network"
    return free(f"Net{name}" if name[0].isdigit() else name, set(taken))


def docstring(text: str, indent: int, width: int) -> list[str]:
    """Lines of a docstring, wrapped, that says ``text`` and nothing else to Python."""
    pad = " " * indent
    lines: list[str] = []
    for paragraph in text.rstrip().split("\n"):
        # What cannot be printed would break the line, or be refused in a file.
        said = _escaped("".join(char if char.isprintable() else " " for char in paragraph))
        lines += wrapped(said, width - indent - (0 if lines else 3), width - indent) or [""]
    if not any(lines):
        return []
    if lines[-1].endswith('"'):  # a bare one: it would end the text together with those that do
        lines[-1] = lines[-1][:-1] + '\\"'
    if len(lines) == 1 and indent + len(lines[0]) + 6 > width:
        lines = wrapped(lines[0], width - indent - 6, width - indent)
    if len(lines) == 1:
        return [f'{pad}"""{lines[0]}"""']
    return [f'{pad}"""{lines[0]}', *(f"{pad}{line}" if line else "" for line in lines[1:]), f'{pad}"""']


def _escaped(text: str) -> str:
    """``text`` as it stands between triple quotes: of quotes in a row only the last is bare."""
    return re.sub(r'"(?=")', r'\\"', text.replace("\\", "\\\\"))


def wrapped(text: str, first: int, width: int) -> list[str]:
    """``text`` broken at blanks into lines of at most ``width`` characters, the first of ``first``."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        room = width if lines else first
        if line and len(line) + 1 + len(word) > room:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line] if line else lines
