"""A definition on its way into a diagram."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from blockstudio.blocks import Parameter
from blockstudio.imports.nodes import ModuleLevel

Source: TypeAlias = tuple[str, str]
"""Block and output port."""


@dataclass(eq=False, slots=True)
class Block:
    """A block of a template."""

    name: str
    type: str | Template
    raw: dict[str, Any] = field(default_factory=dict)
    """Parameters as a document writes them."""
    sources: list[Source] = field(default_factory=list)
    repeat: Any = None
    bypass: str = ""


@dataclass(eq=False, slots=True)
class Template:
    """A definition."""

    name: str
    blocks: list[Block] = field(default_factory=list)
    declared: dict[str, Parameter] = field(default_factory=dict)
    given: dict[ModuleLevel, dict[str, Any]] = field(default_factory=dict)
    """For each use what its parameters are."""
