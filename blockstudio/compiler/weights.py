"""Weights into a compiled module: from files that are only ever read as tensors, or from a state dict."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from torch import Tensor, nn

from blockstudio.compiler.containers import PIECES, in_pieces, state_dict_in, without_wrappers
from blockstudio.compiler.parametrised import worked_out
from blockstudio.compiler.weight_files import checked, read
from blockstudio.compiler.weight_maps import WeightMap, load_map, rename, weight_maps
from blockstudio.errors import StudioError, shown
from blockstudio.text import Text, join, listed, say, say_many

SHOWN = 5
"""Keys of each sort that an error names."""

LONGEST = 200
"""Letters of a key that are printed."""

_PART = re.compile(r"-\d+-of-\d+\.")
"""In the name of one of several files."""

Names: TypeAlias = str | os.PathLike[str] | Mapping[str, str] | WeightMap
Head: TypeAlias = Literal["load", "skip"]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A key whose shape in the weights is not the model's."""

    key: str
    expected: tuple[int, ...]
    found: tuple[int, ...]

    def text(self) -> Text:
        """In words: ``fc.weight (expected 10×64, found 1000×64)``."""
        expected, found = _shape(self.expected), _shape(self.found)
        return say("{key} (expected {expected}, found {found})", key=self.key, expected=expected, found=found)


@dataclass(frozen=True, slots=True)
class WeightsReport:
    """What became of each key."""

    matched: tuple[str, ...]
    missing: tuple[str, ...] = ()
    """Of the model, but not in the weights."""
    unexpected: tuple[str, ...] = ()
    """In the weights, but not of the model."""
    mismatched: tuple[Mismatch, ...] = ()
    """In both, of different shapes."""
    kept: tuple[Mismatch, ...] = ()
    """Of a classifier for another number of classes, which was asked to be left at its initial values."""
    map: str = ""
    """``timm``: whose names were translated; empty if they are the model's own."""
    prefix: str = ""
    """``backbone``: the first parts of the file's keys that were left out."""
    beside: tuple[str, ...] = ()
    """Keys outside that prefix, under which the whole network is: a loss, a metric, a queue. They are left aside."""
    worked: tuple[str, ...] = ()
    """Weights that the file keeps in parts (weight normalisation, pruning), worked out."""

    @property
    def complete(self) -> bool:
        """Whether everything fitted, but for a classifier that was to be left aside."""
        return not (self.missing or self.unexpected or self.mismatched)

    def _foreign(self) -> tuple[str, ...]:
        """The keys that are the file's alone, and so may be anything, fit for a terminal."""
        return tuple(shown(key, LONGEST) for key in self.unexpected)

    def text(self) -> Text:
        """What did not fit, in one line: ``2 missing: fc.weight, fc.bias; 1 of another shape: ...``"""
        parts = [
            say("{count:,} missing: {keys}", count=len(self.missing), keys=listed(self.missing, SHOWN))
            if self.missing else "",
            say("{count:,} unexpected: {keys}", count=len(self.unexpected), keys=listed(self._foreign(), SHOWN))
            if self.unexpected else "",
            say("{count:,} of another shape: {keys}", count=len(self.mismatched),
                keys=listed([item.text() for item in self.mismatched], SHOWN))
            if self.mismatched else "",
        ]  # fmt: skip
        return join(parts, "; ")

    def lines(self, limit: int | None = None) -> list[str]:
        """All of it, a line for each key that was not loaded (``limit`` of each sort), under the reason."""
        total = len(self.matched) + len(self.missing) + len(self.mismatched) + len(self.kept)
        fits = {"count": len(self.matched), "total": total}
        lines: list[str] = [
            say("{count} of the network's {total} keys are in the weights and fit, translated from the names of {map}.",
                map=self.map, **fits)
            if self.map
            else say("{count} of the network's {total} keys are in the weights and fit.", **fits)
        ]  # fmt: skip
        if self.worked:
            lines.append(
                say_many(
                    "{count} weight is kept in parts there (normalised, pruned) and was worked out: {keys}.",
                    "{count:,} weights are kept in parts there (normalised, pruned) and were worked out: {keys}.",
                    len(self.worked), keys=listed([shown(key, LONGEST) for key in self.worked], SHOWN),
                )
            )  # fmt: skip
        if self.prefix:
            lines.append(
                say("Its keys begin with '{prefix}.', which was left out.", prefix=shown(self.prefix, LONGEST))
            )
        if self.beside and not self.prefix:
            lines.append(
                say("Beside the weights stand, and are not of the network: {keys}.",
                    keys=listed([shown(key, LONGEST) for key in self.beside], SHOWN))
            )  # fmt: skip
        elif self.beside:
            lines.append(
                say_many(
                    "{count} key does not and is not of the network: {keys}.",
                    "{count:,} keys do not and are not of the network: {keys}.",
                    len(self.beside), keys=listed([shown(key, LONGEST) for key in self.beside], SHOWN),
                )
            )  # fmt: skip
        for keys, head in self._left():
            if keys:
                lines += [head, *(join(["  ", key], "") for key in keys[:limit])]
                if limit is not None and len(keys) > limit:
                    lines.append(say("  and {count} more", count=len(keys) - limit))
        return lines

    def _left(self) -> list[tuple[Sequence[str], Text]]:
        """What was not loaded, by reason."""
        kept, other = ([item.text() for item in each] for each in (self.kept, self.mismatched))
        return [
            (kept, say("{count} left at initial values, the weights are for another number of classes:",
                       count=len(kept))),
            (other, say("{count} of another shape:", count=len(other))),
            (self.missing, say("{count} of the network, but not in the weights:", count=len(self.missing))),
            (self._foreign(), say("{count} in the weights, but not of the network:", count=len(self.unexpected))),
        ]  # fmt: skip


