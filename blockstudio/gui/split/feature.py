"""Two drawings side by side: the document in view beside another, its last save, or what a run trains."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from blockstudio.errors import StudioError
from blockstudio.graph import format as files
from blockstudio.gui.commands.registry import Choice, Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.document import Document
from blockstudio.gui.kit.text import sentence, tr
from blockstudio.gui.split.page import Source, SplitPage, of_document
from blockstudio.runs import Run, list_runs
from blockstudio.text import say

SCREEN = "split"
MOST_RUNS = 20


def install(desk: Desk) -> None:
    """Put the screen and its commands on the desk."""
    made: list[SplitPage] = []
    asked: list[tuple[str, Document | Run | Path | None]] = []
    """The comparison in view: its command, and with what."""

    def page() -> SplitPage:
        found = desk.screen_widget(SCREEN)
        assert isinstance(found, SplitPage)
        return found

    def make() -> SplitPage:
        made.append(SplitPage(desk))
        return made[-1]

    def compare(before: Source, id: str, value: Document | Run | Path | None = None) -> bool:
        try:
            page().compare(before, of_document(desk, desk.session.document))
        except StudioError as error:
            desk.say(sentence(error.message), "warning")
            return False
        asked[:] = [(id, value)]
        desk.show_screen(SCREEN)
        return True

    def with_document(desk: Desk, other: Document) -> bool:
        return compare(of_document(desk, other), "split.document", other)

    def with_saved(desk: Desk) -> bool:
        file = desk.session.file
        assert file is not None
        return compare(Source(tr("{name}, last saved", name=file.name), lambda: files.load(file)), "split.saved")

    def with_run(desk: Desk, run: Run | Path) -> bool:
        run = run if isinstance(run, Run) else Run(run)
        return compare(Source(tr("run {name}", name=run.name), run.diagram), "split.run", run)

    def others(desk: Desk) -> Iterable[Choice]:
        here = desk.session.document
        return [Choice(desk.documents.title(each), each) for each in desk.documents.list if each is not here]

    def runs(desk: Desk) -> Iterable[Choice]:
        from blockstudio import folders

        return [Choice(run.name, run) for run in list_runs(desk.runs or folders.runs() or "runs")[:MOST_RUNS]]

    def in_view(desk: Desk) -> bool:
        return desk.screen == SCREEN

    desk.add_screen(SCREEN, make, lambda: page().list.setFocus())
    desk.add_commands(
        Command("split.document", say("Compare drawing with"), with_document, "View", 421, choices=others,
                enabled=lambda d: len(d.documents.list) > 1, reason=say("Only one document is open."),
                keywords="split view side by side difference diff"),
        Command("split.saved", say("Difference to the last save"), with_saved, "View", 422, ("Ctrl+Alt+D",),
                enabled=lambda d: d.session.file is not None, reason=say("The document has not been saved yet."),
                keywords="split view side by side changes diff compare"),
        Command("split.run", say("Difference to a run"), with_run, "Run", 700, choices=runs, lazy=True,
                keywords="split view side by side trained diagram diff compare"),
        Command("split.next", say("Next difference"), lambda d: page().step(1), "View", 423, ("F4",), enabled=in_view,
                keywords="split changes"),
        Command("split.previous", say("Previous difference"), lambda d: page().step(-1), "View", 424, ("Shift+F4",),
                enabled=in_view, keywords="split changes"),
        Command("split.close", say("Close the comparison"), lambda d: d.show_drawing(), enabled=in_view,
                keywords="split back drawing"),
    )  # fmt: skip

    def take(given: list[tuple[str, Document | Run | Path | None]]) -> None:
        """Compare what another window, in whose place this one is, had in view."""
        for id, value in given:
            desk.commands.run(id, *([] if value is None else [value]))

    def stop() -> None:
        for each in made:
            each.stop()

    desk.carry("split", lambda: list(asked) if in_view(desk) else [], take)
    desk.on_close(stop)
