"""The network of the watched run beside the one that is drawn: whether they are the same, and what differs."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QObject, Signal

from blockstudio.analysis import Analysis, analyze
from blockstudio.blocks import INPUT, shape_text
from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.edits import Edit, SetDefault, SetParameter
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.lens import Lens
from blockstudio.gui.document.structure import structure
from blockstudio.gui.kit.text import phrase
from blockstudio.gui.work.worker import Work
from blockstudio.runs import Run
from blockstudio.runs.watching import BlockHistory


class Ends(NamedTuple):
    """What goes into a network and comes out of it, in words."""

    input: str
    output: str


class Trained(QObject):
    """Follows the watched run and the document in view."""

    changed = Signal()
    """Another run, another document, or one of them is known now."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk, self._session = desk, desk.session
        self._work = Work(self)
        self._run: Run | None = None
        self.diagram: Diagram | None = None
        """The network as the run trains it, once it has been read."""
        self.analysis: Analysis | None = None
        self._compared: tuple[Analysis, Diagram] | None = None
        """The states of document and run that `_fits` and `_edits` are about."""
        self._fits, self._edits = False, tuple[Edit, ...]()
        self._shown = False
        self._declined: set[object] = set()
        """Runs whose view was left for the drawing."""
        desk.watched.changed.connect(self._on_run)
        self._session.opened.connect(self._on_document)
        self._session.edited.connect(self._on_edited)

    # What is known

    @property
    def fits(self) -> bool:
        """Whether the drawing in view is the network of the run: the same blocks of the same types, wired alike."""
        self._compare()
        return self._fits

    @property
    def blocks(self) -> BlockHistory | None:
        """What was measured of the drawing's blocks, if the run trains it and measures them."""
        found = self._desk.watched.blocks
        return found if found is not None and self.fits else None

    @property
    def differs(self) -> bool:
        """Whether the run trains the drawing with other sizes than it is drawn for."""
        return bool(self.edits())

    @property
    def is_shown(self) -> bool:
        """Whether the drawing shows the network as the run trains it."""
        return self._session.lens is not None

    def edits(self) -> tuple[Edit, ...]:
        """What would make the drawing the trained network: its parameters' defaults and those of its blocks."""
        self._compare()
        return self._edits

    def _compare(self) -> None:
        """Look at the two networks, once for each state of the document: an edit brings another analysis."""
        if self.diagram is None:
            self._compared, self._fits, self._edits = None, False, ()
            return
        state = self._session.analysis, self.diagram
        if self._compared is not None and self._compared[0] is state[0] and self._compared[1] is state[1]:
            return
        self._compared = state
        self._fits = structure(self._session.diagram) == structure(self.diagram)
        self._edits = self._differences(self.diagram) if self._fits else ()

    def _differences(self, trained: Diagram) -> tuple[Edit, ...]:
        drawn = self._session.diagram
        found: list[Edit] = []
        for key, declared in trained.main.parameters.items():
            own_declared = drawn.main.parameters.get(key)
            if own_declared is not None and own_declared.default != declared.default:
                found.append(SetDefault(key=key, value=declared.default))
        for name, block in trained.main.blocks():
            own = drawn.main.block(name).parameters
            for parameter, value in block.parameters.items():
                if own.get(parameter) != value:
                    found.append(SetParameter(name=name, key=parameter, value=value))
        return tuple(found)

    def ends(self) -> tuple[Ends, Ends] | None:
        """Of the trained network, and of the one that is drawn."""
        if self.analysis is None:
            return None
        return _ends(self.analysis), _ends(self._session.analysis)

    # What can be done

    def show(self, on: bool) -> None:
        """Look at the drawing with the shapes that are trained, or as it is drawn."""
        on = on and self.fits and self.analysis is not None and self.diagram is not None
        if self._run is not None:
            (self._declined.discard if on else self._declined.add)(self._run.directory)
        self._turn(on)

    def _turn(self, on: bool) -> None:
        lens = None
        if on and self.diagram is not None and self.analysis is not None:
            lens = Lens(self.diagram, self.analysis)
        self._session.lens, self._shown = lens, lens is not None
        self.changed.emit()

    def apply(self) -> None:
        """Make the drawing the trained network, as one step that can be undone."""
        found = self.edits()
        self._turn(False)
        if found:
            self._session.do(phrase("As trained"), *found)
        self.changed.emit()

    # Following

    def _on_run(self) -> None:
        run = self._desk.watched.run
        if run is not None and self._run is not None and run.directory == self._run.directory:
            return
        self._run = run
        self.diagram = self.analysis = None
        self._turn(False)
        if run is not None:
            self._work.run(lambda: _read(run), lambda found: self._on_read(run, found), lambda _: None)

    def _on_read(self, run: Run, found: tuple[Diagram, Analysis]) -> None:
        if run is self._run:
            self.diagram, self.analysis = found
            self._on_document()

    def _on_document(self) -> None:
        wanted = self._run is not None and self._run.directory not in self._declined
        self._turn(wanted and self.differs)

    def _on_edited(self, *_: object) -> None:
        """The drawing shows what is edited, not what was trained."""
        if self._shown and self._run is not None:
            self._declined.add(self._run.directory)
        self._turn(False)

    def stop(self) -> None:
        """The window closes."""
        self._work.cancel()


def _read(run: Run) -> tuple[Diagram, Analysis]:
    diagram = run.diagram()
    try:
        return diagram, analyze(diagram)
    except StudioError as error:  # A run's diagram was analysed when the run was made.
        raise error.at(str(run.directory)) from None


def _ends(analysis: Analysis) -> Ends:
    reports = list(analysis.top.blocks.values())
    shape = next((report.output_shape for report in reports if report.type == INPUT), None)
    result = analysis.output_shape
    return Ends(shape_text(shape) if shape else "?", shape_text(result) if result else "?")
