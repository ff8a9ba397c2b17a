"""What a script does with notes and frames."""

from __future__ import annotations

from collections.abc import Sequence

from blockstudio.checked import checked_methods
from blockstudio.graph.annotation_edits import free
from blockstudio.graph.annotations import Frame, Note
from blockstudio.graph.declaring import Declaring
from blockstudio.graph.definition import MAIN
from blockstudio.graph.edits import SetFrame, SetNote
from blockstudio.graph.free_names import legal
from blockstudio.text import say


@checked_methods
class Annotating(Declaring):
    """Contents with the edits of notes and frames."""

    def note(
        self,
        text: str,
        *,
        at: tuple[float, float] | None = None,
        width: float = 240.0,
        colour: str = "yellow",
        name: str | None = None,
        scope: str = MAIN,
    ) -> str:
        """Put a note on the drawing, or another in the place of one of that name.

        Args:
            text: Markdown.
            at: Its upper left corner (x, y) in pixels of the drawing at 100 %; ``None``: beside the drawing.
            width: In pixels, 80 to 2,000; it is as tall as the text.
            colour: ``grey``, ``yellow``, ``blue``, ``green``, ``red`` or ``violet``.
            name: How edits call it; made up where none is given.
            scope: ``""`` for the main graph, or a module's name.

        Returns:
            Its name.

        Raises:
            StudioError: ``annotation.*``, ``diagram.text``, ``diagram.position``, ``parameter.limit``.

        Example:
            >>> d.note("**Stem**: quarters the *map*.", at=(300, 0))
            'note'
            >>> d.main.notes["note"].at
            (300.0, 0.0)
        """
        name = free("note", self.definition(scope).notes) if name is None else name
        made = Note(text=text, at=at, width=width, colour=colour)  # type: ignore[arg-type]
        self.history.do(SetNote(scope=scope, name=name, note=made), say("Note"))
        return name

    def remove_note(self, name: str, *, scope: str = MAIN) -> None:
        """Take a note away.

        Args:
            name: The note.
            scope: ``""`` for the main graph, or a module's name.

        Raises:
            StudioError: ``note.missing``.

        Example:
            >>> d.remove_note(d.note("later"))
            >>> len(d.main.notes)
            0
        """
        self.history.do(SetNote(scope=scope, name=name, note=None), say("Delete {name}", name=name))

    def frame(
        self,
        title: str,
        blocks: Sequence[str],
        *,
        colour: str = "grey",
        name: str | None = None,
        scope: str = MAIN,
    ) -> str:
        """Put a titled frame around blocks, or another in the place of one of that name. It is drawn where they are.

        Args:
            title: Stands at its upper edge.
            blocks: Names of blocks, one at least.
            colour: As in `note`.
            name: How edits call it; made from the title where none is given.
            scope: ``""`` for the main graph, or a module's name.

        Returns:
            Its name.

        Raises:
            StudioError: ``annotation.*``, ``frame.blocks``, ``diagram.block``.

        Example:
            >>> d.frame("Stem", ["conv1", "relu1"], colour="blue")
            'stem'
            >>> d.remove("conv1")
            >>> d.main.frames["stem"].blocks
            ('relu1',)
        """
        name = free(legal(title or "frame"), self.definition(scope).frames) if name is None else name
        made = Frame(title=title, blocks=tuple(blocks), colour=colour)  # type: ignore[arg-type]
        self.history.do(SetFrame(scope=scope, name=name, frame=made), say("Frame {title}", title=title))
        return name

    def remove_frame(self, name: str, *, scope: str = MAIN) -> None:
        """Take a frame away; its blocks stay.

        Args:
            name: The frame.
            scope: ``""`` for the main graph, or a module's name.

        Raises:
            StudioError: ``frame.missing``.

        Example:
            >>> d.remove_frame(d.frame("Stem", ["conv1"]))
            >>> len(d.main)
            4
        """
        self.history.do(SetFrame(scope=scope, name=name, frame=None), say("Delete {name}", name=name))
