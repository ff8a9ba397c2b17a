"""The documentation is true where a machine can tell."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from blockstudio.runs.recipe import FIELDS

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "README.zh-CN.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_recipe_field_is_explained() -> None:
    text = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^\| `([a-z_0-9.]+)` \|", text, flags=re.MULTILINE))
    assert set(FIELDS) - {"version"} <= explained
    rows = dict(re.findall(r"^\| `([a-z_0-9.]+)` \| [^|]* \| ([^|]*) \|$", text, flags=re.MULTILINE))
    for path in set(FIELDS) - {"version"}:
        field = FIELDS[path]
        choices = f" One of {', '.join(f'`{choice}`' for choice in field.choices)}." if field.choices else ""
        assert rows[path] == field.help + choices, path


def test_every_room_stands_on_the_page_of_the_architecture() -> None:
    """And nothing that is not there: packages and files on the first list, folders of the window on the second."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split("```\n")
    package = ROOT / "blockstudio"
    for told, folder in ((page[1], package), (page[3], package / "gui")):
        lines = re.findall(r"^  ((?:\w+(?:/|\.py) +)+)", told, re.MULTILINE)
        there = {f"{path.parent.name}/" for path in folder.glob("*/__init__.py")}
        there |= {path.name for path in folder.glob("*.py") if not path.name.startswith("__")} - {"version.py"}
        assert sorted(name for line in lines for name in line.split()) == sorted(there)


@pytest.mark.parametrize(
    ("english", "chinese"), [("README.md", "README.zh-CN.md"), ("docs/window.md", "docs/window.zh-CN.md")]
)
def test_a_page_in_chinese_shows_what_the_english_one_does(english: str, chinese: str) -> None:
    ours, theirs = ((ROOT / page).read_text(encoding="utf-8") for page in (english, chinese))
    assert Path(chinese).name in ours and Path(english).name in theirs, "each leads to the other"
    assert len(re.findall("^## ", ours, re.MULTILINE)) == len(re.findall("^## ", theirs, re.MULTILINE))
    pictures = [re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page) for page in (ours, theirs)]
    assert set(pictures[1]) <= set(pictures[0])
    # The figures of the networks are in one table, and the lines that set it up are the same.
    rows = [re.findall(r"^\| (`\w+` \| [\d,]+ \| [\d,]+ \| \d+) ", page, re.MULTILINE) for page in (ours, theirs)]
    commands = [re.findall("^python3 -m venv.*$", page, re.MULTILINE) for page in (ours, theirs)]
    assert rows[0] == rows[1] and commands[0] == commands[1]


def test_readme_has_exactly_two_set_up_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    set_up = text.split("## Set up")[1].split("\n## ")[0]
    assert len(re.findall(r"^```sh$", set_up, flags=re.MULTILINE)) == 2
    assert len(re.findall(r"^python3 -m venv", set_up, flags=re.MULTILINE)) == 2
