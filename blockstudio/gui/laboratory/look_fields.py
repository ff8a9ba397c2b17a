"""What one unit sees: the field it can see beside the field it looks at, and the images on which it answers most."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from blockstudio.gui.kit.parts import heading, quiet
from blockstudio.gui.kit.text import tr, tr_many
from blockstudio.gui.laboratory.look_parts import Frame, PictureView, Small, TilesView, heat_image, image_of
from blockstudio.gui.laboratory.profile import ProfileView

SIDE, STRONGEST, IN_ROW = 150, 6, 3
MOST = 0.9
"""What the answer's ``middle`` holds."""
FIELD_IMAGES = 16
"""Over so many the gradient is averaged."""


class UnitPart(QWidget):
    """The last rows of the page *Seeing*."""

    chosen = Signal(int)
    """The number of a test image that was clicked."""

    def __init__(self) -> None:
        super().__init__()
        self.title = heading(tr("Receptive field"))
        self.fields: dict[str, tuple[PictureView, QLabel]] = {}
        row = QHBoxLayout()
        row.setSpacing(12)
        for name in ("field", "effective"):
            self.fields[name] = PictureView(SIDE), quiet()
            row.addLayout(_over(*self.fields[name], SIDE))
        self.strongest = TilesView(56, IN_ROW, tr("Images on which the unit answers most"))
        self.strongest.chosen.connect(lambda image, _: self.chosen.emit(image))
        self.strongest_said = quiet()
        row.addLayout(_over(self.strongest, self.strongest_said, self.strongest.width()))
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.title)
        column.addLayout(row)
        self.profile_title, self.profile_said = heading(tr("Profile through the unit")), quiet(wrap=False)
        head = QHBoxLayout()
        head.addWidget(self.profile_title)
        head.addWidget(self.profile_said)
        head.addStretch(1)
        column.addLayout(head)
        self.profile = ProfileView()
        column.addWidget(self.profile)
        self.forget()

    def set_narrow(self, narrow: bool) -> None:
        """An image less in a row, where there is little room."""
        self.strongest.set_columns(IN_ROW - narrow)
        self.strongest_said.setFixedWidth(self.strongest.width())

    def forget(self) -> None:
        """Another run: nothing of the one before stays."""
        for view, words in self.fields.values():
            view.picture, view.layer, view.frames = QImage(), QImage(), []
            words.setText("")
            view.update()
        self.profile.show_profile((), (0, 0), (0, 0))
        for part in (self.profile_title, self.profile_said, self.profile):
            part.hide()
        self.forget_strongest()

    def forget_strongest(self) -> None:
        """Another unit: what excites it is not known yet."""
        self.strongest.show_tiles(())
        self.strongest_said.setText("")

    def show_field(self, picture: QImage, channel: int, found: dict[str, Any]) -> None:
        """The answer to ``field`` for a place of a channel, over the picture."""
        row, column = found["place"]
        self.title.setText(tr("Channel {channel}, row {row}, column {column}", channel=channel, row=row,
                              column=column))  # fmt: skip
        view, words = self.fields["field"]
        view.picture, view.frames = picture, [Frame(found["theoretical"], "field")]
        words.setText(tr("can see {height}×{width}", height=found["size"][0], width=found["size"][1]))
        view.update()
        view, words = self.fields["effective"]
        view.picture, view.layer = picture, heat_image(found["gradient"], 0.0, 1.0)
        view.frames = [Frame(found["theoretical"], "field"), Frame(found["effective"], "effective")]
        left, top, right, bottom = found["effective"]
        words.setText(
            tr("looks at {height}×{width}: gradient over {images} images", height=bottom - top, width=right - left,
               images=FIELD_IMAGES) if right > left
            else tr("silent at this place on {images} images, so nothing is seen to matter", images=FIELD_IMAGES)
        )  # fmt: skip
        view.update()
        reach, (first, behind) = tuple(found["reach"]), found["middle"]
        self.profile.show_profile(found["profile"], (reach[0], reach[1]), (first, behind))
        self.profile_said.setText(tr_many(
            "share of the gradient a column; {share} lies in {count} column",
            "share of the gradient a column; {share} lies in the middle {count}", behind - first,
            share=f"{MOST:.0%}".replace("%", " %"),
        ))  # fmt: skip
        for part in (self.profile_title, self.profile_said, self.profile):
            part.setVisible(behind > first)

    def show_strongest(self, found: dict[str, Any], name: Callable[[int], str]) -> None:
        """The images on which the unit answers most, the strongest first."""
        self.strongest.show_tiles([Small(image_of(each["picture"]), name(each["truth"]), each["image"])
                                   for each in found["strongest"]])  # fmt: skip
        values = [each["value"] for each in found["strongest"]]
        self.strongest_said.setText(tr_many(
            "strongest of {count} test image: {most}", "strongest of {count:,} test images: {most} down to {least}",
            found["of"], most=f"{values[0]:.3g}", least=f"{values[-1]:.3g}",
        ))  # fmt: skip


def _over(picture: QWidget, words: QLabel, width: int) -> QVBoxLayout:
    """A picture with words below it."""
    words.setFixedWidth(width)
    words.setAlignment(Qt.AlignmentFlag.AlignTop)
    column = QVBoxLayout()
    column.addWidget(picture)
    column.addWidget(words)
    column.addStretch(1)
    return column
