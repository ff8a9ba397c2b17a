"""The preset files themselves: canonical, short, described, free of problems."""

from __future__ import annotations

import re
from typing import Any

import pytest

from blockstudio.analysis import analyze
from blockstudio.blocks import CATALOGUE
from blockstudio.graph.format import dumps, load
from blockstudio.graph.presets import load_preset, preset_names, preset_path

NAMES = preset_names()
ASKED_FOR = """
nin_imagenet nin_cifar10 alexnet alexnet_torchvision vgg16 vgg19 googlenet googlenet_torchvision bn_inception
inception_v2 inception_v3 inception_v4 inception_resnet_v1 inception_resnet_v2 resnet18 resnet34 resnet50 resnet101
resnet152 plain cifar_resnet cifar_plain preact_resnet50 cifar_preact wide_resnet resnext50 se_resnet50
module_inception_naive module_inception
"""
MAX_LINES = 400

KNOBS: list[tuple[str, dict[str, Any], tuple[int, ...]]] = [
    ("resnet18", {"size": 8, "in_channels": 1, "num_classes": 10, "width": 8}, (10,)),
    ("resnet34", {"size": 32, "in_channels": 1, "num_classes": 10}, (10,)),
    ("resnet50", {"shortcut": "A"}, (1000,)),
    ("resnet50", {"shortcut": "C", "version": "v1", "size": 64}, (1000,)),
    ("plain", {"depth": "18", "size": 64}, (1000,)),
    ("cifar_resnet", {"n": 1, "plain": True, "bn": False, "width": 4, "size": 8}, (10,)),
    ("cifar_resnet", {"n": 2, "shortcut": "B"}, (10,)),
    ("cifar_resnet", {"n": 2, "shortcut": "C", "bn": False}, (10,)),
    ("cifar_plain", {"n": 2, "bn": False}, (10,)),
    ("cifar_preact", {"n": 1, "bottleneck": True, "in_channels": 1}, (10,)),
    ("wide_resnet", {"depth": 10, "widen_factor": 1, "drop_rate": 0.3}, (10,)),
    ("googlenet", {"aux": False, "size": 64}, (1000,)),
    ("googlenet", {"size": 96, "num_classes": 5}, (5,)),
    ("googlenet_torchvision", {"size": 32, "aux": False}, (1000,)),
    ("bn_inception", {"bn": False, "size": 64}, (1000,)),
    ("inception_v3", {"aux": False, "size": 96, "num_classes": 7}, (7,)),
    ("inception_v4", {"aux": False, "size": 96}, (1000,)),
    ("inception_resnet_v2", {"aux": False, "size": 96, "scale_a": 0.3}, (1000,)),
    ("nin_cifar10", {"size": 16, "in_channels": 1}, (10,)),
    ("alexnet_torchvision", {"size": 64}, (1000,)),
    ("vgg16", {"size": 32}, (1000,)),
    ("resnext50", {"groups": 1, "width_per_group": 64, "size": 32}, (1000,)),
    ("se_resnet50", {"reduction": 8, "size": 32}, (1000,)),
    ("preact_resnet50", {"layout": "fb", "size": 32}, (1000,)),
    ("module_factorised_5x5", {"factorised": False}, (288, 35, 35)),
    ("module_asymmetric", {"n": 3}, (768, 17, 17)),
]


def test_the_zoo_is_complete() -> None:
    assert set(ASKED_FOR.split()) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_file_is_canonical_and_short(name: str) -> None:
    path = preset_path(name)
    text = path.read_text("utf-8")
    assert dumps(load(path)) == text
    assert len(text.splitlines()) <= MAX_LINES


@pytest.mark.parametrize("name", NAMES)
def test_file_says_what_it_is(name: str) -> None:
    diagram = load_preset(name)
    assert len(diagram.description) > 60
    assert 2010 <= int(diagram.about["year"]) <= 2020
    for key, parameter in diagram.parameters.items():
        assert parameter.help, key
    for module in diagram.modules.values():
        for key, parameter in module.parameters.items():
            assert parameter.help, key


@pytest.mark.parametrize("name", NAMES)
def test_no_problems(name: str) -> None:
    diagram = load_preset(name)
    found = analyze(diagram)
    assert [problem.text for problem in found.problems] == []
    assert found.output_shape is not None
    used = {block.type for scope in diagram.scopes() for _, block in diagram.definition(scope).blocks()}
    assert used <= set(CATALOGUE) | set(diagram.modules)
    assert set(diagram.modules) <= used, "a module that nothing uses"


