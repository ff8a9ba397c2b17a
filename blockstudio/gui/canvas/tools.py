"""What lays the drawing out and opens its modules, within reach of the mouse: a bar in a corner free of cards."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget

from blockstudio.gui.canvas.canvas import Canvas
from blockstudio.gui.canvas.paint.canvas_painter import legend_corner
from blockstudio.gui.canvas.paint.legend import WIDTH as LEGEND
from blockstudio.gui.canvas.paint.legend import has_legend, legend_height
from blockstudio.gui.canvas.paint.minimap import EDGE
from blockstudio.gui.canvas.scene.staging import columns_wanted
from blockstudio.gui.document.desk import Desk
from blockstudio.gui.kit.icons import glyph
from blockstudio.gui.kit.text import tr
from blockstudio.gui.kit.theme import notifier, theme
from blockstudio.layout.flow import flow_wanted
from blockstudio.text import say

HIGH, AROUND = 30, 6.0
"""Of the bar, in pixels; so far around it no card is to stand."""
MOST_WIRES = 40
"""So many are looked at."""
LEAST = 2.5
"""The drawing is at least so many times as wide as the bar, or there is none."""
Shape = tuple[int | None, bool | None]
SHAPES: dict[str, tuple[Shape, str]] = {
    "column": ((1, False), say("One column")),
    "columns": ((None, None), say("Columns as fits the window")),
    "row": ((None, True), say("Left to right")),
}
"""What the drawing can be put into: columns and whether it goes to the right, as `Arranging.set_shape` has them."""
WORDS = {"view.open_all": say("Open all"), "view.close_all": say("Close all"), "view.fit": say("Fit")}


class LayoutTools(QFrame):
    """The bar."""

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("layouttools")
        self.setAccessibleName(tr("Layout"))
        self._desk = desk
        self.shapes: dict[str, QToolButton] = {}
        self.words: dict[str, QToolButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(3, 2, 3, 2)
        row.setSpacing(1)
        for name, (shape, tip) in SHAPES.items():
            button = self.shapes[name] = self._button(tr(tip))
            button.setCheckable(True)
            button.setIconSize(QSize(14, 14))
            desk.commands.bind(button, "view.shape", value=shape)
            row.addWidget(button)
        for id, text in WORDS.items():
            button = self.words[id] = self._button(tr(desk.commands.declared[id].text))
            button.setText(tr(text))
            desk.commands.bind(button, id)
            row.addWidget(button)
        self.setFixedHeight(HIGH)
        notifier.changed.connect(self._paint)
        self._paint()

    def _button(self, tip: str) -> QToolButton:
        button = QToolButton()
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # by key there are the commands
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        return button

    def _paint(self) -> None:
        colours = theme()
        self.setStyleSheet(
            f"QFrame#layouttools {{ background: {colours.panel.name()}; border: 1px solid {colours.hairline.name()};"
            " border-radius: 6px; } QFrame#layouttools QToolButton { padding: 3px 7px; }"
        )
        for name, button in self.shapes.items():
            button.setIcon(glyph(name, colours.secondary))

    def refresh(self) -> None:
        """Show how the drawing is put and what can be done."""
        diagram, commands = self._desk.session.diagram, self._desk.commands
        wanted = columns_wanted(diagram), flow_wanted(diagram)
        chosen = "row" if wanted[1] else "column" if wanted[0] == 1 else "columns"
        for name, button in self.shapes.items():
            button.setChecked(name == chosen)
        for id, button in self.words.items():
            button.setEnabled(commands.is_possible(id))


class Corner(QObject):
    """Keeps the bar in a corner of the drawing, once that stands in a window: where it was when the level or the window
    changed last. What is dragged onto the drawing may be dropped where it stands."""

    def __init__(self, desk: Desk, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._desk, self._canvas = desk, canvas
        self.tools: LayoutTools | None = None
        self._waits = self._away = False
        canvas.installEventFilter(self)
        scene = canvas.scene
        for signal in (
            scene.followed, scene.arranged, scene.document_changed, scene.selected, desk.session.metric_changed,
            desk.preview_wanted,
        ):  # fmt: skip
            signal.connect(self._later)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind in (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide):
            self._later()
        elif kind in (QEvent.Type.DragEnter, QEvent.Type.DragLeave, QEvent.Type.Drop):
            self._away = kind == QEvent.Type.DragEnter
            self._later()
        return False

    def _later(self, *_: object) -> None:
        if not self._waits:
            self._waits = True
            QTimer.singleShot(0, self, self.stand)

    def stand(self) -> None:
        """Put the bar where it belongs."""
        self._waits = False
        canvas, parent = self._canvas, self._canvas.parentWidget()
        if parent is None:
            return
        if self.tools is None:
            self.tools = LayoutTools(self._desk, parent)
        tools = self.tools
        tools.refresh()
        wide = tools.sizeHint().width()
        busy = self._away or canvas.scene.preview is not None  # its figures stand there
        shown = canvas.isVisible() and not busy and bool(len(canvas.scene.root.drawing))
        tools.setVisible(shown and canvas.width() >= LEAST * wide)
        if tools.isVisible():
            place = self._place(wide)
            tools.setGeometry(canvas.x() + round(place.x()), canvas.y() + round(place.y()), wide, HIGH)
            tools.raise_()

    def _place(self, wide: int) -> QPointF:
        """The upper left corner, in pixels of the drawing: right below, else where no card stands."""
        canvas, size = self._canvas, self._canvas.size()
        painter, drawing = canvas.painter, canvas.scene.root.drawing
        mapped = painter.minimap.shows(drawing, canvas.camera, size)
        right = (painter.minimap.rect(size).left() if mapped else size.width()) - EDGE - wide
        low, high = float(size.height() - HIGH - EDGE), float(EDGE)
        far = float(size.width() - EDGE - wide)
        places = [QPointF(right, low), QPointF(EDGE, low), QPointF(far, high), QPointF(EDGE, high)]
        legend = QRectF()
        if has_legend(canvas.scene.root.facts):
            corner = legend_corner(canvas.scene, canvas.camera, size, mapped)
            legend = QRectF(corner.x(), corner.y(), LEGEND, legend_height(canvas.scene.root.facts))
        rects = [QRectF(each.x(), each.y(), wide, HIGH) for each in places]
        return min(rects, key=lambda each: self._covers(each, legend)).topLeft()

    def _covers(self, rect: QRectF, legend: QRectF) -> tuple[bool, bool]:
        """Whether cards, the note of a problem or the legend stand there, and whether wires run there."""
        drawing, around = self._canvas.scene.root.drawing, rect.adjusted(-AROUND, -AROUND, AROUND, AROUND)
        area = self._canvas.camera.rect_to_scene(around)
        wires = (drawing.path(drawing.wires[row]) for row in drawing.wires_in(area)[:MOST_WIRES])
        noted = any(note.rect.intersects(area) for note in self._canvas.scene.notebook.notes)
        return noted or bool(drawing.rows_in(area)) or around.intersects(legend), any(
            path.intersects(area) for path in wires
        )
