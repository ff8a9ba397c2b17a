"""What can be done with a compiled module: copy it, trace an error to its source, export it."""

from __future__ import annotations

import copy
import gc
import linecache
import traceback

import pytest
import torch

import blockstudio as bs
from blockstudio.blocks import Parameter
from blockstudio.compiler import compile, source
from blockstudio.compiler.load import execute
from blockstudio.errors import StudioError
from blockstudio.graph.presets import load_preset, preset_names
from tests.support.interpreter import verify

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def small() -> torch.nn.Module:
    return compile(load_preset("cifar_resnet", n=1, width=4)).eval()


def test_the_module_is_the_emitted_text(small: torch.nn.Module) -> None:
    diagram = load_preset("cifar_resnet", n=1, width=4)
    text = source(diagram)
    lines = linecache.getlines(type(small).forward.__code__.co_filename)
    assert "".join(lines) == text
    assert type(small).__name__ in text


def test_tracebacks_show_the_source(small: torch.nn.Module) -> None:
    with pytest.raises(RuntimeError) as caught:
        small(torch.zeros(1, 7, 32, 32))
    shown = "".join(traceback.format_exception(caught.value))
    assert "<Block Studio: CIFAR ResNet (6n + 2)" in shown and "x = self.conv1(x)" in shown


def test_networks_of_one_name_keep_their_own_source_and_leave_nothing_behind() -> None:
    before = set(linecache.cache)
    texts = [source(load_preset("cifar_resnet", n=n, width=4)) for n in (1, 2)]
    assert texts[0] != texts[1]
    spaces = [execute(text, "Twin") for text in texts]
    files = [space["CIFARResNet6n2"].forward.__code__.co_filename for space in spaces]
    assert files[0] != files[1]
    assert ["".join(linecache.getlines(file)) for file in files] == texts
    del spaces
    gc.collect()
    assert not {file for file in set(linecache.cache) - before if "Twin" in file}


def test_copies_are_independent(small: torch.nn.Module) -> None:
    other = copy.deepcopy(small)
    x = torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        wanted = small(x)
        assert torch.equal(other(x), wanted)
        other.fc.bias.add_(1.0)
        assert torch.equal(small(x), wanted) and not torch.equal(other(x), wanted)


def test_it_can_be_exported(small: torch.nn.Module) -> None:
    x = torch.randn(1, 3, 32, 32)
    program = torch.export.export(small, (x,))
    with torch.no_grad():
        assert torch.equal(program.module()(x), small(x))


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")
def test_it_can_be_scripted(small: torch.nn.Module) -> None:
    x = torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(torch.jit.script(small)(x), small(x))


@pytest.mark.slow
def test_it_can_be_compiled_by_torch(small: torch.nn.Module) -> None:
    x = torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(torch.compile(small, backend="eager")(x), small(x))


def test_the_class_takes_the_diagram_s_parameters() -> None:
    diagram = load_preset("resnet18", size=32)
    network = execute(source(diagram), "ResNet-18")["ResNet18"]
    other = load_preset("resnet18", size=32, width=8, num_classes=5, in_channels=1)
    model = network(num_classes=5, in_channels=1, width=8).double()
    verify(other, model, [torch.randn(2, 1, 32, 32, dtype=torch.float64)], tolerance=1e-12)
    assert sum(p.numel() for p in model.parameters()) == bs.analyze(other).parameters


def test_a_convolution_whose_padding_no_one_text_gives_keeps_its_keys() -> None:
    diagram = bs.Diagram("conditions")
    diagram.main.parameters = {"width": Parameter(kind="int", default=4), "reps": Parameter(kind="int", default=0)}
    diagram.add("Input", "input", shape=[1, 7, 7])
    diagram.add(
        "Conv2d", "conv", out_channels=2, kernel_size=3, stride="2 if reps == 1 else 1",
        padding=["1 if width > 3 else 0", 1, 1, 1],
    )  # fmt: skip
    diagram.add("Output", "output")
    diagram.connect("input", "conv")
    diagram.connect("conv", "output")
    model = compile(diagram)
    assert list(model.state_dict()) == ["conv.weight", "conv.bias"]
    verify(diagram, model.double(), [torch.randn(2, 1, 7, 7, dtype=torch.float64)], tolerance=1e-12)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_repeats_follow_the_class_s_arguments(n: int) -> None:
    network = execute(source(load_preset("cifar_resnet", n=3, width=4)), "CIFAR")["CIFARResNet6n2"]
    other = load_preset("cifar_resnet", n=n, width=4)
    verify(other, network(n=n).double(), [torch.randn(2, 3, 32, 32, dtype=torch.float64)], tolerance=1e-12)


LIGHT = ["nin_cifar10", "cifar_resnet", "cifar_preact", "cifar_plain", "module_inception", "module_residual_bottleneck"]


@pytest.mark.parametrize("name", LIGHT)
def test_presets_do_what_their_graphs_say(name: str) -> None:
    check_preset(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in preset_names() if name not in LIGHT])
def test_heavy_presets_do_what_their_graphs_say(name: str) -> None:
    check_preset(name)


def check_preset(name: str) -> None:
    diagram = load_preset(name)
    model = compile(diagram)
    analysis = bs.analyze(diagram)
    assert sum(p.numel() for p in model.parameters()) == analysis.parameters_with_auxiliary
    shape = next(iter(analysis.level("").shapes.values()))
    block = diagram.main.of_type("Input")[0]
    shape = analysis.blocks[block].output_shape
    verify(diagram, model, [torch.randn(1, *shape)], tolerance=1e-5)


def test_verification_tells_a_wrong_module() -> None:
    diagram = load_preset("cifar_resnet", n=1, width=4)
    model = compile(diagram)
    x = torch.randn(1, 3, 32, 32)
    verify(diagram, model, [x], tolerance=1e-5)
    model.layer2[0].conv1.stride = (1, 1)
    model.layer2[0].pad.stride = (1, 1)
    with pytest.raises(StudioError) as caught:
        verify(diagram, model, [x], tolerance=1e-5)
    assert caught.value.code == "compile.verify"
