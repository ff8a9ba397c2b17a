"""Whether a block could be wired at a place, and what would come out of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from blockstudio.analysis.engine import analyze
from blockstudio.blocks import INPUT, BlockType, RawValue, Shape, shape_text
from blockstudio.errors import StudioError
from blockstudio.graph.checks import check_nesting
from blockstudio.graph.contents import Contents
from blockstudio.graph.definition import MAIN
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.library import Kept
from blockstudio.graph.operations.copying import modules_alone
from blockstudio.text import Text, render, say


@dataclass(frozen=True)
class Where:
    """Where a block is to be put. ``sources``: shapes that come in, one a wire, ``None`` for one that is not known.
    ``read``: an input waits for what comes out (its type and shape are not looked at). ``scope``: the definition."""

    sources: tuple[Shape | None, ...] = ()
    read: bool = False
    scope: str = MAIN


class Fit(NamedTuple):
    """``text``: the shape that comes out, as the screen shows it, or the reason why it does not fit."""

    fits: bool
    text: str = ""
    shape: Shape | None = None


class Fitter:
    """Answers for one state of a diagram, each question worked out once."""

    def __init__(self, diagram: Contents, where: Where, read: Callable[[Kept], Contents] | None = None) -> None:
        self.diagram, self.where, self._read = diagram, where, read
        self._probe: Diagram | None = None
        self._known: dict[tuple[str, str], Fit] = {}
        self._kept: dict[Kept, Fit] = {}

    def fit(self, type_name: str, parameters: Mapping[str, RawValue]) -> Fit:
        """Whether a block of a type fits, with these parameters and the defaults of the others."""
        key = type_name, repr(sorted(parameters.items()))
        if key not in self._known:
            self._known[key] = self._fit(type_name, parameters)
        return self._known[key]

    def fit_kept(self, kept: Kept) -> Fit:
        """Whether a module fits that the diagram has not yet; one that cannot be read does not."""
        if kept not in self._kept:
            try:
                found = self._read(kept) if self._read is not None else None
                module = "" if found is None else next(block.type for _, block in found.main.blocks())
                where = replace(self.where, scope=MAIN)  # it cannot be what it would stand in
                self._kept[kept] = Fit(True) if found is None else Fitter(found, where).fit(module, {})
            except StudioError as error:
                self._kept[kept] = Fit(False, render(error.message))
        return self._kept[kept]

    def _fit(self, type_name: str, parameters: Mapping[str, RawValue]) -> Fit:
        sources, kind = self.where.sources, self.diagram.kind(type_name)
        variadic = self.diagram.is_variadic(type_name)
        inputs = self.diagram.input_ports(type_name)
        if self.where.scope != MAIN and kind is None:
            try:
                check_nesting(self.diagram, (self.where.scope, type_name))
            except StudioError:
                return _no(say("would contain itself"))
        if self.where.read and not self.diagram.output_ports(type_name):
            return _no(say("nothing comes out of it"))
        if not sources:
            return Fit(True)
        if not variadic and not inputs:
            return _no(say("takes no wire"))
        if not variadic and len(inputs) < len(sources):
            return _no(say("takes {inputs}, not {count}", inputs=len(inputs), count=len(sources)))
        known = [shape for shape in sources if shape is not None]
        if len(known) < len(sources) or (variadic and len(known) < 2) or (not variadic and len(inputs) > len(sources)):
            return Fit(True)
        if kind is None:
            return self._module(type_name, parameters, known)
        return _tried(kind, parameters, known)

    def _module(self, name: str, parameters: Mapping[str, RawValue], shapes: Sequence[Shape]) -> Fit:
        """A module is tried in a diagram of its own."""
        probe = self._probe = self._probe or modules_alone(self.diagram)
        try:
            with probe.history.gesture("Try"):
                block = probe.add(name, "block", parameters=dict(parameters))
                for index, (port, shape) in enumerate(zip(self.diagram.input_ports(name), shapes, strict=False)):
                    source = probe.add(INPUT, f"source{index}", parameters={"shape": list(shape)})
                    probe.connect(source, f"{block}:{port}")
        except StudioError as error:
            return Fit(False, render(error.message))
        found = analyze(probe)
        probe.undo()
        # Around it there is no network yet.
        own = (problem for problem in found.problems if problem.scope != MAIN or problem.block == block)
        errors = [problem for problem in own if problem.severity == "error"]
        outputs = self.diagram.output_ports(name)
        out = found.level("").shapes.get((block, outputs[0])) if outputs else None
        if errors:
            return Fit(False, render(errors[0].message))
        return Fit(True, shape_text(out) if out else "", out)


def _tried(kind: BlockType, parameters: Mapping[str, RawValue], shapes: Sequence[Shape]) -> Fit:
    try:
        values = {key: each.check(parameters.get(key, each.default)) for key, each in kind.parameters.items()}
        comes = kind.output(values, shapes)
    except StudioError as refusal:
        return Fit(False, render(refusal.message))
    return Fit(True, shape_text(comes), comes)


def _no(reason: Text) -> Fit:
    return Fit(False, render(reason))
