"""What torch itself wraps around a network: compiled, traced, averaged, in pieces, beside its optimiser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import blockstudio as bs
from blockstudio.compiler import compile, load_weights

pytestmark = pytest.mark.xdist_group("exports")

torch.set_num_threads(1)


def network() -> nn.Module:
    return compile(bs.load("cifar_resnet", n=1, width=4))


def loads(file: Path | dict[str, Tensor], weights: dict[str, Tensor]) -> None:
    model = network()
    assert load_weights(model, file).complete
    own = model.state_dict()
    assert all(torch.equal(own[key], weights[key]) for key in weights)


def refused(file: Path) -> bs.StudioError:
    with pytest.raises(bs.StudioError) as caught:
        load_weights(network(), file)
    assert len(str(caught.value).splitlines()) == 1
    return caught.value


@pytest.mark.filterwarnings("ignore")
def test_a_network_that_torch_compiled_or_traced_is_unwrapped(tmp_path: Path) -> None:
    model = network().eval()
    weights = model.state_dict()
    wrapped = torch.compile(model)
    assert all(key.startswith("_orig_mod.") for key in wrapped.state_dict())
    torch.save(wrapped.state_dict(), tmp_path / "compiled.pt")
    torch.save({"model": nn.DataParallel(wrapped).state_dict()}, tmp_path / "both.pt")
    part = network().eval()
    part.load_state_dict(weights)
    part.layer1 = torch.compile(part.layer1)
    assert any("layer1._orig_mod." in key for key in part.state_dict())
    torch.save(part.state_dict(), tmp_path / "part.pt")
    for name in ("compiled.pt", "both.pt", "part.pt"):
        loads(tmp_path / name, weights)
    traced: Any = torch.jit.trace(model, torch.zeros(1, 3, 32, 32))
    loads(dict(traced.state_dict()), weights)
    traced.save(tmp_path / "traced.pt")
    error = refused(tmp_path / "traced.pt")
    assert "TorchScript program" in error.message and "torch.jit.load(file).state_dict()" in error.hint
    diagram, report = bs.from_module(torch.compile(model), (3, 32, 32), prove=False)
    assert report.network == type(model).__name__ and not report.foreign
    assert bs.analyze(diagram).parameters == sum(each.numel() for each in model.parameters())
    for module, where in ((traced, type(traced).__name__), (nn.Sequential(nn.Identity(), traced), "1")):
        with pytest.raises(bs.StudioError, match="TorchScript program") as caught:
            bs.from_module(module, (3, 32, 32))
        assert (caught.value.code, caught.value.where) == ("import.script", where) and "made from" in caught.value.hint


def test_an_optimiser_alone_and_pieces_of_weights_are_told(tmp_path: Path) -> None:
    model = network()
    file = tmp_path / "file.pt"
    for optimizer in (torch.optim.SGD(model.parameters(), 0.1, momentum=0.9), torch.optim.AdamW(model.parameters())):
        model(torch.zeros(2, 3, 32, 32)).sum().backward()
        optimizer.step()
        for content in (optimizer.state_dict(), {"epoch": 3, "optimizer": optimizer.state_dict()}):
            torch.save(content, file)
            error = refused(file)
            assert "state of an optimiser" in error.message and "model.state_dict()" in error.hint
        torch.save({"optimizer": optimizer.state_dict(), "model": model.state_dict()}, file)
        loads(file, model.state_dict())
    size = sum(each.numel() for each in model.parameters())
    for keys in (("_flat_param",), ("flat_param", "layer1.flat_param"), ("_fsdp_wrapped_module._flat_param",)):
        torch.save({"model": {key: torch.zeros(size) for key in keys}}, file)
        error = refused(file)
        assert "FSDP" in str(error) + error.hint and "FULL_STATE_DICT" in error.hint, error
