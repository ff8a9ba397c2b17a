"""The catalogues of sentences: collect the templates from the code, bring translations up to date, compile them.

python tools/translations.py collect          write blockstudio/locale/blockstudio.pot
python tools/translations.py update LANGUAGE  begin a translation (``zh_CN``), or merge new templates into it
python tools/translations.py compile          write the .mo file beside each .po file
python tools/translations.py check            fail if a file is out of date, or a sentence not translated, or wrongly
"""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

sys.path.insert(0, str(Path(__file__).resolve().parent))

from calls import calls, search_words

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "blockstudio" / "locale"
TEMPLATES = FOLDER / "blockstudio.pot"
MARK = "# Translators:"
"""What a comment for translators above a call begins with."""
SEARCHED = "Translators: words to search by; what people of your language type, divided by spaces"
PROSE = ("published", "short", "section")
"""What a preset tells of itself in words. Its other facts are names, years and numbers."""


@cache
def collected() -> Catalog:
    """Every template in the code, with the files in which it stands."""
    catalogue = Catalog(project="Block Studio", charset="utf-8", fuzzy=False)
    for file in sorted((ROOT / "blockstudio").rglob("*.py")):
        source = file.read_text(encoding="utf-8")
        lines = source.splitlines()
        for call in calls(source):
            above = lines[call.line - 2].strip() if call.line > 1 else ""
            comments = [above.removeprefix("# ")] if above.startswith(MARK) else []
            for words in call.templates:
                if any(words):
                    place = (file.relative_to(ROOT).as_posix(), None)
                    catalogue.add(words if len(words) > 1 else words[0], locations=[place], auto_comments=comments)
    for text, place in declared():
        if text.strip():
            catalogue.add(text, locations=[(place, None)])
    for text, place in searched():
        if text.strip() and catalogue.get(text) is None:
            catalogue.add(text, locations=[(place, None)], auto_comments=[SEARCHED])
    return catalogue


def searched() -> Iterator[tuple[str, str]]:
    """Words by which a person looks for blocks and commands."""
    from blockstudio.blocks import CATALOGUE
    from blockstudio.gui.refactor.kinds import COMMANDS

    yield from ((words, "blockstudio/gui/refactor/kinds.py") for _, words in COMMANDS.values())
    for kind in CATALOGUE.values():
        if (place := kind.__module__.replace(".", "/") + ".py").startswith("blockstudio/"):
            yield from ((entry.keywords, place) for entry in kind.palette)
    for file in sorted((ROOT / "blockstudio" / "gui").rglob("*.py")):
        yield from ((words, file.relative_to(ROOT).as_posix()) for words in search_words(file.read_text("utf-8")))


def declared() -> Iterator[tuple[str, str]]:
    """Texts of tables and files, which are rendered as they stand there."""
    from blockstudio.analysis.costs import COSTS
    from blockstudio.blocks import CATALOGUE, FAMILIES
    from blockstudio.runs.known_sets import DATASETS
    from blockstudio.runs.recipe import FIELDS

    for field in FIELDS.values():
        yield field.title, "blockstudio/runs/structure.py"
        yield field.help, "blockstudio/runs/structure.py"
    for heading in FAMILIES.values():
        yield heading, "blockstudio/blocks/base.py"
    for kind in CATALOGUE.values():
        if (place := kind.__module__.replace(".", "/") + ".py").startswith("blockstudio/"):
            yield kind.help, place
            for parameter in kind.parameters.values():
                yield parameter.help, place
            for entry in kind.palette:
                yield entry.title, place
    for cost in COSTS.values():
        yield cost.title, "blockstudio/analysis/costs.py"
        yield cost.about, "blockstudio/analysis/costs.py"
    for known in DATASETS.values():
        yield known.title, "blockstudio/runs/known_sets.py"
        yield known.help, "blockstudio/runs/known_sets.py"
    yield from of_presets()


