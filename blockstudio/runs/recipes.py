"""Recipes with a name: the papers' own, those that show learning in two minutes, and the user's.

The first two are files beside the presets, ``presets/recipes/paper`` and ``presets/recipes/try``, each of which says
for which presets it is. The user's are files in a folder of theirs, which can be given to others.
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from blockstudio import folders
from blockstudio.errors import StudioError, file_errors, shown
from blockstudio.graph.diagram import Diagram, suggestion
from blockstudio.graph.files import folder_for, inside, refused
from blockstudio.graph.presets import PRESET, preset_folder, preset_names
from blockstudio.runs.recipe import FIELDS, Recipe, get_field, with_fields
from blockstudio.runs.recipe_files import About, RecipeFile, load_recipe_file, save_recipe
from blockstudio.text import render, say

Kind: TypeAlias = Literal["paper", "try", "own"]
KINDS: tuple[Kind, ...] = ("paper", "try")
"""Kinds of recipes that come with the presets."""
ENDINGS = (".toml", ".json")
_OF_THE_MACHINE = ("data.", "start.weights", "start.fetch", "start.partial", "start.freeze", "device", "threads",
                   "watch.", "seed")  # fmt: skip
"""Fields that a recipe leaves as they are unless it names them: which images, which machine, what is watched."""
_NAME = re.compile(r"[^\\/:*?\"<>|\x00-\x1f.][^\\/:*?\"<>|\x00-\x1f]{0,79}")
_DEVICES = {"con", "prn", "aux", "nul", *(f"{name}{number}" for name in ("com", "lpt") for number in range(1, 10))}
"""What no file can be called on Windows, whatever its ending."""


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A recipe that can be called by its name."""

    name: str
    kind: Kind
    path: Path

    def load(self) -> RecipeFile:
        """Read it. Raises `StudioError` ``file.*``, ``recipe.*``."""
        return load_recipe_file(self.path)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One field of two recipes."""

    path: str
    first: str
    second: str

    @property
    def same(self) -> bool:
        return self.first == self.second


@cache
def built_in() -> tuple[tuple[Named, RecipeFile], ...]:
    """The recipes that come along, the papers' first."""
    found = []
    for kind in KINDS:
        for path in sorted((preset_folder() / "recipes" / kind).glob("*.toml")):
            named = Named(name=path.stem, kind=kind, path=path)
            found.append((named, named.load()))
    return tuple(found)


def of_preset(preset: str, kind: Kind) -> Named | None:
    """The recipe of a kind for the preset of that name."""
    return next((named for named, file in built_in() if named.kind == kind and preset in file.about.presets), None)


def preset_of(diagram: Diagram) -> str:
    """The preset that a diagram was made from; ``""`` if it is nobody's."""
    return str(diagram.about.get(PRESET, ""))


def saved(folder: Path | None = None) -> list[Named]:
    """The user's recipes, by name."""
    place = folder or folders.recipes()
    files = [path for path in inside(place) if path.suffix.lower() in ENDINGS and os.path.isfile(path)]
    return [Named(name=path.stem, kind="own", path=path) for path in sorted(files, key=lambda path: path.name.lower())]


def find(text: str, preset: str = "", folder: Path | None = None) -> Named:
    """The recipe that ``text`` calls: ``paper`` or ``try`` of ``preset``, ``resnet50:paper``, a file, one of the user's
    or of those that come along by its name. Raises `StudioError` ``recipe.unknown``."""
    network, colon, kind = text.rpartition(":")
    if colon and kind in KINDS and network:
        text, preset = kind, network
    if text in KINDS:
        return _of_network(text, preset)
    path = Path(text).expanduser()
    with file_errors():
        is_file = path.suffix.lower() in ENDINGS or path.is_file()
    if is_file:
        return Named(name=path.stem, kind="own", path=path)
    known = [*saved(folder), *(named for named, _ in built_in())]
    for named in known:
        if named.name == text:
            return named
    raise StudioError(
        "recipe.unknown",
        say("there is no recipe and no file '{name}'.", name=shown(text)),
        hint=suggestion(text, [*KINDS, *(named.name for named in known)]),
    )


