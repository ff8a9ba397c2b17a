"""The modules alone, counted by hand from the figures of their papers: one line a convolution."""

from __future__ import annotations

import pytest

from blockstudio.analysis import analyze
from blockstudio.graph.presets import load_preset, preset_names

Layer = tuple[int, int, int, int, int]
"""Channels in and out, kernel height and width, side of the output."""

NORMALISED: dict[str, list[Layer]] = {
    # Szegedy et al. 2015 (arXiv 1512.00567), figures 5, 6, 7 and 10, with the released widths.
    "module_factorised_5x5": [
        (192, 64, 1, 1, 35), (192, 48, 1, 1, 35), (48, 64, 3, 3, 35), (192, 64, 1, 1, 35), (64, 96, 3, 3, 35),
        (96, 96, 3, 3, 35), (192, 64, 1, 1, 35),
    ],
    "module_asymmetric": [
        (768, 192, 1, 1, 17), (768, 128, 1, 1, 17), (128, 128, 1, 7, 17), (128, 192, 7, 1, 17),
        (768, 128, 1, 1, 17), (128, 128, 7, 1, 17), (128, 128, 1, 7, 17), (128, 128, 7, 1, 17),
        (128, 192, 1, 7, 17), (768, 192, 1, 1, 17),
    ],
    "module_expanded": [
        (1280, 320, 1, 1, 8), (1280, 384, 1, 1, 8), (384, 384, 1, 3, 8), (384, 384, 3, 1, 8),
        (1280, 448, 1, 1, 8), (448, 384, 3, 3, 8), (384, 384, 1, 3, 8), (384, 384, 3, 1, 8), (1280, 192, 1, 1, 8),
    ],
    "module_reduction": [
        (320, 64, 1, 1, 35), (64, 192, 3, 3, 17), (320, 64, 1, 1, 35), (64, 96, 3, 3, 35), (96, 128, 3, 3, 17),
    ],
    # He et al. 2015 (arXiv 1512.03385), figure 5, on 256 channels.
    "module_residual_basic": [(256, 256, 3, 3, 14), (256, 256, 3, 3, 14)],
    "module_residual_bottleneck": [(256, 64, 1, 1, 14), (64, 64, 3, 3, 14), (64, 256, 1, 1, 14)],
}  # fmt: skip
BIASED: dict[str, list[Layer]] = {
    # Szegedy et al. 2014 (arXiv 1409.4842), figure 2 and table 1, row 3a.
    "module_inception_naive": [(192, 64, 1, 1, 28), (192, 128, 3, 3, 28), (192, 32, 5, 5, 28)],
    "module_inception": [
        (192, 64, 1, 1, 28), (192, 96, 1, 1, 28), (96, 128, 3, 3, 28), (192, 16, 1, 1, 28), (16, 32, 5, 5, 28),
        (192, 32, 1, 1, 28),
    ],
}  # fmt: skip
PLAIN: dict[str, list[Layer]] = {
    # Szegedy et al. 2015, figure 9: both wrong ways from 35×35×320 to 17×17×640.
    "module_reduction_bottleneck": [(320, 640, 1, 1, 17)],
    "module_reduction_expensive": [(320, 640, 1, 1, 35)],
}
MODULES = {
    **{name: (layers, 2) for name, layers in NORMALISED.items()},
    **{name: (layers, 1) for name, layers in BIASED.items()},
    **{name: (layers, 0) for name, layers in PLAIN.items()},
}
"""Layers, and what each output channel has beside its kernel: scale and shift, a bias, nothing."""


@pytest.mark.parametrize("name", MODULES)
def test_a_module_costs_what_its_figure_says(name: str) -> None:
    layers, beside = MODULES[name]
    found = analyze(load_preset(name))
    assert found.parameters == sum(i * o * h * w + beside * o for i, o, h, w, _ in layers)
    assert found.macs == sum(i * o * h * w * side**2 for i, o, h, w, side in layers)


def test_every_module_is_counted() -> None:
    assert set(MODULES) == {name for name in preset_names() if name.startswith("module_")}
