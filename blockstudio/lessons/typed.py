"""Numbers and shapes as people type them.

Numbers may have thousands separators, a decimal point or comma, a power of ten, ``K``, ``M``, ``G``, ``万``, ``亿``, a
percent sign, the unit that was asked for, what is counted behind them; they may be in Chinese words, and sums still to
be worked out: ``75·192 + 192``. Shapes are ``192×28×28``, ``192 28 28``, ``(192, 28, 28)``. What a Chinese keyboard
makes, full-width digits, ``，`` and ``、``, counts as the same.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass

from blockstudio.errors import StudioError
from blockstudio.lessons.reckoning import reckon

MAX_TYPED = 200
_SUFFIX = {
    "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "千": 1e3, "万": 1e4, "百万": 1e6, "千万": 1e7, "亿": 1e8, "十亿": 1e9,
    "百亿": 1e10, "千亿": 1e11, "万亿": 1e12, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12,
}  # fmt: skip
_SUPER = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_NUMBER = re.compile(
    r"([+-]?(?:\d[\d., '_]*|[.,]\d+))(?:e([+-]?\d{1,3}))?(" + "|".join(sorted(_SUFFIX, key=len, reverse=True)) + ")?"
)
_COUNTED = re.compile(
    r"\s*(?:个?(?:次?乘加(?:运算)?|次|层|条|路径|通道|参数|像素|权重|值|行|列|单元|模块|块|字节)|个"
    r"|parameters?|params?|weights?|macs?|flops|values?|channels?|layers?|paths?|units?|bytes|pixels?|px)$",
    re.IGNORECASE,
)
"""What is counted, behind the number."""
_TIMES = re.compile(r"^[×x]\s*(?=\d)|(?<=\d)\s*(?:[×x]|times|-?fold|倍)$", re.IGNORECASE)
_PERCENT = re.compile(r"\s*(?:per ?cent|pct|percentage points?|个?百分点)$", re.IGNORECASE)
_MIXED = re.compile(r"\d\s*[\u00bc-\u00be\u2150-\u215e]")
_MARKS = str.maketrans({"\u2212": "-", "\u2044": "/", "、": ",", "⨯": "×", "✕": "×", "⋅": "·", "∙": "·"})
_ABOUT = re.compile(r"^(?:(?:=|≈|~|大约|约|一共|总共|共|about\b)\s*)+")
_POWER = re.compile(r"(?:([\d.,]+)\s*[·×*x]\s*)?(\d{1,4})(?:\^|\*\*)([+-]?\d{1,3})", re.IGNORECASE)
_SIGNS = str.maketrans({"×": "*", "·": "*", "x": "*", "X": "*", "÷": "/", "[": "(", "]": ")"})
_DIGITS = {sign: value for value, signs in enumerate(("零〇", "一", "二两", *"三四五六七八九")) for sign in signs}
_PLACES = {"十": 10, "百": 100, "千": 1000}
_WORDS = re.compile(r"(?:^|(?<=[^\d.\s]))[零〇一二两三四五六七八九十][零〇一二两三四五六七八九十百千万亿]*(?!\d)")
_CHANNELS = re.compile(r"(\d+)\s*(?:channels?|maps?|个?通道|@)[\s,;]*", re.IGNORECASE)


@dataclass(frozen=True)
class Typed:
    """A number as it may have been meant, and half of its last digit."""

    value: float | int
    half: float
    digits: int
    """That count."""

    def over(self, divisor: int) -> Typed:
        return Typed(_whole(self.value / divisor), self.half / divisor, self.digits)


def read_numbers(text: str, unit: str = "") -> list[Typed]:
    """What a text may mean as a number; nothing if it is none. ``1.234`` is read both ways; so is a percentage where
    none was asked for, and a share where one was."""
    if len(text) > MAX_TYPED:
        return []
    plain = _unspelled(_narrow(re.sub("([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)", r"^\1", text).translate(_SUPER)))
    plain = _PERCENT.sub("%", plain)
    percent, permille = "%" in plain, "‰" in plain
    for mark in ("%", "‰", unit.strip()):
        plain = plain.replace(mark, " ") if mark else plain
    meant = _readings(_TIMES.sub("", _COUNTED.sub("", plain.strip())).strip())
    if permille:
        return [each.over(10 if unit == "%" else 1000) for each in meant]
    if percent and unit != "%":
        return meant + [each.over(100) for each in meant]
    if unit == "%" and not percent:
        return meant + [
            Typed(_whole(each.value * 100), each.half * 100, each.digits) for each in meant if abs(each.value) <= 1
        ]
    return meant


def _readings(plain: str) -> list[Typed]:
    power = _POWER.fullmatch(plain.replace(" ", ""))
    if power is not None and int(power[2]) <= 1000 and (power[1] or power[3].lstrip("+-")):
        factor = _plain(power[1]) if power[1] else [(1, 0.0, 15)]
        exponent = int(power[3])
        base = int(power[2])
        if abs(exponent) * math.log10(max(base, 2)) < 100:
            scale: int | float = base**exponent
            return [Typed(value * scale, half * scale, digits) for value, half, digits in factor]
    found = _NUMBER.fullmatch(plain.lower())
    if found is None:
        return _sum(plain)
    if abs(int(found[2] or 0)) > 99:
        return []
    scale = 10 ** int(found[2] or 0)
    scale = scale * _SUFFIX[found[3]] if found[3] else scale
    return [Typed(_whole(value * scale), half * scale, digits) for value, half, digits in _plain(found[1])]


def _sum(plain: str) -> list[Typed]:
    """``75·192 + 192``, ``1/2``, ``35²/17²``: worked out."""
    text = re.sub(r"(?<=\d)[ ,](?=\d{3}(?!\d))", "", plain).translate(_SIGNS).replace("^", "**").strip()
    if not re.fullmatch(r"[\d.()+\-*/ ]*\d[\d.()+\-*/ ]*", text):
        return []
    try:
        value = reckon(text, {}, {})
    except StudioError:
        return []
    return [Typed(_whole(value), 0.0, 15)] if isinstance(value, int | float) else []


def _narrow(text: str) -> str:
    """Full-width letters and marks as a Chinese keyboard makes them, signs for about, and a full stop behind it."""
    if _MIXED.search(text):
        return text  # 2½ is not 21/2
    plain = unicodedata.normalize("NFKC", text).translate(_MARKS).strip()
    plain = _ABOUT.sub("", plain).rstrip(" ;").removesuffix("。").strip()
    return re.sub(r"^[\u2013\u2014]\s*(?=\d)", "-", re.sub(r"(?<=[^\W\d])\.$", "", plain))


def _unspelled(text: str) -> str:
    """What Chinese says in words, in figures: ``百分之 76``, ``二分之一``, ``2 的 54 次方``, ``负 3``, ``两千``."""
    if text.isascii():
        return text
    text = re.sub(r"^百分之\s*(.+)$", r"\1%", text.replace("一半", "1/2"))
    text = _WORDS.sub(lambda found: str(_counted(found[0])), re.sub(r"^负\s*", "-", text))
    text = re.sub(r"^(\S+?)\s*分之\s*(\S+)$", r"\2/\1", text)
    return re.sub(r"(\d)\s*的\s*(\d+)\s*次方", r"\1^\2", text)


def _counted(words: str) -> int:
    """``一万四千五百九十二`` as a number; signs without places are digits one after the other."""
    if all(sign in _DIGITS for sign in words):
        return int("".join(str(_DIGITS[sign]) for sign in words))
    total = part = digit = 0
    for sign in words:
        if sign in _DIGITS:
            digit = _DIGITS[sign]
        elif sign in _PLACES:
            part, digit = part + (digit or 1) * _PLACES[sign], 0
        elif sign == "万":
            total, part, digit = total + (part + digit) * 10**4, 0, 0
        else:
            total, part, digit = (total + part + digit) * 10**8, 0, 0
    return total + part + digit


def _whole(value: float | int) -> float | int:
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value


def _plain(text: str) -> list[tuple[float | int, float, int]]:
    """Readings of digits with signs between them: value, half of the last digit, digits that count."""
    text = text.strip()
    readings: list[str] = []
    bare = re.sub(r"[ '_]", "", text)
    if re.fullmatch(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?", bare):
        readings.append(bare.replace(",", ""))
    if re.fullmatch(r"[+-]?\d{1,3}(?:\.\d{3})+(?:,\d*)?", bare):
        readings.append(bare.replace(".", "").replace(",", "."))
    if re.fullmatch(r"[+-]?\d*\.?\d*", bare):
        readings.append(bare)
    if re.fullmatch(r"[+-]?\d*,\d+", bare):
        readings.append(bare.replace(",", "."))
    if re.fullmatch(r"[+-]?\d{1,4}(?:,\d{4})+", bare):  # by ten thousands, as in Chinese
        readings.append(bare.replace(",", ""))
    found: list[tuple[float | int, float, int]] = []
    for reading in dict.fromkeys(readings):
        head, _, tail = reading.partition(".")
        if not re.search(r"\d", reading):
            continue
        value: float | int = float(reading) if tail else int(head)
        found.append((value, 0.5 * 10 ** -len(tail), len((head + tail).lstrip("+-0"))))
    return found


def read_shape(text: str) -> tuple[int, ...] | None:
    """``192×28×28``, ``192 28 28``, ``(192, 28, 28)``, ``192@28×28``, ``192 channels, 28×28``, with a batch of one or N
    before; two numbers are a map's height and width."""
    if len(text) > MAX_TYPED:
        return None
    plain = _narrow(re.sub(r"(\d+)²", r"\1×\1", text)).removeprefix("torch.Size").strip()
    plain = plain.translate(str.maketrans("([{【)]}】", "        ")).strip(" ,;")
    channels = _CHANNELS.search(plain)
    if channels is not None:
        plain = f"{channels[1]}×{plain[: channels.start()]}{plain[channels.end() :]}".strip(" ,;")
    plain = re.sub(r"^N\b", "1", re.sub(r"\b[NCHW]\s*=\s*", "", plain))
    parts = [part.strip() for part in re.split(r"[×xX*·乘]|\bby\b", plain)]
    if len(parts) > 1:  # what else stands between digits sets thousands apart
        parts = [re.sub(r"(?<=\d)[ ,](?=\d{3}(?!\d))", "", part) for part in parts]
    else:
        parts = re.split(r"\s*[,;]\s*|\s+", plain)
    if not 2 <= len(parts) <= 4 or not all(re.fullmatch(r"\d{1,12}", part, re.ASCII) for part in parts):
        return None
    found = tuple(map(int, parts))
    if len(found) < 4:
        return found
    return found[1:] if found[0] == 1 else None
