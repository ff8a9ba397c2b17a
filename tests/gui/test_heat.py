"""Cards painted by a measure: colour, number, dot, legend; far and near, on screen and in files; further measures."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPointF

from blockstudio.analysis import Level, analyze
from blockstudio.analysis.costs import COSTS
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.edits import SetParameter
from blockstudio.graph.expand import flatten
from blockstudio.graph.presets import load_preset
from blockstudio.gui.canvas.canvas import Canvas
from blockstudio.gui.canvas.paint.legend import has_legend
from blockstudio.gui.document.measures import Measure, Scale, number_text, scale_of
from blockstudio.gui.document.session import Session
from blockstudio.gui.figure.figure import Figure, write_figure
from blockstudio.gui.kit.chip import Chip
from blockstudio.gui.kit.theme import theme


def test_the_scale_is_of_decades() -> None:
    scale = scale_of([0, 10, 1000])
    assert scale == Scale(10, 1000) and [scale.place(v) for v in (10, 100, 1000)] == [0, 0.5, 1]
    assert scale_of([1, 1e9]) == Scale(1e5, 1e9) and scale_of([0]) is None and scale_of([7]).place(7) == 1
    assert [number_text(v) for v in (7, 4160, 111e3, 1.44e6, 999_600)] == ["7", "4.16 k", "111 k", "1.44 M", "1000 k"]


def test_the_chip_paints_the_cards_with_a_legend(open_window) -> None:
    window = open_window("googlenet")
    canvas, facts = window.canvas, lambda: window.canvas.scene.root.facts
    chip = next(each for each in window.top.findChildren(Chip) if each.text().startswith("Colour"))
    assert not has_legend(facts())
    for name in ("macs", "parameters", "memory", "field"):
        menu = chip.menu()
        menu.aboutToShow.emit()
        next(action for action in menu.actions() if action.text() == window.session.measures[name].title).trigger()
        assert window.session.heat == name and has_legend(facts()) and facts().content("conv2").value
    assert facts().content("conv1").value == "7" and facts().content("inception_5b").heat == 1

    window.session.heat = "parameters"

    def colour(block: str):
        at = canvas.camera.to_view(canvas.block_rect(block).center() + QPointF(0, 14)).toPoint()
        return canvas.grab().toImage().pixelColor(at)

    canvas.reveal("conv1")
    assert colour("pool1") == theme().card, "what has no parameters is not painted"
    assert colour("conv1") != theme().card
    canvas.zoom_to(0.2)
    assert colour("aux1") == theme().heat, "from far too"
    window.session.heat = ""
    assert not has_legend(facts()) and facts().content("conv2").value == ""


def test_it_is_exported_with_the_drawing(tmp_path: Path) -> None:
    file = tmp_path / "a.svg"
    write_figure(load_preset("googlenet"), file, Figure(heat="parameters"))
    text = file.read_text(encoding="utf-8")
    assert 'aria-label="parameters"' in text and 'aria-label="3.19 M"' in text and theme().heat.name() in text
    write_figure(load_preset("googlenet"), file, Figure(), force=True)
    assert 'aria-label="parameters"' not in file.read_text(encoding="utf-8")


def test_other_measures_come_in(qtbot) -> None:
    diagram = Diagram("tiny")
    for name in ("a", "b"):
        diagram.add("ReLU", name)
    session = Session(diagram)
    canvas = Canvas(session)
    qtbot.addWidget(canvas)
    seen: list[str] = []

    def of(report, path: str) -> float | None:
        seen.append(path)
        return {"a": 0.5}.get(path)

    session.add_measure(Measure("ratio", "update / weight", "of a step", of, "{:.1e}".format))
    session.heat = "ratio"
    facts = canvas.scene.root.facts
    assert facts.content("a").value == "5.0e-01" and facts.content("b").heat < 0 and {"a", "b"} <= set(seen)
    session.close()


def test_costs_of_a_level_are_those_of_its_reports() -> None:
    found = analyze(load_preset("googlenet"))
    for level in (found.top, found.level("inception_3a"), analyze(load_preset("resnet18")).level("layer2.0")):
        for cost in COSTS.values():
            assert dict(cost.on(level)) == {name: cost.of(report) for name, report in level.blocks.items()}, cost.name


def test_an_edit_with_colours_on_asks_for_few_reports(qtbot, monkeypatch) -> None:
    session = Session(flatten(load_preset("googlenet")))
    canvas = Canvas(session)
    qtbot.addWidget(canvas)
    canvas.resize(800, 600)
    asked: list[str] = []
    report = Level.report
    monkeypatch.setattr(Level, "report", lambda self, name, *rest: asked.append(name) or report(self, name, *rest))
    for name in COSTS:
        session.heat = name
        canvas.zoom_to(0.1)
        canvas.grab()
        asked.clear()
        session.do("Set", SetParameter(name="conv1", key="bias", value=name in ("macs", "memory")))
        canvas.grab()
        assert canvas.scene.root.facts.heats() and len(asked) < 20, name
    session.close()
