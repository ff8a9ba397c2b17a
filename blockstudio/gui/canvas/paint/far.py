"""A crowded level kept as pixels: what is in view and a margin around it is painted once, then moved and scaled.

Panning lays the same pixels down elsewhere. While the zoom changes they are scaled; when it rests they are painted at
the very zoom. New pixels are painted strip by strip, some for a frame, while the old ones are still shown, so that no
frame waits for them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QPainter, QPixmap

from blockstudio.gui.canvas.scene.projection import Projection

MANY = 1000
"""A level of so many blocks is crowded from far."""
CROWD = 40
"""So many blocks in view are a crowd: below it painting is quick enough."""
MARGIN = 240
"""Pixels kept beyond each side of the window, for panning and zooming out."""
NEXT = 110
"""With fewer left beyond a side new ones are begun."""
STEPS = 5
"""Steps of the zoom that double it: while it changes pixels are painted at these."""
ROUGH, FINE = (0.8, 1.35), (0.85, 1.02)
"""How far pixels are scaled before new ones are begun: seen from far, and from near, where texts can be read."""
LEAST, MOST = 0.5, 2.0
"""How far they are scaled at all."""
STRIPS = 4
"""So many strips at most are painted for a frame."""
SPENT = 0.006
"""Seconds after which a frame begins no further strip."""

Draw = Callable[[QPainter, Projection, QRectF], int]
"""Paints the level through a camera into a rectangle; how much of it was new, in sprites."""


class _Pixels:
    """A level at one zoom, ready as far as the strips that are painted."""

    def __init__(self, camera: Projection, scale: float, size: QSize, ratio: float, strips: int) -> None:
        middle = camera.to_scene(QPointF(size.width() / 2, size.height() / 2))
        self.area = QRectF(0, 0, size.width() + 2 * MARGIN, size.height() + 2 * MARGIN)
        about = self.area.center()
        if scale == camera.scale:
            self.camera = Projection(scale, camera.x + MARGIN, camera.y + MARGIN)
        else:
            self.camera = Projection(scale, about.x() - scale * middle.x(), about.y() - scale * middle.y())
        self.ratio = ratio
        self.pixels = QPixmap((self.area.size() * ratio).toSize())
        self.pixels.setDevicePixelRatio(ratio)
        self.strips, self.done = strips, 0

    def paint_strip(self, draw: Draw) -> int:
        """Paint one strip more; what was new."""
        high = math.ceil(self.area.height() / self.strips)
        strip = QRectF(0, self.done * high, self.area.width(), high).intersected(self.area)
        with QPainter(self.pixels) as painter:
            if self.strips > 1:
                painter.setClipRect(strip)
            new = draw(painter, self.camera, strip)
        self.done += 1
        return new

    def place(self, camera: Projection) -> tuple[float, QRectF]:
        """How far the pixels are scaled in a view, and where they lie in it."""
        scale = camera.scale / self.camera.scale
        left, top = camera.x - scale * self.camera.x, camera.y - scale * self.camera.y
        return scale, QRectF(left, top, self.area.width() * scale, self.area.height() * scale)

    def reaches(self, camera: Projection, size: QSize, beyond: float = 0.0) -> bool:
        """Whether they cover a view and so many pixels beyond each side."""
        _, rect = self.place(camera)
        return (
            rect.left() <= -beyond and rect.top() <= -beyond
            and rect.right() >= size.width() + beyond and rect.bottom() >= size.height() + beyond
        )  # fmt: skip

    def lay(self, painter: QPainter, camera: Projection, smooth: bool) -> None:
        """Lay them down."""
        scale, rect = self.place(camera)
        ratio = self.ratio
        if scale == 1.0:
            painter.drawPixmap(QPointF(round(rect.x() * ratio) / ratio, round(rect.y() * ratio) / ratio), self.pixels)
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        source = QRectF(0, 0, self.area.width() * ratio, self.area.height() * ratio)
        painter.drawPixmap(rect, self.pixels, source)


class FarLayer:
    """The pixels of one level that are shown, and those that come after them."""

    def __init__(self) -> None:
        self._shown: _Pixels | None = None
        self._next: _Pixels | None = None
        self._key: object = None
        self._view: tuple[float, float, float] = (0.0, 0.0, 0.0)
        """The camera of the last frame."""
        self.made = 0
        """How often they were painted."""

    @property
    def waits(self) -> bool:
        """Whether pixels are half ready: further frames finish them."""
        return self._next is not None

    def forget(self) -> None:
        """Another picture is painted meanwhile."""
        self._key = self._shown = self._next = None

    def paint(
        self, painter: QPainter, key: object, camera: Projection, size: QSize, ratio: float,
        moving: bool, strips: int, most_new: int, draw: Draw,
    ) -> bool:  # fmt: skip
        """Lay the level down; False if it is to be painted as usual. ``key`` stands for all that it shows. What changes
        with every frame is not kept. ``moving``: the zoom is changing. ``strips``: one where a part takes as long as
        the whole, more where not; a frame ends with the one after which ``most_new`` sprites were new."""
        known, self._key = self._key == key, key
        view = camera.scale, camera.x, camera.y
        moved, self._view = view != self._view, view
        if not known:
            self._shown = self._next = None
            return False
        far = strips == 1
        if not self._serves(camera, size, moving, far) and (far or moved or self.waits or self._shown is not None):
            # A frame that has the level to paint as well does the least.
            self._prepare(camera, size, ratio, moving, strips, most_new if self._does(camera, size) else 0, draw)
        else:
            self._next = None
        if self._shown is None or not self._does(camera, size):
            return False
        self._shown.lay(painter, camera, smooth=not far)
        return True

    def lay_part(self, painter: QPainter, camera: Projection, size: QSize) -> QRectF | None:
        """Lay down what there is though it does not reach to the view's edges, as while the zoom goes out quickly:
        where it lies; ``None`` if it is not worth it."""
        if self._shown is None:
            return None
        scale, rect = self._shown.place(camera)
        seen = rect.intersected(QRectF(0, 0, size.width(), size.height()))
        if not LEAST <= scale <= MOST or 3 * seen.width() * seen.height() < size.width() * size.height():
            return None
        self._shown.lay(painter, camera, smooth=True)
        return seen

    def _does(self, camera: Projection, size: QSize) -> bool:
        """Whether there are pixels that do for a view, for want of better ones."""
        shown = self._shown
        return shown is not None and LEAST <= shown.place(camera)[0] <= MOST and shown.reaches(camera, size)

    def _serves(self, camera: Projection, size: QSize, moving: bool, far: bool) -> bool:
        """Whether nothing better than what is shown is wanted."""
        shown = self._shown
        if shown is None:
            return False
        scale, _ = shown.place(camera)
        low, high = ROUGH if far else FINE
        fits = low <= scale <= high if moving else scale == 1.0
        # What is ready at once need not be begun early.
        return fits and shown.reaches(camera, size, 0.0 if far else NEXT)

    def _prepare(
        self, camera: Projection, size: QSize, ratio: float, moving: bool, strips: int, most_new: int, draw: Draw
    ) -> None:
        scale = 2 ** (math.ceil(math.log2(camera.scale) * STEPS) / STEPS) if moving and strips > 1 else camera.scale
        coming = self._next
        if coming is None or not self._is_wanted(coming, camera, size, moving):
            coming = self._next = _Pixels(camera, scale, size, ratio, strips)
            if strips > 1 and not most_new:
                return  # the frame that begins them has the level to paint as well
        new, begun = 0, time.perf_counter()
        for _ in range(STRIPS):
            new += coming.paint_strip(draw)
            if coming.done == coming.strips:
                self._shown, self._next = coming, None
                self.made += 1
                break
            if new >= most_new or time.perf_counter() - begun > SPENT:
                break

    def _is_wanted(self, coming: _Pixels, camera: Projection, size: QSize, moving: bool) -> bool:
        scale, _ = coming.place(camera)
        return (0.8 <= scale <= 1.2 if moving else scale == 1.0) and coming.reaches(camera, size)
