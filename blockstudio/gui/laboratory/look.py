"""The page *Seeing*: a picture, the classes with their maps, the features; a click in one is seen in the others."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QImage, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from blockstudio.errors import StudioError
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.parts import heading, link, link_button, quiet
from blockstudio.gui.kit.slider import Slider
from blockstudio.gui.kit.text import sentence, tr
from blockstudio.gui.kit.tick_box import TickBox
from blockstudio.gui.laboratory.bars import Bar, BarsView
from blockstudio.gui.laboratory.look_fields import FIELD_IMAGES
from blockstudio.gui.laboratory.look_maps import MapsColumn
from blockstudio.gui.laboratory.look_parts import (
    Frame,
    PictureView,
    Small,
    TilesView,
    column_of,
    head_of,
    heat_image,
    image_of,
    signed,
)
from blockstudio.gui.laboratory.look_said import map_sentence
from blockstudio.gui.laboratory.process import LabProcess
from blockstudio.gui.laboratory.saving import Kind, ask_where, save_links

LEFT, MIDDLE, APART = 400, 372, 28
PER_PAGE = 16


class SeeingPage(QWidget):
    """Asks the process as it is clicked; the last picture asked for is the one that is shown."""

    looked = Signal(int)
    """Another image of the test part is in view."""

    def __init__(self, desk: Desk, process: LabProcess) -> None:
        super().__init__()
        self._desk, self._process = desk, process
        self.found: dict[str, Any] | None = None
        self.asked: dict[str, Any] = {}
        """What every question about the picture is asked with: ``image``, or ``picture``."""
        self.label, self.block, self.kind, self._first = -1, "", "cam", 0
        self._layers: dict[str, list[list[float]]] = {}
        self._field: dict[str, Any] | None = None
        self._place: list[int] | None = None
        self._strongest: tuple[str, int] | None = None
        """The block and channel of which the strongest images are shown, or asked for."""
        self._strongest_asked: int | None = None
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(APART)
        self.right = MapsColumn()
        self.chain, self.features, self.unit = self.right.chain, self.right.features, self.right.unit
        self.chain.chosen.connect(lambda block, _: self.show_block(block))
        self.features.chosen.connect(self._unit)
        self.unit.chosen.connect(lambda image: self.look({"image": image}))
        for column in (self._left(), self._middle(), self.right):
            row.addWidget(column, 0, Qt.AlignmentFlag.AlignTop)
        row.addStretch(1)
        area = self._area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidget(holder)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        bar = self._area.verticalScrollBar().sizeHint().width()
        self.right.fit(self.width() - bar - LEFT - MIDDLE - 2 * APART)

    # Columns

    def _left(self) -> QWidget:
        side, column = column_of(LEFT)
        self.number, opens = quiet(wrap=False), link_button(tr("Open a picture…"))
        self._desk.commands.bind(opens, "laboratory.picture")
        column.addLayout(head_of(tr("Picture"), self.number, opens))
        self.view = PictureView(LEFT)
        column.addWidget(self.view)
        row = QHBoxLayout()
        self._kinds = QButtonGroup(self)
        self.kinds: dict[str, QPushButton] = {}
        for kind, text in (("cam", tr("Class map")), ("grad", tr("Grad-CAM")), ("occlusion", tr("Occlusion"))):
            button = self.kinds[kind] = QPushButton(text)
            button.setCheckable(True)
            button.setProperty("role", "tab")
            button.clicked.connect(lambda _=False, kind=kind: self.turn_to(kind))
            self._kinds.addButton(button)
            row.addWidget(button)
        self.kinds["cam"].setChecked(True)
        row.addStretch(1)
        self.opacity = Slider()
        self.opacity.setRange(0, 100)
        self.opacity.setValue(90)
        self.opacity.setFixedWidth(96)
        self.opacity.setAccessibleName(tr("How much of the picture the map covers"))
        self.opacity.valueChanged.connect(lambda _: self._paint())
        row.addWidget(self.opacity)
        column.addLayout(row)
        row = QHBoxLayout()
        self.boxes: dict[str, TickBox] = {}
        for name, text in (("object", tr("object")), ("field", tr("receptive field")), ("peak", tr("peak"))):
            box = self.boxes[name] = TickBox(text)
            box.setChecked(True)
            box.toggled.connect(lambda _: self._paint())
            row.addWidget(box)
        row.addStretch(1)
        column.addLayout(row)
        self.said = quiet()
        column.addWidget(self.said)
        column.addLayout(save_links(self._desk)[0])
        self.shown = quiet(wrap=False)
        self.back, self.on = link(tr("Earlier"), lambda: self._leaf(-1)), link(tr("More"), lambda: self._leaf(1))
        column.addLayout(head_of(tr("Test images"), self.shown, self.back, self.on))
        self.gallery = TilesView(42, 8, tr("Test images"))
        self.gallery.chosen.connect(lambda image, _: self.look({"image": image}))
        column.addWidget(self.gallery)
        column.addWidget(quiet(tr("A red dot marks a wrong answer.")))
        return side

    def _middle(self) -> QWidget:
        side, column = column_of(MIDDLE)
        column.addLayout(head_of(tr("Classes"), tr("click one to see its map"), quiet(tr("share, score"), wrap=False)))
        self.classes = BarsView(tr("Classes"), 120, (58, 52))
        self.classes.chosen.connect(self.choose)
        column.addWidget(self.classes)
        self.maps_title = heading(tr("One map for each class"))
        column.addWidget(self.maps_title)
        self.scale = quiet()
        column.addWidget(self.scale)
        self.maps = TilesView(66, 5, tr("One map for each class"))
        self.maps.chosen.connect(lambda label, _: self.choose(label))
        column.addWidget(self.maps)
        self.score_title = heading(tr("Where the score comes from"))
        column.addWidget(self.score_title)
        self.score = QLabel()
        self.score.setWordWrap(True)
        self.score.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(self.score)
        self.channels_title = heading("")
        column.addWidget(self.channels_title)
        self.channels_of = BarsView(tr("Channels that speak for the class"), 92, (110, 56))
        column.addWidget(self.channels_of)
        return side

    # Questions

    def begin(self) -> None:
        """Another run is ready: its first test image."""
        self._first = 0
        self.block, self.label = "", -1
        self._strongest = self._strongest_asked = None  # Of a process that is gone.
        self.look({"image": 0})
        self._ask_gallery()

    def forget(self) -> None:
        """Another run: nothing of the one before stays."""
        self.found, self._layers, self._field, self._place = None, {}, None, None
        self._strongest = self._strongest_asked = None
        for tiles in (self.gallery, self.maps, self.chain, self.features):
            tiles.show_tiles(())
        self.unit.forget()
        self.view.picture, self.view.layer = QImage(), QImage()
        self.view.frames, self.view.peak = [], None
        self.view.update()

    def choose_picture(self) -> None:
        """Ask for a file, and look at it."""
        path, _ = QFileDialog.getOpenFileName(self, tr("A picture"), "")
        if path:
            self.look({"picture": path})

    def look(self, asked: dict[str, Any]) -> None:
        """Look at ``{"image": n}`` of the test part, or at ``{"picture": FILE}``."""
        self.asked = asked
        self._drop_strongest()
        self._process.ask({"show": "look", **asked}, lambda found: self._show(asked, found["shown"]), self._refused)

    def turn_to(self, kind: str) -> None:
        """What lies over the picture."""
        self.kind = kind
        if kind == "cam" or self.found is None or kind in self._layers:
            self._paint()
            return
        asked, (question, values) = self.asked, self.question()

        def take(found: dict[str, Any]) -> None:
            if asked is self.asked:
                answer = found["answer"]
                self._layers[kind] = answer["images"][0]["map"] if kind == "grad" else answer["lost"]
                self._paint()

        self._process.ask({"ask": question, "values": values}, take, self._refused)

    def question(self) -> tuple[str, dict[str, Any]]:
        """By which question the map over the picture is asked for, with its options."""
        assert self.found is not None
        values: dict[str, Any] = {"class": self._name(self.label)}
        values |= {"picture": self.asked["picture"]} if "picture" in self.asked else {"image": [self.asked["image"]]}
        if self.kind == "grad":
            values["block"] = self.block or self.found["block"]
        elif self.kind == "cam" and self.found["kind"] == "grad":
            values["block"] = self.found["block"]
        return ("occlusion" if self.kind == "occlusion" else "cam"), values

    def save(self, kind: Kind) -> None:
        """Ask for the map over the picture as a figure, and save that or its data."""
        if self.found is None:
            return
        question, values = self.question()

        def take(found: dict[str, Any]) -> None:
            ask_where(self._desk, kind, self._process.run, question, found["svg"], found["answer"])

        self._process.ask({"ask": question, "values": values}, take, self._refused)

    def choose(self, label: int) -> None:
        """Another class."""
        self.label = label
        self.maps.choose(label)
        self.classes.choose(label)
        self._layers = {}
        self._show_score()
        if self.kind == "cam":
            self._paint()
        else:
            self.turn_to(self.kind)

    def show_block(self, block: str) -> None:
        """The channels of another block."""
        self.block = block
        self.chain.choose(block)
        self._layers.pop("grad", None)
        if self.kind == "grad":
            self.turn_to("grad")
        self._process.ask({"show": "channels", "block": block, **self.asked},
                          lambda found: self._show_channels(found["shown"]), self._refused)  # fmt: skip

    def _unit(self, channel: int, at: QPointF) -> None:
        """What one place of the block's maps looks at."""
        shape = next((each["shape"] for each in self.found["chain"] if each["block"] == self.block), None) if (
            self.found) else None  # fmt: skip
        if shape is None:
            return
        self._place = [min(int(at.y() * shape[1]), shape[1] - 1), min(int(at.x() * shape[2]), shape[2] - 1)]
        values = {"block": self.block, "place": self._place, "units": [channel], "images": FIELD_IMAGES}
        self._process.ask({"ask": "field", "values": values}, lambda found: self._show_field(channel, found["answer"]),
                          self._refused)  # fmt: skip
        self._ask_strongest(channel)

    def _ask_strongest(self, channel: int) -> None:
        """The images on which a channel answers most; who asked before waits no more."""
        wanted = self.block, channel
        if wanted == self._strongest:
            return
        self._drop_strongest()
        self._strongest = wanted
        self.unit.forget_strongest()

        def take(found: dict[str, Any]) -> None:
            if wanted == self._strongest:
                self._strongest_asked = None
                self.unit.show_strongest(found["shown"], self._name)

        def refused(error: StudioError) -> None:
            self._strongest_asked = None
            self._refused(error)

        self._strongest_asked = self._process.ask(
            {"show": "strongest", "block": self.block, "channel": channel}, take, refused
        )

    def _drop_strongest(self) -> None:
        """What is asked next does not wait until 400 images have gone through."""
        if self._strongest_asked is not None:
            self._process.cancel(self._strongest_asked)
            self._strongest = self._strongest_asked = None

    def _leaf(self, step: int) -> None:
        self._first = max(0, self._first + step * PER_PAGE)
        self._ask_gallery()

    def _ask_gallery(self) -> None:
        self._process.ask({"show": "gallery", "first": self._first, "count": PER_PAGE},
                          lambda found: self._show_gallery(found["shown"]), self._refused)  # fmt: skip

    def _refused(self, error: StudioError) -> None:
        self.said.setText(sentence(str(error)))

    # Answers

    def _name(self, label: int) -> str:
        names = self._process.classes
        return names[label] if label < len(names) else str(label)

    def _show(self, asked: dict[str, Any], found: dict[str, Any]) -> None:
        if asked is not self.asked:
            return  # Another picture has been asked for since.
        self.found, self._layers = found, {}
        classes = [each["class"] for each in found["classes"]]
        self.label = classes[0]
        self.number.setText(str(found["image"]) if "picture" in asked else tr("number {number}", number=found["image"]))
        self.view.picture = image_of(found["picture"])
        self.gallery.choose(found["image"])
        self._show_maps(found)
        self.classes.show_bars([
            Bar(self._name(each["class"]), each["share"],
                (f"{each['share']:.1%}".replace("%", " %"), f"{each['logit']:.2f}".replace("-", "−")), each["class"],
                tr("true") if each["class"] == found["truth"] else "")
            for each in found["classes"]
        ], self.label)  # fmt: skip
        self.chain.show_tiles([Small(image_of(each["picture"]), each["block"], each["block"])
                               for each in found["chain"]], self.block)  # fmt: skip
        self._show_score()
        self._paint()
        if "image" in asked:
            self.looked.emit(asked["image"])
        known = [each["block"] for each in found["chain"]]
        self.right.setVisible(bool(known))
        self.kinds["grad"].setEnabled(bool(known))
        if known:
            self.show_block(self.block if self.block in known else known[len(known) // 2])
        if self.kind == "occlusion":
            self.turn_to(self.kind)

    def _show_maps(self, found: dict[str, Any]) -> None:
        """A map for each class, on one scale; of a network without feature maps there are none."""
        every = [value for each in found["classes"] for line in each["map"] for value in line]
        for widget in (self.maps_title, self.scale, self.maps):
            widget.setVisible(bool(every))
        if not every:
            return
        # A map of no gradient has no scale in common with others.
        low, high = max(0.0, min(every)), max(every)
        rows, columns = len(found["classes"][0]["map"]), len(found["classes"][0]["map"][0])
        self.scale.setText(tr("{rows}×{columns}, one scale for all", rows=rows, columns=columns))
        grey = self.view.picture.convertToFormat(QImage.Format.Format_Grayscale8)
        self.maps.show_tiles(
            [Small(grey, self._name(each["class"]), each["class"], heat_image(each["map"], low, high))
             for each in found["classes"]], self.label)  # fmt: skip

    def _entry(self) -> dict[str, Any] | None:
        classes = self.found["classes"] if self.found is not None else ()
        return next((each for each in classes if each["class"] == self.label), None)

    def _show_score(self) -> None:
        entry = self._entry()
        exact = entry is not None and "bias" in entry
        for widget in (self.score_title, self.score, self.channels_title, self.channels_of):
            widget.setVisible(exact)
        if entry is None or not exact:
            return
        places = len(entry["map"]) * len(entry["map"][0])
        name = self._name(self.label)
        self.score.setText(tr(
            "Mean of the map: 1/{places} · Σ M(x, y) = {mean}\nScore of {name}: {mean} + bias {bias} = {score}\n"
            "Share: exp {score} / Σ exp score = {share}",
            places=places, mean=signed(entry["mean"]), name=name, bias=signed(entry["bias"]),
            score=signed(entry["logit"]), share=f"{entry['share']:.1%}",
        ))  # fmt: skip
        brought = [weight * mean for _, weight, mean in entry["channels"]]
        most = max(map(abs, brought), default=0.0) or 1.0
        self.channels_title.setText(tr("Channels that speak for {name}", name=name))
        self.channels_of.show_bars([
            Bar(tr("channel {number}", number=channel), part / most, (f"{weight:.3f} × {mean:.3f}", f"{part:.3f}"))
            for (channel, weight, mean), part in zip(entry["channels"], brought, strict=True)
        ])  # fmt: skip

    def _show_channels(self, found: dict[str, Any]) -> None:
        if found["block"] != self.block:
            return
        self.right.show_channels(found)
        if found["maps"]:
            best = found["maps"][0]
            (row, column), (_, high, wide) = best["at"], found["shape"]
            self.features.choose(best["channel"])
            self._unit(best["channel"], QPointF((column + 0.5) / wide, (row + 0.5) / high))

    def _show_field(self, channel: int, found: dict[str, Any]) -> None:
        if found["block"] != self.block:
            return
        self._field = found
        self.unit.show_field(self.view.picture, channel, found)
        self._paint()

    def _show_gallery(self, found: dict[str, Any]) -> None:
        of = found["of"]
        self._first = min(self._first, max(0, of - 1))
        last = self._first + len(found["images"])
        self.shown.setText(tr("{first} to {last} of {all}", first=self._first, last=last - 1, all=f"{of:,}"))
        self.back.setEnabled(self._first > 0)
        self.on.setEnabled(last < of)
        chosen = self.found["image"] if self.found else None
        self.gallery.show_tiles(
            [Small(image_of(each["picture"]), self._name(each["truth"]), each["image"],
                   wrong=each["truth"] != each["chosen"]) for each in found["images"]], chosen)  # fmt: skip

    def _paint(self) -> None:
        entry = self._entry()
        if entry is None or self.found is None:
            return
        found = entry["map"] if self.kind == "cam" else self._layers.get(self.kind)
        low = None if found is None or self.kind == "cam" else 0.0
        self.view.layer = heat_image(found, low) if found else QImage()
        self.view.opacity = self.opacity.value() / 100
        frames, box = list[Frame](), self.found["box"]
        if self._field is not None and self.boxes["field"].isChecked():
            frames += [Frame(self._field["theoretical"], "field"), Frame(self._field["effective"], "effective")]
        if box is not None and self.boxes["object"].isChecked():
            frames.append(Frame(box, "object"))
        self.boxes["object"].setEnabled(box is not None)
        self.view.frames = frames
        self.view.peak = entry["peak"] if self.boxes["peak"].isChecked() and self.kind == "cam" else None
        name, block = self._name(entry["class"]), self.block or self.found["block"]
        self.said.setText(map_sentence(self.kind, self.found, entry, name, block))
        self.view.update()
