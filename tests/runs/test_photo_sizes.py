"""How large photos usually are: looked at once, and again once there are others."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from blockstudio.runs import photo_sizes
from blockstudio.runs.photo_sizes import usual_side

Image = pytest.importorskip("PIL.Image")


def put(root: Path, label: str, *sizes: tuple[int, int]) -> None:
    folder = root / label
    folder.mkdir(parents=True, exist_ok=True)
    for number, size in enumerate(sizes, start=len(list(folder.iterdir()))):
        Image.new("RGB", size).save(folder / f"{number}.png")


@pytest.mark.parametrize("inside", ["", "train"])
def test_a_folder_is_looked_through_once_until_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    home, looks = tmp_path / inside, list[Path]()
    for label in ("cat", "dog"):
        put(home, label, (40, 30), (50, 35))
    looked_at = photo_sizes._looked_at
    monkeypatch.setattr(photo_sizes, "_looked_at", lambda root: looks.append(root) or looked_at(root))
    assert [usual_side(tmp_path) for _ in range(4)] == [30] * 4 and looks == [tmp_path]
    put(home, "dog", *[(90, 80)] * 9)
    os.utime(home / "dog", (1, 1))  # The clock of a disk may be too coarse to tell what has just happened.
    assert usual_side(tmp_path) == 80 and len(looks) == 2
