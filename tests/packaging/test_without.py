"""What runs where a library is not installed, and what the rest says. The libraries are blocked in processes of their
own, and in those that these start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCK = """
import os
from importlib.machinery import PathFinder

found = PathFinder.find_spec

def find_spec(name, path=None, target=None):
    return None if name.split(".")[0] in os.environ["WITHOUT"].split() else found(name, path, target)

PathFinder.find_spec = find_spec
"""
TORCH, QT, SKLEARN = "torch torchvision safetensors", "PySide6 shiboken6 pyqtgraph", "sklearn"


@pytest.fixture
def run_without(tmp_path: Path):
    """Runs Python with ``libraries`` blocked; the finished process."""
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(BLOCK, encoding="utf-8")

    def run(libraries: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "WITHOUT": libraries,
            "PYTHONPATH": os.pathsep.join([str(tmp_path / "hook"), str(ROOT)]),
            "QT_QPA_PLATFORM": "offscreen",
            "OMP_NUM_THREADS": "1",
        }
        return subprocess.run(
            [sys.executable, *arguments], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )

    return run


COMMANDS = """
import contextlib, io, json, sys
from blockstudio.cli import main

for arguments in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(arguments)
        except SystemExit as end:
            code = end.code
    print(json.dumps([code, out.getvalue(), err.getvalue()]))
"""


def commands(run_without, libraries: str, *lines: list[str]) -> list[list]:
    """Exit code, output and errors of several commands, in one process."""
    done = run_without(libraries, "-c", COMMANDS, json.dumps(lines))
    assert done.returncode == 0 and not done.stderr, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def command(run_without, libraries: str, *arguments: str) -> tuple[int, str, str]:
    done = run_without(libraries, "-m", "blockstudio", *arguments)
    return done.returncode, done.stdout, done.stderr


def test_the_hook_blocks(run_without) -> None:
    for libraries in (TORCH, QT, SKLEARN):
        done = run_without(libraries, "-c", f"import {libraries.split()[0]}")
        assert done.returncode == 1 and "ModuleNotFoundError" in done.stderr


def test_without_torch_tables_figures_and_source_are_made(run_without) -> None:
    lines = [
        ["summary", "resnet18"],
        ["summary", "googlenet", "--paper", "-o", "table.md"],
        ["compare", "resnet18", "alexnet", "-o", "compare.csv"],
        ["presets"],
        ["export", "nin_cifar10", "-o", "net.py"],
        ["export", "nin_cifar10", "-o", "net.svg"],
        ["train", "--help"],
    ]
    for line, (code, out, err) in zip(lines, commands(run_without, f"{TORCH} {SKLEARN}", *lines), strict=True):
        assert (code, err) == (0, "") and out, line


def test_without_torch_the_rest_says_in_one_sentence_what_to_install(run_without, tmp_path: Path) -> None:
    (tmp_path / "weights.pth").write_bytes(b"PK")
    lines = [
        ["train", "nin_cifar10"],
        ["export", "nin_cifar10", "-o", "net.onnx"],
        ["export", "nin_cifar10", "-o", "net.pt2"],
        ["export", "nin_cifar10", "-o", "net.safetensors"],
        ["weights", "nin_cifar10", "weights.pth"],
    ]
    for line, (code, out, err) in zip(lines, commands(run_without, TORCH, *lines), strict=True):
        assert (code, out) == (2, "") and len(err.splitlines()) == 1, (line, err)
        assert "needs PyTorch, which is not installed. Install: python -m pip install torch torchvision" in err
    assert not list(tmp_path.glob("net*")) and not (tmp_path / "runs").exists()


WINDOW = """
import sys
from pathlib import Path
from blockstudio.gui.app.application import application
from blockstudio.gui.shell.window import StudioWindow
from blockstudio.gui.work.settings import use_folder

