"""What can be listed is listed once: a row added at run time is offered and works everywhere, and no name of a row
stands anywhere else in the program."""

from __future__ import annotations

import ast
import inspect
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import blockstudio
from blockstudio import load
from blockstudio.analysis.costs import COSTS, Cost
from blockstudio.cli import main
from blockstudio.cli.root import COMMANDS, OPEN
from blockstudio.compiler.exports import export
from blockstudio.formats import FORMATS, Format, Written, endings
from blockstudio.runs.optimizers import OPTIMIZERS
from blockstudio.runs.recipe import FIELDS
from blockstudio.runs.schedules import SCHEDULES
from tests.support.source import tree

PACKAGE = Path(blockstudio.__file__).parent
ROOT = PACKAGE.parent


@cache
def strings(path: Path) -> list[tuple[int, str]]:
    """The text constants of a file, without what documents it."""
    module = tree(path)
    documents = {
        id(node.value)
        for node in ast.walk(module)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }
    return [
        (node.lineno, node.value)
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents
    ]


def elsewhere(names: set[str], *homes: str) -> list[str]:
    """Where a constant is one of ``names``, in files other than their homes."""
    skipped = [PACKAGE / home for home in homes]
    return [
        f"{path.relative_to(PACKAGE)}:{line} {text}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if not any(path == home or home in path.parents for home in skipped)
        for line, text in strings(path)
        if text in names
    ]


def write_count(diagram, weights) -> Written:
    """A form of a network for these tests: how many blocks it has."""
    return Written(str(len(diagram.main)).encode(), "a count", "no weights" if weights is None else "some weights")


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Format:
    """One more form, added as a row and nothing else."""
    row = Format(".count", "network", "Count", "the number of blocks", f"{__name__}:write_count", weights=True)
    monkeypatch.setitem(FORMATS, row.ending, row)
    return row


@pytest.mark.xdist_group("catalogues")  # the code is read once
def test_no_form_is_named_outside_the_table() -> None:
    # Files that are read are another matter: weights of other programs, photos, sets of images.
    reading = (
        "compiler/weight_files.py",
        "gui/weights",
        "runs/array_sets.py",
        "runs/folder_tree.py",
        "runs/image_folders.py",
        "runs/pixel_tables.py",
        "runs/tables.py",
        "training",
        "lessons/library.py",
    )
    assert elsewhere(set(FORMATS), "formats.py", *reading) == []


@pytest.mark.parametrize("row", FORMATS.values(), ids=lambda row: row.ending)
def test_what_a_row_names_is_there(row: Format) -> None:
    if row.kind == "figure":
        pytest.importorskip("PySide6")
    assert callable(row.writer())


def test_a_new_form_is_a_row(counted: Format, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(load("resnet18"), tmp_path / "a.count") == "a count, no weights"
    assert main(["export", "resnet18", "-o", str(tmp_path / "b.count")]) == 0
    assert (tmp_path / "b.count").read_bytes() == (tmp_path / "a.count").read_bytes() == b"13"
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main(["export", "--help"])
    assert ".count: the number of blocks" in " ".join(capsys.readouterr().out.split())
    assert main(["export", "resnet18", "-o", str(tmp_path / "c.zip")]) == 2
    assert ".count" in capsys.readouterr().err


def test_a_new_form_is_offered_by_the_window(counted: Format) -> None:
    pytest.importorskip("PySide6")
    from blockstudio.gui.export.exporting import kinds

    assert [(kind.title, kind.trained) for kind in kinds() if kind.ending == ".count"] == [("Count", True)]


def test_every_form_is_documented() -> None:
    text = (ROOT / "docs" / "exports.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `(\.\w+)` \|", text, flags=re.MULTILINE))
    assert documented >= set(endings("network", "figure"))
    assert all(f"`{ending}`" in text for ending in endings())


def test_the_command_line_page_has_every_form_and_command() -> None:
    text = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    formats = dict(re.findall(r"^\| `(\.\w+)` \| [^|]* \| ([^|]*) \|$", text, flags=re.MULTILINE))
    assert formats == {row.ending: row.holds for row in FORMATS.values()}
    assert all(f"blockstudio {name}" in text for name in COMMANDS if name != OPEN)
    assert set(re.findall(r"^\| (\d+) \|", text, flags=re.MULTILINE)) == {"0", "1", "2", "3", "130"}


