"""What the presets say of themselves and of their descent: complete, and in the order of history."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from blockstudio.errors import StudioError
from blockstudio.graph import lineage as module
from blockstudio.graph.format import load
from blockstudio.graph.lineage import Kin, Lineage, lineage
from blockstudio.graph.presets import preset_names, preset_path

FAMILY = lineage()
NETWORKS = [name for name, kin in FAMILY.kin.items() if not kin.is_module]
KEYS = {"paper", "authors", "year", "venue", "family", "from", "beside", "part_of", "short", "section", "published"}
DATA = ("ImageNet", "CIFAR-10")


def test_every_preset_is_in_the_tree_or_beside_one_that_is_or_a_module() -> None:
    assert list(FAMILY.kin) == preset_names()
    mains, modules = FAMILY.mains, FAMILY.modules
    variants = [variant for main in mains for variant in FAMILY.variants(main)]
    assert sorted([*mains, *variants, *modules]) == sorted(preset_names())
    assert all(name.startswith("module_") for name in modules) and len(modules) == 10


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_says_where_it_comes_from(name: str) -> None:
    kin = FAMILY.kin[name]
    about = kin.about
    assert set(about) <= KEYS, "a key that nobody reads"
    assert all(about[key].strip() for key in about)
    for key in ("paper", "authors", "year", "venue", "family"):
        assert about[key]
    assert kin.title and len(kin.description) > 60 and kin.description.endswith(".")

    diagram = load(preset_path(name))
    assert (diagram.name, diagram.description, diagram.about) == (kin.title, kin.description, dict(about))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_says_what_accuracy_was_published_and_on_which_data(name: str) -> None:
    published = FAMILY.kin[name].about["published"]
    assert published.startswith(DATA)
    assert "%" in published or "no numbers published" in published


@pytest.mark.parametrize("name", FAMILY.modules)
def test_a_module_says_where_in_its_paper_it_stands(name: str) -> None:
    about = FAMILY.kin[name].about
    assert "figure" in about["section"] and "published" not in about
    network = FAMILY.kin[about["part_of"]]
    assert network.family == about["family"] and network.about["paper"] == about["paper"]


def test_names_are_unique_and_short_ones_too_where_they_stand_together() -> None:
    titles = [kin.title for kin in FAMILY.kin.values()]
    assert len(set(titles)) == len(titles)
    for main in FAMILY.mains:
        labels = [FAMILY.kin[name].label for name in FAMILY.variants(main)]
        assert len(set(labels)) == len(labels) and all(len(label) <= 20 for label in labels)
    labels = [FAMILY.kin[name].label for name in (*FAMILY.mains, *FAMILY.modules)]
    assert len(set(labels)) == len(labels)


def test_nobody_builds_on_what_came_later() -> None:
    order = FAMILY.mains
    assert FAMILY.kin[order[0]].parents == ()
    for name in order:
        kin = FAMILY.kin[name]
        if name != order[0]:
            assert kin.parents, f"{name} builds on nothing"
        for parent in FAMILY.parents(name):
            assert FAMILY.kin[parent].year <= kin.year
            assert order.index(parent) < order.index(name)
            assert name in FAMILY.children(parent)
    for name, kin in FAMILY.kin.items():
        if kin.beside:
            assert not kin.parents and not FAMILY.kin[kin.beside].beside, f"{name} stands beside a variant"
            assert FAMILY.kin[kin.beside].family == kin.family


def ancestors(name: str) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for parent in FAMILY.parents(waiting.pop()):
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found


def test_descent_as_the_papers_tell_it() -> None:
    assert {"nin_imagenet", "googlenet", "bn_inception", "inception_v2", "inception_v3"} <= ancestors("inception_v4")
    assert FAMILY.parents("inception_resnet_v2") == ["inception_v4", "resnet50"]
    assert {"vgg16", "plain", "resnet50", "preact_resnet50"} <= ancestors("wide_resnet")
    assert FAMILY.parents("cifar_preact") == ["resnet50"] and FAMILY.main("cifar_preact") == "preact_resnet50"
    assert "inception_v3" not in ancestors("resnet50") and "resnet50" not in ancestors("inception_v3")
    assert "module_asymmetric" in FAMILY.parts("inception_v3_tfslim")


def test_a_relative_that_is_not_there_is_told() -> None:
    lost = Kin("mine", "Mine", "", {"from": "resnet34, resnet35"})
    with pytest.raises(StudioError, match="resnet34") as told:
        Lineage({"mine": lost})
    assert told.value.code == "preset.unknown" and told.value.where == "mine: about"


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = preset_names()[0]
    (tmp_path / f"{name}.blocks.json").write_text(json.dumps({"name": 3}), "utf-8")
    monkeypatch.setattr(module, "preset_folder", lambda: tmp_path)
    with pytest.raises(StudioError, match="cannot be read") as told:
        lineage()
    assert told.value.code == "preset.file" and name in str(told.value.where)
