"""Figures as files: nothing clipped, nothing covered, letters that need no typeface, the same bytes twice."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from blockstudio.errors import StudioError
from blockstudio.graph.diagram import Diagram
from blockstudio.graph.presets import load_preset, preset_names
from blockstudio.gui.canvas.scene.stage import Stage, pills_of
from blockstudio.gui.document.session import Session
from blockstudio.gui.figure.figure import MARGIN, Figure, pdf, png, sheet_of, svg, write_figure
from blockstudio.gui.figure.stage import opened, stage_of
from blockstudio.gui.kit.theme import DARK

WHITE = QColor("#ffffff").rgb()


def staged(diagram: Diagram, wanted: Figure | None = None) -> Stage:
    wanted = wanted or Figure()
    session = Session(diagram)
    found = stage_of(session, wanted.inside, wanted.blocks, wanted.expand, wanted.bars, wanted.columns)
    session.close()
    return found


def rendered(data: bytes, scale: float = 0.5) -> QImage:
    """An SVG as another program would show it."""
    renderer = QSvgRenderer(QByteArray(data))
    assert renderer.isValid()
    box = renderer.viewBoxF()
    image = QImage(round(box.width() * scale), round(box.height() * scale), QImage.Format.Format_RGB32)
    image.fill(QColor("#ff00ff"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    renderer.render(painter, QRectF(image.rect()))
    painter.end()
    return image


def border(image: QImage, width: int) -> set[int]:
    """The colours in a band along the edges."""
    w, h = image.width(), image.height()
    found = {image.pixel(x, y) for x in range(w) for k in range(width) for y in (k, h - 1 - k)}
    return found | {image.pixel(x, y) for y in range(h) for k in range(width) for x in (k, w - 1 - k)}


def labels(data: bytes) -> list[str]:
    root = ElementTree.fromstring(data)
    return [each.attrib["aria-label"] for each in root.iter() if "aria-label" in each.attrib]


def rects(stage: Stage) -> dict[str, QRectF]:
    drawing = stage.drawing
    return {name: drawing.rect(name) for name in drawing.names if not drawing.is_hidden(name)}


def covered(stage: Stage) -> list[tuple[str, ...]]:
    """Cards and pills of a level that lie over one another, modules open in it included."""
    cards = rects(stage)
    pills = [(rect, wire.source) for rect, _, wire in pills_of(stage, range(len(stage.drawing.wires)))]
    found: list[tuple[str, ...]] = []
    for (one, first), (two, second) in itertools.combinations(cards.items(), 2):
        if first.intersects(second):
            found.append(("cards", one, two))
    for (first, one), (second, two) in itertools.combinations(pills, 2):
        if first.intersects(second):
            found.append(("pills", one, two))
    found += [("pill", source, name) for rect, source in pills for name, card in cards.items() if rect.intersects(card)]
    for inner in stage.inside.values():
        found += covered(inner)
    return found


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_is_whole_in_svg(styled, name: str) -> None:
    diagram = load_preset(name)
    stage = staged(diagram)

    data, words = svg(stage, Figure())

    image = rendered(data)
    assert border(image, 4) == {WHITE}, "nothing reaches into the margin"
    assert border(image, 12) != {WHITE}, "and the margin is no larger than that"
    assert set(diagram.main.graph) <= set(labels(data)), "every block is named in full"
    assert not [text for text in labels(data) if text.endswith("…")], "no text is cut"
    assert b"<text" not in data and b"font" not in data
    assert len(data) < 400_000
    assert re.fullmatch(r"\d+ × \d+ mm, texts of 8\.2 pt", words)
    assert not covered(stage)


@pytest.mark.parametrize("name", ["inception_v3", "se_resnet50", "module_expanded", "googlenet", "inception_resnet_v2"])
@pytest.mark.parametrize("levels", [1, 9])
def test_expanded_modules_stand_side_by_side(styled, name: str, levels: int) -> None:
    stage = staged(load_preset(name), Figure(expand=levels))

    data, _ = svg(stage, Figure())
    assert not covered(stage)
    assert not [text for text in labels(data) if text.endswith("…")]
    assert border(rendered(data, 0.25), 2) == {WHITE}

    def inside(level: Stage) -> None:
        for instance, inner in level.inside.items():
            frame, own = level.drawing.rect(instance), inner.drawing.bounds
            moved = level.drawing.frames[instance]
            assert frame.adjusted(-1, -1, 1, 1).contains(own.translated(moved.dx, moved.dy)), instance
            inside(inner)

    inside(stage)


@pytest.mark.parametrize("dark", [False, True])
def test_an_svg_looks_like_the_image(styled, dark: bool) -> None:
    wanted = Figure(scale=1.0, dark=dark, bars="macs", expand=("layer1",))
    stage = staged(load_preset("resnet18"), wanted)

    image = QImage.fromData(QByteArray(png(stage, wanted)[0]))
    other = rendered(svg(stage, wanted)[0], 1.0)

    assert abs(image.width() - other.width()) <= 1 and abs(image.height() - other.height()) <= 1
    ground = DARK.canvas.rgb() if dark else WHITE
    assert image.pixel(0, 0) == other.pixel(0, 0) == ground
    far = [
        abs(QColor(image.pixel(x, y)).lightness() - QColor(other.pixel(x, y)).lightness())
        for x in range(0, image.width() - 1, 2)
        for y in range(0, min(1200, image.height() - 1), 2)
    ]
    assert sum(far) / len(far) < 1.5
    inked = sum(image.pixel(x, y) != ground for x in range(0, image.width(), 3) for y in range(0, 1200, 3))
    assert inked > 3000, "there is something to compare"


def test_a_pdf_brings_its_typeface_and_no_date(styled) -> None:
    stage = staged(load_preset("resnet18"))

    data, _ = pdf(stage, Figure())

    assert data.startswith(b"%PDF") and data.rstrip().endswith(b"%%EOF")
    assert len(re.findall(rb"/Type /FontDescriptor", data)) == len(re.findall(rb"/FontFile", data)) == 2
    assert b"Inter-Regular" in data and b"Inter-SemiBold" in data
    assert b"/Subtype /Image" not in data
    assert b"CreationDate" not in data and b"ModDate" not in data and b"xmp:" not in data
    assert b"/Title (\xfe\xff" in data or b"/Title (ResNet" in data
    box = [float(each) for each in re.search(rb"/MediaBox \[([^\]]*)\]", data).group(1).split()]
    sheet = sheet_of(stage)
    assert 0 <= box[2] - sheet.width() * 0.75 < 1.01 and 0 <= box[3] - sheet.height() * 0.75 < 1.01


@pytest.mark.parametrize("name", ["net.svg", "net.pdf", "net.png"])
def test_the_same_diagram_gives_the_same_bytes(styled, tmp_path: Path, name: str) -> None:
    found = []
    for turn in ("first", "second"):
        target = tmp_path / turn / name
        target.parent.mkdir()
        write_figure(
            load_preset("googlenet"), target, Figure(expand=1, columns=2, scale=0.5 if name.endswith("png") else None)
        )
        found.append(target.read_bytes())
    assert found[0] == found[1]


def test_a_title_may_hold_any_sign(styled) -> None:
    diagram = Diagram('ψ < ä & "c"\n\x01')
    diagram.add("Input", "input", shape=[3, 8, 8])
    diagram.add("ReLU", "act")
    diagram.connect("input", "act")

    data, _ = svg(staged(diagram), Figure())

    assert {"input", "act"} <= set(labels(data))
    assert ElementTree.fromstring(data).find("{http://www.w3.org/2000/svg}title").text == 'ψ < ä & "c"  '
    assert b"\x01" not in pdf(staged(diagram), Figure())[0].partition(b"</x:xmpmeta>")[0].rpartition(b"<?xpacket")[2]


def test_long_names_stand_whole_side_by_side(styled) -> None:
    diagram = Diagram("long")
    name = "a_name_that_somebody_gave_to_a_block_and_that_goes_on_and_on_for_a_hundred_characters"
    diagram.add("Input", "input", shape=[3, 8, 8])
    diagram.add("Conv2d", name, out_channels=3, padding=1, repeat=1000)
    diagram.add("LocalResponseNorm", f"{name}_2")
    diagram.add("Add", "add")
    for source, target in (("input", name), ("input", f"{name}_2"), (name, "add:0"), (f"{name}_2", "add:1")):
        diagram.connect(source, target)
    stage = staged(diagram)

    data, _ = svg(stage, Figure())

    assert {name, f"{name}_2", "×1000"} <= set(labels(data))
    one, other = stage.drawing.rect(name), stage.drawing.rect(f"{name}_2")
    assert not one.intersects(other)


def test_an_empty_diagram_is_an_empty_sheet(styled, tmp_path: Path) -> None:
    for name in ("net.svg", "net.pdf", "net.png"):
        assert write_figure(Diagram("empty"), tmp_path / name).startswith("0 blocks")
    assert border(QImage(str(tmp_path / "net.png")), 10) == {WHITE}


# What goes into it


def test_some_blocks_with_the_wires_among_them(styled) -> None:
    stage = staged(load_preset("resnet18"), Figure(blocks=("conv1", "bn1", "maxpool")))

    assert stage.drawing.names == ["conv1", "bn1", "maxpool"]
    assert [(wire.source, wire.target) for wire in stage.drawing.wires] == [("conv1", "bn1")]
    data, _ = svg(stage, Figure())
    assert labels(data).count("64×112×112") == 1, "only the wire between them says what it carries"
    assert sheet_of(stage).height() < 480


@pytest.mark.parametrize(
    ("expand", "found"),
    [
        (0, set()),
        (1, {"layer1", "layer2", "layer3", "layer4"}),
        (("layer2",), {"layer2"}),
        (("layer2.se",), {"layer2", "layer2.0.se"}),
        (("layer2.0.se",), {"layer2", "layer2.0.se"}),
        (("SqueezeExcite",), {f"layer{k}{end}" for k in range(1, 5) for end in ("", ".0.se")}),
    ],
)
def test_modules_to_expand_are_levels_paths_or_names(expand: int | tuple[str, ...], found: set[str]) -> None:
    assert opened(load_preset("se_resnet50"), "", "", expand) == found


def test_the_inside_of_an_instance_or_of_a_module(styled) -> None:
    diagram = load_preset("resnet18")
    instance, module = staged(diagram, Figure(inside="layer2")), staged(diagram, Figure(inside="BasicBlock"))

    assert instance.path == "layer2.0"
    assert set(instance.drawing.names) == set(module.drawing.names) == set(diagram.modules["BasicBlock"].graph)
    assert "128×28×28" in labels(svg(instance, Figure())[0])


def test_columns_make_a_tall_network_low(styled) -> None:
    diagram = load_preset("inception_v3")
    one, three = staged(diagram), staged(diagram, Figure(columns=3))

    assert sheet_of(three).height() < sheet_of(one).height() / 2
    assert not covered(three)
    assert len(three.drawing.turns) == 2
    for wire in three.drawing.turns:
        path = three.drawing.path(wire)
        points = [path.pointAtPercent(k / 400) for k in range(1, 400)]
        cards = {name: rect.adjusted(2, 2, -2, -2) for name, rect in rects(three).items()}
        assert not {name for name, card in cards.items() for at in points if card.contains(at)}
    assert border(rendered(svg(three, Figure())[0]), 4) == {WHITE}


def test_a_network_without_modules_in_columns(styled, tmp_path: Path) -> None:
    words = write_figure(load_preset("resnet18"), tmp_path / "net.svg", Figure(flat=True, columns=4))

    data = (tmp_path / "net.svg").read_bytes()
    assert words.startswith("71 blocks")
    assert "layer4.1.conv2" in labels(data)
    assert border(rendered(data), 4) == {WHITE}


def test_bars_are_drawn_only_when_asked_for(styled) -> None:
    diagram = load_preset("resnet18")
    bars = {
        metric: svg(staged(diagram, Figure(bars=metric)), Figure())[0].count(b'rx="1.25"')
        for metric in ("", "macs", "memory")
    }
    assert bars[""] == 0 and bars["memory"] > bars["macs"] > 6


def test_the_width_is_that_on_paper(styled) -> None:
    stage = staged(load_preset("resnet18"))

    data, words = svg(stage, Figure(width=84))
    page, _ = pdf(stage, Figure(width=84))
    image = QImage.fromData(QByteArray(png(stage, Figure(width=84, scale=3))[0]))

    assert ElementTree.fromstring(data).attrib["width"] == "84mm" and words.startswith("84 × ")
    box = [float(each) for each in re.search(rb"/MediaBox \[([^\]]*)\]", page).group(1).split()]
    assert box[2] == pytest.approx(84 * 72 / 25.4, abs=1)
    assert image.width() == pytest.approx(3 * sheet_of(stage).width(), abs=1)
    assert image.width() / image.dotsPerMeterX() == pytest.approx(0.084, rel=0.01)


def test_a_margin_goes_around_everything_that_is_painted(styled) -> None:
    stage = staged(load_preset("googlenet"), Figure(expand=1))
    sheet = sheet_of(stage).adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
    for rect, _, _ in pills_of(stage, range(len(stage.drawing.wires))):
        assert sheet.contains(rect)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (Figure(inside="layer1.7"), "layer1 has 2 copies, counted from 0; there is no 7"),
        (Figure(inside="layer9"), "no module at 'layer9'"),
        (Figure(inside="layer1.conv1"), "no module at 'layer1.conv1'"),
        (Figure(blocks=("conv9",)), "no block 'conv9'. Did you mean conv1?"),
        (Figure(expand=("layer9",)), "no module 'layer9' to expand"),
        (Figure(columns=40), "columns or fewer"),
        (Figure(columns=0), "from 1 to 100"),
        (Figure(bars="time"), "Known: macs, parameters, memory"),
        (Figure(flat=True, expand=1), "flat network"),
        (Figure(scale=20.0), "too many"),
        (Figure(width=1), "from 10"),
    ],
)
def test_what_cannot_be_drawn_is_told(styled, tmp_path: Path, wanted: Figure, words: str) -> None:
    with pytest.raises(StudioError) as error:
        write_figure(load_preset("resnet18"), tmp_path / "net.png", wanted)
    assert words in str(error.value)
    assert not list(tmp_path.glob("net*"))
