"""A training under way in the window while a hand is at the drawing."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

FIELDS: dict[str, Any] = {
    "data.source": "digits", "batch_size": 8, "threads": 1, "steps": 1_000_000, "augmentation.pad_crop": 0,
}  # fmt: skip
PATIENCE = 180.0
"""Seconds until a training that does not begin, or end, is a fault."""


class Training:
    """A run that the window starts and follows: of the drawing itself, or of a small network in another tab. Its acts
    are random: paused, gone on with, measured, looked at, stopped and begun anew."""

    def __init__(self, window: Any, app: Any, dice: random.Random) -> None:
        self.window, self.app, self.dice = window, app, dice
        self.trainer = window.features.training.trainer
        self.acts: tuple[Callable[[], object], ...] = (self.pause_or_go_on, self.watch, self.look, self.again)
        self.own = True
        """It is the drawing that is trained."""

    def begin(self, own: bool) -> bool:
        """Train the drawing, or a tiny network where that is not its ``own``, until it takes steps; whether it does."""
        from blockstudio.gui.document.document import Document
        from tests.support.tiny import tiny_network

        documents, home = self.window.documents, self.window.documents.current
        self.own = own
        if not own:
            documents.add(Document(tiny_network()))
        self.trainer.set_fields(FIELDS)
        self.window.commands.run("run.train")
        begun = self._until(lambda: self.trainer.data is not None and self.trainer.data.steps.size > 0)
        documents.turn_to(documents.list.index(home))
        return begun

    @property
    def active(self) -> bool:
        """Whether a run is trained now."""
        return self.trainer.data is not None and self.trainer.data.active

    @property
    def failure(self) -> str:
        """What the run in view died of."""
        data = self.trainer.data
        return "" if data is None or data.status != "failed" else f"the run failed: {data.state}"

    def pause_or_go_on(self) -> None:
        self.window.commands.run("run.pause" if self.dice.random() < 0.5 else "run.resume")

    def watch(self) -> None:
        """Colour the cards by something, what is measured of the blocks included."""
        declared = self.window.commands.declared["view.colour"]
        offered = [choice for choice in declared.choices(self.window.desk) if choice.enabled]
        self.window.commands.run("view.colour", self.dice.choice(offered).value)

    def look(self) -> None:
        self.window.desk.show_page(self.dice.choice(("run", "recipe", "run", "problems")))

    def again(self) -> None:
        """Train the drawing as it is, where the run of an earlier one is over: a drawing that cannot be trained is
        refused in a sentence. A run of the drawing is stopped for that now and then."""
        if self.active and self.own and self.dice.random() < 0.3:
            self.window.commands.run("run.stop")
        self.window.commands.run("run.train")

    def end(self) -> bool:
        """Stop it; whether it came to its end."""
        self.window.commands.run("run.stop")
        return self._until(lambda: not self.trainer.starting and not self.active)

    def _until(self, done: Callable[[], object]) -> bool:
        """Let the window work until that is so, or `PATIENCE` is over."""
        from PySide6.QtCore import QEventLoop, QTimer

        loop, look, end = QEventLoop(), QTimer(), QTimer()
        look.timeout.connect(lambda: loop.quit() if done() else None)
        end.timeout.connect(loop.quit)
        look.start(20)
        end.start(int(PATIENCE * 1000))
        if not done():
            loop.exec()
        return bool(done())
