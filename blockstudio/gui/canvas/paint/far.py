"""A crowded level kept as pixels: what is in view and a margin around it is painted once, then moved and scaled.

Panning lays the same pixels down elsewhere. While the zoom changes they are scaled; when it rests they are painted at
the very zoom. New pixels are painted tile by tile, some for a frame, while the old ones are still shown, so that no
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
CROWD = 12
"""So many blocks in view are a crowd: below it painting is quick enough."""
MARGIN = 240
"""Pixels kept beyond each side of the window, for panning and zooming out."""
NEXT = 110
"""With fewer left beyond a side new ones are begun."""
STEPS = 5
"""Steps of the zoom that double it: while it changes pixels are painted at these."""
ROUGH, FINE = (0.8, 1.35), (0.75, 1.1)
"""How far pixels are scaled before new ones are begun: seen from far, and from near, where texts can be read."""
WANTED = (0.65, 1.3)
"""How far those that are half ready may have to be scaled by now, while the zoom changes."""
LEAST, MOST = 0.4, 2.5
"""How far they are scaled at all."""
TILES = 8
"""So many tiles at most are painted for a frame."""
SPENT, SPENT_MOVING = 0.006, 0.0015
"""Seconds after which a frame begins no further tile; while the zoom changes it has pixels to scale as well."""

Draw = Callable[[QPainter, Projection, QRectF, bool], tuple[int, bool]]
"""Paints the level through a camera into a rectangle, all of it or what is quickly done; how much of it was new, in
sprites, and whether that was all."""


class _Pixels:
    """A level at one zoom, ready as far as the tiles that are painted: about so many as are wanted, nearly square."""

    def __init__(
        self, camera: Projection, scale: float, size: QSize, ratio: float, tiles: int, margin: int = MARGIN
    ) -> None:
        middle = camera.to_scene(QPointF(size.width() / 2, size.height() / 2))
        self.area = QRectF(0, 0, size.width() + 2 * margin, size.height() + 2 * margin)
        about = self.area.center()
        if scale == camera.scale:
            self.camera = Projection(scale, camera.x + margin, camera.y + margin)
        else:
            self.camera = Projection(scale, about.x() - scale * middle.x(), about.y() - scale * middle.y())
        self.ratio = ratio
        self.pixels = QPixmap((self.area.size() * ratio).toSize())
        self.pixels.setDevicePixelRatio(ratio)
        self._columns = max(1, round(math.sqrt(tiles * self.area.width() / self.area.height())))
        self._rows = max(1, round(tiles / self._columns))
        self._done = 0

    @property
    def ready(self) -> bool:
        """Whether all tiles are painted."""
        return self._done == self._columns * self._rows

    def paint_tile(self, draw: Draw, whole: bool = True) -> tuple[int, bool]:
        """Paint one tile more; what was new, and whether that was all."""
        row, column = divmod(self._done, self._columns)
        wide, high = math.ceil(self.area.width() / self._columns), math.ceil(self.area.height() / self._rows)
        tile = QRectF(column * wide, row * high, wide, high).intersected(self.area)
        with QPainter(self.pixels) as painter:
            if tile != self.area:
                painter.setClipRect(tile)
            done = draw(painter, self.camera, tile, whole)
        self._done += 1
        return done

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
        self._view: tuple[float, float, float] = (1.0, 0.0, 0.0)
        """The camera of the last frame."""
        self._moving = False
        """The zoom was changing with the last frame."""
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
        moving: bool, tiles: int, most_new: int, draw: Draw,
    ) -> bool:  # fmt: skip
        """Lay the level down; False if it is to be painted as usual. ``key`` stands for all that it shows. What changes
        with every frame is not kept. ``moving``: the zoom is changing. ``tiles``: one where a part takes as long as
        the whole, more where not; a frame ends with the one after which ``most_new`` sprites were new."""
        known, self._key = self._key == key, key
        view, before = (camera.scale, camera.x, camera.y), self._view
        moved, self._view = view != before, view
        if not known:
            self._shown = self._next = None
            return False
        far, rested, self._moving = tiles == 1, not self._moving, moving
        took = complete = False
        if not far and not self._does(camera, size) and self._part(camera, size, moving) is None:
            took, complete = (
                True,
                self._take(Projection(*before) if moving and rested else camera, camera, size, ratio, draw),
            )
        if took:
            self._next = None  # this frame has done enough
        elif not self._serves(camera, size, moving, far) and (far or moved or self.waits or not self._crisp(camera)):
            self._prepare(camera, size, ratio, moving, tiles, most_new, draw)
        else:
            self._next = None
        if self._shown is None or not self._does(camera, size):
            return False
        self._shown.lay(painter, camera, smooth=not far)
        if took and not complete and not moving:
            self._shown = None  # the next frame adds to it
        return True

    def lay_part(self, painter: QPainter, camera: Projection, size: QSize, moving: bool) -> QRectF | None:
        """Lay down what there is though it does not reach to the view's edges, as while the zoom goes out quickly or
        the view moves: where it lies; ``None`` if it is not worth it."""
        seen = self._part(camera, size, moving)
        if seen is not None and self._shown is not None:
            self._shown.lay(painter, camera, smooth=True)
        return seen

    def _part(self, camera: Projection, size: QSize, moving: bool) -> QRectF | None:
        """Where in a view the pixels lie, if laying them down is worth it. While the zoom rests nothing is scaled that
        does not cover the view."""
        if self._shown is None:
            return None
        scale, rect = self._shown.place(camera)
        seen = rect.intersected(QRectF(0, 0, size.width(), size.height()))
        share = max(0.0, seen.width()) * max(0.0, seen.height()) / max(1, size.width() * size.height())
        return seen if (LEAST <= scale <= MOST if moving else scale == 1.0) and 2 * share >= 1 else None

    def _take(self, seen: Projection, camera: Projection, size: QSize, ratio: float, draw: Draw) -> bool:
        """Paint what is in view as pixels, to be laid down from now on; whether all is on it. Where the zoom begins to
        change it is what was ``seen`` before: that is there already as sprites, at the very zoom."""
        self._shown = _Pixels(seen, seen.scale, size, ratio, 1, 0)
        if self._part(camera, size, True) is None:
            self._shown = _Pixels(camera, camera.scale, size, ratio, 1, 0)
        _, complete = self._shown.paint_tile(draw, whole=False)
        return complete

    def _crisp(self, camera: Projection) -> bool:
        """Whether what is shown is not scaled."""
        return self._shown is None or self._shown.place(camera)[0] == 1.0

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
        self, camera: Projection, size: QSize, ratio: float, moving: bool, tiles: int, most_new: int, draw: Draw
    ) -> None:
        scale = 2 ** (math.ceil(math.log2(camera.scale) * STEPS) / STEPS) if moving and tiles > 1 else camera.scale
        coming = self._next
        if coming is None or not self._is_wanted(coming, camera, size, moving):
            coming = self._next = _Pixels(camera, scale, size, ratio, tiles)
        new, begun = 0, time.perf_counter()
        for _ in range(TILES):
            new += coming.paint_tile(draw)[0]
            if coming.ready:
                self._shown, self._next = coming, None
                self.made += 1
                break
            if new >= most_new or time.perf_counter() - begun > (SPENT_MOVING if moving else SPENT):
                break

    def _is_wanted(self, coming: _Pixels, camera: Projection, size: QSize, moving: bool) -> bool:
        scale, _ = coming.place(camera)
        low, high = WANTED
        return (low <= scale <= high if moving else scale == 1.0) and coming.reaches(camera, size)
