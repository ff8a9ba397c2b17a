"""From templates to a diagram."""

from __future__ import annotations

from typing import Any

from blockstudio.blocks import CATALOGUE, INPUT, Shape
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import MAIN, Diagram
from blockstudio.graph.edits import SetTexts
from blockstudio.graph.expand import literal
from blockstudio.graph.format import dumps, loads
from blockstudio.graph.names import check_module_name
from blockstudio.imports.templates import Block, Template


def draw(templates: list[Template], main: Template, name: str, about: dict[str, str], shape: Shape) -> Diagram:
    """The diagram of ``main``, with the definitions that it uses; ``shape`` is that of an image."""
    diagram = Diagram(name)
    SetTexts(about=about).apply(diagram)
    for template in templates:
        if template is not main:
            template.name = _free(template.name, diagram)
            diagram.module(template.name, template.declared)
    for template in templates:
        scope = MAIN if template is main else template.name
        for block in template.blocks:
            given = _parameters(block)
            if template is main and block.type == INPUT:
                given["shape"] = list(shape)
            diagram.add(
                block.type if isinstance(block.type, str) else block.type.name, block.name, scope=scope,
                repeat=block.repeat, bypass=block.bypass or False, **given,
            )  # fmt: skip
        for block in template.blocks:
            for (source, port), end in zip(block.sources, _ports(block), strict=True):
                diagram.connect(f"{source}:{port}", f"{block.name}:{end}", scope=scope)
    # A document that has just been opened: nothing to undo.
    return loads(dumps(diagram))


def _free(wanted: str, diagram: Diagram) -> str:
    """A module's name that is free: ``Bottleneck``, ``Bottleneck_2``."""
    count, name = 1, wanted
    while True:
        try:
            check_module_name(name, {*CATALOGUE, *diagram.modules})
            return name
        except StudioError:
            count += 1
            if count > 10_000:
                raise
            name = f"{wanted}_{count}"


def _parameters(block: Block) -> dict[str, Any]:
    """What differs from the defaults."""
    if isinstance(block.type, Template):
        defaults: dict[str, Any] = {key: parameter.default for key, parameter in block.type.declared.items()}
    else:
        declared = CATALOGUE[block.type].parameters
        defaults = {key: literal(parameter.check(parameter.default)) for key, parameter in declared.items()}
    return {key: value for key, value in block.raw.items() if value != defaults[key]}


def _ports(block: Block) -> list[str]:
    if isinstance(block.type, Template):
        return [inner.name for inner in block.type.blocks if inner.type == INPUT]
    kind = CATALOGUE[block.type]
    return [str(index) for index in range(len(block.sources))] if kind.variadic else list(kind.inputs)
