"""The catalogues of sentences: collect the templates from the code, bring translations up to date, compile them.

python tools/translations.py collect          write blockstudio/locale/blockstudio.pot
python tools/translations.py update LANGUAGE  begin a translation (``zh_CN``), or merge new templates into it
python tools/translations.py compile          write the .mo file beside each .po file
python tools/translations.py check            fail if one of the files is out of date
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "blockstudio" / "locale"
TEMPLATES = FOLDER / "blockstudio.pot"
KEYWORDS = {"say": None, "tr": None, "say_many": (1, 2), "tr_many": (1, 2)}


def collected() -> Catalog:
    """Every template in the code, with the files in which it stands."""
    catalogue = Catalog(project="Block Studio", charset="utf-8", fuzzy=False)
    found = extract_from_dir(
        str(ROOT / "blockstudio"), [("**.py", "python")], keywords=KEYWORDS, comment_tags=("Translators:",)
    )
    for file, _line, message, comments, context in sorted(found, key=lambda row: (row[0], row[1])):
        if message and message != "":
            catalogue.add(message, locations=[(f"blockstudio/{file}", None)], auto_comments=comments, context=context)
    for text, place in declared():
        if text.strip():
            catalogue.add(text, locations=[(place, None)])
    return catalogue


def declared() -> Iterator[tuple[str, str]]:
    """Texts of tables, which are rendered as they stand there: fields of a recipe, families, costs, sets, presets."""
    from blockstudio.analysis.costs import COSTS
    from blockstudio.blocks import FAMILIES
    from blockstudio.experiments import experiment_names, experiment_path, load_experiment
    from blockstudio.graph.format import load
    from blockstudio.graph.presets import load_preset, preset_names
    from blockstudio.runs.datasets import DATASETS
    from blockstudio.runs.recipe import FIELDS

    for field in FIELDS.values():
        yield field.title, "blockstudio/runs/structure.py"
        yield field.help, "blockstudio/runs/structure.py"
    for heading in FAMILIES.values():
        yield heading, "blockstudio/blocks/base.py"
    for cost in COSTS.values():
        yield cost.title, "blockstudio/analysis/costs.py"
    for known in DATASETS.values():
        yield known.title, "blockstudio/runs/datasets.py"
        yield known.help, "blockstudio/runs/datasets.py"
    experiments = [experiment_path(name) for name in experiment_names()]
    for file in experiments:
        for text in load_experiment(file).experiment.texts():
            yield text, f"presets/experiments/{file.name}"
    drawn = [(load_preset(name), f"presets/{name}.blocks.json") for name in preset_names()]
    beside = sorted(path for file in experiments[:1] for path in file.parent.glob("*.blocks.json"))
    drawn += [(load(path), f"presets/experiments/{path.name}") for path in beside]
    for diagram, place in drawn:
        for scope in diagram.scopes():
            definition = diagram.definition(scope)
            yield definition.description, place
            for parameter in definition.parameters.values():
                yield parameter.help, place


def as_po(catalogue: Catalog) -> bytes:
    """The text of a catalogue, without dates, so that the same sentences give the same bytes."""
    out = io.BytesIO()
    write_po(out, catalogue, width=120, omit_header=catalogue.locale is None, sort_output=True)
    return b"".join(
        line
        for line in out.getvalue().splitlines(keepends=True)
        if not line.startswith((b'"POT-Creation', b'"PO-Revision', b'"Generated'))
    )


def as_mo(file: Path) -> bytes:
    with file.open("rb") as po:
        catalogue = read_po(po, domain="blockstudio")
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def translations() -> list[Path]:
    return sorted(FOLDER.glob("*/LC_MESSAGES/blockstudio.po"))


def update(language: str) -> Path:
    file = FOLDER / language / "LC_MESSAGES" / "blockstudio.po"
    catalogue = Catalog(locale=language, project="Block Studio", charset="utf-8", fuzzy=False)
    if file.exists():
        with file.open("rb") as po:
            catalogue = read_po(po, locale=language, domain="blockstudio")
    catalogue.update(collected(), no_fuzzy_matching=False)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(as_po(catalogue))
    return file


def outdated() -> list[Path]:
    """Files that are not what the code and the translations say they should be."""
    wanted = {TEMPLATES: as_po(collected())} | {po.with_suffix(".mo"): as_mo(po) for po in translations()}
    return [file for file, data in wanted.items() if not file.exists() or file.read_bytes() != data]


def main(words: list[str]) -> int:
    match words:
        case ["collect"]:
            FOLDER.mkdir(exist_ok=True)
            TEMPLATES.write_bytes(as_po(collected()))
        case ["update", language]:
            print(update(language))
        case ["compile"]:
            for po in translations():
                po.with_suffix(".mo").write_bytes(as_mo(po))
        case ["check"]:
            for file in (late := outdated()):
                print(f"{file.relative_to(ROOT)} is out of date: run collect and compile")
            return 1 if late else 0
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
