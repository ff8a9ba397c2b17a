"""Published weights by name: from the library's cache, fetched only on request, their hash checked."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch
import torchvision.models

from blockstudio import StudioError, load
from blockstudio.cli import main
from blockstudio.compiler import compile, pretrained
from blockstudio.compiler.pretrained import file_of

torch.set_num_threads(1)


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file as torchvision publishes it, with its hash in the name, at the address of resnet18's; an empty cache."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    draft = tmp_path / "draft.pth"
    torch.save(compile(load("resnet18")).state_dict(), draft)
    digest = hashlib.sha256(draft.read_bytes()).hexdigest()
    file = draft.rename(tmp_path / f"resnet18-{digest[:8]}.pth")
    monkeypatch.setattr(pretrained, "_of_torchvision", lambda model: file.as_uri() if model == "resnet18" else "")
    return file


def test_only_fetched_on_request_and_then_kept(
    published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "torchvision:resnet18"
    assert main(["weights", "resnet18", name]) == 2
    assert "--download" in capsys.readouterr().err
    cache = tmp_path / "home" / "hub" / "checkpoints"
    assert not cache.exists()
    assert main(["weights", "resnet18", name, "--download"]) == 0
    out, err = capsys.readouterr()
    assert "122 of the network's 122 keys" in out and "MB / " in err
    assert [each.name for each in cache.iterdir()] == [published.name]
    published.unlink()
    assert main(["export", "resnet18", "--weights", name, "-o", str(tmp_path / "a.pt")]) == 0
    assert torch.equal(torch.load(tmp_path / "a.pt")["fc.bias"], torch.load(cache / published.name)["fc.bias"])


def test_what_is_not_what_was_published_is_not_used(published: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    file = file_of("torchvision:resnet18", download=True, progress=lambda done, total: told.append((done, total)))
    size = file.stat().st_size
    assert told[-1] == (size, size) and len(told) == -(-size // pretrained.CHUNK)
    with file.open("r+b") as opened:
        opened.seek(5000)
        opened.write(b"damage")
    with pytest.raises(StudioError, match="hash") as caught:
        file_of("torchvision:resnet18")
    assert caught.value.code == "weights.hash"
    file.rename(published)
    with pytest.raises(StudioError, match="hash"):
        file_of("torchvision:resnet18", download=True)
    published.unlink()
    with pytest.raises(StudioError) as caught:
        file_of("torchvision:resnet18", download=True)
    assert caught.value.code == "weights.download"
    assert list(file.parent.iterdir()) == []


def test_a_folder_of_one_s_own_comes_first(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own, cache = tmp_path / "own", tmp_path / "home" / "hub" / "checkpoints"
    monkeypatch.setenv("BLOCKSTUDIO_WEIGHTS", str(own))
    for folder in (cache, own):
        folder.mkdir(parents=True)
        assert file_of("torchvision:resnet18", download=True).parent == cache
        (folder / published.name).write_bytes(published.read_bytes())
    assert file_of("torchvision:resnet18") == own / published.name
    (own / published.name).write_bytes(b"other")
    with pytest.raises(StudioError) as caught:
        file_of("torchvision:resnet18")
    assert caught.value.code == "weights.hash" and str(own) in str(caught.value)


def _in_hub(cache: Path, repository: str, commit: str, name: str, data: bytes) -> Path:
    """A file as Hugging Face's cache keeps it: a link to one that is named by its hash."""
    home = cache / f"models--timm--{repository}"
    blob = home / "blobs" / hashlib.sha256(data).hexdigest()
    link = home / "snapshots" / commit / name
    for folder in (blob.parent, link.parent):
        folder.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(data)
    link.symlink_to(blob)
    return link


def test_timm_s_files_in_the_cache_of_hugging_face(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("timm")
    hub, own = tmp_path / "hub", tmp_path / "own"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(hub))
    monkeypatch.setenv("BLOCKSTUDIO_WEIGHTS", str(own))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    # The first is published at an address of its own too, the second at Hugging Face alone.
    for model in ("resnet18.tv_in1k", "resnet34.ra4_e3600_r224_in1k"):
        name = f"timm:{model}"
        with pytest.raises(StudioError) as caught:
            file_of(name)
        assert caught.value.code == "weights.missing"
        assert ("--download" in str(caught.value.hint)) == (model == "resnet18.tv_in1k")
        old = _in_hub(hub, model, "a" * 40, "pytorch_model.bin", b"old" + model.encode())
        assert file_of(name) == old
        new = _in_hub(hub, model, "b" * 40, "model.safetensors", b"new" + model.encode())
        refs = hub / f"models--timm--{model}" / "refs"
        refs.mkdir()
        (refs / "main").write_text("b" * 40, encoding="ascii")
        assert file_of(name) == new
        nearer = _in_hub(own, model, "c" * 40, "model.safetensors", b"nearer" + model.encode())
        assert file_of(name) == nearer
        nearer.resolve().write_bytes(b"damaged")
        with pytest.raises(StudioError) as caught:
            file_of(name)
        assert caught.value.code == "weights.hash"


def test_names_that_are_none(published: Path) -> None:
    for name in ("torchvision:nothing", "timm:nothing"):
        if name.startswith("timm"):
            pytest.importorskip("timm")
        with pytest.raises(StudioError) as caught:
            file_of(name)
        assert caught.value.code == "weights.name"


def test_the_libraries_know_where_theirs_are() -> None:
    weights = torchvision.models.ResNet18_Weights.DEFAULT
    assert pretrained._of_torchvision("resnet18") == weights.url
    pytest.importorskip("timm")
    assert pretrained._of_timm("resnet18.tv_in1k") == torchvision.models.ResNet18_Weights.IMAGENET1K_V1.url
