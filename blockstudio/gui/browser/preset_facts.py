"""What the browser shows of a preset beyond its texts, worked out away from the GUI thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from PySide6.QtCore import QObject, Signal

from blockstudio.analysis import Analysis, analyze
from blockstudio.blocks import INPUT, RawValue, Shape
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.presets import load_preset
from blockstudio.gui.work.worker import Work

KEPT = 100
"""So many networks are kept read."""


@dataclass(frozen=True)
class PresetNumbers:
    """A preset's totals."""

    parameters: int
    macs: int
    depth: int
    input_shape: Shape | None
    problems: int


class Reading(NamedTuple):
    """A preset with certain values of its parameters, read and analysed. Nobody changes it."""

    diagram: Diagram
    analysis: Analysis
    figures: PresetNumbers


def read(preset: str, values: Mapping[str, RawValue] | None = None) -> Reading:
    """Read and analyse one preset. Raises `StudioError`."""
    diagram = load_preset(preset, **(values or {}))
    analysis = analyze(diagram)
    inputs = diagram.main.of_type(INPUT)
    report = analysis.blocks.get(inputs[0]) if inputs else None
    shape = report.output_shape if report is not None else None
    figures = PresetNumbers(analysis.parameters, analysis.macs, analysis.depth, shape, len(analysis.problems))
    return Reading(diagram, analysis, figures)


class FactsStore(QObject):
    """PresetNumbers of all presets, one after another, so that the worker never holds the interpreter for long; and
    whole readings as they are asked for."""

    arrived = Signal(str)
    """PresetNumbers of a preset are known."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.figures: dict[str, PresetNumbers] = {}
        self._filling = Work(self)
        self._reading = Work(self)
        self._kept: dict[object, Reading] = {}
        self._next: Callable[[], None] | None = None
        self._left: Iterator[str] = iter(())
        self._paused = False

    @property
    def busy(self) -> bool:
        return self._filling.busy or self._reading.busy

    def fill(self, presets: Iterable[str]) -> None:
        """Work out the figures of these presets, in this order."""
        self._left = iter(presets)
        self._fill_next()

    def pause(self) -> None:
        """Begin with no further figures: the interpreter is wanted elsewhere."""
        self._paused = True

    def resume(self) -> None:
        """Go on where `pause` stopped."""
        if self._paused:
            self._paused = False
            self._fill_next()

    def _fill_next(self) -> None:
        if self._paused or self._filling.busy:
            return
        preset = next((name for name in self._left if name not in self.figures), None)
        if preset is None:
            return

        def done(found: PresetNumbers) -> None:
            self._learn(preset, found)
            self._fill_next()

        # What cannot be read stays without figures: choosing it says why.
        self._filling.run(lambda: read(preset).figures, done, lambda _: self._fill_next())

    def _learn(self, preset: str, found: PresetNumbers) -> None:
        if preset not in self.figures:
            self.figures[preset] = found
            self.arrived.emit(preset)

    def ask(
        self,
        preset: str,
        values: Mapping[str, RawValue],
        then: Callable[[Reading], None],
        failed: Callable[[StudioError | OSError], None],
    ) -> None:
        """Get a preset read, at once if it has been. Of questions asked while one is being answered only the last
        is answered: arrow keys pass many networks by."""
        key = (preset, repr(sorted(values.items())))
        self._next = None
        known = self._kept.get(key)
        if known is not None:
            then(known)
        elif self._reading.busy:
            self._next = lambda: self.ask(preset, values, then, failed)
        else:
            self._reading.run(
                lambda: read(preset, values), lambda found: self._answer(key, found, then), self._wrong(failed)
            )

    def _answer(self, key: tuple[str, str], found: Reading, then: Callable[[Reading], None]) -> None:
        if len(self._kept) >= KEPT:
            self._kept.clear()
        self._kept[key] = found
        if self._next is None:
            then(found)
        else:
            self._next()

    def _wrong(self, failed: Callable[[StudioError | OSError], None]) -> Callable[[StudioError | OSError], None]:
        def tell(error: StudioError | OSError) -> None:
            if self._next is None:
                failed(error)
            else:
                self._next()

        return tell

    def stop(self) -> None:
        """Nobody waits for answers any more."""
        self._next = None
        self._filling.cancel()
        self._reading.cancel()
