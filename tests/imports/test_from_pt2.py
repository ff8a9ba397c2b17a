"""Programs of `torch.export` as diagrams: read as data, their modules back, equal to the last bit."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

import blockstudio as bs
from blockstudio.cli import main

pytestmark = pytest.mark.xdist_group("exports")

torch.set_num_threads(1)


class Shuffled(nn.Module):
    """Halves, a shuffle, a join: what an exporter writes with sizes left open."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels // 2, channels // 2, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(channels // 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        left, right = x.chunk(2, dim=1)
        x = torch.cat([left, torch.relu(self.bn(self.conv(right)))], dim=1)
        count, channels, height, width = x.shape
        return x.view(count, 2, channels // 2, height, width).transpose(1, 2).reshape(count, channels, height, width)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.BatchNorm2d(8), nn.ReLU6(inplace=True))
        self.stages = nn.Sequential(Shuffled(8), Shuffled(8), Shuffled(8))
        self.drop, self.head = nn.Dropout(0.2), nn.Linear(8, 5)
        self.idle = nn.Linear(2, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.drop(self.stages(self.stem(x)).mean((2, 3))))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("pt2") / "net.pt2"
    shapes = ({0: torch.export.Dim.AUTO},)
    torch.export.save(torch.export.export(Net().eval(), (torch.randn(2, 3, 21, 17),), dynamic_shapes=shapes), path)
    return path


def test_a_program_is_drawn_with_its_modules_and_proven(file: Path) -> None:
    diagram, report = bs.from_pt2(file)
    assert report.proven and report.eval_bitwise and report.macs and report.parameters and report.keys, report.notes
    assert list(diagram.modules) == ["Shuffled"]
    stages = diagram.main.block("stages")
    assert stages.repeat == 3 and stages.type == "Shuffled"
    assert {block.type for _, block in diagram.modules["Shuffled"].blocks()} >= {"Chunk", "ChannelShuffle", "Concat"}
    assert report.notes == ["2 weights of the file are used by nothing."]


def test_the_command_takes_it(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "net.blocks.json"
    assert main(["import", str(file), "-o", str(target)]) == 0
    assert "outputs equal to the last bit in evaluation: yes" in capsys.readouterr().out
    assert bs.load(target).main.block("head").parameters["out_features"] == 5


class Heads(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.left, self.right = nn.Conv2d(3, 8, 3), nn.Linear(8, 5), nn.Linear(8, 2)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = self.conv(x).mean((2, 3))
        return self.left(x), self.right(x)


@pytest.mark.slow
def test_all_outputs_of_a_program_are_compared(tmp_path: Path) -> None:
    path = tmp_path / "heads.pt2"
    torch.export.save(torch.export.export(Heads().eval(), (torch.randn(2, 3, 9, 9),)), path)
    diagram, report = bs.from_pt2(path)
    assert report.proven and len(diagram.main.of_type("Output")) == 2, report.notes


@pytest.mark.parametrize("how", ["weights", "module", "script"])
def test_what_is_not_data_is_refused_by_name(how: str, tmp_path: Path) -> None:
    path = tmp_path / "net.pt2"
    if how == "script":
        torch.jit.script(nn.Linear(2, 2)).save(str(path))
    else:
        torch.save(nn.Linear(2, 2) if how == "module" else nn.Linear(2, 2).state_dict(), path)
    with pytest.raises(bs.StudioError) as caught:
        bs.from_pt2(path)
    assert caught.value.code == "import.pickle" and "pickled Python objects" in str(caught.value)
