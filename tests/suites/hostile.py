"""Mutants of every kind of file that is read: nothing but a `StudioError`, within 3 GB and 20 s.

Thousands are read in one child, so that the bounds hold for the process while a death costs no more than its batch.
"""

from __future__ import annotations

import json
import random
import resource
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import blockstudio as bs
from blockstudio.errors import StudioError
from blockstudio.graph.format import dumps, load
from blockstudio.graph.presets import load_preset
from blockstudio.graph.recovery import Journal, pending, recover
from blockstudio.runs import Recipe, Run, create_run, with_fields
from tests.suites.forks import answer_of
from tests.suites.journals import Hand, begun
from tests.suites.outcome import Outcome

MEMORY = 3 << 30
SECONDS = 20
BATCH = 1_000
WORDS = (
    b"null", b"true", b"-1", b"1e308", b"1e999", b"NaN", b"9" * 400, b'"\\ud800"', b"[" * 3_000, b'{"a":' * 3_000,
    b"\xff\xfe", b"\x00", b"\r\n", b"../../../etc/passwd", b"/dev/zero", b"__class__", b'"9**9**9"', b'"i"',
    b"{}", b"[]",
)  # fmt: skip


def mutant(data: bytes, others: list[bytes], drawn: random.Random) -> bytes:
    """The data with something done to it: bytes changed, cut, doubled, put elsewhere, words of harm put in."""
    found = bytearray(data)
    for _ in range(drawn.choice((1, 1, 1, 2, 3, 8))):
        at = drawn.randrange(len(found) + 1)
        to = min(len(found), at + drawn.choice((1, 4, 16, 200)))
        match drawn.randrange(8):
            case 0:
                found[at:to] = b""
            case 1:
                found[at:at] = found[at:to]
            case 2:
                found[at:to] = drawn.choice(WORDS)
            case 3:
                found[at : at + 1] = bytes([drawn.randrange(256)])
            case 4:
                del found[at:]
            case 5:
                other = drawn.choice(others)
                start = drawn.randrange(len(other) + 1)
                found[at:to] = other[start : start + drawn.choice((4, 40, 400))]
            case 6:
                start = drawn.randrange(len(found) + 1)
                found[at:at] = found[start : start + 60]
            case _ if found:
                place = drawn.randrange(len(found))
                found[place] ^= 1 << drawn.randrange(8)
    return bytes(found)


def _document(path: Path) -> None:
    bs.analyze(load(path))


def _weights(path: Path) -> None:
    from blockstudio.compiler import weight_files

    weight_files.read(path)


def _image(path: Path) -> None:
    from blockstudio.training.data.decode import Decoder

    Decoder(3).read(path)


def _journal(path: Path) -> None:
    for entry in pending(path.parent):
        recover(entry)


def _ask(path: Path) -> None:
    run = Run(path.parent)
    asked: tuple[Callable[[], object], ...] = (
        run.recipe, run.state, run.history, run.results, run.data, run.environment, run.best, run.diagram,
    )  # fmt: skip
    for ask in asked:
        try:
            ask()
        except StudioError:
            continue


def _samples(kind: str, folder: Path) -> tuple[list[tuple[str, bytes]], Callable[[Path], None]]:
    """Good files of a kind, by name, and what reads one."""
    if kind == "documents":
        names = ("resnet18", "nin_cifar10", "module_inception", "cifar_preact")
        return [(f"{name}.blocks.json", dumps(load_preset(name)).encode()) for name in names], _document
    if kind == "weights":
        return _weight_files(folder), _weights
    if kind == "images":
        return _images(), _image
    if kind == "journals":
        diagram = begun()
        journal = Journal(diagram, folder / "made")
        hand = Hand(diagram, 1)
        for _ in range(12):
            hand.act()
        assert journal.path is not None
        data = journal.path.read_bytes()
        journal.close()
        return [("a.journal", data)], _journal
    run = create_run(bs.load("cifar_resnet", n=1), with_fields(Recipe(), {"epochs": 2}), folder / "run")
    run_files = {path.name: path.read_bytes() for path in sorted(run.directory.iterdir()) if path.is_file()}
    if kind == "recipes":
        return [("run/recipe.json", run_files["recipe.json"])], lambda path: Run(path.parent).recipe() and None
    run_files["events.jsonl"] = (
        b"".join(
            json.dumps({"type": "step", "time": 1.0 * n, "step": n, "loss": 2.0, "rate": 0.1}).encode() + b"\n"
            for n in range(20)
        )
        + b'{"type": "epoch", "time": 30.0, "step": 20, "epoch": 1, "train_loss": 1.0, "accuracy": 0.5}\n'
    )
    run_files.setdefault("lock", b'{"pid": 7, "host": "here", "started": 1.0}')
    return [(f"run/{name}", data) for name, data in run_files.items()], _ask


