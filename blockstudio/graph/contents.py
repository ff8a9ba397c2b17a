"""What a diagram holds, and what can be read off it. Edits and their checks stand on this; history and scripting,
which stand on edits, are `blockstudio.graph.diagram`'s."""

from __future__ import annotations

from collections.abc import Mapping

import networkx as nx

from blockstudio.blocks import CATALOGUE, INPUT, OUTPUT, BlockType, Parameter, absent_type
from blockstudio.errors import StudioError, shown
from blockstudio.graph.definition import MAIN, Definition
from blockstudio.graph.names import suggestion
from blockstudio.text import say


class Contents:
    """Main graph, module definitions, parameters and texts. ``scope`` is ``""`` for the main graph or a module's
    name. Only edits change them."""

    def __init__(self, name: str = "untitled", description: str = "") -> None:
        self.name = name
        self.about: Mapping[str, str] = {}
        """Free facts about the network: ``paper``, ``year``, ``family``, ``published``..."""
        self.main = Definition(description=description)
        self.modules: Mapping[str, Definition] = {}
        self.room_for_blocks = self.room_for_wires = 0
        """So many can come before the largest size has to be looked at: to count all of thousands for each is dear."""

    @property
    def description(self) -> str:
        return self.main.description

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """Declared diagram parameters; their defaults are their current values."""
        return self.main.parameters

    @property
    def graph(self) -> nx.MultiDiGraph:
        """The main graph."""
        return self.main.graph

    def definition(self, scope: str = MAIN) -> Definition:
        """The main graph or a module.

        Args:
            scope: ``""`` for the main graph, or a module's name.

        Returns:
            Its graph, parameters and texts; to be read only.

        Raises:
            StudioError: ``diagram.module``.

        Example:
            >>> d.definition() is d.main
            True
        """
        if scope == MAIN:
            return self.main
        try:
            return self.modules[scope]
        except (KeyError, TypeError):
            raise StudioError(
                "diagram.module", say("there is no module '{scope}'.", scope=shown(scope)), where=shown(scope)
            ) from None

    def scopes(self) -> list[str]:
        """The main scope and every module's.

        Returns:
            ``""`` and the names of the modules.

        Example:
            >>> d.scopes()
            ['']
        """
        return [MAIN, *self.modules]

    def kind(self, type_name: str) -> BlockType | None:
        """The block type of a name. A module stands before a type that another package brings.

        Args:
            type_name: What stands as the type of a block.

        Returns:
            The type, which may be one that is not `installed`; ``None`` for a module, or for a name that means nothing
                here.

        Example:
            >>> d.kind("Conv2d").weighted
            True
        """
        try:
            found = CATALOGUE.get(type_name)
        except TypeError:
            raise StudioError(
                "diagram.type", say("'{name}' is no name of a block type.", name=shown(type_name))
            ) from None
        if found is not None and not found.package:
            return found
        if type_name in self.modules:
            return None
        return found if found is not None else self._absent(type_name)

    def _absent(self, type_name: str) -> BlockType | None:
        """The type as the blocks that are of it tell it."""
        for definition in (self.main, *self.modules.values()):
            for name in definition.of_type(type_name) if definition.has_foreign else ():
                origin = definition.block(name).origin
                if origin is not None:
                    return absent_type(type_name, origin)
        return None

    def declared(self, type_name: str) -> Mapping[str, Parameter]:
        """The parameters of a block type or module.

        Args:
            type_name: A block type or a module of this diagram.

        Returns:
            Declarations by name.

        Raises:
            StudioError: ``diagram.type``.

        Example:
            >>> d.declared("Dropout")["p"].maximum
            1.0
        """
        kind = self.kind(type_name)
        if kind is not None:
            return kind.parameters
        if type_name in self.modules:
            return self.modules[type_name].parameters
        raise StudioError(
            "diagram.type",
            say("'{type_name}' is neither a block type nor a module of this diagram.", type_name=shown(type_name)),
            hint=suggestion(type_name, [*CATALOGUE, *self.modules]),
        )

    def input_ports(self, type_name: str) -> tuple[str, ...]:
        """Input ports of a block type or module.

        Args:
            type_name: A block type or a module of this diagram.

        Returns:
            Their names; ``()`` for one that takes any number.

        Raises:
            StudioError: ``diagram.module``.

        Example:
            >>> d.input_ports("Conv2d")
            ('in',)
        """
        kind = self.kind(type_name)
        return kind.inputs if kind is not None else tuple(self.definition(type_name).of_type(INPUT))

    def output_ports(self, type_name: str) -> tuple[str, ...]:
        """Output ports of a block type or module.

        Args:
            type_name: A block type or a module of this diagram.

        Returns:
            Their names.

        Raises:
            StudioError: ``diagram.module``.

        Example:
            >>> d.output_ports("Output")
            ()
        """
        kind = self.kind(type_name)
        return kind.outputs if kind is not None else tuple(self.definition(type_name).of_type(OUTPUT))

    def is_variadic(self, type_name: str) -> bool:
        """Whether it takes any number of inputs, on ports ``"0"``, ``"1"``, ...

        Args:
            type_name: A block type or a module of this diagram.

        Returns:
            ``False`` for modules.

        Example:
            >>> d.is_variadic("Concat")
            True
        """
        kind = self.kind(type_name)
        return kind is not None and kind.variadic