def _of_network(kind: str, preset: str) -> Named:
    found = next((of_preset(preset, each) for each in KINDS if each == kind), None)
    if found is not None:
        return found
    if not preset:
        text = say("only networks of the presets have a recipe called {kind}; this one is drawn anew.", kind=kind)
    elif preset not in preset_names():
        raise StudioError("preset.unknown", say("there is no preset '{name}'.", name=shown(preset)),
                          hint=suggestion(preset, preset_names()))  # fmt: skip
    else:
        text = say("the preset {preset} has no recipe called {kind}: it is a part of a network.", preset=preset,
                   kind=kind)  # fmt: skip
    raise StudioError("recipe.unknown", text, hint=say("Name a file, or see: blockstudio recipe list"))


def put_over(recipe: Recipe, file: RecipeFile) -> Recipe:
    """``recipe`` with all that ``file`` says. What it leaves out has its default, but for images, starting weights and
    what is of the machine: these stay."""
    values = {
        path: get_field(file.recipe, path)
        for path in FIELDS
        if path in file.given or not path.startswith(_OF_THE_MACHINE)
    }
    return with_fields(recipe, values)


def check_data(file: RecipeFile, recipe: Recipe) -> None:
    """Raises `StudioError` ``recipe.data`` where the recipe is for images that no field can name, and ``recipe`` still
    has those that come with the program."""
    if file.about.data and recipe.data.source == Recipe().data.source and "data.source" not in file.given:
        raise StudioError(
            "recipe.data",
            say("the recipe is for {data}, and says not where that is.", data=file.about.data),
            where="data.source",
            hint=say("Name a folder with --data, or digits if you mean it."),
        )


def save(name: str, recipe: Recipe, about: About | None = None, folder: Path | None = None,
         ending: str = ".toml") -> Path:  # fmt: skip
    """Keep a recipe under a name. Raises `StudioError` ``recipe.name``, ``file.*``."""
    place = folder or folders.recipes()
    check_recipe_name(name)
    path = place / f"{name}{ending}"
    with folder_for(place):
        save_recipe(recipe, path, about or About(name=name))
        for other in (place / f"{name}{each}" for each in ENDINGS if each != ending):
            try:
                other.unlink(missing_ok=True)
            except OSError as error:
                raise refused(error, 0, other) from error
    return path


def check_recipe_name(name: str) -> None:
    """Raises `StudioError` ``recipe.name`` unless ``name`` can be a file's on every system."""
    if not _NAME.fullmatch(name) or name != name.strip() or name in KINDS:
        raise StudioError(
            "recipe.name",
            say("'{name}' cannot name a recipe.", name=shown(name)),
            hint=say("Use up to 80 letters, digits, spaces and hyphens; paper and try are taken."),
        )
    if name.split(".")[0].strip().casefold() in _DEVICES:
        raise StudioError("recipe.name", say("'{name}' cannot name a recipe.", name=shown(name)),
                          hint=say("Windows keeps this name for a device."))  # fmt: skip


def compared(first: Recipe, second: Recipe) -> list[Row]:
    """Every field of two recipes, as people read it."""
    return [
        Row(path=path, first=field_text(path, first), second=field_text(path, second))
        for path in FIELDS
        if path != "version"
    ]


def field_text(path: str, recipe: Recipe) -> str:
    """A field's value in words: ``chosen`` where it is left to the program."""
    value = get_field(recipe, path)
    if value is None:
        return render(say("chosen"))
    if isinstance(value, bool):
        return render(say("on") if value else say("off"))
    if isinstance(value, tuple):
        return ", ".join(item if isinstance(item, str) else f"{item:g}" for item in value) or render(say("none"))
    return f"{value:g}" if isinstance(value, float) else str(value)