def of_presets() -> Iterator[tuple[str, str]]:
    """What the networks that come with the program, the papers' tables and the experiments say."""
    from blockstudio.experiments import experiment_names, experiment_path, load_experiment
    from blockstudio.graph.format import load
    from blockstudio.graph.presets import load_preset, preset_folder, preset_names
    from blockstudio.runs.recipes import built_in

    experiments = [experiment_path(name) for name in experiment_names()]
    for file in experiments:
        small = load_experiment(file).experiment
        # At full scale it can say other things.
        for each in (small, load_experiment(file, "full").experiment) if small.full else (small,):
            yield from ((text, f"presets/experiments/{file.name}") for text in each.texts())
    drawn = [(load_preset(name), f"presets/{name}.blocks.json") for name in preset_names()]
    beside = sorted(path for file in experiments[:1] for path in file.parent.glob("*.blocks.json"))
    drawn += [(load(path), f"presets/experiments/{path.name}") for path in beside]
    for diagram, place in drawn:
        yield diagram.name, place
        yield from ((diagram.about[key], place) for key in PROSE if key in diagram.about)
        for scope in diagram.scopes():
            definition = diagram.definition(scope)
            yield definition.description, place
            for parameter in definition.parameters.values():
                yield parameter.help, place
    for named, found in built_in():
        about, place = found.about, named.path.relative_to(ROOT).as_posix()
        yield from ((text, place) for text in (about.name, *about.notes))
    for file in sorted((preset_folder() / "papers").glob("*.json")):
        read = json.loads(file.read_text(encoding="utf-8"))
        reasons = [row["why"] for row in read["rows"] if "why" in row]
        for text in (read.get("table", ""), read.get("units", ""), *read.get("remarks", ()), *reasons):
            yield text, f"presets/papers/{file.name}"


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
    out = io.BytesIO()
    catalogue = read(file)
    catalogue.creation_date = catalogue.revision_date = datetime(2026, 1, 1, tzinfo=UTC)  # the same bytes every day
    write_mo(out, catalogue)
    return out.getvalue()


def translations() -> list[Path]:
    return sorted(FOLDER.glob("*/LC_MESSAGES/blockstudio.po"))


def update(language: str) -> Path:
    file = FOLDER / language / "LC_MESSAGES" / "blockstudio.po"
    catalogue = Catalog(locale=language, project="Block Studio", charset="utf-8", fuzzy=False)
    if file.exists():
        catalogue = read(file)
    catalogue.update(collected(), no_fuzzy_matching=False)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(as_po(catalogue))
    return file


def outdated() -> list[Path]:
    """Files that are not what the code and the translations say they should be."""
    wanted = {TEMPLATES: as_po(collected())} | {po.with_suffix(".mo"): as_mo(po) for po in translations()}
    return [file for file, data in wanted.items() if not file.exists() or file.read_bytes() != data]


def read(file: Path) -> Catalog:
    """A translation."""
    with file.open("rb") as po:
        return read_po(po, locale=file.parent.parent.name, domain="blockstudio")


def untranslated(catalogue: Catalog, wanted: Catalog) -> Iterator[str]:
    """Sentences of the code for which a translation has nothing, or what somebody has yet to look at."""
    for message in wanted:
        if message.id:
            there = catalogue.get(message.id)
            said = () if there is None else there.string if isinstance(there.string, tuple) else (there.string,)
            if there is None or there.id != message.id or there.fuzzy or not said or not all(said):
                yield message.id if isinstance(message.id, str) else message.id[0]


def wrong(catalogue: Catalog) -> Iterator[str]:
    """Translations whose gaps or ends are not those of the sentence."""
    for message in catalogue:
        if not message.id or not message.string or message.fuzzy:
            continue
        sources = message.id if isinstance(message.id, tuple) else (message.id,)
        for said in message.string if isinstance(message.string, tuple) else (message.string,):
            if gaps(said) not in [gaps(source) for source in sources]:
                yield f"other gaps: {sources[-1]!r}: {said!r}"
            if said.count("\n") != sources[-1].count("\n"):
                yield f"other lines: {sources[-1]!r}: {said!r}"


def gaps(template: str) -> list[str]:
    return sorted(re.findall(r"\{[^{}]*\}", template))


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
            found = [f"{file.relative_to(ROOT)} is out of date: run collect and compile" for file in outdated()]
            for file in translations():
                catalogue = read(file)
                found += [
                    f"{catalogue.locale}: not translated: {each!r}" for each in untranslated(catalogue, collected())
                ]
                found += [f"{catalogue.locale}: {each}" for each in wrong(catalogue)]
            print(*found, sep="\n", end="\n" if found else "")
            return 1 if found else 0
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