@pytest.mark.parametrize(("name", "values", "shape"), KNOBS, ids=lambda value: str(value)[:60])
def test_knobs_turn(name: str, values: dict[str, Any], shape: tuple[int, ...]) -> None:
    found = analyze(load_preset(name, **values))
    assert [problem.text for problem in found.problems] == []
    assert found.output_shape == shape


EQUAL_COSTS = [
    (("cifar_resnet", {"n": 9, "plain": True}), ("cifar_plain", {"n": 9})),
    (("resnet34", {"shortcut": "A"}), ("plain", {})),
    (("resnext50", {"groups": 1, "width_per_group": 64}), ("resnet50", {})),
    (("resnext50", {"groups": 1, "width_per_group": 128}), ("wide_resnet50_2", {})),
    (("inception_v3", {"aux": False}), ("inception_v3", {})),
]


@pytest.mark.parametrize(("one", "other"), EQUAL_COSTS, ids=str)
def test_two_ways_to_one_network(one: tuple[str, dict[str, Any]], other: tuple[str, dict[str, Any]]) -> None:
    first, second = (analyze(load_preset(name, **values)) for name, values in (one, other))
    assert (first.parameters, first.macs) == (second.parameters, second.macs)


COURSE_FIGURES = {
    ("module_residual_basic", "parameters"): 1_179_648,
    ("module_residual_bottleneck", "parameters"): 69_632,
}


@pytest.mark.parametrize(("name", "field"), COURSE_FIGURES, ids=str)
def test_units_of_the_course(name: str, field: str) -> None:
    assert getattr(analyze(load_preset(name, bn=False)), field) == COURSE_FIGURES[name, field]


def test_grid_reductions_move_one_layer() -> None:
    first, last = (
        analyze(load_preset(f"module_reduction_{which}", in_channels=320, size=35))
        for which in ("bottleneck", "expensive")
    )
    assert first.parameters == last.parameters
    assert last.macs * 17**2 == first.macs * 35**2
    right = analyze(load_preset("module_reduction"))
    assert right.output_shape == first.output_shape == last.output_shape == (640, 17, 17)
    assert first.macs < right.macs < last.macs


@pytest.mark.parametrize(
    ("preset", "parameters", "macs", "depth"),
    [
        ("vgg16", 138_357_544, 15_470_264_320, 16),
        ("vgg19", 143_667_240, 19_632_062_464, 19),
        ("resnext50", 25_028_904, 4_230_479_872, 50),
        ("wide_resnet50_2", 68_883_240, 11_398_021_120, 50),
        ("se_resnet50", 28_088_024, 4_091_699_200, 82),
        ("module_inception", 163_696, 128_049_152, 2),
        ("module_inception_naive", 387_296, 303_464_448, 1),
    ],
)
def test_networks_without_a_reference_table(preset: str, parameters: int, macs: int, depth: int) -> None:
    found = analyze(load_preset(preset))
    assert (found.parameters, found.macs, found.depth) == (parameters, macs, depth)


def test_the_readme_lists_every_preset_with_its_figures() -> None:
    computed = {}
    for name in NAMES:
        found = analyze(load_preset(name))
        computed[name] = (f"{found.parameters:,}", f"{found.macs:,}", str(found.depth))
    assert {name: cells[:3] for name, cells in _rows("README.md", 6).items()} == computed
    assert all(cells[3] for cells in _rows("README.md", 6).values()), "each is equal to somebody's network"


def test_the_documentation_lists_every_preset_with_its_own_parameters() -> None:
    common = {"num_classes", "in_channels", "size"}
    own = {name: [key for key in load_preset(name).parameters if key not in common] for name in NAMES}
    listed = _rows("docs/presets.md", 3)
    assert {name: re.findall(r"`(\w+)`", cells[0]) for name, cells in listed.items()} == own
    weights = {name: cells[1].partition("(")[0].strip() for name, cells in listed.items()}
    assert weights == {name: cells[4].partition("(")[0].strip() for name, cells in _rows("README.md", 6).items()}


def _rows(page: str, columns: int) -> dict[str, tuple[str, ...]]:
    """The table of presets on a page: the cells behind the name."""
    text = (preset_path("resnet34").parent.parent / page).read_text("utf-8")
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| `") and line.count("|") == columns + 1]
    return {cells[1].strip(" `"): tuple(cell.strip() for cell in cells[2:-1]) for cells in rows}
