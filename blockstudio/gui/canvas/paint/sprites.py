"""Cards and pills kept as pixels: painted once at a zoom, laid down for every frame after.

While the zoom is changing they are kept at steps of it and scaled in between, so that a frame does not paint
every card anew; when it rests they are painted at the very zoom, and crisp.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap

MOST_BYTES = 96 * 1024 * 1024
BEFORE, AFTER = 3.0, 7.0
"""Room left of and above what is drawn, and right of and below it: for outlines and what peeps out behind."""
Key = tuple[Hashable, float, float, float, float]
"""What a sprite shows, its width and height, the scale at which it was painted, pixels of the screen a pixel."""
STEPS = 5
"""Steps of the zoom that double it."""
MOST_NEW, MOST_AT_REST = 20, 48
"""So many are painted anew for one frame while the zoom changes, and for one of a drawing that is shown already."""
SPENT = 0.008
"""While the zoom changes: seconds of painting anew after which a frame leaves the rest to the next."""


class Sprites:
    """Pixmaps by what they show. `begin` a frame, then `draw`."""

    def __init__(self) -> None:
        self._kept: dict[Key, QPixmap] = {}
        self._bytes = 0
        self.made = 0
        """How many were painted since the beginning."""
        self.moving = False
        """The zoom is changing."""
        self._last: dict[tuple[Hashable, float, float, float], Key] = {}
        """What was painted, by what it shows: the key at which it was last."""
        self._new, self._took = 0, 0.0
        """How many were painted for this frame, and the seconds that took."""
        self.smooth = True
        """Scale smoothly meanwhile: it costs several times as much."""
        self.first = True
        """The drawing has not been shown yet: all of it is painted."""
        self.hurried = False
        """What is painted now is to be scaled while the zoom changes, and is wanted at once."""
        self.put_off = False
        """Something is left to the next frame."""

    def begin(self, first: bool) -> None:
        """A new frame; the ``first`` of a drawing takes as long as it takes."""
        self._new, self.put_off, self.first, self._took = 0, False, first, 0.0

    @property
    def is_spent(self) -> bool:
        """Whether no more are painted anew for this frame."""
        if self.moving:
            late = not self.first and self._new > 0 and self._took > SPENT
            return late or self._new >= MOST_NEW
        spent = self._new >= (MOST_NEW if self.hurried else MOST_AT_REST) and not self.first
        self.put_off |= spent
        return spent

    def draw(
        self, painter: QPainter, rect: QRectF, what: Hashable, scale: float, paint: Callable[[QPainter], None]
    ) -> bool:
        """Lay down the sprite of ``what`` with ``rect`` where it is in the painter's coordinates. ``scale`` is the
        painter's; ``paint`` draws it, its upper left corner at the origin. While the zoom changes only so many are
        painted anew for a frame: of others one of another zoom is laid down; False if there is none."""
        ratio = painter.device().devicePixelRatioF()
        made_at = 2 ** (math.ceil(math.log2(scale) * STEPS) / STEPS) if self.moving else round(scale, 6)
        key = (what, rect.width(), rect.height(), made_at, ratio)
        sprite = self._kept.pop(key, None)
        if sprite is None and self.is_spent:
            known = self._last.get((what, rect.width(), rect.height(), ratio))
            sprite = self._kept.pop(known, None) if known is not None else None
            if sprite is None or known is None:
                return False
            key, made_at = known, known[3]
        if sprite is None:
            begun = time.perf_counter()
            sprite = self._make(rect, made_at, ratio, paint)
            self._new, self._took = self._new + 1, self._took + time.perf_counter() - begun
            self._last[what, rect.width(), rect.height(), ratio] = key
        self._kept[key] = sprite  # the most recently used are the last
        outer = rect.adjusted(-BEFORE, -BEFORE, AFTER, AFTER)
        corner = painter.transform().map(outer.topLeft())
        base = painter.transform()
        painter.resetTransform()
        if self.moving or made_at != round(scale, 6):
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.smooth)
            target = QRectF(corner.x(), corner.y(), outer.width() * scale, outer.height() * scale)
            source = QRectF(0, 0, outer.width() * made_at * ratio, outer.height() * made_at * ratio)
            painter.drawPixmap(target, sprite, source)
        else:
            painter.drawPixmap(QPointF(round(corner.x() * ratio) / ratio, round(corner.y() * ratio) / ratio), sprite)
        painter.setTransform(base)
        return True

    def _make(self, rect: QRectF, scale: float, ratio: float, paint: Callable[[QPainter], None]) -> QPixmap:
        zoom = scale * ratio
        width, height = rect.width() + BEFORE + AFTER, rect.height() + BEFORE + AFTER
        sprite = QPixmap(math.ceil(width * zoom), math.ceil(height * zoom))
        sprite.fill(Qt.GlobalColor.transparent)
        with QPainter(sprite) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            painter.scale(zoom, zoom)
            painter.translate(BEFORE, BEFORE)
            paint(painter)
        sprite.setDevicePixelRatio(ratio)
        self.made += 1
        self._bytes += 4 * sprite.width() * sprite.height()
        while self._bytes > MOST_BYTES and self._kept:
            first = next(iter(self._kept))
            old = self._kept.pop(first)
            known = first[0], first[1], first[2], first[4]
            if self._last.get(known) == first:
                del self._last[known]
            self._bytes -= 4 * old.width() * old.height()
        return sprite

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()
        self._last.clear()
        self._bytes = 0
