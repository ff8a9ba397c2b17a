"""What the search finds, in which order, and what it says of what does not fit."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from blockstudio.analysis.offers import Fitter, Offers, Where
from blockstudio.analysis.offers import offers as found_by
from blockstudio.analysis.offers.asking import asked
from blockstudio.blocks import CATALOGUE, palette_entries
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.presets import load_preset

MAP, VECTOR = (512, 14, 14), (512,)


def offers(diagram: Diagram, text: str, where: Where, used: Sequence[str] = ()) -> Offers:
    return found_by(text, Fitter(diagram, where), used)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("gap", "GlobalAvgPool"),
        ("globalavg", "GlobalAvgPool"),
        ("1x1", "1×1 Conv"),
        ("1×1", "1×1 Conv"),
        ("bottleneck", "1×1 Conv"),
        ("bn", "BatchNorm2d"),
        ("batch", "BatchNorm2d"),
        ("lrn", "LocalResponseNorm"),
        ("mp", "MaxPool2d"),
        ("maxpool", "MaxPool2d"),
        ("avgpool", "AvgPool2d"),
        ("conv", "Conv2d"),
        ("cnv", "Conv2d"),
        ("3x3", "Conv2d"),
        ("7x7", "Conv2d"),
        ("depthwise", "DepthwiseConv2d"),
        ("depthconcat", "Concat"),
        ("cat", "Concat"),
        ("residual", "Add"),
        ("skip", "Add"),
        ("swish", "SiLU"),
        ("rect", "ReLU"),
        ("drop", "Dropout"),
        ("out", "Output"),
        ("flat", "Flatten"),
    ],
)
def test_names_aliases_and_words_of_papers_find_what_they_mean(text, first):
    assert offers(Diagram(), text, Where((MAP,))).found[0].title == first


@pytest.mark.parametrize(
    ("text", "title", "parameters", "comes"),
    [
        ("conv 64 3", "Conv2d", {"out_channels": 64, "kernel_size": 3, "padding": 1}, "64×14×14"),
        ("conv 64 5 2", "Conv2d", {"out_channels": 64, "kernel_size": 5, "stride": 2, "padding": 2}, "64×7×7"),
        ("5x5 32", "Conv2d", {"kernel_size": 5, "out_channels": 32, "padding": 2}, "32×14×14"),
        ("3 3 64", "Conv2d", {"kernel_size": 3, "out_channels": 64, "padding": 1}, "64×14×14"),
        ("conv 1x7 128", "Conv2d", {"kernel_size": [1, 7], "out_channels": 128, "padding": [0, 3]}, "128×14×14"),
        ("conv 3x3 64 /2", "Conv2d", {"kernel_size": 3, "stride": 2, "out_channels": 64, "padding": 1}, "64×7×7"),
        ("1x1 96", "1×1 Conv", {"kernel_size": 1, "out_channels": 96}, "96×14×14"),
        ("input 192 28 28", "Input", {"shape": [192, 28, 28]}, "takes no wire"),
        ("input 192x28x28", "Input", {"shape": [192, 28, 28]}, "takes no wire"),
        ("input (192, 28, 28)", "Input", {"shape": [192, 28, 28]}, "takes no wire"),
        ("conv 3 x 3, 64", "Conv2d", {"kernel_size": 3, "out_channels": 64, "padding": 1}, "64×14×14"),
        ("input 784", "Input", {"shape": [784]}, "takes no wire"),
        ("maxpool 2 2", "MaxPool2d", {"kernel_size": 2, "stride": 2}, "512×7×7"),
        ("dropout 0.4", "Dropout", {"p": 0.4}, "512×14×14"),
    ],
)
def test_sizes_and_numbers_are_taken_over(text, title, parameters, comes):
    found = next(each for each in offers(Diagram(), text, Where((MAP,))).found if each.title == title)
    assert (dict(found.parameters), found.fit.text) == (parameters, comes)


def test_what_does_not_fit_stands_last_with_the_reason():
    found = offers(Diagram(), "", Where((MAP,))).found
    fits = [each.fit.fits for each in found]
    assert fits == sorted(fits, reverse=True)
    assert {each.title for each in found} == {entry.title for _, entry in palette_entries()}
    reasons = {each.title: each.fit.text for each in found if not each.fit.fits}
    assert reasons["Input"] == "takes no wire"
    assert all(reasons.values())
    # Every shape that is told is what comes.
    by_title = {each.title: each.fit.text for each in found if each.fit.fits}
    assert by_title["GlobalAvgPool"] == "512×1×1"
    assert by_title["MaxPool2d"] == "512×6×6"


def test_a_vector_wants_other_blocks_than_a_map():
    found = {each.title: each.fit for each in offers(Diagram(), "", Where((VECTOR,))).found}
    assert found["Linear"].text == "1000"
    assert not found["MaxPool2d"].fits
    assert not found["Conv2d"].fits
    assert found["MaxPool2d"].text


def test_several_wires_want_a_merge():
    where = Where(((64, 28, 28), (128, 28, 28)))
    found = offers(Diagram(), "", where).found
    assert found[0].title == "Concat"
    assert found[0].fit.text == "192×28×28"
    add = next(each for each in found if each.title == "Add")
    assert not add.fit.fits
    assert "28" in add.fit.text
    relu = next(each for each in found if each.title == "ReLU")
    assert relu.fit.text == "takes 1, not 2"


def test_modules_of_the_document_are_found_and_tried():
    d = load_preset("googlenet")
    found = {each.title: each.fit for each in offers(d, "inception", Where(((192, 28, 28),))).found}
    assert found["Inception"].fits
    assert found["Inception"].text.endswith("×28×28")
    assert offers(d, "module", Where()).found
    # Inside itself a module cannot stand; one that needs a map is no use for a vector.
    inside = {each.title: each.fit for each in offers(d, "inception", Where(scope="Inception")).found}
    assert inside["Inception"].text == "would contain itself"
    vector = {each.title: each.fit for each in offers(d, "inception", Where(((192,),))).found}
    assert not vector["Inception"].fits
    assert vector["Inception"].text


def test_what_was_used_last_comes_first_while_nothing_is_typed():
    found = offers(Diagram(), "", Where((MAP,)), ["Concat", "Linear", "ReLU"])
    assert [each.title for each in found.found[:2]] == ["Concat", "ReLU"]
    assert found.used == 2
    assert offers(Diagram(), "bn", Where((MAP,)), ["Concat"]).used == 0


def test_nothing_found_says_what_is_near():
    assert offers(Diagram(), "gapx", Where()) == offers(Diagram(), "gapx", Where())
    found = offers(Diagram(), "gapx", Where())
    assert found.found == ()
    assert "gap" in found.nearest
    assert offers(Diagram(), "zzzzzz", Where()).nearest == ()


def test_an_input_that_waits_wants_something_that_gives():
    found = {each.title: each.fit for each in offers(Diagram(), "", Where(read=True)).found}
    assert found["Input"].fits
    assert found["Output"].text == "nothing comes out of it"


@pytest.mark.parametrize(
    "text", ["3x3x3", "64 64 64 64 64 64 64 64 64 64", "0x0", "1e9", "//", "conv " * 40, "a" * 500]
)
def test_odd_texts_find_nothing_wrong(text):
    asked(text)
    for each in offers(Diagram(), text, Where((MAP,))).found:
        assert each.type in CATALOGUE
