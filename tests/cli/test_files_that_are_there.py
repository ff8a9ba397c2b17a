"""A file that is there is replaced when that is asked for, and found out before the work."""

from __future__ import annotations

from pathlib import Path

import pytest

from blockstudio.cli import main, tuning


@pytest.mark.parametrize(
    "command", [("recipe", "save", "alexnet"), ("tune", "cifar_resnet", "--data", "digits")], ids=["recipe", "tune"]
)
def test_a_recipe_that_is_there_is_kept(
    command: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    measured: list[object] = []
    monkeypatch.setattr(tuning, "measure", lambda run, wanted, tell: measured.append(wanted) or {})
    file = tmp_path / "mine.toml"
    file.write_text("# mine\n")
    assert main([*command, "-o", str(file)]) == 2
    assert "the file is there already. Replace it with --force." in capsys.readouterr().err
    assert file.read_text() == "# mine\n" and not measured
    assert main([*command, "-o", str(file), "--force"]) == 0
    assert "# mine" not in file.read_text()
