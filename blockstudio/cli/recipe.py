"""``recipe``: recipes with a name, shown, compared, kept."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blockstudio.cli.arguments import Parser, answer, json_argument
from blockstudio.errors import StudioError
from blockstudio.text import render, say

if TYPE_CHECKING:
    from blockstudio.runs.recipe import Recipe
    from blockstudio.runs.recipe_files import RecipeFile

ACTS = ("list", "show", "diff", "save")


def recipe_arguments(parser: Parser) -> None:
    """What ``recipe`` takes."""
    parser.description = say(
        "Recipes with a name: list them, show one, compare two field by field, keep one under a name. RECIPE is a file "
        "(JSON, TOML), a name from the list, or a preset's own: resnet50:paper, resnet50:try."
    )
    parser.epilog = say("example: blockstudio recipe diff resnet50:paper resnet50:try")
    parser.add_argument("act", choices=ACTS, help=say("what to do"))
    parser.add_argument("recipes", nargs="*", metavar="RECIPE", help=say("one to show or keep, two to compare"))
    parser.add_argument("--name", metavar="NAME", help=say("keep it under this name (default: its own)"))
    parser.add_argument("-o", "--output", metavar="FILE", help=say("write it to a .toml or .json file instead"))
    parser.add_argument("--force", action="store_true", help=say("replace the file if it is there"))
    parser.add_argument(
        "--all", action="store_true", help=say("also the fields that are alike, or have their defaults")
    )
    json_argument(parser, say("the answer as JSON"))


def recipe(options: argparse.Namespace) -> int:
    """List, show, compare or keep recipes."""
    wanted = {"list": 0, "show": 1, "diff": 2, "save": 1}[options.act]
    if len(options.recipes) != wanted:
        raise StudioError(
            "cli.usage",
            say("recipe {act} takes {wanted} recipes, not {found}.", act=options.act, wanted=wanted,
                found=len(options.recipes)),
            hint=say("For example: blockstudio recipe show resnet50:paper"),
        )  # fmt: skip
    if options.act != "save" and (options.output or options.name):
        raise StudioError(
            "cli.usage", say("'{command}' writes nothing; leave -o and --name out.", command=f"recipe {options.act}"),
            hint=say("To keep one: {command}", command="blockstudio recipe save RECIPE -o FILE"),
        )  # fmt: skip
    return {"list": _list, "show": _show, "diff": _diff, "save": _save}[options.act](options)


def _loaded(text: str) -> RecipeFile:
    from blockstudio.runs.recipes import find

    return find(text).load()


def _list(options: argparse.Namespace) -> int:
    from blockstudio.report.table import Table
    from blockstudio.runs.recipes import built_in, saved

    rows = [(named, file.about) for named, file in built_in()]
    own = saved()
    if options.json:
        answer(recipes=[
            *({"name": named.name, "kind": named.kind, "title": about.name, "presets": list(about.presets),
               "file": str(named.path)} for named, about in rows),
            *({"name": named.name, "kind": named.kind, "file": str(named.path)} for named in own),
        ])  # fmt: skip
        return 0
    lines = [[named.name, named.kind, about.said().name, ", ".join(about.presets)] for named, about in rows]
    lines += [[named.name, named.kind, "", ""] for named in own]
    titles = [render(text) for text in (say("recipe"), say("kind"), say("title"), say("networks"))]
    print(Table(titles, lines).text())
    return 0


def _show(options: argparse.Namespace) -> int:
    import msgspec

    from blockstudio.runs.recipe import FIELDS
    from blockstudio.runs.recipes import field_text

    file = _loaded(options.recipes[0])
    if options.json:
        answer(about=msgspec.to_builtins(file.about), recipe=msgspec.to_builtins(file.recipe))
        return 0
    about = file.about.said()
    for line in (about.name, about.source):
        if line:
            print(line)
    paths = [path for path in FIELDS if options.all or path in file.given]
    width = max(map(len, paths), default=0)
    for path in paths:
        print(f"  {path:{width}}  {field_text(path, file.recipe)}")
    for note in about.notes:
        print(f"- {note}")
    return 0


def _diff(options: argparse.Namespace) -> int:
    from blockstudio.report.table import Table
    from blockstudio.runs.recipes import compared

    first, second = (_loaded(text).recipe for text in options.recipes)
    rows = [row for row in compared(first, second) if options.all or not row.same]
    if options.json:
        answer(fields=[{"field": row.path, "first": row.first, "second": row.second} for row in rows])
        return 0
    if not rows:
        print(render(say("The two recipes are alike.")))
        return 0
    titles = [render(say("field")), *options.recipes]
    print(Table(titles, [[row.path, row.first, row.second] for row in rows]).text())
    return 0


def _save(options: argparse.Namespace) -> int:
    from blockstudio.graph.files import check_target
    from blockstudio.runs.recipe_files import save_recipe
    from blockstudio.runs.recipes import ENDINGS, find, save

    named = find(options.recipes[0])
    file = named.load()
    if options.output:
        path = Path(options.output)
        if path.suffix.lower() not in ENDINGS:
            raise StudioError("recipe.file", say("expected a name that ends in .toml or .json."), where=str(path))
        check_target(path, options.force)
        save_recipe(file.recipe, path, file.about)
    else:
        path = save(options.name or named.name, file.recipe, file.about)
    if options.json:
        answer(file=str(path))
    else:
        print(render(say("Written: {file}", file=str(path))))
    return 0


def recipe_of(named: str | None, data: str | None, preset: str = "", **fields: Any) -> Recipe:
    """The recipe of a name or file (or the default one) with the fields of the command line put over it; ``preset`` is
    what the network was made from."""
    from blockstudio.runs.recipe import Recipe, with_fields
    from blockstudio.runs.recipes import check_data, find, put_over

    given = {path: value for path, value in fields.items() if value is not None}
    if data is not None:
        given["data.source"] = data
    if not named:
        return with_fields(Recipe(), given)
    file = find(named, preset).load()
    recipe = with_fields(put_over(Recipe(), file), given)
    if data is None:
        check_data(file, recipe)
    return recipe
