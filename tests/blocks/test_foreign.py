"""Foreign blocks: what no block type says is drawn and counted, saved and opened again, and does not compile."""

from __future__ import annotations

import pytest

import blockstudio as bs
from blockstudio.blocks import CATALOGUE
from blockstudio.blocks.foreign import sizes, weights, weights_text
from blockstudio.errors import StudioError
from blockstudio.graph.format import dumps, loads


def _drawn() -> bs.Diagram:
    diagram = bs.Diagram("Tokens")
    diagram.add("Input", "input", shape=[8, 14, 14])
    listed = weights_text([("qkv.weight", (24, 8)), ("qkv.bias", (24,)), ("scale", ())])
    diagram.add(
        "Foreign", "attn", what="timm.layers.attention.Attention", shape="196×8", weights=listed, macs=37_632,
        place="timm.models.vit: Block.forward",
    )  # fmt: skip
    diagram.add("ForeignMerge", "join", what="torch.cat", shape="392×8")
    diagram.add("Output", "output")
    for one, other in (("input", "attn"), ("attn", "join:0"), ("attn", "join:1"), ("join", "output")):
        diagram.connect(one, other)
    return diagram


def test_the_rest_is_analysed_around_them() -> None:
    report = bs.analyze(_drawn())
    assert report.blocks["attn"].output_shape == (196, 8) and report.blocks["join"].output_shape == (392, 8)
    assert report.parameters == 24 * 8 + 24 + 1 and report.macs == 37_632
    assert {(problem.block, problem.code, problem.severity) for problem in report.problems} == {
        ("attn", "block.foreign", "warning"), ("join", "block.foreign", "warning"),
    }  # fmt: skip


def test_they_are_saved_and_opened_byte_for_byte() -> None:
    text = dumps(_drawn())
    assert dumps(loads(text)) == text


def test_the_network_does_not_compile_and_the_block_is_named() -> None:
    with pytest.raises(StudioError) as caught:
        bs.source(_drawn())
    assert caught.value.code == "compile.foreign" and caught.value.where == "attn"
    assert "timm.layers.attention.Attention" in str(caught.value)


def test_one_that_is_switched_off_is_in_nobody_s_way() -> None:
    diagram = bs.Diagram("Off")
    diagram.add("Input", "input", shape=[8])
    diagram.add("Foreign", "attn", what="Attention", bypass=True)
    diagram.add("Linear", "fc", out_features=2)
    diagram.add("Output", "output")
    for one, other in (("input", "attn"), ("attn", "fc"), ("fc", "output")):
        diagram.connect(one, other)
    assert bs.analyze(diagram).problems == ()
    assert "Attention" not in bs.source(diagram)


@pytest.mark.parametrize(("text", "found"), [("7×8", (7, 8)), ("7x8 x9", (7, 8, 9)), ("0×1", None), ("seven", None)])
def test_shapes_are_read(text: str, found: tuple[int, ...] | None) -> None:
    assert sizes(text) == found
    kind = CATALOGUE["Foreign"]
    values = {key: parameter.check(parameter.default) for key, parameter in kind.parameters.items()} | {"shape": text}
    if found is None:
        with pytest.raises(StudioError, match="is no shape"):
            kind.shape(values, [(3,)])
    else:
        assert kind.shape(values, [(3,)]) == found


def test_lists_of_weights_keep_their_sum() -> None:
    listed = [(f"layer.{index}.weight", (index + 1, 3)) for index in range(400)]
    text = weights_text(listed)
    assert len(text) < 2000
    assert sum(shape[0] * (shape[1] if len(shape) > 1 else 1) for _, shape in weights(text)) == 3 * sum(range(1, 401))
