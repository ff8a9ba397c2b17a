"""Tables: their four forms, the comparison with the course's answers, the papers' tables."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from blockstudio.analysis import analyze
from blockstudio.errors import StudioError
from blockstudio.graph.format import load, save
from blockstudio.graph.presets import load_preset, preset_names
from blockstudio.report.compare import compare_table, stage_table
from blockstudio.report.factorise import factorisation_table
from blockstudio.report.paper import paper, paper_names, paper_of, paper_table
from blockstudio.report.profile import profile
from blockstudio.report.summary import summary_table
from blockstudio.report.table import Table, write_as

TABLE = Table(("block", "n"), [("a_1", "1,234"), ("  b|c", "5")], " r", ["all & sundry"])


def test_text_aligns_columns() -> None:
    assert TABLE.text() == "block      n\na_1    1,234\n  b|c      5\n\nall & sundry"


def test_markdown_escapes_and_keeps_indent() -> None:
    assert TABLE.markdown().splitlines() == [
        "| block | n |",
        "| --- | ---: |",
        "| a_1 | 1,234 |",
        "| \N{NO-BREAK SPACE}\N{NO-BREAK SPACE}b\\|c | 5 |",
        "",
        "all & sundry",
    ]


def test_csv_holds_plain_numbers() -> None:
    assert list(csv.reader(io.StringIO(TABLE.csv()))) == [["block", "n"], ["a_1", "1234"], ["b|c", "5"]]


def test_latex_escapes() -> None:
    text = TABLE.latex()
    assert r"a\_1 & 1,234 \\" in text
    assert text.startswith("\\begin{tabular}{lr}\n\\toprule")


@pytest.mark.parametrize("name", paper_names())
def test_latex_of_the_papers_needs_no_signs_that_it_does_not_have(name: str) -> None:
    body, _, notes = paper_table(name).latex().partition("\\end{tabular}")
    assert body.isascii()
    assert all(line.startswith("% ") for line in notes.strip().splitlines())


def test_names_do_no_harm_in_any_form() -> None:
    hostile = Table(
        ("network", "n"), [("[a]\n<b>|c\x01", "−3"), ("=1+1", "+4"), ("@x", "+0.5 %"), ("y", "-1.5e-05")], " r"
    )
    assert [row[0] for row in csv.reader(io.StringIO(hostile.csv()))] == ["network", "[a] <b>|c", "'=1+1", "'@x", "y"]
    assert [row[1] for row in csv.reader(io.StringIO(hostile.csv()))] == ["n", "-3", "4", "+0.5 %", "-1.5e-05"]
    assert hostile.markdown().splitlines()[2] == "| [a] &lt;b>\\|c  | −3 |"
    assert hostile.latex().splitlines()[4] == r"{[}a] $<$b$>$$|$c  & $-$3 \\"
    assert len(hostile.text().splitlines()) == 5


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(StudioError, match=r"'\.doc' is no form of a table"):
        write_as(TABLE, ".doc")


def test_summary_rows_add_up() -> None:
    diagram = load_preset("resnet50")
    table = summary_table(diagram, analyze(diagram))
    assert sum(int(row[3].replace(",", "")) for row in table.rows if row[3]) == 25_557_032
    assert sum(int(row[4].replace(",", "")) for row in table.rows if row[4]) == 4_089_184_256


def test_comparison_answers_the_exercises() -> None:
    profiles = [profile(load_preset(name)) for name in ("resnet50", "resnet101", "alexnet", "vgg19")]
    rows = {row[0]: row for row in compare_table(profiles).rows}
    assert rows["ResNet-101"][2] == "+18,992,128"
    assert rows["AlexNet"][-1] == "96.17 %"
    assert rows["VGG-19"][-1] == "86.06 %"


def test_differences_are_to_the_network_that_is_asked_for() -> None:
    profiles = [profile(load_preset(name)) for name in ("resnet50", "resnet101")]
    rows = compare_table(profiles, profiles[1]).rows
    assert [row[2] for row in rows] == ["−18,992,128", ""]
    assert list(csv.reader(io.StringIO(compare_table(profiles, profiles[1]).csv())))[1][2] == "-18992128"


@pytest.mark.parametrize("name", preset_names())
def test_stages_cover_the_whole_network(name: str) -> None:
    diagram = load_preset(name)
    found, item = analyze(diagram), profile(diagram)
    assert sum(stage.parameters for stage in item.stages) == item.parameters == found.parameters
    assert sum(stage.macs for stage in item.stages) == item.macs == found.macs


def test_stages_go_from_large_maps_to_small() -> None:
    item = profile(load_preset("resnet34"))
    assert [(stage.size, stage.halvings) for stage in item.stages] == [
        ("112×112", 1), ("56×56", 2), ("28×28", 3), ("14×14", 4), ("7×7", 5), ("1×1", None),
    ]  # fmt: skip


def test_sizes_that_are_the_same_part_of_the_image_stand_side_by_side() -> None:
    table = stage_table([profile(load_preset(name)) for name in ("resnet50", "inception_v3")])
    rows = [(row[0], row[1], row[5]) for row in table.rows]
    assert rows[:3] == [("1/2", "112×112", "149×149"), ("", "", "147×147"), ("1/4", "56×56", "73×73")]
    assert table.rows[0][2] == "118 M"


def test_a_network_with_errors_is_compared_by_what_is_known() -> None:
    diagram = load_preset("resnet34")
    diagram.set("conv1", groups=7)
    item = profile(diagram)
    assert not item.sound and item.parameters > 20_000_000
    assert "ResNet-34 has errors" in compare_table([item]).notes[0]


@pytest.mark.parametrize("wires", ['["input -> add:0", "conv -> add:1", "add -> conv", "conv -> output"]', "[]"])
def test_a_network_with_errors_is_told_from_one_without(tmp_path: Path, wires: str) -> None:
    file = tmp_path / "circle.blocks.json"
    file.write_text(
        '{"format": "blockstudio", "version": 2, "name": "Circle", "parameters": {}, "blocks": {"input": {"type": '
        '"Input"}, "add": {"type": "Add"}, "conv": {"type": "Conv2d", "parameters": {"out_channels": 3, '
        '"kernel_size": 1}}, "output": {"type": "Output"}}, "wires": ' + wires + "}"
    )
    assert compare_table([profile(load(file))]).notes == ["Circle has errors; its figures are of what is known."]


def test_factorisations_save_what_the_paper_says() -> None:
    changes = [(row[0], row[4]) for row in factorisation_table().rows]
    assert changes[:5] == [("5×5", "−28 %"), ("7×7", "−45 %"), ("3×3", "−11 %"), ("3×3", "−33 %"), ("7×7", "−71 %")]
    assert factorisation_table().rows[5][1:4] == ("1,179,648", "bottleneck on 256", "69,632")


@pytest.mark.parametrize("name", paper_names())
def test_every_paper_table_prints(name: str) -> None:
    table = paper_table(name)
    assert table.rows[-1][0] == "total"
    assert all(len(row) == len(table.headings) for row in table.rows)
    assert table.text()


def test_googlenets_misprints_are_marked() -> None:
    table = paper_table("googlenet")
    column = table.headings.index("params")
    marked = [row[column] for row in table.rows if "≠" in row[column]]
    assert "2.7K ≠ 9.2K" in marked
    assert "463K ≠ 497K" in marked
    assert table.rows[-1][-2:] == ("6,998,552", "1,582,671,872")


def test_a_preset_without_a_paper_table_is_told() -> None:
    with pytest.raises(StudioError, match="no paper's table for 'vgg16'"):
        paper_table("vgg16")


def test_an_edited_diagram_stands_beside_the_paper_s_table() -> None:
    diagram = load_preset("googlenet")
    assert paper_of(diagram) == "googlenet" and paper("googlenet", diagram).differing == 0
    diagram.set("inception_3a", ch1x1=128)
    diagram.remove("dropout")
    found = paper("googlenet", diagram)
    rows = {row.blocks[:1]: row for row in found.rows}
    assert rows[("inception_3a",)].differs and rows[("inception_3b",)].differs
    assert rows[("dropout",)].missing == ("dropout",)
    assert not rows[("conv1",)].differs
    table = found.table()
    assert [row[-3] for row in table.rows if row[0].startswith("dropout")] == ["not there"]
    assert "rows compute something else than the table's network" in table.notes[1]


def test_the_preset_that_a_diagram_was_made_from_is_kept_in_its_file(tmp_path: Path) -> None:
    diagram = load_preset("inception_v3")
    diagram.name = "mine"
    save(diagram, tmp_path / "mine.blocks.json")
    assert paper_of(load(tmp_path / "mine.blocks.json")) == "inception_v3"
    assert paper_of(load_preset("vgg16")) is None


def test_the_settings_of_the_table_are_named_where_the_diagram_has_others() -> None:
    assert paper("resnet50", load_preset("resnet50")).settings == {"version": "v1"}
    found = paper("resnet50", load_preset("resnet50", version="v1"))
    assert not found.settings and not found.differing
    assert found.total.macs == 3_857_973_248