def load_weights(
    model: nn.Module,
    file_or_state_dict: str | os.PathLike[str] | Mapping[str, Tensor],
    *,
    strict: bool = True,
    names: Names = "auto",
    head: Head = "load",
) -> WeightsReport:
    """See `blockstudio.compiler.load_weights`."""
    own = model.state_dict()
    if isinstance(file_or_state_dict, Mapping):
        where, weights = "state dict", given(file_or_state_dict, own)
    else:
        where = os.fspath(file_or_state_dict)
        weights = read(Path(where), fitness(own))
    weights, worked = worked_out(weights)
    fitted, label, prefix = translate(own, weights, names)
    outside = _outside(weights, prefix) if prefix and not label else _loose(own, weights)
    report = replace(compare(own, fitted, head, label, prefix, outside), worked=worked)
    if strict and not report.complete:
        raise StudioError(
            "weights.mismatch",
            say("these weights do not fit the network: {text}.", text=report.text()),
            where=where,
            hint=_advice(report, where),
        )
    if not report.matched:
        raise StudioError("weights.nothing", say("not one key is of this network."), where=where)
    for key in report.matched:
        # Whole numbers in the place of fractions are codes of a quantised network, which mean nothing by themselves.
        if own[key].is_floating_point() and not fitted[key].is_floating_point():
            kind = str(fitted[key].dtype).removeprefix("torch.")
            raise StudioError(
                "weights.type",
                say("{key} is of type {kind}, not floating point.", key=key, kind=kind),
                where=where,
                hint=say("Save the network before it is quantised."),
            )
    model.load_state_dict({key: fitted[key] for key in report.matched}, strict=False)
    return report


