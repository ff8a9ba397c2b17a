"""State dicts in what training programs save: found by content, whatever its name, with anything beside them."""

from __future__ import annotations

import argparse
import collections
import json
import pickle
import struct
import zipfile
from collections import OrderedDict, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save, save_file
from torch import Tensor, nn
from torch.nn.utils import prune
from torch.optim.swa_utils import AveragedModel

from blockstudio import StudioError, load
from blockstudio.compiler import compile, load_weights
from blockstudio.compiler.weight_files import read

pytestmark = pytest.mark.xdist_group("exports")

torch.set_num_threads(1)


def network() -> nn.Module:
    return compile(load("cifar_resnet", n=1, width=4))


@pytest.fixture(scope="module")
def weights() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(5)
    return {
        key: torch.rand(value.shape, generator=generator) if value.is_floating_point() else torch.full_like(value, 7)
        for key, value in network().state_dict().items()
    }


def loads(file: Path | dict[str, Any], weights: dict[str, Tensor]) -> Any:
    """Every key of ``file`` gets to its place, bit by bit."""
    model = network()
    report = load_weights(model, file)
    assert report.complete
    own = model.state_dict()
    assert all(torch.equal(own[key], weights[key]) for key in weights)
    return report


def refused(file: Path, code: str = "weights.format") -> StudioError:
    with pytest.raises(StudioError) as caught:
        load_weights(network(), file)
    assert caught.value.code == code, caught.value
    assert len(str(caught.value).splitlines()) == 1
    return caught.value


@pytest.mark.parametrize("old", [False, True], ids=["zip", "old"])
@pytest.mark.parametrize("name", ["a.pth.tar", "a.ckpt", "a.bin", "a.t7", "a.th", "a", "a.safetensors.old", "a.model"])
def test_the_ending_means_nothing(tmp_path: Path, weights: dict[str, Tensor], name: str, old: bool) -> None:
    torch.save(weights, tmp_path / name, _use_new_zipfile_serialization=not old)
    loads(tmp_path / name, weights)


def test_safetensors_by_content(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    for name in ("a.bin", "a.pt", "a"):
        save_file(weights, tmp_path / name)
        loads(tmp_path / name, weights)


class Settings(dict):  # type: ignore[type-arg]
    """A dict of a program's own."""


def trained(weights: dict[str, Tensor]) -> dict[str, Any]:
    """What stands beside the weights in published checkpoints."""
    model = network()
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.zeros(2, 3, 32, 32)).sum().backward()
    optimizer.step()
    settings = Settings(width=4)
    settings.path = Path("x")  # type: ignore[attr-defined]
    return {
        "epoch": 3, "best": 0.75, "arch": "resnet", "none": None, "loss": np.float64(0.5), "step": np.int64(3),
        "args": argparse.Namespace(lr=0.1, folder=Path("/data")), "optimizer": optimizer.state_dict(),
        "optimizers": [optimizer.state_dict()], "settings": settings, "counts": defaultdict(list, {"a": [1]}),
        "rng": torch.get_rng_state(), "numbers": [1, (2.0, {"x": "y"})], "history": np.zeros(3),
        "words": {"a", "b"}, "complex": 1j, "size": torch.Size([3]), "type": torch.float16,
        "counter": collections.Counter("ab"),
        "top": torch.tensor(71.5), "device": torch.device("cpu"),
    }  # fmt: skip


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("old", [False, True], ids=["zip", "old"])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda w: {"net": w},
        lambda w: {"model_state": w},
        lambda w: {"params": OrderedDict(w)},
        lambda w: {"weights": w},
        lambda w: {"model": {"state_dict": w}},
        lambda w: {"anything": {"at": {"all": w}}},
        lambda w: {"models": [w]},
        lambda w: w,
        lambda w: {"state_dict": {f"model.{key}": value for key, value in w.items()}, "pytorch-lightning_version": "2"},
        lambda w: {"net": {key: nn.Parameter(v) if v.is_floating_point() else v for key, v in w.items()}},
        lambda w: {"net": {key: v.numpy() for key, v in w.items()}},
    ],
)  # fmt: skip
def test_the_one_state_dict_is_found(
    tmp_path: Path, weights: dict[str, Tensor], wrap: Any, old: bool, protocol: int
) -> None:
    file = tmp_path / "checkpoint"
    whole = {**trained(weights), **wrap(weights)}
    torch.save(whole, file, _use_new_zipfile_serialization=not old, pickle_protocol=protocol)
    loads(file, weights)


