"""What a script does with module definitions and declared parameters."""

from __future__ import annotations

from collections.abc import Mapping

from blockstudio.blocks import Parameter, RawValue
from blockstudio.checked import checked_methods
from blockstudio.errors import StudioError, shown
from blockstudio.graph.contents import Contents
from blockstudio.graph.definition import MAIN, inferred
from blockstudio.graph.edits import AddModule, RemoveModule, RenameModule, SetDeclarations
from blockstudio.graph.history import History
from blockstudio.text import say


@checked_methods
class Declaring(Contents):
    """Contents with the edits of definitions; `blockstudio.graph.diagram.Diagram` adds those of blocks and wires."""

    history: History

    def module(self, name: str, parameters: Mapping[str, Parameter | RawValue] | None = None) -> str:
        """Add an empty module definition.

        Args:
            name: Its name, which is also that of its class in emitted source.
            parameters: Its parameters: declarations, or defaults, which give the kind.

        Returns:
            Its scope, to draw inside it.

        Raises:
            StudioError: ``diagram.name``, ``diagram.taken``, ``parameter.*``.

        Example:
            >>> scope = d.module("Branch", {"width": 16})
            >>> d.add("Conv2d", scope=scope, out_channels="width")
            'conv2d'
        """

        declared = {
            key: value if isinstance(value, Parameter) else inferred(value) for key, value in (parameters or {}).items()
        }
        self.history.do(AddModule(name=name, parameters=declared))
        return name

    def rename_module(self, name: str, to: str) -> None:
        """Give a module another name; its instances follow.

        Args:
            name: The module.
            to: A name that is free.

        Raises:
            StudioError: ``diagram.module``, ``diagram.name``, ``diagram.taken``.

        Example:
            >>> d.rename_module(d.module("Branch"), "Stem")
            >>> list(d.modules)
            ['Stem']
        """
        self.history.do(RenameModule(name=name, to=to), say("Rename {name}", name=name))

    def remove_module(self, name: str) -> None:
        """Remove a module that has no instances.

        Args:
            name: The module.

        Raises:
            StudioError: ``diagram.module``, ``diagram.used`` naming an instance that is left.

        Example:
            >>> d.remove_module(d.module("Branch"))
            >>> list(d.modules)
            []
        """
        self.history.do(RemoveModule(name=name), say("Delete {name}", name=name))

    def declare(self, name: str, default: Parameter | RawValue, *, scope: str = MAIN) -> None:
        """Declare a parameter of the diagram or a module, or change its declaration.

        Args:
            name: Its name, for expressions and as an argument of the emitted class.
            default: Its value; a bare one gives the kind, a `Parameter` says kind, limits and help.
            scope: ``""`` for the main graph, or a module's name.

        Raises:
            StudioError: ``diagram.module``, ``diagram.name``, ``parameter.*``.

        Example:
            >>> d.declare("width", 16)
            >>> d.set("conv1", out_channels="2 * width")
            >>> analyze(d).blocks["conv1"].output_shape[0]
            32
        """
        declared = default if isinstance(default, Parameter) else inferred(default)
        parameters = {**self.definition(scope).parameters, name: declared}
        self.history.do(SetDeclarations(scope=scope, parameters=parameters), say("Declare {name}", name=name))

    def undeclare(self, name: str, *, scope: str = MAIN) -> None:
        """Remove a declared parameter. Expressions that use it stay; analysis reports them.

        Args:
            name: The parameter.
            scope: ``""`` for the main graph, or a module's name.

        Raises:
            StudioError: ``parameter.unknown``, or ``diagram.used`` while an instance sets it.

        Example:
            >>> d.declare("width", 16)
            >>> d.undeclare("width")
            >>> list(d.parameters)
            []
        """
        parameters = dict(self.definition(scope).parameters)
        if name not in parameters:
            raise StudioError(
                "parameter.unknown", say("there is no parameter '{name}'.", name=shown(name)), where=scope
            )
        del parameters[name]
        self.history.do(SetDeclarations(scope=scope, parameters=parameters), say("Remove {name}", name=name))
