"""TensorBoard's files: read back by a reader of their own format that shares nothing with the writer."""

from __future__ import annotations

import importlib.util
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blockstudio.runs.tensorboard import TensorBoardFile, crc32c

EVENTS: tuple[dict[str, Any], ...] = (
    {"type": "started", "time": 1.0, "step": 0},
    {"type": "step", "time": 2.0, "step": 1, "loss": 2.5, "accuracy": 0.25, "lr": 0.1, "aux": [3.5], "top5": None},
    {"type": "watched", "time": 2.0, "step": 1, "paths": ["conv1"]},
    {"type": "epoch", "time": 3.0, "step": 300, "validation_loss": 1.5, "validation_accuracy": 0.5},
    {"type": "note", "time": 3.0, "text": "of no step"},
    {"type": "step", "time": 4.0, "step": 301, "loss": float("nan"), "lr": 0.1},
    {"type": "finished", "time": 5.0, "step": 301, "test_accuracy": 0.75, "confusion": [[1]]},
)


def records(data: bytes) -> Iterator[bytes]:
    """The payloads; every checksum is worked out bit by bit."""

    def check(payload: bytes) -> int:
        crc = 0xFFFFFFFF
        for bit in (byte >> shift & 1 for byte in payload for shift in range(8)):
            crc = crc >> 1 ^ (0x82F63B78 if (crc ^ bit) & 1 else 0)
        crc ^= 0xFFFFFFFF
        return ((crc >> 15) | (crc << 17) & 0xFFFFFFFF) + 0xA282EAD8 & 0xFFFFFFFF

    while data:
        (length, of_length), data = struct.unpack("<QI", data[:12]), data[12:]
        payload, (of_payload,), data = data[:length], struct.unpack("<I", data[length : length + 4]), data[length + 4 :]
        assert of_length == check(struct.pack("<Q", length)) and of_payload == check(payload)
        yield payload


def fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """Numbers and values of a protocol buffer."""

    def varint() -> int:
        nonlocal message
        found = shift = 0
        while True:
            byte, message = message[0], message[1:]
            found |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return found

    while message:
        key = varint()
        match key & 7:
            case 0:
                yield key >> 3, varint()
            case 1:
                yield key >> 3, struct.unpack("<d", message[:8])[0]
                message = message[8:]
            case 2:
                size = varint()
                yield key >> 3, message[:size]
                message = message[size:]
            case 5:
                yield key >> 3, struct.unpack("<f", message[:4])[0]
                message = message[4:]


def scalars(file: Path) -> dict[str, list[tuple[int, float]]]:
    found: dict[str, list[tuple[int, float]]] = {}
    for payload in records(file.read_bytes()):
        event = dict(fields(payload))
        for _, value in fields(event.get(5, b"")):
            one = dict(fields(value))
            found.setdefault(one[1].decode(), []).append((event.get(2, 0), one[2]))
    return found


@pytest.fixture
def written(tmp_path: Path) -> Path:
    board = TensorBoardFile(tmp_path)
    for event in EVENTS:
        board.take(event)
    board.close()
    (file,) = tmp_path.iterdir()
    return file


def test_the_checksum_is_that_of_the_standard() -> None:
    assert crc32c(b"123456789") == 0xE3069283 and crc32c(bytes(32)) == 0x8A9136AA


def test_what_is_written_is_read_back(written: Path) -> None:
    assert written.name.startswith("events.out.tfevents.")
    first, second, *_ = records(written.read_bytes())
    assert dict(fields(first))[3] == b"brain.Event:2" and dict(fields(dict(fields(second))[7]))[1] == 1
    found = scalars(written)
    assert found == {
        "loss/train": [(1, 2.5)], "accuracy/train": [(1, 0.25)], "loss/auxiliary 1": [(1, 3.5)],
        "learning rate": [(1, pytest.approx(0.1)), (301, pytest.approx(0.1))],
        "loss/validation": [(300, 1.5)], "accuracy/validation": [(300, 0.5)], "accuracy/test": [(301, 0.75)],
    }  # fmt: skip


@pytest.mark.skipif(importlib.util.find_spec("tensorboard") is None, reason="needs tensorboard")
def test_tensorboard_reads_it(written: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(written.parent)).Reload()
    assert [(each.step, each.value) for each in found.Scalars("loss/validation")] == [(300, 1.5)]
