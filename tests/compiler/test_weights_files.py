"""Bad files of weights: one clear sentence, nothing executed, the model untouched."""

from __future__ import annotations

import io
import json
import os
import pickle
import random
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save
from torch import nn

from blockstudio import StudioError, load
from blockstudio.compiler import compile, load_weights
from blockstudio.compiler.weight_files import read

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def model() -> nn.Module:
    return compile(load("cifar_resnet", n=1, width=4))


class Trap:
    """A pickle of it makes a folder when it is executed."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.mkdir, (str(self.target),)


def refused(model: nn.Module, file: Path) -> StudioError:
    """The error of loading ``file``: one sentence, and the model is as it was."""
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with pytest.raises(StudioError) as caught:
        load_weights(model, file)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    error = caught.value
    assert error.code.startswith("weights.")
    assert error.where == str(file)
    assert len(str(error).splitlines()) == 1
    assert len(error.message) < 300
    return error


@pytest.mark.parametrize("form", ["zip", "old", "pickle", "nested", "renamed"])
def test_code_in_a_pickle_does_not_run(model: nn.Module, tmp_path: Path, form: str) -> None:
    ran = tmp_path / "ran"
    file = tmp_path / "weights.pth"
    trap: object = Trap(ran)
    if form == "nested":
        trap = {"state_dict": {**model.state_dict(), "conv1.weight": trap}}
    if form in ("zip", "nested"):
        torch.save(trap, file)
    elif form == "old":
        torch.save(trap, file, _use_new_zipfile_serialization=False)
    else:
        file = tmp_path / ("weights.safetensors" if form == "renamed" else "weights.pt")
        file.write_bytes(pickle.dumps(trap))
    error = refused(model, file)
    assert error.code == "weights.format"
    assert not ran.exists()
    if form in ("zip", "nested"):
        # The trap is a real one: whoever executes the pickle falls into it.
        torch.load(file, weights_only=False)
        assert ran.exists()


def test_a_whole_module_is_refused_with_what_to_do(model: nn.Module, tmp_path: Path) -> None:
    file = tmp_path / "module.pth"
    torch.save(nn.Linear(2, 2), file)
    error = refused(model, file)
    assert "never executed" in error.message
    assert "state_dict()" in error.hint


def test_every_truncation_is_told(model: nn.Module, tmp_path: Path) -> None:
    weights = dict(model.state_dict())
    buffer, old = io.BytesIO(), io.BytesIO()
    torch.save(weights, buffer)
    torch.save(weights, old, _use_new_zipfile_serialization=False)
    wholes = {"a.safetensors": save(weights), "a.pt": buffer.getvalue(), "a.pth": old.getvalue()}
    generator = random.Random(3)
    for name, whole in wholes.items():
        file = tmp_path / name
        lengths = [0, 1, 4, 7, 8, 9, len(whole) - 1, *(generator.randrange(len(whole)) for _ in range(20))]
        for length in lengths:
            file.write_bytes(whole[:length])
            assert refused(model, file).code == "weights.format", (name, length)
        file.write_bytes(whole)
        assert load_weights(model, file).complete


def test_random_damage_gives_weights_or_one_sentence(model: nn.Module, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    torch.save(dict(model.state_dict()), buffer)
    generator = random.Random(4)
    outcomes = set()
    for name, whole in (("a.safetensors", save(dict(model.state_dict()))), ("a.pt", buffer.getvalue())):
        file = tmp_path / name
        for _ in range(60):
            data = bytearray(whole)
            for _ in range(8):
                # Both formats keep what gives them their structure at an end.
                place = generator.randrange(min(4000, len(data)))
                data[place if generator.random() < 0.5 else -place - 1] = generator.randrange(256)
            file.write_bytes(data)
            try:
                load_weights(model, file)
                outcomes.add("loaded")
            except StudioError as error:
                assert error.code.startswith("weights.")
                outcomes.add("refused")
    assert "refused" in outcomes


def safetensors(header: bytes, length: int | None = None, body: bytes = b"") -> bytes:
    return struct.pack("<Q", len(header) if length is None else length) + header + body


def entry(shape: list[int], start: int, end: int) -> dict[str, object]:
    return {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}


@pytest.mark.parametrize(
    "data",
    [
        safetensors(b"{}", length=2**63),
        safetensors(b"{}", length=2**40),
        safetensors(b"{}", length=200_000_000),
        safetensors(b"not json"),
        safetensors(b"[" * 100_000),
        safetensors(json.dumps({"a": entry([2**40, 2**40], 0, 8)}).encode(), body=bytes(8)),
        safetensors(json.dumps({"a": entry([10**12], 0, 4 * 10**12)}).encode(), body=bytes(8)),
        safetensors(json.dumps({"a": entry([1], 0, 4), "b": entry([1], 2, 6)}).encode(), body=bytes(8)),
        safetensors(json.dumps({"a": entry([-1], 0, 4)}).encode(), body=bytes(4)),
    ],
    ids=["2^63", "2^40", "200MB", "text", "deep", "overflow", "beyond", "overlap", "negative"],
)
def test_headers_are_not_believed(model: nn.Module, tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "weights.safetensors"
    file.write_bytes(data)
    assert refused(model, file).code == "weights.format"


def test_an_archive_may_not_grow_when_it_is_unpacked(model: nn.Module, tmp_path: Path) -> None:
    plain, bomb = tmp_path / "plain.pt", tmp_path / "bomb.pt"
    torch.save({**model.state_dict(), "conv1.weight": torch.zeros(2**22)}, plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as target:
        for info in source.infolist():
            target.writestr(info.filename, source.read(info))
    assert bomb.stat().st_size < 2**18
    # torch itself would unpack it.
    assert torch.load(bomb, weights_only=True)["conv1.weight"].numel() == 2**22
    assert refused(model, bomb).code == "weights.format"


def test_a_huge_view_of_one_number_costs_nothing(model: nn.Module, tmp_path: Path) -> None:
    file = tmp_path / "view.pt"
    torch.save({**model.state_dict(), "conv1.weight": torch.zeros(1).expand(2**20, 2**20)}, file)
    assert file.stat().st_size < 2**20
    error = refused(model, file)
    assert error.code == "weights.mismatch"
    assert "1048576×1048576" in error.message


def test_other_archives_and_other_contents(model: nn.Module, tmp_path: Path) -> None:
    tar = tmp_path / "old.pt"
    with tarfile.open(tar, "w") as archive:
        for name in ("pickle", "storages", "tensors"):
            archive.addfile(tarfile.TarInfo(name))
    scripted = tmp_path / "scripted.pt"
    with zipfile.ZipFile(scripted, "w") as archive:
        archive.writestr("model/constants.pkl", b"")
        archive.writestr("model/code/__torch__.py", "raise SystemExit")
    text = tmp_path / "page.pth"
    text.write_text("<html>404</html>")
    for file in (tar, scripted, text):
        assert refused(model, file).code == "weights.format"
    for name, value in (
        ("list.pt", [torch.zeros(1)]),
        ("number.pt", 3),
        ("empty.pt", {}),
        ("tensor.pt", torch.ones(2)),
    ):
        torch.save(value, tmp_path / name)
        assert refused(model, tmp_path / name).code == "weights.format"


def test_what_is_no_file(model: nn.Module, tmp_path: Path) -> None:
    folder = tmp_path / "folder.pt"
    folder.mkdir()
    assert "not a file" in refused(model, folder).message
    assert "no such file" in refused(model, tmp_path / "missing.safetensors").message
    assert "no such file" in refused(model, tmp_path / "weights.bin").message
    if hasattr(os, "mkfifo"):
        # Opening a pipe that nobody writes to would wait for ever.
        os.mkfifo(tmp_path / "pipe.pt")
        assert "not a file" in refused(model, tmp_path / "pipe.pt").message


def test_a_file_of_more_tensors_than_any_network_has_is_refused_by_its_header(tmp_path: Path) -> None:
    each = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    header = json.dumps({f"w{number}": each for number in range(60_000)}).encode()
    path = tmp_path / "many.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    with pytest.raises(StudioError, match="60,000 tensors; 50,000 at most"):
        read(path)
