"""An experiment of very many variants: what they share is looked at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from blockstudio.experiments import definition, loads_experiment


def test_a_network_is_opened_once_however_many_recipes_it_is_trained_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[dict[str, object]] = []
    before = definition.open_diagram
    monkeypatch.setattr(
        definition, "open_diagram", lambda name, **values: opened.append(values) or before(name, **values)
    )
    rates = [0.01 * (place + 1) for place in range(40)]
    plan = {"networks": ["cifar_resnet"], "grid": {"optimizer.lr": rates, "diagram.n": [1, 2]}, "seeds": [0],
            "recipe": {"data": "digits", "steps": 4}}  # fmt: skip
    found = loads_experiment(json.dumps(plan), tmp_path)
    assert len(found.variants) == 80
    assert len({found.analysis(each).parameters for each in found.variants}) == 2
    assert len({found.text_of(each) for each in found.variants}) == 2
    assert len(opened) <= 8 and {values["n"] for values in opened if "n" in values} == {1, 2}
