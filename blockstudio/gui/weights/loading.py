"""*Load weights…*: choose a file, have it compared with the network in a process of its own, tell, and use it.

Nothing in the file is executed, and the diagram stays as it is: what is used is the file's name, as the start of the
document's next training.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QInputDialog

from blockstudio.answers import Answer
from blockstudio.formats import is_published
from blockstudio.graph.edits import SetDefault
from blockstudio.gui.commands.registry import Act
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.document import Document
from blockstudio.gui.kit.parts import bytes_text
from blockstudio.gui.kit.text import phrase, tr
from blockstudio.gui.kit.toasts import Toast
from blockstudio.gui.weights.fit_page import WeightsFit, WeightsPanel
from blockstudio.gui.work.child import DIAGRAM, Child
from blockstudio.gui.work.settings import settings

SUFFIXES = (".safetensors", ".pt", ".pth", ".ckpt", ".bin", ".th", ".t7", ".pth.tar")
"""What files of weights are mostly called. Any other can be chosen too: it is what is in them that counts."""


def is_weights(file: Path) -> bool:
    """Whether a file's ending says that it holds weights."""
    return file.name.lower().endswith(SUFFIXES)


class WeightsLoader(QObject):
    """Looks into one file of weights at a time, for the document that was in view when it was chosen."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk = desk
        self._child = Child(self)
        self._child.done.connect(self._answered)
        self._file = Path()
        self._document: Document | None = None
        self._told: Toast | None = None
        self._changed = False
        """Whether the diagram is another one than was compared."""
        self.dialog: QFileDialog | None = None
        self.panel: WeightsPanel | None = None
        desk.session.edited.connect(self._on_edit)
        desk.documents.closed.connect(self._on_closed)
        desk.watched.changed.connect(self._on_run)

    @property
    def busy(self) -> bool:
        """Whether a file is being looked into."""
        return self._child.busy

    # Choosing

    def ask(self) -> None:
        """Ask for a file of weights, then look into it."""
        store = settings()
        folder = str(store.value("files/weights_folder", store.value("files/folder", Path.home())))
        kinds = " ".join(f"*{suffix}" for suffix in SUFFIXES)
        if self.dialog is not None:
            self.dialog.deleteLater()
        self.dialog = QFileDialog(
            self._desk.window, tr("Load weights"), folder, f"{tr('Weights')} ({kinds});;{tr('All files')} (*)"
        )
        self.dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        self.dialog.fileSelected.connect(lambda name: self.look(Path(name)))
        self.dialog.open()

    def ask_published(self) -> None:
        """Ask for the name of published weights, then fetch and compare them."""
        dialog = QInputDialog(self._desk.window)
        dialog.setWindowTitle(tr("Published weights"))
        dialog.setLabelText(
            tr("Name, as torchvision:resnet18 or timm:seresnet50. What is not on this computer yet is downloaded.")
        )
        dialog.setTextValue("torchvision:")
        dialog.textValueSelected.connect(self.look_published)
        self._desk.open_dialog(dialog)

    def look_published(self, name: str) -> None:
        """Compare published weights with the diagram in view, fetched first if they are not here."""
        name = name.strip()
        if is_published(name):
            self.look(Path(name))
            return
        text = tr("'{name}' names no published weights: they are called torchvision:NAME or timm:NAME.", name=name)
        self._desk.say(text, "problem", Act(tr("Try again"), "file.published_weights"))

    def look(self, file: Path) -> None:
        """Compare a file, or published weights by name, with the diagram in view. What came before is forgotten."""
        self.leave()
        desk, session = self._desk, self._desk.session
        if not len(session.diagram.graph):
            desk.say(tr("There is no network to load weights into. Open a preset or draw one first."), "warning")
            return
        if any(problem.severity == "error" for problem in session.analysis.problems):
            text = tr("Weights fit a network without errors; this one has some. The problems below say which.")
            desk.say(text, "problem", Act(tr("Show problems"), "view.problems"))
            return
        published = is_published(str(file))
        if not published:
            settings().setValue("files/weights_folder", str(file.parent))
            file = file.absolute()
        self._file, self._document, self._changed = file, session.document, False
        try:
            size = tr("published weights") if published else bytes_text(file.stat().st_size)
        except OSError:
            size = tr("the file")  # what is wrong with it is said by who reads it
        self.panel = WeightsPanel(self._desk.window, session.diagram.name, file, size)
        self.panel.used.connect(self.use)
        self.panel.other_wanted.connect(self.ask)
        self.panel.setting_wanted.connect(self._turn)
        self.panel.finished.connect(lambda _, panel=self.panel: self._put_away(panel))
        self.panel.show()
        fetch = ["--download"] if published else []
        self._child.run("weights", DIAGRAM, str(file), *fetch, diagram=session.diagram)

    def _answered(self, answer: Answer) -> None:
        panel = self.panel
        if panel is None:
            return
        if answer.error is None:
            panel.show_result(WeightsFit.read(answer.value))
            return
        self.leave()
        text = tr("Weights not loaded: {reason}").format(reason=answer.error)
        self._desk.say(text, "problem", Act(tr("Choose another file"), "file.weights"))

    # The answer

    def use(self) -> None:
        """Begin the document's next training with the weights in view; if it was edited meanwhile, compare again."""
        panel, document = self.panel, self._document
        result = panel.result_shown if panel is not None else None
        if result is None or document is None:
            return
        desk, file = self._desk, self._file
        self.leave()
        desk.documents.turn_to(document)
        if self._changed:
            self.look(file)
            if self.panel is not None:
                self.panel.detail.setText(tr("The network was edited since it was compared, so it is compared again."))
            return
        desk.session.initial_weights.change(weights=str(file), partial=not result.complete)
        text = tr("Training of {network} begins with {file}.").format(network=document.diagram.name, file=file.name)
        freeze = Act(tr("Freeze all but the classifier"), "start.freeze_body", (document, result.kept_layers))
        self._told = desk.say(text, "good", freeze, Act(tr("Take the weights off"), "start.no_weights", document))
        desk.focus()

    def _on_run(self) -> None:
        """Training begins and says so itself."""
        if self._told is not None and self._told in self._desk.toasts.notes:
            self._told.put_away()
        self._told = None

    def _turn(self, key: str, value: object) -> None:
        """Set a parameter of the diagram under which everything fits, and look again."""
        file, document, session = self._file, self._document, self._desk.session
        if document is None:
            return
        self._desk.documents.turn_to(document)
        if session.do(phrase("Set {key}", key=key), SetDefault(scope="", key=key, value=value)):  # type: ignore[arg-type]
            self.look(file)

    # Letting go

    def leave(self) -> None:
        """Forget the file; what is being read is killed."""
        panel, self.panel = self.panel, None
        self._child.cancel()
        if panel is not None:
            panel.close()
            panel.deleteLater()

    def _put_away(self, panel: WeightsPanel) -> None:
        if panel is self.panel:
            self.leave()

    def _on_edit(self, _: object) -> None:
        if self._desk.session.document is self._document:
            self._changed = True

    def _on_closed(self, document: object) -> None:
        if document is self._document and self.panel is not None:
            self.leave()

    def stop(self) -> None:
        """The window closes."""
        self.leave()
