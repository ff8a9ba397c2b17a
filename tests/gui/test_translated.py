"""Every sentence in the window goes through the text layer: in a language of brackets and accents no bare one is left.

What is painted is read from an SVG that the widgets paint themselves into, what is not (tips, names for screen readers,
menus, lists) from the widgets.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from PySide6.QtCore import QBuffer, QModelIndex, QPoint, Qt
from PySide6.QtGui import QAction, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QAbstractItemView, QApplication, QComboBox, QFileDialog, QListView, QTabBar, QWidget

from blockstudio import text
from blockstudio.blocks import CATALOGUE
from blockstudio.graph.presets import load_preset, preset_folder, preset_names
from blockstudio.gui.shell.window import StudioWindow
from blockstudio.runs.known_sets import DATASETS
from blockstudio.runs.recipe import FIELDS
from tests.support.catalogues import tool
from tests.support.planted import FAULTS

BARE = re.compile(r"[A-Za-z]*[aceinouyACEINOUY][A-Za-z]*")
"""A word that the language of brackets would have written with accents."""
NAMES = """Block Studio PyTorch ONNX SVG PDF PNG JSON Markdown CSV LaTeX torch export safetensors MiB GiB KiB MB GB Ctrl
Shift Alt Del Esc Return Enter Tab Home End Up Down Backspace Space nbsp MACs bf fp cpu cuda mps auto en English mm pt
onnx py blocks json html pth"""
"""What is called the same in every language: products, forms of files, keys, units."""


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """The window speaks brackets; the templates that were rendered, to be held against the collected ones."""
    found: set[str] = set()
    template = text.Language._template

    def noted(self: text.Language, one: text.Text) -> str:
        found.add(one.template)
        return template(self, one)

    monkeypatch.setattr(text.Language, "_template", noted)
    text.use_language(text.PSEUDO)
    yield found
    text.use_language(text.ENGLISH)


def words_of_data() -> set[str]:
    """Names that are data: of block types, parameters, presets, blocks, sets, fields and their choices."""
    found = [NAMES, *CATALOGUE, *DATASETS, *(known.title for known in DATASETS.values())]
    for kind in CATALOGUE.values():
        found += [*kind.parameters, *(choice for p in kind.parameters.values() for choice in p.choices)]
        found += [entry.title for entry in kind.palette]
    for path, field in FIELDS.items():
        found += [path, *field.choices]
    for name in preset_names():
        diagram = load_preset(name)
        # Texts of a document are its author's.
        found += [name, diagram.name, *map(str, diagram.about.values())]
        for scope in diagram.scopes():
            definition = diagram.definition(scope)
            found += [scope, definition.description, *definition.graph, *definition.parameters]
            found += [parameter.help for parameter in definition.parameters.values()]
    for table in (preset_folder() / "papers").glob("*.json"):
        found += re.findall(r'"((?:[^"\\]|\\.)*)"', json.dumps(json.loads(table.read_text(encoding="utf-8"))))
    return {word for line in found for word in re.findall(r"[A-Za-z]+", line)}


def painted(widget: QWidget) -> list[str]:
    """Every text that a widget and those inside it paint."""
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(widget.size())
    painter = QPainter(generator)
    widget.render(painter, QPoint())
    painter.end()
    drawn = buffer.data().data().decode()
    return [
        html.unescape(re.sub("<[^>]*>", "", found)) for found in re.findall(r"<text[^>]*>(.*?)</text>", drawn, re.S)
    ]


def told(widget: QWidget) -> Iterator[str]:
    """Texts of a widget and those inside it that are not painted, or only when somebody points there."""
    for child in [widget, *widget.findChildren(QWidget)]:
        if isinstance(child.parent(), QTabBar):
            continue  # Qt's own arrows
        for name in (
            "toolTip",
            "accessibleName",
            "accessibleDescription",
            "windowTitle",
            "placeholderText",
            "statusTip",
        ):
            getter = getattr(child, name, None)
            if getter is not None:
                yield re.sub("<[^>]*>", " ", getter())
        if isinstance(child, QComboBox):
            yield from (child.itemText(index) for index in range(child.count()))
        if isinstance(child, QTabBar):
            yield from (child.tabText(index) for index in range(child.count()))
        if isinstance(child, QAbstractItemView) and child.model() is not None:
            model, root = child.model(), QModelIndex()
            columns = 1 if isinstance(child, QListView) else model.columnCount(root)
            for row in range(model.rowCount(root)):
                for column in range(columns):
                    for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
                        yield str(model.index(row, column).data(role) or "")
    for action in widget.findChildren(QAction):
        yield action.text().replace("&", "")
        yield action.toolTip()


class Reader:
    """Gathers bare texts with the place where they were seen."""

    def __init__(self, folder: Path) -> None:
        self.known = words_of_data() | set(re.findall(r"[A-Za-z]+", str(folder)))
        self.bare: dict[str, str] = {}

    def read(self, place: str, widget: QWidget) -> None:
        for found in [*told(widget), *painted(widget)]:
            # Paths, and names that are cut in their middle where there is little room.
            outside = re.sub(r"/[^\s]+|\w+…\w+", "", found)
            if any(word not in self.known and len(word) > 1 for word in BARE.findall(outside)):
                self.bare.setdefault(found, place)


def settle_all() -> None:
    for _ in range(20):
        QApplication.processEvents()


SCREENS = ("view.table", "view.paper", "view.compare", "view.problems", "view.recipe", "view.run", "help.about")
DIALOGS = ("file.picture", "help.commands")


def test_no_page_dialog_or_menu_has_a_bare_sentence(rendered, open_window, own_folder: Path) -> None:
    window: StudioWindow = open_window("googlenet")
    reader = Reader(own_folder)
    settle_all()
    reader.read("the window", window)
    for id in SCREENS:
        window.commands.run(id)
        settle_all()
        reader.read(id, window)
    window.desk.show_drawing()
    for name in ("conv1", "inception_3a", "pool1"):
        if name in window.session.definition.graph:
            window.session.select([name])
            settle_all()
            reader.read(f"inspector of {name}", window)
    window.session.select(list(window.session.definition.graph)[:3])
    settle_all()
    reader.read("inspector of several", window)
    for id in DIALOGS:
        window.commands.run(id)
        settle_all()
        for top in QApplication.topLevelWidgets():
            if top.isVisible() and top is not window and not isinstance(top, QFileDialog):
                reader.read(id, top)
        if window.desk.dialog is not None:
            window.desk.dialog.close()
    window.desk.show_screen("start")
    settle_all()
    reader.read("start", window)
    assert not reader.bare, "\n".join(f"{place}: {found!r}" for found, place in reader.bare.items())
    missing = uncollected(rendered)
    assert not missing, f"not found by tools/translations.py: {missing}"


def uncollected(rendered: set[str]) -> list[str]:
    """Templates with words that translators would not be given."""
    with tool("translations").TEMPLATES.open("rb") as file:  # held to be what the code has by another test
        catalogue = read_po(file)
    collected = {
        one for message in catalogue if message.id
        for one in (message.id if isinstance(message.id, tuple) else (message.id,))
    }  # fmt: skip
    return sorted(
        template for template in rendered - collected if re.search("[A-Za-z]{2}", re.sub(r"\{[^}]*\}", "", template))
    )


@pytest.mark.parametrize("name", FAULTS)
def test_no_problem_is_told_in_bare_words(rendered, name: str) -> None:
    """Message, hint, fixes and the line of every planted fault."""
    from blockstudio.analysis import analyze

    for problem in analyze(FAULTS[name].make()).problems:
        for said in (problem.message, problem.hint, problem.text, *(fix.label for fix in problem.fixes)):
            assert not said or not bare_in(said), f"{problem.code}: {said}: {bare_in(said)}"


def bare_in(said: str) -> list[str]:
    """What of a sentence would stay English: all of it if it is no text, values in it that are words and no names."""
    if not isinstance(said, text.Text):
        return [said] if re.search(r"\b(and|the|of|is|are|to|with|in|none)\b|[a-z]{4,} [a-z]{4,}", said) else []
    return [found for value in said.values.values() if isinstance(value, str) for found in bare_in(value)]
