"""One open document: the diagram, what is known of it, where in it the user stands and what is selected.

Every view (canvas, inspector, panels) reads the session and changes the diagram through it; none owns state of
the document. Signals are the only way in which one view learns of another's doings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from blockstudio.analysis import Analysis, Analyzer, Fix, Level, Problem
from blockstudio.analysis.hints import Hint
from blockstudio.errors import StudioError
from blockstudio.graph import format as files
from blockstudio.graph.annotations import Annotation
from blockstudio.graph.diagram import MAIN, Definition, Diagram, Wire
from blockstudio.graph.edits import Edit, RenameBlock, RenameModule
from blockstudio.graph.operations import noting, removing, switching
from blockstudio.graph.operations.base import Added
from blockstudio.graph.operations.fragments import fragment
from blockstudio.graph.operations.pasting import duplicate, led_through, paste
from blockstudio.graph.operations.torch_text import Reading
from blockstudio.gui.document import clipboard
from blockstudio.gui.document.document import DEFINITION, Crumb, Document
from blockstudio.gui.document.fixes import FixFinder
from blockstudio.gui.document.initial_weights import InitialWeights
from blockstudio.gui.document.looks import Looks
from blockstudio.gui.document.next_recipe import NextRecipe
from blockstudio.gui.kit.text import phrase, tr
from blockstudio.text import render, say_many

MOST_UNREAD = 5
"""Lines of pasted text that are named when they are not understood; of more their number."""
Place = tuple[float, float]


class Session(Looks):
    """One open document. See the module's text; ``path`` is the level in view (``""`` or ``"layer2.0"``),
    ``scope`` the definition it shows, ``selection`` names of blocks on that level, in order of selection."""

    edited = Signal(object)
    """Edits of one step, done, undone or redone; the analysis is already up to date."""
    leaving = Signal(object)
    """Another `Document` comes; the one in view is still there, to take what was about to be written into it."""
    opened = Signal()
    """Another diagram took the place of the old."""
    path_changed = Signal()
    selection_changed = Signal()
    saved = Signal()
    """The document is on disk, or `dirty` changed for another reason than an edit."""
    hinted_changed = Signal()
    message = Signal(str)
    """A note for the status bar."""
    refused = Signal(str)
    """Why an edit was not done, in one sentence."""

    def __init__(self, diagram: Diagram | None = None, file: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.sizes: Callable[[], dict[str, tuple[float, float]]] | None = None
        """Sizes of the blocks on the level in view, for the layout; the canvas sets it."""
        self.answer: Callable[[tuple[Edit, ...], Place | None, Iterable[str]], tuple[Edit, ...]] | None = None
        """The drawing's answer to edits (`blockstudio.layout.answering`); the canvas sets it."""
        self.hints: tuple[Hint, ...] = ()
        self.hinted: dict[str, frozenset[str]] = {}
        """Blocks of each definition that a design hint stands on."""
        self.fix_finder = FixFinder(self)
        self.document = Document(diagram or Diagram(), file)
        self._follow_diagram()
        self.initial_weights = InitialWeights(self, lambda: self.document)
        self.edited.connect(self.initial_weights.follow)
        self.opened.connect(self.initial_weights.show)
        self.initial_weights.message.connect(self.message)
        self.initial_weights.refused.connect(self.refused)
        self.recipe = NextRecipe(self, self.initial_weights)

    # The document

    def _follow_diagram(self) -> None:
        self.diagram.history.listeners.append(self._on_edits)

    def close(self) -> None:
        """Let go of the diagram: later changes to it are no longer followed."""
        listeners = self.diagram.history.listeners
        if self._on_edits in listeners:
            listeners.remove(self._on_edits)
        self.fix_finder.forget()

    def open(self, diagram: Diagram, file: Path | None = None) -> None:
        """Show another diagram. Asks nothing: unsaved changes are the caller's care."""
        self.show(Document(diagram, file))

    def show(self, document: Document) -> None:
        """Show a document, new or open already, where the user stood in it last."""
        self.leaving.emit(document)
        self.close()
        self.document = document
        self._follow_diagram()
        self._lens, self._lit = None, ()
        self.opened.emit()

    @property
    def diagram(self) -> Diagram:
        return self.document.diagram

    @property
    def file(self) -> Path | None:
        return self.document.file

    @property
    def analyzer(self) -> Analyzer:
        return self.document.analyzer

    @property
    def crumbs(self) -> tuple[Crumb, ...]:
        return self.document.crumbs

    @property
    def selection(self) -> tuple[str, ...]:
        return self.document.selection

    @property
    def noted(self) -> tuple[Annotation, ...]:
        """The notes and frames of the level that are selected."""
        return self.document.noted

    @property
    def saved_totals(self) -> tuple[int, int]:
        """Parameters and MACs when the document was last opened or saved."""
        return self.document.saved_totals

    @property
    def analysis(self) -> Analysis:
        return self.analyzer.analysis

    @property
    def dirty(self) -> bool:
        """Whether there are changes that no file holds."""
        return self.document.dirty

    def save(self, path: Path | str | None = None) -> bool:
        """Write the file (atomically). Without ``path`` the one it came from. A failure goes to `refused`."""
        target = Path(path) if path is not None else self.file
        if target is None:
            self.refused.emit(tr("This diagram has no file yet."))
            return False
        try:
            files.save(self.diagram, target)
        except StudioError as error:
            self.refused.emit(str(error))
            return False
        self.document.mark_saved(target)
        self.saved.emit()
        self.message.emit(tr("Saved {name}").format(name=target.name))
        return True

    # Changing it

    def do(self, label: str, *edits: Edit, at: Place | None = None, carried: Iterable[str] = ()) -> bool:
        """Apply edits as one undo step. What is not legal changes nothing and goes to `refused`. The drawing answers
        in the same step: it makes room for what comes (about ``at``, where that says more than the edits), closes up
        behind what goes or is ``carried`` elsewhere."""
        try:
            self.diagram.edit(label, self.answer(edits, at, carried) if self.answer is not None else edits)
        except StudioError as error:
            self.refused.emit(str(error))
            return False
        return True

    def do_in_turn(
        self, label: str, acts: Iterable[Callable[[], Iterable[Edit]]], at: Place | None = None, answered: bool = True
    ) -> bool:
        """Apply what several acts give, each worked out on what those before it have left, as one undo step. As in
        `do` the drawing answers each of them, where it is to (``answered``)."""
        history = self.diagram.history
        try:
            with history.gesture(label):
                for act in acts:
                    edits = tuple(act())
                    for edit in self.answer(edits, at, ()) if answered and self.answer is not None else edits:
                        history.do(edit)
        except StudioError as error:
            self.refused.emit(str(error))
            return False
        return True

    def undo(self) -> None:
        label = self.diagram.undo()
        if label:
            self.message.emit(tr("Undone: {label}", label=label))

    def redo(self) -> None:
        label = self.diagram.redo()
        if label:
            self.message.emit(tr("Redone: {label}", label=label))

    def fixes(self, problem: Problem) -> tuple[Fix, ...] | None:
        """What can be done about a problem; ``None`` until that is worked out (``fix_finder.found`` tells)."""
        return self.fix_finder.of(self.diagram, problem)

    def apply_fix(self, fix: Fix) -> bool:
        """Do what a problem offers, as one undo step."""
        return self.do(fix.label, *fix.edits)

    def _on_edits(self, edits: tuple[Edit, ...]) -> None:
        self.analyzer.update(edits)
        self.fix_finder.forget()
        moved = self._follow(edits)
        trimmed = self._trim_selection(edits)
        self._lens = None  # what is edited is what is seen
        # Whoever hears of the edit finds path and selection as they are after it.
        self.edited.emit(edits)
        if moved:
            self.path_changed.emit()
        if trimmed or moved:
            self.selection_changed.emit()

    def _follow(self, edits: tuple[Edit, ...]) -> bool:
        """Keep standing on a level that exists; True if that is another than before."""
        before = self.crumbs
        path = self.path
        for edit in edits:
            if isinstance(edit, RenameModule) and path == DEFINITION + edit.name:
                path = DEFINITION + edit.to
        self.document.crumbs = self._way(path, edits)
        return [crumb[:2] for crumb in before] != [crumb[:2] for crumb in self.crumbs]

    def _trim_selection(self, edits: tuple[Edit, ...]) -> bool:
        renamed = {edit.name: edit.to for edit in edits if isinstance(edit, RenameBlock) and edit.scope == self.scope}
        there = self.definition.graph
        kept = tuple(name for name in (renamed.get(name, name) for name in self.selection) if name in there)
        noted = tuple(each for each in self.noted if noting.is_there(self.definition, each))
        changed = kept != self.selection or noted != self.noted
        self.document.selection, self.document.noted = kept, noted
        return changed

    # Where the user stands

    @property
    def path(self) -> str:
        return self.crumbs[-1].path

    @property
    def scope(self) -> str:
        return self.crumbs[-1].scope

    @property
    def definition(self) -> Definition:
        """The definition in view."""
        return self.diagram.definition(self.scope)

    @property
    def level(self) -> Level:
        """Shapes and reports of the level in view."""
        if not self.path.startswith(DEFINITION):
            try:
                return self.analysis.level(self.path)
            except StudioError:
                # The instance has no copy to look into (repeat 0, or a mistake before it): its definition has.
                pass
        return self.analyzer.level_of_definition(self.scope)

    def enter(self, name: str) -> bool:
        """Show the inside of a module instance on this level; False if it is no instance."""
        if name not in self.definition.graph or self.definition.block(name).type not in self.diagram.modules:
            return False
        if self.path.startswith(DEFINITION):
            return self.go(DEFINITION + self.definition.block(name).type)
        return self.go(f"{self.path}.{name}" if self.path else name)

    def leave(self) -> bool:
        """Go up one level; the instance just left is selected there."""
        if len(self.crumbs) < 2:
            return False
        left = self.crumbs[-1]
        self.go(self.crumbs[-2].path)
        if not left.path.startswith(DEFINITION):
            self.select([left.label.partition(" ")[0]])
        return True

    def go(self, path: str) -> bool:
        """Show the level of a view path; as much of it as exists. False if that is not all of it."""
        way = self._way(path)
        if [crumb.path for crumb in way] != [crumb.path for crumb in self.crumbs]:
            self.document.crumbs = way
            self.document.selection, self.document.noted = (), ()
            self.path_changed.emit()
            self.selection_changed.emit()
        return way[-1].path.startswith(path)

    def go_to_block(self, path: str) -> bool:
        """Show the level on which the block of a full path lies, and select it there."""
        head, name = self._split(path)
        self.go(head)
        if name not in self.definition.graph:
            name = name.rpartition(".")[0]  # a copy of a repeated block
        self.select([name])
        return bool(self.selection)

    def _split(self, path: str) -> tuple[str, str]:
        """A full block path as the level's path and the name on that level."""
        level = self._way(path)[-1]
        rest = path[len(level.path) :].lstrip(".")
        if rest:
            return level.path, rest
        # The path is an instance (or a copy of one): it lies on the level above.
        above = self._way(path)[-2] if level.path else level
        return above.path, level.label.partition(" ")[0]

    def _way(self, path: str, edits: Iterable[Edit] = ()) -> tuple[Crumb, ...]:
        """The levels from the main graph down to ``path``, as far as they exist."""
        main = Crumb("", MAIN, self.diagram.name)
        if path.startswith(DEFINITION):
            name = path[len(DEFINITION) :]
            return (main, Crumb(path, name, name)) if name in self.diagram.modules else (main,)
        renamed = {(edit.scope, edit.name): edit.to for edit in edits if isinstance(edit, RenameBlock)}
        way, rest = [main], path
        while rest:
            here = way[-1]
            graph = self.diagram.definition(here.scope)
            names = dict(graph.blocks())
            names |= {old: names[new] for (scope, old), new in renamed.items() if scope == here.scope and new in names}
            found = next((name for name in names if rest == name or rest.startswith(name + ".")), None)
            if found is None or names[found].type not in self.diagram.modules:
                break
            block, rest = names[found], rest[len(found) + 1 :]
            name = renamed.get((here.scope, found), found)
            label = name
            if block.repeat is not None:
                copy, _, after = rest.partition(".")
                copy, rest = (copy, after) if copy.isdecimal() else ("0", rest)
                label, name = f"{name} [{copy}]", f"{name}.{copy}"
            way.append(Crumb(f"{here.path}.{name}" if here.path else name, block.type, label))
        return tuple(way)

    def select(self, names: Iterable[str], noted: Iterable[Annotation] = ()) -> None:
        """Select these blocks of the level in view, and these notes and frames; unknown names are left out."""
        there = self.definition.graph
        chosen = tuple(dict.fromkeys(name for name in names if name in there))
        beside = tuple(dict.fromkeys(each for each in noted if noting.is_there(self.definition, each)))
        if (chosen, beside) != (self.selection, self.noted):
            self.document.selection, self.document.noted = chosen, beside
            self.selection_changed.emit()

    def mark_hinted(self, hints: Iterable[Hint]) -> None:
        """Say which design hints there are, each on a block of a definition."""
        found = tuple(hints)
        if found != self.hints:
            self.hints, scopes = found, {hint.scope for hint in found}
            self.hinted = {scope: frozenset(each.block for each in found if each.scope == scope) for scope in scopes}
            self.hinted_changed.emit()

    # Selection as a whole

    def copy(self) -> bool:
        """Put the selected blocks, the wires among them and the modules they need on the clipboard, with the notes and
        frames that are selected; a frame comes with its blocks."""
        names, notes = self.reach()
        if not (names or notes):
            return False
        clipboard.put(fragment(self.diagram, self.scope, names, self.level.values, notes))
        self.message.emit(tr("{count} copied").format(count=len(names) + len(notes)))
        return True

    def reach(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The blocks that are selected, those in selected frames included, and the notes."""
        return noting.reach(self.definition, self.selection, self.noted)

    def paste(self, at: tuple[float, float] | None = None, into: Wire | None = None) -> bool:
        """Add what is on the clipboard, centred on ``at`` or beside where it was; a chain goes ``into`` a wire."""
        try:
            read = clipboard.take()
            if read is None:
                self.message.emit(tr("Nothing to paste: there are no blocks on the clipboard, and no PyTorch"))
                return False
            added = paste(self.diagram, self.scope, read.diagram, values=self.level.values, centre=at,
                          shift=noting.beside(read.diagram.main.graph))  # fmt: skip
            if into is not None:
                added = added._replace(edits=led_through(self.scope, read.diagram, added, into))
        except StudioError as error:
            self.refused.emit(str(error))
            return False
        done = self._add(phrase("Paste"), added, at)
        self._tell_unread(read)  # the step ends what was said before it
        return done

    def _tell_unread(self, read: Reading) -> None:
        """Name what of pasted PyTorch became no block."""
        if not read.unread:
            return
        said = [render(each) for each in read.unread[:MOST_UNREAD]]
        if len(read.unread) > MOST_UNREAD:
            said.append(tr("and {count} more", count=len(read.unread) - MOST_UNREAD))
        self.refused.emit(tr("Not understood of what was pasted: {what}.", what="; ".join(said)))

    def duplicate(self, shift: Place | None = None, at: Place | None = None, places: Sequence[Edit] = ()) -> bool:
        """Copies of the selected blocks beside them, or so far from them, about ``at``; the clipboard keeps what it
        holds. ``places``: edits that say first where they stand, where the document does not."""
        names, notes = self.reach()
        made: list[Added] = []

        def copies() -> Iterable[Edit]:
            made.append(duplicate(self.diagram, self.scope, names, notes=notes, shift=shift or noting.beside(names)))
            return made[0].edits

        if not (names or notes) or not self.do_in_turn(phrase("Duplicate"), [lambda: places, copies][not places :], at):
            return False
        self.select(made[0].names, noting.written(made[0].edits))
        return True

    def _add(self, label: str, added: Added, at: Place | None = None) -> bool:
        """Add blocks as one step and select them."""
        if not added.edits or not self.do(label, *added.edits, at=at):
            return False
        self.select(added.names, noting.written(added.edits))
        return True

    def delete_selection(self, wires: Iterable[Wire] = (), fits: Callable[[Wire], bool] | None = None) -> bool:
        """Remove the selected blocks with their wires, and ``wires`` of this level, as one step. What came into the
        blocks is wired to their readers where that ``fits``; without it the cut stays."""
        alone = tuple(wires)
        beside = noting.removal(self.scope, self.noted)
        what = self._what() if self.selection or self.noted else say_many("wire", "{count} wires", len(alone))
        if fits is None:
            edits = removing.delete(self.diagram, self.scope, self.selection, alone)
        else:
            edits = removing.delete_where_it_fits(self.diagram, self.scope, self.selection, fits, alone)
        edits = (*beside, *noting.without(edits, self.noted))
        return bool(edits) and self.do(phrase("Delete {0}", what), *edits)

    def is_bypassed(self) -> bool:
        """Whether all selected blocks that can be bypassed are."""
        return bool(self.selection) and switching.is_bypassed(self.diagram, self.scope, self.selection)

    def toggle_bypass(self) -> bool:
        """Bypass the selected blocks, or switch them on again if all of them are bypassed, as one step."""
        off = not self.is_bypassed()
        edits = switching.set_bypass(self.diagram, self.scope, self.selection, off)
        label = phrase("Bypass {0}", self._what()) if off else phrase("Switch {0} on", self._what())
        return bool(edits) and self.do(label, *edits)

    def _what(self) -> str:
        """The selection in the label of a step."""
        if len(self.selection) == 1:
            return self.selection[0]
        if not self.selection and len(self.noted) == 1:
            return phrase("note") if self.noted[0].kind == "note" else phrase("frame")
        return say_many("{count} block", "{count:,} blocks", len(self.selection) or len(self.noted))
