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
import blockstudio.text

ROOT = Path(__file__).resolve().parents[2]
NEEDS_TORCH = {"compile", "load_weights", "from_module", "from_onnx", "train"}
NEVER_RAISE = {
    "Analysis.of",
    "Diagram.is_variadic",
    "Diagram.kind",
    "Diagram.redo",
    "Diagram.scopes",
    "Diagram.undo",
    "StudioError",
    "StudioError.at",
    "say",
}
"""What nothing that a script gives it can make fail, but an argument of a type that it does not take."""


def _walk() -> Iterator[tuple[str, Callable[..., Any]]]:
    found: dict[str, Any] = {name: getattr(bs, name) for name in bs.__all__}
    found |= {"say": blockstudio.text.say, "apply_fix": blockstudio.analysis.apply_fix}
    for name, value in found.items():
        if not inspect.isclass(value):
            yield name, value
            continue
        if value is not bs.Analysis:  # nobody makes one but `analyze`
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
    parameters = [each for each in inspect.signature(function).parameters if each not in ("self", "cls")]
    assert explained == parameters
    result = inspect.signature(function).return_annotation
    if not inspect.isclass(function) and result not in (None, "None"):
        assert _section(text, "Returns").strip()
    raises = _section(text, "Raises")
    assert bool(raises) == (name not in NEVER_RAISE)
    if raises:
        assert re.match(r"    StudioError: (``[\w.*]+``|\w)", raises)
    assert ">>> " in _section(text, "Example")


@pytest.mark.parametrize("name", PUBLIC)
def test_the_example_gives_what_it_says(name: str, tmp_path: Path) -> None:
    if name in NEEDS_TORCH:
        pytest.importorskip("torch")
    names: dict[str, Any] = {"bs": bs, "folder": tmp_path}
    names |= {each: getattr(bs, each) for each in bs.__all__}
    names |= {"say": blockstudio.text.say, "apply_fix": blockstudio.analysis.apply_fix}
    if name != "Diagram":
        names["d"] = _run("Diagram", dict(names))["d"]
    if name.startswith("Analysis."):
        names["report"] = bs.analyze(bs.load("resnet34"))
    _run(name, names)


def _run(name: str, names: dict[str, Any]) -> dict[str, Any]:
    """Run the example of a docstring; the names it leaves."""
    text = inspect.getdoc(PUBLIC[name]) or ""
    test = doctest.DocTestParser().get_doctest(text, names, name, None, 0)
    assert test.examples
    said: list[str] = []
    kept: dict[str, Any] = test.globs
    doctest.DocTestRunner(verbose=False).run(test, out=said.append, clear_globs=False)
    assert said == [], "".join(said)
    return kept


def test_the_pages_are_built_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("pdoc")
    build = [sys.executable, "-W", "error", str(ROOT / "tools" / "reference.py"), str(tmp_path)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0 and "warn" not in (done.stdout + done.stderr).lower(), done.stderr
    page = (tmp_path / "blockstudio.html").read_text(encoding="utf-8")
    for name in PUBLIC:
        if name not in ("say", "apply_fix") and not name.startswith("StudioError."):
            assert f'id="{name}"' in page, name
    assert 'id="say"' in (tmp_path / "blockstudio" / "text.html").read_text(encoding="utf-8")
    assert 'id="apply_fix"' in (tmp_path / "blockstudio" / "analysis.html").read_text(encoding="utf-8")