def test_a_new_cost_is_a_row(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("PySide6")
    from blockstudio.gui.figure.figure import Figure, write_figure

    monkeypatch.setitem(COSTS, "letters", Cost("letters", "letters", lambda report: len(report.type)))
    write_figure(load("resnet18"), tmp_path / "a.svg", Figure(bars="letters"))
    assert 'rx="1.25"' in (tmp_path / "a.svg").read_text(encoding="utf-8"), "a cost bar"
    text = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in text for name in COSTS if name != "letters")


@pytest.mark.slow
@pytest.mark.xdist_group("catalogues")  # the code is read once
def test_no_optimiser_and_no_schedule_is_named_outside_its_table() -> None:
    names = {*OPTIMIZERS, *SCHEDULES} - {"step", "constant"}  # ordinary words too
    defaults = {FIELDS["optimizer.name"].default, FIELDS["schedule.name"].default}
    found = elsewhere(names, "runs/optimizers.py", "runs/schedules.py")
    assert {place.split(":")[0] for place in found} == {"runs/structure.py"}
    assert {place.split()[1] for place in found} == defaults, "what is chosen by default is a fact of its own"


NEW_ROWS = """
import importlib.util, json, math, sys

def table(name):  # before the package reads it
    spec = importlib.util.find_spec("blockstudio").submodule_search_locations[0]
    spec = importlib.util.spec_from_file_location(f"blockstudio.runs.{name}", f"{spec}/runs/{name}.py")
    sys.modules[spec.name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

optimizers, schedules = table("optimizers"), table("schedules")

row = optimizers.Rule("nadam", "NAdam", {"betas": ("beta1", "beta2"), "momentum_decay": "momentum"}, 0.002, fused=False)
optimizers.OPTIMIZERS["nadam"] = row
schedules.SCHEDULES["root"] = schedules.Curve("root", lambda at: 1 / math.sqrt(1 + at.step), ("gamma",))

import blockstudio as bs
from blockstudio.runs.recipe import FIELDS
from blockstudio.training.optimizers import build_optimizer, rate_factor

run = bs.train(bs.load("cifar_resnet", n=1, width=4), data="shapes", data__shapes__images=40, steps=3, batch_size=8,
               warmup=0, optimizer="nadam", schedule="root", run=sys.argv[1])
recipe = run.recipe()
import torch
made = build_optimizer(torch.nn.Linear(2, 2), recipe, torch.device("cpu"))
print(json.dumps({
    "choices": [FIELDS["optimizer.name"].choices[-1], FIELDS["schedule.name"].choices[-1]],
    "when": FIELDS["optimizer.beta1"].when,
    "help": FIELDS["optimizer.lr"].help,
    "rate": recipe.optimizer.lr,
    "made": [type(made).__name__, made.defaults["betas"], made.defaults["momentum_decay"]],
    "share": rate_factor(recipe.schedule, 3, 10, 5),
    "status": run.state().status,
}))
"""


@pytest.mark.slow
def test_a_new_optimiser_and_a_new_schedule_are_rows(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", NEW_ROWS, str(tmp_path / "run")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.strip().splitlines()[-1])
    assert found == {
        "choices": ["nadam", "root"],
        "when": ["adam", "adamw", "nadam"],
        "help": "Rate at the schedule's peak. Empty: 0.05 for sgd, 0.002 for nadam, else 0.001; less for "
        "networks without normalisation.",
        "rate": 0.002,
        "made": ["NAdam", [0.9, 0.999], 0.9],
        "share": 0.5,
        "status": "finished",
    }


def test_every_optimiser_is_a_class_of_torch_that_takes_what_its_row_says() -> None:
    import torch

    for rule in OPTIMIZERS.values():
        known = inspect.signature(getattr(torch.optim, rule.torch)).parameters
        assert {*rule.arguments, "lr", "weight_decay"} <= set(known)
        assert ("fused" in known) >= rule.fused
        assert all(f"optimizer.{field}" in FIELDS for field in rule.fields)
    assert all(f"schedule.{field}" in FIELDS for curve in SCHEDULES.values() for field in curve.fields)
