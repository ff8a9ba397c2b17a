"""The program's own tree for the time of a test, to be changed as a contributor would change it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.pages import ROOT


def tree(folder: Path, *open_folders: str) -> Path:
    """A copy of the package and the presets in ``folder``. Files may be added and replaced in ``open_folders``
    (``blockstudio/blocks``); everything else is a link to the original where the system has links."""
    open_paths = {ROOT / "blockstudio", *(ROOT / name for name in open_folders)}
    open_paths |= {above for path in open_paths for above in path.parents if ROOT in above.parents}
    for path in sorted(open_paths):
        target = folder / path.relative_to(ROOT)
        target.mkdir(parents=True)
        for entry in path.iterdir():
            if entry not in open_paths and entry.name != "__pycache__":
                link(entry, target / entry.name)
    link(ROOT / "presets", folder / "presets")
    return folder


def link(source: Path, target: Path) -> None:
    """Put a file or folder of the original into a tree."""
    try:
        target.symlink_to(source, target_is_directory=source.is_dir())
    except OSError:  # Windows, without the right to
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)


def edit(file: Path, before: str, text: str) -> None:
    """Put ``text`` in front of the one place where ``before`` stands."""
    whole = file.read_text(encoding="utf-8")
    assert whole.count(before) == 1, f"{file.name}: {before!r} stands there {whole.count(before)} times"
    file.unlink()
    file.write_text(whole.replace(before, text + before), encoding="utf-8")


def python(tree: Path, *arguments: str, also: Path | None = None) -> str:
    """Run Python in a process of its own that has the tree, and nothing of the original, on its path; what it
    printed. ``also`` is a further folder on the path."""
    path = os.pathsep.join(map(str, [tree, also] if also else [tree]))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1", "QT_QPA_PLATFORM": "offscreen"}
    environment["BLOCKSTUDIO_RUNS"] = environment["BLOCKSTUDIO_DATA"] = str(tree / "own")
    done = subprocess.run(
        [sys.executable, *arguments], cwd=tree, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