use_folder(Path(sys.argv[1]))
app = application(dark=False)
window = StudioWindow()
assert window.documents.open_now("resnet18")
window.show()
app.processEvents()
window.session.diagram.set("conv1", out_channels=96)
window.session.undo()
heard = []
window.features.training.trainer.failed.connect(heard.append)
window.features.training.trainer.train()
for _ in range(2000):
    if heard or window.features.training.trainer.data is not None:
        break
    app.processEvents()
    import time; time.sleep(0.01)
print("said:", *heard)
window.close()
"""


def test_without_torch_the_window_draws_and_says_what_training_needs(run_without, tmp_path: Path) -> None:
    done = run_without(f"{TORCH} {SKLEARN}", "-c", WINDOW, str(tmp_path / "own"))
    assert done.returncode == 0, done.stderr
    assert "training needs PyTorch, which is not installed." in done.stdout


def test_without_torch_python_says_it_too(run_without) -> None:
    tried = (
        "import blockstudio as bs\n"
        "d = bs.load('nin_cifar10'); bs.analyze(d); bs.source(d)\n"
        "model = type('Module', (), {})()\n"
        "for act in (lambda: bs.compile(d), lambda: bs.train(d), lambda: bs.load_weights(model, 'a.pth')):\n"
        "    try: act()\n"
        "    except bs.StudioError as error: print(error.code, error.hint)\n"
    )
    done = run_without(TORCH, "-c", tried)
    assert done.stdout.splitlines() == ["install.missing Install: python -m pip install torch torchvision"] * 3


def test_without_qt_the_window_and_figures_say_so(run_without) -> None:
    for code, out, err in commands(run_without, QT, ["nin_cifar10"], ["export", "nin_cifar10", "-o", "net.svg"]):
        assert (code, out) == (2, "") and len(err.splitlines()) == 1
        assert "needs Qt, which is not installed. Install: python -m pip install" in err


@pytest.mark.slow
def test_without_pillow_what_reads_images_says_so_and_the_rest_works(run_without, tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "1.png").write_bytes(b"x")
    lines = [["train", "nin_cifar10", "--steps", "1"], ["train", "nin_cifar10", "--data", str(tmp_path)],
             ["data", "digits"], ["summary", "nin_cifar10"], ["export", "nin_cifar10", "-o", "net.py"]]  # fmt: skip
    answers = commands(run_without, "PIL", *lines)
    for line, (code, out, err) in zip(lines[:3], answers, strict=False):
        assert (code, out) == (2, "") and len(err.splitlines()) == 1, (line, err)
        assert "needs Pillow, which is not installed. Install: python -m pip install pillow" in err, line
    assert [(code, err) for code, _, err in answers[3:]] == [(0, "")] * 2
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_without_qt_and_scikit_learn_everything_else_works(run_without, tmp_path: Path) -> None:
    both = f"{QT} {SKLEARN}"
    for arguments in (
        ["summary", "nin_cifar10"],
        ["export", "nin_cifar10", "-o", "net.safetensors"],
        [
            "train",
            "cifar_resnet",
            "--set",
            "n=1",
            "--set",
            "width=4",
            "--steps",
            "1",
            "--batch-size",
            "8",
            "--run",
            "r",
        ],
    ):
        code, _, err = command(run_without, both, *arguments)
        assert code == 0, err
    assert json.loads((tmp_path / "r" / "data.json").read_text(encoding="utf-8"))["title"] == "Digits"


def test_a_library_that_cannot_be_loaded_is_told(run_without, tmp_path: Path) -> None:
    (tmp_path / "hook" / "torch").mkdir()
    (tmp_path / "hook" / "torch" / "__init__.py").write_text(
        "raise ImportError('libtorch.so: cannot open shared object file', name='torch')", encoding="utf-8"
    )
    code, _, err = command(run_without, "nothing", "export", "nin_cifar10", "-o", "net.pt2")
    assert code == 2 and "needs PyTorch, which cannot be loaded: libtorch.so" in err
