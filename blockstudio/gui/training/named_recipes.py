"""Recipes with a name: the papers' own, those to try now, the user's; kept, opened, given on, compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMenu

from blockstudio.errors import StudioError
from blockstudio.graph.operations.copying import copy_diagram
from blockstudio.gui.commands.registry import Choice, Command, Commands
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.document.session import Session
from blockstudio.gui.kit.text import tr
from blockstudio.gui.training.measuring import MeasureDialog
from blockstudio.gui.training.recipe_comparison import RecipeComparison
from blockstudio.gui.work.settings import recipes_folder
from blockstudio.runs import recipes
from blockstudio.runs.recipe import FIELDS, Recipe, get_field
from blockstudio.runs.recipe_files import About, RecipeFile, load_recipe_file, save_recipe
from blockstudio.runs.recipes import Named
from blockstudio.text import say

DEFAULT = ""
"""The value of the choice that puts every field back."""
TITLES = {"paper": say("As the paper trained it"), "try": say("Try it now")}


class NamedRecipes(QObject):
    """Which recipes there are for the network in view, and the one that was taken last."""

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.about = About()
        """Of the recipe that was taken last."""
        self.path: Path | None = None
        """Where it stands."""
        self._taken: Recipe | None = None
        session.recipe.changed.connect(self.changed)
        session.opened.connect(self.changed)

    @property
    def title(self) -> str:
        """The name of the recipe in force, and whether it has been changed since."""
        if self._taken is None:
            return tr("Chosen")
        name, same = self.about.said().name, self._session.recipe.value == self._taken
        return name if same else tr("{name}, changed", name=name)

    def own(self) -> list[tuple[str, Named]]:
        """Title and recipe of those that the network in view has of its own."""
        preset = recipes.preset_of(self._session.diagram)
        found = [(kind, recipes.of_preset(preset, kind)) for kind in recipes.KINDS]
        return [(tr(TITLES[kind]), named) for kind, named in found if named is not None]

    def all(self) -> list[tuple[str, Named]]:
        """The network's own, then the user's."""
        return [*self.own(), *((named.name, named) for named in recipes.saved(recipes_folder()))]

    def take(self, path: Path | str) -> str:
        """Take the recipe of a file over; an empty path puts all fields back. Returns what to say. Raises
        `StudioError`."""
        file = load_recipe_file(path) if path else None
        before = self._session.recipe.value
        wanted = recipes.put_over(before, file) if file is not None else _default(before)
        values = {
            field: get_field(wanted, field) for field in FIELDS if get_field(before, field) != get_field(wanted, field)
        }
        if values and not self._session.recipe.set_fields(values):
            return ""
        name = file.about.said().name or Path(path).stem if file is not None else ""
        self.about = file.about if file is not None else About()
        if file is not None and not file.about.name:
            self.about = About(name=name)
        self._taken = None if file is None else self._session.recipe.value
        self.path = None if file is None else Path(path)
        self.changed.emit()
        if file is None:
            return tr("Every field is chosen for the data and the network again.")
        if file.about.data and "data.source" not in file.given:
            return tr(
                "{name} is the recipe of the next run. Choose the folder with {data}.", name=name, data=file.about.data
            )
        return tr("{name} is the recipe of the next run.", name=name)


def _default(before: Recipe) -> Recipe:
    """The fields that recipes are made of, as they are without one."""
    return recipes.put_over(before, RecipeFile(recipe=Recipe(), given={}))


def fill_menu(commands: Commands[Desk], menu: QMenu) -> None:
    """What can be done with recipes, for a button."""
    commands.refresh()
    commands.fill_choices(menu, "recipe.use")
    menu.addSeparator()
    for id in ("recipe.save", "recipe.open", "recipe.write", "recipe.compare"):
        commands.offer(menu, id)


def commands(named: NamedRecipes, session: Session) -> tuple[Command[Desk], ...]:
    """The commands about recipes."""

    def choices(_: Desk) -> Iterable[Choice]:
        yield Choice(tr("Chosen for the data and network"), DEFAULT, named.about == About())
        own = len(named.own())
        for place, (title, each) in enumerate(named.all()):
            tip = str(each.path) if each.kind == "own" else _told(each)
            yield Choice(title, str(each.path), each.path == named.path, tip, separator=place in (0, own))

    def use(desk: Desk, path: str) -> None:
        _tried(desk, lambda: desk.say(text, "good") if (text := named.take(path)) else None)

    def save(desk: Desk) -> None:
        def keep(name: str) -> None:
            def act() -> None:
                known = {each.name for each in recipes.saved(recipes_folder())}
                path = recipes.save(name.strip(), session.recipe.value, folder=recipes_folder())
                named.take(path)
                text = tr("The recipe is kept as {name}, in place of the one before.", name=name.strip()) if (
                    name.strip() in known) else tr("The recipe is kept as {name}.", name=name.strip())  # fmt: skip
                desk.say(text, "good")

            _tried(desk, act)

        dialog = QInputDialog(desk.window)
        dialog.setWindowTitle(tr("Keep the recipe"))
        dialog.setLabelText(tr("Name of the recipe:"))
        dialog.setTextValue(named.about.said().name)
        dialog.setOkButtonText(tr("Keep"))
        dialog.textValueSelected.connect(keep)
        desk.open_dialog(dialog)

    def ask_file(desk: Desk, title: str, saving: bool) -> None:
        dialog = QFileDialog(desk.window, title, str(recipes_folder()), "TOML (*.toml);;JSON (*.json)" if saving else
                             tr("Recipes") + " (*.toml *.json)")  # fmt: skip
        if saving:
            dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            dialog.setDefaultSuffix("toml")
        dialog.fileSelected.connect(lambda name: write(desk, Path(name)) if saving else use(desk, name))
        desk.open_dialog(dialog)

    def write(desk: Desk, path: Path) -> None:
        def act() -> None:
            about = named.about if named.about.name else About(name=path.stem)
            save_recipe(session.recipe.value, path, about)
            desk.say_written(path, tr("The recipe is in {file}.", file=path.name))

        _tried(desk, act)

    def compare(desk: Desk) -> None:
        desk.open_dialog(RecipeComparison(desk.window, session.recipe.value, named.all()))

    def measure(desk: Desk) -> None:
        diagram = copy_diagram(session.diagram)
        desk.open_dialog(MeasureDialog(desk.window, diagram, session.recipe.value, session.recipe.set_fields))

    return (
        Command("recipe.measure", say("Measure and choose…"), measure, "Run", 340,
                enabled=lambda d: bool(len(session.diagram.graph)),
                keywords="tune benchmark speed batch size learning rate range test"),
        Command("recipe.use", say("Recipe of the next run"), use, choices=choices,
                keywords="paper try preset hyperparameters"),
        Command("recipe.save", say("Keep this recipe under a name…"), save, "Run", 300),
        Command("recipe.open", say("Open a recipe…"), lambda d: ask_file(d, tr("Open a recipe"), False), "Run", 310,
                keywords="toml json"),
        Command("recipe.write", say("Write this recipe to a file…"),
                lambda d: ask_file(d, tr("Write the recipe"), True), "Run", 320, keywords="share export toml json"),
        Command("recipe.compare", say("Compare recipes…"), compare, "Run", 330, keywords="difference fields"),
    )  # fmt: skip


def _told(named: Named) -> str:
    """Where a recipe is from, and what its fields cannot say."""
    about = named.load().about.said()
    return "\n".join([about.source, *about.notes])


def _tried(desk: Desk, act: Callable[[], object]) -> None:
    try:
        act()
    except StudioError as error:
        desk.say(str(error), "problem")