def _weight_files(folder: Path) -> list[tuple[str, bytes]]:
    import torch
    from safetensors.torch import save

    tensors = {f"layer{n}.weight": torch.ones(3, 2) for n in range(4)}
    path = folder / "a.pt"
    torch.save(tensors, path)
    return [("a.safetensors", save(tensors)), ("a.pt", path.read_bytes())]


def _images() -> list[tuple[str, bytes]]:
    import io

    from PIL import Image

    found = []
    for ending, kind in (("png", "PNG"), ("jpg", "JPEG"), ("gif", "GIF"), ("bmp", "BMP"), ("webp", "WEBP")):
        stream = io.BytesIO()
        Image.effect_noise((16, 12), 60).convert("RGB").save(stream, kind)
        found.append((f"a.{ending}", stream.getvalue()))
    return found


KINDS = ("documents", "weights", "recipes", "run directories", "journals", "images")


class _TooLong(BaseException):
    """A file took longer than it may."""


def _late(*_: object) -> None:
    raise _TooLong


def _batch(kind: str, folder: Path, seed: int, count: int) -> tuple[list[str], float, int]:
    """Read so many mutants in this process: what was wrong, the slowest in seconds, its largest size in bytes."""
    import logging
    import warnings

    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    drawn = random.Random(seed)
    samples, read = _samples(kind, folder)
    others = [data for _, data in samples]
    wrong: list[str] = []
    slowest = 0.0
    signal.signal(signal.SIGVTALRM, _late)
    for number in range(count):
        name, data = drawn.choice(samples)
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(mutant(data, others, drawn))
        begun_at = time.process_time()
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
        try:
            read(path)
        except StudioError as error:
            lines = str(error).split("\n")
            if not error.message or max(map(len, lines)) > 1_000 or "Traceback" in str(error):
                wrong.append(f"{kind} {seed}+{number} {name}: says {str(error)[:200]!r}")
        except _TooLong:
            wrong.append(f"{kind} {seed}+{number} {name}: more than {SECONDS} s")
        except Exception as error:  # noqa: BLE001 - whatever comes is what this is about
            wrong.append(f"{kind} {seed}+{number} {name}: {type(error).__name__}: {error}")
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        slowest = max(slowest, time.process_time() - begun_at)
        path.write_bytes(data)
    return wrong, slowest, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def mutants(kind: str, count: int, begin: int = 0) -> Outcome:
    """Read ``count`` mutants of a kind, those from ``begin`` on."""
    outcome = Outcome(f"mutants of {kind}, read in a fork with 3 GB and 20 s")
    slowest, largest = 0.0, 0
    _warm(kind)
    for start in range(0, count, BATCH):
        size = min(BATCH, count - start)
        folder = Path(tempfile.mkdtemp())
        try:
            seed = begin + start

            def work(folder: Path = folder, seed: int = seed, size: int = size) -> Any:
                return _batch(kind, folder, seed, size)

            answer, why = answer_of(work, MEMORY, SECONDS * size)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        outcome.times += size
        if answer is None:
            outcome.add(f"{kind} {seed}: {why}")
            continue
        wrong, slow, large = answer
        for line in wrong:
            outcome.add(line)
        slowest, largest = max(slowest, slow), max(largest, large)
    outcome.greatest = {"slowest {:.2f} s": slowest, "process at most {:,.0f} MB": largest / 2**20}
    return outcome


def _warm(kind: str) -> None:
    """Import here what the children need, so that it is imported once."""
    folder = Path(tempfile.mkdtemp())
    try:
        samples, read = _samples(kind, folder)
        name, data = samples[0]
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        read(path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
