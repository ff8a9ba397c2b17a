"""Out of the window: PyTorch source, ONNX, torch.export programs, weights and tables.

What needs torch is written by the command line in a process of its own; the window only says how it went.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, QTemporaryDir
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog

from blockstudio.answers import Answer
from blockstudio.errors import StudioError
from blockstudio.formats import rows
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.files import check_target, inside, write_atomic
from blockstudio.graph.operations.copying import copy_diagram
from blockstudio.gui.commands.registry import Act
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.watched import name_and_time
from blockstudio.gui.kit.text import tr, tr_many
from blockstudio.gui.kit.toasts import Toast
from blockstudio.gui.work.child import DIAGRAM, Child
from blockstudio.gui.work.settings import settings
from blockstudio.gui.work.temporary import temporary_folder
from blockstudio.gui.work.worker import Work
from blockstudio.report.table import write_as
from blockstudio.runs import Run


@dataclass(frozen=True, slots=True)
class Kind:
    """A form in which a network leaves the studio."""

    ending: str
    title: str
    table: bool = False
    """Written by the window itself, and whatever the problems of the network are."""
    trained: bool = False
    """Holds the network's weights."""
    run: Path | None = None
    """The run whose network and trained weights it is of, in place of the diagram."""
    weights: Path | None = None
    """The file whose weights go into the network; without one they are initial."""
    partial: bool = False
    """Also if not all of them fit."""

    @property
    def filter(self) -> str:
        return f"{self.title} (*{self.ending})"


def kinds() -> tuple[Kind, ...]:
    """All of them, of the diagram."""
    networks = [Kind(row.ending, tr(row.title), trained=row.weights) for row in rows("network")]
    tables = [Kind(row.ending, tr("Table, {form}").format(form=tr(row.title)), table=True) for row in rows("table")]
    return (*networks, *tables)