def test_a_checkpoint_in_memory(weights: dict[str, Tensor]) -> None:
    loads({**trained(weights), "net": weights}, weights)


def test_averaged_models(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    model = network()
    model.load_state_dict(weights)
    averaged = AveragedModel(model)
    torch.save({"ema": averaged.state_dict()}, tmp_path / "a.pth")
    assert "n_averaged" in averaged.state_dict()
    loads(tmp_path / "a.pth", weights)


def test_several_that_fit_are_named_and_can_be_chosen(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    file = tmp_path / "both.pth"
    shadow = {key: value * 2 for key, value in weights.items()}
    torch.save({"state_dict": weights, "ema": {"shadow": shadow}, "epoch": 3}, file)
    error = refused(file, "weights.ambiguous")
    assert "'state_dict'" in error.message and "'ema.shadow'" in error.message
    assert "both.pth#state_dict" in error.hint
    loads(tmp_path / "both.pth#ema.shadow", shadow)
    loads(tmp_path / "both.pth#state_dict", weights)
    assert "'state_dict'" in refused(tmp_path / "both.pth#other").hint


def test_of_several_the_one_of_this_network(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    file = tmp_path / "gan.pth"
    torch.save({"D": nn.Linear(3, 3).state_dict(), "G": weights}, file)
    loads(file, weights)
    with pytest.raises(StudioError, match=r"several state dicts: 'D' .* 'G'"):
        read(file)  # for no network in particular


@pytest.mark.parametrize(
    "change",
    [
        lambda key: f"_orig_mod.module.{key}",
        lambda key: f"module._orig_mod.{key}",
        lambda key: f"module.module.{key}",
        lambda key: f"model.{key}",
        lambda key: f"net.{key}",
        lambda key: f"backbone.{key}",
        lambda key: f"module.model.net.{key}",
        lambda key: key.replace("layer1.", "layer1._orig_mod."),
        lambda key: key.replace("layer1.0.", "layer1.0.module."),
        lambda key: f"model.{key.replace('layer2.0', 'layer2._fsdp_wrapped_module.0')}",
    ],
)
def test_prefixes_are_left_out_until_none_is_left(weights: dict[str, Tensor], change: Any) -> None:
    loads({change(key): value for key, value in weights.items()}, weights)


def test_rows_of_numbers_beside_the_weights_are_said(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    torch.save({**weights, "mean": np.array([0.5, 0.5, 0.5]), "std": torch.ones(3)}, tmp_path / "a.pth")
    report = loads(tmp_path / "a.pth", weights)
    assert report.beside == ("mean", "std") and "Beside the weights stand" in "\n".join(report.lines())
    with pytest.raises(StudioError, match=r"unexpected: extra\.weight"):
        load_weights(network(), {**weights, "extra.weight": torch.ones(3)})


def test_another_prefix_is_said(weights: dict[str, Tensor]) -> None:
    report = loads({f"encoder.trunk.{key}": value for key, value in weights.items()}, weights)
    assert report.prefix == "encoder.trunk"
    assert "begin with 'encoder.trunk.'" in "\n".join(report.lines())


def test_two_networks_in_one_state_dict_are_not_chosen_between(weights: dict[str, Tensor]) -> None:
    both = {f"{who}.{key}": value for who in ("student", "teacher") for key, value in weights.items()}
    with pytest.raises(StudioError, match=r"'student\.' and 'teacher\.'") as caught:
        load_weights(network(), both)
    assert caught.value.code == "weights.ambiguous"


def test_one_of_two_networks_in_a_state_dict_is_chosen_by_its_prefix(
    tmp_path: Path, weights: dict[str, Tensor]
) -> None:
    shadow = {key: value * 2 for key, value in weights.items()}
    both = {
        f"module.{who}.{key}": value for who, each in (("q", weights), ("k", shadow)) for key, value in each.items()
    }
    torch.save({"epoch": 3, "state_dict": both}, tmp_path / "moco.pth")
    assert "#q" in refused(tmp_path / "moco.pth", "weights.ambiguous").hint
    loads(tmp_path / "moco.pth#q", weights)
    loads(tmp_path / "moco.pth#module.k", shadow)


def parted(form: str) -> tuple[nn.Module, nn.Module]:
    """A layer with its weight in parts, and one with the weight that it computes."""
    torch.manual_seed(3)
    layer: nn.Module = nn.Conv2d(3, 4, 3)
    if form == "hooks":
        layer = nn.utils.weight_norm(layer)
    elif form == "all":
        layer = nn.utils.parametrizations.weight_norm(layer, dim=None)
    elif form == "parametrizations":
        layer = nn.utils.parametrizations.weight_norm(layer, dim=1)
    elif form == "spectral":
        layer = nn.utils.parametrizations.spectral_norm(layer, n_power_iterations=20)
    elif form == "spectral hooks":
        layer = nn.utils.spectral_norm(layer, n_power_iterations=20)
    else:
        prune.l1_unstructured(layer, "weight", 0.3)
        prune.random_unstructured(layer, "bias", 0.5)
    for _ in range(20):
        layer(torch.zeros(1, 3, 5, 5))
    plain = nn.Conv2d(3, 4, 3)
    layer.eval()(torch.zeros(1, 3, 5, 5))
    with torch.no_grad():
        plain.weight.copy_(layer.weight)
        plain.bias.copy_(layer.bias)
    return layer, plain


@pytest.mark.parametrize("form", ["hooks", "all", "parametrizations", "spectral", "spectral hooks", "pruned"])
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_weights_in_parts_are_worked_out(form: str) -> None:
    layer, plain = parted(form)
    whole = nn.Sequential(OrderedDict(conv=nn.Conv2d(3, 4, 3)))
    report = load_weights(whole, {f"model.conv.{key}": value for key, value in layer.state_dict().items()})
    assert report.complete and "model.conv.weight" in report.worked
    assert any("kept in parts there" in line for line in report.lines())
    found = whole.state_dict()
    torch.testing.assert_close(found["conv.weight"], plain.weight.detach(), rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(found["conv.bias"], plain.bias.detach(), rtol=0, atol=0)


@pytest.mark.parametrize("old", [False, True], ids=["zip", "old"])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda value: torch.quantize_per_tensor(value, 0.1, 0, torch.qint8), "is quantised"),
        (lambda value: value.to_sparse(), "is sparse or nested"),
        (lambda value: value.to(torch.complex64), "is complex"),
        (lambda value: torch.empty_like(value, device="meta"), "has no values"),
    ],
    ids=["quantised", "sparse", "complex", "meta"],
)
def test_tensors_of_no_plain_numbers_are_told_by_kind(
    tmp_path: Path, weights: dict[str, Tensor], change: Any, words: str, old: bool
) -> None:
    changed = {key: change(value) if value.ndim == 4 else value for key, value in weights.items()}
    torch.save({"model": changed}, tmp_path / "a.pth", _use_new_zipfile_serialization=not old)
    error = refused(tmp_path / "a.pth")
    assert words in error.message and "conv1.weight" in error.message and error.hint


def test_a_block_may_be_called_as_a_wrapper() -> None:
    model = nn.Sequential(OrderedDict(stem=nn.Sequential(OrderedDict(module=nn.Linear(2, 2)))))
    found = {key: torch.rand(value.shape) for key, value in model.state_dict().items()}
    load_weights(model, found)
    assert torch.equal(model.state_dict()["stem.module.weight"], found["stem.module.weight"])


def test_what_other_files_are_is_said(tmp_path: Path) -> None:
    file = tmp_path / "a.pt"
    torch.jit.save(torch.jit.trace(nn.Linear(2, 2), torch.zeros(1, 2)), file)
    assert "TorchScript" in refused(file).message
    torch.export.save(torch.export.export(nn.Linear(2, 2), (torch.zeros(1, 2),)), tmp_path / "a.pt2")
    assert "torch.export program" in refused(tmp_path / "a.pt2").message
    for whole in (nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU()), {"epoch": 3, "model": nn.Linear(2, 2)}):
        torch.save(whole, file)
        error = refused(file)
        assert "whole pickled model" in error.message and "state_dict()" in error.hint
    for data, words in (
        (b"\x89HDF\r\n\x1a\n", "HDF5"), (b"\x1f\x8b\x08", "Unpack"),
        (b"version https://git-lfs.github.com/", "git lfs pull"),
        (b"<!DOCTYPE html>", "page of the web"), (struct.pack("<ii", 4, 1), "Lua Torch"),
    ):  # fmt: skip
        file.write_bytes(data + bytes(400))
        assert words in str(refused(file)) + refused(file).hint


def test_plain_pickles_and_arrays(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    arrays = {key: value.numpy() for key, value in weights.items()}
    for protocol in (0, 1, 2, 4, 5):
        (tmp_path / "a.pkl").write_bytes(pickle.dumps({"model": arrays, "author": "x"}, protocol=protocol))
        loads(tmp_path / "a.pkl", weights)
    np.savez(tmp_path / "a.npz", **arrays)
    loads(tmp_path / "a.npz", weights)


@pytest.mark.parametrize("note", [{"n": 3}, {"a": {"b": []}}, ["x"], None, 7])
def test_safetensors_with_odd_notes(tmp_path: Path, weights: dict[str, Tensor], note: object) -> None:
    data = save(weights)
    (length,) = struct.unpack("<Q", data[:8])
    header = {**json.loads(data[8 : 8 + length]), "__metadata__": note}
    text = json.dumps(header).encode()
    (tmp_path / "a.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])
    loads(tmp_path / "a.safetensors", weights)


def test_a_network_in_several_files(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    keys = list(weights)
    parts = {"a-1.safetensors": keys[:5], "a-2.bin": keys[5:]}
    save_file({key: weights[key] for key in keys[:5]}, tmp_path / "a-1.safetensors")
    torch.save({key: weights[key] for key in keys[5:]}, tmp_path / "a-2.bin")
    index = tmp_path / "a.index.json"
    places = {key: name for name, inside in parts.items() for key in inside}
    index.write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": places}, indent=1))
    loads(index, weights)
    (tmp_path / "a-2.bin").unlink()
    assert refused(index, "weights.file").where.endswith("a-2.bin")
    for name in ("../a-1.safetensors", "/etc/passwd", "..", ""):
        index.write_text(json.dumps({"weight_map": {keys[0]: name}}))
        refused(index)


def test_views_strides_and_shared_storages(tmp_path: Path) -> None:
    base = torch.arange(24.0).reshape(4, 6)
    found = {
        "a.t": base.t(),
        "a.slice": base[1:3, ::2],
        "a.same": base,
        "a.empty": torch.zeros(0, 3),
        "a.half": base.bfloat16(),
    }
    for old in (False, True):
        torch.save(found, tmp_path / "a", _use_new_zipfile_serialization=not old)
        again = read(tmp_path / "a")
        assert again.keys() == found.keys()
        assert all(torch.equal(again[key], found[key]) and again[key].dtype == found[key].dtype for key in found)


Saved = collections.namedtuple("Saved", "epoch state_dict")
"""As a program may keep a checkpoint."""


def test_what_stands_beside_the_network_is_left_out_and_said(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    for prefix, beside in (
        ("model", {"criterion.weight": torch.ones(10), "train_acc.total": torch.tensor(3)}),  # Lightning
        ("encoder_q", {"queue": torch.zeros(4, 8), "queue_ptr": torch.zeros(1)}),  # MoCo
    ):
        inner = {f"module.{prefix}.{key}": value for key, value in weights.items()}
        inner |= {f"module.{key}": value for key, value in beside.items()}
        torch.save({"state_dict": inner, "hyper_parameters": argparse.Namespace(lr=0.1)}, tmp_path / "a.ckpt")
        report = loads(tmp_path / "a.ckpt", weights)
        assert (report.prefix, set(report.beside)) == (prefix, set(beside))
        assert f"2 keys do not and are not of the network: {next(iter(beside))}" in "\n".join(report.lines())
    # Where the network's own are among them, or it lacks something, nothing is left out in silence.
    lacking = {f"model.{key}": value for key, value in list(weights.items())[1:]} | {"other.weight": torch.ones(2, 2)}
    with pytest.raises(StudioError, match="unexpected"):
        load_weights(network(), lacking)


def test_a_named_tuple_is_looked_into(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    torch.save(Saved(3, weights), tmp_path / "a.pt")
    loads(tmp_path / "a.pt", weights)


def test_folders_parts_and_other_files_are_told_with_what_to_do(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    folder = tmp_path / "network"
    folder.mkdir()
    assert "Name a file in it" in refused(folder, "weights.file").hint
    part = folder / "model-00001-of-00002.safetensors"
    save_file({key: weights[key] for key in list(weights)[:5]}, part)
    (folder / "model.safetensors.index.json").write_text("{}")
    assert refused(folder, "weights.file").hint.endswith("model.safetensors.index.json.")
    assert "several files: give" in refused(part, "weights.mismatch").hint
    for name, words in (("saved_model.pb", "TensorFlow"), ("zero_to_fp32.py", "zero_to_fp32.py . FILE")):
        (tmp_path / name).touch()
        assert words in refused(tmp_path, "weights.file").hint
        (tmp_path / name).unlink()
    torch.save(weights, tmp_path / "epoch=3.ckpt")
    assert refused(tmp_path, "weights.file").hint.endswith("epoch=3.ckpt.")
    (folder / "__0_0.distcp").touch()
    assert "dcp_to_torch" in refused(folder, "weights.file").hint
    file = tmp_path / "a.pth"
    np.savez_compressed(file.open("wb"), **{key: value.numpy() for key, value in weights.items()})
    loads(file, weights)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", bytes(300 << 20))
    assert "packed" in refused(file).message
    torch.save(weights, tmp_path / "plain.pt")
    with zipfile.ZipFile(tmp_path / "plain.pt") as source, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            archive.writestr(name, source.read(name))
    assert "packed again" in refused(file).message
    for name, words in (
        ("net.h5", "Keras"), ("net.ckpt.data-00000-of-00001", "TensorFlow"), ("net.caffemodel", "Caffe"),
        ("__0_0.distcp", "distributed checkpoint"), ("notes.md", "a text"),
    ):  # fmt: skip
        (tmp_path / name).write_bytes(b"weights: none\n" if name.endswith("md") else bytes(range(64)))
        assert words in refused(tmp_path / name).message and refused(tmp_path / name).hint
    for data, words in (
        (b"", "empty"),
        (b"\x93NUMPY\x01", "one array"),
        (b"7z\xbc\xaf\x27", "7z"),
        (b"\n <!DOCTYPE html>", "page of the web"),
        (b"\x08\x07\x12\x07pytorch", "ONNX"),
    ):
        file.write_bytes(data)
        assert words in refused(file).message
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("weights.pth", b"x")
    assert "zip archive" in refused(file).message
