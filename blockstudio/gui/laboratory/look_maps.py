"""The last column of the page *Seeing*: the blocks' feature maps, one block's channels, and what one unit sees."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from blockstudio.gui.kit.parts import heading, quiet
from blockstudio.gui.kit.text import tr
from blockstudio.gui.laboratory.look_fields import UnitPart
from blockstudio.gui.laboratory.look_parts import Small, TilesView, head_of, image_of

WIDTHS = {8: 520, 7: 456}
"""By maps in a row."""


class MapsColumn(QWidget):
    """Of as many maps in a row as there is room for."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(head_of(tr("Feature maps"), tr("mean of each block; click one to see its channels")))
        self.chain = TilesView(56, max(WIDTHS), tr("Feature maps of the blocks"))
        column.addWidget(self.chain)
        self._title = heading("")
        column.addWidget(self._title)
        self._said = quiet(tr("Click a place in a map to see what it looks at."))
        column.addWidget(self._said)
        self.features = TilesView(56, max(WIDTHS), tr("Channels of the block"), lines=False)
        column.addWidget(self.features)
        self.unit = UnitPart()
        column.addWidget(self.unit)
        self.fit(max(WIDTHS.values()))

    def fit(self, room: int) -> None:
        """So many pixels are left for it."""
        in_row = next((count for count, width in WIDTHS.items() if width <= room), min(WIDTHS))
        self.setFixedWidth(WIDTHS[in_row])
        self.chain.set_columns(in_row)
        self.features.set_columns(in_row)
        self.unit.set_narrow(in_row < max(WIDTHS))

    def show_channels(self, found: dict[str, Any]) -> None:
        """The channels of the block that was asked about."""
        count, high, wide = found["shape"]
        self._title.setText(found["block"])
        self._said.setText(tr(
            "{count} maps of {height}×{width}, strongest first, each on its own scale. Click a place to see what it "
            "looks at.", count=count, height=high, width=wide))  # fmt: skip
        self.features.show_tiles([Small(image_of(each["picture"]), "", each["channel"]) for each in found["maps"]])
