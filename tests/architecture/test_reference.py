"""The reference of the Python interface: every argument is explained, every example runs, the pages can be built."""

from __future__ import annotations

import doctest
import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import blockstudio as bs
import blockstudio.analysis
import blockstudio.blocks
import blockstudio.runs
import blockstudio.text

ROOT = Path(__file__).resolve().parents[2]
NEEDS_TORCH = {"compile", "load_weights", "from_module", "from_onnx", "train"}
BELOW = {
    "blockstudio.analysis": ("apply_fix",),
    "blockstudio.blocks": ("Parameter", "block_type", "infer_parameter", "need_map", "numel", "shape_text"),
    "blockstudio.runs": (
        "Run", "check", "create_run", "get_field", "list_runs", "load_recipe", "read_events", "save_recipe",
        "start_run", "with_fields",
    ),
    "blockstudio.text": ("say",),
}  # fmt: skip
"""What scripts, block types and readers of runs import from further down."""
NOT_MADE = ("Analysis", "Parameter", "Run")
"""Classes whose arguments stand elsewhere: nobody makes an analysis but `analyze`, the others list their fields."""
NEVER_RAISE = {
    "Analysis.of",
    "Diagram.is_variadic",
    "Diagram.kind",
    "Diagram.redo",
    "Diagram.scopes",
    "Diagram.undo",
    "Parameter.expected",
    "Run.best",
    "Run.events",
    "Run.follow",
    "Run.history",
    "Run.last_words",
    "Run.results",
    "Run.state",
    "StudioError",
    "StudioError.at",
    "check",
    "infer_parameter",
    "list_runs",
    "numel",
    "read_events",
    "say",
    "shape_text",
}
"""What nothing that a script gives it can make fail, but an argument of a type that it does not take."""


def _walk() -> Iterator[tuple[str, Callable[..., Any]]]:
    found: dict[str, Any] = {name: getattr(bs, name) for name in bs.__all__}
    found |= {name: getattr(sys.modules[module], name) for module, names in BELOW.items() for name in names}
    for name, value in found.items():
        if not inspect.isclass(value):
            yield name, value
            continue
        if name not in NOT_MADE:
            yield name, value
        for part, member in inspect.getmembers(value, lambda item: inspect.isfunction(item) or inspect.ismethod(item)):
            if not part.startswith("_"):
                yield f"{name}.{part}", member


PUBLIC = dict(_walk())


def _section(text: str, title: str) -> str:
    """The lines under a heading of a docstring; empty if there is none."""
    match = re.search(rf"^{title}:\n((?:[ ]+.*\n|\n)*)", text + "\n", flags=re.MULTILINE)
    return match[1] if match else ""


@pytest.mark.parametrize("name", PUBLIC)
def test_arguments_results_and_errors_are_explained(name: str) -> None:
    function = PUBLIC[name]
    text = inspect.getdoc(function) or ""
    explained = re.findall(r"^    (\w+): \S", _section(text, "Args"), flags=re.MULTILINE)
    parameters = [each for each in inspect.signature(function).parameters if each != "self"]
    assert explained == parameters
    result = inspect.signature(function).return_annotation
    if not inspect.isclass(function) and result not in (None, "None"):
        assert _section(text, "Returns").strip()
    raises = _section(text, "Raises")
    assert bool(raises) == (name not in NEVER_RAISE)
    if raises:
        assert re.match(r"    (StudioError|Refusal|ValueError): (``[\w.*]+``|\w)", raises)
    assert ">>> " in _section(text, "Example")


@pytest.mark.parametrize("name", PUBLIC)
def test_the_example_gives_what_it_says(name: str, tmp_path: Path) -> None:
    if name in NEEDS_TORCH:
        pytest.importorskip("torch")
    names: dict[str, Any] = {"bs": bs, "folder": tmp_path}
    names |= {each: getattr(bs, each) for each in bs.__all__}
    names |= {each: getattr(sys.modules[module], each) for module, parts in BELOW.items() for each in parts}
    names |= {"CATALOGUE": blockstudio.blocks.CATALOGUE, "Recipe": blockstudio.runs.Recipe}
    if name != "Diagram":
        names["d"] = _run("Diagram", dict(names))["d"]
    if name.startswith("Analysis."):
        names["report"] = bs.analyze(bs.load("resnet34"))
    if name.startswith("Run.") or name in ("list_runs", "start_run"):
        pytest.importorskip("torch")
        recipe = blockstudio.runs.Recipe(batch_size=8, epochs=1)
        names["run"] = blockstudio.runs.create_run(bs.load("cifar_resnet", n=1), recipe, tmp_path / "run")
    _run(name, names)


def test_the_example_of_a_block_type() -> None:
    assert _run_text(inspect.getdoc(blockstudio.blocks.BlockType) or "", {"CATALOGUE": blockstudio.blocks.CATALOGUE})


def _run(name: str, names: dict[str, Any]) -> dict[str, Any]:
    """Run the example of a docstring; the names it leaves."""
    return _run_text(inspect.getdoc(PUBLIC[name]) or "", names, name)


def _run_text(text: str, names: dict[str, Any], name: str = "example") -> dict[str, Any]:
    test = doctest.DocTestParser().get_doctest(text, names, name, None, 0)
    assert test.examples
    said: list[str] = []
    kept: dict[str, Any] = test.globs
    doctest.DocTestRunner(verbose=False).run(test, out=said.append, clear_globs=False)
    assert said == [], "".join(said)
    return kept


@pytest.mark.slow
def test_the_pages_are_built_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("pdoc")
    build = [sys.executable, "-W", "error", str(ROOT / "tools" / "reference.py"), str(tmp_path)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0 and "warn" not in (done.stdout + done.stderr).lower(), done.stderr
    page = (tmp_path / "blockstudio.html").read_text(encoding="utf-8")
    for name in PUBLIC:
        if name.partition(".")[0] in bs.__all__ and name != "StudioError.at":
            assert f'id="{name}"' in page, name
    for module, names in BELOW.items():
        page = (tmp_path / f"{module.replace('.', '/')}.html").read_text(encoding="utf-8")
        assert [name for name in names if f'id="{name}"' not in page] == []
