"""Memory at inference: what is alive at once. Memory in training: what is kept for the way back."""

from __future__ import annotations

from blockstudio.analysis import Analyzer, analyze
from tests.support.nets import block_module, conv, head, line, merge, net

MAP = 4 * 8 * 16 * 16
"""Bytes of 8×16×16 in 32-bit floats."""


def test_a_chain_holds_two_maps_at_a_time() -> None:
    d = net([8, 16, 16])
    line(d, "input", *(conv(f"c{index}", 8) for index in range(6)), ("Output", "output", {}))
    assert analyze(d).activation_bytes == 2 * MAP


def test_a_skip_holds_its_map_longer() -> None:
    d = net([8, 16, 16])
    line(d, "input", conv("a", 8), conv("b", 8), conv("c", 8))
    line(d, merge(d, "Add", "add", "c", "a"), ("Output", "output", {}))
    # The skip from a, what c reads and what it writes.
    assert analyze(d).activation_bytes == 3 * MAP


def test_views_and_blocks_in_place_take_none() -> None:
    d = net([8, 16, 16])
    line(
        d, "input", conv("a", 8), ("ReLU", "relu", {"inplace": True}), ("Identity", "id", {}),
        ("Flatten", "flatten", {}), ("Output", "output", {}),
    )  # fmt: skip
    analysis = analyze(d)
    assert analysis.activation_bytes == 2 * MAP
    assert analysis.blocks["flatten"].activation_bytes == 0
    d.set("relu", inplace=False)
    d.set("a", out_channels=16)
    # The map of relu beside that of a, the image gone by then.
    assert analyze(d).activation_bytes == 4 * MAP


def test_what_is_not_read_again_is_let_go() -> None:
    d = net([8, 16, 16])
    line(d, "input", conv("wide", 80), conv("narrow", 8), conv("c", 8), ("Output", "output", {}))
    assert analyze(d).activation_bytes == 11 * MAP


def test_a_module_counts_what_is_alive_inside() -> None:
    d = net([8, 16, 16])
    scope = block_module(d, "Wide")
    line(d, "input", conv("up", 40), conv("down", 8), "output", scope=scope)
    d.add("Wide", "a", repeat=2)
    line(d, "input", "a", ("Output", "output", {}))
    analysis = analyze(d)
    assert analysis.blocks["a.0"].activation_bytes == 6 * MAP
    # The second copy runs beside what the first gave; the image is held by the caller.
    assert analysis.blocks["a"].activation_bytes == 7 * MAP
    assert analysis.activation_bytes == 8 * MAP


def test_training_keeps_what_the_blocks_say() -> None:
    d = net([8, 16, 16])
    last = line(d, "input", conv("a", 8), ("ReLU", "relu", {"inplace": True}), conv("b", 8))
    line(d, last, ("Output", "output", {}))
    analysis = analyze(d)
    assert analysis.blocks["relu"].training_bytes == 0
    assert analysis.training_bytes == 3 * MAP
    assert analysis.parameter_bytes == 4 * analysis.parameters


def test_auxiliary_heads_are_kept_in_training_only() -> None:
    d = net([8, 16, 16])
    head(d, line(d, "input", conv("a", 8)))
    plain = analyze(d)
    line(d, "a", conv("aux_conv", 800), ("GlobalAvgPool", "p", {}), ("Flatten", "f", {}), ("AuxOutput", "aux", {}))
    both = analyze(d)
    assert both.activation_bytes == plain.activation_bytes
    assert both.training_bytes > plain.training_bytes + 100 * MAP - 1


def test_a_repeat_put_on_and_taken_off_is_followed() -> None:
    d = net([8, 16, 16])
    line(d, "input", conv("a", 1), conv("b", 8), conv("c", 1), ("Output", "output", {}))
    analyzer = Analyzer(d)
    analyzer.attach()
    assert analyzer.analysis.activation_bytes == 9 * MAP // 8
    d.repeat("b", 2)
    # Beside each other: what the first copy gave and what the second gives; the first channel is still held.
    assert analyzer.analysis.activation_bytes == analyze(d).activation_bytes == 17 * MAP // 8
    d.repeat("b", None)
    assert analyzer.analysis.activation_bytes == analyze(d).activation_bytes == 9 * MAP // 8
