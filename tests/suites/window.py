"""Every command of the registry, and edits, at random in the real window."""

from __future__ import annotations

import gc
import os
import random
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

from blockstudio.graph.format import dumps, loads
from tests.suites.journals import Hand
from tests.suites.outcome import Outcome

OUTSIDE = {
    "run.train", "run.resume", "run.continue", "run.download", "run.folder", "run.set_folder", "file.quit",
    "file.export", "file.picture", "file.export_inference", "file.show_in_folder", "module.folder", "data.open_folder",
    "hint.paper", "view.language", "file.published_weights", "module.keep", "file.save", "file.save_as",
}  # fmt: skip
"""Those that start processes, other programs or the end of the window, or write files: they have tests of their own."""
STEPS = 12
STARTS = ("resnet18", "nin_cifar10", "module_inception", "cifar_preact", "module_residual_basic")


def commands(count: int, begin: int = 0) -> Outcome:
    """So many sequences of commands and edits; after each step the document is whole and nobody has raised."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication, QFileDialog

    from blockstudio.gui.app.application import application
    from blockstudio.gui.shell.window import StudioWindow
    from blockstudio.gui.work import settings

    outcome = Outcome(f"sequences of {STEPS} random commands of the registry and edits in the real window")
    app = QApplication.instance() or application(dark=False)
    raised: list[str] = []
    hook, names = sys.excepthook, ("getOpenFileName", "getSaveFileName", "getExistingDirectory", "getOpenFileNames")
    dialogs = {name: getattr(QFileDialog, name) for name in names}
    sys.excepthook = lambda *what: raised.append("".join(traceback.format_exception(*what))[-280:])
    for name in dialogs:
        setattr(QFileDialog, name, staticmethod(lambda *_a, name=name, **_k: "" if "Directory" in name else ("", "")))

    def close_dialogs() -> None:
        asked = QApplication.activeModalWidget() or QApplication.activePopupWidget()
        if asked is not None:
            asked.close()

    closer = QTimer()
    closer.timeout.connect(close_dialogs)
    closer.start(5)
    seen: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        settings.use_folder(Path(folder))
        try:
            for number in range(begin, begin + count):
                drawn = random.Random(number)
                window = StudioWindow()
                window.resize(1200, 800)
                try:
                    window.documents.open_now(drawn.choice(STARTS))
                    window.show()
                    app.processEvents()
                    _walk(window, drawn, app, raised, seen, outcome, number)
                finally:
                    window.stop()
                    window.hide()
                    window.deleteLater()
                    app.processEvents()
                    gc.collect()
                outcome.times += 1
            outcome.greatest = {"{:,} commands were run": len(seen)}
        finally:
            closer.stop()
            closer.deleteLater()
            sys.excepthook = hook
            for name, kept in dialogs.items():
                setattr(QFileDialog, name, kept)
            settings.use_folder(None)
    return outcome


def _walk(
    window: Any, drawn: random.Random, app: Any, raised: list[str], seen: set[str], outcome: Outcome, number: int
) -> None:
    done: list[str] = []
    for _ in range(STEPS):
        ids = [id for id, command in window.commands.declared.items() if not command.value and id not in OUTSIDE]
        id = drawn.choice([*ids, "edit", "edit", "select"])
        done.append(id)
        try:
            if id == "edit":
                Hand(window.session.diagram, drawn.randrange(10**6)).act()
            elif id == "select":
                names = list(window.session.definition.graph)
                window.session.select(tuple(drawn.sample(names, min(len(names), drawn.randrange(1, 4)))))
            else:
                declared = window.commands.declared[id]
                value = None
                if declared.choices is not None:
                    offered = [choice for choice in declared.choices(window.desk)]
                    if not offered:
                        continue
                    value = drawn.choice(offered).value
                window.commands.run(id, value)
                seen.add(id)
            app.processEvents()
            diagram = window.session.diagram
            text = dumps(diagram)
            if dumps(loads(text)) != text:
                outcome.add(f"{number}: {done}: the document does not come back")
        except Exception as error:  # noqa: BLE001 - whatever comes is a fault
            outcome.add(f"{number}: {done}: {type(error).__name__}: {error}")
            return
        if raised:
            outcome.add(f"{number}: {done}: {raised[0]}")
            raised.clear()
            return
