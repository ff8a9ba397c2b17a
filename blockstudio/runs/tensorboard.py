"""A run's events as TensorBoard's files, so that other tools read a run. No library: records of a few bytes.

A file is a sequence of records ``length (8 bytes), checksum of it (4), data, checksum of the data (4)``, the data a
protocol buffer ``Event``. Checksums are CRC-32C, masked as TensorFlow masks them.
"""

from __future__ import annotations

import math
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from blockstudio.runs.watching import rows_of, value_in

FOLDER = "tensorboard"
OF_STEP = {"loss": "loss/train", "accuracy": "accuracy/train", "accuracy_top5": "top-5/train", "lr": "learning rate",
           "images_per_second": "speed/images per second", "memory": "speed/memory"}  # fmt: skip
OF_EPOCH = {"validation_loss": "loss/validation", "validation_accuracy": "accuracy/validation",
            "validation_accuracy_top5": "top-5/validation"}  # fmt: skip
OF_END = {"test_loss": "loss/test", "test_accuracy": "accuracy/test"}
OF_BLOCKS = ("gradient", "weight", "ratio", "mean", "deviation", "dead", "shift")


def _table() -> list[int]:
    found = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        found.append(byte)
    return found


_TABLE = _table()


def crc32c(data: bytes) -> int:
    """The Castagnoli checksum. ``crc32c(b"123456789") == 0xE3069283``."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def _masked(data: bytes) -> bytes:
    crc = crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def record(data: bytes) -> bytes:
    """One record of a file."""
    length = struct.pack("<Q", len(data))
    return length + _masked(length) + data + _masked(data)


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes((*found, number))


def _bytes(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def event(wall: float, step: int, body: bytes) -> bytes:
    """A protocol buffer ``Event``: time, step, and what it says."""
    return b"\x09" + struct.pack("<d", wall) + b"\x10" + _varint(step) + body


def summary(values: dict[str, float]) -> bytes:
    """Scalars by tag, as the body of an `event`."""
    each = (_bytes(1, tag.encode()) + b"\x15" + struct.pack("<f", value) for tag, value in values.items())
    return _bytes(5, b"".join(_bytes(1, value) for value in each))


class TensorBoardFile:
    """Takes a run's events and appends them to a file in a folder; a trainer that goes on begins another."""

    def __init__(self, folder: Path) -> None:
        """Raises `OSError` where the folder or file cannot be made."""
        folder.mkdir(parents=True, exist_ok=True)
        stem = f"events.out.tfevents.{time.time_ns() // 1000:016d}.{socket.gethostname()}"
        self._file = (folder / stem).open("ab", buffering=0)
        self._paths: tuple[str, ...] = ()
        self._write(event(time.time(), 0, _bytes(3, b"brain.Event:2")))

    def take(self, found: dict[str, Any]) -> None:
        """Write down what of an event is a number over the steps. A disk that refuses costs the run nothing: the
        run's own log says so by itself."""
        step, wall = found.get("step"), found.get("time")
        if not isinstance(step, int) or not isinstance(wall, int | float):
            return
        if found["type"] == "started":
            # What earlier trainers wrote of later steps is superseded (SessionLog, START).
            self._write(event(float(wall), step, _bytes(7, b"\x08\x01")))
        if found["type"] == "watched":
            self._paths = tuple(str(path) for path in found.get("paths") or ())
        values = {tag: value for tag, value in self._values(found) if math.isfinite(value)}
        if values:
            self._write(event(float(wall), step, summary(values)))

    def _values(self, found: dict[str, Any]) -> Iterator[tuple[str, float]]:
        names = {"step": OF_STEP, "epoch": OF_EPOCH, "finished": OF_END}.get(found["type"], {})
        for name, tag in names.items():
            if isinstance(found.get(name), int | float):
                yield tag, float(found[name])
        if found["type"] == "step":
            for number, value in enumerate(found.get("aux") or ()):
                if isinstance(value, int | float):
                    yield f"loss/auxiliary {number + 1}", float(value)
        table = rows_of(found, len(self._paths)) if found["type"] == "blocks" and self._paths else None
        if table is not None:
            for row, path in enumerate(self._paths):
                for name in OF_BLOCKS:
                    value = value_in(table, name, row)
                    if value is not None:
                        yield f"{name}/{path}", value

    def _write(self, data: bytes) -> None:
        self._file.write(record(data))

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
