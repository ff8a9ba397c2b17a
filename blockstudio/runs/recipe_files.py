"""Recipes as files: JSON or TOML, with a name and where it comes from in ``about``."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from blockstudio.answers import collected
from blockstudio.errors import StudioError
from blockstudio.graph.files import read_bounded, write_atomic
from blockstudio.runs.recipe import Recipe, get_field, given_fields, with_fields
from blockstudio.runs.structure import VERSION
from blockstudio.text import Text, render, say

MAX_FILE = 1 << 20
ABOUT = "about"
"""The table of a file that says what the recipe is, and nothing of how to train."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a recipe file says of itself."""

    name: str = ""
    source: str = ""
    """Where the figures are from."""
    data: str = ""
    """The images it is for, where no field can name them."""
    presets: tuple[str, ...] = ()
    """The networks it is of."""
    notes: tuple[str, ...] = ()
    """What the fields cannot say."""

    def said(self) -> About:
        """The same in the reader's language, as far as it comes with the program; a source is cited as it is."""
        name, *notes = (render(Text(text)) for text in (self.name, *self.notes))
        return msgspec.structs.replace(self, name=name, notes=tuple(notes))


class RecipeFile(msgspec.Struct, frozen=True, kw_only=True):
    """A recipe with what its file says of it."""

    recipe: Recipe
    given: dict[str, Any]
    """The fields that stand in the file, by path; all others have their defaults."""
    about: About = About()


def _read(data: bytes | str, where: str) -> dict[str, Any]:
    form = "TOML" if where.lower().endswith(".toml") else "JSON"
    try:
        if form == "TOML":
            raw: object = tomllib.loads(str(data, "utf-8") if isinstance(data, bytes) else data)
        else:
            raw = msgspec.json.decode(data)
    except (ValueError, RecursionError) as error:
        text = say("is not {form}: {error}.", form=form, error=error)
        raise StudioError("recipe.file", text, where=where) from None
    if not isinstance(raw, dict):
        raise StudioError("recipe.file", say("is not a recipe: expected an object of fields."), where=where)
    version = raw.get("version", VERSION)
    if isinstance(version, int) and version > VERSION:
        raise StudioError(
            "recipe.version",
            say("has version {version}; this program reads up to {newest}.", version=version, newest=VERSION),
            where=where,
            hint=say("Update Block Studio."),
        )
    return raw


def loads_recipe_file(data: bytes | str, where: str = "recipe") -> RecipeFile:
    """A recipe and what is said of it, from JSON, or from TOML where ``where`` ends so. Raises `StudioError` naming
    every wrong field."""
    raw = _read(data, where)
    try:
        about = msgspec.convert(raw.pop(ABOUT, {}), About)
    except msgspec.ValidationError as error:
        text = say("does not say what the recipe is as it should: {error}.", error=error)
        raise StudioError("recipe.file", text, where=f"{where}: {ABOUT}") from None
    try:
        recipe = with_fields(Recipe(), raw)
    except StudioError as error:
        problems = getattr(error, "problems", (error,))
        raise collected([problem.at(f"{where}: {problem.where}") for problem in problems]) from None
    return RecipeFile(recipe=recipe, given={path: get_field(recipe, path) for path in given_fields(raw)}, about=about)


def load_recipe_file(path: Path | str) -> RecipeFile:
    """A recipe and what its file says of it. Raises `StudioError` ``file.*``, ``recipe.*``."""
    return loads_recipe_file(read_bounded(Path(path), MAX_FILE), str(path))


def load_recipe(path: Path | str) -> Recipe:
    """A recipe from a file.

    Args:
        path: A ``recipe.json``, or TOML by its ending. Fields left out have their defaults.

    Returns:
        The recipe.

    Raises:
        StudioError: ``file.*``, ``recipe.*`` naming the file and every wrong field.

    Example:
        >>> save_recipe(Recipe(epochs=2), folder / "recipe.json")
        >>> load_recipe(folder / "recipe.json").epochs
        2
    """
    return load_recipe_file(path).recipe


def dumps_recipe(recipe: Recipe, about: About | None = None) -> str:
    """A recipe as JSON with every field, one a line."""
    fields = msgspec.to_builtins(recipe)
    if about is not None:
        fields = {ABOUT: _about_fields(about), **fields}
    return msgspec.json.format(msgspec.json.encode(fields), indent=1).decode() + "\n"


def dumps_toml(recipe: Recipe, about: About | None = None) -> str:
    """A recipe as TOML with every field that has a value, one a line."""
    fields = msgspec.to_builtins(recipe)
    tables = {name: value for name, value in fields.items() if isinstance(value, dict)}
    if about is not None:
        tables = {ABOUT: _about_fields(about), **tables}
    lines = _toml({name: value for name, value in fields.items() if name not in tables})
    for name, table in tables.items():
        inner = {key: value for key, value in table.items() if isinstance(value, dict)}
        lines += ["", f"[{name}]", *_toml({key: value for key, value in table.items() if key not in inner})]
        for key, value in inner.items():
            lines += ["", f"[{name}.{key}]", *_toml(value)]
    return "\n".join(lines) + "\n"


def _toml(values: Mapping[str, Any]) -> list[str]:
    return [f"{name} = {_toml_value(value)}" for name, value in values.items() if value is not None]


def _toml_value(value: Any) -> str:
    """JSON's way to write a value is TOML's but for one letter, which is escaped here."""
    if isinstance(value, list | tuple) and any(isinstance(item, str) for item in value):
        return "[\n" + "".join(f"  {_toml_value(item)},\n" for item in value) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _about_fields(about: About) -> dict[str, Any]:
    return {name: value for name, value in msgspec.to_builtins(about).items() if value}


def save_recipe(recipe: Recipe, path: Path | str, about: About | None = None) -> None:
    """Write a recipe; the old file stays whole until the new one is complete.

    Args:
        recipe: The recipe.
        path: The file, TOML by its ending, else JSON.
        about: What it says of itself.

    Raises:
        StudioError: ``file.*`` where it cannot be written.

    Example:
        >>> save_recipe(Recipe(), folder / "recipe.json")
    """
    text = dumps_toml(recipe, about) if Path(path).suffix.lower() == ".toml" else dumps_recipe(recipe, about)
    write_atomic(Path(path), text.encode())
