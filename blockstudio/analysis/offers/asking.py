"""What was typed into the search: words, a window (``3x3``), a stride (``/2``) and numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from blockstudio.blocks import Parameter, RawValue
from blockstudio.errors import StudioError

_WINDOW = re.compile(r"(\d{1,3})[x×](\d{1,3})")
_SHAPE = re.compile(r"\d{1,7}x\d{1,5}x\d{1,5}")
_STRIDE = re.compile(r"(?:/|s)(\d)")
_NUMBER = re.compile(r"\d{1,7}(\.\d+)?|\.\d+")
_TIMES = re.compile(r"×|(?<=\d)\s+x\s+(?=\d)")
_BETWEEN = str.maketrans(",()[]", "     ")
_NUMERIC = ("int", "float", "pair", "padding")
WINDOW, STRIDE, PADDING = "kernel_size", "stride", "padding"
"""Parameters of all types that look through a window."""


class Asked(NamedTuple):
    """``words`` name a type; the rest says what it sets."""

    words: tuple[str, ...] = ()
    window: tuple[int, int] | None = None
    stride: int | None = None
    numbers: tuple[int | float, ...] = ()

    @property
    def sets(self) -> bool:
        """Whether it says anything but names."""
        return self.window is not None or self.stride is not None or bool(self.numbers)


def asked(text: str) -> Asked:
    """Take apart what was typed: ``conv 3x3 64 /2``, ``3 3 64``, ``linear 10``, ``gap``."""
    words: list[str] = []
    numbers: list[int | float] = []
    window: tuple[int, int] | None = None
    stride: int | None = None
    for token in _TIMES.sub("x", text.lower()).translate(_BETWEEN).split():
        if _SHAPE.fullmatch(token):
            numbers += [int(side) for side in token.split("x")]
        elif (found := _WINDOW.fullmatch(token)) and window is None:
            window = int(found[1]), int(found[2])
        elif (found := _STRIDE.fullmatch(token)) and stride is None:
            stride = int(found[1])
        elif _NUMBER.fullmatch(token):
            numbers.append(float(token) if "." in token else int(token))
        else:
            words.append(token)
    if not words and window is None and len(numbers) > 1 and numbers[0] == numbers[1] and isinstance(numbers[0], int):
        window, numbers = (numbers[0], numbers[0]), numbers[2:]
    return Asked(tuple(words), window, stride, tuple(numbers))


def settings(
    wanted: Asked, declared: Mapping[str, Parameter], given: Mapping[str, RawValue]
) -> dict[str, RawValue] | None:
    """What a block sets for ``wanted``, beside what its line of the palette sets (``given``): the window, the stride,
    and numbers in the order of PyTorch's arguments. A window that keeps the map's size goes on doing so. ``None`` if it
    has no place for all of it."""
    found = dict(given)
    set_here: set[str] = set()
    window = None if wanted.window is None else _plain(wanted.window)
    for key, value in ((WINDOW, window), (STRIDE, wanted.stride)):
        if value is None:
            continue
        if key not in declared:
            return None
        found[key] = value
        set_here.add(key)
    numbers = list(wanted.numbers)
    if numbers and (key := next((key for key, each in declared.items() if each.kind == "shape"), "")):
        found[key], numbers = [int(each) for each in numbers[:3]], numbers[3:]
        set_here.add(key)
    free = [key for key, each in declared.items() if each.kind in _NUMERIC and key not in set_here]
    if len(numbers) > len(free):
        return None
    for key, number in zip(free, numbers, strict=False):
        found[key] = number
        set_here.add(key)
    if PADDING in given and WINDOW in set_here and PADDING not in set_here:
        kernel = found[WINDOW]
        found[PADDING] = _plain(
            tuple(int(side) // 2 for side in (kernel if isinstance(kernel, list) else [kernel] * 2))
        )
    try:
        for key in set_here:
            declared[key].check(found[key])
    except StudioError:
        return None
    return found


def _plain(pair: tuple[int, ...]) -> RawValue:
    return pair[0] if pair[0] == pair[1] else list(pair)
