"""All that can be put in, found by name, further names and the papers' words, what fits the wires first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from blockstudio.analysis.offers.asking import Asked, asked, settings
from blockstudio.analysis.offers.fitting import Fit, Fitter
from blockstudio.analysis.offers.matching import Match, in_words, match
from blockstudio.blocks import RawValue, palette_entries
from blockstudio.errors import StudioError
from blockstudio.graph.contents import Contents
from blockstudio.graph.library import Kept
from blockstudio.text import Text, render, say

MOST_KEPT, AFTER, LESS = 4, 10_000, 5.0
"""So many modules of the library and the presets are offered, behind what fits a name as well."""


@dataclass(frozen=True)
class Line:
    """Something that can be put in: a line of the palette, a module of the diagram, or one that is kept elsewhere."""

    title: str
    type: str
    parameters: Mapping[str, RawValue]
    family: str
    words: tuple[str, ...]
    """What it is found by beside its title."""
    kept: Kept | None = None


@dataclass(frozen=True)
class Offer:
    """A line that was found, with what it would set and whether it fits."""

    title: str
    type: str
    parameters: Mapping[str, RawValue]
    family: str
    note: str
    """What it would set, or by which word it was found."""
    letters: tuple[int, ...]
    """Letters of the title that were looked for."""
    fit: Fit
    kept: Kept | None = None
    """Where its module is, if the diagram has not got it yet."""


@dataclass(frozen=True)
class Offers:
    """``found``: those that fit first. ``nearest``: words like what was typed, where nothing was found. ``used``: how
    many of the first were used last."""

    found: tuple[Offer, ...] = ()
    nearest: tuple[str, ...] = ()
    used: int = 0


@dataclass
class _Hit:
    line: Line
    parameters: dict[str, RawValue]
    match: Match
    order: int
    fit: Fit = field(default_factory=lambda: Fit(True))


def offers(text: str, fitter: Fitter, used: Sequence[str] = (), kept: Iterable[Kept] = ()) -> Offers:
    """What fits what was typed: ranked by how well, those last that the wires do not fit.

    Args:
        text: ``gap``, ``1x1``, ``conv 3x3 64``, ``linear 10``; empty: everything.
        fitter: Knows the diagram, whose modules can be put in too, and what the new block would be wired to.
        used: Titles that were used before, the last first.
        kept: Modules of the library and the presets: the best few, where a name is typed and nothing else.
    """
    diagram, wanted = fitter.diagram, asked(text)
    hits = [*_hits(diagram, wanted), *_kept_hits(fitter, wanted, kept)]
    recent = {title: index for index, title in enumerate(used)} if not text.strip() else {}
    for hit in hits:
        line = hit.line
        hit.fit = fitter.fit(line.type, hit.parameters) if line.kept is None else fitter.fit_kept(line.kept)

    def rank(hit: _Hit) -> tuple[bool, int, float, int]:
        return not hit.fit.fits, recent.get(hit.line.title, len(recent)), -hit.match.score, hit.order

    hits.sort(key=rank)
    found = tuple(_offer(diagram, wanted, hit) for hit in hits)
    fitting_used = sum(hit.fit.fits and hit.line.title in recent for hit in hits)
    return Offers(found, () if found else _nearest(diagram, wanted), fitting_used)


def lines(diagram: Contents) -> Iterator[Line]:
    """Everything that can be put in: the palette's lines in their order, then the diagram's modules."""
    for kind, entry in palette_entries():
        words = (*entry.keywords.split(), *render(Text(entry.keywords)).split(), kind.family, kind.name)
        yield Line(entry.title, kind.name, entry.parameters, kind.family, words)
    for name, module in diagram.modules.items():
        inner = [kind for kind in module.types() if kind not in diagram.modules]
        yield Line(name, name, {}, "module", ("module", *module.description.lower().split()[:12], *sorted(inner)))


def _hits(diagram: Contents, wanted: Asked) -> Iterator[_Hit]:
    for order, line in enumerate(lines(diagram)):
        found, sets = None, wanted
        if wanted.window is not None:  # ``1x1`` is the beginning of a name as well as a window
            window = "{}x{}".format(*wanted.window)
            found, sets = match((*wanted.words, window), line.title, line.words), wanted._replace(window=None)
        if found is None:
            if wanted.sets and not wanted.words and wanted.window is None:
                continue
            found, sets = match(wanted.words, line.title, line.words), wanted
            if found is not None and not wanted.words:
                found = found._replace(score=50.0 - order / 100)
        if found is None:
            continue
        try:
            parameters = settings(sets, diagram.declared(line.type), line.parameters)
        except StudioError:
            continue
        if parameters is not None:
            yield _Hit(line, parameters, found, order)


def _kept_hits(fitter: Fitter, wanted: Asked, kept: Iterable[Kept]) -> Iterator[_Hit]:
    """The best of the modules kept elsewhere, those of the library before those of the presets: of each name the first
    that fits."""
    found: dict[str, list[tuple[float, int, Match, Kept]]] = {}
    for order, each in enumerate(kept if wanted.words and not wanted.sets else ()):
        if each.module in fitter.diagram.modules:
            continue
        hit = match(wanted.words, each.module, ("module", *each.network.split("_")))
        if hit is not None:
            found.setdefault(each.module, []).append((-hit.score, order, hit._replace(score=hit.score - LESS), each))
    for alike in sorted(map(sorted, found.values()))[:MOST_KEPT]:
        fits = (one for one in alike[:MOST_KEPT] if fitter.fit_kept(one[-1]).fits)
        _, order, hit, each = next(fits, alike[0])
        yield _Hit(Line(each.module, each.module, {}, "module", (), each), {}, hit, AFTER + order)


def _offer(diagram: Contents, wanted: Asked, hit: _Hit) -> Offer:
    line, note = hit.line, hit.match.word
    if line.kept is not None:
        note = line.kept.network or render(say("your library"))
    kind = diagram.kind(line.type)
    if wanted.sets and kind is not None and hit.parameters != line.parameters:
        values = {key: each.check(hit.parameters.get(key, each.default)) for key, each in kind.parameters.items()}
        note = kind.summary(values)
    return Offer(line.title, line.type, hit.parameters, line.family, note, hit.match.letters, hit.fit, line.kept)


def _nearest(diagram: Contents, wanted: Asked) -> tuple[str, ...]:
    """Up to three words like the first that nothing is called by."""
    known = dict.fromkeys(word.lower() for line in lines(diagram) for word in (line.title, *line.words))
    for word in wanted.words:
        if in_words(word, known) is None:
            return tuple(get_close_matches(word, known, 3, 0.6))
    return ()