def given(weights: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict of the caller's own, or what his program keeps it in. Raises `StudioError` ``weights.*``."""
    plain = all(isinstance(key, str) and isinstance(value, Tensor) for key, value in weights.items())
    return checked(weights if plain else state_dict_in(weights, "state dict", "", fitness(own)), "state dict")


def fitness(own: Mapping[str, Tensor]) -> Callable[[Mapping[str, Tensor]], int]:
    """How many keys of the network a state dict has in its shapes."""

    def score(weights: Mapping[str, Tensor]) -> int:
        try:
            return _fitting(own, translate(own, worked_out(checked(weights, ""))[0])[0])
        except StudioError:
            return 0

    return score


def compare(
    own: Mapping[str, Tensor],
    weights: Mapping[str, Tensor],
    head: Head,
    label: str = "",
    prefix: str = "",
    outside: Collection[str] = (),
) -> WeightsReport:
    """What fits. ``outside``: keys that did not begin with the prefix; they matter only where some of the network's are
    among them. Only names and shapes matter: the tensors may be on the meta device."""
    missing = tuple(key for key in own if key not in weights and not _is_counter(key, own))
    unexpected = tuple(key for key in weights if key not in own)
    mismatched = tuple(
        Mismatch(key, tuple(own[key].shape), tuple(weights[key].shape))
        for key in own
        if key in weights and own[key].shape != weights[key].shape
    )
    kept: tuple[Mismatch, ...] = ()
    if head == "skip" and _only_classifiers(mismatched):
        kept, mismatched = mismatched, ()
    beside: tuple[str, ...] = ()
    if outside and not missing and not mismatched:
        beside = tuple(key for key in unexpected if key in outside)
        unexpected = tuple(key for key in unexpected if key not in outside)
    wrong = {item.key for item in (*mismatched, *kept)}
    matched = tuple(key for key in own if key in weights and key not in wrong)
    return WeightsReport(matched, missing, unexpected, mismatched, kept, label, prefix, beside)


def translate(
    own: Mapping[str, Tensor], weights: Mapping[str, Tensor], names: Names = "auto"
) -> tuple[dict[str, Tensor], str, str]:
    """The weights under the model's names, whose names they had (empty if the model's own), and the prefix that was
    left out.

    ``"auto"`` leaves out what wrappers put into keys and the prefix under which most keys fit, and takes the map under
    which most do; none of it unless more fit than as they are.
    Raises `StudioError` ``weights.map``, ``weights.ambiguous``, ``file.*``.
    """
    if names == "same":
        return dict(weights), "", ""
    if names == "auto":
        best, label, before, most = dict(weights), "", "", _fitting(own, weights)
        if most == max(len(own), len(weights)):
            return best, label, before
        for prefix, plain in _variants(own, weights):
            fitting = _fitting(own, plain)
            if fitting > most:
                best, label, before, most = plain, "", prefix, fitting
            if most == len(own):
                continue
            for each in weight_maps():
                # A map turns other networks' names into anything, even twice the same.
                found = _tried(each, plain)
                fitting = _fitting(own, found)
                if fitting > most:
                    best, label, before, most = found, each.source, prefix, fitting
        return best, label, before
    if isinstance(names, WeightMap):
        return names.renamed(weights), names.source, ""
    if isinstance(names, Mapping):
        return rename(weights, names), "another library", ""
    chosen = load_map(names)
    return chosen.renamed(weights), chosen.source, ""


def _variants(own: Mapping[str, Tensor], weights: Mapping[str, Tensor]) -> Iterator[tuple[str, dict[str, Tensor]]]:
    """The weights as they are, without the parts of wrappers, and under the prefixes that lead to most keys."""
    yield "", dict(weights)
    plain = without_wrappers(weights)
    if plain.keys() != weights.keys():
        yield "", plain
    counts = Counter(
        prefix for key, value in plain.items() for prefix, rest in _cuts(key)
        if rest in own and own[rest].shape == value.shape
    )  # fmt: skip
    ranked = counts.most_common(2)
    if len(ranked) == 2 and ranked[0][1] == ranked[1][1] > len(own) // 2:
        raise StudioError(
            "weights.ambiguous",
            say(
                "all fits under several prefixes: {prefixes}.", prefixes=" and ".join(f"'{one}.'" for one, _ in ranked)
            ),
            hint=say("Write one behind the file's name: FILE#{prefix}", prefix=shown(ranked[0][0], LONGEST)),
        )
    shared = _shared(plain)
    for prefix in dict.fromkeys([*(prefix for prefix, _ in ranked[:1]), *([shared] if shared else [])]):
        inside = {key[len(prefix) + 1 :]: value for key, value in plain.items() if key.startswith(f"{prefix}.")}
        beside = {key: value for key, value in plain.items() if not key.startswith(f"{prefix}.")}
        yield prefix, {**beside, **inside}


def _outside(weights: Mapping[str, Tensor], prefix: str) -> frozenset[str]:
    return frozenset(key for key in without_wrappers(weights) if not key.startswith(f"{prefix}."))


def _loose(own: Mapping[str, Tensor], weights: Mapping[str, Tensor]) -> frozenset[str]:
    """Numbers and rows of numbers without a place, beside weights that all have one: mean, deviation, a history."""
    if any("." not in key for key in own):
        return frozenset()
    return frozenset(key for key, value in weights.items() if "." not in key and value.ndim < 2)


def _cuts(key: str) -> Iterator[tuple[str, str]]:
    parts = key.split(".")
    for count in range(1, len(parts)):
        yield ".".join(parts[:count]), ".".join(parts[count:])


def _shared(weights: Mapping[str, Tensor]) -> str:
    """The longest first parts that all keys have: ``model.net``."""
    if not weights:
        return ""
    lists = [key.split(".")[:-1] for key in weights]
    first, last = min(lists), max(lists)
    count = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return ".".join(first[:count])


def _tried(each: WeightMap, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    try:
        return each.renamed(weights)
    except StudioError:
        return {}


def _fitting(own: Mapping[str, Tensor], weights: Mapping[str, Tensor]) -> int:
    return sum(key in weights and weights[key].shape == tensor.shape for key, tensor in own.items())


def _only_classifiers(mismatched: tuple[Mismatch, ...]) -> bool:
    """Whether all that differs is how many outputs some layers have, the same two numbers everywhere.

    Were such a layer not a last one, the layer behind it would differ in its inputs, or its normalisation in a
    vector without a matrix beside it.
    """
    layers: dict[str, set[str]] = {}
    for item in mismatched:
        layer, _, kind = item.key.rpartition(".")
        layers.setdefault(layer, set()).add(kind)
        ranks = len(item.expected), len(item.found)
        if not ranks[0] or ranks[0] != ranks[1] or item.expected[1:] != item.found[1:]:
            return False
    pairs = {(item.expected[0], item.found[0]) for item in mismatched}
    matrices = {item.key for item in mismatched if len(item.expected) > 1}
    return len(pairs) == 1 and all(
        kinds <= {"weight", "bias"} and f"{layer}.weight" in matrices for layer, kinds in layers.items()
    )


def _advice(report: WeightsReport, where: str) -> str:
    path = Path(where)
    if report.missing and _PART.search(path.name) and os.path.isdir(path.parent):
        index = next(iter(sorted(path.parent.glob("*.index.json"))), None)
        if index is not None:
            return say("It is one part of a network in several files: give {index}.", index=str(index))
    if any(map(in_pieces, report.unexpected)):
        return PIECES
    if report.mismatched and not report.missing and not report.unexpected and _only_classifiers(report.mismatched):
        return say('Only the number of classes differs: head="skip" leaves the classifier at its initial values.')
    return say("Check that they are of the same network with the same parameters.")


def _is_counter(key: str, own: Mapping[str, Tensor]) -> bool:
    """Batch normalisation's count of batches, which old files do not have and nothing but its momentum needs."""
    return key.endswith(".num_batches_tracked") and own[key].ndim == 0


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or say("scalar")
