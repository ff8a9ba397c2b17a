"""Files that mean harm: nothing in them is executed, no other file is read, memory and time are bounded."""

from __future__ import annotations

import multiprocessing
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import blockstudio as bs
from blockstudio.compiler import weight_files
from blockstudio.errors import StudioError
from blockstudio.training.data.decode import Decoder
from tests.support.hostile_files import KINDS, hostile

pytestmark = pytest.mark.xdist_group("exports")

torch.set_num_threads(1)
READERS: dict[str, Callable[[Path], object]] = {
    "onnx": lambda path: bs.from_onnx(path),
    "pt2": lambda path: bs.from_pt2(path),
    "pt": lambda path: weight_files.read(path),
    "image": lambda path: Decoder(3).read(path),
}
WATCHED = (
    "pickle.find_class", "os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "socket.connect",
    "shutil.rmtree",
)  # fmt: skip
MEMORY = 3 << 30
"""Bytes of address space beyond what the process has before it reads the first file."""
SECONDS = 20
"""Of processor time for any one file."""
WHOLE = 60
"""Files of each kind in the slow test: 240 in all."""

_seen: list[str] = []
_watching = [False]


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching[0] and (event in WATCHED or (event == "open" and str(arguments[0]) in ("/etc/passwd", "/dev/zero"))):
        _seen.append(f"{event} {arguments!r}"[:200])


sys.addaudithook(_audit)


def _read_all(kind: str, folder: Path, count: int) -> list[str]:
    """Read so many hostile files; what was wrong about it."""
    wrong: list[str] = []
    canary = folder / "canary"
    for name, data in hostile(kind, count, canary):
        path = folder / name
        path = path if kind == "image" else path.with_suffix(f".{kind}")
        path.write_bytes(data)
        _seen.clear()
        before = resource.getrusage(resource.RUSAGE_SELF)
        _watching[0] = True
        try:
            READERS[kind](path)
        except StudioError as error:
            if not error.message or len(str(error)) > 2_000:
                wrong.append(f"{name}: says {str(error)[:200]!r}")
        except Exception as error:  # noqa: BLE001 - whatever comes is what this test is about
            wrong.append(f"{name}: {type(error).__name__} {str(error)[:200]}")
        finally:
            _watching[0] = False
        after = resource.getrusage(resource.RUSAGE_SELF)
        taken = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        if taken > SECONDS:
            wrong.append(f"{name}: {taken:.0f} s")
        if _seen:
            wrong.append(f"{name}: did {_seen[:3]}")
        if canary.exists():
            wrong.append(f"{name}: was executed")
            canary.unlink()
        path.unlink()
    return wrong


@pytest.mark.parametrize("kind", KINDS)
def test_a_share_of_hostile_files_runs_nothing(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    assert _read_all(kind, tmp_path, 30) == []


def _child(kind: str, folder: Path, answers: Any) -> None:
    torch.set_num_threads(1)
    used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    answers.put(_read_all(kind, folder, WHOLE))


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of address space")
@pytest.mark.parametrize("kind", KINDS)
def test_hostile_files_are_bounded_in_memory_and_time(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    child = context.Process(target=_child, args=(kind, tmp_path, answers))
    child.start()
    wrong = answers.get(timeout=280)
    child.join()
    assert wrong == [] and child.exitcode == 0
