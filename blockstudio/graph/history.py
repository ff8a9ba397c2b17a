"""Undo and redo. One gesture is one step, however many edits it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blockstudio.graph.diagram import Diagram
    from blockstudio.graph.edits import Edit


@dataclass(frozen=True, slots=True)
class Step:
    """What one gesture did, with how to take it back."""

    label: str
    edits: tuple[Edit, ...]
    inverses: tuple[Edit, ...]
    """In the order in which they take the edits back."""


class History:
    """The one way a diagram changes. Listeners are called once a step with the edits that were applied,
    whether done, undone or redone; a gesture that fails midway is rolled back and announces nothing."""

    def __init__(self, diagram: Diagram) -> None:
        self._diagram = diagram
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self._open: list[tuple[Edit, Edit]] | None = None
        self.listeners: list[Callable[[tuple[Edit, ...]], None]] = []

    @property
    def undo_label(self) -> str | None:
        return self._done[-1].label if self._done else None

    @property
    def redo_label(self) -> str | None:
        return self._undone[-1].label if self._undone else None

    @property
    def position(self) -> Step | None:
        """The last step done; equal steps by identity mean an unchanged document."""
        return self._done[-1] if self._done else None

    def do(self, edit: Edit, label: str = "") -> None:
        """Apply one edit: a step of its own, or a part of the open gesture."""
        if self._open is None:
            with self.gesture(label or type(edit).__name__):
                self.do(edit)
            return
        inverse = edit.apply(self._diagram)
        self._open.append((edit, inverse))

    @contextmanager
    def gesture(self, label: str) -> Iterator[None]:
        """Group edits into one step. Nested gestures join the outer one. An error takes all of it back."""
        if self._open is not None:
            yield
            return
        self._open = []
        try:
            yield
        except BaseException:
            pairs, self._open = self._open, None
            for _, inverse in reversed(pairs):
                inverse.apply(self._diagram)
            raise
        pairs, self._open = self._open, None
        if pairs:
            edits = tuple(edit for edit, _ in pairs)
            self._done.append(Step(label, edits, tuple(inverse for _, inverse in reversed(pairs))))
            self._undone.clear()
            self._announce(edits)

    def undo(self) -> str | None:
        if not self._done:
            return None
        step = self._done.pop()
        for edit in step.inverses:
            edit.apply(self._diagram)
        self._undone.append(step)
        self._announce(step.inverses)
        return step.label

    def redo(self) -> str | None:
        if not self._undone:
            return None
        step = self._undone.pop()
        for edit in step.edits:
            edit.apply(self._diagram)
        self._done.append(step)
        self._announce(step.edits)
        return step.label

    def clear(self) -> None:
        """Forget all steps (after loading a file)."""
        self._done.clear()
        self._undone.clear()

    def _announce(self, edits: tuple[Edit, ...]) -> None:
        for listener in list(self.listeners):
            listener(edits)
