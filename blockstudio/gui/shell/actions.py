"""Every command of the window, declared once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence

from blockstudio.gui.commands.registry import Command
from blockstudio.gui.tables.page import NO_PAPER, has_paper

if TYPE_CHECKING:
    from blockstudio.gui.shell.window import StudioWindow as W

_Key = QKeySequence.StandardKey
MENUS = ("File", "Edit", "View", "Run", "Help")


def _selected(w: W) -> bool:
    return bool(w.session.selection)


def _any_block(w: W) -> bool:
    return bool(len(w.session.diagram.graph))


def _one_module(w: W) -> bool:
    names = w.session.selection
    return len(names) == 1 and w.session.definition.block(names[0]).type in w.session.diagram.modules


def _select_all(w: W) -> None:
    w.session.select(w.session.definition.graph)


def _toggle_bypass(w: W) -> None:
    import msgspec

    from blockstudio.graph.edits import SetBlock

    session = w.session
    blocks = {name: session.definition.block(name) for name in session.selection}
    off = all(block.bypass is True for block in blocks.values())
    session.do(
        "Bypass" if not off else "Use again",
        *(
            SetBlock(scope=session.scope, name=name, block=msgspec.structs.replace(block, bypass=not off))
            for name, block in blocks.items()
        ),
    )


COMMANDS: tuple[Command, ...] = (
    Command("file.new", "New diagram", lambda w: w.documents.new(), "File", (_Key.New,)),
    Command("file.presets", "Presets…", lambda w: w.show_start(), "File", ("Ctrl+Shift+O",),
            keywords="networks resnet"),
    Command("file.open", "Open…", lambda w: w.documents.ask_open(), "File", (_Key.Open,)),
    Command("file.weights", "Load weights…", lambda w: w.weights.ask(), "File",
            enabled=lambda w: bool(len(w.session.diagram.graph)),
            keywords="pretrained transfer checkpoint safetensors pth start"),
    Command("file.save", "Save", lambda w: w.documents.save(), "File", (_Key.Save,), separator=True),
    Command("file.save_as", "Save as…", lambda w: w.documents.save_as(), "File", ("Ctrl+Shift+S",)),
    Command("file.picture", "Save picture…", lambda w: w.figures.ask(), "File",
            keywords="export figure paper svg pdf png image"),
    Command("file.export", "Export…", lambda w: w.exporting.ask(), "File", ("Ctrl+E",), enabled=_any_block,
            keywords="pytorch onnx pt2 safetensors weights table markdown csv latex"),
    Command("file.copy_source", "Copy PyTorch source", lambda w: w.exporting.copy_source(), "File", ("Ctrl+Shift+E",),
            enabled=_any_block, keywords="python code clipboard"),
    Command("file.close", "Close diagram", lambda w: w.documents.close(), "File", ("Ctrl+W",), separator=True),
    Command("file.quit", "Quit", lambda w: w.close(), "File", ("Ctrl+Q",)),
    Command(
        "edit.undo", "Undo", lambda w: w.session.undo(), "Edit", (_Key.Undo,),
        enabled=lambda w: w.start_page is None and w.session.diagram.history.undo_label is not None,
    ),
    Command(
        "edit.redo", "Redo", lambda w: w.session.redo(), "Edit", ("Ctrl+Shift+Z", "Ctrl+Y"),
        enabled=lambda w: w.start_page is None and w.session.diagram.history.redo_label is not None,
    ),
    Command("edit.cut", "Cut", lambda w: w.session.cut(), "Edit", (_Key.Cut,), enabled=_selected,
            separator=True, on_drawing=True),
    Command("edit.copy", "Copy", lambda w: w.session.copy(), "Edit", (_Key.Copy,), enabled=_selected, on_drawing=True),
    Command("edit.paste", "Paste", lambda w: w.session.paste(), "Edit", (_Key.Paste,), on_drawing=True),
    Command("edit.duplicate", "Duplicate", lambda w: w.session.duplicate(), "Edit", ("Ctrl+D",), enabled=_selected,
            on_drawing=True),
    Command("edit.delete", "Delete", lambda w: w.canvas.delete(), "Edit", ("Del",),
            enabled=lambda w: _selected(w) or w.canvas.selects_wires, on_drawing=True),
    Command("edit.select_all", "Select all", _select_all, "Edit", (_Key.SelectAll,), separator=True, on_drawing=True),
    Command("edit.bypass", "Bypass", _toggle_bypass, "Edit", ("Ctrl+B",), enabled=_selected,
            keywords="off lesion ablation", on_drawing=True),
    Command("edit.freeze", "Freeze in training, or not", lambda w: w.session.starting.toggle_selection(), "Edit",
            enabled=lambda w: _selected(w) and not w.session.path.startswith("@"),
            keywords="frozen transfer unfreeze train", on_drawing=True),
    Command("edit.rename", "Rename or edit", lambda w: w.focus_inspector(), "Edit", ("F2",), on_drawing=True),
    Command("edit.find", "Find a block type", lambda w: w.focus_search(), "Edit", ("Ctrl+F",),
            keywords="palette search add"),
    Command("view.fit", "Show everything", lambda w: w.canvas.fit(), "View", ("Ctrl+0",), on_drawing=True),
    Command("view.actual", "Actual size", lambda w: w.canvas.zoom_to(1.0), "View", ("Ctrl+1",), on_drawing=True),
    Command("view.zoom_in", "Zoom in", lambda w: w.canvas.zoom_in(), "View", ("Ctrl++", "Ctrl+="), on_drawing=True),
    Command("view.zoom_out", "Zoom out", lambda w: w.canvas.zoom_out(), "View", ("Ctrl+-",), on_drawing=True),
    Command("view.arrange", "Arrange", lambda w: w.session.arrange(), "View", ("Ctrl+L",),
            keywords="layout tidy", on_drawing=True),
    Command("view.enter", "Open module", lambda w: w.session.enter(w.session.selection[0]), "View", ("Ctrl+Return",),
            enabled=_one_module, separator=True, on_drawing=True),
    Command("view.leave", "Up one level", lambda w: w.session.leave(), "View", ("Ctrl+Up",),
            enabled=lambda w: len(w.session.crumbs) > 1, on_drawing=True),
    Command("view.palette", "Palette", lambda w: w.toggle("palette"), "View", ("Ctrl+Alt+1",),
            checked=lambda w: w.is_shown("palette"), separator=True),
    Command("view.inspector", "Inspector", lambda w: w.toggle("inspector"), "View", ("Ctrl+Alt+2",),
            checked=lambda w: w.is_shown("inspector")),
    Command("view.bottom", "Run, recipe and problems", lambda w: w.toggle("bottom"), "View", ("Ctrl+Alt+3", "Ctrl+J"),
            checked=lambda w: w.is_shown("bottom")),
    Command("view.problems", "Problems", lambda w: w.show_page("problems"), "View", ("Ctrl+Shift+M",)),
    Command("view.recipe", "Recipe", lambda w: w.show_page("recipe"), "View", ("Ctrl+Shift+R",)),
    Command("view.run", "Run", lambda w: w.show_page("run"), "View", ("Ctrl+Shift+U",)),
    Command("view.table", "Table of this network", lambda w: w.tables.show("network"), "View", ("Ctrl+Shift+T",),
            separator=True, keywords="summary shapes parameters macs"),
    Command("view.paper", "Paper's table", lambda w: w.tables.show("paper"), "View", ("Ctrl+Shift+Y",),
            enabled=lambda w: has_paper(w.session.diagram), reason=NO_PAPER, keywords="misprints printed googlenet"),
    Command("view.compare", "Compare networks…", lambda w: w.comparing.show(), "View", ("Ctrl+Shift+C",),
            keywords="table difference parameters macs stages factorising"),
    Command("view.light", "Light colours", lambda w: w.choose_colours("light"), "View",
            checked=lambda w: w.colours == "light", separator=True, keywords="theme"),
    Command("view.dark", "Dark colours", lambda w: w.choose_colours("dark"), "View",
            checked=lambda w: w.colours == "dark", keywords="theme night"),
    Command("view.system", "Colours of the system", lambda w: w.choose_colours("system"), "View",
            checked=lambda w: w.colours == "system", keywords="theme"),
    Command("run.train", "Train", lambda w: w.trainer.train(), "Run", ("F5",),
            enabled=lambda w: w.trainer.state == "idle"),
    Command("run.pause", "Pause", lambda w: w.trainer.tell("pause"), "Run", ("F6",),
            enabled=lambda w: w.trainer.state == "running"),
    Command("run.resume", "Resume", lambda w: w.trainer.tell("resume"), "Run", ("F7",),
            enabled=lambda w: w.trainer.state == "paused"),
    Command("run.stop", "Stop", lambda w: w.trainer.tell("stop"), "Run", ("Shift+F5",),
            enabled=lambda w: w.trainer.state in ("running", "paused")),
    Command("run.folder", "Folder of runs…", lambda w: w.ask_runs_folder(), "Run", separator=True),
    Command("run.diagram", "Open the diagram of this run", lambda w: w.open_diagram_of_run(), "Run",
            enabled=lambda w: w.trainer.data is not None),
    Command("help.commands", "All commands…", lambda w: w.command_line.popup(), "Help", ("Ctrl+K", "Ctrl+Shift+P")),
    Command("help.menu", "Menu", lambda w: w.top.product.showMenu(), "", ("F10",)),
    Command("help.about", "About Block Studio", lambda w: w.about(), "Help"),
)  # fmt: skip
