"""The whole package is checked with mypy's strict rules: no part is left out, no module's errors are ignored."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_no_part_is_left_out_of_the_type_check():
    mypy = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]
    assert mypy["strict"] is True and mypy["files"] == ["blockstudio"] and "exclude" not in mypy
    for override in mypy["overrides"]:
        assert set(override) == {"module", "ignore_missing_imports"}, override
        assert not any(name.startswith("blockstudio") for name in override["module"]), override
    blanket = [f for f in (ROOT / "blockstudio").rglob("*.py") if "# mypy: ignore" in f.read_text(encoding="utf-8")]
    assert blanket == []
