"""The rules of the house: which layer may import which, and what may not be imported at all."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import blockstudio
from tests.support.source import imports

PACKAGE = Path(blockstudio.__file__).parent

MAY_IMPORT = {
    "text": set(),
    "version": set(),
    "answers": {"text", "errors"},
    "formats": {"text"},
    "folders": set(),
    "needs": {"text", "errors"},
    "errors": {"text"},
    "checked": {"text", "errors"},
    "blocks": {"text", "errors"},
    "graph": {"text", "errors", "checked", "blocks"},
    "analysis": {"text", "errors", "checked", "blocks", "graph"},
    "layout": {"text", "errors", "blocks", "graph"},
    "runs": {"text", "errors", "blocks", "graph", "analysis"},
    "compiler": {"text", "errors", "blocks", "graph", "analysis"},
    "imports": {"text", "errors", "blocks", "graph", "analysis", "compiler"},
    "training": {"text", "errors", "blocks", "graph", "analysis", "compiler", "runs"},
    "experiments": {"text", "errors", "blocks", "graph", "analysis", "report", "runs"},
    "laboratory": {
        "text",
        "errors",
        "checked",
        "blocks",
        "graph",
        "analysis",
        "report",
        "compiler",
        "runs",
        "training",
    },
    "report": {"text", "errors", "blocks", "graph", "analysis"},
    "lessons": {"text", "errors", "blocks", "graph", "analysis", "report"},
    "gui": {"text", "errors", "blocks", "graph", "analysis", "layout", "runs", "report", "experiments", "lessons"},
    "api": {"text", "errors", "checked", "blocks", "graph", "analysis", "compiler", "imports", "runs", "training"},
    "cli": {
        "text",
        "errors",
        "blocks",
        "graph",
        "analysis",
        "layout",
        "runs",
        "report",
        "compiler",
        "imports",
        "training",
        "experiments",
        "laboratory",
        "lessons",
        "gui",
    },
}
BELOW_ALL = {"answers", "folders", "formats", "needs"}
"""Small tables and forms that every layer may read."""
READ_PICKLES = {"pickles.py", "weight_files.py", "cifar_batch.py"}
"""With unpicklers of their own, which look no name up and call nothing that a file names."""
TORCH_ALLOWED = {"compiler", "imports", "training", "laboratory", "api"}
MODULES = sorted(PACKAGE.rglob("*.py"))


def layer(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Dotted names a module imports anywhere, functions included, but not under ``if TYPE_CHECKING``."""
    return {found.dotted for found in imports(path) if not found.for_types}


def broken(path: Path) -> list[str]:
    """The rules that a file breaks."""
    here = layer(path)
    if here in ("__init__", "__main__"):
        return []
    names = imported(path)
    layers = {name.split(".")[1] for name in names if name.startswith("blockstudio.")} - {here, "version"}
    if here not in BELOW_ALL:
        layers -= BELOW_ALL
    found = [f"{here} may not import {each}" for each in sorted(layers - MAY_IMPORT[here])]
    roots = {name.split(".")[0] for name in names}
    if here != "gui" and roots & {"PySide6", "pyqtgraph", "shiboken6"}:
        found.append("Qt belongs in gui")
    if here not in TORCH_ALLOWED and roots & {"torch", "torchvision"}:
        found.append("torch belongs in compiler and training")
    # Elsewhere the name of the error that torch raises for a pickle is all of that module anybody needs.
    harmless = {"pickle", "pickle.UnpicklingError"} if path.name in READ_PICKLES else {"pickle.UnpicklingError"}
    roots = {name.split(".")[0] for name in names - harmless}
    unpickles = re.search(r"pickle\.(loads?|dumps?|Pickler)\b|\bUnpickler\(", path.read_text(encoding="utf-8"))
    if unpickles or roots & {"pickle", "marshal", "shelve", "dill"}:
        found.append("files are data")
    return found


@pytest.mark.xdist_group("catalogues")  # the code is read once
def test_imports_point_one_way() -> None:
    assert {str(path.relative_to(PACKAGE)): rules for path in MODULES if (rules := broken(path))} == {}


def test_a_broken_rule_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path)
    (tmp_path / "graph").mkdir()
    for text, rule in (
        ("import torch", "torch belongs in compiler and training"),
        ("def f():\n    import PySide6", "Qt belongs in gui"),
        ("from blockstudio.gui import kit", "graph may not import gui"), ("import pickle", "files are data"),
        ("from blockstudio.graph import edits\nfrom blockstudio.errors import StudioError", None),
    ):  # fmt: skip
        path = tmp_path / "graph" / f"m{abs(hash(text))}.py"
        path.write_text(text, encoding="utf-8")
        assert broken(path) == ([rule] if rule else []), text


def test_no_file_is_too_long_to_hold_in_the_head() -> None:
    lengths = {str(path.relative_to(PACKAGE)): path.read_bytes().count(b"\n") for path in MODULES}
    assert {path: length for path, length in lengths.items() if length > 450} == {}


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import blockstudio", "torch PySide6 networkx numpy"),
        ("import blockstudio as bs; bs.analyze(bs.load('resnet34'))", "torch PySide6"),
        ("import blockstudio as bs; bs.source(bs.load('resnet34'))", "torch PySide6"),
        ("import blockstudio.runs", "torch PySide6"),
        ("import blockstudio.layout", "torch PySide6"),
    ],
)
def test_heavy_libraries_stay_out(statement: str, absent: str) -> None:
    check = f"{statement}\nimport sys\nprint(*[m for m in {absent.split()} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert result.stdout.split() == []


def test_test_files_have_names_of_their_own() -> None:
    # Folders of tests are no packages: two files of one name cannot be collected together.
    names = [path.name for path in Path(__file__).parents[1].rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