class Exporting(QObject):
    """*Export…* and *Copy PyTorch source*. Several exports may be under way at once."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk = desk
        self._work = Work(self)
        self._children: set[Child] = set()
        self.dialog: QFileDialog | None = None

    @property
    def busy(self) -> bool:
        """Whether something is being written."""
        return self._work.busy or bool(self._children)

    def offered(self) -> list[Kind]:
        """The kinds that can be chosen now, the likeliest of an ending first: weights that were loaded into the diagram
        go before initial ones, the trained ones of the run in view come last."""
        found = list(kinds())
        start = self._desk.session.initial_weights.value
        if start.weights:
            file = Path(start.weights)
            with_weights = tr("{kind} with the weights of {file}")
            loaded = [
                replace(kind, title=with_weights.format(kind=kind.title, file=file.name), weights=file,
                        partial=start.partial)
                for kind in found if kind.trained
            ]  # fmt: skip
            initial = tr("{kind} with initial weights")
            plain = [
                replace(kind, title=initial.format(kind=kind.title)) if kind.trained else kind for kind in found[1:]
            ]
            found = [found[0], *loaded, *plain]
        run = self._desk.watched.run
        if run is not None and run.checkpoints.all():
            name = " ".join(name_and_time(run.name)).strip()
            title = tr("{kind} of the trained run {name}")
            found += [
                replace(kind, title=title.format(kind=kind.title, name=name), run=run.directory)
                for kind in kinds()
                if kind.trained
            ]
        return found

    # Asking

    def ask(self) -> None:
        """Ask for a file and its kind, then write it."""
        store, documents = settings(), self._desk.documents
        offered = {kind.filter: kind for kind in self.offered()}
        folder = Path(str(store.value("files/export_folder", store.value("files/folder", Path.home()))))
        stem = "".join(c if c.isalnum() or c in "-_" else "_" for c in documents.title(documents.current)).lower()
        if self.dialog is not None:
            self.dialog.deleteLater()
        dialog = self.dialog = QFileDialog(self._desk.window, tr("Export"), str(folder), ";;".join(offered))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.filterSelected.connect(lambda chosen: self._turn(dialog, offered[chosen]))
        last = str(store.value("files/export_kind", ""))
        first = next((kind for kind in offered.values() if kind.ending == last), kinds()[0])
        dialog.selectNameFilter(first.filter)
        dialog.setDefaultSuffix(first.ending[1:])
        dialog.selectFile(stem + first.ending)
        dialog.fileSelected.connect(
            lambda name: self._chosen(Path(name), offered[dialog.selectedNameFilter()], list(offered.values()))
        )
        dialog.open()

    def _turn(self, dialog: QFileDialog, kind: Kind) -> None:
        """Another kind was chosen: the name takes its ending."""
        dialog.setDefaultSuffix(kind.ending[1:])
        names = dialog.selectedFiles()
        known = {each.ending for each in kinds()}
        if names and Path(names[0]).suffix.lower() in known:
            dialog.selectFile(Path(names[0]).with_suffix(kind.ending).name)

    def _chosen(self, file: Path, kind: Kind, offered: list[Kind]) -> None:
        """The dialog was answered. An ending that stands for another kind is what the user means."""
        ending = file.suffix.lower()
        named = file
        if ending != kind.ending:
            alike = [each for each in offered if each.ending == ending]
            same_weights = [each for each in alike if (each.run, each.weights) == (kind.run, kind.weights)]
            if alike:
                kind = (same_weights if kind.trained and same_weights else alike)[0]
            else:
                named = file.with_name(file.name + kind.ending)
        store = settings()
        store.setValue("files/export_folder", str(named.parent))
        store.setValue("files/export_kind", kind.ending)
        # The dialog has asked about the file that it named, and about no other.
        self.write(named, kind, force=named == file)

    # Writing

    def write(self, target: Path, kind: Kind, *, force: bool = True) -> None:
        """Write the diagram as it is now (or the run of ``kind``) to ``target``; how it went is told in a note."""
        diagram = self._desk.session.diagram
        if kind.table:
            self._write_table(diagram, target, force)
            return
        if kind.run is not None:
            network = ["--run", str(kind.run)]
        elif self._refused(tr("Not exported")):
            return
        else:
            network = [DIAGRAM]
        name = diagram.name if kind.run is None else kind.run.name
        text = tr("Writing {name} to {file}…").format(name=name, file=target.name)
        given = [*network, "-o", str(target), *(["--force"] if force else [])]
        failed = tr("Not exported")

        def done(answer: Answer) -> None:
            words, weights = answer.value["written"], answer.value["weights"]
            if kind.weights is not None:
                weights = tr("weights of {file}").format(file=kind.weights.name)
            words += f", {weights}" if weights else ""
            self._desk.say_written(target, tr("{file}: {words}.").format(file=target.name, words=words))

        if kind.weights is None:
            self._start(text, ["export", *given], None if kind.run is not None else diagram, done, failed)
            return
        # First what of the file fits, under the names that the network has; then that into the export.
        try:
            folder = temporary_folder()
        except StudioError as error:
            self._desk.say(f"{failed}. {error}", "problem")
            return
        still, file = copy_diagram(diagram), kind.weights
        fitted = str(Path(folder.path()) / "fitted.safetensors")
        partial = ["--partial"] if kind.partial else []

        def into(answer: Answer, _: QTemporaryDir = folder) -> None:  # the folder stays until then
            done(answer)

        def export(_: Answer) -> None:
            self._start(text, ["export", *given, "--weights", fitted], still,
                        into, failed)  # fmt: skip

        fit = ["weights", DIAGRAM, str(file), "-o", fitted, *partial]
        self._start(text, fit, still, export, failed, fine=(0, 1) if partial else (0,))

    # A folder to classify images with

    @property
    def can_infer(self) -> bool:
        """Whether the run in view has weights to classify with."""
        run = self._desk.watched.run
        return run is not None and bool(run.checkpoints.all())

    def ask_inference(self) -> None:
        """Ask for a new folder, then write the network of the run in view and a script that classifies images."""
        run = self._desk.watched.run
        if run is None:
            return
        store = settings()
        folder = Path(str(store.value("files/export_folder", store.value("files/folder", Path.home()))))
        if self.dialog is not None:
            self.dialog.deleteLater()
        dialog = self.dialog = QFileDialog(self._desk.window, tr("Export for inference"), str(folder), tr("Folder (*)"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setLabelText(QFileDialog.DialogLabel.FileName, tr("New folder:"))
        dialog.selectFile(f"{name_and_time(run.name)[0]}-classifier")
        dialog.fileSelected.connect(lambda name: self.write_inference(Path(name), run))
        dialog.open()

    def write_inference(self, folder: Path, run: Run) -> None:
        """Write ``folder`` in a process of its own; how it went is told in a note."""
        if os.path.exists(folder) and (not os.path.isdir(folder) or inside(folder)):
            self._desk.say(tr("Not exported: {folder} is there already. Name a new one.", folder=folder), "problem")
            return
        settings().setValue("files/export_folder", str(folder.parent))
        text = tr("Writing {name} to {file}…").format(name=run.name, file=folder.name)

        def done(answer: Answer) -> None:
            words = tr("{file}: {words}. Classify with: python classify.py IMAGE", file=folder.name,
                       words=answer.value["written"])  # fmt: skip
            self._desk.say_written(folder / "classify.py", words)

        arguments = ["export", "--run", str(run.directory), "--inference", "-o", str(folder)]
        self._start(text, arguments, None, done, tr("Not exported"))

    def copy_source(self) -> None:
        """Put the PyTorch source of the diagram on the clipboard."""
        diagram = self._desk.session.diagram
        if self._refused(tr("Not copied")):
            return

        def done(answer: Answer) -> None:
            source = answer.value["source"]
            QGuiApplication.clipboard().setText(source)
            text = tr("PyTorch source of {name} copied: {count} lines.")
            self._desk.say(text.format(name=diagram.name, count=len(source.splitlines())), "good")

        text = tr("Writing the source of {name}…").format(name=diagram.name)
        self._start(text, ["export", DIAGRAM, "-o", "-"], diagram, done, tr("Not copied"))

    def _refused(self, what: str) -> bool:
        """Whether the diagram has errors; they are then shown."""
        session = self._desk.session
        errors = [problem for problem in session.analysis.problems if problem.severity == "error"]
        if not errors:
            return False
        more = tr(" And {count} more.").format(count=len(errors) - 1) if len(errors) > 1 else ""
        self._desk.say(f"{what}. {errors[0].text}{more}", "problem")
        self._desk.show_page("problems")
        return True

    def _start(
        self,
        text: str,
        arguments: list[str],
        diagram: Diagram | None,
        done: Callable[[Answer], object],
        failed: str,
        fine: tuple[int, ...] = (0,),
    ) -> None:
        """Run a command with a note that it is under way; ``done`` gets its answer, unless its exit code is not one
        of ``fine``."""
        child = Child(self)
        self._children.add(child)
        note = self._desk.say(text, "info", Act(tr("Cancel"), "export.cancel", child))

        def ended(answer: Answer) -> None:
            self._let_go(child, note)
            if answer.error is None and answer.code in fine:
                done(answer)
                return
            why = answer.error or tr("The weights do not all fit. Load them anew to see which.")
            self._desk.say(f"{failed}. {why}", "problem")

        child.done.connect(ended)
        child.run(*arguments, diagram=diagram)

    def cancel(self, child: Child) -> None:
        """End one export that is under way."""
        child.cancel()
        self._let_go(child, None)

    def _let_go(self, child: Child, note: Toast | None) -> None:
        self._children.discard(child)
        child.deleteLater()
        if note is not None and note in self._desk.toasts.notes:
            note.put_away()

    def _write_table(self, diagram: Diagram, target: Path, force: bool) -> None:
        still = copy_diagram(diagram)

        def job() -> int:
            from blockstudio.analysis import analyze
            from blockstudio.report.summary import summary_table

            check_target(target, force=True)
            if os.path.exists(target) and not force:
                raise StudioError("export.exists", tr("the file is there already."), where=str(target))
            table = summary_table(still, analyze(still))
            write_atomic(target, (write_as(table, target.suffix.lower()) + "\n").encode())
            return len(table.rows)

        def done(rows: int) -> None:
            self._desk.say_written(
                target,
                tr_many("{file}: table of {count} row.", "{file}: table of {count} rows.", rows, file=target.name),
            )

        def failed(error: StudioError | OSError) -> None:
            self._desk.say(f"{tr('Not exported')}. {error}", "problem")

        self._work.run(job, done, failed)

    def stop(self) -> None:
        """The window closes: what is under way is ended, with no file left half written."""
        self._work.cancel()
        for child in list(self._children):
            child.cancel()
        self._children.clear()
