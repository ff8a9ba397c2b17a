"""*Export…* and *Copy PyTorch source*."""

from __future__ import annotations

from blockstudio.gui.commands.registry import Command
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.export.exporting import Exporting
from blockstudio.text import say


def _any_block(desk: Desk) -> bool:
    return bool(len(desk.session.diagram.graph))


def install(desk: Desk) -> Exporting:
    """Put exporting on the desk."""
    exporting = Exporting(desk)
    desk.add_commands(
        Command("file.export", say("Export…"), lambda d: exporting.ask(), "File", 230, ("Ctrl+E",), enabled=_any_block,
                keywords="pytorch onnx pt2 safetensors weights table markdown csv latex"),
        Command("file.copy_source", say("Copy PyTorch source"), lambda d: exporting.copy_source(), "File", 240,
                ("Ctrl+Shift+E",), enabled=_any_block, keywords="python code clipboard"),
        Command("file.export_inference", say("Export for inference…"), lambda d: exporting.ask_inference(), "File", 235,
                enabled=lambda d: exporting.can_infer, keywords="deploy classify predict script run",
                reason=say("A run with a checkpoint has to be in view.")),
        Command("export.cancel", say("Cancel"), lambda d, child: exporting.cancel(child), value=True),
    )  # fmt: skip
    desk.on_close(exporting.stop)
    return exporting
