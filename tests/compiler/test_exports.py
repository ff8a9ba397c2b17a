"""Files out of the studio: by ending, whole or not at all, with one sentence where it does not go."""

from __future__ import annotations

import json
import os
import sys
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from blockstudio import Diagram, StudioError, load
from blockstudio.compiler import compile, load_weights, source
from blockstudio.compiler.about import NOTES
from blockstudio.compiler.exports import export
from blockstudio.formats import endings

pytestmark = pytest.mark.xdist_group("exports")

torch.set_num_threads(1)


@pytest.fixture
def diagram() -> Diagram:
    return load("cifar_resnet", n=1, width=4)


def refused(diagram: Diagram, path: Path, **options: object) -> StudioError:
    """The error of an export that leaves the folder as it was."""
    before = sorted(path.parent.iterdir()) if path.parent.is_dir() else []
    with pytest.raises(StudioError) as caught:
        export(diagram, path, **options)  # type: ignore[arg-type]
    assert len(str(caught.value).splitlines()) == 1
    assert (sorted(path.parent.iterdir()) if path.parent.is_dir() else []) == before
    return caught.value


def test_source_is_what_is_compiled(diagram: Diagram, tmp_path: Path) -> None:
    words = export(diagram, tmp_path / "model.py")
    text = (tmp_path / "model.py").read_text(encoding="utf-8")
    assert text == source(diagram)
    assert words == f"{len(text.splitlines())} lines of PyTorch"


def test_weights_say_whose_they_are(diagram: Diagram, tmp_path: Path) -> None:
    file = tmp_path / "weights.safetensors"
    model = compile(diagram)
    export(diagram, file, weights=model.state_dict())
    with safe_open(file, "pt") as opened:
        notes = opened.metadata()
    assert notes["network"] == diagram.name
    assert json.loads(notes["parameters"])["n"] == 1
    other = compile(diagram)
    assert load_weights(other, file).complete
    for key, value in model.state_dict().items():
        assert torch.equal(other.state_dict()[key], value)


def test_a_file_is_replaced_only_on_request(diagram: Diagram, tmp_path: Path) -> None:
    file = tmp_path / "model.py"
    file.write_text("mine", encoding="utf-8")
    assert refused(diagram, file).code == "export.exists"
    assert file.read_text(encoding="utf-8") == "mine"
    export(diagram, file, force=True)
    assert file.read_text(encoding="utf-8") == source(diagram)


@pytest.mark.parametrize("name", ["model.txt", "model", ".py", "model.onnx.gz"])
def test_the_ending_names_the_format(diagram: Diagram, tmp_path: Path, name: str) -> None:
    error = refused(diagram, tmp_path / name)
    assert error.code == "export.kind"
    assert all(suffix in error.message for suffix in endings("network"))


@pytest.mark.parametrize("suffix", endings("network"))
def test_places_where_no_file_can_be(diagram: Diagram, tmp_path: Path, suffix: str) -> None:
    folder = tmp_path / f"folder{suffix}"
    folder.mkdir()
    assert refused(diagram, folder, force=True).code == "export.write"
    assert "no folder" in refused(diagram, tmp_path / "none" / f"model{suffix}").message
    (tmp_path / "file").write_text("")
    assert refused(diagram, tmp_path / "file" / f"model{suffix}").code == "export.write"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="everything is writable to root")
def test_a_folder_that_may_not_be_written(diagram: Diagram, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        assert refused(diagram, tmp_path / "model.py").code == "file.write"
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize("suffix", endings("network"))
def test_a_network_with_errors_is_not_exported(tmp_path: Path, suffix: str) -> None:
    broken = Diagram("broken")
    broken.add("Input", "input", shape=[3, 8, 8])
    broken.add("Conv2d", "conv1", kernel_size=9)
    broken.add("Output", "output")
    broken.connect("input", "conv1")
    broken.connect("conv1", "output")
    error = refused(broken, tmp_path / f"model{suffix}")
    assert error.code == "compile.problems"
    assert "conv1" in error.message


@pytest.mark.parametrize("suffix", [".onnx", ".pt2", ".safetensors"])
def test_weights_that_do_not_fit_export_nothing(diagram: Diagram, tmp_path: Path, suffix: str) -> None:
    weights = compile(load("cifar_resnet", n=1, width=8)).state_dict()
    assert refused(diagram, tmp_path / f"model{suffix}", weights=weights).code == "weights.mismatch"


def test_source_takes_no_weights(diagram: Diagram, tmp_path: Path) -> None:
    assert refused(diagram, tmp_path / "model.py", weights={}).code == "export.weights"


@pytest.mark.parametrize("missing", [["onnx"], ["onnxscript"], ["onnx", "onnxscript"]])
def test_a_missing_package_is_told_with_the_command(
    diagram: Diagram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: list[str]
) -> None:
    for name in missing:
        # What the import system keeps of a package that cannot be imported.
        monkeypatch.setitem(sys.modules, name, None)
    error = refused(diagram, tmp_path / "model.onnx")
    assert error.code == "export.missing"
    assert all(name in error.message for name in missing)
    assert f"pip install {' '.join(missing)}" in error.hint


def test_a_state_dict_that_torch_loads(diagram: Diagram, tmp_path: Path) -> None:
    model = compile(diagram)
    for name in ("a.pt", "b.pth"):
        export(diagram, tmp_path / name, weights=model.state_dict())
        found = torch.load(tmp_path / name, weights_only=True)
        assert list(found) == list(model.state_dict())
        compile(diagram).load_state_dict(found, strict=True)
        assert load_weights(compile(diagram), tmp_path / name).complete
        with zipfile.ZipFile(tmp_path / name) as archive:
            (notes,) = [entry for entry in archive.namelist() if entry.endswith(NOTES)]
            assert json.loads(archive.read(notes))["network"] == diagram.name
    assert (tmp_path / "a.pt").read_bytes() == (tmp_path / "b.pth").read_bytes()
