"""Undo and redo. One gesture is one step, however many edits it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import msgspec

from blockstudio.errors import StudioError
from blockstudio.graph.contents import Contents
from blockstudio.graph.edits import Edit
from blockstudio.text import plain, say

Listener = Callable[[tuple[Edit, ...]], None]


@dataclass(frozen=True, slots=True)
class Step:
    """What one gesture did, with how to take it back."""

    label: str
    edits: tuple[Edit, ...]
    inverses: tuple[Edit, ...]
    """In the order in which they take the edits back."""


_encode = msgspec.json.Encoder(enc_hook=plain).encode


class History:
    """The one way a diagram changes. Listeners are called once a step with the edits that were applied,
    whether done, undone or redone; a gesture that fails midway is rolled back and announces nothing.

    A listener may edit: what it does is a step of its own, announced when all listeners have heard of the first.
    If one raises, the others are still called, the diagram stays as it is, and the error goes on.
    """

    def __init__(self, diagram: Contents) -> None:
        self._diagram = diagram
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self._open: list[tuple[Edit, Edit]] | None = None
        self._news: list[tuple[Edit, ...]] = []
        self._announcing = False
        self.listeners: list[Listener] = []
        self.revision = 0
        """Counts the steps that were done, undone or redone: an unchanged number is an unchanged diagram."""

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

    def labels(self) -> tuple[list[str], int]:
        """What the steps are called, those taken back at the end, and how many are done."""
        return [step.label for step in (*self._done, *reversed(self._undone))], len(self._done)

    def go_to(self, count: int) -> int:
        """Undo or redo until so many steps are done, as far as there are any; how many were gone."""
        gone = 0
        while (len(self._done) > count and self.undo() is not None) or (
            len(self._done) < count and self.redo() is not None
        ):
            gone += 1
        return gone

    def place_of(self, position: object) -> int | None:
        """How many steps are done where a `position` was; ``None`` if that is no longer among the steps."""
        steps = (*self._done, *reversed(self._undone))
        if position is None:
            return 0
        return next((place + 1 for place, step in enumerate(steps) if step is position), None)

    def do(self, edit: Edit, label: str = "") -> None:
        """Apply one edit: a step of its own, or a part of the open gesture. An edit that finds everything as it
        wants it leaves no step."""
        if self._open is None:
            with self.gesture(label or type(edit).__name__):
                self.do(edit)
            return
        inverse = edit.apply(self._diagram)
        if not _same(edit, inverse):
            self._open.append((edit, inverse))

    @contextmanager
    def gesture(self, label: str) -> Iterator[None]:
        """Group edits into one step. A nested gesture joins the outer one. An error takes back all that the
        gesture did (of a nested one, only its own part) and goes on."""
        outer = self._open is None
        pairs = [] if self._open is None else self._open
        self._open = pairs
        start = len(pairs)
        try:
            yield
        except BaseException:
            for _, inverse in reversed(pairs[start:]):
                inverse.apply(self._diagram)
            del pairs[start:]
            raise
        finally:
            if outer:
                self._open = None
        if outer and pairs:
            edits = tuple(edit for edit, _ in pairs)
            self._done.append(Step(label, edits, tuple(inverse for _, inverse in reversed(pairs))))
            self._undone.clear()
            self._announce(edits)

    def undo(self) -> str | None:
        """Take back the last step; its label, or ``None`` if there is none."""
        return self._shift(self._done, self._undone, undo=True)

    def redo(self) -> str | None:
        """Do the step last taken back again; its label, or ``None`` if there is none."""
        return self._shift(self._undone, self._done, undo=False)

    def clear(self) -> None:
        """Forget all steps (after loading a file)."""
        self._done.clear()
        self._undone.clear()

    def _shift(self, source: list[Step], target: list[Step], *, undo: bool) -> str | None:
        if self._open is not None:
            raise StudioError("history.open", say("a change is still under way."), hint=say("Finish it, then undo."))
        if not source:
            return None
        step = source[-1]
        edits = step.inverses if undo else step.edits
        self._apply(edits)
        target.append(source.pop())
        self._announce(edits)
        return step.label

    def _apply(self, edits: Sequence[Edit]) -> None:
        """All of them or, if one raises, none."""
        inverses: list[Edit] = []
        try:
            for edit in edits:
                inverses.append(edit.apply(self._diagram))
        except BaseException:
            for inverse in reversed(inverses):
                inverse.apply(self._diagram)
            raise

    def _announce(self, edits: tuple[Edit, ...]) -> None:
        self.revision += 1
        self._news.append(edits)
        if not self._announcing:
            self._announcing = True
            try:
                self._deliver()
            finally:
                self._announcing = False

    def _deliver(self) -> None:
        # The stack calls every one of them, whatever the ones before it raise, and raises that at the end.
        with ExitStack() as stack:
            stack.callback(self._deliver_rest)
            news = self._news.pop(0)
            for listener in reversed(self.listeners):
                stack.callback(listener, news)

    def _deliver_rest(self) -> None:
        if self._news:
            self._deliver()


def _same(edit: Edit, inverse: Edit) -> bool:
    """Whether the edit changed nothing. Equality alone would take 1 for 1.0 or true."""
    return edit == inverse and _encode(edit) == _encode(inverse)
